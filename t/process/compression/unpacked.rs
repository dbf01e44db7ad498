//! `gunzip` on its way: bodies that unpack to very much, clients that take nothing, caches.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{answering, asking, content, gzip, resident, unpack};
use crate::harness::client::{self, Connection};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// What so many mebibytes of zeros are packed to.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(9));
    let zeros = vec![0; 1 << 20];
    for _ in 0..mebibytes {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

fn packed(body: Vec<u8>) -> SocketAddr {
    let head = format!(
        "200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n",
        body.len()
    );
    answering(move |_| (head.clone(), body.clone()))
}

fn start(config: &str) -> Running {
    Running::start(&Parts {
        http_config:
            "proxy_cache_path $DIR/cache keys_zone=c:1m; gunzip on; keepalive_requests 10000000;\n"
                .into(),
        config: config.into(),
        ..Parts::default()
    })
}

/// Reads the rest of an answer in chunks and throws it away: how long it was.
fn length(mut stream: impl Read) -> usize {
    let (mut all, mut piece, mut tail) = (0, vec![0; 1 << 16], Vec::new());
    loop {
        let amount = stream.read(&mut piece).expect("it does not come");
        assert!(amount > 0, "it ended before");
        all += piece[..amount].iter().filter(|byte| **byte == 0).count();
        tail.extend_from_slice(&piece[..amount]);
        if tail.ends_with(b"\r\n0\r\n\r\n") {
            return all;
        }
        tail.drain(..tail.len().saturating_sub(10));
    }
}

#[test]
fn bombs_go_off_in_little_memory_while_others_are_served() {
    const MEBIBYTES: usize = 64;
    let origin = packed(bomb(MEBIBYTES));
    let file = bomb(MEBIBYTES);
    let running = start(&format!(
        "location / {{ proxy_pass http://{origin}; }}\nlocation /small {{ return 200 x; }}\n\
         location /cached {{ proxy_pass http://{origin}; proxy_cache c; proxy_cache_valid 1h; }}\n\
         location /file/ {{ gzip_static always; alias html/; }}"
    ));
    std::fs::write(running.site.directory.join("html/bomb.gz"), file).unwrap();
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(connection.get("/small").unwrap().status, 200);
    let before = resident(&running);
    for target in ["/", "/file/bomb", "/cached", "/cached"] {
        let stream = asking(running.address(), target, &[]);
        let reader = thread::spawn(move || length(stream));
        let (mut answered, mut most) = (0, 0);
        while !reader.is_finished() {
            assert_eq!(connection.get("/small").unwrap().status, 200);
            answered += 1;
            most = most.max(resident(&running));
        }
        assert_eq!(reader.join().unwrap(), MEBIBYTES << 20, "{target}");
        let grown = most.saturating_sub(before);
        eprintln!("{target}: {} KiB more, {answered} others", grown >> 10);
        assert!(grown < 12 << 20, "{target}: {grown}");
        assert!(answered > 20, "{target}: {answered}");
    }
    running.server.stop().unwrap();
}

#[test]
fn bombs_wait_packed_for_clients_that_read_nothing() {
    const CLIENTS: usize = 16;
    let origin = packed(bomb(512));
    let running = start(&format!(
        "location / {{ proxy_pass http://{origin}; }}\n\
         location /unbuffered {{ proxy_pass http://{origin}; proxy_buffering off; }}\n\
         location /file/ {{ gzip_static always; alias html/; }}\nlocation /small {{ return 200 x; }}"
    ));
    std::fs::write(running.site.directory.join("html/bomb.gz"), bomb(512)).unwrap();
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for target in ["/", "/unbuffered", "/file/bomb"] {
        assert_eq!(connection.get("/small").unwrap().status, 200);
        let (before, written) = (resident(&running), written(&running));
        let streams: Vec<_> = (0..CLIENTS)
            .map(|_| asking(running.address(), target, &[]))
            .collect();
        for stream in &streams {
            stream.peek(&mut [0]).expect("it does not come");
        }
        let mut last = 0;
        poll(PATIENCE, || {
            let now = resident(&running);
            let is_still = now == std::mem::replace(&mut last, now);
            thread::sleep(Duration::from_millis(300));
            is_still.then_some(())
        });
        let each = last.saturating_sub(before) / CLIENTS as u64;
        let on_disk = self::written(&running) - written;
        eprintln!(
            "{target}: {} KiB for each client, {} KiB written",
            each >> 10,
            on_disk >> 10
        );
        assert!(each < 1 << 20, "{target}: {each}");
        // What sockets take is written as well.
        assert!(on_disk < (CLIENTS as u64 * 16) << 20, "{target}: {on_disk}");
        drop(streams);
        assert_eq!(connection.get("/small").unwrap().status, 200);
    }
    running.server.stop().unwrap();
}

/// Bytes that workers have written, wherever to.
fn written(running: &Running) -> u64 {
    let of = |id: u32| {
        let text = std::fs::read_to_string(format!("/proc/{id}/io")).unwrap();
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix("wchar:")).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    running
        .server
        .workers()
        .iter()
        .map(|worker| of(worker.id))
        .sum()
}

#[test]
fn who_reads_nothing_unpacked_holds_up_nobody_who_takes_it_packed() {
    let body = bomb(64);
    let origin = packed(body.clone());
    let running = start(&format!(
        "location / {{ proxy_pass http://{origin}; proxy_cache c; proxy_cache_valid 1h; proxy_cache_lock on; }}"
    ));
    let slow = asking(running.address(), "/", &[]);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let fields = [("Accept-Encoding".into(), "gzip".into())];
    for _ in 0..2 {
        connection
            .send(&client::head("GET", "/", &fields, None))
            .unwrap();
        let response = connection.receive("GET").unwrap();
        assert_eq!(response.header("content-encoding"), Some("gzip"));
        assert!(response.body == body);
    }
    assert_eq!(length(slow), 64 << 20);
    running.server.stop().unwrap();
}

#[test]
fn what_ends_too_early_is_not_whole() {
    let text = b"a text that is not too short".repeat(10_000);
    let whole = gzip(&text);
    for cut in [
        0,
        5,
        10,
        1000,
        whole.len() - 8,
        whole.len() - 1,
        whole.len(),
    ] {
        let part = whole[..cut].to_vec();
        let origin = answering(move |_| {
            let head = "200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n";
            (head.into(), part.clone())
        });
        let running = start(&format!("location / {{ proxy_pass http://{origin}; }}"));
        let mut received = Vec::new();
        let _ =
            asking(running.address(), "/", &[("Connection", "close")]).read_to_end(&mut received);
        let (came, is_whole) = content(&received);
        assert_eq!(is_whole, cut == whole.len(), "{cut}");
        assert!(text.starts_with(&came), "{cut}");
        assert!(!is_whole || came == text);
        running.server.stop().unwrap();
    }
}

#[test]
fn clients_leave_in_the_middle_of_it() {
    let origin = packed(bomb(64));
    let running = start(&format!(
        "location / {{ proxy_pass http://{origin}; }}\n\
         location /on {{ proxy_pass http://{origin}; proxy_ignore_client_abort on; }}\n\
         location /cached {{ proxy_pass http://{origin}; proxy_cache c; proxy_cache_valid 1h; }}\n\
         location /small {{ return 200 x; }}"
    ));
    for target in ["/", "/on", "/cached"] {
        for amount in [0, 1, 100_000, 3_000_000] {
            let mut stream = asking(running.address(), target, &[]);
            let mut piece = vec![0; amount];
            stream.read_exact(&mut piece).unwrap();
            drop(stream);
        }
    }
    let fields = [("Accept-Encoding".into(), "gzip".into())];
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection
        .send(&client::head("GET", "/cached", &fields, None))
        .unwrap();
    let response = connection.receive("GET").unwrap();
    let unpacked = unpack("gzip", &response.body).unwrap();
    assert_eq!(unpacked.len(), 64 << 20);
    let under_way = poll(PATIENCE, || {
        let connections = running.status("connections");
        (connections["active"].as_u64() <= Some(2)).then_some(())
    });
    assert!(under_way.is_some(), "{}", running.status("connections"));
    running.server.stop().unwrap();
}

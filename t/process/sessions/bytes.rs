//! All bytes of a session's requests, whatever carries them: what the session has is what the client sent and got.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::{ask, count, expect, paced};
use crate::clients::have;
use crate::harness::client::{Connection, head};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// Sends bytes, reads up to the end, and gives how many came.
fn exchange(running: &Running, request: &[u8]) -> u64 {
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    got.len() as u64
}

fn start(config: &str) -> Running {
    super::start(&Parts {
        http_config: "session_zone s:256k timeout=60s pending=60s;\n".into(),
        config: config.into(),
        ..Parts::default()
    })
}

#[test]
fn every_kind_of_message_is_counted_to_the_byte() {
    let origin = echo();
    let running = start(&format!(
        "location / {{ session s $arg_id; try_files /hello =404; }}\n\
         location /files/ {{ session s $arg_id; root $DIR; }}\n\
         location /echo {{ session s $arg_id; proxy_pass http://{origin}; }}\n"
    ));
    let long = "x".repeat(300_000);
    running.site.add_file("files/long", &long).unwrap();
    let cases = messages();
    for (id, request) in &cases {
        let got = exchange(&running, request);
        if *id == "head" {
            // A head alone activates nothing.
            expect(&running, "sessions/pending", 1);
            continue;
        }
        let rx = format!("active/{id}/rx/bytes");
        expect(&running, &rx, request.len() as u64);
        expect(&running, &format!("active/{id}/tx/bytes"), got);
    }
    let counted = cases.iter().filter(|(id, _)| *id != "head");
    let sum: u64 = counted.map(|(_, request)| request.len() as u64).sum();
    assert_eq!(count(&running, "rx/bytes"), sum);
    running.server.stop().unwrap();
}

/// Ids, each with a whole request that ends its connection.
fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let chunked = b"5\r\nhello\r\n0\r\n\r\n";
    let body = vec![b'y'; 50_000];
    let close = "Host: a\r\nConnection: close\r\n";
    vec![
        (
            "local",
            format!("GET /?id=local HTTP/1.1\r\n{close}\r\n").into(),
        ),
        (
            "head",
            format!("HEAD /files/long?id=head HTTP/1.1\r\n{close}\r\n").into(),
        ),
        (
            "file",
            format!("GET /files/long?id=file HTTP/1.1\r\n{close}\r\n").into(),
        ),
        (
            "part",
            format!("GET /files/long?id=part HTTP/1.1\r\n{close}Range: bytes=5-70000\r\n\r\n")
                .into(),
        ),
        (
            "chunks",
            [
                format!(
                    "POST /echo?id=chunks HTTP/1.1\r\n{close}Transfer-Encoding: chunked\r\n\r\n"
                )
                .as_bytes(),
                chunked,
            ]
            .concat(),
        ),
        (
            "upload",
            [
                format!(
                    "PUT /echo?id=upload HTTP/1.1\r\n{close}Content-Length: {}\r\n\r\n",
                    body.len()
                )
                .as_bytes(),
                &body,
            ]
            .concat(),
        ),
        ("old", "GET /?id=old HTTP/1.0\r\n\r\n".into()),
    ]
}

/// An origin that answers with the body of its request, in chunks where that came in chunks.
fn echo() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut seen = Vec::new();
                let mut piece = [0; 65536];
                loop {
                    let read = stream.read(&mut piece).unwrap_or(0);
                    seen.extend_from_slice(&piece[..read]);
                    let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else {
                        if read == 0 {
                            return;
                        }
                        continue;
                    };
                    let text = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
                    if text.contains("upgrade: echo") {
                        let switching = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
                        let _ = stream.write_all(switching);
                        while let Ok(read @ 1..) = stream.read(&mut piece) {
                            let _ = stream.write_all(&piece[..read]);
                        }
                        return;
                    }
                    let body = &seen[end + 4..];
                    let length = text.split("content-length: ").nth(1);
                    let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
                    let is_whole = match length {
                        Some(length) => body.len() >= length,
                        None => body.ends_with(b"0\r\n\r\n"),
                    };
                    if is_whole {
                        let framing = match length {
                            Some(length) => format!("Content-Length: {length}"),
                            None => "Transfer-Encoding: chunked".to_owned(),
                        };
                        let _ = write!(
                            stream,
                            "HTTP/1.1 200 OK\r\n{framing}\r\nConnection: close\r\n\r\n"
                        );
                        let _ = stream.write_all(body);
                        return;
                    }
                }
            });
        }
    });
    address
}

#[test]
fn what_follows_an_upgrade_is_counted_as_it_goes() {
    let origin = echo();
    let running = start(&format!(
        "location / {{ session s ws; proxy_pass http://{origin}; proxy_http_version 1.1;\n\
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}\n"
    ));
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", head.escape_ascii());
    for round in 1..=3_u64 {
        stream.write_all(&[7; 1000]).unwrap();
        stream.read_exact(&mut [0; 1000]).unwrap();
        expect(
            &running,
            "active/ws/rx/bytes",
            request.len() as u64 + 1000 * round,
        );
        expect(
            &running,
            "active/ws/tx/bytes",
            head.len() as u64 + 1000 * round,
        );
    }
    running.server.stop().unwrap();
}

#[test]
fn a_client_that_leaves_has_what_was_sent_and_an_upload_shows_while_it_comes() {
    let origin = paced::origin(100 << 20, 1 << 20);
    let running = start(&format!(
        "location / {{ session s $arg_id; proxy_pass http://{origin}; }}\n\
         location /up {{ session s $arg_id; client_max_body_size 0; proxy_pass http://{origin}; }}\n"
    ));
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream
        .write_all(b"GET /?id=left HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut read = 0;
    while read < 300_000 {
        read += stream.read(&mut [0; 65536]).unwrap();
    }
    drop(stream);
    let mut last = 0;
    let still = poll(PATIENCE, || {
        let now = count(&running, "active/left/tx/bytes");
        thread::sleep(Duration::from_millis(300));
        let is_still = now == std::mem::replace(&mut last, now);
        is_still.then_some(now)
    });
    let sent = still.expect("nothing is sent to a client that has left");
    assert!(sent >= read as u64 && sent < 10 << 20, "{sent} of {read}");
    let mut stream = TcpStream::connect(running.address()).unwrap();
    let head = b"POST /up?id=up HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n";
    stream.write_all(head).unwrap();
    stream.write_all(&[1; 40_000]).unwrap();
    expect(&running, "active/up/rx/bytes", head.len() as u64 + 40_000);
    stream.write_all(&[1; 20_000]).unwrap();
    expect(&running, "active/up/rx/bytes", head.len() as u64 + 60_000);
    running.server.stop().unwrap();
}

#[test]
fn requests_of_one_connection_belong_each_to_its_own() {
    let running = start(
        "location / { session s $arg_id; try_files /hello =404; }\nlocation /off { session off; try_files /hello =404; }\n",
    );
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let targets = ["/?id=a", "/?id=b", "/off?id=a", "/?id=a", "/?id="];
    let all: Vec<u8> = targets
        .iter()
        .flat_map(|one| head("GET", one, &[], None))
        .collect();
    connection.send(&all).unwrap();
    for _ in targets {
        assert_eq!(connection.receive("GET").unwrap().status, 200);
    }
    let length = |target: &str| head("GET", target, &[], None).len() as u64;
    expect(&running, "active/a/rx/bytes", 2 * length("/?id=a"));
    expect(&running, "active/b/rx/bytes", length("/?id=b"));
    assert_eq!(count(&running, "active/a/requests"), 2);
    assert_eq!(count(&running, "skipped"), 1);
    assert_eq!(count(&running, "rx/bytes"), 3 * length("/?id=a"));
    running.server.stop().unwrap();
}

#[test]
fn plain_bytes_are_counted_where_the_connection_is_encrypted() {
    if !have("curl") {
        return;
    }
    let running = super::start(&Parts {
        http_config: "session_zone s:256k;\nlog_format sent '$bytes_sent $request_length';\n\
            server { listen 127.0.0.1:$PORT2 ssl; ssl_certificate selfsigned:$DIR/crt; ssl_certificate_key selfsigned:$DIR/key;\n\
            access_log $DIR/sent sent;\n\
            location / { session s tls; root $DIR; } }\n"
            .into(),
        ..Parts::default()
    });
    running.site.add_file("long", &"z".repeat(400_000)).unwrap();
    let url = format!("https://127.0.0.1:{}/long", running.site.second_port);
    let curl = Command::new("curl")
        .args(["-sk", "-o", "/dev/null", &url])
        .status();
    assert!(curl.unwrap().success());
    let line = poll(PATIENCE, || {
        Some(running.site.read("sent")).filter(|text| !text.is_empty())
    });
    let line = line.unwrap();
    let (sent, received) = line.trim_end().split_once(' ').unwrap();
    expect(&running, "active/tls/tx/bytes", sent.parse().unwrap());
    expect(&running, "active/tls/rx/bytes", received.parse().unwrap());
    assert_eq!(ask(&running, "GET", "/status/", None), 200);
    running.server.stop().unwrap();
}

//! Requests that wait: a client that leaves ends the wait, and what was asked meanwhile; what waits loses
//! nothing of itself.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::harness::origin::serving;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

/// Who is asked: what it says depends on the target.
struct Authority {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
    closed: AtomicUsize,
}

impl Authority {
    fn start() -> Self {
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let address = serving(move |stream, _| {
            shared.connections.fetch_add(1, Ordering::SeqCst);
            let _left = judge(stream, &shared);
            shared.closed.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        Self { address, counts }
    }

    fn expect(&self, what: impl Fn(&Counts) -> bool) {
        let counts = &self.counts;
        let found = poll(PATIENCE, || what(counts).then_some(()));
        let all = [&counts.connections, &counts.requests, &counts.closed];
        let all = all.map(|count| count.load(Ordering::SeqCst));
        assert!(found.is_some(), "connections, requests, closed: {all:?}");
    }
}

/// Answers requests until the connection ends.
fn judge(mut stream: TcpStream, counts: &Counts) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        counts.requests.fetch_add(1, Ordering::SeqCst);
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("GET ") && !head.to_lowercase().contains("content-length"));
        let answer: &[u8] = match head.split(' ').nth(1).unwrap() {
            "/late" => {
                thread::sleep(Duration::from_millis(u64::from(head.len() as u8) % 40));
                b"HTTP/1.1 204 No\r\n\r\n"
            }
            "/slow" => {
                thread::sleep(Duration::from_millis(500));
                b"HTTP/1.1 204 No\r\n\r\n"
            }
            "/whole" => b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes",
            "/chunked" => {
                b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n"
            }
            "/more" => b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nyes",
            "/endless" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n",
            "/upgraded" => b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nyes",
            _ => b"",
        };
        stream.write_all(answer).ok()?;
    }
}

fn start(authority: &Authority, config: &str) -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | $HEAD\n").unwrap();
    let config = format!(
        "{config}\nlocation = /auth {{ internal; proxy_pass http://auth/$name; }}\n\
         location /o/ {{ set $name $arg_s; auth_request /auth; proxy_pass http://$ORIGIN_o; }}\n\
         location / {{ set $name $arg_s; auth_request /auth; auth_request_set $id $request_id;\n\
             add_header X-Id \"$id $request_id\"; try_files /none =200; }}\n"
    );
    Running::start_at(
        site,
        &Parts {
            http_config: format!(
                "log_format line '$request|$status $bytes_sent $request_length';\n\
                 access_log $DIR/access.log line; client_max_body_size 0;\n\
                 upstream auth {{ zone auth 64k; server {}; keepalive 4; }}\n",
                authority.address
            ),
            config,
            ..Parts::default()
        },
    )
}

fn connect(running: &Running) -> TcpStream {
    let stream = TcpStream::connect(running.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn expect_lines(running: &Running, start: &str, count: usize) {
    let lines = || {
        let log = running.site.read("access.log");
        log.lines().filter(|line| line.starts_with(start)).count()
    };
    let found = poll(PATIENCE, || (lines() == count).then_some(()));
    assert!(
        found.is_some(),
        "{start}: {count}\n{}\n{}",
        running.site.read("access.log"),
        running.site.read("error.log")
    );
}

/// `WAIT_ROUNDS=300` makes it long.
fn rounds() -> usize {
    let asked = std::env::var("WAIT_ROUNDS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(5)
}

fn descriptors(running: &Running) -> usize {
    let worker = running.workers(1)[0];
    std::fs::read_dir(format!("/proc/{worker}/fd"))
        .unwrap()
        .count()
}

/// What clients have sent when they leave, and how their lines begin.
const LEAVERS: &[(&str, &str)] = &[
    ("GET /a?s=silent HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?"),
    (
        "POST /b?s=silent HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        "POST /b?",
    ),
    (
        "POST /c?s=silent HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "POST /c?",
    ),
    (
        "GET /d?s=silent HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /d?",
    ),
    ("GET /o/e?s=silent HTTP/1.1\r\nHost: a\r\n\r\n", "GET /o/e?"),
];

#[test]
fn a_client_that_leaves_ends_the_wait() {
    let authority = Authority::start();
    let running = start(&authority, "");
    let count = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    let mut before = 0;
    for round in 1..=rounds() {
        let asked = round * LEAVERS.len();
        let leavers: Vec<TcpStream> = LEAVERS
            .iter()
            .map(|(text, _)| {
                let mut stream = connect(&running);
                stream.write_all(text.as_bytes()).unwrap();
                stream
            })
            .collect();
        authority.expect(|counts| count(&counts.requests) == asked);
        assert_eq!(count(&authority.counts.closed), asked - LEAVERS.len());
        for (number, stream) in leavers.into_iter().enumerate() {
            if number % 2 == 0 {
                // Half of them say so only.
                stream.shutdown(Shutdown::Write).unwrap();
                let mut rest = Vec::new();
                (&stream).read_to_end(&mut rest).unwrap_or_default();
                assert_eq!(rest, b"");
            }
        }
        authority.expect(|counts| count(&counts.closed) == asked);
        running.expect_status(
            "http/upstreams/auth/peers/$AUTH/selected/current"
                .replace("$AUTH", &authority.address.to_string())
                .as_str(),
            &json!(0),
        );
        for (_, line) in LEAVERS {
            let line = format!("{line}s=silent HTTP/1.1|499 0 ");
            expect_lines(&running, &line, round);
        }
        match round {
            1 => before = descriptors(&running),
            _ => assert!(descriptors(&running) <= before + 1),
        }
    }
    expect_lines(&running, "GET /next", 0);
    running.server.stop().unwrap();
}

#[test]
fn who_is_asked_may_outlive_the_client() {
    let authority = Authority::start();
    let running = start(
        &authority,
        "location /patient { set $name slow; auth_request /patient/auth;\n\
             proxy_ignore_client_abort on; proxy_pass http://$ORIGIN_o; }\n\
         location /patient/auth { proxy_ignore_client_abort on; proxy_pass http://auth/$name; }\n\
         location /hasty { set $name slow; auth_request /auth;\n\
             proxy_ignore_client_abort on; proxy_pass http://$ORIGIN_o; }",
    );
    for (number, (target, status)) in [("/patient", 200), ("/hasty", 499)].into_iter().enumerate() {
        let mut stream = connect(&running);
        let text = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        authority.expect(|counts| counts.requests.load(Ordering::SeqCst) == number + 1);
        drop(stream);
        expect_lines(&running, &format!("GET {target} HTTP/1.1|{status} "), 1);
    }
    running.server.stop().unwrap();
}

#[test]
fn a_delay_ends_with_the_client() {
    let authority = Authority::start();
    let running = start(
        &authority,
        "location /late { auth_delay 600s; auth_request /401; }\nlocation /401 { return 401; }",
    );
    for round in 1..=rounds() {
        let mut stream = connect(&running);
        stream
            .write_all(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        let refused = || running.site.read("error.log").matches("with 401").count();
        let waits = poll(PATIENCE, || (refused() == round).then_some(()));
        assert!(waits.is_some());
        drop(stream);
        expect_lines(&running, "GET /late HTTP/1.1|499 0 ", round);
    }
    running.server.stop().unwrap();
}

#[test]
fn the_head_of_an_answer_is_enough() {
    let authority = Authority::start();
    let running = start(&authority, "");
    let ask = |name: &str| {
        let mut stream = connect(&running);
        let text = format!(
            "GET /{name}?s={name} HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let count = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    for number in 0..20 {
        let name = ["whole", "chunked"][number % 2];
        let answer = ask(name);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let ids = answer.split("X-Id: ").nth(1).unwrap();
        let (id, rest) = ids.split_at(32);
        assert_eq!(rest[1..33], *id, "{answer}");
    }
    // Those that came whole kept their connection.
    authority.expect(|counts| count(&counts.connections) == 1 && count(&counts.requests) == 20);
    for (number, name) in ["more", "endless", "upgraded"].into_iter().enumerate() {
        let status = if name == "upgraded" { 500 } else { 200 };
        let answer = ask(name);
        let start = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&start), "{name}: {answer}");
        authority.expect(|counts| count(&counts.closed) == number + 1);
        let line = format!("GET /{name}?s={name} HTTP/1.0|{status} {} ", answer.len());
        expect_lines(&running, &line, 1);
    }
    running.server.stop().unwrap();
}

#[test]
fn what_waits_loses_nothing_of_itself() {
    let authority = Authority::start();
    let running = start(&authority, "");
    let body = "b".repeat(300_000);
    let chunks = format!("493e0\r\n{body}\r\n0\r\n\r\n");
    let framed = [
        format!("Content-Length: {}\r\n\r\n{body}", body.len()),
        format!("Transfer-Encoding: chunked\r\n\r\n{chunks}"),
    ];
    let mut stream = connect(&running);
    for place in ["", "/o"] {
        for rest in &framed {
            // Another request comes right behind each body.
            let text = format!(
                "POST {place}/body?s=whole HTTP/1.1\r\nHost: a\r\n{rest}GET {place}/next?s=chunked HTTP/1.1\r\nHost: a\r\n\r\n"
            );
            let mut sending = stream.try_clone().unwrap();
            let sent = thread::spawn(move || sending.write_all(text.as_bytes()));
            for _ in 0..2 {
                let head = head(&mut stream);
                assert!(head.starts_with("HTTP/1.1 200"), "{head}");
                let length = head.split("Content-Length: ").nth(1).unwrap();
                let length = length.split("\r\n").next().unwrap().parse().unwrap();
                stream.read_exact(&mut vec![0; length]).unwrap();
            }
            sent.join().unwrap().unwrap();
        }
    }
    for target in ["/body?s=whole", "/o/body?s=whole"] {
        expect_lines(&running, &format!("POST {target} HTTP/1.1|200"), 2);
    }
    running.server.stop().unwrap();
}

#[test]
fn whenever_a_client_leaves_its_request_ends_once() {
    let authority = Authority::start();
    let running = start(
        &authority,
        "status_zone all;\nlocation /twice { proxy_pass http://127.0.0.1:1; error_page 502 = @asked; }\n\
         location @asked { set $name late; auth_request /auth; proxy_pass http://$ORIGIN_o; }\n\
         location /refused { set $name 401; auth_request /401; auth_delay 20ms; }\n\
         location /401 { return 401; }",
    );
    // A worker that answers has opened all it needs for itself.
    running.expect_status("http/server_zones/all/requests/processing", &json!(0));
    let before = descriptors(&running);
    let count = rounds() * 40;
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let address = running.address();
            thread::spawn(move || {
                for number in 0..count {
                    let number = number * 4 + client;
                    let target = ["/a", "/o/b", "/twice", "/refused"][number / 4 % 4];
                    let pad = "p".repeat(number * 7 % 40);
                    let text = format!("POST {target}?s=late&n={number}. HTTP/1.1\r\nHost: a\r\nP: {pad}\r\nContent-Length: 4\r\n\r\nbody");
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.write_all(text.as_bytes()).unwrap();
                    thread::sleep(Duration::from_millis(number as u64 * 13 % 50));
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    running.expect_status("http/server_zones/all/requests/processing", &json!(0));
    let peer = format!(
        "http/upstreams/auth/peers/{}/selected/current",
        authority.address
    );
    running.expect_status(&peer, &json!(0));
    let log = running.site.read("access.log");
    for number in 0..count * 4 {
        let lines = log.matches(&format!("&n={number}. ")).count();
        assert_eq!(lines, 1, "{number}");
    }
    let left = log.matches("|499 ").count();
    assert!((1..count * 4).contains(&left), "{left}");
    // Those of the authority may be idle.
    let calm = poll(PATIENCE, || {
        (descriptors(&running) <= before + 4).then_some(())
    });
    assert!(calm.is_some(), "{before} {}", descriptors(&running));
    running.server.stop().unwrap();
}

/// Says what it hears, in another protocol.
fn start_echo() -> SocketAddr {
    serving(|mut stream, _| {
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")?;
        let mut bytes = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut bytes) {
            stream.write_all(&bytes[..count])?;
        }
        Ok(())
    })
}

#[test]
fn another_protocol_begins_behind_a_wait() {
    let authority = Authority::start();
    let config = format!(
        "location /tunnel {{ set $name whole; auth_request /auth; proxy_pass http://{};\n\
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}",
        start_echo()
    );
    let running = start(&authority, &config);
    let mut stream = connect(&running);
    let text = b"GET /tunnel HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nearly";
    stream.write_all(text).unwrap();
    let head = head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    for word in [b"early", b"later"] {
        let mut heard = [0; 5];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, word);
        stream.write_all(b"later").unwrap();
    }
    running.server.stop().unwrap();
}

/// Up to and with the end of a response's head.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

//! What `status_zone` counts against what really went over the socket, also for requests that are malformed,
//! cut off or abandoned: every byte, and every request under exactly one end.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::road::{connect, request};
use crate::harness::origin::serving as origin;
use crate::harness::site::{Parts, Site};
use crate::harness::wire::{Kind, Message};
use crate::harness::{PATIENCE, Running, poll};

/// What a client does once it has sent everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It reads what comes.
    Read,
    /// It says that nothing more comes, and reads.
    Finish,
    /// It leaves at once.
    Leave,
}

/// What a client sends and does, and how its requests end; a 0 stands for one without a response.
struct Case(&'static str, Vec<u8>, Then, &'static [u16]);

fn start() -> Running {
    let mut site = Site::create().unwrap();
    let script = "* /slow 200 delay=0.5\n    | late\n* /closes close\n* * 200\n    | hello\n";
    site.add_origin("o", script).unwrap();
    site.add_file("html/file", &"f".repeat(50_000)).unwrap();
    Running::start_at(
        site,
        &Parts {
            http_config: "upstream group { zone group 64k; server $ORIGIN_o max_fails=0; }\n".into(),
            config: "status_zone site;\n\
                 client_header_timeout 500ms; client_body_timeout 500ms; client_max_body_size 1000;\n\
                 location / { status_zone all; }\n\
                 location /r { status_zone all; return 200 hello; }\n\
                 location /silent { status_zone all; return 444; }\n\
                 location /p/ { status_zone all; proxy_pass http://group/; }\n\
                 location /dead { status_zone all; proxy_pass http://127.0.0.1:$PORT2; }\n"
                .into(),
            ..Parts::default()
        },
    )
}

/// Sends, reads to the end or until nothing comes for a while; gives how much came.
fn talk(running: &Running, case: &Case) -> u64 {
    let Case(_, bytes, then, _) = case;
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.write_all(bytes).unwrap();
    if *then == Then::Leave {
        return 0;
    }
    if *then == Then::Finish {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let quiet = Duration::from_millis(800);
    stream.set_read_timeout(Some(quiet)).unwrap();
    let (mut received, mut buffer) = (0, [0; 65536]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return received,
            Ok(count) => received += count as u64,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return received;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The counts of a zone in one line each, so that they can be compared and printed.
fn counts(zone: &Value) -> [u64; 5] {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let responses = zone["responses"].as_object().unwrap();
    [
        number(&zone["requests"]["total"]),
        number(&zone["requests"]["discarded"]),
        responses.values().map(number).sum(),
        number(&zone["data"]["received"]),
        number(&zone["data"]["sent"]),
    ]
}

/// Has the clients of all cases come one after the other, and holds the zone against each.
fn account(cases: Vec<Case>) {
    let running = start();
    let site = || running.status("http/server_zones/site");
    for case in cases {
        let before = site();
        let Case(name, bytes, _, ends) = &case;
        let received = talk(&running, &case);
        let discarded = ends.iter().filter(|end| **end == 0).count() as u64;
        let total = ends.len() as u64;
        let differences = [
            total,
            discarded,
            total - discarded,
            bytes.len() as u64,
            received,
        ];
        let base = counts(&before);
        let expected: Vec<u64> = base.iter().zip(differences).map(|(a, b)| a + b).collect();
        let settled = poll(PATIENCE / 5, || {
            let now = site();
            let is_over = now["requests"]["processing"] == json!(0);
            (is_over && counts(&now)[..] == expected[..]).then_some(now)
        });
        let Some(after) = settled else {
            let log = running.site.read("error.log");
            panic!(
                "{name}: expected {expected:?} after {base:?}, got {}\n{log}",
                site()
            );
        };
        for status in ends.iter().filter(|end| **end != 0) {
            let of = |zone: &Value| zone["responses"][status.to_string()].as_u64().unwrap_or(0);
            assert!(of(&after) > of(&before), "{name}: no {status} in {after}");
        }
    }
    running.server.stop().unwrap();
}

/// A client that sends this and reads what comes.
fn read(name: &'static str, bytes: impl Into<Vec<u8>>, ends: &'static [u16]) -> Case {
    Case(name, bytes.into(), Then::Read, ends)
}

fn head(request: &str) -> Vec<u8> {
    format!("{request}\r\nHost: a\r\n\r\n").into_bytes()
}

fn post(target: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("POST {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}").into_bytes()
}

#[test]
fn requests_that_are_answered() {
    let get = |target: &str| head(&format!("GET {target} HTTP/1.1"));
    let mixed = [get("/r"), get("/p/x"), get("/file"), get("/none")].concat();
    let chunked = "Transfer-Encoding: chunked";
    let chunks = "a;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
    let expects = "Content-Length: 5\r\nExpect: 100-continue";
    account(vec![
        read("one", get("/r"), &[200]),
        read("pipelined", mixed, &[200, 200, 200, 404]),
        read("HTTP/1.0", b"GET /r HTTP/1.0\r\n\r\n", &[200]),
        read("HEAD", head("HEAD /file HTTP/1.1"), &[200]),
        read("HEAD, proxied", head("HEAD /p/x HTTP/1.1"), &[200]),
        read("a body", post("/r", "Content-Length: 5", "12345"), &[200]),
        read(
            "a body, proxied",
            post("/p/x", "Content-Length: 5", "12345"),
            &[200],
        ),
        read("chunks", post("/r", chunked, chunks), &[200]),
        read("chunks, proxied", post("/p/x", chunked, chunks), &[200]),
        read("a body that waits", post("/p/x", expects, "12345"), &[200]),
        read("no origin", get("/dead"), &[502]),
        read("an origin that says nothing", get("/p/closes"), &[502]),
    ]);
}

#[test]
fn heads_that_are_refused() {
    let long = "a".repeat(9000);
    let line = head(&format!("GET /{long} HTTP/1.1"));
    let field = format!("GET /r HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n").into_bytes();
    let after = [head("GET /r HTTP/1.1"), b"\x01\r\n\r\n".to_vec()].concat();
    account(vec![
        read("no request", b"\x00\x01\r\n\r\n", &[400]),
        read("no host", b"GET /r HTTP/1.1\r\n\r\n", &[400]),
        read(
            "no field",
            b"GET /r HTTP/1.1\r\nHost: a\r\nb c\r\n\r\n",
            &[400],
        ),
        read("after a good one", after, &[200, 400]),
        read("a version", head("GET /r HTTP/3.0"), &[505]),
        read("a long line", line, &[414]),
        read("a long field", field, &[400]),
        read("CONNECT", head("CONNECT a:80 HTTP/1.1"), &[405]),
    ]);
}

#[test]
fn bodies_that_are_refused() {
    let chunked = "Transfer-Encoding: chunked";
    let large = format!("7d0\r\n{}\r\n0\r\n\r\n", "b".repeat(2000));
    account(vec![
        read(
            "chunks that are too many",
            post("/p/x", chunked, &large),
            &[413],
        ),
        // Nobody measures what nobody takes.
        read("the same, not wanted", post("/r", chunked, &large), &[200]),
        read(
            "chunks that are none",
            post("/r", chunked, "zz\r\nabc"),
            &[400],
        ),
        read(
            "the same, proxied",
            post("/p/x", chunked, "zz\r\nabc"),
            &[400],
        ),
        read(
            "a slow body",
            post("/p/x", "Content-Length: 9", "1"),
            &[408],
        ),
        // The answer does not wait for it.
        read(
            "the same, not wanted",
            post("/r", "Content-Length: 9", "1"),
            &[200],
        ),
    ]);
}

#[test]
fn requests_that_end_without_a_response() {
    let part = b"GET /r HTTP/1.1\r\nHos".to_vec();
    let late = [head("GET /r HTTP/1.1"), part.clone()].concat();
    let slow = head("GET /p/slow HTTP/1.1");
    account(vec![
        Case("silence", Vec::new(), Then::Finish, &[]),
        read("a slow head", part.clone(), &[0]),
        Case("half a head", part, Then::Finish, &[0]),
        Case("half a head, later", late, Then::Finish, &[200, 0]),
        Case(
            "half a body",
            post("/r", "Content-Length: 9", "1"),
            Then::Finish,
            &[200],
        ),
        Case(
            "the same, proxied",
            post("/p/x", "Content-Length: 9", "1"),
            Then::Finish,
            &[0],
        ),
        read("444", head("GET /silent HTTP/1.1"), &[0]),
        Case("a client that left", slow, Then::Leave, &[0]),
    ]);
}

#[test]
fn a_client_that_leaves_in_the_middle_was_not_sent_the_rest() {
    const SIZE: usize = 32_000_000;
    const READ: usize = 10_000;
    let running = start();
    running
        .site
        .add_file("html/large", &"l".repeat(SIZE))
        .unwrap();
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.write_all(&head("GET /large HTTP/1.1")).unwrap();
    stream.read_exact(&mut [0; READ]).unwrap();
    drop(stream);
    let ended = poll(PATIENCE, || {
        let zone = running.status("http/server_zones/site");
        (zone["responses"] == json!({ "200": 1 })).then_some(zone)
    });
    let sent = ended.expect("it is over")["data"]["sent"].as_u64().unwrap();
    assert!((READ as u64..SIZE as u64).contains(&sent), "{sent}");
    running.server.stop().unwrap();
}

#[test]
fn a_location_counts_what_its_server_counts() {
    let running = start();
    for case in [
        read("", head("GET /r HTTP/1.1"), &[]),
        read("", head("GET /p/x HTTP/1.1"), &[]),
        Case(
            "",
            post("/p/x", "Content-Length: 9", "1"),
            Then::Finish,
            &[],
        ),
    ] {
        talk(&running, &case);
    }
    let expected = json!({ "total": 3, "discarded": 1 });
    running.expect_status("http/location_zones/all/requests", &expected);
    let server = running.status("http/server_zones/site");
    let location = running.status("http/location_zones/all");
    assert_eq!(server["data"], location["data"]);
    assert_eq!(server["responses"], location["responses"]);
    running.server.stop().unwrap();
}

/// A key that is dropped while its requests are under way does not come back below zero when they end.
#[test]
fn what_is_in_flight_ends_where_its_key_went() {
    let origin = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let running = Running::start(&Parts {
        http_config: "metric_zone with:32k expire=on discard_key=rest gauge;\n\
                      metric_zone without:32k expire=on gauge;\n"
            .into(),
        config: format!(
            "location /q {{ metric with s=1 on=request; metric with s=-1 on=end;\n\
             metric without s=+1 on=request; metric without s=-1; proxy_pass http://{}; }}\n\
             location /other/ {{ metric with $uri=0; metric without $uri=0; return 204; }}\n",
            origin.local_addr().unwrap()
        ),
        ..Parts::default()
    });
    let mut client = TcpStream::connect(running.address()).unwrap();
    client
        .write_all(b"GET /q HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let (mut asked, _) = origin.accept().unwrap();
    let key = |zone: &str, key: &str| {
        running.status(&format!("http/metric_zones/{zone}/metrics/"))[key].clone()
    };
    assert_eq!(
        (key("with", "s"), key("without", "s")),
        (json!(1), json!(1))
    );
    crate::harness::load::pipeline(running.address(), 900, 1, |number| {
        format!("/other/{number}")
    });
    assert_eq!(
        (key("with", "s"), key("with", "rest")),
        (Value::Null, json!(1))
    );
    asked
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
    client.read_to_end(&mut Vec::new()).unwrap();
    let is_over = || (key("with", "rest") == json!(0)).then_some(());
    assert!(poll(PATIENCE, is_over).is_some(), "{}", key("with", "rest"));
    assert_eq!(
        (key("with", "s"), key("without", "s")),
        (Value::Null, Value::Null)
    );
    running.server.stop().unwrap();
}

/// What an origin sends of its response before it closes the connection, cut anywhere, against what the tree
/// counts: all of it came from the peer, and its content went to the client, or nothing did.
#[test]
fn what_came_from_a_peer_was_counted_wherever_it_was_cut() {
    let whole: [(&str, &str); 3] = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
            "0123456789",
        ),
        (
            "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "6\r\n012345\r\n4;x=y\r\n6789\r\n0\r\nT: 1\r\n\r\n",
        ),
        ("HTTP/1.0 200 OK\r\n\r\n", "0123456789"),
    ];
    for (number, (head, body)) in whole.iter().enumerate() {
        let text: Arc<[u8]> = [head.as_bytes(), body.as_bytes()].concat().into();
        let sends = Arc::new(AtomicUsize::new(0));
        let (bytes, most) = (Arc::clone(&text), Arc::clone(&sends));
        let origin = origin(move |mut stream, _| {
            request(&mut stream)?;
            stream.write_all(&bytes[..most.load(Ordering::Relaxed)])
        });
        let running = Running::start(&Parts {
            http_config: format!("upstream o {{ zone o 128k; server {origin} max_fails=0; }}\n"),
            config: "location / { status_zone all; proxy_pass http://o; }\n".into(),
            ..Parts::default()
        });
        let received = || {
            let peers = running.status("http/upstreams/o/peers");
            let peer = peers.as_object().unwrap().values().next().unwrap().clone();
            peer["data"]["received"].as_u64().unwrap()
        };
        let sent = || {
            let zone = running.status("http/location_zones/all/data/sent");
            zone.as_u64().unwrap()
        };
        for most in 0..=text.len() {
            sends.store(most, Ordering::Relaxed);
            let before = (received(), sent());
            let mut stream = connect(
                running.address(),
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            );
            let mut got = Vec::new();
            stream.read_to_end(&mut got).unwrap();
            let expected = (before.0 + most as u64, before.1 + got.len() as u64);
            let settled = poll(PATIENCE, || {
                ((received(), sent()) == expected).then_some(())
            });
            let now = (received(), sent());
            assert!(settled.is_some(), "{number} {most}: {now:?} {expected:?}");
            let response = Message::read(&got, Kind::Response, false);
            let is_whole = most == text.len();
            let passed = got.windows(4).any(|four| four == b"0123");
            assert!(
                !is_whole || passed && matches!(response, Ok(Some(_))),
                "{number} {most}"
            );
            assert!(most > head.len() || !passed, "{number} {most}");
        }
        running.server.stop().unwrap();
    }
}

//! What is far from the top of the status tree: a look at it takes a walk through a whole zone, which holds up nobody,
//! and only then is known whether it is there.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::client::{self, Connection, Response};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// So many batches of keys: more than are looked at in an event loop.
const BATCHES: usize = 5;
/// The keys of one.
const KEYS: usize = 9000;

fn start() -> Running {
    let running = Running::start(&Parts {
        main_config: "worker_processes 1;\n".into(),
        http_config: "metric_zone z:16m labels=a,b,c gauge;\n".into(),
        config: "location /push/ { metric_push z create=on; }\n\
                 location /ping { return 204; }\n\
                 location = /literal { api /status/http/metric_zones/z/metrics/nope; }\n"
            .into(),
        ..Parts::default()
    });
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for batch in 0..BATCHES {
        let keys: Vec<String> = (0..KEYS)
            .map(|key| format!("\"{} h{key} s\":1", batch % 2))
            .map(|pair| pair.replace(" s\"", &format!(" s{batch}\"")))
            .collect();
        let body = format!("{{{}}}", keys.join(","));
        let request = client::head("PATCH", "/push/", &[], Some(body.as_bytes()));
        assert_eq!(ask(&mut connection, "PATCH", &request).status, 204);
    }
    running
}

fn ask(connection: &mut Connection, method: &str, bytes: &[u8]) -> Response {
    connection.send(bytes).unwrap();
    connection.receive(method).unwrap()
}

fn show(connection: &mut Connection, method: &str, path: &str) -> Response {
    let target = format!("/status/http/metric_zones/z/metrics/{path}");
    ask(
        connection,
        method,
        &client::head(method, &target, &[], None),
    )
}

#[test]
fn what_is_not_there_is_404_in_a_zone_of_any_size() {
    let running = start();
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for path in [
        "nope",
        "nope/",
        "nope/h1",
        "nope/h1/s0",
        "0/nope",
        "0/nope/",
        "0/nope/s0",
        "0/h1/nope",
        "0/h1/s0/x",
    ] {
        for rows in ["", "?rows=off", "?rows=2"] {
            let target = format!("{path}{rows}");
            let response = show(&mut connection, "GET", &target);
            assert_eq!(response.status, 404, "{target}");
            assert!(response.text().contains("PathNotFound"), "{target}");
            assert_eq!(
                show(&mut connection, "HEAD", &target).status,
                404,
                "{target}"
            );
        }
    }
    let literal = ask(
        &mut connection,
        "GET",
        &client::head("GET", "/literal", &[], None),
    );
    assert_eq!(literal.status, 404);
    for (path, shown) in [
        ("1/h1", "\"s3\": 1"),
        ("1/h1/s3", "1"),
        ("1?rows=2", "\"rows\":"),
        ("1/h1?rows=2", "\"s3\""),
    ] {
        let response = show(&mut connection, "GET", path);
        assert_eq!(response.status, 200, "{path}");
        assert!(
            response.text().contains(shown),
            "{path}: {}",
            response.text()
        );
        let head = show(&mut connection, "HEAD", path);
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    running.server.stop().unwrap();
}

fn ping() -> Vec<u8> {
    client::head("GET", "/ping", &[], None)
}

/// A connection that the worker has answered on.
fn greeted(running: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.write_all(&ping()).unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    stream
}

#[test]
fn a_walk_for_what_is_far_holds_up_nobody() {
    let running = start();
    let mut other = Connection::open(running.address(), PATIENCE).unwrap();
    let nothing_yet = |walk: &TcpStream| {
        let mut byte = [0];
        let nothing = |error: std::io::Error| error.kind() == ErrorKind::WouldBlock;
        walk.peek(&mut byte).is_err_and(nothing)
    };
    for path in ["nope?rows=2", "0/nope?rows=off", "nope"] {
        let target = format!("/status/http/metric_zones/z/metrics/{path}");
        // A walk may be over soon, but one that held up the worker would always be answered first.
        let mut passes = || {
            let mut walk = greeted(&running);
            walk.write_all(&client::head("GET", &target, &[], None))
                .unwrap();
            std::thread::sleep(Duration::from_millis(5));
            assert_eq!(ask(&mut other, "GET", &ping()).status, 204);
            walk.set_nonblocking(true).unwrap();
            nothing_yet(&walk)
        };
        let passed = poll(PATIENCE, || (0..3).all(|_| passes()).then_some(()));
        assert!(passed.is_some(), "{path}");
    }
    running.server.stop().unwrap();
}

//! Pushing: exact totals from many clients at once, the original's client byte for byte, and clients
//! that mean no good.

use std::net::SocketAddr;
use std::thread;

use serde_json::json;

use crate::harness::client::{self, Connection};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, compare};

const CLIENTS: usize = 100;

fn start(workers: usize) -> Running {
    Running::start(&Parts {
        main_config: format!("worker_processes {workers};\n"),
        http_config: "keepalive_requests 1000000;\nmetric_zone z:16m gauge;\n".into(),
        config: "location /push/ { metric_push z create=on; }\n".into(),
        ..Parts::default()
    })
}

fn ask(connection: &mut Connection, method: &str, bytes: &[u8]) -> client::Response {
    connection.send(bytes).unwrap();
    connection.receive(method).unwrap()
}

fn in_parallel(work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let work = &work;
            scope.spawn(move || work(client));
        }
    });
}

/// How many changes each client makes; `PUSHES=1000` asks for more.
fn pushes(usual: usize) -> usize {
    let asked = std::env::var("PUSHES").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(usual)
}

#[test]
fn a_hundred_clients_add_up_exactly() {
    let each = pushes(100);
    let running = start(4);
    let address = running.address();
    in_parallel(|client| {
        let mut connection = Connection::open(address, PATIENCE).unwrap();
        for round in 0..each {
            let request = match (client + round) % 3 {
                0 => client::head("PUT", "/push/c/inc", &[], None),
                1 => client::head("PUT", "/push/c/add", &[], Some(b"1")),
                _ => client::head("PATCH", "/push/", &[], Some(b"{\"c\": {\"inc\": true}}")),
            };
            assert_eq!(ask(&mut connection, "PUT", &request).status, 204);
        }
    });
    let total = CLIENTS * each;
    running.expect_status("http/metric_zones/z/metrics", &json!({ "c": total }));
    running.expect_status(
        "http/metric_zones/z/push",
        &json!({ "updates": total, "replayed": 0, "rejected": 0 }),
    );
    running.server.stop().unwrap();
}

#[test]
fn what_is_sent_twice_counts_once() {
    let each = pushes(40);
    let running = start(4);
    let address = running.address();
    let request = |client: usize, round: usize| {
        let key = ("Idempotency-Key".to_owned(), format!("{client}/{round}"));
        client::head("PUT", "/push/c/inc", &[key], None)
    };
    // Both halves of the clients use the same names, and each repeats three of ten on its own.
    in_parallel(|client| {
        let mut connection = Connection::open(address, PATIENCE).unwrap();
        for round in 0..each {
            let request = request(client / 2, round);
            let times = if round % 10 < 3 { 2 } else { 1 };
            for _ in 0..times {
                assert_eq!(ask(&mut connection, "PUT", &request).status, 204);
            }
        }
    });
    let changes = CLIENTS / 2 * each;
    let sent = CLIENTS * each * 13 / 10;
    running.expect_status("http/metric_zones/z/metrics/c", &json!(changes));
    running.expect_status(
        "http/metric_zones/z/push",
        &json!({ "updates": changes, "replayed": sent - changes, "rejected": 0 }),
    );
    running.server.stop().unwrap();
}

/// What the original's client sends: each method's request, and the statuses that it takes for good.
const ORIGINAL: &[(&str, &str, &str, &[u16])] = &[
    ("GET", "/uptime", "", &[404]),
    ("POST", "/uptime", "metric server uptime", &[201]),
    ("POST", "/uptime", "metric server uptime", &[200]),
    ("PUT", "/uptime", "12.345678", &[204]),
    ("PUT", "/uptime", "1e+06", &[204]),
    ("PUT", "/uptime/inc", "", &[204]),
    ("PUT", "/uptime/dec", "", &[204]),
    ("PUT", "/uptime/add", "0.500000", &[204]),
    ("PUT", "/uptime/sub", "3", &[204]),
    ("GET", "/uptime", "", &[200]),
    ("DELETE", "/uptime", "", &[204]),
    ("POST", "/uptime", "another description", &[201]),
];

#[test]
fn the_original_client_is_understood() {
    let running = Running::start(&Parts {
        http_config: "metric_zone z:1m gauge;\n".into(),
        config: "location / { metric_push z; }\n".into(),
        ..Parts::default()
    });
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for (method, target, body, good) in ORIGINAL {
        let framing = match *method {
            "GET" => String::new(),
            _ => format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            ),
        };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nUser-Agent: fiber\r\nHost: 127.0.0.1:3000\r\n{framing}\
             Authorization: token Hello World\r\n\r\n{body}"
        );
        let response = ask(&mut connection, method, request.as_bytes());
        assert!(
            good.contains(&response.status),
            "{method} {target}: {}",
            response.status
        );
        assert!(!response.closes(), "{method} {target}");
        if *method == "GET" && response.status == 200 {
            assert_eq!(response.text(), "999997.5");
        }
    }
    running.server.stop().unwrap();
}

#[test]
fn hostile_clients_change_nothing() {
    let running = start(2);
    let workers = running.workers(2);
    let address = running.address();
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    let put = client::head("PUT", "/push/good", &[], Some(b"7"));
    assert_eq!(ask(&mut connection, "PUT", &put).status, 201);
    for byte in 0..=255_u8 {
        let targets = [
            format!("/push/a%{byte:02X}/b/inc"),
            format!("/push/labelled/inc?l=%{byte:02X}"),
            format!("/push/%{byte:02X}"),
            format!("/push/named/inc?%{byte:02X}=1"),
        ];
        for target in targets {
            send(address, &client::head("PUT", &target, &[], Some(&[byte])));
        }
        send(
            address,
            &client::head("PATCH", "/push/", &[], Some(&[b'{', b'"', byte])),
        );
        let help = [b'h', byte];
        send(
            address,
            &client::head("POST", "/push/helped", &[], Some(&help)),
        );
    }
    let chunked = [("Transfer-Encoding".to_owned(), "chunked".to_owned())];
    for body in [
        &b"ffffffffffffffff\r\nabc"[..],
        b"fffff\r\nabc",
        b"5\r\n{\"good",
        b"-1\r\n",
    ] {
        send(
            address,
            &client::head("PATCH", "/push/", &chunked, Some(body)),
        );
    }
    let deep = format!("{{\"good\": {}", "[".repeat(500_000));
    let wide = format!("{{{}\"good\": 1}}", "\"k\": 1, ".repeat(100_000));
    for body in [deep, wide] {
        send(
            address,
            &client::head("PATCH", "/push/", &[], Some(body.as_bytes())),
        );
    }
    endless(address);
    let listing = connection.get("/push/").unwrap();
    compare::parse_json(&listing.body).unwrap();
    assert_eq!(connection.get("/push/good").unwrap().text(), "7");
    assert_eq!(running.workers(2), workers, "a worker was replaced");
    assert!(!running.site.read("error.log").contains("panicked"));
    running.server.stop().unwrap();
}

/// Sends a request on a connection of its own and takes whatever comes back.
fn send(address: SocketAddr, request: &[u8]) {
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    // The server may have had enough in the middle of it.
    let _ = connection.send(request);
    let _ = connection.finish_sending();
    let _ = connection.receive("PUT");
}

/// A body in chunks that does not end is cut short.
fn endless(address: SocketAddr) {
    let head = [("Transfer-Encoding".to_owned(), "chunked".to_owned())];
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    let request = client::head("PATCH", "/push/", &head, None);
    connection.send(&request).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..17 {
        if connection.send(chunk.as_bytes()).is_err() {
            break;
        }
    }
    let response = connection.receive("PATCH").unwrap();
    assert_eq!(response.status, 413);
    assert!(response.text().contains("BodyTooLarge"));
}

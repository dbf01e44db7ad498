//! `limit_conn` over several workers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::WORKERS;
use crate::harness::client::{Connection, Response};
use crate::harness::door::Ask;
use crate::harness::http2;
use crate::harness::server::signal;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// An origin that answers when it is told to.
struct Origin {
    address: SocketAddr,
    is_open: Arc<AtomicBool>,
}

impl Origin {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_open = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&is_open);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let is_open = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &is_open));
            }
        });
        Self { address, is_open }
    }

    fn open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::SeqCst);
    }
}

fn serve(mut stream: TcpStream, is_open: &AtomicBool) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        while !is_open.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(2));
        }
        stream.write_all(b"HTTP/1.1 204 No\r\n\r\n").ok()?;
    }
}

fn start(origin: SocketAddr) -> Running {
    Running::start(&Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: "http2 on;\nkeepalive_requests 1000000;\nlimit_conn_log_level info;\n\
             limit_conn_zone $arg_k zone=z:1m;\nlimit_conn_zone $arg_k zone=small:32k;\n"
            .into(),
        config: format!(
            "location / {{ limit_conn z 10; proxy_pass http://{origin}; }}\n\
             location /free {{ limit_conn z 10; try_files /none =204; }}\n\
             location /alone {{ limit_conn z 1; try_files /none =204; }}\n\
             location /small {{ limit_conn small 1; proxy_pass http://{origin}; }}\n\
             location /small/free {{ limit_conn small 1; try_files /none =204; }}\n"
        ),
        ..Parts::default()
    })
}

fn get(running: &Running, target: &str) -> Response {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.get(target).unwrap()
}

/// Has clients ask for a target, each by a connection of its own, without reading what they are answered.
fn asking(running: &Running, count: usize, target: impl Fn(usize) -> String) -> Vec<Connection> {
    let one = |number| {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        let head = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", target(number));
        connection.send(head.as_bytes()).unwrap();
        connection
    };
    (0..count).map(one).collect()
}

fn expect(running: &Running, zone: &str, name: &str, expected: usize) {
    running.expect_status(&format!("http/limit_conns/{zone}/{name}"), &json!(expected));
}

/// Waits until somebody is let in: at `/alone`, if nobody else is under way.
fn expect_free(running: &Running, target: &str) {
    let free = poll(PATIENCE, || {
        (get(running, target).status == 204).then_some(())
    });
    assert!(free.is_some(), "{target}");
}

/// Fills all ten places of a key, no more and no less, and empties them.
fn fill(running: &Running, origin: &Origin, key: &str) {
    origin.open(false);
    let before = running.status("http/limit_conns/z");
    let [passed, rejected] = ["passed", "rejected"].map(|name| before[name].as_u64().unwrap());
    let clients = asking(running, 40, |_| format!("/?k={key}"));
    expect(running, "z", "rejected", rejected as usize + 30);
    expect(running, "z", "passed", passed as usize + 10);
    assert_eq!(get(running, &format!("/free?k={key}")).status, 503);
    assert_eq!(get(running, &format!("/free?k={key}-other")).status, 204);
    origin.open(true);
    let answers = clients
        .into_iter()
        .map(|mut one| one.receive("GET").unwrap().status);
    let (let_in, refused): (Vec<u16>, Vec<u16>) = answers.partition(|status| *status == 204);
    assert_eq!((let_in.len(), refused.len()), (10, 30));
    assert!(refused.iter().all(|status| *status == 503));
}

#[test]
fn ten_are_let_in_by_four_workers_however_often() {
    let origin = Origin::start();
    let running = start(origin.address);
    for _ in 0..3 {
        fill(&running, &origin, "a");
    }
    running.server.stop().unwrap();
}

#[test]
fn what_clients_that_leave_and_dead_workers_had_is_free_again() {
    let origin = Origin::start();
    let running = start(origin.address);
    let leaving = asking(&running, 10, |_| "/?k=left".into());
    expect(&running, "z", "passed", 10);
    drop(leaving);
    expect_free(&running, "/alone?k=left");
    for round in 0..4 {
        origin.open(false);
        let before = running
            .status("http/limit_conns/z/passed")
            .as_u64()
            .unwrap();
        let clients = asking(&running, 10, |_| "/?k=killed".into());
        expect(&running, "z", "passed", before as usize + 10);
        assert_eq!(get(&running, "/free?k=killed").status, 503);
        // One of them, or all but one.
        let workers = running.workers(WORKERS);
        let killed = if round % 2 == 0 {
            &workers[..1]
        } else {
            &workers[1..]
        };
        for worker in killed {
            signal(&worker.to_string(), "KILL");
        }
        let all_new = || {
            running
                .server
                .workers()
                .iter()
                .all(|one| !killed.contains(&one.id))
        };
        poll(PATIENCE, || all_new().then_some(())).unwrap();
        running.workers(WORKERS);
        drop(clients);
        expect_free(&running, "/alone?k=killed");
        fill(&running, &origin, "killed");
    }
    running.server.stop().unwrap();
}

#[test]
fn a_reload_forgets_nobody_who_is_under_way() {
    let origin = Origin::start();
    let running = start(origin.address);
    let clients = asking(&running, 10, |_| "/?k=a".into());
    expect(&running, "z", "passed", 10);
    running.server.reload(running.control()).unwrap();
    assert_eq!(get(&running, "/free?k=a").status, 503);
    origin.open(true);
    for mut client in clients {
        assert_eq!(client.receive("GET").unwrap().status, 204);
    }
    expect_free(&running, "/alone?k=a");
    fill(&running, &origin, "a");
    running.server.stop().unwrap();
}

#[test]
fn each_stream_of_http2_counts() {
    let origin = Origin::start();
    let running = start(origin.address);
    let address = running.address();
    let statuses = thread::scope(|scope| {
        let one = || {
            let connection = http2::Connection::open(address, PATIENCE).unwrap();
            connection.ask(&Ask::get("/?k=a")).unwrap().status
        };
        let all: Vec<_> = (0..14).map(|_| scope.spawn(one)).collect();
        expect(&running, "z", "rejected", 4);
        origin.open(true);
        all.into_iter()
            .map(|one| one.join().unwrap())
            .collect::<Vec<_>>()
    });
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!(refused, 4, "{statuses:?}");
    running.server.stop().unwrap();
}

/// A zone in which every key has somebody under way has no room, until one of them has left.
#[test]
fn a_full_zone_refuses_other_keys_until_somebody_leaves() {
    let origin = Origin::start();
    let running = start(origin.address);
    let mut clients = Vec::new();
    while running.status("http/limit_conns/small/exhausted") == json!(0) {
        let first = clients.len();
        clients.extend(asking(&running, 20, |number| {
            format!("/small?k={}", first + number)
        }));
        assert!(first < 2000, "the zone is never full");
        let all = || {
            let node = running.status("http/limit_conns/small");
            let [passed, exhausted] =
                ["passed", "exhausted"].map(|name| node[name].as_u64().unwrap_or(0));
            (passed + exhausted == clients.len() as u64).then_some(())
        };
        poll(PATIENCE, all).unwrap();
    }
    assert_eq!(get(&running, "/small/free?k=another").status, 503);
    assert_eq!(get(&running, "/small/free?k=0").status, 503);
    expect(&running, "small", "rejected", 1);
    clients.truncate(5);
    expect_free(&running, "/small/free?k=another");
    origin.open(true);
    running.server.stop().unwrap();
}

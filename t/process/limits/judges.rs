//! A thousand requests wait at once for a slow judge of `auth_request`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::client::Connection;
use crate::harness::server::children;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

const CLIENTS: usize = 1000;

/// Memory of all processes that is nobody else's, in KiB.
fn memory(running: &Running) -> u64 {
    let of = |id: u32| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"))
            .map(str::to_owned);
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        number.unwrap_or(0)
    };
    children(running.server.id())
        .iter()
        .map(|one| of(one.id))
        .sum::<u64>()
}

/// A judge that says nothing until it is opened: its address, whether it is open, and how many have asked.
fn judge() -> (SocketAddr, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let judge = listener.local_addr().unwrap();
    let (is_open, asked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let shared = (Arc::clone(&is_open), Arc::clone(&asked));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (is_open, asked) = (Arc::clone(&shared.0), Arc::clone(&shared.1));
            let judging = thread::Builder::new().stack_size(64 * 1024).spawn(move || {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).ok()?;
                    head.push(byte[0]);
                }
                asked.fetch_add(1, Ordering::SeqCst);
                while !is_open.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(20));
                }
                let is_even = head.windows(6).any(|part| part == b"=even ");
                let answer: &[u8] = match is_even {
                    true => b"HTTP/1.1 204 Yes\r\nConnection: close\r\n\r\n",
                    false => b"HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                };
                stream.write_all(answer).ok()
            });
            drop(judging);
        }
    });
    (judge, is_open, asked)
}

#[test]
fn a_thousand_wait_for_a_slow_judge_and_others_are_served() {
    let (judge, is_open, asked) = judge();
    let running = Running::start(&Parts {
        main_config: "worker_rlimit_nofile 8192;\n".into(),
        config: format!(
            "location / {{ auth_request /judge; try_files /none =204; }}\n\
             location /free {{ try_files /none =204; }}\n\
             location = /judge {{ internal; proxy_pass http://{judge}$request_uri; }}\n"
        ),
        ..Parts::default()
    });
    let before = memory(&running);
    let mut clients: Vec<Connection> = Vec::new();
    for number in 0..CLIENTS {
        let mut client = Connection::open(running.address(), PATIENCE).unwrap();
        let parity = if number % 2 == 0 { "even" } else { "odd" };
        client
            .send(format!("GET /?n={parity} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
            .unwrap();
        clients.push(client);
    }
    let all = poll(PATIENCE * 2, || {
        (asked.load(Ordering::SeqCst) == CLIENTS).then_some(())
    });
    assert!(all.is_some(), "{}", asked.load(Ordering::SeqCst));
    let each = memory(&running).saturating_sub(before) * 1024 / CLIENTS as u64;
    eprintln!("{each} bytes for each that waits");
    assert!(each < 64 * 1024, "{each}");
    let mut other = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(other.get("/free").unwrap().status, 204);
    // A tenth leaves without an answer.
    clients.truncate(CLIENTS * 9 / 10);
    is_open.store(true, Ordering::SeqCst);
    for (number, mut client) in clients.into_iter().enumerate() {
        let expected = if number % 2 == 0 { 204 } else { 403 };
        assert_eq!(client.receive("GET").unwrap().status, expected, "{number}");
    }
    assert_eq!(other.get("/free").unwrap().status, 204);
    running.server.stop().unwrap();
}

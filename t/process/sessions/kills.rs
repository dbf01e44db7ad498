//! What sessions have counted outlives every process.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{ask, count, expect, number, paced, start, zone};
use crate::harness::server::{children, signal};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};
use crate::lasting::{kill, reboot};

fn parts(origin: SocketAddr) -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: "session_zone s:256k:file=$DIR/sessions sync=200ms timeout=60s;\n".into(),
        config: format!(
            "location / {{ session s $arg_id reference=r; proxy_pass http://{origin}; }}\n\
             location /close {{ session s $arg_id close=1; try_files /hello =404; }}\n"
        ),
        ..Parts::default()
    }
}

#[test]
fn nothing_counted_is_lost_and_no_ghosts_are_left_when_everything_is_killed_in_the_middle() {
    let origin = paced::origin(100 << 20, 4 << 20);
    let parts = parts(origin);
    let mut running = start(&parts);
    let (mut bytes, mut sessions) = (0, 0);
    for round in 0..number("SESSION_ROUNDS", 6) {
        let address = running.address();
        let client = thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            let request = format!("GET /?id=round{round} HTTP/1.1\r\nHost: a\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let (mut got, mut place) = (0_u64, [0; 65536]);
            while let Ok(read @ 1..) = stream.read(&mut place) {
                got += read as u64;
            }
            got
        });
        let path = format!("active/round{round}/tx/bytes");
        let flowing = poll(PATIENCE, || {
            let value = running.status(&format!("http/session_zones/s/{path}"));
            value.as_u64().filter(|bytes| *bytes > 400_000)
        });
        let seen = flowing.expect("bytes flow");
        let site = kill(running);
        let got = client.join().unwrap();
        running = Running::start_at(site, &parts);
        let shown = zone(&running);
        sessions += 1;
        assert_eq!(shown["sessions"]["active"], 0, "{shown:#}");
        assert_eq!(shown["active"], json!({}), "{shown:#}");
        assert_eq!(shown["summary"]["sessions"], sessions, "{shown:#}");
        let now = count(&running, "summary/tx_bytes");
        assert!(
            now >= bytes + seen.max(got.saturating_sub(1 << 20)),
            "{now}: {bytes} + {seen}, {got}"
        );
        assert_eq!(count(&running, "summary/references/r/tx_bytes"), now);
        bytes = now;
    }
    running.server.stop().unwrap();
}

#[test]
fn after_the_machine_went_down_the_snapshot_has_the_history() {
    let parts = parts(paced::origin(1000, 1 << 20));
    let running = start(&parts);
    assert_eq!(ask(&running, "GET", "/close?id=a", None), 200);
    expect(&running, "summary/sessions", 1);
    assert_eq!(ask(&running, "GET", "/?id=live", None), 200);
    expect(&running, "sessions/active", 1);
    let snapshot = || running.status("http/session_zones/s/state/snapshot");
    let first = snapshot();
    // One that was begun after the last request.
    let next = poll(PATIENCE, || Some(snapshot()).filter(|time| *time != first)).unwrap();
    assert!(poll(PATIENCE, || (snapshot() != next).then_some(())).is_some());
    let site = kill(running);
    reboot(&site, "sessions");
    let running = Running::start_at(site, &parts);
    let shown = zone(&running);
    assert_eq!(shown["summary"]["sessions"], 2, "{shown:#}");
    assert_eq!(shown["active"], json!({}), "{shown:#}");
    running.server.stop().unwrap();
}

#[test]
fn a_reload_keeps_sessions_and_those_under_way_are_counted_on() {
    let origin = paced::origin(100 << 20, 1 << 20);
    let parts = parts(origin);
    let running = start(&parts);
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream
        .write_all(b"GET /?id=long HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let reader = thread::spawn(move || {
        let mut place = [0; 65536];
        while let Ok(1..) = stream.read(&mut place) {}
    });
    let tx = || {
        let value = running.status("http/session_zones/s/active/long/tx/bytes");
        value.as_u64().unwrap_or(0)
    };
    assert!(poll(PATIENCE, || (tx() > 100_000).then_some(())).is_some());
    let mut wider = parts.clone();
    wider.http_config = wider.http_config.replace("256k", "512k");
    running.reload(&wider);
    let before = tx();
    assert!(before > 100_000);
    // By the worker of the old configuration.
    assert!(poll(PATIENCE, || (tx() > before + 500_000).then_some(())).is_some());
    running.server.stop().unwrap();
    reader.join().unwrap();
}

/// An origin that counts the bytes of the bodies that it receives.
fn counting(total: &Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let total = Arc::clone(total);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let total = Arc::clone(&total);
            thread::spawn(move || {
                let (mut seen, mut place) = (Vec::new(), [0; 65536]);
                while let Ok(read @ 1..) = stream.read(&mut place) {
                    seen.extend_from_slice(&place[..read]);
                    while let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
                        seen.drain(..end + 4);
                        total.fetch_add(1, Ordering::Relaxed);
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n");
                        let _ = stream.write_all(&[b'b'; 700]);
                    }
                }
            });
        }
    });
    address
}

/// What a client has of it.
#[derive(Default)]
struct Account {
    sent: u64,
    got: u64,
    /// Bytes of requests that failed, at most.
    doubtful: u64,
}

#[test]
fn many_clients_and_sessions_over_dying_workers_are_counted_to_the_byte() {
    let (clients, each) = (number("SESSION_CLIENTS", 8), number("SESSION_EACH", 60));
    let asked = Arc::new(AtomicU64::new(0));
    let origin = counting(&asked);
    // None is to find the zone full, or to end meanwhile.
    let megabytes = 64.max(clients * each * BYTES_OF_SESSION / (1 << 20));
    let parts = Parts {
        main_config: "worker_processes 4;\n".into(),
        http_config: format!(
            "session_zone s:{megabytes}m timeout=10h pending=10h;\nupstream o {{ server {origin}; keepalive 16; }}\n"
        ),
        config:
            "location / { session s $arg_id location=/ peer=p reference=r; proxy_pass http://o;\n\
                 proxy_http_version 1.1; proxy_set_header Connection \"\"; }\n"
                .into(),
        ..Parts::default()
    };
    let running = start(&parts);
    let killer = Killer::start(&running);
    let address = running.address();
    let all: Vec<_> = (0..clients)
        .map(|number| thread::spawn(move || client(address, number, each)))
        .collect();
    let all = all.into_iter().map(|one| one.join().unwrap());
    let account = all.fold(Account::default(), |sum, one| Account {
        sent: sum.sent + one.sent,
        got: sum.got + one.got,
        doubtful: sum.doubtful + one.doubtful,
    });
    killer.stop();
    let (rx, tx) = (count(&running, "rx/bytes"), count(&running, "tx/bytes"));
    assert!(
        (account.sent..=account.sent + account.doubtful).contains(&rx),
        "{rx}: {} + {}",
        account.sent,
        account.doubtful
    );
    assert!(
        (account.got..=account.got + account.doubtful).contains(&tx),
        "{tx}: {} + {}",
        account.got,
        account.doubtful
    );
    assert_eq!(count(&running, "discarded"), 0);
    let shown = count(&running, "sessions/active");
    assert!(
        shown <= (clients * each) as u64 && shown > (clients * each / 2) as u64,
        "{shown}"
    );
    assert!(asked.load(Ordering::Relaxed) as usize > clients * each / 2);
    running.server.stop().unwrap();
}

/// More than a session takes in its zone.
const BYTES_OF_SESSION: usize = 2048;

/// Kills a worker every now and then.
struct Killer {
    over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Killer {
    fn start(running: &Running) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (is_over, id) = (Arc::clone(&over), running.server.id());
        let thread = thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(300));
                let mut all = children(id).into_iter();
                if let Some(worker) = all.find(|one| one.title.contains("worker process")) {
                    signal(&worker.id.to_string(), "KILL");
                }
            }
        });
        Self { over, thread }
    }

    fn stop(self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

/// Asks twice for each of its sessions; over a connection for as long as that lives.
fn client(address: SocketAddr, number: usize, each: usize) -> Account {
    let mut account = Account::default();
    let mut kept: Option<TcpStream> = None;
    for request in 0..2 * each {
        let target = format!("/?id={number}-{}", request % each);
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        let stream = kept.take().or_else(|| TcpStream::connect(address).ok());
        let Some(mut stream) = stream else {
            continue;
        };
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let _ = stream.write_all(head.as_bytes());
        match read_answer(&mut stream) {
            Some(got) => {
                account.sent += head.len() as u64;
                account.got += got;
                kept = Some(stream);
            }
            None => account.doubtful += head.len() as u64 + 2000,
        }
    }
    account
}

/// How long an answer is as a whole, if it came as a whole and is a good one.
fn read_answer(stream: &mut TcpStream) -> Option<u64> {
    let (mut seen, mut place) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut place).ok().filter(|read| *read > 0)?;
        seen.extend_from_slice(&place[..read]);
        if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n")
            && seen.len() >= end + 4 + 700
        {
            return seen
                .starts_with(b"HTTP/1.1 200")
                .then_some(seen.len() as u64);
        }
    }
}

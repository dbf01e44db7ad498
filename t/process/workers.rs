//! A worker that dies is replaced and takes no count with it, nor anything others need.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::client::Connection;
use crate::harness::load::{Habit, Load};
use crate::harness::origin::serving;
use crate::harness::server::{Process, signal};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

const WORKERS: usize = 4;

fn start() -> Running {
    Running::start(&Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: "metric_zone z:64k expire=on count;\nmetric_zone keys:32k expire=on count;\n".into(),
        config: "location /hit { metric z k on=request; metric keys $request_id$msec on=request; return 204; }\n"
            .into(),
        ..Parts::default()
    })
}

fn complete_set_without(running: &Running, gone: u32) -> bool {
    let workers = running.server.workers();
    workers.len() == WORKERS && !workers.iter().any(|worker| worker.id == gone)
}

#[test]
fn titles_name_the_processes() {
    let running = start();
    running.workers(WORKERS);
    let titled = |worker: &Process| worker.title.starts_with("pingauge: worker process #1");
    // The title follows the start by a moment.
    let all = poll(PATIENCE, || {
        running.server.workers().iter().all(titled).then_some(())
    });
    assert!(all.is_some(), "{:?}", running.server.workers());
    let master = std::fs::read(format!("/proc/{}/cmdline", running.server.id())).unwrap();
    assert!(String::from_utf8_lossy(&master).starts_with("pingauge: master process"));
    running.server.stop().unwrap();
}

#[test]
fn killed_workers_are_replaced_and_no_count_is_lost() {
    let mut running = start();
    let load = Load::start(running.address(), "/hit", 6, Habit::ConnectionPerRequest);
    for round in 0..8 {
        thread::sleep(Duration::from_millis(50));
        let worker = running.workers(WORKERS).swap_remove(round % WORKERS);
        signal(&worker.to_string(), "KILL");
        let replaced = poll(PATIENCE, || {
            complete_set_without(&running, worker).then_some(())
        });
        assert!(
            replaced.is_some(),
            "{worker} not replaced: {:?}",
            running.server.workers()
        );
    }
    let account = load.finish();
    assert!(running.server.is_running());
    let counted = running
        .status("http/metric_zones/z/metrics/k")
        .as_u64()
        .unwrap();
    let (least, most) = (account.answered, account.answered + account.failed);
    assert!(
        (least..=most).contains(&counted),
        "{counted} counted, {least}..={most} made"
    );
    assert_eq!(running.status("angie/generation"), json!(1));
    running.server.stop().unwrap();
}

/// A server whose upstream has one peer, which allows two requests and answers no path but `/fast`.
fn start_before(origin: SocketAddr) -> (Running, Parts) {
    let parts = Parts {
        main_config: "worker_processes 1;\n".into(),
        http_config: format!(
            "upstream u {{ zone u 64k; server {origin} max_conns=2; keepalive 4; }}\n"
        ),
        config: "http2 on; status_zone s; location / { proxy_pass http://u; }\n".into(),
        ..Parts::default()
    };
    (Running::start(&parts), parts)
}

fn origin() -> SocketAddr {
    serving(|mut stream, _| {
        let mut got = [0; 4096];
        loop {
            let amount = stream.read(&mut got)?;
            if amount == 0 {
                return Ok(());
            }
            if got[..amount].windows(5).any(|word| word == b"/fast") {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
            }
        }
    })
}

const PEER: &str = "http/upstreams/u/peers";

fn current(running: &Running) -> Value {
    let peers = running.status(PEER);
    let peer = peers.as_object().unwrap().values().next().unwrap();
    peer["selected"]["current"].clone()
}

#[test]
fn a_draining_worker_that_dies_takes_its_counts_with_it() {
    let (running, parts) = start_before(origin());
    let old = running.workers(1)[0];
    let ask = |preface: &[u8]| {
        let mut client = TcpStream::connect(running.address()).unwrap();
        client.write_all(preface).unwrap();
        client
    };
    let _plain = ask(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    let headers = b"\0\0\x0c\x01\x05\0\0\0\x01\x82\x86\x44\x05/slow\x41\x01a";
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let _streams = ask(&[&preface[..], headers].concat());
    let begun = poll(PATIENCE, || (current(&running) == json!(2)).then_some(()));
    assert!(begun.is_some(), "{}", running.status(PEER));
    running.expect_status("http/http2/streams/active", &json!(1));

    running.reload(&parts);
    assert!(running.server.workers().iter().any(|one| one.id == old));
    assert_eq!(current(&running), json!(2));
    signal(&old.to_string(), "KILL");
    running.expect_status("connections/active", &json!(1));
    running.expect_status("http/server_zones/s/requests/processing", &json!(0));
    running.expect_status("http/http2/streams/active", &json!(0));
    running.expect_status("http/http2/connections/active", &json!(0));
    assert_eq!(current(&running), json!(0));
    // There is room again.
    let mut client = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(client.get("/fast").unwrap().status, 200);
    running.server.stop().unwrap();
}

#[test]
fn connections_to_peers_end_with_their_worker() {
    let (running, parts) = start_before(origin());
    let old = running.workers(1)[0];
    let mut client = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(client.get("/fast").unwrap().status, 200);
    drop(client);
    running.expect_status("http/upstreams/u/keepalive", &json!(1));
    running.reload(&parts);
    let gone = poll(PATIENCE, || {
        let workers = running.server.workers();
        workers.iter().all(|one| one.id != old).then_some(())
    });
    assert!(gone.is_some());
    running.expect_status("http/upstreams/u/keepalive", &json!(0));
    running.server.stop().unwrap();
}

#[test]
fn a_dead_worker_holds_up_nobody() {
    let running = start();
    let address = running.address();
    let load = Load::start(address, "/hit", 4, Habit::KeepAlive);
    for _ in 0..20 {
        thread::sleep(Duration::from_millis(15));
        if let Some(worker) = running.server.workers().first() {
            signal(&worker.id.to_string(), "KILL");
        }
    }
    load.finish();
    let before = running
        .status("http/metric_zones/z/metrics/k")
        .as_u64()
        .unwrap();
    running.workers(WORKERS);
    let calm = Load::start(address, "/hit", 4, Habit::ConnectionPerRequest);
    thread::sleep(Duration::from_millis(300));
    let account = calm.finish();
    assert_eq!(account.failed, 0, "{:?}", account.reasons);
    running.expect_status(
        "http/metric_zones/z/metrics/k",
        &json!(before + account.answered),
    );
    running.server.stop().unwrap();
}

/// `WORKER_KILLS=1000` makes it as long as a coffee.
#[test]
fn kills_under_updates_evictions_and_listings_break_nothing() {
    let kills = std::env::var("WORKER_KILLS").ok();
    let kills = kills.and_then(|kills| kills.parse().ok()).unwrap_or(40);
    let mut running = Running::start(&Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: "metric_zone z:64k count;\n\
                      metric_zone keys:32k expire=on discard_key=rest count;\n\
                      prometheus_template page { metric_zone keys; }\n"
            .into(),
        config: "location /hit { metric z k on=request; metric keys $request_id on=request; return 204; }\n\
                 location /page { prometheus page; }\n"
            .into(),
        ..Parts::default()
    });
    let loads = [("/hit", 4), ("/page", 1), ("/status/http/metric_zones/", 1)];
    let loads = loads
        .map(|(target, clients)| Load::start(running.address(), target, clients, Habit::KeepAlive));
    let mut killed = 0;
    while killed < kills {
        thread::sleep(Duration::from_millis(10));
        let workers = running.server.workers();
        if let Some(worker) = workers.get(killed % workers.len().max(1)) {
            signal(&worker.id.to_string(), "KILL");
            killed += 1;
        }
    }
    let [hits, pages, listings] = loads.map(Load::finish);
    running.workers(WORKERS);
    let z = running
        .status("http/metric_zones/z/metrics/k")
        .as_u64()
        .unwrap();
    let (least, most) = (hits.answered, hits.answered + hits.failed);
    assert!((least..=most).contains(&z), "{z}: {least}..={most}");
    let keys = running.status("http/metric_zones/keys/metrics/");
    let sum: u64 = keys
        .as_object()
        .unwrap()
        .values()
        .filter_map(|value| value.as_u64())
        .sum();
    assert!((least..=most).contains(&sum), "{sum}: {least}..={most}");
    assert!(
        hits.answered > 100 && pages.answered > 0 && listings.answered > 0,
        "{hits:?}"
    );
    let calm = Load::start(running.address(), "/hit", 4, Habit::ConnectionPerRequest);
    thread::sleep(Duration::from_millis(200));
    let account = calm.finish();
    assert_eq!(account.failed, 0, "{:?}", account.reasons);
    assert!(running.server.is_running());
    running.server.stop().unwrap();
}

#[test]
fn what_a_dead_worker_had_open_is_not_counted_for_ever() {
    let running = start();
    let worker = running.workers(WORKERS).swap_remove(WORKERS - 1);
    let idle: Vec<TcpStream> = (0..64)
        .map(|_| TcpStream::connect(running.address()).unwrap())
        .collect();
    let open = || running.status("connections/active").as_u64().unwrap();
    assert!(poll(PATIENCE, || (open() >= 64).then_some(())).is_some());
    signal(&worker.to_string(), "KILL");
    drop(idle);
    // One connection asks.
    let settled = poll(PATIENCE, || (open() == 1).then_some(()));
    assert!(settled.is_some(), "{} still counted", open());
    running.server.stop().unwrap();
}

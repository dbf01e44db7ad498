//! Pages of many families: one at a time, in memory that does not grow with them, for clients that are still
//! there. `LONG=1` takes a million keys.

use std::time::{Duration, Instant};

use crate::harness::client::{self, Connection};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// Keys that come with one request.
const BATCH: usize = 10_000;

fn batches() -> usize {
    match std::env::var_os("LONG") {
        Some(_) => 100,
        None => 10,
    }
}

/// A server whose zone has all keys.
fn start() -> Running {
    let running = Running::start(&Parts {
        http_config: "metric_zone z:128m count;\n\
             prometheus_template families { metric_zone z keys=families; }\n\
             prometheus_template labels { metric_zone z; }\n"
            .into(),
        config:
            "location /families { prometheus families; }\nlocation /labels { prometheus labels; }\n\
             location /push/ { metric_push z create=on; }\n"
                .into(),
        ..Parts::default()
    });
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for batch in 0..batches() {
        // Names in no order of theirs.
        let key = |number: usize| format!("\"family_{:08}\":1", (number * 7919) % 100_000_007);
        let keys: Vec<String> = (batch * BATCH..(batch + 1) * BATCH).map(key).collect();
        let body = format!("{{{}}}", keys.join(","));
        let head = client::head("PATCH", "/push/", &[], Some(body.as_bytes()));
        connection.send(&head).unwrap();
        assert_eq!(connection.receive("PATCH").unwrap().status, 204);
    }
    running
}

/// Bytes of memory that the worker has for itself.
fn memory(running: &Running) -> u64 {
    let worker = running.workers(1)[0];
    let status = std::fs::read_to_string(format!("/proc/{worker}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse::<u64>().unwrap() * 1024
}

/// A client that has asked for a page and reads nothing.
fn ask(running: &Running) -> Connection {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let head = client::head("GET", "/families", &[], None);
    connection.send(&head).unwrap();
    connection
}

fn pages(running: &Running) -> u64 {
    let pages = &running.status("angie/self/scrapes/families")["pages"];
    pages.as_u64().unwrap()
}

const MANY: Duration = Duration::from_secs(600);

#[test]
fn a_page_of_many_families_takes_bounded_memory_and_one_is_made_at_a_time() {
    let running = start();
    let base = memory(&running);
    let most = 24 << 20;
    let mut reader = Connection::open(running.address(), MANY).unwrap();
    let page = reader.get("/families").unwrap();
    let families = page
        .text()
        .lines()
        .filter(|line| line.starts_with("family_"))
        .count();
    assert_eq!((page.status, families), (200, batches() * BATCH));
    let lines: Vec<String> = page.text().lines().map(str::to_owned).collect();
    let names = lines.iter().filter(|line| line.starts_with("family_"));
    assert!(names.is_sorted());

    // Clients that take nothing give way, but not fast enough for the last one.
    let silent: Vec<Connection> = (0..32).map(|_| ask(&running)).collect();
    std::thread::sleep(Duration::from_millis(200));
    let asked = Instant::now();
    let refused = Connection::open(running.address(), PATIENCE)
        .unwrap()
        .get("/families")
        .unwrap();
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("5"))
    );
    assert!(
        asked.elapsed() >= Duration::from_secs(4),
        "{:?}",
        asked.elapsed()
    );
    assert!(
        memory(&running) < base + most,
        "{base}, {}",
        memory(&running)
    );
    // Others do not wait.
    let mut other = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(other.get("/status/angie/generation").unwrap().status, 200);
    drop(silent);
    let given_back = poll(PATIENCE, || {
        (memory(&running) < base + most / 2).then_some(())
    });
    assert!(given_back.is_some(), "{base}, {}", memory(&running));
    running.server.stop().unwrap();
}

#[test]
fn a_page_is_not_made_for_a_client_that_has_left() {
    let running = start();
    for round in 1..=5 {
        let mut connection = ask(&running);
        let has_begun = |bytes: &[u8]| bytes.starts_with(b"HTTP/1.1 200");
        let (begun, _) = connection.read_until(MANY, has_begun);
        assert!(has_begun(&begun), "{}", begun.escape_ascii());
        drop(connection);
        let is_over = poll(PATIENCE, || (pages(&running) >= round).then_some(()));
        assert!(is_over.is_some(), "round {round}");
    }
    let cost = running.status("angie/self/scrapes/families");
    // None of them was made to its end.
    assert_eq!(
        (&cost["pages"], &cost["last"]["lines"]),
        (&5.into(), &0.into()),
        "{cost}"
    );
    running.server.stop().unwrap();
}

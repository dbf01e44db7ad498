//! Processes die while they fill a cache: nobody ever gets a wrong or a short body for a whole one.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::origin::{Origin, body};
use super::{get, get_at, parts};
use crate::harness::server::signal;
use crate::harness::{PATIENCE, Running, poll};
use crate::lasting::kill;

const WORKERS: usize = 2;
const LENGTH: usize = 200_000;

const CLIENTS: usize = 6;

fn rounds() -> usize {
    let wanted = std::env::var("CACHE_KILLS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(50)
}

/// What clients have seen, and whether they are to end.
#[derive(Debug, Default)]
struct Seen {
    whole: AtomicUsize,
    /// What came as a whole.
    paths: Mutex<BTreeSet<String>>,
    ends: AtomicBool,
}

/// Asks for one answer after the other; two clients each are after the same.
fn pull(address: SocketAddr, client: usize, seen: &Seen) {
    let mut number = client;
    while !seen.ends.load(Ordering::Relaxed) {
        let path = format!("/{}", number / 2 % 40);
        number += CLIENTS;
        let framing = ["", "&chunked"][number / 2 % 2];
        let target = format!(
            "{path}?length={LENGTH}&pieces=20&pause=5&header=Cache-Control:%20max-age=600{framing}"
        );
        // A connection to a process that died breaks off, which is seen.
        if let Ok(got) = get_at(address, &target)
            && got.status == 200
        {
            let is_right = got.body == body(&path, LENGTH);
            assert!(is_right, "{path}: {} bytes", got.body.len());
            seen.whole.fetch_add(1, Ordering::Relaxed);
            seen.paths.lock().unwrap().insert(path);
        }
    }
}

#[test]
fn workers_that_are_killed_in_the_middle_leave_nothing_wrong() {
    let rounds = rounds();
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; proxy_cache_lock on; location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let running = Running::start(&parts(WORKERS, "$DIR/cache", &config));
    let seen = Arc::new(Seen::default());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (address, seen) = (running.address(), Arc::clone(&seen));
            thread::spawn(move || pull(address, client, &seen))
        })
        .collect();
    for round in 0..rounds {
        thread::sleep(Duration::from_millis(20 + (round as u64 * 37) % 130));
        let workers = running.workers(WORKERS);
        signal(&workers[round % WORKERS].to_string(), "KILL");
        let is_replaced = || {
            let present = running.server.workers();
            let is_gone = !present.iter().any(|one| one.id == workers[round % WORKERS]);
            (is_gone && present.len() == WORKERS).then_some(())
        };
        let replaced = poll(PATIENCE, is_replaced);
        let log = || running.site.read("error.log");
        assert!(
            replaced.is_some(),
            "{:?}\n{}",
            running.server.workers(),
            log()
        );
    }
    seen.ends.store(true, Ordering::Relaxed);
    clients
        .into_iter()
        .for_each(|client| client.join().unwrap());
    assert!(seen.whole.load(Ordering::Relaxed) > rounds, "{seen:?}");
    // Everything is there afterwards, and is what it should be.
    for number in 0..40 {
        let path = format!("/{number}");
        let target = format!("{path}?length={LENGTH}&header=Cache-Control:%20max-age=600");
        assert!(get(&running, &target).unwrap().body == body(&path, LENGTH));
        assert_eq!(
            get(&running, &target).unwrap().header("x-cache"),
            Some("HIT")
        );
    }
    let log = running.site.read("error.log");
    assert!(!log.contains("panicked"), "{log}");
    running.server.stop().unwrap();
}

#[test]
fn everything_is_killed_in_the_middle_and_what_was_whole_is_still_there() {
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; proxy_cache_lock on; location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let mut parts = parts(WORKERS, "$DIR/cache", &config);
    let lasting = "keys_zone=c:1m:file=$DIR/zone";
    parts.http_config = parts.http_config.replace("keys_zone=c:1m", lasting);
    let mut running = Running::start(&parts);
    let seen = Arc::new(Seen::default());
    for round in 0..rounds() {
        seen.ends.store(false, Ordering::Relaxed);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (address, seen) = (running.address(), Arc::clone(&seen));
                thread::spawn(move || pull(address, client + round, &seen))
            })
            .collect();
        // However slow the machine is, something comes whole in each round, and something does not.
        let before = seen.whole.load(Ordering::Relaxed);
        let more = || (seen.whole.load(Ordering::Relaxed) > before).then_some(());
        assert!(poll(PATIENCE, more).is_some());
        thread::sleep(Duration::from_millis((round as u64 * 37) % 200));
        seen.ends.store(true, Ordering::Relaxed);
        let site = kill(running);
        clients
            .into_iter()
            .for_each(|client| client.join().unwrap());
        running = Running::start_at(site, &parts);
    }
    let whole = seen.paths.lock().unwrap();
    assert!(whole.len() > 10, "{whole:?}");
    for path in whole.iter() {
        let got = get(&running, &format!("{path}?length={LENGTH}")).unwrap();
        assert!(got.body == body(path, LENGTH), "{path}");
        assert_eq!(got.header("x-cache"), Some("HIT"), "{path}");
    }
    let log = running.site.read("error.log");
    assert!(!log.contains("panicked"), "{log}");
    running.server.stop().unwrap();
}

#[test]
fn what_the_killed_were_filling_elsewhere_is_cleared() {
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let mut parts = parts(1, "$DIR/cache", &config);
    let elsewhere = "inactive=1d use_temp_path=on";
    parts.http_config = parts.http_config.replace("inactive=1d", elsewhere);
    parts.http_config.push_str("proxy_temp_path $DIR/tmp;\n");
    let running = Running::start(&parts);
    let folder = running.site.directory.join("tmp");
    let names = || -> Vec<String> {
        let inside = std::fs::read_dir(&folder).unwrap().flatten();
        inside
            .map(|file| file.file_name().into_string().unwrap())
            .filter(|name| name.matches('.').count() == 2)
            .collect()
    };
    let address = running.address();
    let target = "/a?length=300000&pieces=100&pause=100&header=Cache-Control:%20max-age=600";
    let client = thread::spawn(move || get_at(address, target));
    assert!(poll(PATIENCE, || (names().len() == 1).then_some(())).is_some());
    let site = kill(running);
    assert!(client.join().unwrap().is_err());
    // Others may have files there as well.
    std::fs::write(folder.join("0000000001"), "x").unwrap();
    assert_eq!(names().len(), 1);
    let running = Running::start_at(site, &parts);
    let none = || names().is_empty().then_some(());
    assert!(poll(PATIENCE, none).is_some(), "{:?}", names());
    assert!(folder.join("0000000001").exists());
    running.server.stop().unwrap();
}

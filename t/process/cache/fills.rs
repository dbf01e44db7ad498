//! One fetch for many: clients who wait, are slow, leave, or want a part of what is coming.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::origin::{Origin, body};
use super::{ask, get, parts};
use crate::harness::client::{self, Connection};
use crate::harness::{PATIENCE, Running, poll};

const FRESH: &str = "header=Cache-Control:%20max-age=600";

fn start(workers: usize, more: &str) -> (Arc<Running>, Origin) {
    let origin = Origin::start();
    let config = format!(
        "location / {{ proxy_cache_lock on; proxy_cache_key $uri; {more} proxy_pass http://{}; }}\n",
        origin.address
    );
    let running = Running::start(&parts(workers, "$DIR/cache", &config));
    (Arc::new(running), origin)
}

fn stop(running: Arc<Running>) {
    let running = Arc::into_inner(running).unwrap();
    let log = running.site.read("error.log");
    assert!(!log.contains("panicked"), "{log}");
    running.server.stop().unwrap();
}

/// A connection that has asked and got so many bytes of an answer.
fn begun(running: &Running, target: &str, least: usize) -> (Connection, Vec<u8>) {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection
        .send(&client::head("GET", target, &[], None))
        .unwrap();
    let (got, _) = connection.read_until(PATIENCE, |got| got.len() >= least);
    (connection, got)
}

#[test]
fn cold_pulls_of_many_over_all_workers_are_one_fetch() {
    const LENGTH: usize = 4 << 20;
    const CLIENTS: usize = 32;
    for framing in ["", "&chunked"] {
        let (running, origin) = start(4, "");
        running.workers(4);
        let target =
            format!("/layer?length={LENGTH}&pieces=40&pause=20&delay=100&{FRESH}{framing}");
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (running, target) = (Arc::clone(&running), target.clone());
                thread::spawn(move || get(&running, &target).unwrap())
            })
            .collect();
        for client in clients {
            let got = client.join().unwrap();
            assert_eq!(got.status, 200);
            assert!(
                got.body == body("/layer", LENGTH),
                "{} bytes",
                got.body.len()
            );
        }
        assert_eq!(origin.asked("/layer").len(), 1);
        let log = || running.site.read("access.log");
        let all = poll(PATIENCE, || {
            (log().lines().count() == CLIENTS).then_some(())
        });
        assert!(all.is_some(), "{}", log());
        assert_eq!(log().matches("MISS").count(), 1, "{}", log());
        assert_eq!(log().matches("HIT").count(), CLIENTS - 1);
        stop(running);
    }
}

#[test]
fn a_fill_goes_on_when_its_client_leaves() {
    const LENGTH: usize = 1 << 20;
    for framing in ["", "&chunked", "&close"] {
        let (running, origin) = start(2, "");
        let target = format!("/a?length={LENGTH}&pieces=20&pause=30&{FRESH}{framing}");
        let (connection, _) = begun(&running, &target, 1000);
        drop(connection);
        let got = get(&running, &target).unwrap();
        assert_eq!(got.header("x-cache"), Some("HIT"));
        assert!(got.body == body("/a", LENGTH));
        assert_eq!(origin.asked("/a").len(), 1);
        stop(running);
    }
}

#[test]
fn a_slow_client_holds_up_nobody_and_gets_all_of_it() {
    const LENGTH: usize = 12 << 20;
    for (framing, more) in [
        ("", ""),
        ("&chunked", ""),
        ("", "proxy_max_temp_file_size 0;"),
        ("&chunked", "proxy_max_temp_file_size 0;"),
    ] {
        let (running, origin) = start(2, more);
        let target = format!("/big?length={LENGTH}&{FRESH}{framing}");
        let (mut slow, head) = begun(&running, &target, 500);
        let got = get(&running, &target).unwrap();
        assert!(got.body == body("/big", LENGTH));
        let start = head
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap()
            + 4;
        let (rest, _) = slow.read_until(PATIENCE, |got| match framing {
            "" => head.len() + got.len() >= start + LENGTH,
            _ => got.ends_with(b"\r\n0\r\n\r\n"),
        });
        let text = [head, rest].concat();
        let mut replay = Replay(&text);
        assert!(replay.body() == body("/big", LENGTH), "{framing}{more}");
        assert_eq!(origin.asked("/big").len(), 1);
        stop(running);
    }
}

/// The bytes of an answer.
struct Replay<'a>(&'a [u8]);

impl Replay<'_> {
    fn line(&mut self) -> String {
        let end = self.0.windows(2).position(|two| two == b"\r\n").unwrap();
        let line = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 2..];
        line
    }

    fn body(&mut self) -> Vec<u8> {
        let mut is_chunked = false;
        loop {
            let line = self.line();
            is_chunked |= line.eq_ignore_ascii_case("transfer-encoding: chunked");
            if line.is_empty() {
                break;
            }
        }
        if !is_chunked {
            return self.0.to_vec();
        }
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line(), 16).unwrap();
            if size == 0 {
                return body;
            }
            body.extend_from_slice(&self.0[..size]);
            self.0 = &self.0[size + 2..];
        }
    }
}

#[test]
fn who_has_all_of_it_finds_it_the_next_moment() {
    let (running, origin) = start(2, "");
    for number in 0..200 {
        let target = format!(
            "/{number}?{FRESH}{}",
            ["", "&chunked", "&length=100000"][number % 3]
        );
        assert_eq!(
            get(&running, &target).unwrap().header("x-cache"),
            Some("MISS")
        );
        assert_eq!(
            get(&running, &target).unwrap().header("x-cache"),
            Some("HIT"),
            "{target}"
        );
        assert_eq!(origin.asked(&format!("/{number}")).len(), 1);
    }
    stop(running);
}

#[test]
fn what_breaks_off_is_kept_by_nobody_and_taken_for_whole_by_nobody() {
    for framing in ["", "&chunked"] {
        let (running, origin) = start(2, "");
        let target = format!("/a?length=100000&pieces=10&pause=50&cut=50000&{FRESH}{framing}");
        let others: Vec<_> = (0..4)
            .map(|_| {
                let (running, target) = (Arc::clone(&running), target.clone());
                thread::spawn(move || get(&running, &target))
            })
            .collect();
        for other in others {
            assert!(other.join().unwrap().is_err());
        }
        let asked = origin.asked("/a").len();
        let whole = format!("/a?length=100000&{FRESH}");
        let got = get(&running, &whole).unwrap();
        assert!(got.body == body("/a", 100_000));
        assert_eq!(got.header("x-cache"), Some("MISS"));
        assert_eq!(origin.asked("/a").len(), asked + 1);
        stop(running);
    }
}

#[test]
fn an_origin_that_lies_about_its_length_is_not_believed() {
    let (running, _) = start(1, "");
    // It promises more than it sends, and closes.
    let short = format!("/short?length=1000&lie=10&cut=1000&{FRESH}");
    assert!(get(&running, &short).is_err());
    assert!(get(&running, &short).is_err());
    stop(running);
}

#[test]
fn parts_of_what_is_coming_are_given_as_soon_as_they_are_there() {
    const LENGTH: usize = 400_000;
    let (running, origin) = start(2, "proxy_force_ranges on;");
    let target = format!("/a?length={LENGTH}&pieces=40&pause=100&{FRESH}");
    let (mut first, head) = begun(&running, &target, 300);
    let began = Instant::now();
    let got = ask(&running, "GET", &target, &[("Range", "bytes=10-19")]).unwrap();
    assert_eq!(
        (got.status, &got.body[..]),
        (206, &body("/a", LENGTH)[10..20])
    );
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    let got = ask(&running, "GET", &target, &[("Range", "bytes=-10")]).unwrap();
    assert_eq!(
        (got.status, &got.body[..]),
        (206, &body("/a", LENGTH)[LENGTH - 10..])
    );
    let (rest, _) = first.read_until(PATIENCE, |got| got.len() + head.len() >= LENGTH + 200);
    assert!([head, rest].concat().ends_with(&body("/a", LENGTH)[1000..]));
    assert_eq!(origin.asked("/a").len(), 1);
    stop(running);
}

#[test]
fn who_waits_too_long_goes_to_the_origin_and_keeps_nothing() {
    let (running, origin) = start(
        2,
        "proxy_cache_lock_timeout 200ms; proxy_cache_lock_age 1m;",
    );
    let target = format!("/a?delay=3000&{FRESH}");
    let first = {
        let (running, target) = (Arc::clone(&running), target.clone());
        thread::spawn(move || get(&running, &target).unwrap())
    };
    let is_asked = || (!origin.asked("/a").is_empty()).then_some(());
    assert!(poll(PATIENCE, is_asked).is_some());
    let got = get(&running, &format!("/a?length=20&{FRESH}")).unwrap();
    assert_eq!((got.header("x-cache"), got.body.len()), (Some("MISS"), 20));
    assert_eq!(first.join().unwrap().body.len(), 10);
    // What the first one has brought is what is kept.
    let got = get(&running, &target).unwrap();
    assert_eq!((got.header("x-cache"), got.body.len()), (Some("HIT"), 10));
    assert_eq!(origin.asked("/a").len(), 2);
    stop(running);
}

#[test]
fn a_lock_that_is_old_lets_another_try() {
    let (running, origin) = start(
        2,
        "proxy_cache_lock_timeout 20s; proxy_cache_lock_age 300ms;",
    );
    let first = {
        let running = Arc::clone(&running);
        thread::spawn(move || get(&running, &format!("/a?delay=8000&{FRESH}")).unwrap())
    };
    assert!(poll(PATIENCE, || (!origin.asked("/a").is_empty()).then_some(())).is_some());
    thread::sleep(Duration::from_millis(600));
    let began = Instant::now();
    let got = get(&running, &format!("/a?length=20&{FRESH}")).unwrap();
    assert!(got.body.len() == 20 && began.elapsed() < Duration::from_secs(6));
    let got = get(&running, "/a").unwrap();
    assert_eq!((got.header("x-cache"), got.body.len()), (Some("HIT"), 20));
    assert_eq!(first.join().unwrap().body.len(), 10);
    // Whoever came too late does not replace it.
    assert_eq!(get(&running, "/a").unwrap().body.len(), 20);
    stop(running);
}

#[test]
fn what_is_old_is_renewed_beside_who_gets_it() {
    let (running, origin) = start(
        2,
        "proxy_cache_use_stale updating; proxy_cache_background_update on; proxy_cache_revalidate on;",
    );
    assert_eq!(
        get(&running, "/a?header=X-Accel-Expires:%20@1")
            .unwrap()
            .body
            .len(),
        10
    );
    let got = get(&running, &format!("/a?length=20&{FRESH}&delay=500")).unwrap();
    assert_eq!((got.header("x-cache"), got.body.len()), (Some("STALE"), 10));
    let got = get(&running, "/a").unwrap();
    assert_eq!(
        (got.header("x-cache"), got.body.len()),
        (Some("UPDATING"), 10)
    );
    let renewed = poll(PATIENCE, || {
        let got = get(&running, "/a").unwrap();
        (got.header("x-cache") == Some("HIT")).then_some(got.body.len())
    });
    assert_eq!(renewed, Some(20));
    assert_eq!(origin.asked("/a").len(), 2);
    stop(running);
}

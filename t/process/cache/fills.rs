//! One fetch for many: clients who wait, are slow, leave, or want a part of what is coming.

use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::origin::{Origin, body};
use super::{ask, get, parts};
use crate::harness::client::{self, Connection};
use crate::harness::server::signal;
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
    begun_with(running, target, &[], least)
}

/// The same with fields.
fn begun_with(
    running: &Running,
    target: &str,
    fields: &[(String, String)],
    least: usize,
) -> (Connection, Vec<u8>) {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection
        .send(&client::head("GET", target, fields, None))
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
        let status = running.status("http/caches/c");
        assert_eq!(status["requests"]["shared"], CLIENTS - 1, "{status}");
        assert_eq!(status["data"]["sent"], CLIENTS * LENGTH, "{status}");
        assert_eq!(status["hit"]["bytes"], (CLIENTS - 1) * LENGTH, "{status}");
        stop(running);
    }
}

#[test]
fn an_answer_that_comes_whole_is_shared_with_those_who_waited_for_it() {
    let (running, origin) = start(2, "");
    let target = format!("/a?length=94&delay=1000&{FRESH}");
    let ask = |running: &Arc<Running>| {
        let (running, target) = (Arc::clone(running), target.clone());
        thread::spawn(move || get(&running, &target).unwrap())
    };
    let mut clients = vec![ask(&running)];
    assert!(poll(PATIENCE, || (!origin.asked("/a").is_empty()).then_some(())).is_some());
    clients.extend((0..5).map(|_| ask(&running)));
    let hits = clients.into_iter().map(|client| client.join().unwrap());
    let hits = hits.filter(|got| got.header("x-cache") == Some("HIT"));
    assert_eq!((hits.count(), origin.asked("/a").len()), (5, 1));
    let status = running.status("http/caches/c");
    // Whoever came after the second that the origin takes has waited for nobody.
    let shared = status["requests"]["shared"].as_u64();
    assert!(shared > Some(0) && shared <= Some(5), "{status}");
    stop(running);
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
    let target = format!("/a?length={LENGTH}&pieces=40&pause=250&{FRESH}");
    let (mut first, head) = begun(&running, &target, 300);
    let got = ask(&running, "GET", &target, &[("Range", "bytes=10-19")]).unwrap();
    assert_eq!(
        (got.status, &got.body[..]),
        (206, &body("/a", LENGTH)[10..20])
    );
    // The rest is still to come.
    assert_eq!(running.status("http/caches/c/entries/filling"), 1);
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
fn the_words_of_a_status_are_those_of_the_origin_each_time() {
    let (running, _) = start(1, "");
    for outcome in ["MISS", "HIT"] {
        let target = format!("/a?length=4&{FRESH}&header=X-Empty:");
        let (_, text) = begun(&running, &target, 200);
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.starts_with("HTTP/1.1 200 Whatever\r\n"), "{text}");
        assert!(text.contains("\r\nX-Empty: \r\n"), "{text}");
        assert!(text.contains(outcome), "{text}");
        // They are not those of another status.
        let got = ask(&running, "GET", &target, &[("Range", "bytes=9-")]);
        assert_eq!(got.unwrap().status, 200);
    }
    stop(running);
}

/// Between a look for an entry and the right to fill it, somebody else may have filled it.
#[test]
fn many_at_once_are_one_fetch_whoever_is_a_moment_late() {
    const CLIENTS: usize = 8;
    let rounds = std::env::var("CACHE_RUSHES").map_or(400, |text| text.parse().unwrap());
    let (running, origin) = start(2, "");
    running.workers(2);
    let barrier = Arc::new(std::sync::Barrier::new(CLIENTS));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (running, barrier) = (Arc::clone(&running), Arc::clone(&barrier));
            thread::spawn(move || {
                let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
                for round in 0..rounds {
                    barrier.wait();
                    // One is later than the other, by as long as an answer may take.
                    thread::sleep(Duration::from_micros((client * 40 * (round % 12)) as u64));
                    let got = connection.get(&format!("/{round}?{FRESH}")).unwrap();
                    assert_eq!(got.body.len(), 10);
                }
            })
        })
        .collect();
    clients
        .into_iter()
        .for_each(|client| client.join().unwrap());
    let too_often: Vec<_> = (0..rounds)
        .filter(|round| origin.asked(&format!("/{round}")).len() > 1)
        .collect();
    assert!(too_often.is_empty(), "{too_often:?}");
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
    let got = get(&running, &format!("/a?length=20&{FRESH}")).unwrap();
    assert!(got.body.len() == 20 && !first.is_finished());
    let got = get(&running, "/a").unwrap();
    assert_eq!((got.header("x-cache"), got.body.len()), (Some("HIT"), 20));
    assert_eq!(first.join().unwrap().body.len(), 10);
    // Whoever came too late does not replace it.
    assert_eq!(get(&running, "/a").unwrap().body.len(), 20);
    stop(running);
}

#[test]
fn who_waits_tries_himself_when_the_lock_is_old() {
    let (running, origin) = start(
        2,
        "proxy_cache_lock_timeout 1m; proxy_cache_lock_age 500ms;",
    );
    let is_asked = |times: usize| (origin.asked("/a").len() >= times).then_some(());
    // The first is never answered.
    let mut first = Connection::open(running.address(), PATIENCE).unwrap();
    let head = client::head("GET", "/a?delay=60000", &[], None);
    first.send(&head).unwrap();
    assert!(poll(PATIENCE, || is_asked(1)).is_some());
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let running = Arc::clone(&running);
            thread::spawn(move || get(&running, &format!("/a?length=20&{FRESH}")).unwrap())
        })
        .collect();
    for waits in waiting {
        assert_eq!(waits.join().unwrap().body.len(), 20);
    }
    drop(first);
    stop(running);
}

#[test]
fn who_waits_for_what_is_not_kept_does_not_stand_in_a_line() {
    const CLIENTS: usize = 12;
    let slow = "proxy_cache_lock_timeout 1m; proxy_cache_lock_age 1m;";
    // Nothing allows it, something forbids it, or it cannot be written.
    let cases = [
        ("/a", "", slow.to_owned()),
        ("/b", FRESH, format!("{slow} proxy_no_cache 1;")),
        ("/c", "header=Cache-Control:%20no-store", slow.to_owned()),
        ("/d", FRESH, slow.to_owned()),
    ];
    for (path, fields, more) in cases {
        let (running, origin) = start(2, &more);
        if path == "/d" {
            let folder = running.site.directory.join("cache");
            std::fs::remove_dir_all(&folder).unwrap();
            std::fs::write(&folder, "in the way").unwrap();
        }
        let target = format!("{path}?delay=700&{fields}");
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (running, target) = (Arc::clone(&running), target.clone());
                thread::spawn(move || get(&running, &target).unwrap())
            })
            .collect();
        for client in clients {
            assert_eq!(client.join().unwrap().status, 200);
        }
        assert_eq!(origin.asked(path).len(), CLIENTS);
        // One after the other there would be one at a time.
        let most = origin.most_at_once();
        assert!(most > CLIENTS / 2, "{path}: {most} at once");
        stop(running);
    }
}

#[test]
fn who_leaves_before_the_head_has_come_ends_nothing_that_is_kept() {
    let (running, origin) = start(2, "");
    let is_asked = |path: &str| poll(PATIENCE, || (!origin.asked(path).is_empty()).then_some(()));
    // Others wait for it, or nobody does.
    for (path, waits) in [("/waits", true), ("/alone", false)] {
        let target = format!("{path}?delay=1500&{FRESH}");
        let mut first = Connection::open(running.address(), PATIENCE).unwrap();
        let head = client::head("GET", &target, &[], None);
        first.send(&head).unwrap();
        assert!(is_asked(path).is_some());
        let other = waits.then(|| {
            let (running, target) = (Arc::clone(&running), target.clone());
            thread::spawn(move || get(&running, &target).unwrap())
        });
        if waits {
            // The first, the other, and who asks that.
            let waits = || (running.status("connections/active").as_u64() >= Some(3)).then_some(());
            assert!(poll(PATIENCE, waits).is_some());
        }
        drop(first);
        if let Some(other) = other {
            let got = other.join().unwrap();
            assert!(got.body == body(path, 10));
            assert_eq!(got.header("x-cache"), Some("HIT"));
        }
        let got = get(&running, &target).unwrap();
        assert_eq!(got.header("x-cache"), Some("HIT"));
        assert_eq!(origin.asked(path).len(), 1);
    }
    // What is not kept is read for nobody.
    let mut first = Connection::open(running.address(), PATIENCE).unwrap();
    let head = client::head("GET", "/not?delay=500&length=100000000", &[], None);
    first.send(&head).unwrap();
    assert!(is_asked("/not").is_some());
    drop(first);
    let log = || running.site.read("access.log");
    let over = poll(PATIENCE, || log().contains("/not 499").then_some(()));
    assert!(over.is_some(), "{}", log());
    stop(running);
}

#[test]
fn a_client_that_stalls_while_filters_change_its_body_holds_up_nobody() {
    const LENGTH: usize = 12 << 20;
    let filter = "proxy_max_temp_file_size 0; sub_filter zzzz y; sub_filter_types *;";
    let (running, origin) = start(2, filter);
    let target = format!("/big?length={LENGTH}&{FRESH}");
    let (mut slow, mut text) = begun(&running, &target, 500);
    let got = get(&running, &target).unwrap();
    assert!(got.body == body("/big", LENGTH), "{} bytes", got.body.len());
    let (rest, _) = slow.read_until(PATIENCE, |got| got.ends_with(b"\r\n0\r\n\r\n"));
    text.extend(rest);
    assert!(Replay(&text).body() == body("/big", LENGTH));
    assert_eq!(origin.asked("/big").len(), 1);
    stop(running);
}

#[test]
fn what_clients_are_sent_is_counted_without_the_framing_of_chunks() {
    let (running, _) = start(1, "");
    let mut sent = 0;
    for (number, length) in [0, 5000, 3 << 20].into_iter().enumerate() {
        let target = format!("/{number}?length={length}&chunked&{FRESH}");
        for _ in ["MISS", "HIT"] {
            assert_eq!(get(&running, &target).unwrap().body.len(), length);
            sent += length;
        }
    }
    running.expect_status("http/caches/c/data/sent", &json!(sent));
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
    // The request of our own is nobody's hit or miss, but what it brought is told.
    let update = json!({"responses": 1, "bytes": 20, "responses_written": 1, "bytes_written": 20});
    running.expect_status("http/caches/c/background_update", &update);
    let told = running.status("http/caches/c");
    assert_eq!(told["data"]["received"], 10 + 20);
    let number = |path: &str| told.pointer(path).unwrap().as_u64().unwrap();
    assert_eq!(number("/requests/miss"), 1);
    assert_eq!(
        number("/requests/total"),
        number("/requests/hit") + number("/requests/miss")
    );
    stop(running);
}

#[test]
fn a_client_of_http2_that_is_slower_than_the_origin_gets_all_of_it() {
    const LENGTH: usize = 8 << 20;
    let origin = Origin::start();
    let config = format!(
        "http2 on; location / {{ proxy_cache_key $uri; proxy_pass http://{}; }}\n",
        origin.address
    );
    let running = Running::start(&parts(1, "$DIR/cache", &config));
    for (number, framing) in ["", "&chunked", "&close"].into_iter().enumerate() {
        let path = format!("/{number}");
        let file = running.site.directory.join("got");
        let target = format!(
            "http://{}{path}?length={LENGTH}&{FRESH}{framing}",
            running.address()
        );
        let curl = Command::new("curl")
            .args(["-sS", "--http2-prior-knowledge", "--limit-rate", "8M", "-o"])
            .arg(&file)
            .arg(&target)
            .output();
        let curl = curl.unwrap();
        assert!(curl.status.success(), "{framing}: {curl:?}");
        let got = std::fs::read(&file).unwrap();
        assert!(got == body(&path, LENGTH), "{framing}: {} bytes", got.len());
    }
    running.server.stop().unwrap();
}

#[test]
fn a_server_that_ends_in_the_middle_of_a_body_has_found_nothing_wrong_with_it() {
    let origin = Origin::start();
    let sha256 = "0".repeat(64);
    let config = format!(
        "proxy_cache_key $uri; proxy_cache_digest sha256:{sha256};\n\
         location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let mut parts = parts(1, "$DIR/cache", &config);
    let lasting = "keys_zone=c:1m:file=$DIR/zone";
    parts.http_config = parts.http_config.replace("keys_zone=c:1m", lasting);
    let running = Running::start(&parts);
    let target = format!("/a?length=100000&pieces=50&pause=200&{FRESH}");
    let (connection, _) = begun(&running, &target, 1000);
    let Running { site, server, .. } = running;
    server.stop().unwrap();
    drop(connection);
    let running = Running::start_at(site, &parts);
    let mismatches = || running.status("http/caches/c/entries/digest_mismatch");
    assert_eq!(mismatches(), 0);
    // An origin that breaks off is another matter.
    assert!(get(&running, &format!("/b?length=1000&cut=500&{FRESH}")).is_err());
    assert_eq!(mismatches(), 1);
    running.server.stop().unwrap();
}

#[test]
fn what_is_purged_while_it_comes_is_not_kept() {
    let purges = "proxy_cache_purge $purges;";
    let origin = Origin::start();
    let config = format!(
        "location / {{ proxy_cache_lock on; proxy_cache_key $uri; {purges} proxy_pass http://{}; }}\n",
        origin.address
    );
    let mut parts = parts(2, "$DIR/cache", &config);
    parts
        .http_config
        .push_str("map $request_method $purges { PURGE 1; default 0; }\n");
    let running = Arc::new(Running::start(&parts));
    let varied = "header=Vary:%20X-V";
    for (number, (path, fields)) in [("/a", ""), ("/b", varied), ("/c*", "")].iter().enumerate() {
        let key = path.trim_end_matches('*');
        let target = format!("{key}?length=100000&pieces=20&pause=60&{FRESH}&{fields}");
        let (mut first, got) = begun(&running, &target, 1000);
        let follower = {
            let (running, target) = (Arc::clone(&running), target.clone());
            thread::spawn(move || get(&running, &target).unwrap())
        };
        let is_shared = || {
            let filling = running.status("http/caches/c/entries/filling");
            (filling == 1).then_some(())
        };
        assert!(poll(PATIENCE, is_shared).is_some());
        assert_eq!(ask(&running, "PURGE", path, &[]).unwrap().status, 204);
        assert!(follower.join().unwrap().body == body(key, 100_000));
        let (rest, _) = first.read_until(PATIENCE, |rest| got.len() + rest.len() > 100_000);
        assert!([got, rest].concat().ends_with(&body(key, 100_000)[2000..]));
        let before = origin.asked(key).len();
        let fresh = format!("{key}?length={number}0&{FRESH}&{fields}");
        let got = get(&running, &fresh).unwrap();
        assert_eq!(got.header("x-cache"), Some("MISS"), "{path}");
        assert_eq!(got.body.len(), number * 10);
        assert_eq!(origin.asked(key).len(), before + 1);
        assert_eq!(ask(&running, "PURGE", path, &[]).unwrap().status, 204);
        assert_eq!(ask(&running, "PURGE", path, &[]).unwrap().status, 404);
    }
    assert_eq!(running.status("http/caches/c/entries/current"), 0);
    stop(running);
}

#[test]
fn a_reload_does_not_move_the_files_of_a_cache() {
    let (running, origin) = start(1, "");
    let before = format!("/a?{FRESH}");
    assert_eq!(
        get(&running, &before).unwrap().header("x-cache"),
        Some("MISS")
    );
    let config = |path: &str| {
        let config = format!(
            "location / {{ proxy_cache_lock on; proxy_cache_key $uri; proxy_pass http://{}; }}\n",
            origin.address
        );
        parts(1, path, &config)
    };
    let directory = running.site.directory.display().to_string();
    let moved = [
        ("$DIR/other", "$DIR/other\" with levels=1:2"),
        ("$DIR/cache levels=2", "$DIR/cache\" with levels=2"),
        ("$DIR/cache use_temp_path=on", "for what grows"),
    ];
    for (path, told) in moved {
        let mut parts = config(path);
        if path.contains("levels=2") {
            parts.http_config = parts.http_config.replace(" levels=1:2", "");
        }
        running.site.write(&parts).unwrap();
        running.server.signal("HUP");
        let told = told.replace("$DIR", &directory);
        let log = || running.site.read("error.log");
        let is_told = |log: &String| {
            log.contains(&told)
                && log.contains(&format!(
                    "while previously it used \"{directory}/cache\" with levels=1:2"
                ))
        };
        let refused = poll(PATIENCE, || Some(log()).filter(is_told));
        assert!(refused.is_some(), "{path}: {}", log());
        // The former configuration goes on.
        assert_eq!(
            get(&running, &before).unwrap().header("x-cache"),
            Some("HIT")
        );
    }
    let mut parts = config("$DIR/cache");
    parts.http_config = parts.http_config.replace("inactive=1d", "inactive=2d");
    running.reload(&parts);
    assert_eq!(
        get(&running, &before).unwrap().header("x-cache"),
        Some("HIT")
    );
    assert_eq!(origin.asked("/a").len(), 1);
    stop(running);
}

#[test]
fn an_index_that_lasts_is_of_use_for_its_own_files_alone() {
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let at = |path: &str| {
        let mut parts = parts(1, path, &config);
        let lasting = "keys_zone=c:1m:file=$DIR/zone";
        parts.http_config = parts.http_config.replace("keys_zone=c:1m", lasting);
        parts
    };
    let running = Running::start(&at("$DIR/cache"));
    let target = format!("/a?{FRESH}");
    assert_eq!(
        get(&running, &target).unwrap().header("x-cache"),
        Some("MISS")
    );
    let Running { site, server, .. } = running;
    server.stop().unwrap();
    let running = Running::start_at(site, &at("$DIR/other"));
    assert_eq!(running.status("http/caches/c/entries/current"), 0);
    assert_eq!(
        get(&running, &target).unwrap().header("x-cache"),
        Some("MISS")
    );
    assert_eq!(
        get(&running, &target).unwrap().header("x-cache"),
        Some("HIT")
    );
    let log = running.site.read("error.log");
    assert!(log.contains("begins anew"), "{log}");
    assert!(!log.contains("is lost"), "{log}");
    // The number of misses goes on.
    assert_eq!(running.status("http/caches/c/requests/miss"), 2);
    let Running { site, server, .. } = running;
    server.stop().unwrap();
    let running = Running::start_at(site, &at("$DIR/cache"));
    let found = poll(PATIENCE, || {
        (running.status("http/caches/c/entries/current") == 1).then_some(())
    });
    assert!(found.is_some());
    assert_eq!(
        get(&running, &target).unwrap().header("x-cache"),
        Some("HIT")
    );
    running.server.stop().unwrap();
}

#[test]
fn a_part_of_a_body_that_turns_out_wrong_has_no_end() {
    let sha256 = "0".repeat(64);
    let digest = format!("proxy_force_ranges on; proxy_cache_digest sha256:{sha256};");
    let (running, _) = start(2, &digest);
    let target = format!("/a?length=10000&pieces=10&pause=60&{FRESH}");
    let parts: Vec<_> = (0..3)
        .map(|_| {
            let (running, target) = (Arc::clone(&running), target.clone());
            thread::spawn(move || ask(&running, "GET", &target, &[("Range", "bytes=0-9")]))
        })
        .collect();
    for part in parts {
        let got = part.join().unwrap();
        assert!(got.is_err(), "{got:?}");
    }
    stop(running);
}

/// The process that has made an answer.
fn pid_of(got: &[u8]) -> String {
    let head = String::from_utf8_lossy(got).into_owned();
    let (_, pid) = head.split_once("X-Pid: ").unwrap();
    pid.split("\r\n").next().unwrap().to_owned()
}

/// Two who follow what somebody fills, on another worker than his; who asks so gets what he wants of it.
fn followers(
    running: &Arc<Running>,
    filler: &str,
    target: &str,
    fields: &[(&str, &str)],
) -> Vec<(Connection, Vec<u8>)> {
    let mut followers = Vec::new();
    while followers.len() < 2 {
        // Several at once, so that both workers are given some.
        let few: Vec<_> = (0..8)
            .map(|_| {
                let (running, target) = (Arc::clone(running), target.to_owned());
                let fields: Vec<(String, String)> = fields
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect();
                thread::spawn(move || begun_with(&running, &target, &fields, 1000))
            })
            .collect();
        let few = few.into_iter().map(|follower| follower.join().unwrap());
        followers.extend(few.filter(|(_, got)| pid_of(got) != filler));
    }
    followers.truncate(2);
    followers
}

/// Whoever fills an entry may die, or stand still: those who follow on other workers go on.
#[test]
fn who_follows_outlives_who_fills() {
    const LENGTH: usize = 400_000;
    for (path, name) in [("/killed", "KILL"), ("/stopped", "STOP")] {
        let (running, origin) = start(2, "add_header X-Pid $pid;");
        running.workers(2);
        let target =
            format!("{path}?length={LENGTH}&pieces=40&pause=200&{FRESH}&header=ETag:%20%22x%22");
        let (_first, got) = begun(&running, &target, 1000);
        let filler = pid_of(&got);
        let followers = followers(&running, &filler, &target, &[]);
        assert_eq!(origin.asked(path).len(), 1);
        signal(&filler, name);
        for (mut follower, got) in followers {
            let (rest, _) = follower.read_until(PATIENCE, |rest| got.len() + rest.len() > LENGTH);
            let end = &body(path, LENGTH)[2000..];
            assert!([got, rest].concat().ends_with(end), "{path}");
        }
        assert_eq!(origin.asked(path).len(), 3);
        signal(&filler, "CONT");
        stop(running);
    }
}

/// The same for those who want a range: they ask for no more than that, unless it is known what all of it must be.
#[test]
fn who_follows_a_range_outlives_who_fills() {
    const LENGTH: usize = 400_000;
    const RANGE: std::ops::Range<usize> = 5000..390_000;
    let right = ring::digest::digest(&ring::digest::SHA256, &body("/known", LENGTH));
    let right: String = right
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let known = format!("proxy_cache_digest sha256:{right};");
    let tagged = "&header=ETag:%20%22x%22";
    let changed = "&nth&header=ETag:%20%22x%22&status=200,404";
    for (path, more, fields, is_whole) in [
        ("/parts", "", format!("&ranges{tagged}"), true),
        ("/none", "", tagged.to_owned(), true),
        ("/known", &*known, "&ranges".to_owned(), true),
        ("/changed", "", changed.to_owned(), false),
    ] {
        let more = format!("add_header X-Pid $pid; proxy_force_ranges on; {more}");
        let (running, origin) = start(2, &more);
        running.workers(2);
        let target = format!("{path}?length={LENGTH}&pieces=40&pause=150&{FRESH}{fields}");
        let (_first, got) = begun(&running, &target, 1000);
        let filler = pid_of(&got);
        let range = format!("bytes={}-{}", RANGE.start, RANGE.end - 1);
        let followers = followers(&running, &filler, &target, &[("Range", &range)]);
        assert_eq!(origin.asked(path).len(), 1);
        signal(&filler, "KILL");
        for (mut follower, got) in followers {
            assert!(got.starts_with(b"HTTP/1.1 206"), "{path}");
            let head = got.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            let (rest, _) = follower.read_until(PATIENCE, |rest| {
                got.len() + rest.len() >= head + RANGE.len()
            });
            let all = [&got[head..], &rest].concat();
            let right = &body(path, LENGTH)[RANGE];
            match is_whole {
                true => assert!(all == right, "{path}: {} bytes", all.len()),
                false => assert!(all.len() < right.len() && right.starts_with(&all), "{path}"),
            }
        }
        let asked = origin.asked(path);
        let line = format!("Range: {range}");
        let with_range = asked.iter().filter(|head| head.contains(&line)).count();
        let expected = if path == "/known" { 0 } else { 2 };
        assert_eq!((asked.len(), with_range), (3, expected), "{path}");
        stop(running);
    }
}

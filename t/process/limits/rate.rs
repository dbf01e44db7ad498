//! `limit_req` over several workers.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::WORKERS;
use crate::harness::client::Connection;
use crate::harness::server::signal;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

fn start(config: &str) -> Running {
    Running::start(&Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: "keepalive_requests 1000000;\nlimit_req_log_level info;\n\
             limit_req_zone $arg_k zone=z:1m rate=1r/m;\n\
             limit_req_zone $arg_k zone=small:64k rate=1r/m;\n\
             log_format line '$request_uri $status $limit_req_status';\naccess_log $DIR/access.log line;\n"
            .into(),
        config: config.into(),
        ..Parts::default()
    })
}

const SITE: &str = "location / { limit_req zone=z burst=99 nodelay; try_files /none =204; }\n\
                    location /small { limit_req zone=small burst=9 nodelay; try_files /none =204; }\n\
                    location /wait { limit_req zone=z burst=5; try_files /none =204; }\n";

/// What clients that ask at once, each by connections of its own, are answered: how often 204, and how often 503.
fn rush(
    running: &Running,
    clients: usize,
    each: usize,
    target: impl Fn(usize) -> String + Sync,
) -> [usize; 2] {
    let seen = [AtomicUsize::new(0), AtomicUsize::new(0)];
    thread::scope(|scope| {
        for client in 0..clients {
            let (seen, target) = (&seen, &target);
            scope.spawn(move || {
                for turn in 0..each / 10 {
                    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
                    for number in 0..10 {
                        let number = (client * each / 10 + turn) * 10 + number;
                        let answer = connection.get(&target(number)).unwrap();
                        let place = usize::from(answer.status != 204);
                        assert!(matches!(answer.status, 204 | 503), "{}", answer.status);
                        seen[place].fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    seen.map(AtomicUsize::into_inner)
}

#[test]
fn all_workers_count_in_the_same_buckets() {
    let running = start(SITE);
    let begin = Instant::now();
    let [of_one, refused] = rush(&running, 16, 50, |_| "/?k=one".into());
    // What a minute lets in besides, on a machine that is very slow.
    let besides = begin.elapsed().as_secs() as usize / 60;
    assert!((100..=100 + besides).contains(&of_one), "{of_one}");
    assert_eq!(of_one + refused, 800);
    let [passed, refused] = rush(&running, 8, 50, |number| format!("/?k=n{}", number % 4));
    assert_eq!((passed, refused), (400, 0));
    running.expect_status(
        "http/limit_reqs/z",
        &json!({"passed": 400 + of_one, "skipped": 0, "delayed": 0, "rejected": 800 - of_one, "exhausted": 0}),
    );
    running.server.stop().unwrap();
}

#[test]
fn ten_thousand_keys_push_each_other_out_and_none_is_refused() {
    let running = start(SITE);
    let [passed, refused] = rush(&running, 8, 1250, |number| format!("/small?k={number}"));
    assert_eq!((passed, refused), (10_000, 0));
    let status = running.status("http/limit_reqs/small");
    assert_eq!(status["passed"], 10_000);
    assert_eq!(status["exhausted"], 0);
    assert!(
        running
            .status("angie/self/zones/small/evictions")
            .as_u64()
            .unwrap()
            > 9_000
    );
    running.server.stop().unwrap();
}

/// Whoever dies where: the buckets hold, and nobody is let in twice.
#[test]
fn workers_that_are_killed_leave_the_buckets_in_order() {
    let running = start(SITE);
    let is_over = AtomicBool::new(false);
    let passed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut number = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let Ok(mut connection) = Connection::open(running.address(), PATIENCE) else {
                        continue;
                    };
                    for _ in 0..20 {
                        number += 1;
                        let target = match number % 3 {
                            0 => "/?k=one".to_owned(),
                            _ => format!("/small?k={number}"),
                        };
                        match connection.get(&target) {
                            Ok(answer) if number % 3 == 0 && answer.status == 204 => {
                                passed.fetch_add(1, Ordering::SeqCst);
                            }
                            Ok(_) => {}
                            Err(_) => break,
                        }
                    }
                }
            });
        }
        for _ in 0..12 {
            thread::sleep(Duration::from_millis(60));
            let workers = running.server.workers();
            if let Some(worker) = workers.get(workers.len() / 2) {
                signal(&worker.id.to_string(), "KILL");
            }
        }
        let enough = poll(PATIENCE, || {
            (passed.load(Ordering::SeqCst) >= 60).then_some(())
        });
        is_over.store(true, Ordering::SeqCst);
        enough.unwrap();
    });
    // What was counted for an answer that died with its worker is missing; nothing is there twice.
    let passed = passed.into_inner();
    assert!((60..=102).contains(&passed), "{passed}");
    let [again, _] = rush(&running, 4, 20, |_| "/?k=one".into());
    assert!(passed + again <= 102, "{again}");
    let [fresh, refused] = rush(&running, 4, 20, |number| format!("/small?k=fresh{number}"));
    assert_eq!((fresh, refused), (80, 0));
    running.server.stop().unwrap();
}

/// Those who wait hold nothing but their connection, and are gone when their client is.
#[test]
fn who_leaves_while_waiting_is_logged_and_forgotten() {
    let running = start(SITE);
    assert_eq!(
        rush(&running, 1, 10, |number| format!("/wait?k=own{number}")),
        [10, 0]
    );
    let mut first = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(first.get("/wait?k=a").unwrap().status, 204);
    let waiting: Vec<Connection> = (0..5)
        .map(|_| {
            let mut one = Connection::open(running.address(), PATIENCE).unwrap();
            one.send(b"GET /wait?k=a HTTP/1.1\r\nHost: a\r\n\r\n")
                .unwrap();
            one
        })
        .collect();
    let all = poll(PATIENCE, || {
        (running.status("http/limit_reqs/z/delayed") == json!(5)).then_some(())
    });
    all.unwrap();
    assert_eq!(first.get("/wait?k=a").unwrap().status, 503);
    drop(waiting);
    let left = poll(PATIENCE, || {
        let lines = running.site.read("access.log");
        (lines.matches("/wait?k=a 499 DELAYED").count() == 5).then_some(())
    });
    left.unwrap();
    running.server.stop().unwrap();
}

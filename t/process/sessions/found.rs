//! Sessions that were active when everything was killed: each has its line, once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{count, expect, number, start, zone};
use crate::harness::load::pipeline;
use crate::harness::server::{children, signal};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};
use crate::lasting::{kill, reboot};

fn parts(log: &str) -> Parts {
    let megabytes = 8 + number("SESSION_FOUND", 0) / 400;
    Parts {
        http_config: format!(
            "log_format own '$session_id $session_reference $session_tx_bytes $session_duration';\n\
             session_zone s:{megabytes}m:file=$DIR/sessions sync=200ms timeout=60s {log};\n\
             keepalive_requests 100000000;\n"
        ),
        config: "location / { session s $arg_id reference=r$arg_id; try_files /hello =404; }\n"
            .into(),
        ..Parts::default()
    }
}

const LOGGED: &str = "log=$DIR/closed format=own";

/// How often each id has a line.
fn lines(running: &Running) -> HashMap<String, usize> {
    let mut seen = HashMap::new();
    for line in running.site.read("closed").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.len(), 4, "{line}");
        assert_eq!(words[1], format!("r{}", words[0]), "{line}");
        assert!(words[2].parse::<u64>().unwrap() > 0, "{line}");
        assert!(words[3].parse::<f64>().is_ok(), "{line}");
        *seen.entry(words[0].to_owned()).or_default() += 1;
    }
    seen
}

fn kill_keeper(running: &Running) {
    let all = children(running.server.id());
    let keeper = all.iter().find(|one| one.title.contains("keeper process"));
    keeper.inspect(|keeper| signal(&keeper.id.to_string(), "KILL"));
}

#[test]
fn each_has_one_line_however_often_the_keeper_is_killed() {
    let sessions = number("SESSION_FOUND", 2000);
    let parts = parts(LOGGED);
    let running = start(&parts);
    pipeline(running.address(), sessions, 50, |one| {
        format!("/?id=s{one}")
    });
    expect(&running, "sessions/active", sessions as u64);
    let running = Running::start_at(kill(running), &parts);
    assert_eq!(count(&running, "sessions/active"), 0);
    assert_eq!(count(&running, "summary/sessions"), sessions as u64);
    let begun = Instant::now();
    let mut pause = 1;
    while lines(&running).len() < sessions && begun.elapsed() < PATIENCE * 4 {
        let before = lines(&running).len();
        // In the middle of it, each time at another distance.
        poll(PATIENCE, || (lines(&running).len() > before).then_some(()));
        std::thread::sleep(Duration::from_millis(pause % 17));
        pause += 7;
        kill_keeper(&running);
    }
    let seen = lines(&running);
    let twice: Vec<_> = seen.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert_eq!(seen.len(), sessions);
    running.server.stop().unwrap();
    assert!(pause > 8, "the keeper was killed");
}

#[test]
fn whoever_comes_again_meanwhile_is_another_session() {
    let parts = parts(LOGGED);
    let running = start(&parts);
    pipeline(running.address(), 3, 1, |one| format!("/?id=s{one}"));
    expect(&running, "sessions/active", 3);
    let running = Running::start_at(kill(running), &parts);
    pipeline(running.address(), 3, 1, |one| format!("/?id=s{one}"));
    assert!(poll(PATIENCE, || (lines(&running).len() == 3).then_some(())).is_some());
    expect(&running, "sessions/active", 3);
    let shown = zone(&running);
    assert_eq!(shown["summary"]["sessions"], 3, "{shown:#}");
    running.server.stop().unwrap();
}

#[test]
fn also_after_the_machine_went_down_and_not_where_no_log_is() {
    let with_log = parts(LOGGED);
    let running = start(&with_log);
    pipeline(running.address(), 5, 1, |one| format!("/?id=s{one}"));
    expect(&running, "sessions/active", 5);
    let snapshot = || running.status("http/session_zones/s/state/snapshot");
    for _ in 0..2 {
        let before = snapshot();
        assert!(poll(PATIENCE, || (snapshot() != before).then_some(())).is_some());
    }
    let site = kill(running);
    reboot(&site, "sessions");
    let running = Running::start_at(site, &with_log);
    assert!(poll(PATIENCE, || (lines(&running).len() == 5).then_some(())).is_some());
    pipeline(running.address(), 5, 1, |one| format!("/?id=t{one}"));
    expect(&running, "sessions/active", 5);
    let running = Running::start_at(kill(running), &parts("log=off"));
    assert_eq!(count(&running, "summary/sessions"), 10);
    assert_eq!(lines(&running).len(), 5);
    running.server.stop().unwrap();
}

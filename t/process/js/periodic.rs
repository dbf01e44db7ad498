//! Scripts that are called by themselves: by which workers, over reloads, and whatever others beside them do.

use std::time::Duration;

use serde_json::Value;

use crate::harness::client::Connection;
use crate::harness::server::signal;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const SCRIPT: &str = r#"
const sleep = (time) => new Promise((done) => { setTimeout(done, time); });
function ticks(session) { session.variables.metric_ticks = `all ${ngx.worker_id}=1`; }
function first(session) { session.variables.metric_ticks = `first ${ngx.worker_id}=1`; }
function second(session) { session.variables.metric_ticks = `second ${ngx.worker_id}=1`; }
function whose(session) { session.variables.metric_ticks = `of ${session.variables.pid}=1`; }
async function slow(r) { r.variables.metric_ticks = "slow=1"; await sleep(3600000); }
async function long(session) { session.variables.metric_ticks = "long=1"; await sleep(3600000); }
async function never(session) { await new Promise(() => {}); }
function throws() { throw new Error("thrown"); }
async function refused() { await sleep(1); throw new Error("refused"); }
function endless() { for (;;); }
async function hungry() { await sleep(1); const all = []; for (;;) { all.push("x".repeat(1e6) + all.length); } }
export default { whose, slow, ticks, first, second, long, never, throws, refused, endless, hungry };
"#;

const CALLS: &str = "location @calls {
    js_periodic main.ticks interval=20ms worker_affinity=all;
    js_periodic main.first interval=20ms jitter=5ms;
    js_periodic main.second interval=20ms worker_affinity=10;
    js_periodic main.long interval=20ms;
    js_periodic main.never interval=20ms worker_affinity=all;
    js_periodic main.throws interval=300ms;
    js_periodic main.refused interval=300ms;
    js_periodic main.endless interval=500ms;
    js_periodic main.hungry interval=500ms;
}";

/// Waits until both workers have called what they are to call some times more.
fn expect_calls(running: &Running) {
    let calls = || running.status("http/metric_zones/ticks/metrics/");
    let count = |told: &Value, key: &str| told[key].as_u64().unwrap_or_default();
    let before = calls();
    let keys = ["all 0", "all 1", "first 0", "second 1"];
    let mut last = Value::Null;
    let grown = poll(2 * PATIENCE, || {
        last = calls();
        let has_grown = |key: &&str| count(&last, key) >= count(&before, key) + 3;
        keys.iter().all(has_grown).then_some(())
    });
    assert!(grown.is_some(), "{before} became {last}");
    for other in ["first 1", "second 0"] {
        assert_eq!(last[other], Value::Null, "{last}");
    }
}

#[test]
fn calls_go_on_whatever_others_do_and_end_with_their_worker() {
    let site = Site::create().unwrap();
    site.add_file("main.js", SCRIPT).unwrap();
    let parts = Parts {
        main_config: "worker_processes 2;".to_owned(),
        http_config: "js_import $DIR/main.js; js_limit_time 50ms; js_limit_memory 8m;
            metric_zone ticks:128k count;"
            .to_owned(),
        config: CALLS.to_owned(),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let old = running.workers(2);
    expect_calls(&running);
    for told in [
        "Error: thrown",
        "Error: refused",
        "ran for longer than 50ms",
        "in js_periodic \"main.endless\"",
        "in js_periodic \"main.hungry\"",
    ] {
        let is_told = || running.site.read("error.log").contains(told).then_some(());
        assert!(poll(PATIENCE, is_told).is_some(), "{told}");
    }
    running.reload(&parts);
    let new = poll(PATIENCE, || {
        let new = running.workers(2);
        old.iter().all(|old| !new.contains(old)).then_some(new)
    });
    let new = new.expect("calls that wait hold an old worker up");
    expect_calls(&running);
    // One has begun before the reload, and one after it: nothing is called anew while a call goes on.
    let told = running.status("http/metric_zones/ticks/metrics/long");
    assert_eq!(told, Value::from(2));
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(running.workers(2), new, "a worker has died");
    for worker in new {
        signal(&worker.to_string(), "KILL");
        let is_replaced = || (!running.workers(2).contains(&worker)).then_some(());
        assert!(poll(PATIENCE, is_replaced).is_some());
        expect_calls(&running);
    }
    running.server.stop().unwrap();
}

#[test]
fn a_worker_that_is_to_end_calls_nothing_more() {
    let site = Site::create().unwrap();
    site.add_file("main.js", SCRIPT).unwrap();
    let parts = Parts {
        main_config: "worker_processes 1;".to_owned(),
        http_config: "js_import $DIR/main.js; metric_zone ticks:128k count;".to_owned(),
        config: "location /slow { js_content main.slow; }
            location @calls { js_periodic main.whose interval=20ms; }"
            .to_owned(),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let calls = |key: &str| {
        let told = running.status("http/metric_zones/ticks/metrics/");
        told[key].as_u64().unwrap_or_default()
    };
    let old = format!("of {}", running.workers(1)[0]);
    let mut client = Connection::open(running.address(), PATIENCE).unwrap();
    client
        .send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    assert!(poll(PATIENCE, || (calls("slow") == 1).then_some(())).is_some());
    assert!(poll(PATIENCE, || (calls(&old) > 2).then_some(())).is_some());
    running.reload(&parts);
    let new = running.workers(2).into_iter().map(|id| format!("of {id}"));
    let new = new.into_iter().find(|one| *one != old).unwrap();
    assert!(poll(PATIENCE, || (calls(&new) > 0).then_some(())).is_some());
    let is_told = || {
        let log = running.site.read("error.log");
        log.contains("gracefully shutting down").then_some(())
    };
    assert!(poll(PATIENCE, is_told).is_some());
    let before = calls(&old);
    let seen = calls(&new);
    assert!(poll(PATIENCE, || (calls(&new) > seen + 10).then_some(())).is_some());
    // One call may have been under way.
    assert!(calls(&old) <= before + 1, "{} after {before}", calls(&old));
    assert_eq!(running.workers(2).len(), 2);
    drop(client);
    running.server.stop().unwrap();
}

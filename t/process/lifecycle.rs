//! What the server tells of itself: over all workers, and over everything that happens to them.

use serde_json::json;

use crate::harness::Running;
use crate::harness::client::Connection;
use crate::harness::server::signal;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, poll};

fn parts() -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: "keepalive_requests 100000;\nmetric_zone keys:1m count;\n\
             prometheus_template short { series $p8s_value path=/angie/generation; }\n\
             prometheus_template long { 'key{key=\"$1\"}' $p8s_value path=~^/http/metric_zones/keys/metrics/(.+)$; }\n"
            .into(),
        config: "location /short { prometheus short; }\nlocation /long { prometheus long; }\n\
             location /hit { metric keys $arg_k on=request; return 204; }\n"
            .into(),
        ..Parts::default()
    }
}

#[test]
fn a_worker_that_died_is_a_restart_and_one_that_was_replaced_by_a_reload_is_none() {
    let running = Running::start(&parts());
    let expect = |restarts: u64| {
        let workers = json!({ "running": 2, "restarts": restarts });
        running.expect_status("angie/self/workers", &workers);
    };
    expect(0);
    running.reload(&parts());
    expect(0);
    for killed in 1..=3 {
        let worker = running.workers(2)[0];
        signal(&worker.to_string(), "KILL");
        expect(killed);
    }
    running.reload(&parts());
    expect(3);
    running.expect_status("angie/self/reloads/successful", &json!(2));
    running.server.stop().unwrap();
}

#[test]
fn a_reload_whose_workers_cannot_start_has_failed() {
    let running = Running::start(&parts());
    running.workers(2);
    let before = running.site.read("error.log").len();
    running.site.write(&parts()).unwrap();
    running.server.signal("HUP");
    // A worker of the next generation dies before it accepts.
    let killed = poll(PATIENCE, || {
        let workers = running.server.workers();
        let fresh = workers.iter().find(|one| one.title.contains("#2"))?;
        signal(&fresh.id.to_string(), "KILL");
        Some(())
    });
    assert!(killed.is_some());
    let log = || running.site.read("error.log")[before..].to_owned();
    let settled = poll(PATIENCE, || {
        let log = log();
        let word = ["was not reloaded", "generation 2 is serving"];
        word.into_iter().find(|word| log.contains(word))
    });
    // It may have been ready just before.
    let failed = u64::from(settled == Some("was not reloaded"));
    running.expect_status("angie/self/reloads/failed", &json!(failed));
    running.expect_status("angie/self/reloads/successful", &json!(1 - failed));
    running.server.stop().unwrap();
}

#[test]
fn pages_of_all_workers_count_together_and_outlive_reloads() {
    let running = Running::start(&parts());
    let get = |target: &str| {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        connection.get(target).unwrap()
    };
    for _ in 0..20 {
        get("/short");
    }
    let size = get("/short").body.len() as u64;
    let scrapes = running.status("angie/self/scrapes/short");
    assert_eq!(scrapes["pages"], json!(21));
    assert_eq!(scrapes["bytes"], json!(21 * size));
    assert_eq!(scrapes["last"]["bytes"], json!(size));
    assert_eq!(scrapes["last"]["lines"], json!(1));
    assert!(scrapes["seconds"].as_f64() > scrapes["last"]["seconds"].as_f64());
    running.reload(&parts());
    assert_eq!(running.status("angie/self/scrapes/short"), scrapes);
    running.server.stop().unwrap();
}

#[test]
fn a_long_page_is_counted_as_it_is_sent() {
    const KEYS: u64 = 3000;
    let running = Running::start(&parts());
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for key in 0..KEYS {
        connection.get(&format!("/hit?k={key}")).unwrap();
    }
    let page = connection.get("/long").unwrap();
    let counted = poll(PATIENCE, || {
        let scrapes = running.status("angie/self/scrapes/long");
        (scrapes["last"]["lines"] == json!(KEYS)).then_some(scrapes)
    });
    let counted = counted.expect("it is counted");
    assert_eq!(counted["pages"], json!(1));
    assert_eq!(counted["bytes"], json!(page.body.len()));
    running.server.stop().unwrap();
}

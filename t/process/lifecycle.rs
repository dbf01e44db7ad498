//! What the server tells of itself: over all workers, and over everything that happens to them.

use serde_json::json;

use crate::harness::Running;
use crate::harness::client::Connection;
use crate::harness::compare;
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
    running.site.write(&parts()).unwrap();
    // A worker may have been ready just before it is killed; but not each time.
    let (mut failed, mut successful) = (0, 0);
    while failed == 0 && successful < 10 {
        match kill_during_reload(&running) {
            "was not reloaded" => failed += 1,
            _ => successful += 1,
        }
        running.expect_status("angie/self/reloads/failed", &json!(failed));
        running.expect_status("angie/self/reloads/successful", &json!(successful));
    }
    assert_eq!(failed, 1);
    running.server.stop().unwrap();
}

/// Kills a worker of the next generation, as soon as there is one, and gives the log's word on the reload.
fn kill_during_reload(running: &Running) -> &'static str {
    let before = running.site.read("error.log").len();
    let old: Vec<_> = ids(running);
    running.server.signal("HUP");
    let killed = poll(PATIENCE, || {
        let fresh = ids(running).into_iter().find(|id| !old.contains(id))?;
        signal(&fresh.to_string(), "KILL");
        Some(())
    });
    assert!(killed.is_some());
    let settled = poll(PATIENCE, || {
        let log = running.site.read("error.log")[before..].to_owned();
        let words = ["was not reloaded", "is serving"];
        words.into_iter().find(|word| log.contains(word))
    });
    settled.expect("the reload ends")
}

fn ids(running: &Running) -> Vec<u32> {
    let workers = running.server.workers();
    workers.iter().map(|worker| worker.id).collect()
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

#[test]
fn the_shipped_template_has_a_series_for_all_of_it() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/conf/prometheus_all.conf");
    let parts = || Parts {
        http_config: format!("include {shipped};\nmetric_zone z:32k count;\n"),
        config: "location /metrics { prometheus all; }\n\
             location /hit { metric z $arg_k on=request; return 204; }\n"
            .into(),
        ..Parts::default()
    };
    let running = Running::start(&parts());
    let get = |target: &str| {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        connection.get(target).unwrap().text()
    };
    running.reload(&parts());
    running.expect_status("angie/self/reloads/successful", &json!(1));
    get("/hit?k=one");
    let first = get("/metrics");
    let second = get("/metrics");
    assert!(!second.contains("timestamp_seconds{outcome=\"failed\"}"));
    let size = first.len();
    for pattern in [
        "angie_generation 2",
        r#"pingauge_reloads_total\{outcome="successful"\} 1"#,
        r#"pingauge_reloads_total\{outcome="failed"\} 0"#,
        r#"pingauge_reload_timestamp_seconds\{outcome="successful"\} 1[0-9]{9}"#,
        "pingauge_workers 1",
        "pingauge_worker_restarts_total 0",
        r#"pingauge_zone_size_bytes\{zone="z"\} 32768"#,
        r#"pingauge_zone_fill_ratio\{zone="z"\} 0\.0[0-9]+"#,
        r#"pingauge_zone_keys\{zone="z"\} 1"#,
        r#"pingauge_zone_discarded_total\{zone="z"\} 0"#,
        r#"pingauge_zone_evictions_total\{zone="z"\} 0"#,
        r#"pingauge_zone_failures_total\{zone="z"\} 0"#,
        r#"pingauge_scrapes_total\{template="all"\} 1"#,
        r#"pingauge_scrape_seconds_total\{template="all"\} 0\.[0-9]+"#,
        &format!(r#"pingauge_scrape_bytes_total\{{template="all"\}} {size}"#),
        r#"pingauge_scrape_refused_lines_total\{template="all"\} 0"#,
        r#"pingauge_scrape_last_skipped_keys\{template="all"\} 0"#,
        r#"pingauge_scrape_last_seconds\{template="all"\} 0\.[0-9]+"#,
        &format!(r#"pingauge_scrape_last_bytes\{{template="all"\}} {size}"#),
    ] {
        let line = format!("(?m)^{pattern}$");
        assert!(
            compare::matches(&line, &second).unwrap(),
            "{pattern}\n{second}"
        );
    }
    running.server.stop().unwrap();
}

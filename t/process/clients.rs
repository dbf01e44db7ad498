//! Real clients against the server: wrk during reloads, curl on the seed's first example.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, compare, poll};

/// Whether a client program is here. Under `t/run`, which installs them, a missing one is a failure.
pub(crate) fn have(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    let required = std::env::var("PINGAUGE_CLIENTS").is_ok_and(|value| value == "required");
    assert!(
        found || !required,
        "{program} is missing: run t/run, which installs it"
    );
    if !found {
        eprintln!("skipped: {program} is not installed; t/run installs it");
    }
    found
}

#[test]
fn wrk_sees_no_error_during_ten_reloads() {
    const CONNECTIONS: u64 = 32;
    if !have("wrk") {
        return;
    }
    let parts = Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: "keepalive_requests 100000000;\nmetric_zone z:64k count;\n".into(),
        config: "location /hit { metric z k on=request; return 200 ok; }\n".into(),
        ..Parts::default()
    };
    let running = Running::start(&parts);
    let wrk = Command::new("wrk")
        .args(["-t", "2", "-d", "6s", "-c", &CONNECTIONS.to_string()])
        .arg(format!("http://{}/hit", running.address()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let started = poll(PATIENCE, || {
        (running.status("http/metric_zones/z/metrics") != json!({})).then_some(())
    });
    assert!(started.is_some());
    for _ in 0..10 {
        running.reload(&parts);
        thread::sleep(Duration::from_millis(150));
    }
    let output = wrk.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        !said.contains("Socket errors") && !said.contains("Non-2xx"),
        "{said}"
    );
    let line = said
        .lines()
        .find(|line| line.contains(" requests in "))
        .expect("a summary");
    let made: u64 = line
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap();
    // At the end wrk drops what is under way: at most one request on each connection.
    let counted = running
        .status("http/metric_zones/z/metrics/k")
        .as_u64()
        .unwrap();
    assert!(
        (made..=made + CONNECTIONS).contains(&counted),
        "{counted} counted\n{said}"
    );
    running.server.stop().unwrap();
}

#[test]
fn curl_reads_what_it_has_counted() {
    if !have("curl") {
        return;
    }
    let running = Running::start(&Parts {
        http_config: "metric_zone api_requests:1m count;\n".into(),
        config: "location /api/ { allow 127.0.0.1; deny all; api /status/;\n\
                 metric api_requests $http_user_agent on=request; }\n"
            .into(),
        ..Parts::default()
    });
    let output = Command::new("curl")
        .args(["-sS", "--fail", "--user-agent", "Firefox"])
        .arg(format!("http://{}/api/", running.address()))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = compare::parse_json(&output.stdout).unwrap();
    let zone = &tree["http"]["metric_zones"]["api_requests"];
    assert_eq!(
        *zone,
        json!({ "discarded": 0, "metrics": { "Firefox": 1 } })
    );
    running.server.stop().unwrap();
}

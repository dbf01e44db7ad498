//! Clients of HTTP/2 that put their frames together by hand: what the standards require, case by case
//! (`http2_spec.py`), and what must not cost the server or its other clients anything (`http2_attacks.py`).

use std::process::Command;

use serde_json::json;

use crate::harness::Running;
use crate::harness::exposition::PYTHON;
use crate::harness::site::{Parts, Site};

/// Starts a server of HTTP/2 that gives up soon; its origin gives what these scripts ask for.
fn start() -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | hello\n").unwrap();
    std::fs::write(site.directory.join("html/large"), vec![b'l'; 150_000]).unwrap();
    let running = Running::start_at(
        site,
        &Parts {
            main_config: "worker_processes 1;\n".into(),
            http_config: "client_header_timeout 2s; client_body_timeout 2s; send_timeout 2s; keepalive_timeout 2s;\n"
                .into(),
            config: "http2 on; status_zone all;\n\
                 location / { proxy_pass http://$ORIGIN_o; }\n\
                 location = /large { root $DIR/html; error_page 405 =200 /posted; }\n\
                 location = /posted { return 200 posted; }\n"
                .into(),
            ..Parts::default()
        },
    );
    running.workers(1);
    running
}

/// Runs a script over a server; gives what it printed, or nothing where Python's hpack is missing.
fn judge(script: &str, more: &[String]) -> Option<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/");
    let output = Command::new(PYTHON)
        .arg("-B")
        .arg(format!("{folder}{script}"))
        .args(more)
        .output();
    let required = std::env::var_os("PINGAUGE_CLIENTS").is_some();
    match output {
        Ok(output) if output.status.code() != Some(77) => {
            let said = String::from_utf8(output.stdout).unwrap();
            let failed: Vec<&str> = said
                .lines()
                .filter(|line| !line.starts_with("ok "))
                .collect();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(
                failed.is_empty() && output.status.success(),
                "{failed:#?}\n{errors}"
            );
            Some(said)
        }
        _ => {
            assert!(!required, "hpack is missing: run t/run, which installs it");
            eprintln!("skipped: Python's hpack is not installed; t/run installs it");
            None
        }
    }
}

/// Every request has ended, and so has every connection.
fn expect_calm(running: &Running) {
    running.expect_status("http/server_zones/all/requests/processing", &json!(0));
    running.expect_status("connections/active", &json!(1));
}

#[test]
fn every_requirement_is_met() {
    let running = start();
    let address = running.address().to_string();
    if let Some(said) = judge("http2_spec.py", &[address]) {
        assert!(said.lines().count() > 110, "{said}");
    }
    expect_calm(&running);
    running.server.stop().unwrap();
}

#[test]
fn attacks_end_and_others_do_not_notice() {
    let running = start();
    let address = running.address().to_string();
    let worker = running.workers(1)[0].to_string();
    if let Some(said) = judge("http2_attacks.py", &[address, worker]) {
        // Seen with `--nocapture`: what each attack cost.
        println!("{said}");
        assert!(said.lines().count() > 40, "{said}");
    }
    expect_calm(&running);
    running.server.stop().unwrap();
}

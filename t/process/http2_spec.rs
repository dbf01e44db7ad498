//! Clients of HTTP/2 that put their frames together by hand: what the standards require, case by case
//! (`http2_spec.py`), and what must not cost the server or its other clients anything (`http2_attacks.py`).

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use serde_json::json;

use crate::harness::exposition::PYTHON;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

/// Starts a server of HTTP/2 that gives up soon; its origin gives what these scripts ask for.
fn start() -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | hello\n").unwrap();
    std::fs::write(site.directory.join("html/large"), vec![b'l'; 150_000]).unwrap();
    let running = Running::start_at(
        site,
        &Parts {
            main_config: "worker_processes 1;\n".into(),
            http_config: "access_log $DIR/access.log; client_header_timeout 2s; client_body_timeout 2s; send_timeout 2s; keepalive_timeout 2s;\n"
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

/// The lines of the access log that say something of this path, once there are so many.
fn logged(running: &Running, path: &str, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    let _ = poll(PATIENCE, || {
        let log = running.site.read("access.log");
        found = log
            .lines()
            .filter(|line| line.contains(path))
            .map(str::to_owned)
            .collect();
        (found.len() >= count).then_some(())
    });
    found
}

#[test]
fn logs_say_what_is_known_of_malformed_requests() {
    let running = start();
    let mut client = Raw::open(running.address());
    let get = b"\x82\x86\x44\x04/bad\x41\x01a";
    client.send(1, 1, 5, &[&get[..], b"\x40\x03x-a\x03b\x01c"].concat());
    let lines = logged(&running, "/bad", 1);
    assert!(lines[0].contains("\"GET /bad HTTP/2.0\" 400"), "{lines:?}");
    let post = b"\x83\x86\x44\x06/short\x41\x01a\x0f\x0d\x019";
    client.send(1, 3, 4, post);
    client.send(0, 3, 1, b"four");
    let lines = logged(&running, "/short", 1);
    assert!(
        lines[0].contains("\"POST /short HTTP/2.0\" 400"),
        "{lines:?}"
    );
    for wanted in [
        "client sent a header value with a control character in \"GET /bad HTTP/2.0\", client: 127.0.0.1",
        "client sent a body that does not agree with \"Content-Length\", client: 127.0.0.1",
    ] {
        let log = || running.site.read("error.log");
        let told = poll(PATIENCE, || log().contains(wanted).then_some(()));
        assert!(told.is_some(), "{wanted}\n{}", log());
    }
    running.server.stop().unwrap();
}

/// A client of HTTP/2 that sends frames and reads nothing.
struct Raw(TcpStream);

impl Raw {
    fn open(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .unwrap();
        let mut client = Self(stream);
        client.send(4, 0, 0, b"");
        client
    }

    fn send(&mut self, kind: u8, stream: u8, flags: u8, payload: &[u8]) {
        let header = [0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
        self.0.write_all(&[&header[..], payload].concat()).unwrap();
    }
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

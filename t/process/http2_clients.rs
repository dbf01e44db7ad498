//! Clients of HTTP/2 that others made, over TLS and with prior knowledge: nghttp and h2load, which say what they miss, and curl where
//! an answer comes before it has said all. Others have places of their own: `httpx.rs`, `grpc.rs`, `browser.rs`.

use std::process::Command;

use serde_json::json;

use super::clients::have;
use crate::harness::Running;
use crate::harness::site::{Parts, Site};

/// What is asked for at both of its addresses.
const PLACES: &str = "root $DIR/html;\nstatus_zone all;\n\
     location /small { metric hits small; return 200 small; }\n\
     location /large { metric hits large; }\n\
     location /echo { metric hits echo; proxy_pass http://origin; }\n\
     location /limited { metric hits limited; client_max_body_size 1k; return 200 no; }\n\
     location /limited/proxied { client_max_body_size 1k; proxy_pass http://origin; }\n\
     location /nothing { return 204; }\n\
     location /empty { return 200; }\n\
     location /error { return 404; }\n";

fn start(http: &str) -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | $BODY\n").unwrap();
    std::fs::write(site.directory.join("html/large"), vec![b'l'; 300_000]).unwrap();
    std::fs::write(site.directory.join("mib"), vec![b'm'; 1 << 20]).unwrap();
    std::fs::write(site.directory.join("hundred"), vec![b'h'; 100]).unwrap();
    Running::start_at(
        site,
        &Parts {
            main_config: "worker_processes 2;\n".into(),
            http_config: format!(
                "http2 on;\nclient_max_body_size 0;\nmetric_zone hits:64k count;\n{http}\n\
                 log_format l '$request $status';\naccess_log $DIR/access.log l;\n\
                 upstream origin {{ server $ORIGIN_o; keepalive 8; }}\n\
                 server {{ listen 127.0.0.1:$PORT2 ssl; ssl_certificate selfsigned:$DIR/c.pem;\n\
                 ssl_certificate_key selfsigned:$DIR/k.pem; {PLACES} }}\n"
            ),
            config: format!("access_log $DIR/access.log l;\n{PLACES}"),
            ..Parts::default()
        },
    )
}

/// The addresses in front of the paths.
fn doors(running: &Running) -> [String; 2] {
    let site = &running.site;
    [
        format!("http://127.0.0.1:{}", site.port),
        format!("https://127.0.0.1:{}", site.second_port),
    ]
}

fn run(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("timeout");
    let output = command.args(["60", program]).args(arguments).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && problem.is_empty(),
        "{program} {arguments:?}: {said}{problem}"
    );
    said
}

/// Each path with its status, as nghttp's statistics have them.
fn statuses(said: &str) -> Vec<(String, u16)> {
    let rows = said.lines().skip_while(|line| !line.starts_with("id "));
    let row = |line: &str| {
        let mut words = line.split_whitespace().skip(4);
        let status = words.next()?.parse().ok()?;
        Some((words.nth(1)?.to_owned(), status))
    };
    let mut all: Vec<_> = rows.skip(1).filter_map(row).collect();
    all.sort();
    all
}

#[test]
fn nghttp_is_answered() {
    if !have("nghttp") {
        return;
    }
    let running = start("");
    let body = running.site.directory.join("mib").display().to_string();
    for door in doors(&running) {
        let urls = ["/small", "/large", "/echo", "/error"].map(|path| format!("{door}{path}"));
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        let ask = |more: &[&str]| statuses(&run("nghttp", &[&["-nsy"], more, &urls].concat()));
        let expected = [
            ("/echo", 200),
            ("/error", 404),
            ("/large", 200),
            ("/small", 200),
        ];
        let expected = expected.map(|(path, status)| (path.to_owned(), status));
        assert_eq!(ask(&[]), expected);
        // Priorities, padding, small windows, heads in two frames, tables of other sizes, fields behind a body.
        assert_eq!(ask(&["-p", "7", "-b", "200", "--continuation"]), expected);
        assert_eq!(ask(&["-w", "10", "-W", "12", "-c", "0"]), expected);
        let many = ask(&["-m", "30"]);
        assert_eq!(many.len(), 120);
        assert!(many.iter().all(|one| expected.contains(one)), "{many:?}");
        let mut posted = expected.clone();
        posted[2].1 = 405;
        assert_eq!(ask(&["-c", "65536", "-d", &body]), posted);
        let trailers = ["--trailer", "x-sum: 1", "--no-content-length", "-d", &body];
        assert_eq!(ask(&trailers), posted);
        assert_eq!(ask(&["--expect-continue", "-d", &body]), posted);
    }
    running.expect_status("http/server_zones/all/requests/processing", &json!(0));
    running.server.stop().unwrap();
}

/// Requests with `h2load`, all of which are answered well.
fn load(url: &str, requests: usize, more: &[&str]) {
    let requests = requests.to_string();
    let usual = ["-n", &requests, "-c", "4", "-m", "16"];
    let said = run("h2load", &[&usual[..], more, &[url]].concat());
    let line = said.lines().find(|line| line.starts_with("requests: "));
    let expected = format!(
        "requests: {requests} total, {requests} started, {requests} done, {requests} succeeded, 0 failed, 0 errored, 0 timeout"
    );
    assert_eq!(line, Some(expected.as_str()), "{said}");
}

#[test]
fn h2load_finds_no_fault_and_each_request_is_counted_once() {
    if !have("h2load") {
        return;
    }
    let running = start("keepalive_requests 1000000;");
    let body = running.site.directory.join("hundred").display().to_string();
    for door in doors(&running) {
        load(&format!("{door}/small"), 2000, &[]);
        load(&format!("{door}/large"), 100, &[]);
        load(&format!("{door}/echo"), 1000, &[]);
        load(&format!("{door}/echo"), 500, &["-d", &body]);
        load(&format!("{door}/small"), 500, &["-d", &body]);
    }
    let counts = json!({ "small": 5000, "large": 200, "echo": 3000 });
    running.expect_status("http/metric_zones/hits/metrics", &counts);
    running.expect_status("http/server_zones/all/requests/total", &json!(8200));
    let log = running.site.read("access.log");
    let lines = log.lines().filter(|line| line.ends_with(" HTTP/2.0 200"));
    assert_eq!(lines.count(), 8200);
    running.server.stop().unwrap();
}

/// Who waits for leave to send a body that nobody needs is not to wait for ever.
#[test]
fn curl_has_answers_that_need_no_body_it_waits_to_send() {
    if !have("curl") {
        return;
    }
    let running = start("");
    for door in doors(&running) {
        for (path, told) in [
            ("/nothing", "204 2 0"),
            ("/empty", "200 2 0"),
            ("/small", "200 2 5"),
            ("/error", "404 2"),
            ("/echo", "200 2 3"),
        ] {
            for _ in 0..3 {
                let url = format!("{door}{path}");
                let tells = "%{http_code} %{http_version} %{size_download}";
                let asks = ["-d", "abc", "-H", "Expect: 100-continue", "-m", "20"];
                let usual = ["-sSk", "--http2-prior-knowledge", "-o", "/dev/null"];
                let said = run("curl", &[&usual[..], &asks, &["-w", tells, &url]].concat());
                assert!(said.starts_with(told), "{url}: {said}");
            }
        }
    }
    running.expect_status("http/server_zones/all/requests/processing", &json!(0));
    running.server.stop().unwrap();
}

/// An answer that ends before its request does must not be lost with the stream.
#[test]
fn curl_has_answers_that_come_before_its_body_is_over() {
    if !have("curl") {
        return;
    }
    let running = start("");
    let body = format!("@{}", running.site.directory.join("mib").display());
    for door in doors(&running) {
        for (path, status) in [
            ("/limited", 413),
            ("/limited/proxied", 413),
            ("/error", 404),
            ("/large", 405),
            ("/small", 200),
        ] {
            for _ in 0..5 {
                let url = format!("{door}{path}");
                let told = ["-o", "/dev/null", "-w", "%{http_code} %{http_version}"];
                let usual = ["-sSk", "--http2-prior-knowledge", "--data-binary", &body];
                let said = run("curl", &[&usual[..], &told, &[&url]].concat());
                assert_eq!(said, format!("{status} 2"), "{url}");
            }
        }
    }
    running.expect_status("http/server_zones/all/requests/processing", &json!(0));
    running.server.stop().unwrap();
}

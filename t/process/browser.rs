//! A browser reads the status API as a console does, and asks as pages do over HTTP/2: pages of ours, served by the
//! server that they ask.

use std::process::Command;

use serde_json::json;

use crate::clients::have;
use crate::harness::Running;
use crate::harness::site::{Parts, Site};

#[test]
fn a_page_in_chromium_finds_what_a_console_reads() {
    if !have("chromium") {
        return;
    }
    let mut site = Site::create().unwrap();
    site.add_origin("one", "* * 200\n    | x\n").unwrap();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/browser.html");
    let folder = site.directory.join("html/console");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(page, folder.join("index.html")).unwrap();
    // Nobody listens on the second port.
    let running = Running::start_at(
        site,
        &Parts {
            http_config: "metric_zone hits:64k count;\n\
                 upstream group { zone group 64k; server $ORIGIN_one; keepalive 2; }\n\
                 upstream broken { zone broken 64k; server 127.0.0.1:$PORT2; server 127.0.0.1:$PORT2 backup; }\n"
                .into(),
            config: "status_zone site;\n\
                 location /console/api/ { api /status/; }\n\
                 location /proxied { status_zone proxied; proxy_pass http://group; }\n\
                 location /broken { status_zone broken; proxy_pass http://broken; }\n"
                .into(),
            ..Parts::default()
        },
    );
    let url = format!("http://{}/console/", running.address());
    let outcome = outcome(&running, &url);
    assert_eq!(outcome, "PASS", "{}", running.site.read("error.log"));
    running.server.stop().unwrap();
}

#[test]
fn a_page_in_chromium_has_all_it_asks_for_over_http2() {
    if !have("chromium") {
        return;
    }
    let mut site = Site::create().unwrap();
    let script = "* /slow* 200 delay=20\n    | late\n* * 200\n    | $BODY\n";
    site.add_origin("o", script).unwrap();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/browser_http2.html");
    std::fs::copy(page, site.directory.join("html/page.html")).unwrap();
    std::fs::write(site.directory.join("html/large"), vec![b'l'; 1_000_000]).unwrap();
    let running = Running::start_at(
        site,
        &Parts {
            http_config: "http2 on;\nclient_max_body_size 2m;\n\
                 log_format l '$request_method $uri $status $http2';\naccess_log $DIR/access.log l;\n\
                 server {\nlisten 127.0.0.1:$PORT2 ssl;\nroot $DIR/html;\ntypes { text/html html; }\nstatus_zone pages;\n\
                 ssl_certificate selfsigned:$DIR/c.pem;\nssl_certificate_key selfsigned:$DIR/k.pem;\n\
                 location /small { return 200 small; }\n\
                 location /echo { proxy_pass http://$ORIGIN_o; }\n\
                 location /slow { proxy_pass http://$ORIGIN_o; }\n\
                 location /limited { client_max_body_size 1k; return 200 no; }\n\
                 location /limited/proxied { client_max_body_size 1k; proxy_pass http://$ORIGIN_o; }\n}\n"
                .into(),
            ..Parts::default()
        },
    );
    let url = format!("https://127.0.0.1:{}/page.html", running.site.second_port);
    let outcome = outcome(&running, &url);
    assert_eq!(outcome, "PASS", "{}", running.site.read("error.log"));
    // Those that were given up have ended, too.
    running.expect_status("http/server_zones/pages/requests/processing", &json!(0));
    let total = running.status("http/server_zones/pages/requests/total");
    let log = running.site.read("access.log");
    let lines = log.lines().filter(|line| line.ends_with(" h2"));
    assert_eq!(total, json!(lines.count()), "each has one line");
    running.server.stop().unwrap();
}

/// What a page says in the end.
fn outcome(running: &Running, url: &str) -> String {
    let dom = dump(running, url);
    let outcome = dom.split("<pre id=\"outcome\">").nth(1).unwrap_or(&dom);
    outcome.split("</pre>").next().unwrap_or(outcome).to_owned()
}

/// The document when its scripts have had ten seconds; waiting for the network is not counted.
fn dump(running: &Running, url: &str) -> String {
    let profile = running.site.directory.join("profile");
    let output = Command::new("timeout")
        .args([
            "60",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--ignore-certificate-errors",
        ])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--virtual-time-budget=10000",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("--dump-dom")
        .arg(url)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

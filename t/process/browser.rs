//! A browser reads the status API as a console does: a page of ours, served by the server it asks.

use std::process::Command;

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
    let dom = dump(&running);
    let outcome = dom.split("<pre id=\"outcome\">").nth(1).unwrap_or(&dom);
    let outcome = outcome.split("</pre>").next().unwrap_or(outcome);
    assert_eq!(outcome, "PASS", "{}", running.site.read("error.log"));
    running.server.stop().unwrap();
}

/// The document when its scripts have had ten seconds; waiting for the network is not counted.
fn dump(running: &Running) -> String {
    let profile = running.site.directory.join("profile");
    let output = Command::new("timeout")
        .args([
            "60",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
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
        .arg(format!("http://{}/console/", running.address()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

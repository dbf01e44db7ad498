//! The real Prometheus reads our page: target up, nothing to complain about.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::clients::have;
use crate::harness::client::Connection;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

/// A page with every mode, hostile keys included.
fn start() -> Running {
    let config = "location /p8s { prometheus all; }\n\
        location /hit { metric modes $http_x_key=$arg_v on=request; metric plain $http_x_key on=request; return 204; }\n";
    let http_config = "metric_zone plain:64k count;\n\
        metric_complex_zone modes:256k { n count; g gauge; l last; lo min; hi max; e average exp; m average mean; h histogram 1 5 +Inf; }\n\
        prometheus_template all {\n\
        'plain_total{key=\"$1\"}' $p8s_value path=~^/http/metric_zones/plain/metrics/(.+)$ type=counter 'help=Requests by key';\n\
        'modes_bucket{key=\"$1\",le=\"$2\"}' $p8s_value path=~^/http/metric_zones/modes/metrics/(.+)/h/([^/]+)$ type=gauge help=Buckets;\n\
        'modes{key=\"$1\",mode=\"$2\"}' $p8s_value path=~^/http/metric_zones/modes/metrics/(.+)/([a-z]+)$ type=gauge 'help=All the modes';\n\
        }\n";
    let running = Running::start(&Parts {
        http_config: http_config.into(),
        config: config.into(),
        ..Parts::default()
    });
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for key in [
        "plain",
        "quote\"",
        "back\\slash",
        "sl/ash",
        "é",
        "{a=\"b\"} 1",
    ] {
        for value in ["1", "2.5", "1e300", "-3"] {
            let header = ("X-Key".to_owned(), key.to_owned());
            let head =
                crate::harness::client::head("GET", &format!("/hit?v={value}"), &[header], None);
            connection.send(&head).unwrap();
            assert_eq!(connection.receive("GET").unwrap().status, 204);
        }
    }
    running
}

#[test]
fn promtool_accepts_the_page() {
    if !have("promtool") {
        return;
    }
    let running = start();
    let page = Connection::open(running.address(), PATIENCE)
        .unwrap()
        .get("/p8s")
        .unwrap();
    assert!(
        page.text().contains("plain_total{key=\"quote\\\"\"} 4"),
        "{}",
        page.text()
    );
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&page.body).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", page.text());
    running.server.stop().unwrap();
}

#[test]
fn prometheus_scrapes_without_a_warning() {
    if !have("prometheus") {
        return;
    }
    let running = start();
    let own = Site::create().unwrap();
    let text = format!(
        "global: {{ scrape_interval: 1s }}\nscrape_configs:\n- job_name: pingauge\n  metrics_path: /p8s\n  \
         static_configs:\n  - targets: ['127.0.0.1:{}']\n",
        running.site.port
    );
    fs::write(own.directory.join("prometheus.yml"), text).unwrap();
    let log = fs::File::create(own.directory.join("log")).unwrap();
    let mut child = Command::new("prometheus")
        .arg(format!(
            "--config.file={}/prometheus.yml",
            own.directory.display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}/data",
            own.directory.display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{}", own.port))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let address = own.address(own.port);
    let query = |path: &str| {
        let answer = Connection::open(address, Duration::from_secs(2))
            .ok()?
            .get(path)
            .ok()?;
        serde_json::from_slice::<Value>(&answer.body).ok()
    };
    let up = poll(PATIENCE * 2, || {
        let targets = query("/api/v1/targets")?;
        (targets["data"]["activeTargets"][0]["health"] == "up").then_some(())
    });
    let series = poll(PATIENCE, || {
        let answer = query("/api/v1/query?query=sum(plain_total)")?;
        answer["data"]["result"][0]["value"][1]
            .as_str()
            .map(str::to_owned)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let log = own.read("log");
    assert!(up.is_some(), "the target is not up\n{log}");
    assert_eq!(series.as_deref(), Some("24"), "{log}");
    let complaint = log
        .lines()
        .find(|line| line.contains("level=warn") || line.contains("level=error"));
    assert_eq!(complaint, None);
    running.server.stop().unwrap();
}

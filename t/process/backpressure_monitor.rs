//! Signals of backpressure that a real Prometheus answers, also one that is stopped or gone.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clients::have;
use crate::harness::client::{self, Connection};
use crate::harness::origin::Origin;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, compare, poll};
use crate::prometheus::Scraper;

/// A zone that hears two queries and the tree.
fn zone(name: &str, rule: &str, monitor: u16) -> String {
    format!(
        "backpressure_zone {name}:64k min=2 max=10 interval=100ms stale=3s {rule} {{\n\
         monitor http://127.0.0.1:{monitor} timeout=500ms interval=200ms;\n\
         signal loud query='vector(500) > 1' warn=10 emergency=100;\n\
         signal quiet query='vector(0)' warn=10 emergency=100;\n\
         signal alert query='vector(1) > 0';\n\
         signal own path=/connections/active warn=10000 emergency=20000;\n}}\n"
    )
}

fn signal(running: &Running, zone: &str, signal: &str) -> Value {
    running.status(&format!("http/backpressure_zones/{zone}/signals/{signal}"))
}

/// Waits until a signal is as it should be.
fn expect(
    running: &Running,
    (zone, name): (&str, &str),
    is_right: impl Fn(&Value) -> bool,
) -> Value {
    let mut last = Value::Null;
    let found = poll(PATIENCE * 2, || {
        last = signal(running, zone, name);
        is_right(&last).then_some(())
    });
    let log = running.site.read("error.log");
    assert!(found.is_some(), "{zone} {name}: {last:#}\n{log}");
    last
}

fn is_fresh(signal: &Value) -> bool {
    signal["stale"] == false && signal["updated"].is_string()
}

#[test]
fn a_prometheus_that_stops_and_one_that_is_gone() {
    if !have("prometheus") {
        return;
    }
    const ZONES: [(&str, f64, f64); 3] =
        [("open", 0.0, 0.0), ("hold", 1.0, 0.0), ("close", 1.0, 1.0)];
    let mut scraper = Scraper::start("");
    let monitor = scraper.site.port;
    let zones: String = ZONES
        .iter()
        .map(|(rule, _, _)| zone(rule, rule, monitor))
        .collect();
    let running = Running::start(&Parts {
        http_config: zones,
        config: "location / { backpressure open; backpressure hold; backpressure close; }\n".into(),
        ..Parts::default()
    });
    running.site.add_file("html/a", "x").unwrap();
    expect_fresh(&running, &ZONES);
    // It is there, but does not answer.
    scraper.signal("STOP");
    expect_all(&running, &ZONES);
    delays_nobody(&running);
    scraper.signal("CONT");
    for (zone, _, _) in ZONES {
        expect(&running, (zone, "loud"), is_fresh);
        expect(&running, (zone, "alert"), |signal| {
            is_fresh(signal) && signal["firing"] == true
        });
    }
    // It is gone.
    scraper.kill();
    let errors = signal(&running, "open", "loud")["errors"].as_u64().unwrap();
    expect_all(&running, &ZONES);
    expect(&running, ("open", "loud"), |signal| {
        signal["errors"].as_u64() > Some(errors + 3)
    });
    delays_nobody(&running);
    let log = running.site.read("error.log");
    assert!(
        log.contains("no value for signal \"loud\": the monitor cannot be asked"),
        "{log}"
    );
    running.server.stop().unwrap();
}

/// Every signal has the value that it should have.
fn expect_fresh(running: &Running, zones: &[(&str, f64, f64)]) {
    for (zone, _, _) in zones.iter().copied() {
        let loud = expect(running, (zone, "loud"), |signal| {
            is_fresh(signal) && signal["throttle"] == 1.0
        });
        assert_eq!(
            (&loud["value"], &loud["firing"]),
            (&500.into(), &true.into()),
            "{loud:#}"
        );
        let quiet = expect(running, (zone, "quiet"), is_fresh);
        assert_eq!(
            (&quiet["value"], &quiet["throttle"]),
            (&0.into(), &0.into()),
            "{quiet:#}"
        );
        let alert = expect(running, (zone, "alert"), is_fresh);
        assert_eq!(
            (&alert["value"], &alert["firing"]),
            (&1.into(), &true.into()),
            "{alert:#}"
        );
    }
}

/// Every zone comes to what its rule says, with errors counted and the last value shown.
fn expect_all(running: &Running, zones: &[(&str, f64, f64)]) {
    for (zone, loud, quiet) in zones.iter().copied() {
        let right = |throttle: f64| {
            move |signal: &Value| {
                signal["stale"] == true
                    && signal["throttle"] == throttle
                    && signal["errors"].as_u64() > Some(0)
            }
        };
        expect(running, (zone, "loud"), right(loud));
        expect(running, (zone, "quiet"), right(quiet));
        let fires = zone != "open";
        let stale_alert =
            move |signal: &Value| signal["stale"] == true && signal["firing"] == fires;
        expect(running, (zone, "alert"), stale_alert);
        let allowance = 1.0 - loud.max(quiet);
        let path = format!("http/backpressure_zones/{zone}/allowance");
        assert_eq!(running.status(&path).as_f64(), Some(allowance), "{zone}");
    }
}

/// Requests are served and the tree is read while a monitor keeps its silence.
fn delays_nobody(running: &Running) {
    let before = signal(running, "open", "own")["evaluations"]
        .as_u64()
        .unwrap();
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for _ in 0..20 {
        let began = Instant::now();
        assert_eq!(connection.get("/a").unwrap().status, 200);
        assert!(
            began.elapsed() < Duration::from_millis(400),
            "{:?}",
            began.elapsed()
        );
        thread::sleep(Duration::from_millis(50));
    }
    let goes_on =
        |signal: &Value| signal["evaluations"].as_u64() > Some(before + 5) && is_fresh(signal);
    expect(running, ("open", "own"), goes_on);
}

/// A server before an origin, whose page a Prometheus reads, and whose zone has one signal from there.
fn measured(page: &str, zone: &str, signal: &str, origin: &Origin) -> (Running, Scraper) {
    let site = Site::create().unwrap();
    let scraper = Scraper::start(&format!(
        "- job_name: app\n  metrics_path: /page\n  static_configs: [{{ targets: ['127.0.0.1:{}'] }}]\n",
        site.port
    ));
    let parts = Parts {
        http_config: format!(
            "{page}backpressure_zone api:64k min=1 {zone} interval=100ms {{\n\
             monitor http://127.0.0.1:{} interval=200ms;\n\
             signal {signal};\n}}\n",
            scraper.site.port
        ),
        config: format!(
            "location /page {{ prometheus page; }}\n\
             location /app {{ status_zone app; backpressure api; proxy_pass http://{}; }}\n",
            origin.address
        ),
        ..Parts::default()
    };
    (Running::start_at(site, &parts), scraper)
}

const RATE: &str = "prometheus_template page {\n\
    app_requests_total $p8s_value path=/http/location_zones/app/requests/total type=counter;\n}\n";

/// The example of the original: a window from 1 to 10 that follows the rate of requests, which a Prometheus
/// measures, with the thresholds 0.2 and 2.
#[test]
fn the_window_moves_as_that_of_the_original() {
    if !have("prometheus") {
        return;
    }
    let origin = Origin::start("* * 200\n    | x\n").unwrap();
    let signal_of_rate = "rps query='sum(rate(app_requests_total[4s]))' warn=0.2 emergency=2";
    let (running, _scraper) = measured(RATE, "max=10", signal_of_rate, &origin);
    let window = || {
        running
            .status("http/backpressure_zones/api/window")
            .as_u64()
            .unwrap()
    };
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let mut ask = || connection.get("/app").unwrap().status;
    let quiet = |signal: &Value| is_fresh(signal) && signal["throttle"] == 0.0;
    // The series is there, nothing happens yet: requests in a burst open the window before anybody sees them.
    assert_eq!(ask(), 200);
    expect(&running, ("api", "rps"), quiet);
    (0..12).for_each(|_| assert_eq!(ask(), 200));
    assert!(window() > 5, "{}", window());
    // Many requests for a while: what Prometheus sees closes it to its least.
    let mut last = Value::Null;
    let closed = poll(PATIENCE * 2, || {
        for _ in 0..3 {
            let _ = ask();
        }
        thread::sleep(Duration::from_millis(200));
        last = running.status("http/backpressure_zones/api");
        (last["window"] == 1 && last["allowance"] == 0.0).then_some(())
    });
    assert!(closed.is_some(), "{last:#}");
    let rate = signal(&running, "api", "rps");
    assert!(
        rate["value"].as_f64() >= Some(2.0) && rate["firing"] == true,
        "{rate:#}"
    );
    // They stop, and it opens again with those that come.
    expect(&running, ("api", "rps"), quiet);
    (0..12).for_each(|_| assert_eq!(ask(), 200));
    assert!(window() > 5, "{}", window());
    running.server.stop().unwrap();
}

const FAILURES: &str = "prometheus_template page {\n\
    'app_responses_total{code=\"$1\"}' $p8s_value path=~^/http/location_zones/app/responses/(.+)$ type=counter;\n}\n";
const SHARE: &str = "(sum(rate(app_responses_total{code=~\"5..\"}[4s])) or vector(0)) / sum(rate(app_responses_total[4s]))";

/// An origin begins to fail, which only a Prometheus tells the server, and is well again.
#[test]
fn a_failing_origin_is_seen_by_a_prometheus_alone() {
    if !have("prometheus") {
        return;
    }
    let origin = Origin::start("GET /app/bad 500\n* * 200\n    | x\n").unwrap();
    let signal_of_share = format!("errors query='{SHARE}' warn=0.05 emergency=0.3");
    let (running, _scraper) = measured(FAILURES, "max=20 stale=5s", &signal_of_share, &origin);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let mut until = |target: &str, allowance: f64, window: std::ops::RangeInclusive<u64>| {
        let mut last = Value::Null;
        let moved = poll(PATIENCE * 3, || {
            let _ = connection.get(target);
            thread::sleep(Duration::from_millis(20));
            last = running.status("http/backpressure_zones/api");
            // Without requests there is no share of them.
            let is_known = last["signals"]["errors"]["stale"] == false;
            let is_there = is_known && last["allowance"].as_f64() == Some(allowance);
            (is_there && window.contains(&last["window"].as_u64()?)).then_some(())
        });
        assert!(moved.is_some(), "{target}: {last:#}");
    };
    until("/app/good", 1.0, 20..=20);
    until("/app/bad", 0.0, 1..=1);
    until("/app/good", 1.0, 20..=20);
    running.server.stop().unwrap();
}

/// What the page of the example has after five requests.
const SERIES: [&str; 14] = [
    "proxymw_request_count ",
    "proxymw_block_count{mw_type=\"backpressure\"} 0\n",
    "proxymw_active_requests 0\n",
    "proxymw_bp_cwdn_min 10\n",
    "proxymw_bp_cwdn_max 200\n",
    "proxymw_bp_watermark 15\n",
    "proxymw_bp_allowance 1\n",
    "proxymw_bp_query_value{query_name=\"errors\"} 0\n",
    "proxymw_bp_query_warn{query_name=\"cpu\"} 0.8\n",
    "proxymw_bp_query_emergency{query_name=\"cpu\"} 0.95\n",
    "proxymw_bp_query_error_count{query_name=\"cpu\"} 1\n",
    "# TYPE proxymw_request_latency_ms histogram\n",
    "proxymw_request_latency_ms_bucket{le=\"600000\"} 5\n",
    "proxymw_request_latency_ms_count 5\n",
];

/// The example that is shipped, on ports of its own, and what asks it for the series of the original.
#[test]
fn the_example_has_the_series_of_the_original() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/conf");
    let site = Site::create().unwrap();
    let status = format!(
        "http {{\nserver {{ listen 127.0.0.1:{}; location /status/ {{ api /status/; }} }}\n",
        site.control_port
    );
    let text = std::fs::read_to_string(format!("{folder}/backpressure.conf")).unwrap();
    let text = text
        .replacen("http {\n", &status, 1)
        .replace("127.0.0.1:7777", "127.0.0.1:$PORT")
        .replace("127.0.0.1:7778", "127.0.0.1:$PORT2")
        .replace(
            "127.0.0.1:9090",
            &format!("127.0.0.1:{}", site.control_port),
        )
        .replace("/tmp/pingauge-backpressure.pid", "$DIR/pid")
        .replace("error_log stderr", "error_log $DIR/error.log")
        .replace(
            "include prometheus",
            &format!("include {folder}/prometheus"),
        );
    let conf = Some(text);
    let running = Running::start_at(
        site,
        &Parts {
            conf,
            ..Parts::default()
        },
    );
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let critical = [(
        "X-Request-Criticality".to_owned(),
        "CRITICAL_PLUS".to_owned(),
    )];
    for _ in 0..5 {
        connection
            .send(&client::head("GET", "/api/x", &critical, None))
            .unwrap();
        assert_eq!(connection.receive("GET").unwrap().status, 200);
    }
    // What is asked there is no Prometheus.
    expect(&running, ("api", "cpu"), |cpu| {
        cpu["errors"] == 1 && cpu["stale"] == true
    });
    expect(&running, ("api", "latency"), is_fresh);
    expect(&running, ("api", "errors"), |errors| {
        is_fresh(errors) && errors["value"] == 0
    });
    let page = connection.get("/metrics").unwrap().text();
    for line in SERIES {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert!(compare::exposition(&page).is_ok(), "{page}");
    running.server.stop().unwrap();
}

impl Scraper {
    /// Sends it a signal by name.
    fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
    }
}

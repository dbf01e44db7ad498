//! conf/grafana.json and conf/alerts.yml: well formed, every alert fires when it should and only then,
//! and a real Prometheus that scrapes the demo has data for every query.

use std::collections::HashSet;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use fancy_regex::Regex;
use serde_json::{Value, json};

use crate::clients::have;
use crate::harness::client::Connection;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};
use crate::prometheus::Scraper;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const ALERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/conf/alerts.yml");
const ALERT_TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/alerts.test.yml");

fn dashboard() -> Value {
    let text = fs::read(format!("{ROOT}/conf/grafana.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The panels that show something; the others are titles of rows.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let panels = dashboard["panels"].as_array().unwrap();
    panels.iter().filter(|panel| panel["type"] != "row")
}

#[test]
fn every_panel_is_whole_and_has_a_place_of_its_own() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36);
    assert_eq!(dashboard["uid"], "pingauge");
    assert_eq!(dashboard["__inputs"][0]["name"], "DS_PROMETHEUS");
    let source = json!({ "type": "prometheus", "uid": "${DS_PROMETHEUS}" });
    for panel in panels(&dashboard) {
        let has_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        let targets = panel["targets"].as_array().unwrap();
        assert!(
            has_text(&panel["title"]) && has_text(&panel["description"]),
            "{panel:#}"
        );
        assert!(
            has_text(&panel["fieldConfig"]["defaults"]["unit"]),
            "{panel:#}"
        );
        assert!(
            !targets.is_empty() && panel["datasource"] == source,
            "{panel:#}"
        );
        for target in targets {
            assert!(
                has_text(&target["expr"]) && target["datasource"] == source,
                "{panel:#}"
            );
        }
    }
    let (mut cells, mut ids) = (HashSet::new(), HashSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel:#}");
        assert!(
            place("w") > 0 && place("h") > 0 && place("x") + place("w") <= 24,
            "{panel:#}"
        );
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(cells.insert((x, y)), "two panels at {x}, {y}: {panel:#}");
            }
        }
    }
}

#[test]
fn every_alert_fires_when_it_should_and_only_then() {
    let tests = fs::read_to_string(ALERT_TESTS).unwrap();
    for alert in alerts() {
        let named = format!("alertname: {alert}\n        exp_alerts:");
        let of_it: Vec<&str> = tests.split(&named).skip(1).collect();
        let is_silent = |rest: &&str| rest.starts_with(" []");
        assert!(
            of_it.iter().any(is_silent),
            "{alert} has no case without it"
        );
        assert!(!of_it.iter().all(is_silent), "{alert} has no case with it");
    }
    if !have("promtool") {
        return;
    }
    for arguments in [["check", "rules", ALERTS], ["test", "rules", ALERT_TESTS]] {
        let output = Command::new("promtool").args(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(
            output.status.success() && said.contains("SUCCESS"),
            "{said}"
        );
    }
}

/// The names of the alerts.
fn alerts() -> Vec<String> {
    let text = fs::read_to_string(ALERTS).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 10, "{names:?}");
    names
}

#[test]
fn every_query_finds_data_in_the_demo() {
    if !have("prometheus") {
        return;
    }
    let running = demo();
    let port = running.site.port;
    let scraper = Scraper::with_rules(
        &format!("- job_name: pingauge\n  static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]\n"),
        &[ALERTS],
    );
    visit(&running);
    scraper.expect_up(1);
    running.server.reload(running.control()).unwrap();
    reload_badly(&running);
    let mut missing: Vec<(String, String)> = queries();
    let complete = poll(PATIENCE * 4, || {
        visit(&running);
        thread::sleep(Duration::from_millis(500));
        let dashboard = dashboard();
        missing.retain(|(_, query)| {
            let all = with_variables(&scraper, &dashboard, query);
            !all.iter().any(|query| has_data(&scraper, query))
        });
        missing.is_empty().then_some(())
    });
    assert!(complete.is_some(), "no data for {missing:#?}");
    check_rules(&scraper);
    assert_eq!(scraper.complaint(), None);
    running.server.stop().unwrap();
}

/// The demo on ports of its own, with the status server of the harness, and with a cache: the demo itself leaves nothing
/// on the disk.
fn demo() -> Running {
    let site = Site::create().unwrap();
    let text = fs::read_to_string(format!("{ROOT}/conf/demo.conf")).unwrap();
    let control = format!(
        "http {{\nproxy_cache_path $DIR/cache keys_zone=answers:1m;\nserver {{ listen 127.0.0.1:{}; location /status/ {{ api /status/; }} }}\n",
        site.control_port
    );
    let shipped = format!("{ROOT}/conf/prometheus_all.conf");
    let text = text
        .replacen("http {\n", &control, 1)
        .replace("127.0.0.1:8080", "127.0.0.1:$PORT")
        .replace("127.0.0.1:8081", "127.0.0.1:$PORT2")
        .replace("/tmp/pingauge-demo.pid", "$DIR/pid")
        .replace("error_log stderr", "error_log $DIR/error.log")
        .replace("prometheus_all.conf", &shipped);
    let parts = Parts {
        conf: Some(text),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

/// Something of everything that the demo has.
fn visit(running: &Running) {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for target in [
        "/links",
        "/measure/0.25",
        "/measure/1.5",
        "/shop/a",
        "/shop/b",
        "/nowhere",
    ] {
        connection.get(target).unwrap();
    }
}

/// Asks for a configuration that does not load.
fn reload_badly(running: &Running) {
    let good = running.site.read("test.conf");
    running
        .site
        .add_file("test.conf", "no such thing;\n")
        .unwrap();
    running.server.signal("HUP");
    running.expect_status("angie/self/reloads/failed", &json!(1));
    running.site.add_file("test.conf", &good).unwrap();
}

/// All queries of the dashboard, each with the title of its panel.
fn queries() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let targets = panels(&dashboard).flat_map(|panel| {
        let targets = panel["targets"].as_array().unwrap().iter();
        targets.map(|target| (text(&panel["title"]), text(&target["expr"])))
    });
    let annotations = dashboard["annotations"]["list"].as_array().unwrap().iter();
    let annotations = annotations.map(|one| (text(&one["name"]), text(&one["expr"])));
    targets.chain(annotations).collect()
}

/// A query for each value that its variables may have.
fn with_variables(scraper: &Scraper, dashboard: &Value, query: &str) -> Vec<String> {
    let mut queries = vec![query.replace("$__rate_interval", "30s")];
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let name = format!("${}", variable["name"].as_str().unwrap());
        let is_in = queries.iter().any(|query| query.contains(&name));
        let values = if is_in {
            values(scraper, variable)
        } else {
            Vec::new()
        };
        if is_in {
            let each = |query: &String| -> Vec<String> {
                values
                    .iter()
                    .map(|value| query.replace(&name, value))
                    .collect()
            };
            queries = queries.iter().flat_map(each).collect();
        }
    }
    queries
}

/// What a variable of the dashboard may be.
fn values(scraper: &Scraper, variable: &Value) -> Vec<String> {
    if let Some(all) = variable["allValue"].as_str() {
        return vec![all.to_owned()];
    }
    if variable["type"] == "custom" {
        let list = variable["query"].as_str().unwrap();
        return list.split(',').map(str::to_owned).collect();
    }
    let query = variable["query"]["query"].as_str().unwrap();
    let pattern = variable["regex"].as_str().unwrap().trim_matches('/');
    let pattern = Regex::new(pattern).unwrap();
    if query == "label_names()" {
        let names = scraper.ask("/api/v1/labels").unwrap_or_default();
        let names = names["data"].as_array().into_iter().flatten();
        let names = names.filter_map(Value::as_str);
        let names = names.filter(|name| pattern.is_match(name).unwrap());
        return names.map(str::to_owned).collect();
    }
    let inner = query
        .strip_prefix("label_values(")
        .and_then(|rest| rest.strip_suffix(')'));
    let (selector, label) = inner.unwrap().rsplit_once(", ").unwrap();
    let found = scraper
        .query(&selector.replace("$job", ".*"))
        .unwrap_or_default();
    let series = found["result"].as_array().into_iter().flatten();
    let values = series.filter_map(|one| one["metric"][label].as_str());
    let values: HashSet<&str> = values
        .filter(|value| pattern.is_match(value).unwrap())
        .collect();
    values.into_iter().map(str::to_owned).collect()
}

/// Whether a query gives a number.
fn has_data(scraper: &Scraper, query: &str) -> bool {
    let found = scraper.query(query).unwrap_or_default();
    let mut series = found["result"].as_array().into_iter().flatten();
    series.any(|one| one["value"][1].as_str().is_some_and(|value| value != "NaN"))
}

/// Prometheus can evaluate every alert, and knows every metric that it speaks of.
fn check_rules(scraper: &Scraper) {
    let evaluated = poll(PATIENCE, || {
        let groups = scraper.ask("/api/v1/rules")?["data"]["groups"].take();
        let rules = groups
            .as_array()?
            .iter()
            .flat_map(|group| group["rules"].as_array().unwrap());
        let rules: Vec<Value> = rules.cloned().collect();
        rules
            .iter()
            .all(|rule| rule["health"] != "unknown")
            .then_some(rules)
    });
    let rules = evaluated.expect("rules are evaluated");
    assert_eq!(rules.len(), alerts().len());
    let names = Regex::new(r"\b(?:up|angie_\w+|pingauge_\w+)\b").unwrap();
    for rule in rules {
        assert!(rule["health"] == "ok", "{rule:#}");
        let query = rule["query"].as_str().unwrap();
        let found = names.find_iter(query).map(|name| name.unwrap().as_str());
        let found: Vec<&str> = found.collect();
        assert!(!found.is_empty(), "{query}");
        for name in found {
            assert!(
                has_data(scraper, &format!("count({name})")),
                "no {name} for {rule:#}"
            );
        }
    }
}

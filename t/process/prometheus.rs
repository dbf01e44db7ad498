//! The real Prometheus reads our pages: targets up, nothing to complain about.

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::clients::have;
use crate::harness::client::{self, Connection};
use crate::harness::origin::Origin;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, compare, poll};

/// Keys as a hostile client would choose them.
const KEYS: [&str; 6] = [
    "plain",
    "quote\"",
    "back\\slash",
    "sl/ash",
    "é",
    "{a=\"b\"} 1",
];
const VALUES: [&str; 4] = ["1", "2.5", "1e300", "-3"];

const TEMPLATE: &str = r#"
metric_zone plain:64k count;
metric_complex_zone modes:256k {
    hits count; level gauge; latest last; low min; high max; smooth average exp; recent average mean; spread histogram 1 5 +Inf;
}
prometheus_template mine {
    'plain_requests_total{key="$1"}' $p8s_value
        path=~^/http/metric_zones/plain/metrics/(.+)$ type=counter 'help=Requests by key';
    'modes_limits{key="$1",limit="$2"}' $p8s_value
        path=~^/http/metric_zones/modes/metrics/(.+)/spread/([^/]+)$ type=gauge help=Buckets;
    'modes{key="$1",mode="$2"}' $p8s_value
        path=~^/http/metric_zones/modes/metrics/(.+)/([a-z]+)$ type=gauge 'help=All the modes';
}
prometheus_template keys {
    metric_zone plain keys=families;
    metric_zone modes keys=families prefix=key_;
    metric_zone modes;
}
"#;

/// A page of our own with every mode, and the shipped template over the whole tree.
fn start(origin: &Origin) -> Running {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/conf/prometheus_all.conf");
    let address = origin.address;
    let running = Running::start(&Parts {
        http_config: format!(
            "include {shipped};\n{TEMPLATE}\nupstream group {{ zone group 64k; server {address}; }}\n"
        ),
        config: "status_zone site;\nlocation /mine { prometheus mine; }\n\
                 location /keys { prometheus keys; }\n\
                 location /all { prometheus all; }\n\
                 location /proxied { status_zone proxied; proxy_pass http://group; }\n\
                 location /hit { metric modes $http_x_key=$arg_v on=request;\n\
                 metric plain $http_x_key on=request; return 204; }\n"
            .into(),
        ..Parts::default()
    });
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for (key, value) in KEYS.iter().flat_map(|key| VALUES.map(|value| (key, value))) {
        let header = ("X-Key".to_owned(), (*key).to_owned());
        connection
            .send(&client::head(
                "GET",
                &format!("/hit?v={value}"),
                &[header],
                None,
            ))
            .unwrap();
        assert_eq!(connection.receive("GET").unwrap().status, 204);
    }
    assert_eq!(connection.get("/proxied").unwrap().status, 200);
    running
}

fn origin() -> Origin {
    Origin::start("* * 200\n    | x\n").unwrap()
}

#[test]
fn promtool_accepts_the_pages() {
    if !have("promtool") {
        return;
    }
    let origin = origin();
    let running = start(&origin);
    for path in ["/mine", "/all", "/keys"] {
        let page = Connection::open(running.address(), PATIENCE)
            .unwrap()
            .get(path)
            .unwrap();
        assert!(
            compare::exposition(&page.text()).unwrap() > 10,
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
        let said =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        // Keys have no help, and names that style guides frown upon: 3 is what that is told with.
        let is_read = output.status.success() || path == "/keys" && output.status.code() == Some(3);
        assert!(is_read, "{path}: {said}\n{}", page.text());
    }
    running.server.stop().unwrap();
}

#[test]
fn prometheus_scrapes_without_a_warning() {
    if !have("prometheus") {
        return;
    }
    let origin = origin();
    let running = start(&origin);
    let job = |name: &str| {
        let port = running.site.port;
        format!(
            "- job_name: {name}\n  metrics_path: /{name}\n  \
             static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]\n"
        )
    };
    // The page of our own and the shipped one.
    let scraper = Scraper::start(&(job("mine") + &job("all")));
    scraper.expect_up(2);
    let total = poll(PATIENCE, || scraper.value("sum(plain_requests_total)"));
    let log = scraper.site.read("log");
    assert_eq!(total, Some((KEYS.len() * VALUES.len()) as f64), "{log}");
    assert_eq!(scraper.complaint(), None);
    running.server.stop().unwrap();
}

/// A Prometheus.
pub(crate) struct Scraper {
    child: Child,
    pub(crate) site: Site,
}

impl Scraper {
    /// Scrapes what `jobs` says, as its configuration has it.
    pub(crate) fn start(jobs: &str) -> Self {
        Self::with_rules(jobs, &[])
    }

    /// The same with files of rules.
    pub(crate) fn with_rules(jobs: &str, rules: &[&str]) -> Self {
        let site = Site::create().unwrap();
        let text = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: {rules:?}\nscrape_configs:\n{jobs}"
        );
        fs::write(site.directory.join("prometheus.yml"), text).unwrap();
        let log = fs::File::create(site.directory.join("log")).unwrap();
        let directory = site.directory.display();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={directory}/prometheus.yml"))
            .arg(format!("--storage.tsdb.path={directory}/data"))
            .arg(format!("--web.listen-address=127.0.0.1:{}", site.port))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, site }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it.
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Waits until it has scraped so many targets, all of them with success.
    pub(crate) fn expect_up(&self, targets: usize) {
        let mut last = Value::Null;
        let up = poll(PATIENCE * 4, || {
            last = self.ask("/api/v1/targets")?["data"]["activeTargets"].take();
            let all = last.as_array()?;
            let is_up = |target: &Value| target["health"] == "up";
            (all.len() == targets && all.iter().all(is_up)).then_some(())
        });
        let log = self.site.read("log");
        assert!(up.is_some(), "not all targets are up: {last:#}\n{log}");
    }

    /// The value of a query that gives a single one.
    pub(crate) fn value(&self, query: &str) -> Option<f64> {
        self.query(query)?["result"][0]["value"][1]
            .as_str()?
            .parse()
            .ok()
    }

    /// What a query gives, `null` where it is refused.
    pub(crate) fn query(&self, query: &str) -> Option<Value> {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        Some(self.ask(&format!("/api/v1/query?query={encoded}"))?["data"].take())
    }

    /// A line of its log that is a warning or worse.
    pub(crate) fn complaint(&self) -> Option<String> {
        let log = self.site.read("log");
        let complains = |line: &&str| {
            let line = line.to_ascii_lowercase();
            line.contains("level=warn") || line.contains("level=error")
        };
        log.lines().find(complains).map(str::to_owned)
    }

    /// What its API says.
    pub(crate) fn ask(&self, path: &str) -> Option<Value> {
        let address = self.site.address(self.site.port);
        let answer = Connection::open(address, Duration::from_secs(2))
            .ok()?
            .get(path)
            .ok()?;
        serde_json::from_slice(&answer.body).ok()
    }
}

impl Drop for Scraper {
    fn drop(&mut self) {
        self.kill();
    }
}

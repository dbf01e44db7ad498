//! `conf/STATUS.md` against a running server that has everything: whatever the tree shows is described there, and whatever
//! is described there is shown, but for what only misfortune brings about.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::harness::client::Connection;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

/// The paths of the page, names that stand for any as they are.
fn described() -> Vec<Vec<String>> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/conf/STATUS.md")).unwrap();
    let mut all = Vec::new();
    let mut mount: Vec<String> = Vec::new();
    for line in page.lines() {
        if let Some(path) = line.strip_prefix("### /") {
            mount = path.split('/').map(str::to_owned).collect();
        } else if let Some(row) = line.strip_prefix("| `") {
            let path = row.split('`').next().unwrap();
            let names = path
                .split('/')
                .filter(|name| *name != ".")
                .map(str::to_owned);
            all.push(mount.iter().cloned().chain(names).collect());
        }
    }
    assert!(all.len() > 150, "{page}");
    all
}

fn fits(described: &[String], path: &[String]) -> bool {
    let is = |(own, name): (&String, &String)| own.starts_with('{') || own == name;
    described.len() == path.len() && described.iter().zip(path).all(is)
}

/// Every path of a value, with what leads there.
fn walk(value: &Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    all.push(path.clone());
    let mut below = |name: String, inner: &Value| {
        path.push(name);
        walk(inner, path, all);
        path.pop();
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, inner)| below(name.clone(), inner)),
        Value::Array(elements) => elements
            .iter()
            .for_each(|inner| below("[]".to_owned(), inner)),
        _ => {}
    }
}

const HTTP: &str = "
api_config_files on;
metric_zone last:128k:file=$DIR/last.zone count;
metric_zone spread:128k histogram 1 +Inf;
metric_zone pushed:128k gauge;
metric_zone parts:128k labels=a,b discard_key=o max_values=a:5 count;
metric_complex_zone several:128k { n count; spread histogram 1 +Inf; }
session_zone viewers:256k:file=$DIR/viewers.zone timeout=1s max_sessions=100;
backpressure_zone gate:64k:file=$DIR/gate.zone min=1 max=10 {
    signal n path=/connections/accepted warn=1000000 emergency=2000000;
    signal fires path=/connections/accepted;
}
backpressure_zone each:128k min=1 max=10 key=$arg_k { signal n path=/connections/accepted warn=1000000 emergency=2000000; }
proxy_cache_path $DIR/cache keys_zone=answers:1m max_size=10m;
limit_req_zone $arg_limit zone=rates:64k rate=1000r/s;
limit_conn_zone $arg_limit zone=numbers:64k;
resolver 127.0.0.1:9 status_zone=names;
resolver_timeout 100ms;
upstream origins { zone origins 64k; server $ORIGIN_a max_conns=10; keepalive 2; }
prometheus_template page { metric_zone *; }
";

const SERVER: &str = "
listen 127.0.0.1:$PORT2 ssl;
http2 on;
ssl_certificate $DIR/cert.pem;
ssl_certificate_key $DIR/key.pem;
status_zone site;
location /all {
    status_zone all;
    session viewers $arg_k reference=r location=l peer=p extra=e;
    backpressure gate; limit_req zone=rates; limit_conn numbers 100;
    metric last $arg_k; metric spread $arg_k=1; metric several $arg_k=1; metric parts $arg_k x;
    proxy_cache answers; proxy_cache_valid any 1m; proxy_auth_challenge on;
    proxy_pass http://origins;
}
location /name { proxy_pass http://$arg_host/; }
location /push/ { metric_push pushed; allow all; }
location = /metrics { prometheus page; }
# A key is there while a request of it is under way, as this one is.
location /tree/ { backpressure each; api /; }
";

/// What only misfortune brings about, or what a server with one life does not have.
const RARE: &[&str] = &[
    "/status/angie/self/reloads/last_failed",
    "/status/http/upstreams/{upstream}/peers/{peer}/health/downstart",
    // The certificate of this test has no more than a name.
    "{who}/country",
    "{who}/state_or_province",
    "{who}/organization",
];

fn site() -> Site {
    let mut site = Site::create().unwrap();
    site.add_origin("a", "* * 200\n    Cache-Control: max-age=60\n    | body\n")
        .unwrap();
    let mut command = std::process::Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "9",
    ]);
    command.args([
        "-subj",
        "/CN=a.test",
        "-addext",
        "subjectAltName=DNS:a.test",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]);
    assert!(
        command
            .current_dir(&site.directory)
            .output()
            .unwrap()
            .status
            .success()
    );
    site
}

#[test]
fn the_status_tree_is_as_it_is_described() {
    let parts = Parts {
        http_config: HTTP.into(),
        config: SERVER.into(),
        ..Parts::default()
    };
    let running = Running::start_at(site(), &parts);
    let described = described();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let (mut missing, mut round) = (Vec::new(), 0);
    running.server.reload(running.control()).unwrap();
    let done = poll(PATIENCE, || {
        let mut connection = Connection::open(running.address(), PATIENCE).ok()?;
        // Sessions of the rounds before go out of use meanwhile, and are history then.
        round += 1;
        let session = format!("/all?k={round}");
        for target in [
            &session,
            &session,
            "/all?k=a",
            "/metrics",
            "/name?host=nowhere.invalid",
        ] {
            drop(connection.get(target).ok()?);
        }
        push(&running);
        let tree = connection.get("/tree/?k=a").ok()?;
        let tree: Value = serde_json::from_slice(&tree.body).unwrap();
        let mut paths = Vec::new();
        walk(&tree, &mut Vec::new(), &mut paths);
        for path in paths
            .into_iter()
            .filter(|path| !path.is_empty() && path[..] != ["status"])
        {
            let fitting = described
                .iter()
                .enumerate()
                .filter(|(_, one)| fits(one, &path));
            let fitting: Vec<usize> = fitting.map(|(number, _)| number).collect();
            assert!(
                !fitting.is_empty(),
                "/{} is not described; see conf/STATUS.md",
                path.join("/")
            );
            seen.extend(fitting);
        }
        let all = described
            .iter()
            .enumerate()
            .filter(|(number, _)| !seen.contains(number));
        let all = all.map(|(_, path)| format!("/{}", path.join("/")));
        missing = all
            .filter(|path| !RARE.iter().any(|rare| path.ends_with(rare)))
            .collect();
        missing.is_empty().then_some(())
    });
    assert!(done.is_some(), "described, and not shown: {missing:#?}");
    running.server.stop().unwrap();
}

fn push(running: &Running) {
    let address = format!("http://{}/push/", running.address());
    let mut command = std::process::Command::new(crate::harness::site::binary());
    command
        .arg("push")
        .arg(address)
        .args(["key", "create", "what it is"]);
    drop(command.output());
}

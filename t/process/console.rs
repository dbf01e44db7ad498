//! What Angie's console asks of the status tree, asked as it does: everything at the start, then each section
//! once a second. It looks at most members without checking that they are there.

use std::process::Command;

use serde_json::Value;

use crate::clients::have;
use crate::harness::client::{self, Connection, Response};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, compare, poll};

/// What it asks for again and again.
const POLLED: [&str; 10] = [
    "angie/",
    "connections/",
    "slabs/",
    "resolvers/",
    "http/server_zones/",
    "http/location_zones/",
    "http/caches/",
    "http/upstreams/",
    "http/limit_conns/",
    "http/limit_reqs/",
];

/// A server that has everything there is to show.
fn start() -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("a", "* /p/missing 404\n* * 200\n    | hello\n")
        .unwrap();
    site.add_origin("b", "* * 200\n").unwrap();
    Running::start_at(
        site,
        &Parts {
            http_config: "metric_zone hits:64k count;\n\
                 metric_complex_zone times:64k { n count; h histogram 1 2 inf; }\n\
                 upstream group { zone peers 256k; keepalive 4; server $ORIGIN_a weight=2 max_conns=50;\n\
                 server $ORIGIN_b backup; server 127.0.0.1:9 down; }\n\
                 server { listen 127.0.0.1:$PORT2 ssl; status_zone encrypted;\n\
                 ssl_certificate selfsigned:$DIR/c.pem; ssl_certificate_key selfsigned:$DIR/k.pem;\n\
                 location / { return 204; } }\n"
                .into(),
            config: "status_zone site; api_config_files on;\n\
                 location /console/api/ { api /status/; }\n\
                 location / { status_zone all; metric hits $uri; metric times k=1.5; return 200 hello; }\n\
                 location /p/ { status_zone proxied; proxy_pass http://group; }\n\
                 location /keyed/ { status_zone $arg_k zone=keyed:8; return 204; }\n"
                .into(),
            ..Parts::default()
        },
    )
}

fn ask(running: &Running, method: &str, path: &str) -> Response {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let target = format!("/console/api/{path}");
    connection
        .send(&client::head(method, &target, &[], None))
        .unwrap();
    connection.receive(method).unwrap()
}

fn get(running: &Running, path: &str) -> Value {
    let response = ask(running, "GET", path);
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    assert_eq!(response.header("content-type"), Some("application/json"));
    compare::parse_json(&response.body).unwrap()
}

fn traffic(running: &Running) {
    for target in ["/", "/a", "/p/x", "/p/missing", "/keyed/?k=one"] {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        connection.get(target).unwrap();
    }
    if have("curl") {
        let url = format!("https://127.0.0.1:{}/", running.site.second_port);
        let curl = Command::new("curl")
            .args(["-sSk", "--max-time", "30", &url])
            .status();
        assert!(curl.unwrap().success());
    }
}

/// A member that must be there, at a path with slashes.
fn member<'a>(node: &'a Value, path: &str) -> &'a Value {
    let found = node.pointer(&format!("/{path}"));
    found.unwrap_or_else(|| panic!("no {path} in {node}"))
}

fn counts(node: &Value, paths: &[&str]) {
    for path in paths {
        assert!(member(node, path).is_u64(), "{path} is no count in {node}");
    }
}

fn texts(node: &Value, paths: &[&str]) {
    for path in paths {
        assert!(
            member(node, path).is_string(),
            "{path} is no text in {node}"
        );
    }
}

/// The members of an object, which must have some.
fn each<'a>(node: &'a Value, path: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let members = member(node, path).as_object();
    let members = members.unwrap_or_else(|| panic!("{path} is no object in {node}"));
    assert!(!members.is_empty(), "nothing in {path}");
    members.iter()
}

fn responses(node: &Value) {
    for (code, count) in member(node, "responses").as_object().unwrap() {
        let is_code = code == "xxx"
            || code
                .parse()
                .is_ok_and(|code: u16| (100..600).contains(&code));
        assert!(is_code && count.is_u64(), "{code} in {node}");
    }
}

fn zone(node: &Value) {
    counts(
        node,
        &[
            "requests/total",
            "requests/discarded",
            "data/sent",
            "data/received",
        ],
    );
    responses(node);
}

fn peer(node: &Value) {
    texts(node, &["server", "state", "sid"]);
    counts(
        node,
        &[
            "weight",
            "selected/current",
            "selected/total",
            "data/sent",
            "data/received",
        ],
    );
    counts(
        node,
        &["health/fails", "health/unavailable", "health/downtime"],
    );
    assert!(member(node, "backup").is_boolean());
    let states = [
        "up",
        "down",
        "unavailable",
        "busy",
        "recovering",
        "draining",
    ];
    assert!(states.contains(&node["state"].as_str().unwrap()), "{node}");
    responses(node);
    if node["selected"]["total"] != 0 {
        counts(node, &["health/header_time", "health/response_time"]);
        texts(node, &["selected/last"]);
    }
}

/// Everything the console looks at.
fn check(tree: &Value) {
    texts(tree, &["angie/version", "angie/address", "angie/load_time"]);
    counts(tree, &["angie/generation"]);
    each(tree, "angie/config_files").for_each(|(_, text)| assert!(text.is_string()));
    let connections = ["accepted", "dropped", "active", "idle"];
    counts(&tree["connections"], &connections);
    for (_, slab) in each(tree, "slabs") {
        counts(slab, &["pages/used", "pages/free"]);
        assert!(member(slab, "slots").is_object());
    }
    for (name, node) in each(tree, "http/server_zones") {
        zone(node);
        counts(node, &["requests/processing"]);
        if name == "encrypted" {
            counts(
                node,
                &["ssl/handshaked", "ssl/reuses", "ssl/timedout", "ssl/failed"],
            );
        } else {
            assert!(node.get("ssl").is_none(), "{node}");
        }
    }
    each(tree, "http/location_zones").for_each(|(_, node)| zone(node));
    for (_, upstream) in each(tree, "http/upstreams") {
        counts(upstream, &["keepalive"]);
        texts(upstream, &["zone"]);
        let slab = upstream["zone"].as_str().unwrap();
        assert!(tree["slabs"].get(slab).is_some(), "{tree}");
        each(upstream, "peers").for_each(|(_, node)| peer(node));
    }
    for empty in [
        "resolvers",
        "http/caches",
        "http/limit_conns",
        "http/limit_reqs",
    ] {
        assert!(member(tree, empty).is_object());
    }
}

/// The tree as the console puts it together from what it polls.
fn poll_all(running: &Running) -> Value {
    let mut tree = get(running, "");
    for path in POLLED {
        let at = format!("/{}", path.trim_end_matches('/'));
        *tree.pointer_mut(&at).unwrap() = get(running, path);
    }
    tree
}

#[test]
fn the_start_tells_which_pages_there_are() {
    let running = start();
    for (path, keys) in [
        (
            "",
            &["angie", "connections", "slabs", "resolvers", "http"][..],
        ),
        (
            "http/",
            &[
                "server_zones",
                "location_zones",
                "caches",
                "limit_conns",
                "limit_reqs",
                "upstreams",
            ],
        ),
    ] {
        let answer = get(&running, path);
        keys.iter()
            .for_each(|key| assert!(member(&answer, key).is_object()));
    }
    let stream = ask(&running, "GET", "stream/");
    assert_eq!(stream.status, 404);
    let refusal = compare::parse_json(&stream.body).unwrap();
    assert_eq!(refusal["error"], "PathNotFound");
    let path = "config/http/upstreams/__ANGIE_TEST_UPSTREAM__/servers/__ANGIE_TEST_SERVER__/";
    let probe = ask(&running, "DELETE", path);
    assert_eq!(probe.status, 405, "405 says that nothing can be written");
    let refusal = compare::parse_json(&probe.body).unwrap();
    assert_eq!(refusal["error"], "MethodNotAllowed");
    running.server.stop().unwrap();
}

#[test]
fn every_poll_finds_what_it_looks_at_and_counts_grow() {
    let running = start();
    check(&poll_all(&running));
    traffic(&running);
    let first = poll_all(&running);
    check(&first);
    traffic(&running);
    let group = running
        .site
        .substitute("http/upstreams/group/peers/$ORIGIN_a");
    let mut growing: Vec<String> = [
        "connections/accepted",
        "http/server_zones/site/requests/total",
        "http/server_zones/site/responses/200",
        "http/server_zones/site/data/received",
        "http/server_zones/site/data/sent",
        "http/location_zones/all/requests/total",
        "http/location_zones/one/requests/total",
        "http/location_zones/proxied/responses/404",
        "http/location_zones/proxied/data/sent",
        "http/metric_zones/hits/metrics/~1a",
        "http/metric_zones/times/metrics/k/h/2",
    ]
    .map(str::to_owned)
    .into();
    let of_peer = [
        "selected/total",
        "responses/200",
        "responses/404",
        "data/sent",
        "data/received",
    ];
    growing.extend(of_peer.map(|path| format!("{group}/{path}")));
    if have("curl") {
        growing.push("http/server_zones/encrypted/ssl/handshaked".into());
    }
    let grown = poll(PATIENCE, || {
        let next = poll_all(&running);
        check(&next);
        let number = |tree: &Value, path: &str| member(tree, path).as_u64().unwrap();
        let stays = |path: &&String| number(&next, path) <= number(&first, path);
        let standing: Vec<&String> = growing.iter().filter(stays).collect();
        standing.is_empty().then_some(())
    });
    assert!(grown.is_some(), "{first}\n{}", poll_all(&running));
    running.server.stop().unwrap();
}

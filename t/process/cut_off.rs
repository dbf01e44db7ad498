//! Requests that a worker may not wait for end like all others, once: with a line in the log, with what is counted
//! at their end, in their server's zone, and before the last snapshot.
//!
//! `CUT_ROUNDS=100` makes it long.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use crate::harness::client::Connection;
use crate::harness::load;
use crate::harness::origin::serving;
use crate::harness::server::Server;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};
use crate::lasting::reboot;

/// What clients are in the middle of, and what the log says about it then.
const KINDS: &[(&str, &str)] = &[
    ("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n", "/silent 000"),
    ("GET /half HTTP/1.1\r\nHost: a\r\n\r\n", "/half 200"),
    ("GET /chunks HTTP/1.1\r\nHost: a\r\n\r\n", "/chunks 200"),
    (
        "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        "/upload 000",
    ),
    (
        "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        "/upload 000",
    ),
    (
        "PUT /push/k HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1",
        "/push/k 000",
    ),
    (
        "GET /tunnel HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "/tunnel 101",
    ),
    ("GET /file HTTP/1.1\r\nHost: a\r\n\r\n", "/file 200"),
    ("GET /page HTTP/1.1\r\nHost: a\r\n\r\n", "/page 200"),
    ("GET /asking HTTP/1.1\r\nHost: a\r\n\r\n", "/asking 000"),
    (
        "POST /asking HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        "/asking 000",
    ),
    (
        "GET /asking/instead HTTP/1.1\r\nHost: a\r\n\r\n",
        "/asking/instead 000",
    ),
    ("GET /delayed HTTP/1.1\r\nHost: a\r\n\r\n", "/delayed 000"),
    ("GET /spread HTTP/1.1\r\nHost: a\r\n\r\n", "/spread 000"),
];
/// Those of them that wait before the phase in which metrics of requests are updated.
const WAITING: usize = 4;
/// Those that wait before they ask for room.
const OUTSIDE: usize = 1;
/// The same for a head that is not whole, behind a request that is answered.
const HALF_A_HEAD: &str = "GET /done HTTP/1.1\r\nHost: a\r\n\r\nGET /head HTTP/1.1\r\nHos";
/// How often each.
const EACH: usize = 2;
const ALL: usize = EACH * (KINDS.len() + 1);

/// Never says its last word.
fn stall(mut stream: TcpStream) -> std::io::Result<()> {
    let mut bytes = [0; 4096];
    let count = stream.read(&mut bytes)?;
    let head = String::from_utf8_lossy(&bytes[..count]).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default();
    stream.write_all(match target {
        "/half" => b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        "/chunks" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "/tunnel" => {
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi"
        }
        _ => b"",
    })?;
    while stream.read(&mut bytes)? > 0 {}
    Ok(())
}

fn parts(origin: SocketAddr) -> Parts {
    let config = "status_zone all; access_log $DIR/access.log c;\n\
         metric under_way now=1 on=request; metric under_way now=-1 on=end; metric ended all on=end;\n\
         metric answered all on=response;\n\
         proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;\n\
         proxy_set_header Connection $http_connection;\n\
         location / { proxy_pass http://$ORIGIN; }\n\
         location /asking { auth_request /silent; try_files /none =204; }\n\
         location /asking/instead { proxy_pass http://127.0.0.1:1; error_page 502 = @asking; }\n\
         location @asking { auth_request /silent; try_files /none =204; }\n\
         location /delayed { auth_request /401; auth_delay 60s; }\n\
         location /401 { return 401; }\n\
         location /spread { jitter 100000h; jitter_max 100000h; try_files /none =204; }\n\
         backpressure room;\n\
         location /push/ { metric_push pushed create=on; }\n\
         location = /done { access_log off; return 204; }\n\
         location = /file { }\n\
         location = /page { prometheus page; }\n";
    Parts {
        main_config: "worker_processes 2;\nworker_shutdown_timeout 300ms;\n".into(),
        http_config:
            "keepalive_requests 100000;\nlog_format c '$request_uri $status';\naccess_log off;\n\
             metric_zone under_way:64k:file=$DIR/under_way sync=exit gauge;\n\
             metric_zone ended:64k:file=$DIR/ended sync=exit count;\n\
             metric_zone answered:64k count;\nmetric_zone pushed:64k gauge;\n\
             backpressure_zone room:64k min=1000 interval=1h stale=2h { signal s path=/none; }\n\
             metric_complex_zone keys:16m { a count; b count; c gauge; d last; e max; f min; }\n\
             prometheus_template page { 'v{key=\"$1\",of=\"$2\"}' $p8s_value \
                 path=~^/http/metric_zones/keys/metrics/([^/]+)/(.+)$; }\n\
             server { listen 8080; location / { metric keys $arg_k=1; return 204; } }\n"
                .into(),
        config: config.replace("$ORIGIN", &origin.to_string()),
        ..Parts::default()
    }
}

fn start() -> Running {
    let parts = parts(serving(|stream, _| stall(stream)));
    let site = Site::create().unwrap();
    let file = File::create(site.directory.join("html/file")).unwrap();
    // More than waits on its way to a client that does not read.
    file.set_len(256 << 20).unwrap();
    let running = Running::start_at(site, &parts);
    let second = running.site.address(running.site.second_port);
    load::pipeline(second, 8000, 100, |number| format!("/?k={number:0>240}"));
    running
}

/// Brings requests of all kinds under way, and waits until they are.
fn begin(running: &Running) -> Vec<TcpStream> {
    let connect = |text: &str| {
        let mut stream = TcpStream::connect(running.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let before = running.status("http/metric_zones/answered/metrics/all");
    let before = before.as_u64().unwrap_or(0) as usize;
    let mut streams = Vec::new();
    for _ in 0..EACH {
        let mut half = connect(HALF_A_HEAD);
        assert!(half.read(&mut [0; 512]).unwrap() > 0);
        streams.push(half);
        for (text, line) in KINDS {
            let mut stream = connect(text);
            if ["/file 200", "/page 200"].contains(line) {
                assert!(stream.read(&mut [0; 1]).unwrap() > 0, "{line}");
            }
            streams.push(stream);
        }
    }
    // One that waits for nothing.
    let mut idle = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(idle.get("/done").unwrap().status, 204);
    let processing = json!(EACH * KINDS.len());
    running.expect_status("http/server_zones/all/requests/processing", &processing);
    let inside = json!(EACH * (KINDS.len() - OUTSIDE));
    running.expect_status("http/backpressure_zones/room/active", &inside);
    let under_way = json!({ "now": EACH * (KINDS.len() - WAITING) });
    running.expect_status("http/metric_zones/under_way/metrics", &under_way);
    let answered = KINDS.iter().filter(|(_, line)| !line.ends_with("000"));
    let answered = json!({ "all": before + EACH * (answered.count() + 1) + 1 });
    running.expect_status("http/metric_zones/answered/metrics", &answered);
    streams
}

/// Checks what is left of the requests of this many rounds.
fn expect_all_ended(running: &Running, rounds: usize) {
    running.expect_status("http/metric_zones/under_way/metrics", &json!({ "now": 0 }));
    // No evaluation has given anything back: there is none for an hour.
    running.expect_status("http/backpressure_zones/room/active", &json!(0));
    let done = rounds * (EACH + 1);
    let ended = json!({ "all": rounds * ALL + done });
    running.expect_status("http/metric_zones/ended/metrics", &ended);
    let mut lines: Vec<String> = Vec::new();
    let whole = poll(PATIENCE, || {
        lines = running
            .site
            .read("access.log")
            .lines()
            .map(Into::into)
            .collect();
        (lines.len() >= rounds * ALL).then_some(())
    });
    lines.sort();
    let mut expected: Vec<&str> = KINDS.iter().map(|(_, line)| *line).collect();
    expected.push("/head 000");
    let mut expected = expected.repeat(EACH * rounds);
    expected.sort_unstable();
    assert!(whole.is_some() && lines == expected, "{lines:#?}");
}

fn rounds() -> usize {
    let asked = std::env::var("CUT_ROUNDS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(1)
}

#[test]
fn by_a_reload() {
    let running = start();
    for round in 1..=rounds() {
        let before = running.server.workers();
        let _streams = begin(&running);
        if let Err(message) = running.server.reload(running.control()) {
            panic!("{message}\n{}", running.site.read("error.log"));
        }
        let gone = poll(PATIENCE, || {
            let now = running.server.workers();
            (!before
                .iter()
                .any(|old| now.iter().any(|one| one.id == old.id)))
            .then_some(())
        });
        assert!(gone.is_some());
        expect_all_ended(&running, round);
        let zone = running.status("http/server_zones/all");
        let count = |value: &Value| value.as_u64().unwrap();
        let requests = &zone["requests"];
        let responses: u64 = zone["responses"]
            .as_object()
            .unwrap()
            .values()
            .map(count)
            .sum();
        assert_eq!(requests["processing"], json!(0));
        assert_eq!(count(&requests["total"]), (round * (ALL + EACH + 1)) as u64);
        // Those without a status, at least.
        assert!(count(&requests["discarded"]) >= (round * 5 * EACH) as u64);
        assert_eq!(
            count(&requests["total"]),
            count(&requests["discarded"]) + responses
        );
    }
    running.server.stop().unwrap();
}

/// Ends the server by this, and looks at what it left on disk.
fn by_signals(signals: &[&str]) {
    let mut running = start();
    for round in 1..=rounds() {
        let _streams = begin(&running);
        for name in signals {
            running.server.signal(name);
        }
        let status = running.server.wait_for_exit(PATIENCE).unwrap();
        assert!(status.success(), "{status}");
        for zone in ["under_way", "ended"] {
            reboot(&running.site, zone);
        }
        let Running { server, site } = running;
        drop(server);
        let main_file = site.directory.join("test.conf");
        let server = Server::start(&main_file, &site.directory, &[], site.address(site.port));
        running = Running {
            server: server.unwrap(),
            site,
        };
        let second = running.site.address(running.site.second_port);
        load::pipeline(second, 8000, 100, |number| format!("/?k={number:0>240}"));
        expect_all_ended(&running, round);
    }
    running.server.stop().unwrap();
}

#[test]
fn by_quit() {
    by_signals(&["QUIT"]);
}

#[test]
fn by_term() {
    by_signals(&["TERM"]);
}

#[test]
fn by_term_after_quit() {
    by_signals(&["QUIT", "TERM"]);
}

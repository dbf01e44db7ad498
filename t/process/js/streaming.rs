//! Bodies that leave while their scripts go on: what arrives when, clients that leave, and clients that read nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::client::Connection;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const SCRIPT: &str = r#"
function wait(ms) { return new Promise((resolve) => { setTimeout(resolve, ms); }); }
async function stream(r) {
    r.status = 203;
    r.headersOut["X-Stream"] = "1";
    r.sendHeader();
    r.send("first,");
    for (;;) {
        const gate = await r.subrequest("/status/http/metric_zones/gate/metrics/open");
        if (gate.status === 200) { break; }
        await wait(5);
    }
    r.send("second,");
    r.send(r.uri + r.headersOut["X-Stream"] + r.status);
    r.variables.said = "at the end";
    r.finish();
    await wait(5);
    r.variables.metric_behind = "behind=1";
}
async function ticks(r) {
    r.sendHeader();
    for (;;) { r.send("."); r.variables.metric_ticks = "tick=1"; await wait(5); }
}
async function flood(r) {
    r.sendHeader();
    try {
        for (let i = 0; i < 300; i++) { r.send("x".repeat(1 << 20)); await wait(0); }
    } catch (e) { r.error("flood: " + e.message); throw e; }
}
async function fails(r) { r.sendHeader(); r.send("half"); await wait(1); throw new Error("broken within"); }
async function twice(r) {
    r.sendHeader(); r.send("half"); await wait(1);
    r.return(200, "too late");
}
async function ends(r) { r.sendHeader(); r.send("all"); await wait(1); }
export default { stream, ticks, flood, fails, twice, ends };
"#;

fn start() -> Running {
    let site = Site::create().unwrap();
    site.add_file("main.js", SCRIPT).unwrap();
    let parts = Parts {
        http_config: "js_import $DIR/main.js; js_var $said nothing;
            metric_zone gate:128k count; metric_zone ticks:128k count;
            metric_zone behind:128k count; metric_zone ended:128k count;"
            .to_owned(),
        config: "location /stream { js_content main.stream; metric ended $said; }
            location /packed { gzip on; gzip_min_length 1; gzip_types *; js_content main.stream; }
            location /added { default_type text/html; add_before_body /stream; add_after_body /ends; return 200 ,; }
            location /ticks { js_content main.ticks; }
            location /flood { js_content main.flood; }
            location /fails { js_content main.fails; }
            location /twice { js_content main.twice; }
            location /ends { js_content main.ends; }
            location /open { metric gate open; return 204; }"
            .to_owned(),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

fn ask(running: &Running, target: &str) -> TcpStream {
    let mut client = TcpStream::connect(running.address()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    client
}

/// Reads on until what has come ends like this.
fn read_to(client: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    let mut place = [0; 4096];
    while !String::from_utf8_lossy(&read).ends_with(end) {
        let amount = client.read(&mut place).unwrap();
        assert!(amount > 0, "{}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&place[..amount]);
    }
    String::from_utf8(read).unwrap()
}

fn get(running: &Running, target: &str) -> Option<(u16, String)> {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let response = connection.get(target).ok()?;
    Some((response.status, response.text()))
}

fn metrics(running: &Running, zone: &str) -> serde_json::Value {
    let (_, told) = get(
        running,
        &format!("/status/http/metric_zones/{zone}/metrics/"),
    )
    .unwrap();
    serde_json::from_str(&told).unwrap()
}

#[test]
fn what_is_sent_arrives_while_the_script_goes_on() {
    let running = start();
    let mut client = ask(&running, "/stream");
    let begun = read_to(&mut client, "6\r\nfirst,\r\n");
    assert!(begun.starts_with("HTTP/1.1 203 "), "{begun}");
    assert!(begun.contains("X-Stream: 1\r\n"), "{begun}");
    assert_eq!(get(&running, "/open").unwrap().0, 204);
    let rest = read_to(&mut client, "0\r\n\r\n");
    assert_eq!(rest, "12\r\nsecond,/stream1203\r\n0\r\n\r\n");
    // The connection goes on, and so did the script.
    let again = "GET /ends HTTP/1.1\r\nHost: x\r\n\r\n";
    client.write_all(again.as_bytes()).unwrap();
    assert!(read_to(&mut client, "0\r\n\r\n").contains("\r\n3\r\nall\r\n"));
    let is_behind = || (metrics(&running, "behind")["behind"] == 1).then_some(());
    poll(PATIENCE, is_behind).expect("the script goes on behind its answer");
    assert_eq!(metrics(&running, "ended")["at the end"], 1);
    assert_eq!(
        get(&running, "/added").unwrap().1,
        "first,second,/stream1203,all"
    );
    running.server.stop().unwrap();
}

#[test]
fn a_script_that_fails_within_its_body_breaks_it_off() {
    let running = start();
    for target in ["/fails", "/twice"] {
        let mut client = ask(&running, target);
        let mut read = String::new();
        let _ = client.read_to_string(&mut read);
        assert!(read.ends_with("4\r\nhalf\r\n"), "{target}: {read}");
    }
    let log = running.site.read("error.log");
    assert!(log.contains("Error: broken within"), "{log}");
    assert!(
        log.contains("the head of the answer was sent already"),
        "{log}"
    );
    running.server.stop().unwrap();
}

#[test]
fn a_script_ends_when_its_client_leaves() {
    let running = start();
    let mut client = ask(&running, "/ticks");
    read_to(&mut client, "1\r\n.\r\n");
    drop(client);
    let begun = Instant::now();
    let mut last = metrics(&running, "ticks")["tick"].clone();
    let has_ended = || {
        std::thread::sleep(Duration::from_millis(300));
        let now = metrics(&running, "ticks")["tick"].clone();
        let is_still = now == last;
        last = now;
        is_still.then_some(())
    };
    poll(PATIENCE, has_ended).expect("the script goes on for nobody");
    assert!(begun.elapsed() < PATIENCE);
    running.server.stop().unwrap();
}

#[test]
fn a_client_that_reads_nothing_has_only_so_much_wait_for_it() {
    let running = start();
    let client = ask(&running, "/flood");
    let is_told = || {
        let log = running.site.read("error.log");
        log.contains("flood: the client does not take what is sent")
            .then_some(())
    };
    poll(PATIENCE, is_told).expect("no end of what waits");
    drop(client);
    assert_eq!(get(&running, "/ends").unwrap().1, "all");
    running.server.stop().unwrap();
}

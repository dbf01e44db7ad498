//! Sessions of clients that speak HTTP/2: many requests over one connection, each with its own bytes.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::thread;

use super::{count, expect, paced, zone};
use crate::clients::have;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

fn start(zone: &str, config: &str) -> Running {
    let site = Site::create().unwrap();
    site.add_file("html/hello", "hello").unwrap();
    site.add_file("html/long", &"z".repeat(400_000)).unwrap();
    Running::start_at(
        site,
        &Parts {
            http_config: format!(
                "http2 on;\nlog_format sums '$arg_id $request_length $bytes_sent';\nsession_zone s:256k {zone};\n\
                 server {{ listen 127.0.0.1:$PORT2 ssl; ssl_certificate selfsigned:$DIR/crt; root $DIR/html;\n\
                 ssl_certificate_key selfsigned:$DIR/key; access_log $DIR/sums sums;\n{config} }}\n"
            ),
            config: format!("access_log $DIR/sums sums;\n{config}"),
            ..Parts::default()
        },
    )
}

/// curl asks for these targets; false if it says that something was wrong. Over an encrypted connection it is one for all of
/// them; of unencrypted ones this curl uses none twice, whoever the server is.
fn curl(running: &Running, is_encrypted: bool, targets: &[&str], more: &[&str]) -> bool {
    let address = running.address();
    if !is_encrypted {
        let one = |target: &&str| {
            ask(
                &["--http2-prior-knowledge"],
                more,
                &[format!("http://{address}{target}")],
            )
        };
        return targets.iter().all(one);
    }
    let port = running.site.second_port;
    let urls = targets
        .iter()
        .map(|target| format!("https://127.0.0.1:{port}{target}"));
    ask(&["--http2", "--parallel"], more, &urls.collect::<Vec<_>>())
}

fn ask(door: &[&str], more: &[&str], urls: &[String]) -> bool {
    let mut curl = Command::new("curl");
    curl.args(["-sfk", "--max-time", "60"])
        .args(door)
        .args(more);
    for url in urls {
        curl.args(["-o", "/dev/null", url]);
    }
    curl.stderr(Stdio::null()).status().unwrap().success()
}

/// What the access log has of each id: requests, bytes received, bytes sent.
fn sums(running: &Running, requests: u64) -> BTreeMap<String, (u64, u64, u64)> {
    let mut text = String::new();
    let is_whole = poll(PATIENCE, || {
        text = running.site.read("sums");
        (text.lines().count() as u64 == requests).then_some(())
    });
    assert!(is_whole.is_some(), "{text}");
    let mut sums: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let sum = sums.entry(words[0].into()).or_default();
        sum.0 += 1;
        sum.1 += words[1].parse::<u64>().unwrap();
        sum.2 += words[2].parse::<u64>().unwrap();
    }
    sums
}

#[test]
fn requests_of_one_connection_have_each_their_own_bytes() {
    if !have("curl") {
        return;
    }
    for is_encrypted in [true, false] {
        let config = "location / { session s $arg_id; try_files $uri =404; }\n";
        let running = start("timeout=60s", config);
        let targets = [
            "/long?id=a",
            "/hello?id=b",
            "/long?id=c",
            "/hello?id=a",
            "/long?id=b",
        ];
        assert!(curl(&running, is_encrypted, &targets, &[]));
        for (id, (requests, rx, tx)) in sums(&running, 5) {
            assert_eq!(count(&running, &format!("active/{id}/requests")), requests);
            expect(&running, &format!("active/{id}/rx/bytes"), rx);
            expect(&running, &format!("active/{id}/tx/bytes"), tx);
        }
        let shown = zone(&running);
        let sent = shown["tx"]["bytes"].as_u64().unwrap();
        assert!((1_200_010..1_205_000).contains(&sent), "{shown:#}");
        running.server.stop().unwrap();
    }
}

#[test]
fn an_upload_counts_and_a_head_alone_activates_nothing() {
    if !have("curl") {
        return;
    }
    let config = "location / { session s $arg_id; try_files $uri =404; }\n\
        location /up { session s $arg_id; client_max_body_size 0; proxy_pass http://127.0.0.1:$PORT/sink; }\n\
        location /sink { client_max_body_size 0; access_log off; proxy_pass http://$ORIGIN_o; }\n";
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | taken\n").unwrap();
    site.add_file("html/long", &"z".repeat(400_000)).unwrap();
    let running = Running::start_at(
        site,
        &Parts {
            http_config: "http2 on;\nlog_format sums '$arg_id $request_length $bytes_sent';\nsession_zone s:256k timeout=60s pending=60s;\n"
                .into(),
            config: format!("access_log $DIR/sums sums;\n{config}"),
            ..Parts::default()
        },
    );
    running.site.add_file("body", &"u".repeat(300_000)).unwrap();
    let body = format!("{}/body", running.site.directory.display());
    assert!(curl(&running, false, &["/up?id=up"], &["-T", &body]));
    assert!(curl(&running, false, &["/long?id=head"], &["--head"]));
    let all = sums(&running, 2);
    let (_, rx, tx) = all["up"];
    assert!(rx > 300_000);
    expect(&running, "active/up/rx/bytes", rx);
    expect(&running, "active/up/tx/bytes", tx);
    assert_eq!(
        (
            count(&running, "sessions/pending"),
            count(&running, "sessions/active")
        ),
        (1, 1)
    );
    running.server.stop().unwrap();
}

#[test]
fn a_rate_is_live_and_limits_hold_within_one_connection() {
    if !have("curl") {
        return;
    }
    const RATE: u64 = 256 * 1024;
    let origin = paced::origin(20 * RATE, RATE);
    let config = format!(
        "location / {{ session s $arg_id; session_status 509; proxy_pass http://{origin}; }}\n\
         location /long {{ session s $arg_id; session_status 509; try_files $uri =404; }}\n"
    );
    let running = start("timeout=2s max_sessions=2", &config);
    thread::scope(|scope| {
        let slow = scope.spawn(|| curl(&running, true, &["/?id=slow"], &[]));
        expect(&running, "sessions/active", 1);
        let is_live = poll(PATIENCE, || {
            let bitrate = count(&running, "active/slow/tx/bitrate") as f64 / (8 * RATE) as f64;
            (0.5..1.5).contains(&bitrate).then_some(())
        });
        assert!(is_live.is_some(), "{:#}", zone(&running));
        assert!(curl(&running, true, &["/long?id=b", "/long?id=b"], &[]));
        assert!(!curl(&running, true, &["/long?id=c"], &[]));
        let shown = zone(&running);
        assert_eq!(shown["rejected"]["sessions"], 1, "{shown:#}");
        assert!(slow.join().unwrap());
    });
    expect(&running, "sessions/active", 0);
    let all = sums(&running, 4);
    let shown = zone(&running);
    let sent = all["slow"].2 + all["b"].2;
    assert_eq!(shown["summary"]["tx_bytes"], sent, "{shown:#}");
    running.server.stop().unwrap();
}

#[test]
fn a_client_that_leaves_has_what_was_sent() {
    if !have("curl") {
        return;
    }
    let origin = paced::origin(100 << 20, 1 << 20);
    let config = format!("location / {{ session s $arg_id; proxy_pass http://{origin}; }}\n");
    let running = start("timeout=60s", &config);
    assert!(!curl(&running, true, &["/?id=left"], &["--max-time", "2"]));
    let all = sums(&running, 1);
    let (_, rx, tx) = all["left"];
    assert!(tx > 100_000 && tx < 20 << 20, "{tx}");
    expect(&running, "active/left/tx/bytes", tx);
    expect(&running, "active/left/rx/bytes", rx);
    running.server.stop().unwrap();
}

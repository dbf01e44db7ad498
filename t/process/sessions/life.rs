//! From pending to active to closed, and rates while bytes go.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{ask, count, expect, paced, start, zone};
use crate::clients::have;
use crate::harness::server::{children, signal};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// A zone with short times, and a location whose segments activate.
fn parts() -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: "session_zone s:256k timeout=6s pending=1s;\n\
            map $uri $is_media { ~\\.ts$ 1; default \"\"; }\n"
            .into(),
        config: "location / { session s $arg_id reference=r location=$uri activate=$is_media; try_files /hello =404; }\n"
            .into(),
        ..Parts::default()
    }
}

#[test]
fn a_pending_session_leaves_no_trace_and_an_idle_one_is_closed() {
    let running = start(&parts());
    assert_eq!(ask(&running, "GET", "/list?id=a", None), 200);
    assert_eq!(count(&running, "sessions/pending"), 1);
    assert_eq!(ask(&running, "GET", "/list?id=b", None), 200);
    assert_eq!(ask(&running, "GET", "/1.ts?id=b", None), 200);
    assert_eq!(count(&running, "sessions/active"), 1);
    let last = Instant::now();
    expect(&running, "sessions/pending", 0);
    let shown = zone(&running);
    assert_eq!(shown["sessions"]["total"], 1, "{shown:#}");
    assert_eq!(shown["active"]["b"]["location"], "/list", "{shown:#}");
    assert_eq!(shown["active"]["b"]["requests"], 2, "{shown:#}");
    expect(&running, "sessions/active", 0);
    // Six seconds and the sweep that follows; the machine may be busy, but never early.
    assert!(
        last.elapsed() >= Duration::from_secs(5),
        "{:?}",
        last.elapsed()
    );
    let shown = zone(&running);
    let row = shown["summary"]["references"]["r"].clone();
    assert_eq!(row["sessions"], 1, "{shown:#}");
    assert_eq!(row["tx_bytes"], shown["tx"]["bytes"], "{shown:#}");
    assert_eq!(
        shown["summary"]["peers"]["unknown"]["sessions"], 1,
        "{shown:#}"
    );
    assert_eq!(shown["active"], json!({}), "{shown:#}");
    running.server.stop().unwrap();
}

#[test]
fn whoever_sweeps_may_die() {
    let running = start(&parts());
    assert_eq!(ask(&running, "GET", "/1.ts?id=a", None), 200);
    let keeper = poll(PATIENCE, || {
        let all = children(running.server.id());
        all.into_iter()
            .find(|one| one.title.contains("keeper process"))
    });
    signal(&keeper.unwrap().id.to_string(), "KILL");
    expect(&running, "sessions/active", 0);
    assert_eq!(zone(&running)["summary"]["sessions"], 1);
    running.server.stop().unwrap();
}

#[test]
fn a_rate_is_told_while_one_transfer_goes_on_and_the_top_decays_after_it() {
    const RATE: u64 = 512 * 1024;
    if !have("curl") {
        return;
    }
    let origin = paced::origin(14 * RATE, RATE);
    let parts = Parts {
        http_config: "session_zone s:256k timeout=60s;\n".into(),
        config: format!("location / {{ session s one; proxy_pass http://{origin}; }}\n"),
        ..Parts::default()
    };
    let running = start(&parts);
    let url = format!("http://{}/", running.address());
    let written = "%{size_download} %{size_header}";
    let mut curl = std::process::Command::new("curl");
    curl.args(["-s", "-o", "/dev/null", "-w", written, &url]);
    let curl = thread::spawn(move || curl.output().unwrap());
    let begun = Instant::now();
    thread::sleep(Duration::from_secs(12));
    let shown = zone(&running);
    assert!(!curl.is_finished(), "{shown:#}");
    // A busy machine may be late with a step; what it is late with follows.
    let near = |value: f64, expected: f64, part: f64| (value / expected - 1.0).abs() <= part;
    let bits = (8 * RATE) as f64;
    for path in [
        &shown["tx"]["bitrate"],
        &shown["active"]["one"]["tx"]["bitrate"],
    ] {
        assert!(
            near(path.as_f64().unwrap(), bits, 0.1),
            "{:?}: {shown:#}",
            begun.elapsed()
        );
    }
    let output = curl.join().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let sizes: Vec<u64> = told.split(' ').map(|one| one.parse().unwrap()).collect();
    let shown = zone(&running);
    assert_eq!(
        shown["active"]["one"]["tx"]["bytes"],
        sizes[0] + sizes[1],
        "{shown:#}"
    );
    assert_eq!(shown["tx"]["bytes"], sizes[0] + sizes[1], "{shown:#}");
    expect_decay(&running);
    running.server.stop().unwrap();
}

/// Once nothing is sent, the top of the session goes down by a twentieth each second.
fn expect_decay(running: &Running) {
    let top = || {
        running
            .status("http/session_zones/s/active/one/tx/top")
            .as_f64()
            .unwrap()
    };
    // While bytes are within the window the mean holds the top up.
    let first = poll(PATIENCE, || {
        let bitrate = count(running, "active/one/tx/bitrate");
        (bitrate == 0).then(|| (Instant::now(), top()))
    });
    let (at, first) = first.unwrap();
    thread::sleep(Duration::from_secs(10).saturating_sub(at.elapsed()));
    let decayed = top() / first;
    let seconds = at.elapsed().as_secs_f64();
    let (least, most) = (0.95_f64.powf(seconds + 1.0), 0.95_f64.powf(seconds - 1.0));
    assert!(
        (least..=most).contains(&decayed),
        "{decayed} after {seconds} s"
    );
}

#[test]
fn a_good_end_closes_what_is_active_and_logs_are_opened_anew() {
    let mut parts = parts();
    parts.http_config = parts
        .http_config
        .replace("timeout=6s", "timeout=60s log=$DIR/closed");
    parts.config += "location /close { session s $arg_id close=1; try_files /hello =404; }\n";
    let running = start(&parts);
    let lines = |name: &str| running.site.read(name).lines().count();
    assert_eq!(ask(&running, "GET", "/close?id=first", None), 200);
    assert!(poll(PATIENCE, || (lines("closed") == 1).then_some(())).is_some());
    let path = |name: &str| running.site.directory.join(name);
    std::fs::rename(path("closed"), path("closed.old")).unwrap();
    running.server.signal("USR1");
    let opened = poll(PATIENCE, || path("closed").exists().then_some(()));
    assert!(opened.is_some());
    // Each worker opens it by itself.
    let written = poll(PATIENCE, || {
        assert_eq!(ask(&running, "GET", "/close?id=next", None), 200);
        (lines("closed") > 0).then_some(())
    });
    assert!(written.is_some());
    assert_eq!(ask(&running, "GET", "/1.ts?id=active", None), 200);
    assert_eq!(ask(&running, "GET", "/list?id=pending", None), 200);
    let Running { server, site } = running;
    server.stop().unwrap();
    let text = site.read("closed");
    assert!(
        text.lines()
            .any(|line| line.contains(" \"active\" \"r\" \"/1.ts\" \"unknown\" ")),
        "{text}"
    );
    assert!(!text.contains("pending"), "{text}");
}

//! More peers than a zone has room for, and names of any bytes.

use serde_json::Value;

use super::{number, start, zone};
use crate::clients::have;
use crate::harness::client::Connection;
use crate::harness::load::pipeline;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, exposition, server};

fn parts(room: &str) -> Parts {
    Parts {
        http_config: format!("session_zone s:1m {room};\nkeepalive_requests 100000000;\n"),
        config: "location / { session s $arg_p peer=$arg_p location=$arg_p reference=r close=1; try_files /hello =404; }\n"
            .into(),
        ..Parts::default()
    }
}

fn sums(rows: &Value) -> [u64; 3] {
    let rows = rows.as_object().unwrap().values();
    rows.fold([0; 3], |sum, row| {
        let of = |name: &str| row[name].as_u64().unwrap();
        [
            sum[0] + of("sessions"),
            sum[1] + of("rx_bytes"),
            sum[2] + of("tx_bytes"),
        ]
    })
}

/// Bytes of memory that the workers hold.
fn resident(running: &Running) -> u64 {
    let workers = running.server.workers();
    let of = |worker: &server::Process| {
        let text = std::fs::read_to_string(format!("/proc/{}/status", worker.id)).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    };
    workers.iter().map(of).sum()
}

#[test]
fn what_finds_no_place_is_summed_up_under_the_discard_key() {
    let peers = number("SESSION_PEERS", 20_000);
    let running = start(&parts("expire=on discard_key=other"));
    pipeline(running.address(), 1000, 50, |peer| {
        format!("/?p=warm{peer}")
    });
    let before = resident(&running);
    pipeline(running.address(), peers, 50, |peer| {
        format!("/?p=peer{peer}.example")
    });
    let grown = resident(&running).saturating_sub(before);
    assert!(grown < 8 << 20, "{grown}");
    let summary = zone(&running)["summary"].clone();
    let totals = [
        summary["sessions"].as_u64().unwrap(),
        summary["rx_bytes"].as_u64().unwrap(),
        summary["tx_bytes"].as_u64().unwrap(),
    ];
    assert_eq!(totals[0], peers as u64 + 1000);
    for rows in ["peers", "locations", "references"] {
        assert_eq!(sums(&summary[rows]), totals, "{rows}");
    }
    let other = &summary["peers"]["other"];
    assert!(other["sessions"].as_u64().unwrap() > 0, "{other}");
    for peer in summary["peers"].as_object().unwrap().values().take(500) {
        let all = ["sessions", "rx_bytes", "tx_bytes"].map(|name| peer[name].as_u64().unwrap());
        assert_eq!(sums(&peer["locations"]), all, "{peer:#}");
    }
    running.server.stop().unwrap();
}

#[test]
fn a_full_zone_serves_on_and_counts_what_it_could_not_keep() {
    let running = start(&parts("expire=off"));
    pipeline(running.address(), 20_000, 50, |peer| {
        format!("/?p=peer{peer}.example")
    });
    let shown = zone(&running);
    assert!(
        shown["discarded"].as_u64().unwrap() > 0,
        "{:#}",
        shown["discarded"]
    );
    assert_eq!(shown["sessions"]["active"], 0);
    running.server.stop().unwrap();
}

#[test]
fn names_of_any_bytes_are_shown_apart_and_as_what_they_are() {
    let http_config = "session_zone s:4m;\n\
        prometheus_template p { 'session_bytes{id=\"$1\",place=\"active\"}' $p8s_value \
        path=~^/http/session_zones/s/active/(.+)/tx/bytes$ type=gauge help=Bytes; }\n";
    let running = start(&Parts {
        http_config: http_config.into(),
        config: "location / { session s $uri location=$uri peer=$uri reference=$uri extra=$uri close=$arg_close;\n\
                 try_files /hello =404; }\n\
                 location = /metrics { prometheus p; }\n"
            .into(),
        ..Parts::default()
    });
    let targets = targets();
    pipeline(running.address(), targets.len(), 16, |number| {
        targets[number].clone()
    });
    let shown = zone(&running);
    assert_eq!(
        shown["sessions"]["active"],
        targets.len(),
        "{:#}",
        shown["sessions"]
    );
    assert_eq!(shown["active"].as_object().unwrap().len(), targets.len());
    for target in &targets {
        let name = target.replace('/', "%2F");
        assert_eq!(
            super::count(&running, &format!("active/{name}/requests")),
            1,
            "{target}"
        );
    }
    expect_page(&running, targets.len());
    pipeline(running.address(), targets.len(), 16, |number| {
        format!("{}?close=1", targets[number])
    });
    let summary = zone(&running)["summary"].clone();
    for rows in ["peers", "locations", "references"] {
        assert_eq!(
            summary[rows].as_object().unwrap().len(),
            targets.len(),
            "{rows}"
        );
        for target in targets.iter().step_by(7) {
            let name = target.replace('/', "%2F");
            assert_eq!(
                super::count(&running, &format!("summary/{rows}/{name}/sessions")),
                1,
                "{target}"
            );
        }
    }
    running.server.stop().unwrap();
}

/// Paths with each byte that a path may hold.
fn targets() -> Vec<String> {
    let encoded = |byte: u8, behind: &str| format!("/n%{byte:02X}{behind}");
    let bytes = (1..=u8::MAX).filter(|byte| !b"./".contains(byte));
    bytes
        .flat_map(|byte| [encoded(byte, ""), encoded(byte, "%5Cx%22")])
        .collect()
}

/// The page has a line for each of so many sessions, and is one that promtool reads.
fn expect_page(running: &Running, sessions: usize) {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let page = connection.get("/metrics").unwrap();
    let lines = page
        .text()
        .lines()
        .filter(|line| line.starts_with("session_bytes{"))
        .count();
    assert_eq!(lines, sessions);
    if have("promtool") {
        let (code, said) = exposition::promtool(&page.body);
        assert_eq!(code, Some(0), "{said}");
    }
}

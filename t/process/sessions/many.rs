//! More peers than a zone has room for.

use serde_json::Value;

use super::{number, start, zone};
use crate::harness::load::pipeline;
use crate::harness::site::Parts;
use crate::harness::{Running, server};

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

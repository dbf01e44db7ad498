//! How many instructions an update takes, as valgrind counts them: what twice as many updates of a fresh process take
//! more, divided by their number. The same in every run but for a few.
//!
//! Lines of shared memory that an update touches, by what the code reads:
//!
//! | update | read | written |
//! |---|---|---|
//! | key without variables | sequence, latest stamp, slot (1 or 2) | seat, head with first cell |
//! | any other key | the same, seed, entry of the index | the same |
//! | one key in several zones | the same in each zone | the same in each zone |
//! | key of more than 40 bytes | the same, 1 or 2 for each spill slot | the same |
//! | more cells than one | the same | the same, lines of the cells that change |
//!
//! So a key without variables touches four or five lines and writes two, another one six or seven. A slot of one cell has 56
//! bytes at any multiple of eight: it lies in one line in a quarter of all cases, and head and first cell are in one in seven of eight.
//! The latest stamp is written every 32 microseconds at most. Lines of a process itself are not counted.

use std::fs;
use std::process::Command;

use pingauge::os::SharedMemory;
use prometheus::{IntCounterVec, Opts};

use crate::keys::{Order, key};
use crate::sections::{MEBIBYTE, fill};
use crate::subject::{self, Load};
use crate::targets;

const ROLE: &str = "PINGAUGE_BENCH_INSTRUCTIONS";
const UPDATES: u64 = 100_000;

/// One hot key, and ten thousand.
pub(crate) fn instructions() {
    for order in ["Hot", "Zipf"] {
        for what in ["zone", "constant", "counter", "word"] {
            if (what, order) == ("constant", "Zipf") {
                continue;
            }
            match [1, 2].map(|times| total(what, order, times * UPDATES)) {
                [Some(few), Some(many)] => {
                    let each = (many - few) as f64 / UPDATES as f64;
                    println!("  {order}: {what:8} {each:7.1} instructions");
                }
                _ => return println!("  valgrind is missing"),
            }
        }
    }
}

/// Those of an update by a directive whose key is always the same, by a key, and of five zones with one key.
pub(crate) fn of_targets() {
    for (title, what, order) in [
        ("one key, constant", "constant", "Hot"),
        ("one key", "zone", "Hot"),
        ("10,000 keys", "zone", "Zipf"),
        ("five zones, one key of 1,000", "five", "Zipf"),
    ] {
        match [1, 2].map(|times| total(what, order, times * UPDATES)) {
            [Some(few), Some(many)] => {
                let each = (many - few) as f64 / UPDATES as f64;
                println!("  {title}: {each:.1} instructions");
            }
            _ => return println!("  valgrind is missing"),
        }
    }
}

/// What a process has executed that makes so many updates.
fn total(what: &str, order: &str, updates: u64) -> Option<u64> {
    let out = std::env::temp_dir().join(format!("pingauge-bench-{}", std::process::id()));
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().unwrap())
        .env(ROLE, format!("{what} {order} {updates}"))
        .status();
    let counted = fs::read_to_string(&out);
    status.ok().filter(std::process::ExitStatus::success)?;
    fs::remove_file(&out).unwrap();
    let text = counted.unwrap();
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
    Some(totals.unwrap().trim().parse().unwrap())
}

pub(crate) fn is_child() -> bool {
    std::env::var_os(ROLE).is_some()
}

/// What the process does whose instructions are counted.
pub(crate) fn child() {
    let role = std::env::var(ROLE).unwrap();
    let words: Vec<&str> = role.split(' ').collect();
    if words[0] == "five" {
        return targets::five_zones(1_000, words[2].parse().unwrap());
    }
    let (order, keys) = match words[1] {
        "Hot" => (Order::Hot, 8),
        _ => (Order::Zipf, 10_000),
    };
    let load = Load {
        order,
        keys,
        updates: words[2].parse().unwrap(),
        seed: 0,
    };
    let memory = SharedMemory::create("bench", MEBIBYTE).unwrap();
    let took = match words[0] {
        "zone" | "constant" => {
            let zone = subject::zone(&memory, MEBIBYTE);
            fill(&zone, keys);
            match words[0] {
                "zone" => load.zone(&zone, || {}),
                _ => load.zone_constant(&zone, || {}),
            }
        }
        "counter" => {
            let counters = IntCounterVec::new(Opts::new("updates", "updates"), &["key"]).unwrap();
            for number in 0..keys {
                counters.with_label_values(&[std::str::from_utf8(&key(number)).unwrap()]);
            }
            load.labelled(&counters, || {})
        }
        _ => load.add(&memory, || {}),
    };
    assert!(took.cpu > 0.0);
}

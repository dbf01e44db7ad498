//! The sections of the report.

use std::fs::File;
use std::ops::ControlFlow;

use pingauge::metric::Moment;
use pingauge::os::{SharedMemory, monotonic};
use pingauge::zone::Zone;

use crate::gate::gate;
use crate::instructions;
use crate::keys::{Order, key};
use crate::processes::{self, Target};
use crate::sessions::Stage;
use crate::subject::{self, Load};
use crate::targets::targets;
use crate::took::{Spread, Took};

/// Name and work of each section.
pub(crate) const SECTIONS: &[(&str, fn())] = &[
    ("targets", targets),
    ("hot", hot),
    ("zipf", zipf),
    ("instructions", instructions::instructions),
    ("file", file),
    ("churn", churn),
    ("listing", listing),
    ("sessions", sessions),
    ("gate", gate),
];

const ROUNDS: usize = 7;
pub(crate) const MEBIBYTE: usize = 1 << 20;

/// One key, updated by everybody, beside a bare addition to a word.
fn hot() {
    for processes in [1, 2, 4] {
        let load = Load {
            order: Order::Hot,
            keys: 8,
            updates: 2_000_000,
            seed: 0,
        };
        let by = format!("{processes} at once");
        compare_updates(load, processes, |[labelled, zone, constant, word]| {
            report(&by, &mut [word, constant, zone, labelled]);
        });
    }
}

/// Ten thousand keys, all of which are there, beside those of a labelled counter.
fn zipf() {
    for processes in [1, 2, 4] {
        let load = Load {
            order: Order::Zipf,
            keys: 10_000,
            updates: 1_000_000,
            seed: 0,
        };
        let by = format!("{processes} at once");
        compare_updates(load, processes, |[labelled, zone, _, word]| {
            report(&by, &mut [labelled, zone, word]);
        });
    }
}

fn compare_updates(load: Load, processes: u64, compare: impl FnOnce([Subject<'_>; 4])) {
    let memory = SharedMemory::create("bench", MEBIBYTE).unwrap();
    fill(&subject::zone(&memory, MEBIBYTE), load.keys);
    let word = SharedMemory::create("word", 4096).unwrap();
    compare([
        ("labelled counter", &mut || {
            subject::labelled_by_threads(load, processes)
        }),
        ("zone", &mut || {
            processes::run(&memory, Target::Zone, load, processes)
        }),
        ("zone, constant key", &mut || {
            processes::run(&memory, Target::Constant, load, processes)
        }),
        ("shared fetch_add", &mut || {
            processes::run(&word, Target::Word, load, processes)
        }),
    ]);
}

/// A zone in a file beside one in memory alone.
fn file() {
    let load = Load {
        order: Order::Zipf,
        keys: 10_000,
        updates: 1_000_000,
        seed: 0,
    };
    let path = std::env::temp_dir().join(format!("pingauge-bench-{}", std::process::id()));
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .unwrap();
    let on_disk = SharedMemory::on_disk(file, MEBIBYTE).unwrap();
    let memory = SharedMemory::create("bench", MEBIBYTE).unwrap();
    for place in [&memory, &on_disk] {
        fill(&subject::zone(place, MEBIBYTE), load.keys);
    }
    for processes in [1, 2] {
        let by = format!("{processes} at once");
        let run = |place| processes::run(place, Target::Zone, load, processes);
        report(
            &by,
            &mut [
                ("memory", &mut || run(&memory)),
                ("file", &mut || run(&on_disk)),
            ],
        );
    }
    std::fs::remove_file(path).unwrap();
}

/// More keys than there is room for: most updates evict one and insert another.
fn churn() {
    for (mebibytes, keys, processes) in [(1, 60_000, 1), (1, 60_000, 4), (64, 3_840_000, 1)] {
        let bytes = mebibytes * MEBIBYTE;
        let memory = SharedMemory::create("bench", bytes).unwrap();
        fill(&subject::zone(&memory, bytes), keys);
        let load = Load {
            order: Order::Uniform,
            keys,
            updates: 400_000,
            seed: 0,
        };
        let by = format!("{mebibytes} MiB, {processes} at once");
        report(
            &by,
            &mut [("zone", &mut || {
                processes::run(&memory, Target::Zone, load, processes)
            })],
        );
    }
}

/// All keys of a large zone, copied one by one.
fn listing() {
    let memory = SharedMemory::create("bench", 64 * MEBIBYTE).unwrap();
    let zone = subject::zone(&memory, 64 * MEBIBYTE);
    fill(&zone, 1_000_000);
    report(
        "1,000,000 keys",
        &mut [("listing", &mut || {
            let begin = Took::begin();
            let mut keys = 0;
            let _ = zone.visit(&mut |record| {
                keys += u64::from(!record.key().is_empty());
                ControlFlow::Continue(())
            });
            begin.end(keys)
        })],
    );
}

/// Sessions beside metrics.
fn sessions() {
    let stage = Stage::new(10_000, 32 * MEBIBYTE);
    report(
        "10,000 sessions",
        &mut [
            ("metric update", &mut || stage.update()),
            ("count", &mut || stage.count()),
            ("request", &mut || stage.request()),
            ("life", &mut || stage.life()),
        ],
    );
    let stage = Stage::new(100_000, 256 * MEBIBYTE);
    report(
        "100,000 sessions",
        &mut [
            ("listing of metrics", &mut || stage.metrics_listing()),
            ("listing", &mut || stage.listing()),
            ("sweep", &mut || stage.sweep()),
        ],
    );
}

/// Has the keys of these numbers in a zone.
pub(crate) fn fill(zone: &Zone, keys: u64) {
    for number in 0..keys {
        zone.update(&key(number), 1.0, Moment(monotonic())).unwrap();
    }
}

/// A name, and what measures it once.
pub(crate) type Subject<'a> = (&'a str, &'a mut dyn FnMut() -> Took);

/// Measures all subjects once per round, and prints them; ratios are to the first.
pub(crate) fn report(title: &str, subjects: &mut [Subject<'_>]) {
    let mut rounds: Vec<Vec<Took>> = vec![Vec::new(); subjects.len()];
    for _ in 0..ROUNDS {
        for (row, (_, measure)) in rounds.iter_mut().zip(&mut *subjects) {
            row.push(measure());
        }
    }
    for ((name, _), row) in subjects.iter().zip(&rounds) {
        let ratios = row.iter().zip(&rounds[0]);
        let ratio = Spread::of(ratios.map(|(took, reference)| took.cpu / reference.cpu));
        let cpu = Spread::of(row.iter().map(|took| took.cpu));
        let wall = Spread::of(row.iter().map(|took| took.wall));
        println!("  {title}: {name:18} cpu {cpu}  wall {wall}  ratio {ratio:.2}");
    }
}

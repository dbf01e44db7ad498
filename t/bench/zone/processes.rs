//! Several processes that start together and report what they measured, through memory all of them share.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::{Child, Command};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use pingauge::os::SharedMemory;
use pingauge::zone::Zone;

use crate::keys::Order;
use crate::subject::{Load, schema};
use crate::targets::{Quartiles, one_key};
use crate::took::Took;

const ROLE: &str = "PINGAUGE_BENCH_ROLE";
const PAIRED: &str = "PINGAUGE_BENCH_PAIRED";
/// Words of the page of results: who is ready, then two numbers for each process.
const READY: usize = 0;
const RESULTS: usize = 8;
/// What one of several processes tells that update by turns.
const FIGURES: usize = 12;
/// What they add to, in a line of its own.
const WORD: usize = 256;

/// What children update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A shared word.
    Word,
    /// A zone, whose key is searched for.
    Zone,
    /// A zone, by a directive whose key is always the same.
    Constant,
}

pub(crate) fn is_child() -> bool {
    std::env::var_os(ROLE)
        .or(std::env::var_os(PAIRED))
        .is_some()
}

/// Several processes that come together now and then.
pub(crate) struct Meeting<'a> {
    results: &'a SharedMemory,
    processes: u64,
}

impl Meeting<'_> {
    /// A word that all of them share.
    pub(crate) fn word(&self) -> &AtomicU64 {
        &self.results.words()[WORD]
    }

    /// Waits until all are here.
    pub(crate) fn meet(&self) {
        let ready = &self.results.words()[READY];
        let here = ready.fetch_add(1, SeqCst);
        let all = (here / self.processes + 1) * self.processes;
        while ready.load(SeqCst) < all {
            std::hint::spin_loop();
        }
    }
}

/// Lets so many processes update one key of a zone by turns in two ways and a word beside it; the ratios to that, and nanoseconds, of each
/// way, as the means of all processes.
pub(crate) fn run_paired(memory: &SharedMemory, processes: u64) -> [[Quartiles; 2]; 2] {
    let results = SharedMemory::create("results", 4096).unwrap();
    let spawn = |number| {
        let (zone, results) = (path(memory), path(&results));
        let role = format!("{zone} {results} {number} {processes}");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(PAIRED, role).spawn().unwrap()
    };
    let children: Vec<Child> = (0..processes).map(spawn).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let mean = |place: usize| {
        let all = (0..processes as usize).map(|process| RESULTS + process * FIGURES + place);
        let number = |word: usize| f64::from_bits(results.words()[word].load(SeqCst));
        all.map(number).sum::<f64>() / processes as f64
    };
    let quartiles = |place: usize| Quartiles([place, place + 1, place + 2].map(mean));
    [0, 6].map(|way| [way, way + 3].map(quartiles))
}

fn paired(role: &str) {
    let words: Vec<&str> = role.split(' ').collect();
    let number = |place: usize| words[place].parse::<u64>().unwrap();
    let (memory, results) = (open(words[0]), open(words[1]));
    let zone = Zone::attach(&memory, schema()).unwrap();
    let (results, processes) = (&results, number(3));
    let figures = one_key(&zone, &Meeting { results, processes });
    let figures = figures.iter().flatten().flat_map(|quartiles| quartiles.0);
    let own = &results.words()[RESULTS + number(2) as usize * FIGURES..];
    for (word, figure) in own.iter().zip(figures) {
        word.store(figure.to_bits(), SeqCst);
    }
}

/// Lets `processes` processes do `load` to `memory` at the same time; nanoseconds per update of each.
pub(crate) fn run(memory: &SharedMemory, target: Target, load: Load, processes: u64) -> Took {
    let results = SharedMemory::create("results", 4096).unwrap();
    let spawn = |seed| {
        let (order, keys, updates) = (load.order, load.keys, load.updates);
        let role = format!(
            "{} {} {target:?} {order:?} {keys} {updates} {seed} {processes}",
            path(memory),
            path(&results)
        );
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(ROLE, role).spawn().unwrap()
    };
    let children: Vec<Child> = (0..processes).map(spawn).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let number = |place: usize| f64::from_bits(results.words()[RESULTS + place].load(SeqCst));
    let took = |process| Took {
        wall: number(2 * process),
        cpu: number(2 * process + 1),
    };
    Took::mean((0..processes as usize).map(took))
}

/// What a child does.
pub(crate) fn child() {
    if let Ok(role) = std::env::var(PAIRED) {
        return paired(&role);
    }
    let role = std::env::var(ROLE).unwrap();
    let words: Vec<&str> = role.split(' ').collect();
    let number = |place: usize| words[place].parse::<u64>().unwrap();
    let (memory, results) = (open(words[0]), open(words[1]));
    let order = match words[3] {
        "Hot" => Order::Hot,
        "Zipf" => Order::Zipf,
        _ => Order::Uniform,
    };
    let load = Load {
        order,
        keys: number(4),
        updates: number(5),
        seed: number(6),
    };
    let wait = || {
        results.words()[READY].fetch_add(1, SeqCst);
        while results.words()[READY].load(SeqCst) < number(7) {
            std::thread::yield_now();
        }
    };
    let zone = || Zone::attach(&memory, schema()).unwrap();
    let result = match words[2] {
        "Word" => load.add(&memory, wait),
        "Zone" => load.zone(&zone(), wait),
        _ => load.zone_constant(&zone(), wait),
    };
    let own = &results.words()[RESULTS + 2 * load.seed as usize..];
    own[0].store(result.wall.to_bits(), SeqCst);
    own[1].store(result.cpu.to_bits(), SeqCst);
}

fn path(memory: &SharedMemory) -> String {
    let fd = memory.fd().unwrap().as_raw_fd();
    format!("/proc/{}/fd/{fd}", std::process::id())
}

fn open(path: &str) -> SharedMemory {
    let file = File::options().read(true).write(true).open(path).unwrap();
    SharedMemory::from_fd(file.into()).unwrap()
}

//! Several processes that start together and report what they measured, through memory all of them share.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::{Child, Command};
use std::sync::atomic::Ordering::SeqCst;

use pingauge::os::SharedMemory;
use pingauge::zone::Zone;

use crate::keys::Order;
use crate::subject::{Load, schema};
use crate::took::Took;

const ROLE: &str = "PINGAUGE_BENCH_ROLE";
/// Words of the page of results: who is ready, then two numbers for each process.
const READY: usize = 0;
const RESULTS: usize = 8;

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
    std::env::var_os(ROLE).is_some()
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

//! The figures by which the path of an update is judged, in one run: a key of a directive that has no variable beside a bare
//! addition, alone and in two processes at once; ten thousand keys beside a labelled counter; five zones under one key; and
//! the instructions that each takes.
//!
//! Subjects take turns every few thousand updates, and a ratio is made of each turn: what disturbs the machine disturbs
//! both, or spoils one turn of many. Printed are the median and the quartiles.

use std::fmt;
use std::time::Instant;

use pingauge::metric::Moment;
use pingauge::os::{SharedMemory, monotonic};
use pingauge::zone::{HashedKey, Remembered, Zone};
use prometheus::{IntCounterVec, Opts};

use crate::instructions;
use crate::keys::{Order, key};
use crate::processes::{self, Meeting};
use crate::sections::{MEBIBYTE, fill};
use crate::subject;

/// Updates of a subject in one turn.
const TURN: usize = 1 << 14;
const TURNS: usize = 300;
/// The same where there are many keys, which each subject has to bring near again.
const LONG_TURN: usize = 1 << 17;
const LONG_TURNS: usize = 40;
const ZONES: usize = 5;

/// All four.
pub(crate) fn targets() {
    for processes in [1, 2] {
        let memory = SharedMemory::create("bench", MEBIBYTE).unwrap();
        fill(&subject::zone(&memory, MEBIBYTE), 8);
        let title = format!("one key, {processes} at once");
        let ratios = processes::run_paired(&memory, processes);
        print(&title, "constant key / shared fetch_add", &ratios[0]);
        print(&title, "key / shared fetch_add", &ratios[1]);
    }
    zipf();
    five();
    instructions::of_targets();
}

/// A middle, and what half of all turns lie between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quartiles(pub(crate) [f64; 3]);

impl Quartiles {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self([1, 2, 3].map(|quarter| values[values.len() * quarter / 4]))
    }
}

impl fmt::Display for Quartiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, middle, high] = self.0;
        write!(f, "{middle:.2} ({low:.2} to {high:.2})")
    }
}

fn print(title: &str, what: &str, [ratio, nanoseconds]: &[Quartiles; 2]) {
    println!("  {title}: {what:32} {ratio} x, {nanoseconds} ns");
}

/// A clock as requests have it: read now and then, and every update has a time of its own.
struct Ticks(u64);

impl Ticks {
    fn next(&mut self, step: usize) -> Moment {
        if step.is_multiple_of(64) {
            self.0 = self.0.max(monotonic());
        }
        self.0 += 64;
        Moment(self.0)
    }
}

/// What one of several processes does: ratios and nanoseconds of the two ways to update a zone.
pub(crate) fn one_key(zone: &Zone, meeting: &Meeting<'_>) -> [[Quartiles; 2]; 2] {
    let (name, remembered) = (key(7), Remembered::new(&key(7)));
    let (word, mut ticks) = (meeting.word(), Ticks(0));
    let mut took: [Vec<f64>; 3] = Default::default();
    for _ in 0..TURNS {
        meeting.meet();
        took[0].push(turn(TURN, |_| {
            word.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }));
        meeting.meet();
        took[1].push(turn(TURN, |step| {
            let updated = zone.update_remembered(&remembered, 1.0, ticks.next(step));
            updated.unwrap();
        }));
        meeting.meet();
        took[2].push(turn(TURN, |step| {
            zone.update(&name, 1.0, ticks.next(step)).unwrap();
        }));
    }
    [1, 2].map(|subject| compared(&took[subject], &took[0]))
}

fn compared(took: &[f64], reference: &[f64]) -> [Quartiles; 2] {
    let pairs = took.iter().zip(reference);
    let ratios = pairs.map(|(took, reference)| took / reference).collect();
    [Quartiles::of(ratios), Quartiles::of(took.to_vec())]
}

/// Nanoseconds for one step of a turn.
fn turn(length: usize, mut step: impl FnMut(usize)) -> f64 {
    let start = Instant::now();
    (0..length).for_each(&mut step);
    start.elapsed().as_nanos() as f64 / length as f64
}

fn zipf() {
    const KEYS: u64 = 10_000;
    let memory = SharedMemory::create("bench", MEBIBYTE).unwrap();
    let zone = subject::zone(&memory, MEBIBYTE);
    fill(&zone, KEYS);
    let counters = IntCounterVec::new(Opts::new("updates", "updates"), &["key"]).unwrap();
    let keys: Vec<Vec<u8>> = (0..KEYS).map(key).collect();
    let labels: Vec<&str> = keys.iter().map(|key| label(key)).collect();
    labels.iter().for_each(|label| {
        counters.with_label_values(&[*label]);
    });
    let sequence = Order::Zipf.sequence(KEYS, 0);
    let (mut ticks, mut took) = (Ticks(0), [Vec::new(), Vec::new()]);
    for number in 0..LONG_TURNS {
        let at = |step: usize| sequence[(number * LONG_TURN + step) % sequence.len()] as usize;
        took[0].push(turn(LONG_TURN, |step| {
            counters.with_label_values(&[labels[at(step)]]).inc();
        }));
        took[1].push(turn(LONG_TURN, |step| {
            let updated = zone.update(&keys[at(step)], 1.0, ticks.next(step));
            updated.unwrap();
        }));
    }
    let ratios = compared(&took[1], &took[0]);
    print("10,000 keys", "key / labelled counter", &ratios);
}

fn label(key: &[u8]) -> &str {
    std::str::from_utf8(key).unwrap()
}

/// Zones under one key, as five directives in a row have it.
struct Five {
    zones: Vec<Zone>,
    keys: Vec<Vec<u8>>,
    ticks: Ticks,
    requests: usize,
}

impl Five {
    fn new(keys: u64) -> Self {
        let memory = || SharedMemory::create("bench", MEBIBYTE).unwrap();
        let zones = (0..ZONES).map(|_| subject::zone(&memory(), MEBIBYTE));
        let zones: Vec<Zone> = zones.collect();
        zones.iter().for_each(|zone| fill(zone, keys));
        Self {
            zones,
            keys: (0..keys).map(key).collect(),
            ticks: Ticks(0),
            requests: 0,
        }
    }

    /// What a request does.
    fn request(&mut self) {
        let now = self.ticks.next(self.requests);
        let key = HashedKey::new(&self.keys[self.requests * 7919 % self.keys.len()]);
        let guesses: [_; ZONES] = std::array::from_fn(|zone| self.zones[zone].guess(&key));
        for (zone, guess) in self.zones.iter().zip(guesses) {
            zone.update_guessed(guess, &key, 1.0, now).unwrap();
        }
        self.requests += 1;
    }
}

fn five() {
    for keys in [1, 1_000] {
        let mut five = Five::new(keys);
        let took = (0..LONG_TURNS).map(|_| turn(TURN, |_| five.request()));
        let took = Quartiles::of(took.collect());
        println!("  five zones, one key of {keys}: {took} ns for each request");
    }
}

/// What so many requests do that update five zones each.
pub(crate) fn five_zones(keys: u64, requests: u64) {
    let mut five = Five::new(keys);
    (0..requests).for_each(|_| five.request());
}

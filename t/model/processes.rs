//! Several processes on one zone: totals are exact, a death costs at most the update in flight, and nobody
//! notices that the zone moves.
//!
//! A child is this binary again. It opens the zone's memory, and a page of progress counters in which it
//! notes what it has begun and what it has finished, through its parent's descriptors.

use std::fs::File;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use pingauge::metric::{Moment, Reading, Schema};
use pingauge::os::{SharedMemory, monotonic, signal};
use pingauge::zone::{Adoption, Cursor, MINIMUM, Overflow, Record, Refused, Zone};

use crate::model::schema;
use crate::operation::key;

const ROLE: &str = "PINGAUGE_MODEL_ROLE";

/// The memory all processes of a test share.
struct Shared {
    zone: SharedMemory,
    progress: SharedMemory,
}

impl Shared {
    fn new() -> Self {
        let zone = SharedMemory::create("zone", MINIMUM).unwrap();
        Self {
            zone,
            progress: SharedMemory::create("progress", 4096).unwrap(),
        }
    }

    /// Opens what a parent has, given the paths to its descriptors.
    fn open(zone: &str, progress: &str) -> Self {
        let open = |path: &str| {
            let file = File::options().read(true).write(true).open(path).unwrap();
            SharedMemory::from_fd(file.into()).unwrap()
        };
        Self {
            zone: open(zone),
            progress: open(progress),
        }
    }

    fn spawn(&self, role: &str) -> Worker {
        let path = |memory: &SharedMemory| {
            let fd = memory.fd().unwrap().as_raw_fd();
            format!("/proc/{}/fd/{fd}", std::process::id())
        };
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::child", "--quiet"])
            .env(
                ROLE,
                format!("{} {} {role}", path(&self.zone), path(&self.progress)),
            )
            .stdout(Stdio::null())
            .spawn();
        Worker(child.unwrap())
    }

    fn begun(&self) -> &AtomicU64 {
        &self.progress.words()[0]
    }

    fn finished(&self) -> &AtomicU64 {
        &self.progress.words()[1]
    }

    fn moved(&self) -> &AtomicU64 {
        &self.progress.words()[2]
    }

    fn listed(&self) -> &AtomicU64 {
        &self.progress.words()[3]
    }

    /// Updates that were refused.
    fn refused(&self) -> &AtomicU64 {
        &self.progress.words()[4]
    }

    /// The longest time an update took, in nanoseconds, without what its process was stopped for.
    fn longest(&self) -> &AtomicU64 {
        &self.progress.words()[5]
    }
}

fn counting() -> Arc<Schema> {
    Arc::new(schema(&[
        ("c", &["count"]),
        ("h", &["histogram", "10", "+Inf"]),
        ("g", &["gauge"]),
    ]))
}

fn overflow() -> Overflow {
    Overflow {
        expire: true,
        discard_key: Some("old".into()),
    }
}

/// A child, which does not outlive its test.
struct Worker(Child);

impl Worker {
    fn finish(mut self) {
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _status = self.0.wait();
    }
}

/// What a child does; ordinary runs of this test do nothing.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let words: Vec<&str> = role.split(' ').collect();
    let number = |place: usize| words[place].parse::<u64>().unwrap();
    let shared = Shared::open(words[0], words[1]);
    match words[2] {
        "count" => count(&shared, number(3), number(4), number(5)),
        "feed" => feed(&shared, number(3)),
        "list" => list(&shared),
        "move" => {
            for round in number(3).. {
                adopt(&shared.zone, round);
                shared.moved().fetch_add(1, SeqCst);
            }
        }
        other => panic!("{other}"),
    }
}

/// Numbers that look random.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let next = |random: &u64| {
        let next = random.wrapping_mul(6364136223846793005);
        Some(next.wrapping_add(1442695040888963407))
    };
    std::iter::successors(next(&(seed * 2 + 1)), next).map(|random| random >> 33)
}

/// Updates random keys for ever, most of them new ones, whether they are taken or not.
fn feed(shared: &Shared, seed: u64) {
    let zone = Zone::attach(&shared.zone, counting()).unwrap();
    for number in numbers(seed) {
        shared.begun().fetch_add(1, SeqCst);
        let start = Instant::now();
        let updated = zone.update(&key((number % 600) as u16), 1.0, Moment(monotonic()));
        if seed == MEASURED {
            shared
                .longest()
                .fetch_max(start.elapsed().as_nanos() as u64, SeqCst);
        }
        match updated {
            Ok(_) => shared.finished().fetch_add(1, SeqCst),
            Err(Refused::Held(_)) => shared.refused().fetch_add(1, SeqCst),
            Err(other) => panic!("{other}"),
        };
    }
}

/// The child that is never stopped.
const MEASURED: u64 = 1;

/// Updates random keys `times` times.
fn count(shared: &Shared, seed: u64, keys: u64, times: u64) {
    let zone = Zone::attach(&shared.zone, counting()).unwrap();
    for number in numbers(seed).take(times as usize) {
        let number = number % keys;
        shared.begun().fetch_add(1, SeqCst);
        zone.update(&key(number as u16), 1.0, Moment(monotonic()))
            .unwrap();
        shared.finished().fetch_add(1, SeqCst);
    }
}

/// Reads all keys again and again.
fn list(shared: &Shared) {
    let zone = Zone::attach(&shared.zone, counting()).unwrap();
    let mut record = Record::default();
    loop {
        let mut cursor = Cursor::default();
        while zone.next(&mut cursor, &mut record) {
            assert!(!record.key().is_empty());
            assert_eq!(record.readings(zone.schema(), Moment(0)).len(), 3);
        }
        shared.listed().fetch_add(1, SeqCst);
    }
}

/// The sum of all counts, and whether every metric of every key agrees with its count. A key may lag behind
/// by one in some of its metrics for every process that died.
fn total(zone: &Zone, deaths: u64) -> u64 {
    let (mut total, mut skew) = (0, 0);
    let _ = zone.visit(&mut |record| {
        let readings: Vec<_> = record
            .readings(zone.schema(), Moment(0))
            .map(|pair| pair.1)
            .collect();
        let [
            Reading::Integer(count),
            Reading::Buckets(buckets),
            Reading::Float(sum),
        ] = readings[..]
        else {
            panic!("{readings:?}")
        };
        total += count;
        skew += count.abs_diff(buckets.total()) + count.abs_diff(sum as u64);
        ControlFlow::Continue(())
    });
    assert!(skew <= 2 * deaths, "skew {skew} after {deaths} deaths");
    total
}

#[test]
fn four_processes_lose_nothing() {
    for (bytes, keys) in [(2 * MINIMUM, 100), (MINIMUM, 600)] {
        let shared = Shared::new();
        let zone = Zone::create(&shared.zone, bytes, counting(), &overflow()).unwrap();
        let roles = (0..4).map(|seed| format!("count {seed} {keys} 10000"));
        let children: Vec<Worker> = roles.map(|role| shared.spawn(&role)).collect();
        children.into_iter().for_each(Worker::finish);
        assert_eq!(total(&zone, 0), 40_000);
        zone.verify().unwrap();
    }
}

#[test]
fn a_killed_process_costs_at_most_its_update_in_flight() {
    let shared = Shared::new();
    Zone::create(&shared.zone, MINIMUM, counting(), &overflow()).unwrap();
    let lister = shared.spawn("list");
    let role = |round: u64| match round % 10 {
        9 => String::from("list"),
        _ => format!("count {round} 600 1000000000"),
    };
    storm(&shared, 700, shared.finished(), role);
    advance(shared.listed(), 2);
    drop(lister);
    check(&shared, 703);
}

#[test]
fn a_process_killed_while_all_keys_are_known_costs_at_most_its_update_in_flight() {
    let shared = Shared::new();
    Zone::create(&shared.zone, 2 * MINIMUM, counting(), &overflow()).unwrap();
    storm(&shared, 300, shared.finished(), |round| {
        format!("count {round} 100 1000000000")
    });
    check(&shared, 302);
    let zone = Zone::attach(&shared.zone, counting()).unwrap();
    assert_eq!(zone.discarded(), 0);
}

#[test]
fn a_process_killed_while_it_moves_the_zone_costs_nothing() {
    let shared = Shared::new();
    Zone::create(&shared.zone, MINIMUM, counting(), &overflow()).unwrap();
    let counting = shared.spawn("count 1 600 1000000000");
    storm(&shared, 100, shared.moved(), |round| {
        format!("move {round}")
    });
    drop(counting);
    check(&shared, 103);
}

/// `MODEL_STOPS=1000` stops more often. Of two processes that feed a zone one is stopped again and again: the other
/// loses milliseconds, and each update that it could not make is counted. Every tenth stop ends in a death.
#[test]
fn a_stopped_process_costs_others_milliseconds() {
    let stops = std::env::var("MODEL_STOPS").ok();
    let stops = stops.and_then(|stops| stops.parse().ok()).unwrap_or(100);
    let shared = Shared::new();
    let zone = Zone::create(&shared.zone, MINIMUM, counting(), &overflow()).unwrap();
    let measured = shared.spawn(&format!("feed {MEASURED}"));
    let mut stopped = shared.spawn("feed 2");
    advance(shared.finished(), 1000);
    let mut deaths = 2;
    for round in 1..=stops {
        advance(shared.begun(), 1 + round % 37);
        signal(stopped.0.id(), SIGSTOP).unwrap();
        // Whatever goes on now is the other one.
        advance(shared.begun(), 3);
        if round % 10 == 0 {
            stopped = shared.spawn(&format!("feed {}", round + 2));
            deaths += 1;
        } else {
            signal(stopped.0.id(), SIGCONT).unwrap();
        }
    }
    drop((measured, stopped));
    let (refused, longest) = (shared.refused().load(SeqCst), shared.longest().load(SeqCst));
    let longest = Duration::from_nanos(longest);
    println!("{stops} stops: {refused} updates refused, the longest took {longest:?}");
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert!(refused > 0 && zone.refused() >= refused);
    assert!(zone.refused() <= refused + deaths);
    check(&shared, deaths);
}

const SIGSTOP: i32 = 19;
const SIGCONT: i32 = 18;

/// So many that they are not done before the zone has moved some times.
const UPDATES: u64 = 300_000;

#[test]
fn a_zone_that_moves_under_load_loses_nothing() {
    let shared = Shared::new();
    Zone::create(&shared.zone, MINIMUM, counting(), &overflow()).unwrap();
    let roles = (0..3).map(|seed| format!("count {seed} 600 {}", UPDATES / 3));
    let children: Vec<Worker> = roles.map(|role| shared.spawn(&role)).collect();
    let mut moves = 0;
    while shared.finished().load(SeqCst) < UPDATES {
        adopt(&shared.zone, moves);
        moves += 1;
        advance(
            shared.finished(),
            1.min(UPDATES - shared.finished().load(SeqCst)),
        );
    }
    children.into_iter().for_each(Worker::finish);
    let (zone, _) = Zone::adopt(&shared.zone, MINIMUM, counting(), &overflow()).unwrap();
    assert_eq!(total(&zone, 0), UPDATES);
    assert!(moves > 10);
}

/// Lets two children do `role`, and kills them in turn at no particular moment, `rounds` times.
fn storm(shared: &Shared, rounds: u64, progress: &AtomicU64, role: impl Fn(u64) -> String) {
    let spawn = |round: u64| shared.spawn(&role(round));
    let mut children = [spawn(0), spawn(1)];
    for round in 0..rounds {
        advance(progress, 1 + round % 30);
        children[round as usize % 2] = spawn(round + 2);
        let before = Instant::now();
        Zone::attach(&shared.zone, counting())
            .unwrap()
            .verify()
            .unwrap();
        assert!(before.elapsed() < LONGEST);
    }
}

/// Less than what a lock is waited for whose owner is dead and not noticed, and more than what the system may let others
/// work meanwhile.
const LONGEST: Duration = Duration::from_millis(4500);

/// Compares the totals with what the children noted.
fn check(shared: &Shared, deaths: u64) {
    let before = shared.finished().load(SeqCst);
    let zone = Zone::attach(&shared.zone, counting()).unwrap();
    zone.verify().unwrap();
    let total = total(&zone, deaths);
    let begun = shared.begun().load(SeqCst);
    assert!(
        (before..=begun).contains(&total),
        "{before} <= {total} <= {begun}"
    );
}

/// Waits until a counter has grown by `steps`.
fn advance(counter: &AtomicU64, steps: u64) {
    let (start, deadline) = (
        counter.load(SeqCst),
        Instant::now() + Duration::from_secs(10),
    );
    while counter.load(SeqCst) < start + steps {
        assert!(Instant::now() < deadline, "nobody makes progress");
        std::thread::yield_now();
    }
}

/// Takes the zone over with one of several sizes and sets of metrics, all of which have what is counted.
fn adopt(memory: &SharedMemory, round: u64) -> (Zone, Adoption) {
    let metrics: &[(&str, &[&str])] = match round % 4 {
        0 => &[
            ("c", &["count"]),
            ("h", &["histogram", "10", "+Inf"]),
            ("g", &["gauge"]),
        ],
        1 => &[
            ("g", &["gauge"]),
            ("h", &["histogram", "10", "inf"]),
            ("c", &["count"]),
        ],
        2 => &[
            ("n", &["min"]),
            ("g", &["gauge"]),
            ("h", &["histogram", "10", "inf"]),
            ("m", &["average mean", "window=1s"]),
            ("c", &["count"]),
        ],
        _ => &[
            ("h", &["histogram", "10", "inf"]),
            ("c", &["count"]),
            ("g", &["gauge"]),
        ],
    };
    let bytes = [MINIMUM, 2 * MINIMUM, 3 * MINIMUM][round as usize % 3];
    Zone::adopt(memory, bytes, Arc::new(schema(metrics)), &overflow()).unwrap()
}

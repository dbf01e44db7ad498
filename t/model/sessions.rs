//! Sessions: any sequence of what can happen to them, and several processes on them that are killed meanwhile.
//!
//! A child is this binary again, which opens the memory through its parent's descriptors.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use pingauge::metric::Moment;
use pingauge::os::{SharedMemory, monotonic};
use pingauge::sessions::{
    Attributes, Bytes, Limit, Limits, Newcomer, Sessions, Settings, Status, schema,
};
use pingauge::zone::{Overflow, Zone};
use proptest::prelude::*;

use crate::damage::is_lock;
use crate::sessions_pair::{Pair, Step, check_sums, listed, summary};

fn steps() -> impl Strategy<Value = Step> {
    let id = || 0..30u8;
    prop_oneof![
        5 => id().prop_map(Step::Register),
        5 => (id(), any::<u16>(), any::<u16>()).prop_map(|(id, rx, tx)| Step::Count(id, rx, tx)),
        3 => id().prop_map(Step::Activate),
        1 => id().prop_map(Step::Close),
        4 => any::<u8>().prop_map(Step::Pass),
        3 => Just(Step::Sweep),
        1 => any::<bool>().prop_map(Step::Move),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions_do_what_their_model_does(steps in proptest::collection::vec(steps(), 1..120)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.play(step);
        }
        pair.compare();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_fuzzer_may_ask_for_is_done(bytes in proptest::collection::vec(any::<[u8; 6]>(), 1..300)) {
        let mut pair = Pair::new();
        for bytes in bytes {
            pair.play(&Step::from_bytes(bytes));
        }
        pair.compare();
    }
}

const ROLE: &str = "PINGAUGE_SESSIONS_ROLE";
/// Sessions of the children at the same time at most.
const MOST: u64 = 40;
/// Bytes of one chunk, each way.
const CHUNK: u64 = 1000;
const BYTES: usize = 1 << 18;

/// A word of progress: chunks that were begun and done, sessions that were refused, beyond the limit.
const BEGUN: usize = 0;
const DONE: usize = 1;
const REFUSED: usize = 2;
const BEYOND: usize = 3;

fn open(memory: &SharedMemory) -> Sessions {
    let overflow = Overflow {
        expire: true,
        discard_key: None,
    };
    let (zone, _) = Zone::adopt(memory, BYTES, Arc::new(schema()), &overflow).unwrap();
    sessions(zone)
}

fn sessions(zone: Zone) -> Sessions {
    let settings = Settings {
        timeout: 1_000_000_000,
        pending: 500_000_000,
        limits: Limits {
            sessions: Some(MOST),
            ..Limits::default()
        },
    };
    Sessions::new(zone, settings, Moment(monotonic())).unwrap()
}

/// Registers, counts, closes and sweeps until it is killed or told to stop.
fn work(sessions: &Sessions, progress: &[AtomicU64], own: u64) {
    let end = Instant::now() + Duration::from_secs(60);
    for round in 0u64.. {
        if progress[7].load(SeqCst) != 0 || Instant::now() > end {
            return;
        }
        let number = (own * 7919 + round * 31) % 97;
        let (id, peer) = (format!("session {number}"), format!("peer {}", round % 300));
        let attributes = Attributes {
            reference: b"stream",
            location: peer.as_bytes(),
            peer: peer.as_bytes(),
            extra: &[b'x'; 300],
        };
        let new = Newcomer {
            id: id.as_bytes(),
            attributes,
            estimate: None,
            companions: &[],
            is_dry_run: false,
        };
        let now = Moment(monotonic());
        let admission = sessions.register(&new, now);
        let Some(handle) = admission.handle else {
            let refused = admission.status == Status::Rejected(Limit::Sessions);
            progress[REFUSED].fetch_add(u64::from(refused), SeqCst);
            let _swept = sessions.sweep(now, &mut |_| {});
            continue;
        };
        let numbers = sessions.numbers(now);
        progress[BEYOND].fetch_add(u64::from(numbers.pending > MOST), SeqCst);
        let _busy = sessions.activate(&handle, now);
        for _ in 0..20 {
            let bytes = Bytes {
                rx: CHUNK,
                tx: CHUNK,
            };
            progress[BEGUN].fetch_add(1, SeqCst);
            sessions.count(&handle, bytes, Moment(monotonic()));
            progress[DONE].fetch_add(1, SeqCst);
        }
        if round % 3 == 0 {
            let _busy = sessions.close(&handle, Moment(monotonic()));
        }
    }
}

#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let words: Vec<&str> = role.split(' ').collect();
    let open = |path: &str| {
        let file = File::options().read(true).write(true).open(path).unwrap();
        SharedMemory::from_fd(file.into()).unwrap()
    };
    let (memory, progress) = (open(words[0]), open(words[1]));
    let sessions = sessions(Zone::attach(&memory, Arc::new(schema())).unwrap());
    work(&sessions, progress.words(), words[2].parse().unwrap());
}

fn spawn(memory: &SharedMemory, progress: &SharedMemory, own: u64) -> Child {
    let path = |memory: &SharedMemory| {
        let fd = memory.fd().unwrap().as_raw_fd();
        format!("/proc/{}/fd/{fd}", std::process::id())
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "sessions::child", "--quiet"])
        .env(ROLE, format!("{} {} {own}", path(memory), path(progress)))
        .stdout(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn whoever_is_killed_when_sums_fit_and_no_limit_is_passed() {
    let rounds = std::env::var("SESSION_ROUNDS").map_or(40, |rounds| rounds.parse().unwrap());
    let memory = SharedMemory::create("sessions", BYTES).unwrap();
    let progress = SharedMemory::create("progress", 4096).unwrap();
    let sessions = open(&memory);
    let mut children: Vec<Child> = (0..4).map(|own| spawn(&memory, &progress, own)).collect();
    let mut killed = 0;
    for round in 0..rounds {
        let before = progress.words()[DONE].load(SeqCst);
        let end = Instant::now() + Duration::from_secs(20);
        // Until something was done since, and then at some other distance each time.
        while progress.words()[DONE].load(SeqCst) < before + 200 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(round * 137 % 1000));
        let victim = (round % 4) as usize;
        children[victim].kill().unwrap();
        children[victim].wait().unwrap();
        killed += 1;
        children[victim] = spawn(&memory, &progress, round + 4);
        check(&sessions);
    }
    progress.words()[7].store(1, SeqCst);
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    sessions
        .close_all(Moment(monotonic()), &mut |_| {})
        .unwrap();
    check(&sessions);
    let now = Moment(monotonic());
    let (numbers, summary) = (sessions.numbers(now), summary(&sessions, Some(b"other")));
    assert_eq!((numbers.pending, numbers.active), (0, 0));
    assert_eq!(numbers.total, summary.totals.sessions);
    // A process that dies between the two loses the chunk in flight for one of them.
    let lag = summary.totals.bytes.tx.abs_diff(numbers.tx.bytes);
    assert!(lag <= killed * CHUNK, "{lag}");
    let [begun, refused, beyond] =
        [BEGUN, REFUSED, BEYOND].map(|word| progress.words()[word].load(SeqCst));
    assert!(numbers.tx.bytes <= begun * CHUNK && refused > 0 && numbers.total > rounds);
    assert_eq!(beyond, 0);
}

/// What must be true at any time, whoever is at work.
fn check(sessions: &Sessions) {
    let now = Moment(monotonic());
    let numbers = sessions.numbers(now);
    assert!(numbers.pending + numbers.active <= MOST, "{numbers:?}");
    check_sums(&summary(sessions, Some(b"other")));
    assert!(listed(sessions, now) <= 2 * MOST);
    sessions.zone().verify().unwrap();
}

/// The words of sessions in use, with a history.
fn words_in_use() -> Vec<u64> {
    let mut pair = Pair::new();
    for id in 0..30 {
        pair.play(&Step::Register(id));
        pair.play(&Step::Activate(id));
        pair.play(&Step::Count(id, 1000, 2000));
        if id % 3 == 0 {
            pair.play(&Step::Close(id));
        }
    }
    pair.words()
}

/// Does everything there is to do with what lies in this memory.
fn exercise(memory: &SharedMemory) {
    let Ok(zone) = Zone::attach(memory, Arc::new(schema())) else {
        return;
    };
    let settings = Settings {
        timeout: 5,
        pending: 5,
        limits: Limits {
            sessions: Some(1 << 40),
            rx_bitrate: Some(1 << 40),
            tx_bitrate: Some(1 << 40),
            headroom: 0.1,
        },
    };
    let now = Moment(u64::MAX / 3);
    let Ok(sessions) = Sessions::new(zone, settings, now) else {
        return;
    };
    for number in 0..40u8 {
        let id = vec![number; 1 + usize::from(number) * 9];
        let attributes = Attributes {
            reference: &id,
            location: &id,
            peer: &id,
            extra: &id,
        };
        let new = Newcomer {
            id: &id,
            attributes,
            estimate: None,
            companions: &[],
            is_dry_run: false,
        };
        let Some(handle) = sessions.register(&new, now).handle else {
            continue;
        };
        let bytes = Bytes {
            rx: u64::MAX,
            tx: 7,
        };
        let _ = sessions.activate(&handle, now);
        sessions.count(&handle, bytes, now);
        let _ = sessions.replace_extra(&handle, b"other", now);
        if number % 2 == 0 {
            let _ = sessions.close(&handle, now);
        }
    }
    let _ = sessions.sweep(now, &mut |session| {
        let _ = (
            session.attributes(),
            session.rx(),
            session.tx(),
            session.duration(),
        );
    });
    listed(&sessions, now);
    summary(&sessions, Some(b"other"));
    let _ = (sessions.numbers(now), sessions.recount(now));
    let _ = sessions.close_all(now, &mut |_| {});
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_words_lead_to_wrong_numbers_at_worst(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u64>(), 0..4u8), 1..600),
    ) {
        let mut words = words_in_use();
        for (place, value, kind) in damage {
            let place = place.index(words.len());
            if is_lock(place) {
                continue;
            }
            words[place] = match kind {
                0 => value,
                1 => words[place] ^ 1 << (value % 64),
                2 => value % 2000,
                _ => u64::MAX,
            };
        }
        exercise(&crate::damage::memory(&words));
    }
}

//! What letting a request in and out of a window costs, beside two bare swaps of the same word: by the one window of a
//! zone, and by the window of a key, which is looked up first.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use pingauge::metric::{Moment, Schema};
use pingauge::modules::backpressure::gate::{Party, Share, State, enter, leave};
use pingauge::os::{SharedMemory, monotonic};
use pingauge::zone::{Overflow, Put, Stay, Zone};

use crate::keys::key;
use crate::sections::report;
use crate::took::Took;

const PAIRS: u64 = 2_000_000;
/// Words between what different processes note.
const LINE: usize = 8;

/// Threads that let in and out by one word, as processes do.
pub(crate) fn gate() {
    let memory = SharedMemory::create("gate", 4096).unwrap();
    let keyed = SharedMemory::create("keys", KEYED + 4096).unwrap();
    let (zone, keys) = windows(&keyed);
    for threads in [1, 2, 4] {
        let word = &memory.words()[0];
        report(
            &format!("{threads} at once"),
            &mut [
                ("two bare swaps", &mut || {
                    by_threads(threads, |_, _| {
                        swap(word, |active| active + 1);
                        swap(word, |active| active.saturating_sub(1));
                    })
                }),
                ("in and out", &mut || {
                    by_threads(threads, |number, _| {
                        let party = party(&memory, number);
                        if enter(word, party).is_ok() {
                            leave(word, party, grown);
                        }
                    })
                }),
                ("by keys", &mut || {
                    by_threads(threads, |number, step| {
                        let party = party(&memory, number);
                        by_key(&zone, &keys[step as usize * 7 % keys.len()], party, number);
                    })
                }),
            ],
        );
    }
}

const WINDOW: u32 = 1000;

fn grown(window: u32) -> u32 {
    window.saturating_add(1).min(WINDOW)
}

const KEYED: usize = 1 << 20;
/// How many keys have a window.
const KEYS: u64 = 1000;
// The cells of a key: its gate, when it was used, and what each thread has in hand.
const GATE: usize = 0;
const USED: usize = 1;
const SHARES: usize = 2;
const CELLS: usize = 3;

/// A zone in which each key has a window.
fn windows(memory: &SharedMemory) -> (Zone, Vec<Vec<u8>>) {
    let schema = Arc::new(Schema::words("windows", CELLS));
    let zone = Zone::create(memory, KEYED, schema, &Overflow::default()).unwrap();
    let keys: Vec<Vec<u8>> = (0..KEYS).map(key).collect();
    let (active, window) = (0, WINDOW);
    let cells = [State { active, window }.packed(), 0, 0];
    for key in &keys {
        let put = Put {
            cells: &cells,
            stay: Stay::Evictable,
            text: None,
        };
        let added = zone.edit(Moment(monotonic()), |edit| {
            edit.put(key, put);
            edit.commit()
        });
        added.unwrap().unwrap();
    }
    (zone, keys)
}

/// A request by a key, as `backpressure … key=` lets it in and out.
fn by_key(zone: &Zone, key: &[u8], party: Party<'_>, number: usize) {
    let own = |cells: &[AtomicU64], party: Party<'_>, work: &dyn Fn(Party<'_>)| {
        let share = Share::Part(&cells[SHARES], 16 * number as u32);
        work(Party { share, ..party });
    };
    let now = Moment(monotonic());
    let entered = zone.with_found_cells(key, now, |spot, cells| {
        cells[USED].store(now.0, Ordering::Relaxed);
        own(cells, party, &|party| {
            enter(&cells[GATE], party).unwrap();
        });
        party.share.grow();
        (spot, Box::<[u8]>::from(key))
    });
    let (spot, key) = entered.unwrap();
    party.share.shrink();
    let left = zone.with_cells_at(spot, &key, Moment(monotonic()), |cells| {
        own(cells, party, &|party| leave(&cells[GATE], party, grown));
    });
    left.unwrap();
}

fn party(memory: &SharedMemory, number: usize) -> Party<'_> {
    let words = &memory.words()[(number + 1) * LINE..];
    Party {
        turn: &words[0],
        share: Share::Word(&words[1]),
    }
}

fn swap(word: &AtomicU64, next: impl Fn(u32) -> u32) {
    let mut seen = word.load(Ordering::Acquire);
    loop {
        let active = next(State::of(seen).active);
        let window = WINDOW;
        let wanted = State { active, window }.packed();
        match word.compare_exchange(seen, wanted, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return,
            Err(now) => seen = now,
        }
    }
}

fn by_threads(threads: usize, pair: impl Fn(usize, u64) + Sync) -> Took {
    let start = Barrier::new(threads);
    let work = &|number| {
        start.wait();
        let begun = Took::begin();
        for step in 0..PAIRS / threads as u64 {
            pair(number, step);
        }
        begun.end(PAIRS / threads as u64)
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || work(number)))
            .collect();
        Took::mean(all.into_iter().map(|one| one.join().unwrap()))
    })
}

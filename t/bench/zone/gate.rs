//! What letting a request in and out of a window costs, beside two bare swaps of the same word.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use pingauge::modules::backpressure::gate::{Party, Share, State, enter, leave};
use pingauge::os::SharedMemory;

use crate::sections::report;
use crate::took::Took;

const PAIRS: u64 = 2_000_000;
/// Words between what different processes note.
const LINE: usize = 8;

/// Threads that let in and out by one word, as processes do.
pub(crate) fn gate() {
    let memory = SharedMemory::create("gate", 4096).unwrap();
    for threads in [1, 2, 4] {
        let word = &memory.words()[0];
        report(
            &format!("{threads} at once"),
            &mut [
                ("two bare swaps", &mut || {
                    by_threads(threads, |_| {
                        swap(word, |active| active + 1);
                        swap(word, |active| active.saturating_sub(1));
                    })
                }),
                ("in and out", &mut || {
                    by_threads(threads, |number| {
                        let party = party(&memory, number);
                        if enter(word, party).is_ok() {
                            leave(word, party, |window| window.saturating_add(1).min(WINDOW));
                        }
                    })
                }),
            ],
        );
    }
}

const WINDOW: u32 = 1000;

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

fn by_threads(threads: usize, pair: impl Fn(usize) + Sync) -> Took {
    let start = Barrier::new(threads);
    let work = &|number| {
        start.wait();
        let begun = Took::begin();
        for _ in 0..PAIRS / threads as u64 {
            pair(number);
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

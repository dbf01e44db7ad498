//! The signals of a zone are looked at every interval, and its windows set by what they say.
//!
//! That is done by one process for all workers, on a thread of its own, so that what else the keeper does cannot delay
//! it. When the next evaluation is due stands in shared memory and is looked at under a lock: whoever
//! comes to do this work meanwhile or after a death goes on where the last one was.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;

use super::rules::Verdict;
use super::signal::{Evaluator, Stale};
use super::zone::Zone;
use crate::http::plan::chore::Chore;
use crate::http::plan::runtime::Runtime;
use crate::os;
use crate::status::Tree;

/// Looks at the signals of a zone.
pub(super) struct Evaluation {
    zone: Arc<Zone>,
    stale: Stale,
    work: Mutex<Option<JoinHandle<()>>>,
    is_over: Arc<AtomicBool>,
}

impl Evaluation {
    /// Of this zone.
    pub(super) fn new(zone: Arc<Zone>, stale: Stale) -> Self {
        Self {
            zone,
            stale,
            work: Mutex::new(None),
            is_over: Arc::default(),
        }
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(work) = self.work.lock().take() {
            work.thread().unpark();
            // What it panicked over was logged.
            drop(work.join());
        }
    }
}

impl Chore for Evaluation {
    fn every(&self) -> Option<Duration> {
        None
    }

    fn begin(&self, runtime: &'static Runtime) {
        let (zone, stale) = (Arc::clone(&self.zone), self.stale);
        let is_over = Arc::clone(&self.is_over);
        let evaluator = Evaluator::new(
            &zone.name,
            Arc::clone(&zone.plan),
            zone.states.clone(),
            stale,
        );
        let mut rounds = Rounds { zone, evaluator };
        let work = move || {
            while !is_over.load(Ordering::Relaxed) {
                // A panic was reported, and ends this round only.
                let rest = catch_unwind(AssertUnwindSafe(|| rounds.go(&runtime.tree)));
                thread::park_timeout(rest.unwrap_or(rounds.zone.interval));
            }
        };
        let name = &self.zone.name;
        match thread::Builder::new().spawn(work) {
            Ok(work) => *self.work.lock() = Some(work),
            Err(error) => {
                log::error!("backpressure zone \"{name}\": no thread for its signals: {error}");
            }
        }
    }

    fn run(&self) {}

    fn leave(&self) {
        self.end();
    }

    fn finish(&self) {
        self.end();
    }
}

struct Rounds {
    zone: Arc<Zone>,
    evaluator: Evaluator,
}

impl Rounds {
    /// Evaluates if it is time, and gives how long there is nothing to do.
    fn go(&mut self, tree: &Tree) -> Duration {
        let Ok(_guard) = self.zone.area.lock() else {
            return LOOK_AGAIN;
        };
        let now = os::monotonic();
        let due = self.zone.area.due();
        let interval = nanoseconds(self.zone.interval);
        // A time beyond the longest rest was written by a configuration with another interval.
        if due <= now || due > now + interval + interval / 10 {
            let rest = rest(interval, os::random().unwrap_or(0));
            let verdict = self.evaluator.evaluate(tree, now / 1_000_000);
            let verdict = Verdict {
                allowance: verdict.allowance,
                is_firing: verdict.is_firing,
            };
            self.zone.area.note(verdict, now + rest);
            self.zone.settle(verdict);
            return Duration::from_nanos(rest.saturating_sub(os::monotonic() - now));
        }
        Duration::from_nanos(due - now)
    }
}

/// How soon a lock is tried again that somebody has who does not move.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 4)
}

/// The interval give or take a tenth, so that servers that were started together do not stay so.
fn rest(interval: u64, random: u64) -> u64 {
    let tenth = interval / 10;
    interval - tenth + random % (2 * tenth + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_differ_by_a_tenth() {
        assert_eq!(rest(1000, 0), 900);
        assert_eq!(rest(1000, 200), 1100);
        assert_eq!(rest(1000, 201), 900);
        assert_eq!(rest(0, 7), 0);
    }
}

//! What became of the requests of a zone, counted by each worker in a row of its own.

use std::io;
use std::sync::Arc;

use crate::http::build::memory::{Memory, Role};
use crate::http::plan::counters::MOST_WORKERS;
use crate::os::SharedMemory;
use crate::os::atomic::{AtomicU64, Ordering};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// Requests that went on at once.
    Passed,
    /// Those without a key.
    Skipped,
    /// Those that waited.
    Delayed,
    /// Those that were too many.
    Rejected,
    /// Those whose key found no room.
    Exhausted,
}

/// How many words a row has: a line of the cache.
const ROW: usize = 8;

/// The counts of a zone.
pub(super) struct Counts {
    memory: Arc<SharedMemory>,
    own: usize,
}

impl Counts {
    /// Those of the zone called `name`, which go on over reloads.
    pub(super) fn open(memory: &mut dyn Memory, name: &str) -> io::Result<Self> {
        let place = match memory.role() {
            Role::Worker(place) => place % MOST_WORKERS,
            _ => MOST_WORKERS - 1,
        };
        Ok(Self {
            memory: memory.counters("limit_req_counts", name, ROW * MOST_WORKERS * 8)?,
            own: place * ROW,
        })
    }

    /// Counts one.
    pub(super) fn add(&self, what: Count) {
        self.word(self.own, what).fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were, of all workers.
    pub(super) fn sum(&self, what: Count) -> u64 {
        let each = (0..MOST_WORKERS).map(|place| self.word(place * ROW, what));
        each.map(|count| count.load(Ordering::Relaxed))
            .fold(0, u64::wrapping_add)
    }

    fn word(&self, row: usize, what: Count) -> &AtomicU64 {
        &self.memory.words()[row + what as usize]
    }
}

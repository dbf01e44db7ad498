//! How pushing to a zone goes, counted in memory that all workers share.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::http::build::memory::Memory;
use crate::os::SharedMemory;

/// The counts of one zone.
pub(in crate::modules::metric) struct Counts(Arc<SharedMemory>);

const UPDATES: usize = 0;
const REPLAYED: usize = 1;
const REJECTED: usize = 2;
const WORDS: usize = 3;

impl Counts {
    /// Those of the zone called `name`.
    pub(super) fn open(memory: &mut dyn Memory, name: &str) -> io::Result<Self> {
        memory.counters("metric_push", name, WORDS * 8).map(Self)
    }

    /// So many changes were made.
    pub(super) fn updated(&self, changes: usize) {
        self.word(UPDATES)
            .fetch_add(changes as u64, Ordering::Relaxed);
    }

    /// A request was made before, and changed nothing now.
    pub(super) fn replayed(&self) {
        self.word(REPLAYED).fetch_add(1, Ordering::Relaxed);
    }

    /// A request got nothing done.
    pub(super) fn rejected(&self) {
        self.word(REJECTED).fetch_add(1, Ordering::Relaxed);
    }

    /// All counts, with their names.
    pub(in crate::modules::metric) fn read(&self) -> [(&'static str, u64); WORDS] {
        let read = |word| self.word(word).load(Ordering::Relaxed);
        [
            ("updates", read(UPDATES)),
            ("replayed", read(REPLAYED)),
            ("rejected", read(REJECTED)),
        ]
    }

    fn word(&self, place: usize) -> &AtomicU64 {
        &self.0.words()[place]
    }
}

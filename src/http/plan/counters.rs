//! Counts of connections, in memory that all workers share.
//!
//! Totals only grow. Open and idle connections, and the requests that are under way, are counted by each worker in
//! a row of its own, so that those of a worker that was killed vanish with its row, which the master clears. The total of requests stands there too, and is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::os::SharedMemory;

/// Counts of connections.
pub struct Connections {
    memory: Arc<SharedMemory>,
    row: usize,
}

const ACCEPTED: usize = 0;
const HANDLED: usize = 1;
/// How many rows have ever been used: what lies behind them is empty.
const USED: usize = 2;
const ROWS: usize = 8;
const ROW: usize = 8;
const OPEN: usize = 0;
const IDLE: usize = 1;
/// The generation for which the worker accepts; 0 when it does not.
const ACCEPTS_FOR: usize = 2;
/// Requests that have begun.
const REQUESTS: usize = 3;
/// Requests that have begun and not ended.
const BUSY: usize = 4;
/// A worker with no more connections than this need not look at the others.
const FEW: u64 = 4;
/// As many workers as can be told apart, over two generations.
pub const MOST_WORKERS: usize = 512;

impl Connections {
    /// How much memory they take.
    pub const BYTES: usize = (ROWS + ROW * MOST_WORKERS) * 8;

    /// Counts in `memory`, as the worker of this place.
    pub fn new(memory: Arc<SharedMemory>, worker: usize) -> Self {
        let counts = Self {
            memory,
            row: worker % MOST_WORKERS,
        };
        Self::forget(&counts.memory, counts.row);
        let used = counts.row as u64 + 1;
        counts.total(USED).fetch_max(used, Ordering::Relaxed);
        counts
    }

    /// Takes back what is counted as open or going on by a worker that is gone.
    pub fn forget(memory: &SharedMemory, worker: usize) {
        let row = &memory.words()[ROWS + worker % MOST_WORKERS * ROW..];
        for present in [OPEN, IDLE, BUSY, ACCEPTS_FOR] {
            row[present].store(0, Ordering::Relaxed);
        }
    }

    /// The worker accepts for this generation from now on; 0 for none.
    pub fn accepts_for(&self, generation: u64) {
        self.own(ACCEPTS_FOR).store(generation, Ordering::Relaxed);
    }

    /// Whether the worker accepts, and is not about to end.
    pub fn accepts(&self) -> bool {
        self.own(ACCEPTS_FOR).load(Ordering::Relaxed) != 0
    }

    /// Whether the worker has clearly more connections than the others that accept with it, and
    /// may leave the next one to them.
    pub fn has_more_than_others(&self) -> bool {
        let own = self.own(OPEN).load(Ordering::Relaxed);
        if own <= FEW {
            return false;
        }
        let generation = self.own(ACCEPTS_FOR).load(Ordering::Relaxed);
        let with_it = |row: &&[AtomicU64]| row[ACCEPTS_FOR].load(Ordering::Relaxed) == generation;
        let (mut workers, mut open) = (0, 0);
        for row in self.rows().filter(with_it) {
            workers += 1;
            open += row[OPEN].load(Ordering::Relaxed);
        }
        let mean = open / workers.max(1);
        own > mean + mean / 8 + FEW
    }

    /// A connection was accepted, and is being handled.
    pub fn open(&self) {
        self.total(ACCEPTED).fetch_add(1, Ordering::Relaxed);
        self.total(HANDLED).fetch_add(1, Ordering::Relaxed);
        self.own(OPEN).fetch_add(1, Ordering::Relaxed);
    }

    /// A connection was closed.
    pub fn close(&self) {
        self.own(OPEN).fetch_sub(1, Ordering::Relaxed);
    }

    /// A connection waits for its next request.
    pub fn begin_idle(&self) {
        self.own(IDLE).fetch_add(1, Ordering::Relaxed);
    }

    /// It waits no longer.
    pub fn end_idle(&self) {
        self.own(IDLE).fetch_sub(1, Ordering::Relaxed);
    }

    /// A client's request has begun: its head was received.
    pub fn begin_request(&self) {
        self.own(REQUESTS).fetch_add(1, Ordering::Relaxed);
        self.own(BUSY).fetch_add(1, Ordering::Relaxed);
    }

    /// It is over.
    pub fn end_request(&self) {
        self.own(BUSY).fetch_sub(1, Ordering::Relaxed);
    }

    /// Requests of clients since the server was started.
    pub fn requests(&self) -> u64 {
        self.sum(REQUESTS)
    }

    /// Requests of clients that are under way.
    pub fn busy(&self) -> u64 {
        self.sum(BUSY)
    }

    /// Accepted since the server was started.
    pub fn accepted(&self) -> u64 {
        self.total(ACCEPTED).load(Ordering::Relaxed)
    }

    /// Accepted and closed at once.
    pub fn dropped(&self) -> u64 {
        self.accepted().saturating_sub(self.handled())
    }

    /// Accepted and served.
    pub fn handled(&self) -> u64 {
        self.total(HANDLED).load(Ordering::Relaxed)
    }

    /// Open and busy.
    pub fn active(&self) -> u64 {
        self.sum(OPEN).saturating_sub(self.idle())
    }

    /// Open and waiting for a request.
    pub fn idle(&self) -> u64 {
        self.sum(IDLE)
    }

    fn total(&self, count: usize) -> &AtomicU64 {
        &self.memory.words()[count]
    }

    fn own(&self, count: usize) -> &AtomicU64 {
        &self.memory.words()[ROWS + self.row * ROW + count]
    }

    fn rows(&self) -> impl Iterator<Item = &[AtomicU64]> {
        let used = self.total(USED).load(Ordering::Relaxed);
        let used = usize::try_from(used).unwrap_or(MOST_WORKERS);
        self.memory.words()[ROWS..].chunks_exact(ROW).take(used)
    }

    fn sum(&self, count: usize) -> u64 {
        let rows = self.rows();
        rows.map(|row| row[count].load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_with_more_than_its_share_leaves_connections_to_others() {
        let memory = Arc::new(SharedMemory::anonymous(Connections::BYTES).unwrap());
        let worker = |place| Connections::new(Arc::clone(&memory), place);
        let (one, other, old) = (worker(0), worker(1), worker(2));
        one.accepts_for(7);
        old.accepts_for(6);
        for _ in 0..100 {
            one.open();
        }
        assert!(!one.has_more_than_others(), "there are no others");
        other.accepts_for(7);
        assert!(one.has_more_than_others());
        assert!(!other.has_more_than_others());
        for _ in 0..85 {
            other.open();
        }
        assert!(!one.has_more_than_others(), "nearly as many");
    }
}

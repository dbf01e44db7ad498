//! Counts of connections, in memory that all workers share.
//!
//! Totals only grow. Open and idle connections are counted by each worker in a row of its own, so
//! that the connections of a worker that was killed vanish with its row, which the next worker in
//! that place clears.

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
const ROWS: usize = 8;
const ROW: usize = 8;
const OPEN: usize = 0;
const IDLE: usize = 1;
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
        counts.own(OPEN).store(0, Ordering::Relaxed);
        counts.own(IDLE).store(0, Ordering::Relaxed);
        counts
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

    /// Accepted since the server was started.
    pub fn accepted(&self) -> u64 {
        self.total(ACCEPTED).load(Ordering::Relaxed)
    }

    /// Accepted and closed at once.
    pub fn dropped(&self) -> u64 {
        self.accepted()
            .saturating_sub(self.total(HANDLED).load(Ordering::Relaxed))
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

    fn sum(&self, count: usize) -> u64 {
        let rows = self.memory.words()[ROWS..].chunks_exact(ROW);
        rows.map(|row| row[count].load(Ordering::Relaxed)).sum()
    }
}

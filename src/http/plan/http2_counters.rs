//! Counts of HTTP/2 with clients, in memory that all workers share.
//!
//! Each worker counts in a row of its own. Totals only grow and stay when it ends; what is open at present vanishes with
//! a worker that was killed, since the master clears that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::counters::MOST_WORKERS;
use crate::http::transport::flood::Flood;
use crate::os::SharedMemory;

/// Counts of HTTP/2 with clients.
#[derive(Debug)]
pub struct Http2Counters {
    memory: Arc<SharedMemory>,
    row: usize,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http2Count {
    /// Connections at present.
    ActiveConnections,
    /// Streams that are answered at present.
    ActiveStreams,
    /// Connections on which HTTP/2 was begun.
    Connections,
    /// Connections that were closed for a mistake in the protocol.
    Mistakes,
    /// Requests that were taken.
    Streams,
    /// Streams that were refused, so that the client may ask again.
    Refused,
    /// Requests that were malformed.
    Rejected,
    /// Streams that clients reset.
    ResetsReceived,
    /// Streams that were reset here.
    ResetsSent,
    /// Connections whose client said that it goes.
    GoawaysReceived,
    /// Connections whose client was told to go.
    GoawaysSent,
}

/// How many rows have ever been used: what lies behind them is empty.
const USED: usize = 0;
const ROWS: usize = 8;
const ROW: usize = 24;
const FLOODS: usize = Http2Count::GoawaysSent as usize + 1;
const _: () = assert!(FLOODS + Flood::ALL.len() <= ROW);

impl Http2Counters {
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
        counts.memory.words()[USED].fetch_max(used, Ordering::Relaxed);
        counts
    }

    /// Takes back what is counted as open by a worker that is gone.
    pub fn forget(memory: &SharedMemory, worker: usize) {
        let row = &memory.words()[ROWS + worker % MOST_WORKERS * ROW..];
        for present in [Http2Count::ActiveConnections, Http2Count::ActiveStreams] {
            row[present as usize].store(0, Ordering::Relaxed);
        }
    }

    /// There was one, or so many, more.
    pub fn add(&self, count: Http2Count, more: u64) {
        if more > 0 {
            self.own(count as usize).fetch_add(more, Ordering::Relaxed);
        }
    }

    /// One of those at present is over.
    pub fn end(&self, count: Http2Count) {
        self.own(count as usize).fetch_sub(1, Ordering::Relaxed);
    }

    /// A connection was closed for a flood.
    pub fn flooded(&self, flood: Flood) {
        self.own(FLOODS + flood as usize)
            .fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were, over all workers.
    pub fn value(&self, count: Http2Count) -> u64 {
        self.sum(count as usize)
    }

    /// How many connections were closed for such floods.
    pub fn floods(&self, flood: Flood) -> u64 {
        self.sum(FLOODS + flood as usize)
    }

    fn own(&self, count: usize) -> &AtomicU64 {
        &self.memory.words()[ROWS + self.row * ROW + count]
    }

    fn sum(&self, count: usize) -> u64 {
        let used = self.memory.words()[USED].load(Ordering::Relaxed);
        let used = usize::try_from(used).unwrap_or(MOST_WORKERS);
        let rows = self.memory.words()[ROWS..].chunks_exact(ROW).take(used);
        rows.map(|row| row[count].load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_count_apart_and_what_is_open_ends_with_them() {
        let memory = Arc::new(SharedMemory::anonymous(Http2Counters::BYTES).unwrap());
        let worker = |place| Http2Counters::new(Arc::clone(&memory), place);
        let (one, other) = (worker(0), worker(MOST_WORKERS - 1));
        for counts in [&one, &other] {
            counts.add(Http2Count::Streams, 2);
            counts.add(Http2Count::ActiveStreams, 2);
            counts.flooded(Flood::WindowUpdates);
        }
        other.end(Http2Count::ActiveStreams);
        assert_eq!(one.value(Http2Count::ActiveStreams), 3);
        drop(one);
        // It was killed, and this is the next one.
        let next = worker(0);
        assert_eq!(next.value(Http2Count::ActiveStreams), 1);
        assert_eq!(next.value(Http2Count::Streams), 4);
        assert_eq!(next.floods(Flood::WindowUpdates), 2);
        assert_eq!(next.floods(Flood::Acks), 0);
    }

    #[test]
    fn floods_are_numbered_in_their_order() {
        for (number, flood) in Flood::ALL.into_iter().enumerate() {
            assert_eq!(flood as usize, number);
        }
    }
}

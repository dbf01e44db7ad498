//! What is counted about the peers of an upstream, in words that workers may share.
//!
//! Each peer has a record that is found by the peer's name, so that counts outlive a reload that
//! adds or removes others. What goes up and down again (requests under way, open connections) is
//! counted by each worker in a row of its own: the master clears the row of a worker that has ended, however it did.
//! Times are milliseconds; those since 1970 are for people, the others
//! are of the monotonic clock, which all processes share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::group::monotonic_ms;
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::os::SharedMemory;

/// The records of one upstream's peers.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    memory: Arc<SharedMemory>,
    /// The row of this worker.
    row: usize,
    /// How many peers have their records for good.
    fixed: usize,
}

/// The record of one peer.
#[derive(Clone, Debug)]
pub(super) struct Record {
    tally: Tally,
    start: usize,
}

/// A number that only grows, or that holds the latest of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// Requests given to this peer.
    Selected = 1,
    /// When the last one was, since 1970.
    LastSelected,
    /// Failures in the present stretch of time.
    RecentFails,
    /// When the peer was last tried, or failed.
    Checked,
    /// When it last failed.
    Failed,
    /// All failures.
    Fails,
    /// How often it became unavailable.
    Unavailable,
    /// How long it has been unavailable, all in all.
    Downtime,
    /// Since when it is, since 1970; 0 when it is not.
    DownSince,
    /// The average time to the head of a response, as the bits of a float.
    HeaderTime,
    /// The average time to the end of a response, likewise.
    ResponseTime,
    /// Bytes sent to it.
    Sent,
    /// Bytes received from it.
    Received,
    /// When it was last among the peers of some worker, if it comes and goes.
    Present,
}

/// What a worker has under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gauge {
    /// Requests.
    Busy,
    /// Open connections.
    Open,
}

const MAGIC: u64 = 0x7065_6572_7300_0001;
const PEERS: usize = 1;
const ROWS_USED: usize = 2;
const HEADER: usize = 8;
const STATUSES: usize = 16;
/// 100 to 599, and one for all others.
const STATUS_COUNT: usize = 501;
const ROWS: usize = STATUSES + STATUS_COUNT;
const GAUGES: usize = 2;
/// As many workers as can be told apart, over two generations.
const MOST_WORKERS: usize = 512;
const RECORD: usize = ROWS + GAUGES * MOST_WORKERS;
/// What the record of a peer takes.
pub(super) const RECORD_BYTES: usize = RECORD * 8;
/// A record may be taken over when its peer was in nobody's group for so long.
const ABANDONED_AFTER_MS: u64 = 60_000;
/// How much of an average stays when a value is added.
const INERTIA: f64 = 0.9;

impl Tally {
    /// The records of peers with these identities, and of so many more that come and go: shared under the
    /// name of a zone, or private.
    pub(super) fn new(
        builder: &mut Builder<'_>,
        zone: Option<&str>,
        peers: &[u64],
        room: usize,
    ) -> Self {
        let role = builder.memory.role();
        let shared = zone.and_then(|name| shared(builder, role, name, (peers, room)));
        let memory = shared.unwrap_or_else(|| Arc::new(private(peers, room)));
        let row = match role {
            Role::Worker(place) => place % MOST_WORKERS,
            Role::Check | Role::Master => MOST_WORKERS - 1,
        };
        let fixed = peers.len();
        let tally = Self { memory, row, fixed };
        if matches!(role, Role::Worker(_)) {
            tally.begin(row);
        }
        tally
    }

    /// The record of the peer with this identity.
    pub(super) fn record(&self, identity: u64) -> Option<Record> {
        let words = self.memory.words();
        let place = identities(words).position(|own| own == identity)?;
        Some(Record {
            tally: self.clone(),
            start: HEADER + place * RECORD,
        })
    }

    /// The record of the peer with this identity, which may be new. It takes the place of one that has been in
    /// nobody's group for a while.
    pub(super) fn claim(&self, identity: u64) -> Option<Record> {
        if let Some(known) = self.record(identity) {
            return Some(known);
        }
        let now = monotonic_ms();
        for place in self.fixed..identities(self.memory.words()).count() {
            let record = Record {
                tally: self.clone(),
                start: HEADER + place * RECORD,
            };
            let owner = &record.words()[0];
            let own = owner.load(Relaxed);
            if own == identity {
                // Another worker has just claimed it.
                return Some(record);
            }
            let is_free = own == 0 || record.is_abandoned(now);
            if is_free
                && owner
                    .compare_exchange(own, identity, Relaxed, Relaxed)
                    .is_ok()
            {
                if own != 0 {
                    let counts = &record.words()[1..ROWS];
                    counts.iter().for_each(|count| count.store(0, Relaxed));
                }
                record.set(Count::Present, now);
                return Some(record);
            }
        }
        None
    }

    /// Clears what the worker before left in this row.
    fn begin(&self, row: usize) {
        self.memory.words()[ROWS_USED].fetch_max(row as u64 + 1, Relaxed);
        forget(&self.memory, row);
    }
}

/// Takes back what a worker that is gone had under way and open.
pub(super) fn forget(memory: &SharedMemory, worker: usize) {
    let words = memory.words();
    if !is_valid(words) {
        return;
    }
    for place in 0..identities(words).count() {
        let start = HEADER + place * RECORD + ROWS + worker % MOST_WORKERS * GAUGES;
        for gauge in &words[start..start + GAUGES] {
            gauge.store(0, Relaxed);
        }
    }
}

impl Record {
    /// A record of its own, for a peer that no configuration names.
    pub(super) fn alone() -> Self {
        Self {
            tally: Tally {
                memory: Arc::new(private(&[0], 0)),
                row: 0,
                fixed: 1,
            },
            start: HEADER,
        }
    }

    /// Whether it has been in nobody's group for a while, and nothing is under way with it.
    fn is_abandoned(&self, now: u64) -> bool {
        let gauges = self.sum(Gauge::Busy) + self.sum(Gauge::Open);
        gauges == 0 && now.saturating_sub(self.value(Count::Present)) > ABANDONED_AFTER_MS
    }

    /// A number of this peer.
    pub(super) fn value(&self, count: Count) -> u64 {
        self.word(count).load(Relaxed)
    }

    /// Sets it.
    pub(super) fn set(&self, count: Count, value: u64) {
        self.word(count).store(value, Relaxed);
    }

    /// Adds to it; gives what it is then.
    pub(super) fn add(&self, count: Count, amount: u64) -> u64 {
        self.word(count).fetch_add(amount, Relaxed) + amount
    }

    /// Sets it to 0; gives what it was.
    pub(super) fn take(&self, count: Count) -> u64 {
        self.word(count).swap(0, Relaxed)
    }

    /// Takes a value into an average.
    pub(super) fn average(&self, count: Count, value: f64) {
        let join = |bits: u64| {
            let mean = match bits {
                0 => value,
                bits => f64::from_bits(bits) * INERTIA + value * (1.0 - INERTIA),
            };
            // A mean of 0 is one, too; the smallest number stands for it.
            Some(mean.to_bits().max(1))
        };
        // The closure never declines.
        let _ = self.word(count).fetch_update(Relaxed, Relaxed, join);
    }

    /// A whole number of milliseconds out of an average; `None` before the first value.
    pub(super) fn mean(&self, count: Count) -> Option<u64> {
        let bits = self.value(count);
        // Times are far below the largest whole number that a float holds.
        (bits != 0).then(|| f64::from_bits(bits).round() as u64)
    }

    /// Counts a response with this status.
    pub(super) fn respond(&self, status: u16) {
        let place = usize::from(status.wrapping_sub(100)).min(STATUS_COUNT - 1);
        self.words()[STATUSES + place].fetch_add(1, Relaxed);
    }

    /// How many responses had each status; those outside 100 to 599 count under `None`.
    pub(super) fn responses(&self) -> impl Iterator<Item = (Option<u16>, u64)> {
        let counts = self.words()[STATUSES..ROWS].iter();
        counts.zip(100u16..).filter_map(|(count, status)| {
            let count = count.load(Relaxed);
            (count > 0).then_some((Some(status).filter(|status| *status < 600), count))
        })
    }

    /// This worker has one more of something.
    pub(super) fn begin(&self, gauge: Gauge) {
        self.own(gauge).fetch_add(1, Relaxed);
    }

    /// This worker has one less.
    pub(super) fn end(&self, gauge: Gauge) {
        let less = |value: u64| value.checked_sub(1);
        // It was zero only if the row was cleared, and then stays so.
        let _ = self.own(gauge).fetch_update(Relaxed, Relaxed, less);
    }

    /// How many all workers have together.
    pub(super) fn sum(&self, gauge: Gauge) -> u64 {
        let used = self.tally.memory.words()[ROWS_USED].load(Relaxed);
        let used = usize::try_from(used).map_or(MOST_WORKERS, |used| used.min(MOST_WORKERS));
        let rows = self.words()[ROWS..].chunks_exact(GAUGES);
        let shared: u64 = rows
            .take(used)
            .map(|row| row[gauge as usize].load(Relaxed))
            .sum();
        match used {
            0 => self.own(gauge).load(Relaxed),
            _ => shared,
        }
    }

    fn word(&self, count: Count) -> &AtomicU64 {
        &self.words()[count as usize]
    }

    fn own(&self, gauge: Gauge) -> &AtomicU64 {
        &self.words()[ROWS + self.tally.row * GAUGES + gauge as usize]
    }

    fn words(&self) -> &[AtomicU64] {
        &self.tally.memory.words()[self.start..self.start + RECORD]
    }
}

/// What the records of so many peers take.
pub(super) fn bytes(peers: usize) -> usize {
    (HEADER + peers * RECORD) * 8
}

fn private(peers: &[u64], room: usize) -> SharedMemory {
    let memory = SharedMemory::heap(bytes(peers.len() + room));
    lay_out(memory.words(), peers, room);
    memory
}

/// The memory of a zone: what is there if it has the same peers, else fresh memory into which the
/// counts of those that stay are copied.
fn shared(
    builder: &mut Builder<'_>,
    role: Role,
    name: &str,
    (peers, room): (&[u64], usize),
) -> Option<Arc<SharedMemory>> {
    let existing = builder.memory.existing(KIND, name);
    let existing = existing.filter(|memory| is_valid(memory.words()));
    if let Some(memory) = &existing {
        let own = || identities(memory.words());
        let same = own().take(peers.len()).eq(peers.iter().copied());
        if same && own().count() == peers.len() + room {
            return existing;
        }
    }
    if matches!(role, Role::Worker(_)) {
        // Names that resolve to other addresses than a moment ago in the master.
        log::warn!(
            "upstream zone \"{name}\" has other peers than expected, this worker counts alone"
        );
        return None;
    }
    let fresh = match builder.memory.create(KIND, name, bytes(peers.len() + room)) {
        Ok(fresh) => fresh,
        Err(error) => {
            builder.no_memory(name, &error);
            return None;
        }
    };
    let before = existing.as_ref().map(|memory| memory.words());
    let others = before.into_iter().flat_map(identities);
    let others = others.filter(|own| *own != 0 && !peers.contains(own));
    let all: Vec<u64> = peers.iter().copied().chain(others.take(room)).collect();
    lay_out(fresh.words(), &all, peers.len() + room - all.len());
    if let Some(before) = &existing {
        carry_over(before.words(), fresh.words());
    }
    Some(fresh)
}

/// The kind of memory that zones of upstreams are.
pub(super) const KIND: &str = "upstream";

fn lay_out(words: &[AtomicU64], peers: &[u64], room: usize) {
    words[0].store(MAGIC, Relaxed);
    words[PEERS].store((peers.len() + room) as u64, Relaxed);
    for (place, identity) in peers.iter().enumerate() {
        words[HEADER + place * RECORD].store(*identity, Relaxed);
    }
}

fn is_valid(words: &[AtomicU64]) -> bool {
    let Some(header) = words.get(..HEADER) else {
        return false;
    };
    let peers = header[PEERS].load(Relaxed);
    let needed = usize::try_from(peers).ok().and_then(|peers| {
        let records = peers.checked_mul(RECORD)?;
        records.checked_add(HEADER)
    });
    header[0].load(Relaxed) == MAGIC && needed.is_some_and(|needed| needed <= words.len())
}

fn identities(words: &[AtomicU64]) -> impl Iterator<Item = u64> {
    let peers = usize::try_from(words[PEERS].load(Relaxed)).unwrap_or(usize::MAX);
    let records = words[HEADER..].chunks_exact(RECORD).take(peers);
    records.map(|record| record[0].load(Relaxed))
}

/// Copies the counts of peers that both have; what is under way stays with the old memory.
fn carry_over(before: &[AtomicU64], fresh: &[AtomicU64]) {
    let records =
        |words| -> std::slice::ChunksExact<'_, AtomicU64> { <[_]>::chunks_exact(words, RECORD) };
    for to in records(&fresh[HEADER..]) {
        let same = |from: &&[AtomicU64]| from[0].load(Relaxed) == to[0].load(Relaxed);
        let Some(from) = records(&before[HEADER..]).find(same) else {
            continue;
        };
        for (from, to) in from[..ROWS].iter().zip(to) {
            to.store(from.load(Relaxed), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(peers: &[u64]) -> Tally {
        Tally {
            memory: Arc::new(private(peers, 2)),
            row: 3,
            fixed: peers.len(),
        }
    }

    #[test]
    fn records_are_found_by_identity() {
        let tally = tally(&[7, 9]);
        let (first, second) = (tally.record(7).unwrap(), tally.record(9).unwrap());
        first.add(Count::Selected, 2);
        second.respond(200);
        second.respond(99);
        second.respond(700);
        assert_eq!(tally.record(7).unwrap().value(Count::Selected), 2);
        assert_eq!(second.value(Count::Selected), 0);
        let responses: Vec<_> = second.responses().collect();
        assert_eq!(responses, [(Some(200), 1), (None, 2)]);
        assert!(tally.record(8).is_none());
    }

    #[test]
    fn counts_move_to_fresh_memory_by_identity() {
        let old = tally(&[7, 9]);
        old.record(9).unwrap().add(Count::Fails, 5);
        old.record(9).unwrap().begin(Gauge::Busy);
        let new = tally(&[9, 11]);
        carry_over(old.memory.words(), new.memory.words());
        let record = new.record(9).unwrap();
        assert_eq!(
            (record.value(Count::Fails), record.sum(Gauge::Busy)),
            (5, 0)
        );
        assert_eq!(new.record(11).unwrap().value(Count::Fails), 0);
    }

    #[test]
    fn a_row_is_cleared_by_the_next_worker_in_its_place() {
        let tally = tally(&[7]);
        tally.begin(3);
        let record = tally.record(7).unwrap();
        record.begin(Gauge::Busy);
        record.begin(Gauge::Busy);
        record.end(Gauge::Busy);
        assert_eq!(record.sum(Gauge::Busy), 1);
        tally.begin(3);
        assert_eq!(record.sum(Gauge::Busy), 0);
        record.end(Gauge::Busy);
        assert_eq!(record.sum(Gauge::Busy), 0);
    }

    #[test]
    fn peers_that_come_and_go_share_what_room_there_is() {
        let tally = tally(&[7]);
        let (first, second) = (tally.claim(8).unwrap(), tally.claim(9).unwrap());
        first.add(Count::Fails, 1);
        second.add(Count::Fails, 2);
        assert_eq!(tally.claim(8).unwrap().value(Count::Fails), 1);
        assert!(tally.claim(10).is_none());
        let long_ago = monotonic_ms() - ABANDONED_AFTER_MS - 1;
        second.set(Count::Present, long_ago);
        second.begin(Gauge::Busy);
        assert!(tally.claim(10).is_none());
        second.end(Gauge::Busy);
        assert_eq!(tally.claim(10).unwrap().value(Count::Fails), 0);
        assert!(tally.record(9).is_none() && tally.record(7).is_some());
    }

    #[test]
    fn damaged_memory_is_not_used() {
        let memory = private(&[1], 0);
        assert!(is_valid(memory.words()));
        memory.words()[PEERS].store(u64::MAX, Relaxed);
        assert!(!is_valid(memory.words()));
        assert!(!is_valid(&[]));
    }

    #[test]
    fn averages_follow_slowly() {
        let record = tally(&[1]).record(1).unwrap();
        assert_eq!(record.mean(Count::HeaderTime), None);
        record.average(Count::ResponseTime, 0.0);
        assert_eq!(record.mean(Count::ResponseTime), Some(0));
        record.average(Count::HeaderTime, 100.0);
        record.average(Count::HeaderTime, 200.0);
        assert_eq!(record.mean(Count::HeaderTime), Some(110));
    }
}

//! Counts of one zone, in memory that all workers share.
//!
//! A zone is an array of entries. The first is called as the zone itself; the others are given to
//! keys as they come, and never taken back. Requests being processed are counted by each worker in
//! a row of its own, which the master clears when the worker has ended, so that those of one that was
//! killed vanish.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::layout::{
    DISCARDED, FIRST_STATUS, HANDSHAKES, Kind, LAYOUT, LOCK, PROCESSING, RECEIVED, RESPONSES, SEED,
    SENT, STATUSES, TABLE, TOTAL, table_words, words,
};
use crate::http::build::memory::{Memory, Role};
use crate::http::plan::counters::MOST_WORKERS;
use crate::http::plan::handshakes::Handshake;
use crate::os::{self, MUTEX_WORDS, RobustMutex, SharedMemory};

/// A zone.
pub(super) struct Zone {
    kind: Kind,
    pub(super) name: String,
    /// How many keys it holds.
    pub(super) capacity: usize,
    pub(super) memory: Arc<SharedMemory>,
    /// Held by whoever adds a key.
    pub(super) lock: RobustMutex,
    /// Makes hashes that clients cannot foresee.
    pub(super) seed: u64,
    worker: usize,
    /// Whether some server that counts here encrypts.
    pub(super) is_encrypted: bool,
    complained: AtomicU64,
}

/// How a request went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exchange {
    /// Of the response; 0 without one.
    pub status: u16,
    /// Bytes.
    pub received: u64,
    /// Bytes.
    pub sent: u64,
}

/// The counts of one entry at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub total: u64,
    pub processing: u64,
    pub discarded: u64,
    pub received: u64,
    pub sent: u64,
    /// Done, of these with an earlier session, too late, failed.
    pub handshakes: [u64; 4],
    /// Status and count, ascending; 0 stands for every status that is none.
    pub responses: Vec<(u16, u64)>,
}

impl Zone {
    /// The entry that is called as the zone.
    pub(super) const WHOLE: usize = 0;

    /// The zone of this kind and name, with its counts if there are any that fit.
    pub(super) fn open(
        memory: &mut dyn Memory,
        kind: Kind,
        name: &str,
        capacity: usize,
    ) -> io::Result<Self> {
        let worker = match memory.role() {
            Role::Worker(place) => place % MOST_WORKERS,
            _ => MOST_WORKERS - 1,
        };
        let words = words(kind, capacity).ok_or(io::ErrorKind::OutOfMemory)?;
        let existing = memory.existing(kind.memory_kind(), name);
        let fitting = existing.filter(|memory| is_layout(memory, capacity, words));
        let is_worker = matches!(memory.role(), Role::Worker(_));
        let adopted = fitting.and_then(|memory| Some((lock_of(&memory).ok()?, memory)));
        let (lock, memory) = match adopted {
            Some(adopted) => adopted,
            None if is_worker => return Err(io::ErrorKind::NotFound.into()),
            None => create(memory, kind, name, (capacity, words))?,
        };
        let zone = Self {
            kind,
            name: name.to_owned(),
            capacity,
            seed: memory.words()[SEED].load(Ordering::Relaxed),
            memory,
            lock,
            worker,
            is_encrypted: false,
            complained: AtomicU64::new(0),
        };
        forget(&zone.memory, kind, zone.worker);
        Ok(zone)
    }

    /// Whose traffic it counts.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A request has come.
    pub(super) fn count_request(&self, entry: usize) {
        self.words(entry)[TOTAL].fetch_add(1, Ordering::Relaxed);
    }

    /// A request is being processed, until [`Zone::end`].
    pub(super) fn begin(&self, entry: usize) {
        self.words(entry)[PROCESSING + self.worker].fetch_add(1, Ordering::Relaxed);
    }

    /// It is not any more.
    pub(super) fn end(&self, entry: usize) {
        self.words(entry)[PROCESSING + self.worker].fetch_sub(1, Ordering::Relaxed);
    }

    /// A request is over.
    pub(super) fn count_exchange(&self, entry: usize, exchange: &Exchange) {
        let words = self.words(entry);
        let add = |place: usize, amount| words[place].fetch_add(amount, Ordering::Relaxed);
        add(RECEIVED, exchange.received);
        if exchange.sent == 0 {
            add(DISCARDED, 1);
            return;
        }
        add(SENT, exchange.sent);
        let place = exchange.status.checked_sub(FIRST_STATUS).map(usize::from);
        let place = place.filter(|place| *place < STATUSES);
        add(RESPONSES + place.unwrap_or(STATUSES), 1);
    }

    /// A handshake is over.
    pub(super) fn count_handshake(&self, entry: usize, handshake: Handshake) {
        let words = self.words(entry);
        let counted: &[usize] = match handshake {
            Handshake::Done { resumed: false } => &[0],
            Handshake::Done { resumed: true } => &[0, 1],
            Handshake::TimedOut => &[2],
            Handshake::Failed => &[3],
        };
        for number in counted {
            words[HANDSHAKES + number].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counts of an entry.
    pub(super) fn read(&self, entry: usize) -> Counts {
        let words = self.words(entry);
        let read = |place: usize| words[place].load(Ordering::Relaxed);
        // A row that was cleared under a worker that was still there may be below zero.
        let row = |place: usize| read(place).cast_signed().max(0).cast_unsigned();
        let responses = (FIRST_STATUS..).zip(RESPONSES..RESPONSES + STATUSES);
        let mut responses: Vec<_> = responses
            .map(|(status, place)| (status, read(place)))
            .chain([(0, read(RESPONSES + STATUSES))])
            .collect();
        responses.retain(|(_, count)| *count > 0);
        Counts {
            total: read(TOTAL),
            processing: (PROCESSING..words.len()).map(row).sum(),
            discarded: read(DISCARDED),
            received: read(RECEIVED),
            sent: read(SENT),
            handshakes: std::array::from_fn(|number| read(HANDSHAKES + number)),
            responses,
        }
    }

    /// Tells the error log, once a minute.
    #[cold]
    pub(super) fn complain(&self, what: &str) {
        let now = os::monotonic().max(1);
        let last = self.complained.load(Ordering::Relaxed);
        if last == 0 || now.saturating_sub(last) > PAUSE_OF_COMPLAINTS {
            self.complained.store(now, Ordering::Relaxed);
            log::warn!("status zone \"{}\": {what}", self.name);
        }
    }

    /// The words of an entry.
    pub(super) fn words(&self, entry: usize) -> &[AtomicU64] {
        let size = self.kind.entry_words();
        let start = TABLE + table_words(self.capacity) + entry * size;
        &self.memory.words()[start..start + size]
    }
}

/// Takes back what is counted as going on by a worker that is gone.
pub(super) fn forget(memory: &SharedMemory, kind: Kind, worker: usize) {
    if kind == Kind::Location {
        return;
    }
    let words = memory.words();
    let capacity = words[LAYOUT].load(Ordering::Acquire).saturating_sub(1);
    let table = usize::try_from(capacity).map_or(usize::MAX, table_words);
    let entries = words.get(TABLE.saturating_add(table)..).unwrap_or_default();
    for entry in entries.chunks_exact(kind.entry_words()) {
        entry[PROCESSING + worker % MOST_WORKERS].store(0, Ordering::Relaxed);
    }
}

const PAUSE_OF_COMPLAINTS: u64 = 60_000_000_000;

fn is_layout(memory: &SharedMemory, capacity: usize, words: usize) -> bool {
    memory.words().len() >= words
        && memory.words()[LAYOUT].load(Ordering::Acquire) == capacity as u64 + 1
}

fn lock_memory(memory: &SharedMemory) -> io::Result<SharedMemory> {
    memory.section(LOCK as u64 * 8, MUTEX_WORDS * 8)
}

fn lock_of(memory: &SharedMemory) -> io::Result<RobustMutex> {
    RobustMutex::existing(lock_memory(memory)?).map_err(io::Error::other)
}

fn create(
    memory: &mut dyn Memory,
    kind: Kind,
    name: &str,
    (capacity, words): (usize, usize),
) -> io::Result<(RobustMutex, Arc<SharedMemory>)> {
    let memory = memory.create(kind.memory_kind(), name, words * 8)?;
    let lock = RobustMutex::initialize(lock_memory(&memory)?).map_err(io::Error::other)?;
    let header = memory.words();
    header[SEED].store(os::random()?, Ordering::Relaxed);
    header[LAYOUT].store(capacity as u64 + 1, Ordering::Release);
    Ok((lock, memory))
}

#[cfg(test)]
mod tests;

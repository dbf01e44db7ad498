//! Counts of one zone, in memory that all workers share.
//!
//! A zone is an array of entries. The first is called as the zone itself; the others are given to
//! keys as they come, and never taken back. Finding a key takes no lock: a table of hashes refers
//! to entries whose keys are complete. A new key is added under a lock that survives its owner; the
//! steps are such that what a dead owner left half done is either not there or finished by the
//! next one. Requests being processed are counted by each worker in a row of its own, which the
//! next worker in its place clears, so that those of a worker that was killed vanish.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::http::counters::MOST_WORKERS;
use crate::http::memory::{Memory, Role};
use crate::os::{self, Locked, MUTEX_WORDS, RobustMutex, SharedMemory};

/// What a zone counts the traffic of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Server,
    Location,
}

/// A zone.
pub(super) struct Zone {
    kind: Kind,
    name: String,
    /// How many keys it holds.
    capacity: usize,
    memory: Arc<SharedMemory>,
    lock: RobustMutex,
    seed: u64,
    worker: usize,
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
    /// Status and count, ascending; 0 stands for every status that is none.
    pub responses: Vec<(u16, u64)>,
}

/// Bytes of the longest key, and of the longest name.
pub(super) const LONGEST_KEY: usize = 256;

// The header, in words.
const LAYOUT: usize = 0;
const USED: usize = 1;
const SEED: usize = 2;
const LOCK: usize = 8;
const TABLE: usize = 64;
const _: () = assert!(LOCK + MUTEX_WORDS <= TABLE);

// An entry, in words.
const KEY_LENGTH: usize = 0;
const KEY: usize = 1;
const TOTAL: usize = KEY + LONGEST_KEY / 8;
const DISCARDED: usize = TOTAL + 1;
const RECEIVED: usize = DISCARDED + 1;
const SENT: usize = RECEIVED + 1;
const RESPONSES: usize = SENT + 1;
const FIRST_STATUS: u16 = 100;
const STATUSES: usize = 500;
/// One more than statuses, for what is none.
const PROCESSING: usize = RESPONSES + STATUSES + 1;

impl Kind {
    fn memory_kind(self) -> &'static str {
        match self {
            Self::Server => "server_status_zone",
            Self::Location => "location_status_zone",
        }
    }

    fn entry_words(self) -> usize {
        match self {
            Self::Server => PROCESSING + MOST_WORKERS,
            Self::Location => PROCESSING,
        }
    }
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
        let label = label(name);
        let existing = memory.existing(kind.memory_kind(), &label);
        let fitting = existing.filter(|memory| is_layout(memory, capacity, words));
        let is_worker = matches!(memory.role(), Role::Worker(_));
        let adopted = fitting.and_then(|memory| Some((lock_of(&memory).ok()?, memory)));
        let (lock, memory) = match adopted {
            Some(adopted) => adopted,
            None if is_worker => return Err(io::ErrorKind::NotFound.into()),
            None => create(memory, kind, &label, (capacity, words))?,
        };
        let zone = Self {
            kind,
            name: name.to_owned(),
            capacity,
            seed: memory.words()[SEED].load(Ordering::Relaxed),
            memory,
            lock,
            worker,
            complained: AtomicU64::new(0),
        };
        zone.clear_own_row();
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

    /// How many entries are in use; they are numbered from 0.
    pub(super) fn entries(&self) -> usize {
        self.used() + 1
    }

    /// What an entry is called.
    pub(super) fn key(&self, entry: usize) -> Vec<u8> {
        if entry == Self::WHOLE {
            return self.name.as_bytes().to_vec();
        }
        let words = self.words(entry);
        let length = words[KEY_LENGTH].load(Ordering::Acquire) as usize;
        let bytes = words[KEY..TOTAL]
            .iter()
            .flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes());
        bytes.take(length).collect()
    }

    /// The entry of a key, if it has one.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        if key == self.name.as_bytes() {
            return Some(Self::WHOLE);
        }
        let (tag, places) = self.probe(key);
        for place in places {
            let word = place.load(Ordering::Acquire);
            if word == 0 {
                return None;
            }
            let entry = (word & ENTRY_MASK) as usize;
            if word & !ENTRY_MASK == tag && entry <= self.capacity && self.is_key(entry, key) {
                return Some(entry);
            }
        }
        None
    }

    /// The entry of a key, which is given one unless all are taken.
    pub(super) fn entry(&self, key: &[u8]) -> usize {
        self.find(key).unwrap_or_else(|| self.add(key))
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

    /// The counts of an entry.
    pub(super) fn read(&self, entry: usize) -> Counts {
        let words = self.words(entry);
        let read = |place: usize| words[place].load(Ordering::Relaxed);
        let responses = (FIRST_STATUS..).zip(RESPONSES..RESPONSES + STATUSES);
        let mut responses: Vec<_> = responses
            .map(|(status, place)| (status, read(place)))
            .chain([(0, read(RESPONSES + STATUSES))])
            .collect();
        responses.retain(|(_, count)| *count > 0);
        Counts {
            total: read(TOTAL),
            processing: (PROCESSING..words.len())
                .map(read)
                .fold(0, u64::wrapping_add),
            discarded: read(DISCARDED),
            received: read(RECEIVED),
            sent: read(SENT),
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

    #[cold]
    fn add(&self, key: &[u8]) -> usize {
        if self.used() >= self.capacity {
            return Self::WHOLE;
        }
        let guard = match self.lock.lock() {
            Ok(Locked::Clean(guard)) => guard,
            Ok(Locked::OwnerDied(guard)) => {
                self.repair();
                guard.repaired();
                guard
            }
            Err(error) => {
                self.complain(&error.to_string());
                return Self::WHOLE;
            }
        };
        let used = self.used();
        let entry = self.find(key).unwrap_or_else(|| {
            if used >= self.capacity {
                return Self::WHOLE;
            }
            self.write_key(used + 1, key);
            self.memory.words()[USED].store(used as u64 + 1, Ordering::Release);
            self.publish(used + 1, key);
            used + 1
        });
        drop(guard);
        entry
    }

    /// The key is complete once its length is there.
    fn write_key(&self, entry: usize, key: &[u8]) {
        let words = self.words(entry);
        for (word, bytes) in words[KEY..TOTAL].iter().zip(key.chunks(8)) {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_ne_bytes(padded), Ordering::Relaxed);
        }
        words[KEY_LENGTH].store(key.len() as u64, Ordering::Release);
    }

    fn publish(&self, entry: usize, key: &[u8]) {
        let (tag, mut places) = self.probe(key);
        if let Some(free) = places.find(|place| place.load(Ordering::Relaxed) == 0) {
            free.store(tag | entry as u64, Ordering::Release);
        }
    }

    /// Finishes what the last owner of the lock left half done.
    fn repair(&self) {
        let mut used = self.used();
        if used < self.capacity && !self.key(used + 1).is_empty() {
            used += 1;
            self.memory.words()[USED].store(used as u64, Ordering::Release);
        }
        let last = self.key(used);
        if used > 0 && self.find(&last).is_none() {
            self.publish(used, &last);
        }
    }

    fn used(&self) -> usize {
        let used = self.memory.words()[USED].load(Ordering::Acquire);
        usize::try_from(used).map_or(self.capacity, |used| used.min(self.capacity))
    }

    fn is_key(&self, entry: usize, key: &[u8]) -> bool {
        let words = self.words(entry);
        if words[KEY_LENGTH].load(Ordering::Acquire) != key.len() as u64 {
            return false;
        }
        let mut pairs = key.chunks(8).zip(&words[KEY..TOTAL]);
        pairs.all(|(bytes, word)| {
            word.load(Ordering::Relaxed).to_ne_bytes()[..bytes.len()] == *bytes
        })
    }

    /// The tag of a key, and the places of the table where it may stand, in order.
    fn probe(&self, key: &[u8]) -> (u64, impl Iterator<Item = &AtomicU64>) {
        let hash = xxh3_64_with_seed(key, self.seed);
        let table = &self.memory.words()[TABLE..TABLE + table_words(self.capacity)];
        let start = (hash & ENTRY_MASK) as usize % table.len().max(1);
        let (before, from) = table.split_at(start);
        (hash & !ENTRY_MASK, from.iter().chain(before))
    }

    fn words(&self, entry: usize) -> &[AtomicU64] {
        let size = self.kind.entry_words();
        let start = TABLE + table_words(self.capacity) + entry * size;
        &self.memory.words()[start..start + size]
    }

    fn clear_own_row(&self) {
        if self.kind == Kind::Server {
            for entry in 0..self.entries() {
                self.words(entry)[PROCESSING + self.worker].store(0, Ordering::Relaxed);
            }
        }
    }
}

/// A word of the table: the number of an entry in these bits, bits of the hash above.
const ENTRY_MASK: u64 = u32::MAX as u64;

const PAUSE_OF_COMPLAINTS: u64 = 60_000_000_000;

/// The table is at most half full.
fn table_words(capacity: usize) -> usize {
    capacity.saturating_mul(2)
}

/// The words of a zone; `None` for more than there can be.
fn words(kind: Kind, capacity: usize) -> Option<usize> {
    u32::try_from(capacity).ok()?;
    let entries = capacity.checked_add(1)?.checked_mul(kind.entry_words())?;
    let words = entries
        .checked_add(table_words(capacity))?
        .checked_add(TABLE)?;
    words.checked_mul(8).map(|_| words)
}

/// What memory is called: names that are too long for the system are shortened.
fn label(name: &str) -> String {
    match name.len() {
        0..=200 => name.to_owned(),
        _ => format!("{:016x}", xxh3_64_with_seed(name.as_bytes(), 0)),
    }
}

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
    label: &str,
    (capacity, words): (usize, usize),
) -> io::Result<(RobustMutex, Arc<SharedMemory>)> {
    let memory = memory.create(kind.memory_kind(), label, words * 8)?;
    let lock = RobustMutex::initialize(lock_memory(&memory)?).map_err(io::Error::other)?;
    let header = memory.words();
    header[SEED].store(os::random()?, Ordering::Relaxed);
    header[LAYOUT].store(capacity as u64 + 1, Ordering::Release);
    Ok((lock, memory))
}

#[cfg(test)]
mod tests;

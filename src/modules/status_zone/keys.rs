//! The keys of a zone: found without a lock, added under one.
//!
//! A table of hashes refers to entries whose keys are complete. A key is added under a lock that
//! survives its owner, in steps such that what a dead owner left half done is either not there or
//! finished by the next one.

use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::layout::{KEY, KEY_LENGTH, TABLE, TOTAL, USED, table_words};
use super::store::Zone;
use crate::os::Locked;

/// A word of the table: the number of an entry in these bits, bits of the hash above.
const ENTRY_MASK: u64 = u32::MAX as u64;

impl Zone {
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
    pub(super) fn write_key(&self, entry: usize, key: &[u8]) {
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
    pub(super) fn repair(&self) {
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
}

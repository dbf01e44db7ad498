//! From a key to its slot: open addressing with 32-bit entries, each a part of the hash and a slot number.
//!
//! Clients choose the keys, so the hash has a random seed for every layout: nobody can know which keys
//! collide. The part of the hash in an entry takes whatever bits the slot numbers leave, so that almost
//! every slot that is looked at is the right one. Deleting moves later entries back; there are no tombstones.

use std::sync::atomic::{AtomicU32, Ordering};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::layout::header;
use super::record::KeyBytes;
use super::store::{Slot, Store};
use crate::os::halves;

const EMPTY: u32 = 0;

impl Store {
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        xxh3_64_with_seed(key, self.get(header::SEED))
    }

    /// The slot of `key`.
    pub(super) fn find(&self, key: &[u8], hash: u64) -> Option<Slot> {
        let index = self.index();
        let tag = self.tag(hash);
        let mut place = home(hash, index.len());
        for _ in 0..index.len() {
            let entry = index[place].load(Ordering::Acquire);
            if entry == EMPTY {
                return None;
            }
            if entry & !self.slot_mask() == tag
                && let Some(slot) = self.entry_slot(entry)
                && self.key_equals(slot, key)
            {
                return Some(slot);
            }
            place = after(place, index.len());
        }
        None
    }

    /// Enters a slot whose key is not in the index.
    pub(super) fn link(&self, slot: Slot, hash: u64) {
        let index = self.index();
        let mut place = home(hash, index.len());
        for _ in 0..index.len() {
            if index[place].load(Ordering::Acquire) == EMPTY {
                let entry = self.tag(hash) | slot.stored() as u32;
                return index[place].store(entry, Ordering::Release);
            }
            place = after(place, index.len());
        }
    }

    /// Takes a slot out of the index.
    pub(super) fn unlink(&self, slot: Slot, hash: u64) {
        let index = self.index();
        let mut place = home(hash, index.len());
        for _ in 0..index.len() {
            let entry = index[place].load(Ordering::Acquire);
            if entry == EMPTY {
                return;
            }
            if self.entry_slot(entry) == Some(slot) {
                return self.close_gap(index, place);
            }
            place = after(place, index.len());
        }
    }

    /// Empties the index.
    pub(super) fn clear_index(&self) {
        for entry in self.index() {
            entry.store(EMPTY, Ordering::Release);
        }
    }

    /// How many slots the index leads to.
    pub(super) fn linked(&self) -> usize {
        self.index()
            .iter()
            .filter(|entry| entry.load(Ordering::Acquire) != EMPTY)
            .count()
    }

    /// Moves entries back into `gap` that would not be found behind it.
    fn close_gap(&self, index: &[AtomicU32], mut gap: usize) {
        let mut place = gap;
        for _ in 0..index.len() {
            place = after(place, index.len());
            let entry = index[place].load(Ordering::Acquire);
            if entry == EMPTY {
                break;
            }
            let Some(home) = self.entry_home(entry, index.len()) else {
                continue;
            };
            if distance(home, place, index.len()) >= distance(gap, place, index.len()) {
                index[gap].store(entry, Ordering::Release);
                gap = place;
            }
        }
        index[gap].store(EMPTY, Ordering::Release);
    }

    /// Where the search for an entry's key begins.
    fn entry_home(&self, entry: u32, entries: usize) -> Option<usize> {
        let mut bytes = KeyBytes::new();
        let key = self.copy_key(self.entry_slot(entry)?, &mut bytes)?;
        Some(home(self.hash(key), entries))
    }

    fn entry_slot(&self, entry: u32) -> Option<Slot> {
        self.slot(u64::from(entry & self.slot_mask()))
    }

    fn tag(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & !self.slot_mask()
    }

    /// The bits of an entry that hold a slot number.
    fn slot_mask(&self) -> u32 {
        u32::MAX >> (self.geometry.slots as u32).leading_zeros()
    }

    fn index(&self) -> &[AtomicU32] {
        let start = self.geometry.index_start();
        halves(&self.words()[start..start + self.geometry.entries() / 2])
    }
}

fn home(hash: u64, entries: usize) -> usize {
    ((u64::from(hash as u32) * entries as u64) >> 32) as usize
}

fn after(place: usize, entries: usize) -> usize {
    if place + 1 == entries { 0 } else { place + 1 }
}

fn distance(from: usize, to: usize, entries: usize) -> usize {
    if to >= from {
        to - from
    } else {
        to + entries - from
    }
}

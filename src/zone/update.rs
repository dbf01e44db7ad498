//! One update: find the key or make room for it, feed the value to its metrics.

use std::sync::atomic::Ordering;

use super::layout::header;
use super::ledger::Removal;
use super::record::Head;
use super::store::{Slot, Store};
use super::{Refused, Update};
use crate::metric::Moment;

/// A key as it is stored.
#[derive(Clone, Copy)]
pub(super) struct StoredKey<'a> {
    /// 1 to 255 bytes.
    pub(super) bytes: &'a [u8],
    /// Whether it was longer.
    pub(super) is_truncated: bool,
}

impl Store {
    pub(super) fn update(
        &self,
        key: StoredKey<'_>,
        value: f64,
        now: Moment,
    ) -> Result<Update, Refused> {
        if self.is_discard_key(key.bytes) {
            return Ok(Update::Ignored);
        }
        let hash = self.hash(key.bytes);
        if let Some(slot) = self.find(key.bytes, hash) {
            self.schema.record(self.cells(slot), value, now);
            self.refresh(slot, key, now);
            return Ok(Update::Stored);
        }
        self.count(header::REQUESTS);
        let Some(slots) = self.make_room(key, now) else {
            return match self.discard_sample(value, now) {
                true => Ok(Update::Accounted),
                false => Err(Refused::Full),
            };
        };
        for (cell, bits) in self.cells(slots[0]).iter().zip(self.schema.initial()) {
            cell.store(bits, Ordering::Relaxed);
        }
        self.schema.record(self.cells(slots[0]), value, now);
        self.insert(&slots, key, hash, self.next_stamp(now));
        Ok(Update::Stored)
    }

    /// Slots for a new key, at the cost of the oldest ones if the policy says so.
    fn make_room(&self, key: StoredKey<'_>, now: Moment) -> Option<Vec<Slot>> {
        let needed = self.geometry.slots_for(key.bytes.len());
        while self.available() < needed {
            self.count(header::FAILURES);
            if !self.expires() {
                return None;
            }
            self.remove(self.oldest()?, Removal::Discarded, now);
        }
        self.allocate(needed).or_else(|| {
            // Less is free than was counted: the memory is damaged.
            self.rebuild();
            self.allocate(needed)
        })
    }

    /// Makes `slots`, whose cells are filled, hold a key from now on.
    pub(super) fn insert(&self, slots: &[Slot], key: StoredKey<'_>, hash: u64, stamp: u64) {
        let (slot, spills) = (slots[0], &slots[1..]);
        self.write_key(slot, spills, key.bytes);
        self.set_head(slot, Head::live(key.bytes.len(), key.is_truncated, stamp));
        self.link(slot, hash);
        self.count(header::LIVE);
    }

    /// Notes that a key was updated now.
    fn refresh(&self, slot: Slot, key: StoredKey<'_>, now: Moment) {
        let is_truncated = key.is_truncated || self.head(slot).is_truncated();
        self.set_head(
            slot,
            Head::live(key.bytes.len(), is_truncated, self.next_stamp(now)),
        );
    }

    fn count(&self, field: usize) {
        self.set(field, self.get(field).wrapping_add(1));
    }
}

//! One update under the lock: find the key or make room for it, feed the value to its metrics.

use super::layout::header;
use super::ledger::Removal;
use super::record::{Head, KeyBytes};
use super::slots::Taken;
use super::stamp::Clock;
use super::store::{Slot, Store};
use super::{Refused, Update, Zone, storable};
use crate::metric::Moment;
use crate::os::atomic::Ordering;

/// A key as it is stored.
#[derive(Clone, Copy)]
pub(super) struct StoredKey<'a> {
    /// 1 to 255 bytes.
    pub(super) bytes: &'a [u8],
    /// Whether it was longer.
    pub(super) is_truncated: bool,
}

/// A value for a key.
#[derive(Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) key: StoredKey<'a>,
    pub(super) value: f64,
    pub(super) clock: Clock<'a>,
}

impl Zone {
    /// Feeds a value that takes back what another one gave. If the key has gone since, what it was is in the discard
    /// key, which takes this too; without one nothing is left to take it from.
    ///
    /// # Errors
    /// As for [`Zone::update`].
    pub fn take_back(&self, key: &[u8], value: f64, now: Moment) -> Result<Update, Refused> {
        if key.is_empty() {
            return Ok(Update::Ignored);
        }
        let sample = self.sample(key, storable(value), self.moment(now));
        let view = self.last_view();
        let hash = view.store.hash(sample.key.bytes);
        let is_open = || self.root.is_open(view.sequence);
        if let Some(seat) = &self.seat
            && view.store.update_known(sample, hash, seat, is_open)
        {
            return Ok(Update::Stored);
        }
        let access = self.access().map_err(|error| self.refuse(&error))?;
        let store = &access.view.store;
        let hash = store.hash(sample.key.bytes);
        if store.find(sample.key.bytes, hash).is_some() || store.is_discard_key(sample.key.bytes) {
            return store.update(&sample, hash);
        }
        Ok(match store.take_back(sample.value, sample.clock.now) {
            true => Update::Accounted,
            false => Update::Ignored,
        })
    }
}

impl Store {
    /// Feeds a sample to its key, or to what stands in for it; `hash` is that of the key.
    pub(super) fn update(&self, sample: &Sample<'_>, hash: u64) -> Result<Update, Refused> {
        let Sample { key, value, clock } = *sample;
        if self.is_discard_key(key.bytes) {
            return Ok(Update::Ignored);
        }
        if let Some(slot) = self.find(key.bytes, hash) {
            self.renew(slot, key, clock, Head::has_key);
            self.schema.record(self.cells(slot), value, clock.now);
            return Ok(Update::Stored);
        }
        self.count(header::REQUESTS);
        let Some(slots) = self.make_room(key, clock.now) else {
            return match self.discard_sample(value, clock.now) {
                true => Ok(Update::Accounted),
                false => Err(Refused::Full),
            };
        };
        // Whoever copies this slot for the key it had before must see that it has another one now.
        for (cell, bits) in self.cells(slots[0]).iter().zip(self.schema.initial()) {
            cell.store(bits, Ordering::Release);
        }
        self.schema.record(self.cells(slots[0]), value, clock.now);
        self.insert(&slots, key, hash, self.stamp(clock, 0));
        Ok(Update::Stored)
    }

    /// Whether an update of this key would be made at once. If not, it is nearer to that afterwards, and the lock
    /// can be given to others meanwhile.
    pub(super) fn has_time_for(&self, key: StoredKey<'_>, hash: u64) -> bool {
        let needed = self.geometry.slots_for(key.bytes.len());
        !self.expires()
            || self.available() >= needed
            || self.find(key.bytes, hash).is_some()
            || self.is_oldest_at_hand()
    }

    /// Slots for a new key, at the cost of the oldest ones if the policy says so.
    pub(super) fn make_room(&self, key: StoredKey<'_>, now: Moment) -> Option<Taken> {
        let needed = self.geometry.slots_for(key.bytes.len());
        while self.available() < needed {
            if !self.reclaim(now) {
                return None;
            }
        }
        if self.expires() {
            self.look_ahead();
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
        self.note_evictable(self.head(slot));
    }

    /// Takes the slots of something that can be done without; false if there is nothing.
    pub(super) fn reclaim(&self, now: Moment) -> bool {
        if self.drop_over(now) {
            return true;
        }
        self.count(header::FAILURES);
        let oldest = if self.expires() { self.oldest() } else { None };
        match oldest {
            Some(slot) => self.remove(slot, Removal::Discarded, now),
            None => return false,
        }
        true
    }

    /// Makes a key whose slots are filled be found from now on.
    pub(super) fn enter_key(&self, slot: Slot) {
        let mut bytes = KeyBytes::new();
        if let Some(key) = self.copy_key(slot, &mut bytes) {
            self.link(slot, self.hash(key));
            self.count(header::LIVE);
            self.note_evictable(self.head(slot));
        }
    }

    fn count(&self, field: usize) {
        self.set(field, self.get(field).wrapping_add(1));
    }
}

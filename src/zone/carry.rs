//! What is still counted in memory that a zone has left comes over to where it is now.
//!
//! The zone began as a copy of what was in the memory then, and so did a third one, *seen*. What has changed
//! between seen and the memory is added to the zone, and seen becomes what the memory is. The discard key stays
//! as it is: what went into it since may be there a second time as keys of the zone.

use std::ops::ControlFlow;

use super::access::Access;
use super::listing::Record;
use super::root::Root;
use super::stamp::Clock;
use super::store::Store;
use super::update::{Room, StoredKey};
use super::{SharedMemory, Unusable, Zone};
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};

impl Zone {
    /// Whether processes other than this one use the zone in this memory.
    pub fn is_in_use(memory: &SharedMemory) -> bool {
        memory.is_whole() && Root::open(memory).is_ok_and(|root| root.markers().has_others())
    }

    /// Whether processes other than this one use the zone.
    pub fn has_other_users(&self) -> bool {
        self.root.markers().has_others()
    }

    /// Adds what has changed in `left` since it was as `seen`. All three have the same metrics.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn carry_over(&self, left: &Self, seen: &Self, now: Moment) -> Result<(), Unusable> {
        let mut result = Ok(());
        let _ended = left.visit(&mut |record| {
            if left.last_view().store.is_discard_key(record.key()) {
                return ControlFlow::Continue(());
            }
            result = seen
                .access_with_room()
                .and_then(|seen| self.carry_key(record, &seen, now));
            match result {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        result
    }

    /// The same for one key, as it is now; whoever has the right to use `seen` is the only one to do so.
    fn carry_key(&self, record: &Record, seen: &Access<'_>, now: Moment) -> Result<(), Unusable> {
        let (key, cells) = (record.key(), record.raw_cells());
        let notes = &seen.view.store;
        let known = match notes.find(key, notes.hash(key)) {
            Some(slot) => notes.copy_cells(slot),
            None => self.schema.initial().collect(),
        };
        if seen.view.is_foreign() || known == cells {
            return Ok(());
        }
        let access = self.access()?;
        if access.view.is_foreign() {
            return Ok(());
        }
        let key = StoredKey {
            bytes: key,
            is_truncated: record.is_truncated(),
        };
        let now = self.moment(now);
        let clock = Clock {
            now,
            last: &self.last_stamp,
        };
        let between = self.schema.since(cells, &known);
        let add = |into: &[AtomicU64]| self.schema.fold(into, &between, now);
        if !access.view.store.with_key(key, clock, add) {
            access.view.store.count_discarded();
        }
        let set = |into: &[AtomicU64]| {
            for (cell, bits) in into.iter().zip(cells) {
                cell.store(*bits, Ordering::Release);
            }
        };
        match notes.with_key(key, clock, set) {
            true => Ok(()),
            false => Err(Unusable::Corrupt("no room for what was seen")),
        }
    }
}

impl Store {
    /// Changes the cells of a key that is there or made; false if there is no room for it.
    fn with_key(
        &self,
        key: StoredKey<'_>,
        clock: Clock<'_>,
        change: impl FnOnce(&[AtomicU64]),
    ) -> bool {
        let hash = self.hash(key.bytes);
        if self.is_discard_key(key.bytes) {
            return true;
        }
        if let Some(slot) = self.find(key.bytes, hash) {
            self.mark_dirty(slot);
            change(self.cells(slot));
            return true;
        }
        let needed = self.geometry.slots_for(key.bytes.len());
        self.reclaim_at_once(needed, clock.now);
        let Room::Made(slots) = self.make_room(key, clock.now) else {
            return false;
        };
        for (cell, bits) in self.cells(slots[0]).iter().zip(self.schema.initial()) {
            cell.store(bits, Ordering::Release);
        }
        change(self.cells(slots[0]));
        self.insert(&slots, key, hash, self.stamp(clock, 0));
        true
    }
}

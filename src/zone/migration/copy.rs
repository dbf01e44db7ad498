//! Copying a layout into a new one while the zone is used: pre-copy, as virtual machines are moved alive.
//!
//! Only whoever holds the lock changes the zone meanwhile, and the copier holds it for a few slots at a time. The old layout stays the
//! only one in force. What changes of it behind the copier is dirty (see `dirty`), and copied once more; when little is dirty, the rest is
//! copied, and the new layout published, without giving the lock back. So a death at any instruction before that leaves the zone where
//! it was, with all that is in it.

use std::io;

use crate::metric::Moment;
use crate::os::atomic::Ordering;
use crate::zone::Unusable;
use crate::zone::access::{Guard, locked};
use crate::zone::layout::header;
use crate::zone::ledger::Removal;
use crate::zone::marker::Patience;
use crate::zone::record::{KeyBytes, State};
use crate::zone::root::Root;
use crate::zone::store::{Slot, Store};
use crate::zone::update::StoredKey;
use crate::zone::view::Translation;

/// So many slots are copied under one hold of the lock.
const PIECE: usize = if cfg!(test) { 8 } else { 256 };
/// Where changes come faster than they are copied, the rest is copied at once after so many times as many pieces as there were at first.
const ROUNDS: usize = 4;

/// Brings what is in one layout into another.
pub(super) struct Copier<'a> {
    pub(super) root: &'a Root,
    pub(super) old: &'a Store,
    pub(super) new: Store,
    pub(super) translation: Option<Translation>,
    pub(super) now: Moment,
    /// For each slot of the old layout, that of the new one which has its key, as stored.
    copies: Vec<u32>,
    /// Keys of the old layout which the new one had no room for when they were copied.
    left_out: Vec<Slot>,
    pub(super) discarded: u64,
}

impl<'a> Copier<'a> {
    /// One that fills `new`, which nobody uses yet.
    pub(super) fn new(
        root: &'a Root,
        old: &'a Store,
        new: Store,
        translation: Option<Translation>,
        now: Moment,
    ) -> Self {
        Self {
            root,
            old,
            new,
            translation,
            now,
            copies: vec![0; old.geometry.slots],
            left_out: Vec::new(),
            discarded: 0,
        }
    }

    /// Makes everybody take the lock who changes the zone.
    pub(super) fn close(&self) -> Result<(), Unusable> {
        let guard = self.lock()?;
        self.root.close();
        drop(guard);
        match self.root.markers().wait_out(Patience::Long, |_| true) {
            true => Ok(()),
            false => Err(Unusable::Memory(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Fills the new layout: how many keys it has, and how many were discarded for it. The lock is held from then on.
    pub(super) fn run(&mut self) -> Result<(Guard<'a>, u64, u64), Unusable> {
        self.new.set(header::NAMES, self.old.get(header::NAMES));
        self.make_fit()?;
        self.copy_receipts()?;
        self.copy_all()?;
        let guard = self.catch_up()?;
        self.copy_totals();
        self.settle_left_out();
        Ok((guard, self.new.get(header::LIVE), self.discarded))
    }

    /// The lock, with the old layout in order.
    pub(super) fn lock(&self) -> Result<Guard<'a>, Unusable> {
        let guard = locked(self.root)?;
        guard.settle(self.old);
        Ok(guard)
    }

    /// Copies the receipts in the order in which their time is over.
    fn copy_receipts(&mut self) -> Result<(), Unusable> {
        let mut last = None;
        for _ in 0..ROUNDS * (self.old.geometry.slots / PIECE + 1) {
            let guard = self.lock()?;
            let receipts = self.old.receipts_after(last, PIECE);
            let Some(end) = receipts.last().copied() else {
                break;
            };
            receipts.iter().for_each(|slot| self.copy_receipt(*slot));
            last = self.old.peek_receipt(end).map(|(name, ..)| (end, name));
            guard.give_way();
            give_others_a_turn();
        }
        Ok(())
    }

    /// Copies a receipt, if the new layout has not got it yet. How many its owner has is counted for both layouts together.
    fn copy_receipt(&mut self, slot: Slot) {
        let Some((name, receipt, moment)) = self.old.peek_receipt(slot) else {
            return;
        };
        let copy = match self.new.find_note(name) {
            Some(copy) if self.new.read_receipt(copy) == receipt => Some(copy),
            Some(_) => {
                self.new.retire_receipt(name);
                self.new.add_counted_receipt(name, receipt, moment)
            }
            None => self.new.add_counted_receipt(name, receipt, moment),
        };
        match copy {
            Some(copy) => self.copies[slot.0] = copy.stored() as u32,
            None => self.old.count_discarded(),
        }
    }

    /// Copies every slot once.
    fn copy_all(&mut self) -> Result<(), Unusable> {
        let mut next = 0;
        loop {
            let guard = self.lock()?;
            let fresh = self.old.fresh();
            let end = fresh.min(next + PIECE);
            (next..end).for_each(|slot| self.copy(Slot(slot)));
            if end == fresh {
                self.old.track_all_dirty();
                return Ok(());
            }
            self.old.track_dirty_before(end);
            next = end;
            guard.give_way();
            give_others_a_turn();
        }
    }

    /// Copies what has changed since, until so little is dirty that the rest was copied at once. The lock is held from then on.
    fn catch_up(&mut self) -> Result<Guard<'a>, Unusable> {
        let (mut word, mut slots) = (0, Vec::new());
        for _ in 0..ROUNDS * (self.old.geometry.slots / PIECE + 1) {
            let guard = self.lock()?;
            if self.old.dirty() <= PIECE as u64 {
                self.copy_rest(&mut slots);
                return Ok(guard);
            }
            word = self.old.take_dirty(word, PIECE, &mut slots);
            slots.drain(..).for_each(|slot| self.copy(slot));
            guard.give_way();
            give_others_a_turn();
        }
        let guard = self.lock()?;
        self.copy_rest(&mut slots);
        Ok(guard)
    }

    fn copy_rest(&mut self, slots: &mut Vec<Slot>) {
        self.old.take_all_dirty(slots);
        slots.drain(..).for_each(|slot| self.copy(slot));
    }

    /// Makes the new layout have of a slot what the old one has.
    fn copy(&mut self, slot: Slot) {
        #[cfg(test)]
        crate::zone::tests::work::note(1);
        if self.has_receipt_of(slot) {
            return;
        }
        self.forget_copy(slot);
        let head = self.old.head(slot);
        if head.state() == State::Note {
            self.copy_receipt(slot);
        } else if head.has_key() && !self.copy_key(slot) {
            self.left_out.push(slot);
        }
    }

    /// Whether the receipt in a slot is in the new layout as it is.
    fn has_receipt_of(&self, slot: Slot) -> bool {
        let copy = self.new.slot(u64::from(self.copies[slot.0]));
        let copied = copy.and_then(|copy| self.new.peek_receipt(copy));
        copied.is_some() && copied == self.old.peek_receipt(slot)
    }

    /// Removes what the new layout has of a slot. A receipt stays unless it is the first, as those are whose time is over.
    fn forget_copy(&mut self, slot: Slot) {
        let copy = std::mem::take(&mut self.copies[slot.0]);
        let Some(copy) = self.new.slot(u64::from(copy)) else {
            return;
        };
        if self.new.head(copy).has_key() {
            self.new.delete(copy);
        } else if self.new.first_receipt() == Some(copy) {
            self.new.take_first_receipt();
        }
    }

    /// Copies a key with its text; false if there is no room for both. A broken one is left out.
    fn copy_key(&mut self, slot: Slot) -> bool {
        let mut bytes = KeyBytes::new();
        let head = self.old.head(slot);
        let Some(bytes) = self.old.copy_key(slot, &mut bytes) else {
            return true;
        };
        let mut text = Vec::new();
        self.old.copy_text(bytes, &mut text);
        let cells = self.translate(self.old.copy_cells(slot));
        let key = StoredKey {
            bytes,
            is_truncated: head.is_truncated(),
        };
        let brought = self.new.bring(key, (&cells, &text), head.stamp(), self.now);
        if let Some(copy) = brought {
            self.copies[slot.0] = copy.stored() as u32;
        }
        brought.is_some()
    }

    /// Everything but keys and notes.
    fn copy_totals(&self) {
        for field in [header::LATEST, header::REQUESTS, header::FAILURES] {
            self.new.set(field, self.old.get(field));
        }
        let cells = self.old.discard_cells().map(|cells| {
            let copy = cells.iter().map(|cell| cell.load(Ordering::Acquire));
            self.translate(copy.collect())
        });
        let cells = cells.filter(|_| self.new.has_discard_key());
        self.new
            .inherit_ledger(self.old.discarded(), self.old.evicted(), cells.as_deref());
    }

    /// Keys that the new layout had no room for: the newest may have some by now, the others are discarded.
    fn settle_left_out(&mut self) {
        let mut slots = std::mem::take(&mut self.left_out);
        slots.sort_unstable();
        slots.dedup();
        slots.retain(|slot| self.old.head(*slot).has_key() && self.copies[slot.0] == 0);
        slots.sort_by_key(|slot| std::cmp::Reverse(self.old.head(*slot).stamp()));
        let fit = slots
            .iter()
            .take_while(|slot| self.copy_key(**slot))
            .count();
        for slot in slots[fit..].iter().rev() {
            let cells = self.translate(self.old.copy_cells(*slot));
            self.new.fold(&cells, None, Removal::Discarded, self.now);
            self.discarded += 1;
        }
    }

    fn translate(&self, cells: Vec<u64>) -> Vec<u64> {
        let Some(translation) = &self.translation else {
            return cells;
        };
        let mut translated = Vec::with_capacity(self.new.geometry.cells);
        translation.apply(&cells, &self.new.schema, &mut translated);
        translated
    }
}

/// Has tests do something between two holds of the lock.
fn give_others_a_turn() {
    #[cfg(test)]
    crate::zone::tests::moving::turn();
}

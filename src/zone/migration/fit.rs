//! Making what is in a layout fit into one with less room, before it is copied.
//!
//! The oldest keys of the layout in force go as they do for any new key, and the receipts whose time is over first. A death meanwhile
//! has cost no more than that.

use super::copy::Copier;
use crate::zone::Unusable;
use crate::zone::layout::header;
use crate::zone::ledger::Removal;
use crate::zone::note::Note;
use crate::zone::recency::Progress;
use crate::zone::record::{KeyBytes, State};
use crate::zone::store::Slot;

/// So many keys or receipts go under one hold of the lock: each pays for a part of the next sweep.
const MOST_DISCARDED: usize = 16;
/// So many heads are looked at under one.
const HEADS: usize = 4096;
/// So many times in a row no key is found that may go before there is none.
const LOOKS_IN_VAIN: u32 = 3;

impl Copier<'_> {
    /// Discards what the new layout has no room for, the oldest first.
    pub(super) fn make_fit(&mut self) -> Result<(), Unusable> {
        self.drop_receipts()?;
        let (old, new) = (&self.old.geometry, &self.new.geometry);
        let is_smaller = new.slots.saturating_sub(self.new.reserve()) < old.slots;
        if !is_smaller && new.slot_words() >= old.slot_words() {
            return Ok(());
        }
        let room = new.slots.saturating_sub(self.new.reserve());
        let mut needed = self.count_needed()?;
        let mut in_vain = 0;
        while needed > room && in_vain < LOOKS_IN_VAIN {
            let guard = self.lock()?;
            match self.discard_some(room, &mut needed) {
                Progress::Nothing => {
                    in_vain += 1;
                    self.old.set(header::NEXT_SWEEP, 0);
                }
                _ => in_vain = 0,
            }
            guard.give_way();
        }
        let _guard = self.lock()?;
        let used = self.old.geometry.slots.saturating_sub(self.old.unused());
        self.old.limit_slots(used);
        Ok(())
    }

    /// Drops the receipts whose time is over, and the first of those for which the new layout has no room.
    fn drop_receipts(&self) -> Result<(), Unusable> {
        loop {
            let guard = self.lock()?;
            let most = self.new.most_receipts();
            let drop_one = || {
                self.old.drop_over(self.now)
                    || self.old.receipts() > most && self.old.drop_first_receipt()
            };
            if !(0..MOST_DISCARDED).all(|_| drop_one()) {
                return Ok(());
            }
            guard.give_way();
        }
    }

    /// How many slots of the new layout everything in the old one takes.
    fn count_needed(&self) -> Result<usize, Unusable> {
        let (mut needed, mut next) = (0, 0);
        loop {
            let guard = self.lock()?;
            let fresh = self.old.fresh();
            let end = fresh.min(next + HEADS);
            #[cfg(test)]
            crate::zone::tests::work::note(end - next);
            let slots = (next..end).map(|slot| self.needed_for(Slot(slot)));
            needed += slots.sum::<usize>();
            if end == fresh {
                return Ok(needed);
            }
            next = end;
            guard.give_way();
        }
    }

    /// How many slots of the new layout the key or note takes whose own slot this is.
    fn needed_for(&self, slot: Slot) -> usize {
        let head = self.old.head(slot);
        match head.state() {
            State::Live | State::Parked => self.new.geometry.slots_for(head.length()),
            State::Note if self.old.is_receipt(slot) => 1,
            State::Note => 1 + self.new.spills_for_text(self.old.text_length(slot)),
            _ => 0,
        }
    }

    /// Discards some of the oldest keys, while more than `room` slots are `needed`.
    fn discard_some(&mut self, room: usize, needed: &mut usize) -> Progress {
        let mut progress = Progress::Underway;
        for _ in 0..MOST_DISCARDED {
            if *needed <= room {
                break;
            }
            progress = self.old.take_oldest();
            #[cfg(test)]
            crate::zone::tests::work::note(1);
            let Progress::Found(slot) = progress else {
                break;
            };
            *needed = needed.saturating_sub(self.needed_for_key(slot));
            self.old.remove(slot, Removal::Discarded, self.now);
            self.discarded += 1;
        }
        progress
    }

    /// How many slots of the new layout a key takes with its text.
    fn needed_for_key(&self, slot: Slot) -> usize {
        let mut bytes = KeyBytes::new();
        let mut text = Vec::new();
        let key = self.old.copy_key(slot, &mut bytes);
        let has_text = key.is_some_and(|key| self.old.copy_text(key, &mut text));
        let for_text = match has_text {
            true => self.new.slots_for_note(Note::Text(&text)),
            false => 0,
        };
        self.needed_for(slot) + for_text
    }
}

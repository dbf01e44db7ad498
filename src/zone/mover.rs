//! Filling a new layout from the old one while the zone is used.
//!
//! Only whoever holds the lock changes the zone meanwhile, and the lock is held for a piece at a time. The old layout stays the only one in
//! force: what is changed of it behind the mover is marked, and copied once more, as live migration of virtual machines
//! does with pages (Clark et al., NSDI 2005). When little is marked, the rest is copied and the new layout published without
//! giving the lock back. So a death at any instruction before that leaves the zone as it was.
//!
//! A layout with less room is made to fit first: the oldest keys of the old one are discarded as for any new key.

use std::io;
use std::time::Duration;

use super::Unusable;
use super::access::{Guard, locked};
use super::layout::header;
use super::ledger::Removal;
use super::note::Note;
use super::record::{KeyBytes, State};
use super::root::Root;
use super::store::{Slot, Store};
use super::update::StoredKey;
use super::view::Translation;
use crate::metric::Moment;
use crate::os::atomic::{Ordering, sleep};

/// So many slots are copied without giving the lock back.
const PIECE: usize = if cfg!(test) { 8 } else { 256 };
/// So many keys are discarded without giving it back.
const DISCARDS: usize = 64;
/// So many heads are looked at without giving it back.
const LOOKS: usize = 8192;
/// Between two pieces others have their turn.
const PAUSE: Duration = Duration::from_micros(20);
/// Where changes come faster than they are copied, the rest is copied at once after so many times what there was to copy.
const ROUNDS: usize = 4;

fn give_others_a_turn() {
    #[cfg(test)]
    super::tests::moving::turn();
    sleep(PAUSE);
}

/// Brings keys from one layout into another.
pub(super) struct Mover<'a> {
    root: &'a Root,
    old: &'a Store,
    pub(super) new: Store,
    translation: Option<Translation>,
    now: Moment,
    /// For each slot of the old layout, the one of the new layout that has its key, as stored.
    copies: Vec<u32>,
    /// Slots whose keys the new layout had no place for.
    left_out: Vec<Slot>,
    discarded: u64,
}

impl<'a> Mover<'a> {
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
            copies: Vec::new(),
            left_out: Vec::new(),
            discarded: 0,
        }
    }

    /// Makes everybody take the lock, which is given back with its guard.
    pub(super) fn begin(&self) -> Result<Guard<'a>, Unusable> {
        let guard = self.lock()?;
        match self.root.close() {
            true => Ok(guard),
            false => Err(Unusable::Memory(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Fills the new layout: how many keys it has, and how many were discarded for it. The lock is held from then on.
    pub(super) fn run(&mut self) -> Result<(Guard<'a>, u64, u64), Unusable> {
        self.new.set(header::NAMES, self.old.get(header::NAMES));
        self.make_fit()?;
        self.copy_all()?;
        let guard = self.catch_up()?;
        self.copy_totals();
        self.settle_left_out();
        self.copy_receipts();
        Ok((guard, self.new.get(header::LIVE), self.discarded))
    }

    fn lock(&self) -> Result<Guard<'a>, Unusable> {
        let guard = locked(self.root)?;
        guard.settle(self.old);
        self.root.mover_goes_on();
        Ok(guard)
    }

    /// Discards the oldest keys as long as there are more than the new layout has room for.
    fn make_fit(&mut self) -> Result<(), Unusable> {
        let (old, new) = (&self.old.geometry, &self.new.geometry);
        if new.slots >= old.slots && new.slot_words() >= old.slot_words() {
            return Ok(());
        }
        let room = new.slots.saturating_sub(self.new.reserve());
        let mut needed = self.count_needed()?;
        loop {
            let _guard = self.lock()?;
            if needed > room && !self.old.is_oldest_at_hand() {
                continue;
            }
            for _ in 0..DISCARDS {
                if needed <= room || !self.discard_oldest(&mut needed) {
                    let slots = self.old.geometry.slots;
                    self.old.limit(slots.saturating_sub(self.old.unused()));
                    return Ok(());
                }
            }
        }
    }

    /// How many slots of the new layout everything in the old one would take.
    fn count_needed(&self) -> Result<usize, Unusable> {
        let (mut needed, mut next) = (0, 0);
        loop {
            let _guard = self.lock()?;
            let fresh = self.old.fresh();
            let end = fresh.min(next + LOOKS);
            needed += (next..end)
                .map(|slot| self.needed_for(Slot(slot)))
                .sum::<usize>();
            if end == fresh {
                return Ok(needed);
            }
            next = end;
        }
    }

    fn needed_for(&self, slot: Slot) -> usize {
        let head = self.old.head(slot);
        match head.state() {
            State::Live | State::Parked => self.new.geometry.slots_for(head.length()),
            State::Note => {
                1 + self
                    .old
                    .note_words(slot)
                    .div_ceil(self.new.geometry.slot_words() - 1)
            }
            _ => 0,
        }
    }

    /// Discards the oldest key, and counts what that spares; false if there is none. A discard key that only the new
    /// layout has takes its values.
    fn discard_oldest(&mut self, needed: &mut usize) -> bool {
        let Some(slot) = self.old.oldest() else {
            return false;
        };
        *needed = needed.saturating_sub(self.needed_for(slot));
        if self.new.has_discard_key() && !self.old.has_discard_key() {
            let cells = self.translate(self.old.copy_cells(slot));
            self.new.fold(&cells, None, Removal::Absorbed, self.now);
        }
        self.old.remove(slot, Removal::Discarded, self.now);
        self.discarded += 1;
        true
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
                self.old.mark_all_changes();
                return Ok(());
            }
            self.old.mark_changes_before(end);
            next = end;
            drop(guard);
            give_others_a_turn();
        }
    }

    /// Copies what was changed since, until so little is left that it was copied at once. The lock is held from then on.
    fn catch_up(&mut self) -> Result<Guard<'a>, Unusable> {
        let (mut word, mut slots) = (0, Vec::new());
        let most = ROUNDS * (self.old.fresh() / PIECE + 1);
        for round in 0.. {
            let guard = self.lock()?;
            let is_last = round >= most || self.old.marked() <= PIECE as u64;
            let count = if is_last { usize::MAX } else { PIECE };
            if is_last {
                word = 0;
            }
            word = self.old.take_marked(word, count, &mut slots);
            for slot in slots.drain(..) {
                self.copy(slot);
            }
            if is_last {
                return Ok(guard);
            }
            drop(guard);
            give_others_a_turn();
        }
        self.lock()
    }

    /// Makes the new layout have of a slot what the old one has.
    fn copy(&mut self, slot: Slot) {
        if slot.0 >= self.copies.len() {
            self.copies.resize(slot.0 + 1, 0);
        }
        if let Some(former) = self.new.slot(u64::from(self.copies[slot.0])) {
            self.new.delete(former);
            self.copies[slot.0] = 0;
        }
        if self.old.head(slot).has_key() && !self.copy_key(slot) {
            self.left_out.push(slot);
        }
    }

    /// Copies a key; false if there is no place for it. A broken one is left out.
    fn copy_key(&mut self, slot: Slot) -> bool {
        let mut bytes = KeyBytes::new();
        let head = self.old.head(slot);
        let Some(bytes) = self.old.copy_key(slot, &mut bytes) else {
            return true;
        };
        if self.new.is_discard_key(bytes) {
            return false;
        }
        let needed = self.new.geometry.slots_for(bytes.len());
        let Some(slots) = self.new.allocate_outside_reserve(needed) else {
            return false;
        };
        let cells = self.translate(self.old.copy_cells(slot));
        for (cell, bits) in self.new.cells(slots[0]).iter().zip(cells) {
            cell.store(bits, Ordering::Relaxed);
        }
        let key = StoredKey {
            bytes,
            is_truncated: head.is_truncated(),
        };
        self.new
            .insert(&slots, key, self.new.hash(bytes), head.stamp());
        self.copies[slot.0] = slots[0].stored() as u32;
        let mut text = Vec::new();
        if self.old.copy_text(bytes, &mut text) {
            let name = self.new.text_name(bytes);
            self.new.add_note(name, Note::Text(&text), self.now);
        }
        true
    }

    /// Everything but the keys.
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

    /// Keys without a place: the newest may have one by now, the others are discarded.
    fn settle_left_out(&mut self) {
        let mut slots = std::mem::take(&mut self.left_out);
        slots.sort_unstable();
        slots.dedup();
        slots.retain(|slot| self.old.head(*slot).has_key() && self.copies[slot.0] == 0);
        slots.sort_by_key(|slot| std::cmp::Reverse(self.old.head(*slot).stamp()));
        slots.retain(|slot| !self.copy_key(*slot));
        for slot in slots.into_iter().rev() {
            let mut bytes = KeyBytes::new();
            let key = self.old.copy_key(slot, &mut bytes);
            let removal = match key.is_some_and(|key| self.new.is_discard_key(key)) {
                true => Removal::Absorbed,
                false => Removal::Discarded,
            };
            self.discarded += u64::from(removal == Removal::Discarded);
            let cells = self.translate(self.old.copy_cells(slot));
            self.new.fold(&cells, None, removal, self.now);
        }
    }

    /// The receipts whose time is not over.
    fn copy_receipts(&self) {
        let receipts = self.old.all_receipts(self.now);
        let over = receipts.len().saturating_sub(self.new.most_receipts());
        self.new.clear_shares();
        for (name, receipt, moment) in receipts.into_iter().skip(over) {
            self.new.add_note(name, Note::Receipt(receipt), moment);
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

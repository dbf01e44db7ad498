//! Making several changes at once, so that a death at any instruction leaves all of them or none.
//!
//! What a key that is there becomes is written into a slot of its own first, a *draft*; a key or note that is new
//! stands in its final slots, but its head says *pending*. One store then says that all of it is decided
//! (`committed`); what follows can be done twice. Whoever finds that the owner of the lock died makes drafts and
//! pending slots come true if that store was made, and frees them if not.
//!
//! The words where a draft would have its key: target, whether it goes, stamp.

use std::collections::HashSet;

use super::keep::{entry, journal};
use super::layout::header;
use super::note::{Name, Note, Receipt};
use super::record::{Head, State};
use super::slots::Taken;
use super::store::{Slot, Store};
use super::update::StoredKey;
use crate::metric::Moment;
use crate::os::atomic::Ordering;

/// What becomes of one key.
pub(super) struct Step<'a> {
    pub(super) key: StoredKey<'a>,
    /// Where it is, if it is there, parked.
    pub(super) slot: Option<Slot>,
    pub(super) becomes: Becomes,
    /// The text it gets.
    pub(super) text: Option<&'a [u8]>,
    pub(super) stamp: u64,
}

/// What a key is to be.
pub(super) enum Becomes {
    /// One with these cells.
    Cells(Vec<u64>),
    /// Gone.
    Nothing,
}

/// Changes that belong together.
pub(super) struct Transaction<'a> {
    pub(super) steps: Vec<Step<'a>>,
    /// What is remembered of it.
    pub(super) receipt: Option<(Name, Note<'a>)>,
    pub(super) now: Moment,
}

const TARGET: usize = 0;
const GOES: usize = 1;
const STAMP: usize = 2;

impl Store {
    /// Makes the changes; false, and nothing done, if there is no room.
    pub(super) fn transact(&self, transaction: &Transaction<'_>) -> bool {
        match self.prepare(transaction) {
            Some(prepared) => self.decide(&prepared),
            None => return self.change_in_place(transaction),
        }
        true
    }

    /// Makes what was prepared true.
    pub(super) fn decide(&self, prepared: &[Taken]) {
        self.set(header::COMMITTED, 1);
        for slots in prepared {
            self.come_true(slots[0]);
        }
        self.set(header::COMMITTED, 0);
        for slots in prepared {
            self.clear_away(slots[0]);
        }
    }

    /// Gives parked keys back to everybody.
    pub(super) fn release_parked(&self, slots: &[Slot]) {
        for slot in slots {
            let head = self.head(*slot);
            if head.state() == State::Parked {
                self.set_head(*slot, head.unparked());
            }
        }
    }

    /// The drafts and pending slots of a transaction; nothing, and none taken, if they do not fit.
    pub(super) fn prepare(&self, transaction: &Transaction<'_>) -> Option<Vec<Taken>> {
        let mut prepared = Vec::with_capacity(transaction.steps.len() + 1);
        let now = transaction.now;
        for step in &transaction.steps {
            let note = step
                .text
                .map(|text| (self.text_name(step.key.bytes), Note::Text(text)));
            let is_ready = self.prepare_step(step, &mut prepared)
                && note
                    .is_none_or(|(name, note)| self.prepare_note(name, note, now, &mut prepared));
            if !is_ready {
                return self.abandon(&prepared);
            }
        }
        if let Some((name, note)) = transaction.receipt
            && !self.prepare_note(name, note, now, &mut prepared)
        {
            return self.abandon(&prepared);
        }
        Some(prepared)
    }

    fn prepare_step(&self, step: &Step<'_>, prepared: &mut Vec<Taken>) -> bool {
        let needed = match step.slot {
            Some(_) => 1,
            None => self.geometry.slots_for(step.key.bytes.len()),
        };
        let Some(slots) = self.allocate(needed) else {
            return false;
        };
        let slot = slots[0];
        if let Becomes::Cells(cells) = &step.becomes {
            self.write_cells(slot, cells);
        }
        match step.slot {
            Some(target) => {
                let start = self.key_start(slot);
                self.set(start + TARGET, target.stored());
                self.set(
                    start + GOES,
                    u64::from(matches!(step.becomes, Becomes::Nothing)),
                );
                self.set(start + STAMP, step.stamp);
                self.set_head(slot, Head::draft());
            }
            None => {
                self.write_key(slot, &slots[1..], step.key.bytes);
                let (length, is_truncated) = (step.key.bytes.len(), step.key.is_truncated);
                let head = Head::live(length, is_truncated, step.stamp);
                self.set_head(slot, head.pending());
            }
        }
        prepared.push(slots);
        true
    }

    fn prepare_note(
        &self,
        name: Name,
        note: Note<'_>,
        now: Moment,
        prepared: &mut Vec<Taken>,
    ) -> bool {
        let Some(slots) = self.allocate(self.slots_for_note(note)) else {
            return false;
        };
        self.write_note(&slots, name, note, now);
        prepared.push(slots);
        true
    }

    fn abandon<T>(&self, prepared: &[Taken]) -> Option<T> {
        for slots in prepared {
            slots.iter().for_each(|slot| self.free(*slot));
        }
        None
    }

    /// Changes one key that is there without any room; only where nothing is to be remembered.
    fn change_in_place(&self, transaction: &Transaction<'_>) -> bool {
        let ([step], None) = (&transaction.steps[..], transaction.receipt) else {
            return false;
        };
        match (step.slot, &step.becomes) {
            (Some(slot), Becomes::Cells(cells)) => {
                self.write_cells(slot, cells);
                let head = self.head(slot);
                self.set_head(slot, head.changed(step.stamp).unparked());
                self.note_evictable(self.head(slot));
            }
            (Some(slot), Becomes::Nothing) => self.delete(slot),
            (None, _) => return false,
        }
        true
    }

    /// Makes of a draft or pending slot what was decided.
    pub(super) fn come_true(&self, slot: Slot) {
        let head = self.head(slot);
        match head.state() {
            State::Draft => match self.target(slot) {
                Some((target, true)) => self.delete(target),
                Some((target, false)) => self.become_draft(target, slot),
                None => {}
            },
            State::Pending => {
                self.drop_former_text(slot);
                self.set_head(slot, head.entered());
                match head.entered().state() {
                    State::Note => self.enter_note(slot),
                    _ => self.enter_key(slot),
                }
            }
            _ => {}
        }
    }

    /// Takes away the text that a pending one stands in for.
    fn drop_former_text(&self, slot: Slot) {
        let is_text = self.head(slot).entered().state() == State::Note && !self.is_receipt(slot);
        if is_text
            && self.texts() > 0
            && let Some(former) = self.find_note(self.note_name(slot))
        {
            self.set(header::TEXTS, self.texts().saturating_sub(1));
            self.drop_note(former);
        }
    }

    /// Frees a draft, and gives the key it was about back to everybody.
    fn clear_away(&self, slot: Slot) {
        if self.head(slot).state() != State::Draft {
            return;
        }
        if let Some((target, false)) = self.target(slot) {
            self.release_parked(&[target]);
        }
        self.free(slot);
    }

    /// Gives a key the cells and the stamp of a draft; it stays parked, for this may be done twice.
    fn become_draft(&self, target: Slot, draft: Slot) {
        self.write_cells(target, &self.copy_cells(draft));
        let stamp = self.get(self.key_start(draft) + STAMP);
        self.set_head(target, self.head(target).changed(stamp).parked());
        self.note_evictable(self.head(target));
    }

    /// For a store whose last owner died: what was decided becomes true, in the slots alone; what was not
    /// is left to be freed. Whoever calls it says at the end that it is done, and dies before that at no cost.
    pub(super) fn settle_transaction(&self) {
        if self.get(header::COMMITTED) == 0 {
            return;
        }
        self.free_former_texts();
        for slot in self.used_slots() {
            let head = self.head(slot);
            match (head.state(), self.target(slot)) {
                (State::Draft, Some((target, true))) => self.set_head(target, Head::free(None)),
                (State::Draft, Some((target, false))) => self.become_draft(target, slot),
                (State::Pending, _) => self.set_head(slot, head.entered()),
                _ => {}
            }
        }
    }

    /// Frees the texts that pending ones stand in for; to be done before any of those becomes true.
    fn free_former_texts(&self) {
        let is_pending_text = |slot: &Slot| {
            let head = self.head(*slot);
            head.state() == State::Pending
                && head.entered().state() == State::Note
                && !self.is_receipt(*slot)
        };
        let pending = self.used_slots().filter(is_pending_text);
        let names: HashSet<Name> = pending.map(|slot| self.note_name(slot)).collect();
        if names.is_empty() {
            return;
        }
        for slot in self.used_slots() {
            let is_note = self.head(slot).state() == State::Note;
            if is_note && !self.is_receipt(slot) && names.contains(&self.note_name(slot)) {
                self.set_head(slot, Head::free(None));
            }
        }
    }

    /// The key a draft is about, and whether it goes.
    fn target(&self, draft: Slot) -> Option<(Slot, bool)> {
        let start = self.key_start(draft);
        let target = self.slot(self.get(start + TARGET))?;
        let goes = self.get(start + GOES) != 0;
        self.head(target).has_key().then_some((target, goes))
    }

    fn write_cells(&self, slot: Slot, cells: &[u64]) {
        for (cell, bits) in self.cells(slot).iter().zip(cells) {
            #[cfg(test)]
            super::tests::crash::step();
            cell.store(*bits, Ordering::Release);
        }
    }

    /// The transaction as a record of the journal.
    pub(super) fn record(&self, transaction: &Transaction<'_>) -> Vec<u8> {
        let mut entries = Vec::new();
        let out = &mut entries;
        for step in &transaction.steps {
            match &step.becomes {
                Becomes::Cells(cells) => entry::Key {
                    key: step.key.bytes,
                    is_truncated: step.key.is_truncated,
                    stamp: step.stamp,
                    cells,
                    text: step.text.unwrap_or_default(),
                }
                .write(out),
                Becomes::Nothing => entry::removal(step.key.bytes, step.stamp, out),
            }
        }
        if let Some((name, Note::Receipt(receipt))) = transaction.receipt {
            entry::receipt(name, receipt, transaction.now, out);
        }
        journal::record(&entries)
    }

    /// What a transaction made earlier has come to, as a record of the journal.
    pub(super) fn record_again<'a>(
        &self,
        keys: impl Iterator<Item = &'a [u8]>,
        (name, receipt): (Name, Receipt),
        now: Moment,
    ) -> Vec<u8> {
        let mut entries = Vec::new();
        for key in keys {
            let Some(slot) = self.find(key, self.hash(key)) else {
                entry::removal(key, self.get(header::LATEST), &mut entries);
                continue;
            };
            let head = self.head(slot);
            let mut text = Vec::new();
            self.copy_text(key, &mut text);
            entry::Key {
                key,
                is_truncated: head.is_truncated(),
                stamp: head.stamp(),
                cells: &self.copy_cells(slot),
                text: &text,
            }
            .write(&mut entries);
        }
        entry::receipt(name, receipt, now, &mut entries);
        journal::record(&entries)
    }
}

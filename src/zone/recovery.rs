//! What the next owner of the lock does when the last one died with it, and what tests hold a zone against.
//!
//! Only the slots and the ledger are believed. A slot whose head says that it has a key holds a whole one, because the
//! head is written last; everything else (index, list of free slots, counts, candidates) is made anew.

use std::collections::HashSet;

use super::Unusable;
use super::layout::header;
use super::note::Name;
use super::record::{Head, KeyBytes, State};
use super::store::{Slot, Store};

impl Store {
    /// Makes everything that follows from the slots anew; how many keys were broken and are left out.
    pub(super) fn rebuild(&self) -> usize {
        self.set(header::REBUILDING, 1);
        self.settle_transaction();
        if let Some(victim) = self.victim() {
            self.set_head(victim, Head::free(None));
        }
        self.forget_candidates();
        self.clear_index();
        self.clear_notes();
        self.clear_shares();
        let mut held = vec![false; self.fresh()];
        let broken = self.relink_keys(&mut held);
        self.relink_notes(&mut held);
        self.set(header::COMMITTED, 0);
        self.set(header::FIRST_FREE, 0);
        self.set(header::FREE, 0);
        for slot in self.used_slots().filter(|slot| !held[slot.0]) {
            self.free(slot);
        }
        self.set(header::IS_BARREN, 0);
        self.set(header::REBUILDING, 0);
        broken
    }

    /// The same; keys that should be there by the store's own count and are not are broken, too. A death may
    /// have left the count wrong by one, or by all keys of a transaction.
    pub(super) fn rebuild_counting(&self) -> usize {
        let known = self.get(header::LIVE);
        let is_settled = self.get(header::COMMITTED) == 0;
        let broken = self.rebuild();
        let missing = known.saturating_sub(self.get(header::LIVE));
        let missing = usize::try_from(missing).unwrap_or(usize::MAX);
        if is_settled && missing > 1 {
            broken.saturating_add(missing)
        } else {
            broken
        }
    }

    fn relink_keys(&self, held: &mut [bool]) -> usize {
        let (mut live, mut latest, mut broken) = (0, 0, 0);
        for slot in self.used_slots().filter(|slot| self.head(*slot).has_key()) {
            if self.relink(slot, held) {
                live += 1;
                let head = self.head(slot);
                if !head.is_pinned() {
                    latest = latest.max(head.stamp());
                }
            } else {
                broken += 1;
            }
        }
        self.set(header::LIVE, live);
        self.raise_latest(latest);
        broken
    }

    /// Enters a key into the index if it is whole and no other slot has it.
    fn relink(&self, slot: Slot, held: &mut [bool]) -> bool {
        let mut bytes = KeyBytes::new();
        let Some(key) = self.copy_key(slot, &mut bytes) else {
            return false;
        };
        let hash = self.hash(key);
        if self.find(key, hash).is_some() || !self.hold(slot, held) {
            return false;
        }
        self.link(slot, hash);
        true
    }

    /// Enters the receipts, in order, and the texts of keys that are there.
    fn relink_notes(&self, held: &mut [bool]) {
        let is_note = |slot: &Slot| self.head(*slot).state() == State::Note;
        let mut notes: Vec<Slot> = self.used_slots().filter(is_note).collect();
        if notes.is_empty() {
            return;
        }
        notes.sort_by_key(|slot| match self.is_receipt(*slot) {
            true => (self.read_receipt(*slot).end, self.head(*slot).stamp()),
            false => (0, 0),
        });
        let wanted = self.wanted_texts();
        for note in notes {
            let name = self.note_name(note);
            let is_wanted = self.is_receipt(note) || wanted.contains(&name);
            if is_wanted && self.find_note(name).is_none() && self.hold(note, held) {
                self.enter_note(note);
            }
        }
    }

    /// The names that texts of keys have.
    fn wanted_texts(&self) -> HashSet<Name> {
        let mut bytes = KeyBytes::new();
        let live = self.used_slots().filter(|slot| self.head(*slot).has_key());
        live.filter_map(|slot| Some(self.text_name(self.copy_key(slot, &mut bytes)?)))
            .collect()
    }

    /// Notes that a slot and its spill slots are in use; false if some are not whole.
    fn hold(&self, slot: Slot, held: &mut [bool]) -> bool {
        let Some(spills) = self.spills(slot) else {
            return false;
        };
        if spills.iter().any(|spill| spill.0 >= held.len()) {
            return false;
        }
        held[slot.0] = true;
        for spill in spills {
            held[spill.0] = true;
        }
        true
    }

    /// Checks every key, the index, the free slots and the counts against each other.
    pub(super) fn verify(&self) -> Result<(), Unusable> {
        let mut taken = 0;
        let mut live = 0;
        for slot in self.used_slots().filter(|slot| self.head(*slot).has_key()) {
            let mut bytes = KeyBytes::new();
            let key = self
                .copy_key(slot, &mut bytes)
                .ok_or(Unusable::Corrupt("broken key"))?;
            if self.find(key, self.hash(key)) != Some(slot) {
                return Err(Unusable::Corrupt("a key is not found"));
            }
            taken += self.geometry.slots_for(key.len());
            live += 1;
        }
        let is_note = |slot: &Slot| self.head(*slot).state() == State::Note;
        let mut notes = 0;
        for note in self.used_slots().filter(is_note) {
            if self.find_note(self.note_name(note)) != Some(note) {
                return Err(Unusable::Corrupt("a note is not found"));
            }
            taken += 1 + self.note_spills(note);
            notes += 1;
        }
        if self.linked() != live + notes
            || self.get(header::LIVE) != live as u64
            || self.get(header::NOTES) != notes as u64
        {
            return Err(Unusable::Corrupt("index and keys differ"));
        }
        if self.free_list_length() != self.get(header::FREE) as usize
            || taken + self.unused() != self.geometry.slots
        {
            return Err(Unusable::Corrupt("slots are lost"));
        }
        Ok(())
    }

    fn free_list_length(&self) -> usize {
        let mut next = self.get(header::FIRST_FREE);
        let mut length = 0;
        while let Some(slot) = self.slot(next)
            && self.head(slot).state() == State::Free
            && length <= self.geometry.slots
        {
            length += 1;
            next = self.head(slot).next();
        }
        length
    }
}

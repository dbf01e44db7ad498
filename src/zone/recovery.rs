//! What the next owner of the lock does when the last one died with it, and what tests hold a zone against.
//!
//! Only the slots and the ledger are believed. A slot whose head says that it has a key holds a whole one, because the
//! head is written last; everything else (index, list of free slots, counts, candidates) is made anew.

use super::Unusable;
use super::layout::header;
use super::record::{Head, KeyBytes, State};
use super::store::{Slot, Store};

impl Store {
    /// Makes everything that follows from the slots anew.
    pub(super) fn rebuild(&self) {
        if let Some(victim) = self.victim() {
            self.set_head(victim, Head::free(None));
        }
        self.forget_candidates();
        self.clear_index();
        let mut held = vec![false; self.fresh()];
        let (mut live, mut latest) = (0, 0);
        for slot in self.used_slots().filter(|slot| self.head(*slot).has_key()) {
            if self.relink(slot, &mut held) {
                live += 1;
                latest = latest.max(self.head(slot).stamp());
            }
        }
        self.set(header::LIVE, live);
        self.raise_latest(latest);
        self.set(header::FIRST_FREE, 0);
        self.set(header::FREE, 0);
        for slot in self.used_slots().filter(|slot| !held[slot.0]) {
            self.free(slot);
        }
    }

    /// Enters a key into the index if it is whole and no other slot has it.
    fn relink(&self, slot: Slot, held: &mut [bool]) -> bool {
        let mut bytes = KeyBytes::new();
        let (Some(key), Some(spills)) = (self.copy_key(slot, &mut bytes), self.spills(slot)) else {
            return false;
        };
        let hash = self.hash(key);
        if spills.iter().any(|spill| spill.0 >= held.len()) || self.find(key, hash).is_some() {
            return false;
        }
        held[slot.0] = true;
        for spill in spills {
            held[spill.0] = true;
        }
        self.link(slot, hash);
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
        if self.linked() != live || self.get(header::LIVE) != live as u64 {
            return Err(Unusable::Corrupt("index and keys differ"));
        }
        if self.free_list_length() != self.get(header::FREE) as usize
            || taken + self.available() != self.geometry.slots
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

//! Which key was updated least recently, exactly, and taking it out of the hands of all who use it.
//!
//! One pass over the slots finds the oldest keys, many at a time, and keeps them as candidates with their
//! heads. A key's stamp only grows, and after the pass new stamps are later than those of all candidates. So a
//! candidate whose head has not changed since is still older than everything but the candidates before it.
//! One that was renewed by somebody who took his stamp before the pass ended may still be older than a
//! later candidate: its stamp tells, and then the pass is made anew. An eviction costs little in the mean,
//! however large the zone, and always takes the oldest key.
//!
//! The next few candidates are parked, all at once: from then on only the owner of the lock uses them.
//! They stay in the zone as they are, and an update makes them live again. When nobody is left who looked
//! at them before, they can be evicted one by one without waiting for anybody.

use std::collections::BinaryHeap;
use std::ops::Range;

use super::layout::header;
use super::marker::Patience;
use super::record::{Head, State};
use super::store::{Slot, Store};

/// How many candidates are parked at once: the look at all markers is shared by so many evictions.
const BATCH: u64 = 64;
/// How many passes are made for one eviction; the second is rare already.
const PASSES: u32 = 16;

impl Store {
    /// The key updated least recently, which nobody can be using.
    pub(super) fn oldest(&self) -> Option<Slot> {
        for _ in 0..PASSES {
            if let Some(slot) = self.next_candidate() {
                return Some(slot);
            }
            self.find_candidates();
            if self.candidates() == 0 {
                return None;
            }
        }
        None
    }

    pub(super) fn forget_candidates(&self) {
        self.set(header::CANDIDATES, 0);
        self.set(header::READY, 0);
    }

    /// Keeps everybody from these keys and waits until nobody uses them; false if somebody does not stop to.
    pub(super) fn seize(&self, slots: &[Slot], patience: Patience) -> bool {
        loop {
            slots.iter().for_each(|slot| self.park_one(*slot));
            let is_wanted = |held| {
                let wanted = |slot: &Slot| slot.stored() == held;
                slots.iter().any(wanted)
            };
            if !self.markers.wait_out(patience, is_wanted) {
                return false;
            }
            // Somebody may have renewed one who had found it live before.
            let is_live = |slot: &Slot| self.head(*slot).state() == State::Live;
            if !slots.iter().any(is_live) {
                return true;
            }
        }
    }

    /// Gives keys back that could not be seized: somebody may be using them, so none is a candidate either.
    pub(super) fn let_go(&self, slots: &[Slot]) {
        self.release_parked(slots);
        self.forget_candidates();
    }

    fn park_one(&self, slot: Slot) {
        let mut head = self.head(slot);
        while head.state() == State::Live {
            match self.exchange_head(slot, head, head.parked()) {
                Ok(()) => return,
                Err(changed) => head = changed,
            }
        }
    }

    fn next_candidate(&self) -> Option<Slot> {
        for left in (0..self.candidates()).rev() {
            if self.get(header::READY) == 0 {
                self.park(left + 1);
            }
            self.set(header::CANDIDATES, left);
            self.set(header::READY, self.get(header::READY).saturating_sub(1));
            let Some((slot, head)) = self.candidate(left) else {
                continue;
            };
            let present = self.head(slot);
            if present == head.parked() {
                return Some(slot);
            }
            if present.has_key() && present.stamp() <= self.get(header::YOUNGEST) {
                break;
            }
        }
        self.forget_candidates();
        None
    }

    /// Parks the last of `count` candidates.
    fn park(&self, count: u64) {
        let ready = count.min(BATCH);
        for (slot, head) in (count - ready..count).filter_map(|place| self.candidate(place)) {
            if head.state() == State::Live {
                let _renewed = self.exchange_head(slot, head, head.parked());
            }
        }
        let is_parked = |slot| self.head(slot).state() == State::Parked;
        let is_wanted = |held| self.slot(held).is_some_and(is_parked);
        if !self.markers.wait_out(Patience::Short, is_wanted) {
            self.leave_out_held(count - ready..count);
        }
        self.set(header::READY, ready);
    }

    /// Forgets those candidates that somebody uses who does not come to an end.
    #[cold]
    fn leave_out_held(&self, places: Range<u64>) {
        for place in places {
            if self
                .candidate(place)
                .is_some_and(|(slot, _)| self.markers.is_held(slot))
            {
                self.set(self.geometry.candidates_start() + 2 * place as usize, 0);
            }
        }
    }

    /// Fills the candidates anew, the oldest last.
    fn find_candidates(&self) {
        let most = self.geometry.candidates();
        let mut oldest: BinaryHeap<(u64, u64, Slot)> = BinaryHeap::with_capacity(most + 1);
        let mut youngest = u64::MAX;
        for slot in self.used_slots() {
            let head = self.head(slot);
            if !head.has_key() || head.stamp() >= youngest {
                continue;
            }
            oldest.push((head.stamp(), head.0, slot));
            if oldest.len() > most {
                oldest.pop();
                youngest = oldest.peek().map_or(u64::MAX, |youngest| youngest.0);
            }
        }
        let sorted = oldest.into_sorted_vec();
        for (place, (_, head, slot)) in sorted.iter().rev().enumerate() {
            let start = self.geometry.candidates_start() + 2 * place;
            self.set(start, slot.stored());
            self.set(start + 1, *head);
        }
        let youngest = sorted.last().map_or(0, |youngest| youngest.0);
        self.raise_latest(youngest);
        self.set(header::YOUNGEST, youngest);
        self.set(header::CANDIDATES, sorted.len() as u64);
        self.set(header::READY, 0);
    }

    fn candidates(&self) -> u64 {
        self.get(header::CANDIDATES)
            .min(self.geometry.candidates() as u64)
    }

    /// A candidate's slot, and its head when it was found.
    fn candidate(&self, place: u64) -> Option<(Slot, Head)> {
        let start = self.geometry.candidates_start() + 2 * place as usize;
        Some((self.slot(self.get(start))?, Head(self.get(start + 1))))
    }
}

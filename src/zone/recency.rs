//! Which key was updated least recently, exactly.
//!
//! Every update gets a later stamp than all before it. One pass over the slots finds the oldest ones, many
//! at a time, and keeps them as candidates with their heads. A candidate whose head has not changed since
//! is still older than everything else: what was touched or added meanwhile got a later stamp. So an
//! eviction costs little in the mean, however large the zone, and always takes the oldest key.

use std::collections::BinaryHeap;

use super::layout::header;
use super::record::{Head, State, stamp_of};
use super::store::{Slot, Store};
use crate::metric::Moment;

impl Store {
    /// The stamp of an update made now: later than that of any update before.
    pub(super) fn next_stamp(&self, now: Moment) -> u64 {
        let stamp = stamp_of(now).max(self.get(header::LATEST).saturating_add(1));
        self.set(header::LATEST, stamp);
        stamp
    }

    /// The key updated least recently.
    pub(super) fn oldest(&self) -> Option<Slot> {
        self.next_candidate().or_else(|| {
            self.find_candidates();
            self.next_candidate()
        })
    }

    pub(super) fn forget_candidates(&self) {
        self.set(header::CANDIDATES, 0);
    }

    fn next_candidate(&self) -> Option<Slot> {
        let most = self.geometry.candidates() as u64;
        for left in (0..self.get(header::CANDIDATES).min(most)).rev() {
            self.set(header::CANDIDATES, left);
            let start = self.geometry.candidates_start() + 2 * left as usize;
            let head = Head(self.get(start + 1));
            if let Some(slot) = self.slot(self.get(start))
                && head.state() == State::Live
                && self.head(slot) == head
            {
                return Some(slot);
            }
        }
        None
    }

    /// Fills the candidates anew, the oldest last.
    fn find_candidates(&self) {
        let most = self.geometry.candidates();
        let mut oldest: BinaryHeap<(u64, u64, Slot)> = BinaryHeap::with_capacity(most + 1);
        for slot in self.used_slots() {
            let head = self.head(slot);
            if head.state() != State::Live {
                continue;
            }
            let is_older = oldest
                .peek()
                .is_none_or(|youngest| head.stamp() < youngest.0);
            if oldest.len() < most || is_older {
                oldest.push((head.stamp(), head.0, slot));
            }
            if oldest.len() > most {
                oldest.pop();
            }
        }
        let sorted = oldest.into_sorted_vec();
        for (place, (_, head, slot)) in sorted.iter().rev().enumerate() {
            let start = self.geometry.candidates_start() + 2 * place;
            self.set(start, slot.stored());
            self.set(start + 1, *head);
        }
        self.set(header::CANDIDATES, sorted.len() as u64);
    }
}

//! While a zone moves to another layout: which slots change behind the one who moves it.
//!
//! Everybody takes the lock then, and marks what was changed of that which was moved already; see `mover`.

use super::layout::header;
use super::store::{Slot, Store};
use crate::os::atomic::Ordering;

/// Slots in a word of marks.
const MARKS: usize = 64;

impl Store {
    /// So many slots were moved: from now on changes of these are marked.
    pub(super) fn mark_changes_before(&self, slots: usize) {
        self.set(header::MOVED, slots as u64);
    }

    /// From now on changes of any slot are marked.
    pub(super) fn mark_all_changes(&self) {
        self.set(header::MOVED, u64::MAX);
    }

    /// So many slots may be in use.
    pub(super) fn limit(&self, slots: usize) {
        self.set(header::LIMIT, slots as u64);
    }

    /// Marks a slot that is being changed, if it was moved; to be called under the lock.
    #[inline]
    pub(super) fn mark(&self, slot: Slot) {
        if self.get(header::MOVED) > slot.0 as u64 {
            self.mark_moved(slot);
        }
    }

    #[cold]
    fn mark_moved(&self, slot: Slot) {
        let bit = 1 << (slot.0 % MARKS);
        let word = &self.words()[self.geometry.marks_start() + slot.0 / MARKS];
        if word.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            self.set(header::MARKED, self.get(header::MARKED).wrapping_add(1));
        }
    }

    /// How many slots are marked.
    pub(super) fn marked(&self) -> u64 {
        self.get(header::MARKED)
    }

    /// Appends marked slots, and takes their marks: those of one word of marks after the other, beginning at `word`, until there are
    /// `most` or no more. The word to go on at.
    pub(super) fn take_marked(&self, word: usize, most: usize, into: &mut Vec<Slot>) -> usize {
        let start = self.geometry.marks_start();
        let marks = &self.words()[start..self.geometry.index_start()];
        for (place, bits) in marks.iter().enumerate().skip(word) {
            if into.len() >= most {
                return place;
            }
            let mut bits = bits.swap(0, Ordering::Relaxed);
            while bits != 0 {
                into.push(Slot(place * MARKS + bits.trailing_zeros() as usize));
                bits &= bits - 1;
                self.set(header::MARKED, self.get(header::MARKED).saturating_sub(1));
            }
        }
        into.retain(|slot| slot.0 < self.geometry.slots);
        0
    }

    /// Forgets a move that came to nothing.
    pub(super) fn forget_move(&self) {
        for field in [header::MOVED, header::LIMIT, header::MARKED] {
            self.set(field, 0);
        }
        for word in self.geometry.marks_start()..self.geometry.index_start() {
            self.words()[word].store(0, Ordering::Relaxed);
        }
    }
}

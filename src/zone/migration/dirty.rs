//! The dirty bitmap of a layout that is being copied: which slots changed behind the copier, as hypervisors track the
//! dirty pages of a machine that they migrate (pre-copy: Clark et al., Live Migration of Virtual Machines, NSDI 2005).
//!
//! Everybody who changes the zone holds the lock meanwhile. The numbers here are hints: damage to them makes a move longer or
//! copies a slot twice.

use crate::os::atomic::Ordering;
use crate::zone::layout::header;
use crate::zone::store::{Slot, Store};

/// Slots in a word of the bitmap.
const BITS: usize = 64;
/// So many words of it are looked at under one hold of the lock.
const MOST_WORDS: usize = 1 << 14;

impl Store {
    /// Has changes of the slots before this one tracked: they are copied.
    pub(super) fn track_dirty_before(&self, end: usize) {
        self.set(header::TRACKED, end as u64);
    }

    /// Has changes of all slots tracked.
    pub(super) fn track_all_dirty(&self) {
        self.set(header::TRACKED, u64::MAX);
    }

    /// Lets keys and notes be in at most so many slots, as there is no room for more where they are copied to.
    pub(super) fn limit_slots(&self, most: usize) {
        self.set(header::LIMIT, most.max(1) as u64);
    }

    /// Notes that a slot is being changed, if it was copied before; to be called under the lock.
    #[inline]
    pub(in crate::zone) fn mark_dirty(&self, slot: Slot) {
        if self.get(header::TRACKED) > slot.0 as u64 {
            self.set_dirty(slot);
        }
    }

    #[cold]
    fn set_dirty(&self, slot: Slot) {
        let bit = 1 << (slot.0 % BITS);
        let bitmap = &self.words()[self.geometry.bitmap()];
        let Some(word) = bitmap.get(slot.0 / BITS) else {
            return;
        };
        if word.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            self.set(header::DIRTY, self.get(header::DIRTY).wrapping_add(1));
        }
    }

    /// How many slots are dirty.
    pub(in crate::zone) fn dirty(&self) -> u64 {
        self.get(header::DIRTY)
    }

    /// Appends dirty slots, which are clean from then on: those of one word of the bitmap after the other, beginning at `word`,
    /// until there are `most` of them, or so many words were looked at as one hold of the lock may take. The word to go on at.
    pub(super) fn take_dirty(&self, word: usize, most: usize, into: &mut Vec<Slot>) -> usize {
        let bitmap = &self.words()[self.geometry.bitmap()];
        let end = bitmap.len().min(word.saturating_add(MOST_WORDS));
        let mut next = word.min(end);
        while next < end && into.len() < most {
            self.take_word(next, &bitmap[next], into);
            next += 1;
        }
        if next == bitmap.len() { 0 } else { next }
    }

    /// Appends all dirty slots.
    pub(super) fn take_all_dirty(&self, into: &mut Vec<Slot>) {
        let bitmap = &self.words()[self.geometry.bitmap()];
        for (place, word) in bitmap.iter().enumerate() {
            self.take_word(place, word, into);
        }
    }

    fn take_word(&self, place: usize, word: &crate::os::atomic::AtomicU64, into: &mut Vec<Slot>) {
        let mut bits = word.load(Ordering::Relaxed);
        if bits == 0 {
            return;
        }
        word.store(0, Ordering::Relaxed);
        let count = u64::from(bits.count_ones());
        self.set(header::DIRTY, self.dirty().saturating_sub(count));
        while bits != 0 {
            let slot = Slot(place * BITS + bits.trailing_zeros() as usize);
            into.extend((slot.0 < self.geometry.slots).then_some(slot));
            bits &= bits - 1;
        }
    }

    /// Forgets a move that came to nothing.
    pub(in crate::zone) fn forget_move(&self) {
        let fields = [header::TRACKED, header::LIMIT, header::DIRTY];
        if fields.iter().all(|field| self.get(*field) == 0) {
            return;
        }
        for word in &self.words()[self.geometry.bitmap()] {
            word.store(0, Ordering::Relaxed);
        }
        fields.iter().for_each(|field| self.set(*field, 0));
    }
}

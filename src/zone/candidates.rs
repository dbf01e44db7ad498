//! Keys that may be the oldest, each with the head that was found: a binary heap in the zone's memory, whose first
//! entry is the oldest (J. W. J. Williams, Algorithm 232: Heapsort, 1964).
//!
//! What is taken out lies behind the heap, the oldest last, until it is used or joins the heap again. All of it is a hint:
//! whoever uses an entry looks at the slot it names, and what a death has left here is forgotten.

use super::record::Head;
use crate::os::atomic::{AtomicU64, Ordering};

/// Words of an entry.
pub(super) const WORDS: usize = 2;

/// A slot as stored, and the head it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) head: Head,
    pub(super) slot: u64,
}

/// The heap in these words.
#[derive(Debug)]
pub(super) struct Candidates<'a> {
    words: &'a [AtomicU64],
    length: usize,
}

impl<'a> Candidates<'a> {
    /// The one with so many entries; more than there is room for are none.
    pub(super) fn new(words: &'a [AtomicU64], length: u64) -> Self {
        let room = words.len() / WORDS;
        let length = usize::try_from(length).map_or(room, |length| length.min(room));
        Self { words, length }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn room(&self) -> usize {
        self.words.len() / WORDS
    }

    /// The entry at this place, in the heap or behind it; one without a slot where there is no such place.
    pub(super) fn get(&self, place: usize) -> Candidate {
        let read = |number| {
            let word = self.words.get(WORDS * place + number);
            word.map_or(0, |word: &AtomicU64| word.load(Ordering::Acquire))
        };
        Candidate {
            slot: read(0),
            head: Head(read(1)),
        }
    }

    pub(super) fn set(&self, place: usize, candidate: Candidate) {
        let values = [candidate.slot, candidate.head.0];
        let words = self.words.iter().skip(WORDS * place);
        for (word, value) in words.zip(values) {
            word.store(value, Ordering::Release);
        }
    }

    /// Adds an entry, for which there must be room.
    pub(super) fn push(&mut self, candidate: Candidate) {
        self.set(self.length, candidate);
        self.sift_up();
    }

    /// Makes the entry that lies behind the heap part of it.
    pub(super) fn sift_up(&mut self) {
        if self.length == self.room() {
            return;
        }
        let mut place = self.length;
        self.length += 1;
        let candidate = self.get(place);
        while place > 0 {
            let parent = (place - 1) / 2;
            let above = self.get(parent);
            if above <= candidate {
                break;
            }
            self.set(place, above);
            place = parent;
        }
        self.set(place, candidate);
    }

    /// Takes the oldest entry out; it lies behind the heap from then on.
    pub(super) fn pop(&mut self) -> Option<Candidate> {
        let last = self.length.checked_sub(1)?;
        let (oldest, moved) = (self.get(0), self.get(last));
        self.length = last;
        self.sift_down(0, moved);
        self.set(last, oldest);
        Some(oldest)
    }

    /// Keeps those entries alone that are wanted.
    pub(super) fn retain(&mut self, mut is_wanted: impl FnMut(Candidate) -> bool) {
        let mut kept = 0;
        for place in 0..self.length {
            let candidate = self.get(place);
            if is_wanted(candidate) {
                self.set(kept, candidate);
                kept += 1;
            }
        }
        self.length = kept;
        for place in (0..kept / 2).rev() {
            self.sift_down(place, self.get(place));
        }
    }

    /// Puts an entry where it belongs, at `place` or below.
    fn sift_down(&self, mut place: usize, candidate: Candidate) {
        loop {
            let left = 2 * place + 1;
            if left >= self.length {
                break;
            }
            let right = left + 1;
            let is_right_older = right < self.length && self.get(right) < self.get(left);
            let child = if is_right_older { right } else { left };
            let below = self.get(child);
            if candidate <= below {
                break;
            }
            self.set(place, below);
            place = child;
        }
        if place < self.length {
            self.set(place, candidate);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(u64),
        Take,
        Join,
        Retain(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => (0..40u64).prop_map(Step::Push),
            3 => Just(Step::Take),
            1 => Just(Step::Join),
            1 => (0..40u64).prop_map(Step::Retain),
        ];
        proptest::collection::vec(step, 0..120)
    }

    fn candidate(number: u64) -> Candidate {
        Candidate {
            head: Head(number),
            slot: number + 1,
        }
    }

    proptest! {
        #[test]
        fn the_oldest_comes_first_whatever_happened(steps in steps()) {
            let words: Vec<AtomicU64> = (0..2 * 30).map(|_| AtomicU64::new(0)).collect();
            let mut heap = Candidates::new(&words, 0);
            let mut model: Vec<u64> = Vec::new();
            let mut taken: Vec<u64> = Vec::new();
            for step in steps {
                match step {
                    Step::Push(number) if model.len() < heap.room() => {
                        heap.push(candidate(number));
                        model.push(number);
                        taken.clear();
                    }
                    Step::Push(_) => {}
                    Step::Take => {
                        model.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
                        let oldest = model.pop();
                        prop_assert_eq!(heap.pop(), oldest.map(candidate));
                        taken.extend(oldest);
                    }
                    Step::Join => if let Some(number) = taken.pop() {
                        prop_assert_eq!(heap.get(heap.len()), candidate(number));
                        heap.sift_up();
                        model.push(number);
                    }
                    Step::Retain(bound) => {
                        heap.retain(|candidate| candidate.head.0 < bound);
                        model.retain(|number| *number < bound);
                        taken.clear();
                    }
                }
                prop_assert_eq!(heap.len(), model.len());
            }
            model.sort_unstable();
            let left: Vec<u64> = std::iter::from_fn(|| heap.pop()).map(|found| found.head.0).collect();
            prop_assert_eq!(left, model);
        }
    }

    #[test]
    fn damaged_measures_are_bounded() {
        let words: Vec<AtomicU64> = (0..4).map(|_| AtomicU64::new(u64::MAX)).collect();
        let mut heap = Candidates::new(&words, u64::MAX);
        assert_eq!(heap.len(), 2);
        heap.sift_up();
        assert_eq!(heap.len(), 2);
        assert_eq!(heap.get(7).slot, 0);
        heap.set(7, candidate(1));
        while heap.pop().is_some() {}
    }
}

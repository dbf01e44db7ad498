//! Rows of equally many words in shared memory, and words in halves, some of which every update looks up: that they are there
//! was checked once.

use std::ops::{Deref, Range};
use std::ptr::NonNull;

use super::SharedMemory;
use super::atomic::{AtomicU32, AtomicU64};

/// Rows that follow each other in a range.
#[derive(Clone, Debug)]
pub struct SharedRows {
    first: NonNull<AtomicU64>,
    /// Words of a row.
    words: usize,
    count: usize,
    /// Keeps the rows where they are.
    _memory: SharedMemory,
}

// SAFETY: the pointer leads to atomics only, in memory that the range keeps for every thread alike.
unsafe impl Send for SharedRows {}
// SAFETY: as above; nothing but references to atomics is ever made of the pointer.
unsafe impl Sync for SharedRows {}

impl SharedRows {
    /// The `count` rows of `words` words each from `start` on, which must be there.
    pub fn new(memory: &SharedMemory, start: usize, words: usize, count: usize) -> Self {
        let all = &memory.words()[start..][..words * count];
        Self {
            first: NonNull::from(all).cast(),
            words,
            count,
            _memory: memory.clone(),
        }
    }

    /// One of them.
    #[inline(always)]
    pub fn row(&self, number: usize) -> Option<&[AtomicU64]> {
        if number >= self.count {
            return None;
        }
        // SAFETY: so many rows follow the first one within the range, which `new` has checked.
        let row = unsafe { self.first.add(number * self.words) };
        // SAFETY: as above for the words of this row; the memory stays mapped at this place while `self` has it; any bit pattern
        // is a valid atomic.
        Some(unsafe { std::slice::from_raw_parts(row.as_ptr(), self.words) })
    }
}

/// Words of a range in halves.
#[derive(Clone, Debug)]
pub struct SharedHalves {
    all: NonNull<[AtomicU32]>,
    /// Keeps them where they are.
    _memory: SharedMemory,
}

// SAFETY: the pointer leads to atomics only, in memory that the range keeps for every thread alike.
unsafe impl Send for SharedHalves {}
// SAFETY: as above; nothing but references to atomics is ever made of the pointer.
unsafe impl Sync for SharedHalves {}

impl SharedHalves {
    /// Those of some of the words of a range, which must be there; see [`SharedMemory::halves`].
    pub fn new(memory: &SharedMemory, words: Range<usize>) -> Self {
        Self {
            all: NonNull::from(memory.halves(words)),
            _memory: memory.clone(),
        }
    }
}

impl Deref for SharedHalves {
    type Target = [AtomicU32];

    #[inline(always)]
    fn deref(&self) -> &[AtomicU32] {
        // SAFETY: it was made of a reference to halves of the range, whose memory stays mapped at this place while `self` has it.
        unsafe { self.all.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::atomic::Ordering::Relaxed;

    #[test]
    fn rows_are_those_of_the_memory_and_no_more() {
        let memory = SharedMemory::heap(10 * 8);
        let rows = SharedRows::new(&memory, 1, 3, 3);
        for number in 0..3 {
            let row = rows.row(number).unwrap();
            row.iter()
                .for_each(|word| word.store(7 + number as u64, Relaxed));
        }
        let words = memory.words().iter().map(|word| word.load(Relaxed));
        assert!(words.eq([0, 7, 7, 7, 8, 8, 8, 9, 9, 9]));
        assert!(rows.row(3).is_none() && rows.row(usize::MAX).is_none());
    }

    #[test]
    fn halves_are_those_of_the_memory_and_outlive_their_handle() {
        let memory = SharedMemory::heap(4 * 8);
        let halves = SharedHalves::new(&memory, 1..3);
        halves[1].store(7, Relaxed);
        assert_eq!(memory.halves(0..4)[3].load(Relaxed), 7);
        drop(memory);
        assert_eq!((halves.len(), halves[1].load(Relaxed)), (4, 7));
    }

    #[test]
    #[should_panic(expected = "out of range")]
    fn rows_that_are_not_there_are_refused() {
        SharedRows::new(&SharedMemory::heap(10 * 8), 2, 3, 3);
    }
}

//! Words, rows and halves that are looked up once, of the memory of `memory`.

use std::ops::{Deref, Range};

use super::SharedMemory;
use super::atomic::{AtomicU32, AtomicU64};

/// A word of a range.
#[derive(Clone, Debug)]
pub(crate) struct SharedWord(SharedMemory, usize);

impl SharedWord {
    pub(crate) fn new(memory: &SharedMemory, place: usize) -> Self {
        Self(memory.clone(), place)
    }
}

impl Deref for SharedWord {
    type Target = AtomicU64;

    fn deref(&self) -> &AtomicU64 {
        &self.0.words()[self.1]
    }
}

/// Rows of equally many words.
#[derive(Clone, Debug)]
pub(crate) struct SharedRows {
    memory: SharedMemory,
    start: usize,
    words: usize,
    count: usize,
}

impl SharedRows {
    pub(crate) fn new(memory: &SharedMemory, start: usize, words: usize, count: usize) -> Self {
        Self {
            memory: memory.clone(),
            start,
            words,
            count,
        }
    }

    pub(crate) fn row(&self, number: usize) -> Option<&[AtomicU64]> {
        let start = self.start + number * self.words;
        (number < self.count).then(|| &self.memory.words()[start..start + self.words])
    }
}

/// Words in halves.
#[derive(Clone, Debug)]
pub(crate) struct SharedHalves(SharedMemory, Range<usize>);

impl SharedHalves {
    pub(crate) fn new(memory: &SharedMemory, words: Range<usize>) -> Self {
        Self(memory.clone(), words)
    }
}

impl Deref for SharedHalves {
    type Target = [AtomicU32];

    fn deref(&self) -> &[AtomicU32] {
        self.0.halves(self.1.clone())
    }
}

//! One word of shared memory that is used at every update: that it is there was checked once.

use std::ops::Deref;
use std::ptr::NonNull;

use super::SharedMemory;
use super::atomic::AtomicU64;

/// A word of a range.
#[derive(Clone, Debug)]
pub struct SharedWord {
    place: NonNull<AtomicU64>,
    /// Keeps the word where it is.
    _memory: SharedMemory,
}

// SAFETY: the pointer leads to an atomic only, in memory that the range keeps for every thread alike.
unsafe impl Send for SharedWord {}
// SAFETY: as above; nothing but a reference to the atomic is ever made of the pointer.
unsafe impl Sync for SharedWord {}

impl SharedWord {
    /// The word at `place` of a range, which must be there.
    pub fn new(memory: &SharedMemory, place: usize) -> Self {
        Self {
            place: NonNull::from(&memory.words()[place]),
            _memory: memory.clone(),
        }
    }
}

impl Deref for SharedWord {
    type Target = AtomicU64;

    #[inline]
    fn deref(&self) -> &AtomicU64 {
        // SAFETY: it was made of a reference to a word of the range, whose memory stays mapped at this place while `self` has it.
        unsafe { self.place.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::atomic::Ordering::Relaxed;

    #[test]
    fn it_is_the_word_of_the_memory_and_outlives_its_handle() {
        let memory = SharedMemory::heap(32);
        let word = SharedWord::new(&memory, 2);
        word.store(7, Relaxed);
        assert_eq!(memory.words()[2].load(Relaxed), 7);
        drop(memory);
        assert_eq!(word.load(Relaxed), 7);
    }
}

//! A key that is looked for in a slot: as bytes, or ready to be compared.

use super::layout::{KEY_WORDS, WORD};
use super::record::Head;
use super::store::{Slot, Store, is_packed, pack};
use crate::metric::{KEY_LIMIT, stored_key};
use crate::os::atomic::{AtomicU64, Ordering};

/// A key that is looked for in a slot.
#[derive(Clone, Copy)]
pub(super) enum Sought<'k> {
    /// One of any length.
    Bytes(&'k [u8]),
    /// One that has no need of spill slots.
    Packed(&'k Packed),
}

/// A key of at most 40 bytes, and what a slot that has it holds.
#[derive(Debug)]
pub(super) struct Packed {
    words: [u64; KEY_WORDS],
    /// How many of them it takes.
    used: usize,
    /// A head of such a key.
    head: Head,
    key: Box<[u8]>,
}

impl Packed {
    /// Nothing for a key that needs more than its own slot, and for one that nobody has.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        if key.is_empty() || key.len() > KEY_WORDS * WORD {
            return None;
        }
        let mut words = [0; KEY_WORDS];
        for (word, packed) in words.iter_mut().zip(pack(key)) {
            *word = packed;
        }
        Some(Self {
            words,
            used: key.len().div_ceil(WORD),
            head: Head::live(key.len(), false, 0),
            key: key.into(),
        })
    }

    #[inline]
    fn is_in(&self, own: &[AtomicU64; KEY_WORDS]) -> bool {
        for (place, (word, stored)) in self.words.iter().zip(own).enumerate() {
            if stored.load(Ordering::Acquire) != *word {
                return false;
            }
            if place + 1 == self.used {
                break;
            }
        }
        true
    }
}

impl<'k> Sought<'k> {
    /// The key, which may be longer than what is stored of it.
    #[inline]
    pub(super) fn key(&self) -> &'k [u8] {
        match self {
            Self::Bytes(key) => key,
            Self::Packed(packed) => &packed.key,
        }
    }

    /// Whether a slot with this head has a key as long as this one is stored, for everybody.
    #[inline]
    pub(super) fn fits(&self, found: Head) -> bool {
        match self {
            Self::Bytes(key) => found.is_live(stored_key(key).len()),
            Self::Packed(packed) => found.is_as_live(packed.head),
        }
    }

    /// Whether it is as long as keys are that may have been cut.
    #[inline]
    pub(super) fn is_longest(&self) -> bool {
        match self {
            Self::Bytes(key) => key.len() >= KEY_LIMIT,
            Self::Packed(_) => false,
        }
    }
}

impl Store {
    /// Whether the key in `slot`, which has this head, is `key`.
    #[inline]
    pub(super) fn key_equals(&self, slot: Slot, head: Head, key: &[u8]) -> bool {
        head.has_key()
            && head.length() == key.len()
            && self
                .slot_words(slot)
                .is_some_and(|words| self.is_key(slot, words.own, key))
    }

    /// Whether the key in `slot`, which is as long as `key` and begins with the words `own`, is `key`.
    #[inline]
    pub(super) fn is_key(&self, slot: Slot, own: &[AtomicU64; KEY_WORDS], key: &[u8]) -> bool {
        if key.len() > KEY_WORDS * WORD {
            return self.is_long_key(slot, key);
        }
        is_packed(key, own)
    }

    #[cold]
    fn is_long_key(&self, slot: Slot, key: &[u8]) -> bool {
        let mut stored = self.key_words(slot);
        pack(key).all(|word| stored.next() == Some(word))
    }

    /// Whether the key in `slot`, which is as long as what is sought and begins with the words `own`, is that.
    #[inline(always)]
    pub(super) fn is_sought(
        &self,
        slot: Slot,
        own: &[AtomicU64; KEY_WORDS],
        sought: &Sought<'_>,
    ) -> bool {
        match sought {
            Sought::Bytes(key) => self.is_key(slot, own, stored_key(key)),
            Sought::Packed(packed) => packed.is_in(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_key_is_in_words_that_begin_with_it_alone() {
        let bytes: Vec<u8> = (1..=48).collect();
        for length in 1..=40 {
            let key = &bytes[..length];
            let packed = Packed::new(key).unwrap();
            assert_eq!((packed.key.len(), &*packed.key), (length, key));
            // What stands behind it is left of a longer key that was there before.
            let mut words = [u64::MAX; KEY_WORDS];
            for (word, packed) in words.iter_mut().zip(pack(key)) {
                *word = packed;
            }
            assert!(packed.is_in(&words.map(AtomicU64::new)));
            for place in 0..length.div_ceil(WORD) {
                let mut others = words;
                others[place] ^= 1;
                assert!(!packed.is_in(&others.map(AtomicU64::new)));
            }
        }
        assert!(Packed::new(b"").is_none() && Packed::new(&bytes[..41]).is_none());
    }
}

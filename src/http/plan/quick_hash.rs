//! A quick hasher for tables whose keys stand in the configuration: clients can look things up there, but
//! put nothing in, so that nobody can have entries collide.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table whose keys stand in the configuration.
pub(in crate::http) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<QuickHasher>>;

/// Multiplies and rotates, eight bytes at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::http) struct QuickHasher(u64);

const FACTOR: u64 = 0xf135_7aea_2e62_a9c5;

impl QuickHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        if !rest.is_empty() {
            self.add(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.add(value.into());
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }

    fn finish(&self) -> u64 {
        // The multiplication mixes upwards, tables look at the lowest bits, too.
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_what_was_kept_under_them() {
        let mut map = QuickMap::default();
        let name = |number: usize| format!("/path/{number}").into_bytes();
        for number in 0..5000 {
            assert_eq!(map.insert(name(number), number), None);
        }
        for number in 0..5000 {
            assert_eq!(map.get(&name(number)), Some(&number));
        }
    }

    #[test]
    fn hashes_of_neighbours_are_spread() {
        let mut low = std::collections::HashSet::new();
        for number in 0..1000_u32 {
            let mut hasher = QuickHasher::default();
            hasher.write(format!("/path/{number}").as_bytes());
            low.insert(hasher.finish() & 1023);
        }
        assert!(low.len() > 500, "{}", low.len());
    }
}

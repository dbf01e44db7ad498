//! Which series a family has already, in bounded memory.
//!
//! A page with a series twice is in error, and clients choose what ends up in labels. So a hash of every
//! series is kept, 64 bits under a seed that is drawn anew for each page. A long page gets one table of
//! fixed size, [`SLOTS`] of 40 bits; the place tells 20 more. It holds [`MOST`] series in 6 MiB. Once it is full it still recognises what is in it, and of others it
//! says [`Verdict::Unknown`]. What becomes of those the page decides: a line whose labels hold all of its
//! item's path can repeat nothing but itself and is printed; any other is left out, for a page that lacks
//! lines is better than one that cannot be read.
//!
//! That proof about labels is not enough for the first million lines, although it would save the table:
//! it relies on the tree showing an item once. A zone does so for keys that stay, but a key that is
//! dropped and comes back while the zone is listed may be seen twice.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::hint::black_box;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The series of one family.
#[derive(Debug)]
pub(super) struct Seen {
    seed: u64,
    /// All hashes, as long as they are few.
    few: HashSet<u64, BuildHasherDefault<Itself>>,
    /// All hashes, when they are many.
    many: Option<Table>,
}

/// What is known about a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was not there, and is from now on.
    New,
    /// It was there. Two distinct ones are taken for the same with negligible probability.
    Repeated,
    /// It is not among those that are remembered, and there is no room for more.
    Unknown,
}

/// With more series than this, the table is made; so many take half a megabyte.
const FEW: usize = 50_000;

impl Default for Seen {
    fn default() -> Self {
        Self {
            seed: RandomState::new().hash_one(0),
            few: HashSet::default(),
            many: None,
        }
    }
}

impl Seen {
    /// Forgets all series.
    pub(super) fn clear(&mut self) {
        self.few.clear();
        self.many = None;
    }

    /// What stands for a series.
    pub(super) fn hash(&self, series: &[u8]) -> u64 {
        xxh3_64_with_seed(series, self.seed)
    }

    /// Has what will be looked up next brought near: a look at memory that lies far takes longer than
    /// all else that a line needs, but many such looks can be under way at once.
    pub(super) fn fetch(&self, hashes: impl Iterator<Item = u64>) {
        if let Some(table) = &self.many {
            black_box(hashes.fold(0, |sum, hash| sum ^ table.slots[place(hash)][0]));
        }
    }

    /// Looks a series up.
    pub(super) fn look(&self, hash: u64) -> Verdict {
        match &self.many {
            Some(table) => table.find(hash).1,
            None if self.few.contains(&hash) => Verdict::Repeated,
            None => Verdict::New,
        }
    }

    /// Looks a series up and remembers it.
    pub(super) fn insert(&mut self, hash: u64) -> Verdict {
        if let Some(table) = &mut self.many {
            return table.insert(hash);
        }
        if !self.few.insert(hash) {
            return Verdict::Repeated;
        }
        if self.few.len() > FEW {
            let mut table = Table::new();
            for hash in std::mem::take(&mut self.few) {
                table.insert(hash);
            }
            self.many = Some(table);
        }
        Verdict::New
    }
}

/// Hashes as their own hash.
#[derive(Debug, Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Five bytes of each hash, those of the lower end, in places that the upper end tells; zero is none.
#[derive(Debug)]
struct Table {
    slots: Vec<[u8; 5]>,
    used: usize,
}

const SLOTS: usize = 6 * 1024 * 1024 / 5;
/// Beyond this, looking for what is not there would take long.
const MOST: usize = SLOTS / 8 * 7;

impl Table {
    fn new() -> Self {
        Self {
            slots: vec![[0; 5]; SLOTS],
            used: 0,
        }
    }

    fn insert(&mut self, hash: u64) -> Verdict {
        let (place, verdict) = self.find(hash);
        if verdict == Verdict::New {
            self.slots[place] = rest(hash);
            self.used += 1;
        }
        verdict
    }

    /// Where a hash is or would be, and whether it is there.
    fn find(&self, hash: u64) -> (usize, Verdict) {
        let (rest, mut place) = (rest(hash), place(hash));
        // There is always a free slot to end at.
        while self.slots[place] != [0; 5] {
            if self.slots[place] == rest {
                return (place, Verdict::Repeated);
            }
            place = (place + 1) % SLOTS;
        }
        match self.used == MOST {
            true => (place, Verdict::Unknown),
            false => (place, Verdict::New),
        }
    }
}

/// What of a hash is kept.
fn rest(hash: u64) -> [u8; 5] {
    let [rest @ .., _, _, _] = hash.to_le_bytes();
    if rest == [0; 5] { [1; 5] } else { rest }
}

/// Where to begin looking for a hash.
fn place(hash: u64) -> usize {
    ((u128::from(hash) * SLOTS as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_new_once() {
        let mut seen = Seen::default();
        let number = 3 * FEW as u64;
        for round in [Verdict::New, Verdict::Repeated] {
            for series in 0..number {
                let hash = seen.hash(&u64::to_le_bytes(series));
                assert_eq!(seen.insert(hash), round, "{series}");
            }
        }
        seen.clear();
        assert_eq!(seen.insert(seen.hash(&[0; 8])), Verdict::New);
    }

    #[test]
    fn a_full_table_knows_what_it_holds_and_takes_no_more() {
        let mut table = Table::new();
        let hash = |number: usize| (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for number in 0..MOST {
            assert_eq!(table.insert(hash(number)), Verdict::New);
        }
        assert_eq!(table.insert(hash(7)), Verdict::Repeated);
        assert_eq!(table.insert(hash(MOST)), Verdict::Unknown);
        assert!(std::mem::size_of_val(&table.slots[..]) <= 6 << 20);
    }

    #[test]
    fn hashes_at_the_end_go_on_at_the_beginning() {
        let mut table = Table::new();
        for hash in [u64::MAX, u64::MAX - 1, u64::MAX - 2, 0, 1] {
            assert_eq!(table.insert(hash), Verdict::New);
            assert_eq!(table.insert(hash), Verdict::Repeated);
        }
    }
}

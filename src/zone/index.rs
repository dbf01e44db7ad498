//! From a key to its slot: open addressing with 32-bit entries, each a part of the hash and a slot number.
//!
//! Clients choose the keys, so the hash has a random seed, which nobody outside can know: nor which keys
//! collide. All layouts that a process makes have the same one, so that a key's hash is worked out once for several zones. The tag in an entry takes whatever bits the slot numbers leave: eight of the place where the
//! search for the key begins, the others of the hash, so that almost every slot that is looked at is the
//! right one. Deleting moves later entries back; there are no tombstones. Whether an entry may move follows
//! from where its search begins, which the tag tells without a look at the key, unless some entry is farther
//! from its beginning than eight bits can tell; as long as there is one, keys are looked at.

use std::io;
use std::sync::OnceLock;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::layout::header;
use super::record::{KeyBytes, State};
use super::store::{Slot, Store};
use crate::os::atomic::{AtomicU32, Ordering};
use crate::os::random;

const EMPTY: u32 = 0;

/// So many places from its beginning an entry is near.
const NEAR: usize = 1 << (32 - HOME_SHIFT);
/// Above this bit of an entry the tag holds the lowest bits of the place where the search begins.
const HOME_SHIFT: u32 = 24;

/// A search through the index.
pub(super) struct Suspects<'a> {
    index: &'a [AtomicU32],
    place: usize,
    /// How many entries were not looked at yet.
    left: usize,
    mask: u32,
    tag: u32,
    slots: u32,
}

impl Iterator for Suspects<'_> {
    type Item = Slot;

    #[inline]
    fn next(&mut self) -> Option<Slot> {
        while self.left > 0 {
            let entry = self.index[self.place].load(Ordering::Acquire);
            if entry == EMPTY {
                return None;
            }
            self.left -= 1;
            self.place = after(self.place, self.index.len());
            let stored = entry & self.mask;
            if entry & !self.mask == self.tag && stored.wrapping_sub(1) < self.slots {
                return Some(Slot(stored as usize - 1));
            }
        }
        None
    }
}

/// The seed of a new layout.
pub(super) fn seed() -> io::Result<u64> {
    static SEED: OnceLock<u64> = OnceLock::new();
    if cfg!(test) {
        return random();
    }
    match SEED.get() {
        Some(seed) => Ok(*seed),
        None => {
            let seed = random()?;
            Ok(*SEED.get_or_init(|| seed))
        }
    }
}

impl Store {
    #[inline]
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        xxh3_64_with_seed(key, self.seed.load(Ordering::Acquire))
    }

    /// The slot of `key`; sure only under the lock.
    pub(super) fn find(&self, key: &[u8], hash: u64) -> Option<Slot> {
        self.suspects(hash)
            .find(|slot| self.key_equals(*slot, self.head(*slot), key))
    }

    /// The slot where the search for the key of this hash ends nearly always.
    #[inline]
    pub(super) fn first_suspect(&self, hash: u64) -> Option<Slot> {
        let index = self.index();
        let place = home(hash, index.len());
        let entry = index.get(place)?.load(Ordering::Acquire);
        let is_tagged = entry & !self.slot_mask == self.tag_at(place, hash);
        let slot = Slot((entry & self.slot_mask).wrapping_sub(1) as usize);
        (is_tagged && slot.0 < self.geometry.slots).then_some(slot)
    }

    /// Slots that may have the key of this hash, nearly always one or none. Without the lock a key that is
    /// just being moved within the index may be missing.
    #[inline]
    pub(super) fn suspects(&self, hash: u64) -> Suspects<'_> {
        let index = self.index();
        let place = home(hash, index.len());
        Suspects {
            index,
            place,
            left: index.len(),
            mask: self.slot_mask,
            tag: self.tag_at(place, hash),
            slots: self.geometry.slots as u32,
        }
    }

    /// Enters a slot whose key is not in the index.
    pub(super) fn link(&self, slot: Slot, hash: u64) {
        let index = self.index();
        let mut place = home(hash, index.len());
        for steps in 0..index.len() {
            if index[place].load(Ordering::Acquire) == EMPTY {
                if steps >= NEAR {
                    self.set(header::FAR, self.get(header::FAR).wrapping_add(1));
                }
                let entry = self.tag(hash) | slot.stored() as u32;
                return index[place].store(entry, Ordering::Release);
            }
            place = after(place, index.len());
        }
    }

    /// Takes a slot out of the index.
    pub(super) fn unlink(&self, slot: Slot, hash: u64) {
        let index = self.index();
        let mut place = home(hash, index.len());
        for steps in 0..index.len() {
            let entry = index[place].load(Ordering::Acquire);
            if entry == EMPTY {
                return;
            }
            if self.entry_slot(entry) == Some(slot) {
                if steps >= NEAR {
                    self.one_far_less();
                }
                return self.close_gap(index, place);
            }
            place = after(place, index.len());
        }
    }

    /// Empties the index.
    pub(super) fn clear_index(&self) {
        for entry in self.index() {
            entry.store(EMPTY, Ordering::Release);
        }
        self.set(header::FAR, 0);
    }

    /// How many slots the index leads to.
    pub(super) fn linked(&self) -> usize {
        self.index()
            .iter()
            .filter(|entry| entry.load(Ordering::Acquire) != EMPTY)
            .count()
    }

    /// Moves entries back into `gap` that would not be found behind it.
    fn close_gap(&self, index: &[AtomicU32], mut gap: usize) {
        let tags_tell = self.tags_have_homes() && self.get(header::FAR) == 0;
        let (mut place, mut from_gap) = (gap, 0);
        for _ in 0..index.len() {
            place = after(place, index.len());
            from_gap += 1;
            let entry = index[place].load(Ordering::Acquire);
            if entry == EMPTY {
                break;
            }
            let from_home = if tags_tell && place >= NEAR {
                steps_from_home(entry, place)
            } else if let Some(home) = self.entry_home(entry) {
                distance(home, place, index.len())
            } else {
                continue;
            };
            if from_home >= from_gap {
                if from_home >= NEAR && from_home - from_gap < NEAR {
                    self.one_far_less();
                }
                index[gap].store(entry, Ordering::Release);
                (gap, from_gap) = (place, 0);
            }
        }
        index[gap].store(EMPTY, Ordering::Release);
    }

    fn one_far_less(&self) {
        self.set(header::FAR, self.get(header::FAR).saturating_sub(1));
    }

    /// Where the search for the key of an entry begins, from the key.
    #[cold]
    fn entry_home(&self, entry: u32) -> Option<usize> {
        let slot = self.entry_slot(entry)?;
        let hash = match self.head(slot).state() {
            State::Note => self.note_hash(self.note_name(slot)),
            _ => self.hash(self.copy_key(slot, &mut KeyBytes::new())?),
        };
        Some(home(hash, self.index().len()))
    }

    fn entry_slot(&self, entry: u32) -> Option<Slot> {
        self.slot(u64::from(entry & self.slot_mask))
    }

    fn tag(&self, hash: u64) -> u32 {
        self.tag_at(home(hash, self.index().len()), hash)
    }

    /// The tag of a hash whose search begins at `home`.
    fn tag_at(&self, home: usize, hash: u64) -> u32 {
        let bits = (hash >> 32) as u32;
        let tag = if self.tags_have_homes() {
            (home as u32) << HOME_SHIFT | bits >> (32 - HOME_SHIFT)
        } else {
            bits
        };
        tag & !self.slot_mask
    }

    #[inline]
    fn tags_have_homes(&self) -> bool {
        self.slot_mask >> (HOME_SHIFT - 1) == 0
    }
}

fn home(hash: u64, entries: usize) -> usize {
    ((u64::from(hash as u32) * entries as u64) >> 32) as usize
}

/// How far an entry at `place` is from where the search for its key begins, by its tag; right if the entry is
/// near, its tag has that, and the place is not too near to the beginning of the index.
#[inline]
fn steps_from_home(entry: u32, place: usize) -> usize {
    place.wrapping_sub((entry >> HOME_SHIFT) as usize) & (NEAR - 1)
}

fn after(place: usize, entries: usize) -> usize {
    if place + 1 == entries { 0 } else { place + 1 }
}

fn distance(from: usize, to: usize, entries: usize) -> usize {
    if to >= from {
        to - from
    } else {
        to + entries - from
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{empty, overflow, store};
    use super::*;
    use crate::metric::Moment;
    use crate::zone::Zone;

    const K64: usize = 65536;

    /// Keys whose searches in `store` all begin at the same few places.
    fn colliding(store: &Store, number: usize) -> Vec<Vec<u8>> {
        let entries = store.index().len();
        let collides = |key: &Vec<u8>| (300..303).contains(&home(store.hash(key), entries));
        let keys = (0u64..).map(|number| format!("{number:020}").into_bytes());
        keys.filter(collides).take(number).collect()
    }

    /// The longest way from where a search begins to what it finds.
    fn longest_search(store: &Store) -> usize {
        let index = store.index();
        let steps = index.iter().enumerate().filter_map(|(place, entry)| {
            let home = store.entry_home(entry.load(Ordering::Relaxed))?;
            Some(distance(home, place, index.len()))
        });
        steps.max().unwrap_or(0)
    }

    fn feed(zone: &Zone, keys: &[Vec<u8>]) {
        for key in keys {
            zone.update(key, 1.0, Moment(0)).unwrap();
        }
        zone.verify().unwrap();
    }

    #[test]
    fn keys_that_all_collide_are_found_and_go_like_others() {
        let zone = empty(K64, &overflow(None));
        let store = &zone.first.store;
        let slots = store.geometry.slots;
        let keys = colliding(store, 2 * slots);
        for some in keys.chunks(97) {
            feed(&zone, some);
        }
        let longest = longest_search(store);
        assert!(longest > NEAR && store.get(header::FAR) > 0);
        let mut record = crate::zone::Record::default();
        for (place, key) in keys.iter().enumerate() {
            assert_eq!(zone.read(key, &mut record), place >= slots);
        }
        let others: Vec<Vec<u8>> = (0..slots)
            .map(|number| number.to_le_bytes().into())
            .collect();
        for some in others.chunks(97) {
            feed(&zone, some);
        }
        assert_eq!(store.get(header::FAR), 0);
    }

    #[test]
    fn who_does_not_know_the_seed_cannot_make_searches_long() {
        let (known, zone) = (store(), empty(K64, &overflow(None)));
        let other = &zone.first.store;
        feed(&zone, &colliding(&known, other.geometry.slots));
        let longest = longest_search(other);
        assert!(longest < other.index().len() / 4, "{longest}");
    }

    #[test]
    fn a_tag_tells_where_the_search_begins() {
        let store = store();
        let entries = store.index().len();
        assert!(entries > NEAR && store.tags_have_homes());
        let hashes = (0..5000u64).map(|number| store.hash(&number.to_le_bytes()));
        for (steps, hash) in hashes.enumerate() {
            let home = home(hash, entries);
            let place = home + steps % NEAR;
            if (NEAR..entries).contains(&place) {
                assert_eq!(steps_from_home(store.tag(hash) | 1, place), steps % NEAR);
            }
        }
    }
}

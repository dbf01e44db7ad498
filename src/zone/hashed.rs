//! One key that is updated in several zones, one after the other: its hash is worked out once for all that have the same
//! seed, and what the updates are going to touch is asked for before the first of them, because an atomic addition keeps a
//! processor from looking ahead.

use std::cell::Cell;
use std::hint::black_box;

use super::direct::Spot;
use super::layout::KEY_WORDS;
use super::store::{Slot, Store, Words};
use super::{Refused, Update, Zone, storable};
use crate::metric::{Moment, stored_key};
use crate::os::atomic::Ordering;

/// A key, and its hash under the seed of the zone that wanted it last.
#[derive(Debug)]
pub struct HashedKey<'k> {
    key: &'k [u8],
    known: Cell<Option<Known>>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    seed: u64,
    hash: u64,
}

/// Where a key probably is in a zone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guess(Option<Spot>);

impl<'k> HashedKey<'k> {
    /// A key whose hash is not known.
    pub fn new(key: &'k [u8]) -> Self {
        Self {
            key,
            known: Cell::new(None),
        }
    }

    /// The key.
    pub fn key(&self) -> &'k [u8] {
        self.key
    }

    #[inline]
    fn hash(&self, store: &Store) -> u64 {
        let seed = store.seed.load(Ordering::Acquire);
        match self.known.get() {
            Some(known) if known.seed == seed => known.hash,
            _ => {
                let hash = store.hash(stored_key(self.key));
                self.known.set(Some(Known { seed, hash }));
                hash
            }
        }
    }
}

impl Zone {
    /// Finds where a key probably is, and has the processor bring it near.
    #[inline]
    pub fn guess(&self, key: &HashedKey<'_>) -> Guess {
        let view = self.last_view();
        let first = view.store.first_suspect(key.hash(&view.store));
        if let Some(slot) = first {
            view.store.touch(slot);
        }
        Guess(first.map(|slot| view.spot(slot)))
    }

    /// The same as [`Zone::update`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn update_guessed(
        &self,
        guess: Guess,
        key: &HashedKey<'_>,
        value: f64,
        now: Moment,
    ) -> Result<Update, Refused> {
        let (sample, view) = ((storable(value), self.moment(now)), self.last_view());
        let first = guess.0.and_then(|spot| view.at_own(spot));
        match !key.key.is_empty() && self.feed_first(view, first, key.key, sample) {
            true => Ok(Update::Stored),
            false => self.update_anyhow(key.key, sample.0, sample.1),
        }
    }
}

impl Store {
    /// Has the processor bring a slot near.
    #[inline]
    fn touch(&self, slot: Slot) {
        if let Some(Words { head, own, .. }) = self.slot_words(slot) {
            for word in [head, &own[KEY_WORDS - 1]] {
                black_box(word.load(Ordering::Relaxed));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{empty, overflow, text};
    use super::*;
    use crate::zone::MINIMUM;
    use crate::zone::layout::header;

    fn update(zones: &[Zone], key: &[u8]) {
        let key = HashedKey::new(key);
        let guesses: Vec<Guess> = zones.iter().map(|zone| zone.guess(&key)).collect();
        for (zone, guess) in zones.iter().zip(guesses) {
            let update = zone.update_guessed(guess, &key, 1.0, Moment(0));
            assert_eq!(update, Ok(Update::Stored));
        }
    }

    #[test]
    fn zones_of_equal_and_of_other_seeds_find_the_same_key() {
        let zone = || empty(MINIMUM, &overflow(None));
        let zones = [zone(), zone(), zone()];
        let seed = |zone: &Zone| zone.first.store.get(header::SEED);
        assert_ne!(seed(&zones[0]), seed(&zones[1]));
        zones[2].first.store.set(header::SEED, seed(&zones[1]));
        for round in 1..=3 {
            for number in 0..20u64 {
                update(&zones, &number.to_le_bytes());
            }
            for zone in &zones {
                assert_eq!(zone.len(), 20);
                assert_eq!(text(zone, &3u64.to_le_bytes()), Some(round.to_string()));
                zone.verify().unwrap();
            }
        }
    }

    #[test]
    fn a_guess_that_is_wrong_does_no_harm() {
        let zone = empty(MINIMUM, &overflow(None));
        for name in [&b"one"[..], b"two"] {
            zone.update(name, 1.0, Moment(0)).unwrap();
        }
        let (one, two) = (HashedKey::new(b"one"), HashedKey::new(b"two"));
        let of_one = zone.guess(&one);
        assert!(of_one.0.is_some() && of_one.0 == zone.spot(b"one"));
        zone.update_guessed(of_one, &two, 1.0, Moment(0)).unwrap();
        zone.update_guessed(Guess::default(), &two, 1.0, Moment(0))
            .unwrap();
        assert_eq!(text(&zone, b"one"), Some("1".into()));
        assert_eq!(text(&zone, b"two"), Some("3".into()));
        let nobody = HashedKey::new(b"");
        let ignored = zone.update_guessed(zone.guess(&nobody), &nobody, 1.0, Moment(0));
        assert_eq!(ignored, Ok(Update::Ignored));
    }
}

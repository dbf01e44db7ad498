//! Which key was updated least recently, exactly, and taking it out of the hands of all who use it.
//!
//! The oldest keys are candidates, kept with the heads they had when they were found; no key that is none has an
//! earlier head than the *bound*. A key's stamp grows, and new keys' stamps are later than the bound. So the oldest candidate whose head
//! has not changed since is the oldest key. One that was renewed by somebody who took his stamp before the bound was drawn
//! may still be older than the bound: it stays a candidate, with its present head.
//!
//! When they are used up the next ones are in force, which a sweep has found meanwhile (see `sweep`): each eviction pays for
//! a part of it, so that none costs much, however large the zone.
//!
//! The next few candidates are parked, all at once: from then on only the owner of the lock uses them.
//! They stay in the zone as they are, and an update makes them live again. When nobody is left who looked
//! at them before, they can be evicted one by one without waiting for anybody.

use std::ops::Range;

use super::candidates::{self, Candidate, Candidates};
use super::layout::header;
use super::marker::Patience;
use super::record::{Head, State};
use super::store::{Slot, Store};
use super::sweep::PIECE;

/// How many candidates are parked at once: the look at all markers is shared by so many evictions.
const BATCH: usize = 64;
/// How many sweeps are made for one eviction; the second is rare already.
const SWEEPS: u32 = 16;

impl Store {
    /// The key updated least recently, which nobody can be using.
    pub(super) fn oldest(&self) -> Option<Slot> {
        self.pay();
        for _ in 0..SWEEPS {
            if let Some(slot) = self.next_candidate() {
                return Some(slot);
            }
            if !self.is_sweeping() && !self.begin_sweep() {
                return None;
            }
            while !self.sweep(PIECE) {}
            self.change_candidates();
        }
        None
    }

    /// Whether the oldest key is at hand, or it is known that there is none; else looks for it for a while.
    pub(super) fn is_oldest_at_hand(&self) -> bool {
        if self.candidates_left() > 0 || !self.is_sweeping() && !self.begin_sweep() {
            return true;
        }
        let is_over = self.sweep(PIECE);
        if is_over {
            self.change_candidates();
        }
        is_over
    }

    /// Forgets all candidates: any key may be the oldest.
    pub(super) fn forget_candidates(&self) {
        for field in [
            header::CANDIDATES,
            header::READY,
            header::BOUND,
            header::CANDIDATES_ONCE,
            header::NEXT,
            header::NEXT_BOUND,
            header::SWEEP,
            header::SEEN,
        ] {
            self.set(field, 0);
        }
    }

    /// Keeps everybody from these keys and waits until nobody uses them; false if somebody does not stop to.
    pub(super) fn seize(&self, slots: &[Slot], patience: Patience) -> bool {
        loop {
            slots.iter().for_each(|slot| self.park_one(*slot));
            let is_wanted = |held| {
                let wanted = |slot: &Slot| slot.stored() == held;
                slots.iter().any(wanted)
            };
            if !self.markers.wait_out(patience, is_wanted) {
                return false;
            }
            // Somebody may have renewed one who had found it live before.
            let is_live = |slot: &Slot| self.head(*slot).state() == State::Live;
            if !slots.iter().any(is_live) {
                return true;
            }
        }
    }

    /// Gives keys back that could not be seized: somebody may be using them, so none may be evicted as it is.
    pub(super) fn let_go(&self, slots: &[Slot]) {
        self.release_parked(slots);
        self.rejoin_ready();
    }

    fn park_one(&self, slot: Slot) {
        let mut head = self.head(slot);
        while head.state() == State::Live {
            match self.exchange_head(slot, head, head.parked()) {
                Ok(()) => return,
                Err(changed) => head = changed,
            }
        }
    }

    fn next_candidate(&self) -> Option<Slot> {
        loop {
            let ready = self.ready();
            if ready == 0 {
                if !self.park_next() {
                    return None;
                }
                continue;
            }
            let candidates = self.in_force();
            let place = candidates.len() + ready - 1;
            let found = candidates.get(place);
            self.set(header::READY, ready as u64 - 1);
            let Some(slot) = self.slot(found.slot) else {
                continue;
            };
            let present = self.head(slot);
            if present == found.head.parked() {
                return Some(slot);
            }
            if present.is_evictable() {
                self.keep_renewed(slot, present.unparked());
            }
        }
    }

    /// Keeps a key that was renewed a candidate, if it must be one: it was just taken from those that were ready.
    #[cold]
    fn keep_renewed(&self, slot: Slot, present: Head) {
        let renewed = Candidate {
            head: present,
            slot: slot.stored(),
        };
        if present < Head(self.get(header::BOUND)) {
            let place = self.in_force().len() + self.ready();
            self.in_force().set(place, renewed);
            self.set(header::READY, self.ready() as u64 + 1);
            self.rejoin_ready();
        } else if self.is_sweeping() && present < Head(self.get(header::NEXT_BOUND)) {
            self.add_candidate(renewed);
        }
    }

    /// Makes those that were ready candidates like others.
    fn rejoin_ready(&self) {
        let mut candidates = self.in_force();
        for _ in 0..self.ready() {
            candidates.join();
        }
        self.set(header::CANDIDATES, candidates.len() as u64);
        self.set(header::READY, 0);
    }

    /// Parks the oldest candidates; false if there are none.
    fn park_next(&self) -> bool {
        let mut candidates = self.in_force();
        let before = candidates.len();
        for _ in 0..BATCH {
            let Some(Candidate { head, slot }) = candidates.take() else {
                break;
            };
            if let Some(slot) = self.slot(slot)
                && head.state() == State::Live
            {
                let _renewed = self.exchange_head(slot, head, head.parked());
            }
        }
        self.set(header::CANDIDATES, candidates.len() as u64);
        let is_parked = |slot| self.head(slot).state() == State::Parked;
        let is_wanted = |held| self.slot(held).is_some_and(is_parked);
        if !self.markers.wait_out(Patience::Short, is_wanted) {
            self.put_off_held(candidates.len()..before);
        }
        self.set(header::READY, (before - candidates.len()) as u64);
        before > 0
    }

    /// Leaves those candidates for later that somebody uses who does not come to an end.
    #[cold]
    fn put_off_held(&self, places: Range<usize>) {
        let candidates = self.in_force();
        for place in places {
            let found = candidates.get(place);
            if self
                .slot(found.slot)
                .is_some_and(|slot| self.markers.is_held(slot))
            {
                candidates.set(place, Candidate { slot: 0, ..found });
                self.add_candidate(found);
            }
        }
    }

    /// Puts in force what the sweep that is over has found.
    pub(super) fn change_candidates(&self) {
        let found = self.next().len() as u64;
        self.set(header::IN_FORCE, (self.get(header::IN_FORCE) & 1) ^ 1);
        self.set(header::CANDIDATES, found);
        self.set(header::CANDIDATES_ONCE, found);
        self.set(header::READY, 0);
        self.set(header::BOUND, self.get(header::NEXT_BOUND));
        self.set(header::NEXT, 0);
        self.set(header::SWEEP, 0);
    }

    /// The candidates in force.
    fn in_force(&self) -> Candidates<'_> {
        self.array(self.get(header::IN_FORCE) & 1, header::CANDIDATES)
    }

    /// Those that come into force when they are used up.
    pub(super) fn next(&self) -> Candidates<'_> {
        self.array((self.get(header::IN_FORCE) & 1) ^ 1, header::NEXT)
    }

    fn array(&self, array: u64, length: usize) -> Candidates<'_> {
        let start = self.geometry.candidates_start(array as usize);
        let words = start..start + candidates::WORDS * self.geometry.candidates();
        Candidates::new(&self.words()[words], self.get(length))
    }

    /// How many candidates nobody can be using.
    fn ready(&self) -> usize {
        let ready = usize::try_from(self.get(header::READY)).unwrap_or(usize::MAX);
        ready.min(self.geometry.candidates() - self.in_force().len())
    }

    /// How many candidates in force there are.
    pub(super) fn candidates_left(&self) -> usize {
        self.in_force().len() + self.ready()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::tests::{empty, overflow};
    use super::super::{MINIMUM, Zone};
    use super::*;
    use crate::metric::Moment;

    /// A full zone, and how many slots it has.
    fn full(bytes: usize) -> (Zone, u64) {
        let zone = empty(bytes, &overflow(None));
        let slots = zone.first.store.geometry.slots as u64;
        for number in 0..slots {
            let key = number.to_le_bytes();
            zone.update(&key, 1.0, Moment(0)).unwrap();
        }
        (zone, slots)
    }

    #[test]
    fn the_oldest_keys_go_wherever_they_lie() {
        for bytes in [MINIMUM, 65536, 1 << 20] {
            let (zone, slots) = full(bytes);
            let store = &zone.first.store;
            let sampled = (slots / 4096).max(2);
            let orders: [&dyn Fn(u64) -> u64; 7] = [
                &|slot| 1 + slot,
                &|slot| slots - slot,
                &|slot| 1 + slot * 7919 % slots,
                &|slot| 1 + slot + slots * u64::from(slot % sampled == 0),
                &|slot| 1 + slot + slots * u64::from(slot % sampled != 0),
                &|slot| 1 + slot / 100,
                &|_| 1,
            ];
            for stamp in orders {
                for slot in store.used_slots() {
                    store.set_head(slot, Head::live(8, false, stamp(slot.0 as u64)));
                }
                store.forget_candidates();
                let mut all: Vec<u64> = (0..slots).map(stamp).collect();
                all.sort_unstable();
                for wanted in all {
                    let slot = store.oldest().unwrap();
                    assert_eq!(store.head(slot).stamp(), wanted);
                    store.set_head(slot, Head::free(None));
                }
                assert_eq!(store.oldest(), None);
                assert_eq!(store.get(header::IS_BARREN), 1);
                store.set(header::IS_BARREN, 0);
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// New keys.
        Insert(u8),
        /// A key that is there, so far from the oldest, is updated.
        Update(u16),
        /// It is held by somebody who has not come to an end, and let go.
        LetGo(u16),
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn whoever_is_updated_meanwhile_the_oldest_goes(
            steps in proptest::collection::vec(prop_oneof![
                4 => any::<u8>().prop_map(Step::Insert),
                3 => any::<u16>().prop_map(Step::Update),
                1 => any::<u16>().prop_map(Step::LetGo),
            ], 1..200),
            bytes in prop_oneof![Just(MINIMUM), Just(1 << 18)],
        ) {
            let (zone, slots) = full(bytes);
            let store = &zone.first.store;
            let mut order: Vec<u64> = (0..slots).collect();
            let mut time = 0;
            let mut next = slots;
            for step in steps {
                time += 64;
                match step {
                    Step::Insert(count) => for _ in 0..count {
                        zone.update(&next.to_le_bytes(), 1.0, Moment(time)).unwrap();
                        order.remove(0);
                        order.push(next);
                        next += 1;
                    },
                    Step::Update(place) => {
                        let key = order.remove(usize::from(place) % order.len());
                        zone.update(&key.to_le_bytes(), 1.0, Moment(time)).unwrap();
                        order.push(key);
                    }
                    Step::LetGo(place) => {
                        let key = order[usize::from(place) % order.len()].to_le_bytes();
                        let slot = store.find(&key, store.hash(&key)).unwrap();
                        store.seize(&[slot], Patience::Short);
                        store.let_go(&[slot]);
                    }
                }
            }
            let mut counts: HashMap<Vec<u8>, ()> = HashMap::new();
            let _all = zone.visit(&mut |record| {
                counts.insert(record.key().to_vec(), ());
                std::ops::ControlFlow::Continue(())
            });
            prop_assert_eq!(counts.len(), order.len());
            for key in order {
                prop_assert!(counts.contains_key(&key.to_le_bytes()[..]));
            }
            zone.verify().unwrap();
        }
    }
}

//! Which key was updated least recently, exactly, and taking it out of the hands of all who use it.
//!
//! The oldest keys are candidates, kept with the heads they had when they were found; no key that is none has an
//! earlier head than the *bound*. A key's stamp grows, and new keys' stamps are later than the bound. So the oldest candidate whose head
//! has not changed since is the oldest key. One that was renewed by somebody who took his stamp before the bound was drawn
//! may still be older than the bound: it stays a candidate, with its present head.
//!
//! When they are used up the next ones are in force, which a sweep has found meanwhile (see `sweep`): each candidate that is
//! taken out, evicted or not, pays for a part of it. No look for the oldest key does more under the lock than a *piece* of work, however
//! large the zone and whoever was updated meanwhile: what it has not found by then is looked for further when others have had the lock.
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
use super::sweep::{PIECE, SAMPLING_COST};

/// How many candidates are parked at once: the look at all markers is shared by so many evictions.
const BATCH: usize = 64;
/// What taking a candidate out costs, in slots that a sweep looks at in the same time.
const CANDIDATE_COST: usize = 16;
/// So many sweeps whose candidates were all updated before one of them could go are made; after that the one of them goes that
/// was the oldest when it was found.
const SWEEPS: u64 = 16;

/// What a look for the oldest key has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is this one, and nobody can be using it.
    Found(Slot),
    /// No key may go.
    Nothing,
    /// Others should have the lock before it goes on.
    Underway,
}

impl Store {
    /// Takes the key updated least recently out of everybody's hands, to be removed, if a piece of work is enough to find it.
    pub(super) fn take_oldest(&self) -> Progress {
        self.pay();
        let progress = self.advance_sweep();
        if let Progress::Found(_) = progress {
            self.set(header::READY, self.ready() as u64 - 1);
            self.set(header::SWEEPS, 0);
        }
        progress
    }

    /// Goes on by a piece of work with whatever there is to do until the oldest key is known.
    pub(super) fn advance_sweep(&self) -> Progress {
        let mut budget = PIECE;
        while budget > 0 {
            if let Some(slot) = self.last_ready(&mut budget) {
                return Progress::Found(slot);
            }
            if self.ready() > 0 || self.park_next(&mut budget) {
                continue;
            }
            if !self.is_sweeping() {
                let is_in_vain = self.get(header::SWEEPS) >= 2 * SWEEPS;
                if is_in_vain || !self.begin_sweep() {
                    self.set(header::SWEEPS, 0);
                    return Progress::Nothing;
                }
                budget = budget.saturating_sub(SAMPLING_COST);
            }
            let left = self.sweep(budget);
            if let Some(left) = left {
                budget = left;
                self.change_candidates();
            } else {
                budget = 0;
            }
        }
        Progress::Underway
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
            header::SWEEPS,
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

    /// The oldest of the candidates that are ready, which stays one; those before it that were renewed are taken out.
    fn last_ready(&self, budget: &mut usize) -> Option<Slot> {
        while *budget > 0 {
            let place = self.ready().checked_sub(1)?;
            let candidates = self.in_force();
            let found = candidates.get(candidates.len() + place);
            let slot = self.slot(found.slot);
            let present = slot.map_or(Head::free(None), |slot| self.head(slot));
            if let Some(slot) = slot
                && present == found.head.parked()
            {
                return Some(slot);
            }
            self.set(header::READY, place as u64);
            if let Some(slot) = slot
                && present.is_evictable()
            {
                self.keep_renewed(slot, present.unparked());
            }
            *budget = budget.saturating_sub(CANDIDATE_COST + self.pay());
        }
        None
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
            candidates.sift_up();
        }
        self.set(header::CANDIDATES, candidates.len() as u64);
        self.set(header::READY, 0);
    }

    /// Parks the oldest candidates; false if there are none.
    fn park_next(&self, budget: &mut usize) -> bool {
        let mut candidates = self.in_force();
        let before = candidates.len();
        let mut has_parked = false;
        for _ in 0..BATCH {
            let Some(found) = candidates.pop() else {
                break;
            };
            has_parked |= self.park_candidate(&candidates, found);
        }
        self.set(header::CANDIDATES, candidates.len() as u64);
        let is_parked = |slot| self.head(slot).state() == State::Parked;
        let is_wanted = |held| self.slot(held).is_some_and(is_parked);
        if has_parked && !self.markers.wait_out(Patience::Brief, is_wanted) {
            self.put_off_held(candidates.len()..before);
        }
        self.set(header::READY, (before - candidates.len()) as u64);
        *budget = budget.saturating_sub((before - candidates.len()) * CANDIDATE_COST);
        before > 0
    }

    /// Parks a candidate that was just taken out, unless it was renewed; whether it is parked.
    fn park_candidate(&self, candidates: &Candidates<'_>, found: Candidate) -> bool {
        let Some(slot) = self.slot(found.slot) else {
            return false;
        };
        let present = self.head(slot).unparked();
        let is_late = self.get(header::SWEEPS) >= SWEEPS && present.is_evictable();
        let head = if is_late { present } else { found.head };
        if is_late {
            candidates.set(candidates.len(), Candidate { head, ..found });
        }
        let is_live = head.state() == State::Live;
        let parked = head.parked();
        is_live && (self.exchange_head(slot, head, parked).is_ok() || self.head(slot) == parked)
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
        let sweeps = self.get(header::SWEEPS).saturating_add(1);
        self.set(header::SWEEPS, sweeps);
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

    /// The oldest key, however long it takes to find.
    fn oldest(store: &Store) -> Option<Slot> {
        loop {
            match store.take_oldest() {
                Progress::Found(slot) => return Some(slot),
                Progress::Nothing => return None,
                Progress::Underway => {}
            }
        }
    }

    #[test]
    fn the_oldest_keys_go_wherever_they_lie() {
        for bytes in [MINIMUM, 65536, 1 << 20] {
            let (zone, slots) = full(bytes);
            let store = &zone.first.store;
            let sampled = (slots / (PIECE as u64 / 8)).max(2);
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
                    let slot = oldest(store).unwrap();
                    assert_eq!(store.head(slot).stamp(), wanted);
                    store.set_head(slot, Head::free(None));
                }
                assert_eq!(oldest(store), None);
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

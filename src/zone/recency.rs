//! Which key was updated least recently, exactly, and taking it out of the hands of all who use it.
//!
//! One pass over the slots finds the oldest keys, many at a time, and keeps them as candidates with their
//! heads. A few slots, looked at first, tell about how old they are, so that the pass need not sort what it sees;
//! if that guess is bad there are fewer candidates, but never other ones. A key's stamp grows (but for two
//! updates that meet, of which the earlier may store the later stamp last), and after the pass new stamps are later than those of all candidates. So a
//! candidate whose head has not changed since is still older than everything but the candidates before it.
//! One that was renewed by somebody who took his stamp before the pass ended may still be older than a
//! later candidate: its stamp tells, and then the pass is made anew. An eviction costs little in the mean,
//! however large the zone, and takes the oldest key.
//!
//! The next few candidates are parked, all at once: from then on only the owner of the lock uses them.
//! They stay in the zone as they are, and an update makes them live again. When nobody is left who looked
//! at them before, they can be evicted one by one without waiting for anybody.
//!
//! Where most keys are pinned a pass may find few keys or none, and whoever needs the lock waits for it. So no pass is made
//! in vain twice, and after one that found few the next one waits: keys that come find no place meanwhile.

use std::ops::Range;

use super::layout::header;
use super::marker::Patience;
use super::record::{Head, State};
use super::store::{Slot, Store};
use crate::os::monotonic;

/// How many candidates are parked at once: the look at all markers is shared by so many evictions.
const BATCH: u64 = 64;
/// How many slots are looked at to guess which keys are among the oldest.
const SAMPLES: usize = 256;
/// How many passes are made for one eviction; the second is rare already.
const PASSES: u32 = 16;
/// A pass over no more slots than this is over soon.
const FEW_SLOTS: usize = 1 << 15;
/// So many times as long as a pass took that found few keys, the next one waits.
const REST: u64 = 50;
/// No pass waits longer, in nanoseconds; a time further away is damage.
const LONGEST_REST: u64 = 10_000_000_000;

impl Store {
    /// The key updated least recently, which nobody can be using.
    pub(super) fn oldest(&self) -> Option<Slot> {
        for _ in 0..PASSES {
            if let Some(slot) = self.next_candidate() {
                return Some(slot);
            }
            if !self.may_look(monotonic()) {
                return None;
            }
            self.find_candidates();
            if self.candidates() == 0 {
                return None;
            }
        }
        None
    }

    /// Whether a pass may find something, and need not wait.
    fn may_look(&self, now: u64) -> bool {
        let wait = self.get(header::NEXT_PASS).saturating_sub(now);
        self.get(header::IS_BARREN) == 0 && (wait == 0 || wait > LONGEST_REST)
    }

    /// Says when the next pass may be made, after one that found so many keys.
    fn rest(&self, found: usize, begun: u64) {
        let is_good = 2 * found >= self.geometry.candidates() || self.fresh() <= FEW_SLOTS;
        let now = monotonic();
        let rest = match is_good {
            true => 0,
            false => (now.saturating_sub(begun) * REST).min(LONGEST_REST),
        };
        self.set(header::NEXT_PASS, now + rest);
        self.set(header::IS_BARREN, u64::from(found == 0));
    }

    /// Notes that a key may be evicted from now on, if it may.
    pub(super) fn note_evictable(&self, head: Head) {
        if head.is_evictable() && self.get(header::IS_BARREN) != 0 {
            self.set(header::IS_BARREN, 0);
        }
    }

    pub(super) fn forget_candidates(&self) {
        self.set(header::CANDIDATES, 0);
        self.set(header::READY, 0);
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

    /// Gives keys back that could not be seized: somebody may be using them, so none is a candidate either.
    pub(super) fn let_go(&self, slots: &[Slot]) {
        self.release_parked(slots);
        self.forget_candidates();
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
        for left in (0..self.candidates()).rev() {
            if self.get(header::READY) == 0 {
                self.park(left + 1);
            }
            self.set(header::CANDIDATES, left);
            self.set(header::READY, self.get(header::READY).saturating_sub(1));
            let Some((slot, head)) = self.candidate(left) else {
                continue;
            };
            let present = self.head(slot);
            if present == head.parked() {
                return Some(slot);
            }
            if present.is_evictable() && present.stamp() <= self.get(header::YOUNGEST) {
                break;
            }
        }
        self.forget_candidates();
        None
    }

    /// Parks the last of `count` candidates.
    fn park(&self, count: u64) {
        let ready = count.min(BATCH);
        for (slot, head) in (count - ready..count).filter_map(|place| self.candidate(place)) {
            if head.state() == State::Live {
                let _renewed = self.exchange_head(slot, head, head.parked());
            }
        }
        let is_parked = |slot| self.head(slot).state() == State::Parked;
        let is_wanted = |held| self.slot(held).is_some_and(is_parked);
        if !self.markers.wait_out(Patience::Short, is_wanted) {
            self.leave_out_held(count - ready..count);
        }
        self.set(header::READY, ready);
    }

    /// Forgets those candidates that somebody uses who does not come to an end.
    #[cold]
    fn leave_out_held(&self, places: Range<u64>) {
        for place in places {
            if self
                .candidate(place)
                .is_some_and(|(slot, _)| self.markers.is_held(slot))
            {
                self.set(self.geometry.candidates_start() + 2 * place as usize, 0);
            }
        }
    }

    /// Fills the candidates anew, the oldest last.
    fn find_candidates(&self) {
        let begun = monotonic();
        let oldest = self.oldest_heads();
        for (place, (head, slot)) in oldest.iter().rev().enumerate() {
            let start = self.geometry.candidates_start() + 2 * place;
            self.set(start, slot.stored());
            self.set(start + 1, head.0);
        }
        let youngest = oldest.last().map_or(0, |(head, _)| head.stamp());
        self.raise_latest(youngest);
        self.set(header::YOUNGEST, youngest);
        self.set(header::CANDIDATES, oldest.len() as u64);
        self.set(header::READY, 0);
        self.rest(oldest.len(), begun);
    }

    /// The oldest keys, from the oldest on, as many as there may be candidates or somewhat fewer. Heads
    /// compare as their stamps do.
    fn oldest_heads(&self) -> Vec<(Head, Slot)> {
        let oldest = self.heads_before(self.probable_bound());
        match oldest.is_empty() {
            true => self.heads_before(Head(u64::MAX)),
            false => oldest,
        }
    }

    /// A head that is likely later than those of so many keys as there may be candidates, and few more.
    fn probable_bound(&self) -> Head {
        let step = (self.fresh() / SAMPLES).max(1);
        let heads = self.used_heads(step).map(|(_, head)| head);
        let mut heads: Vec<Head> = heads.filter(|head| head.is_evictable()).collect();
        let wanted = heads.len() * self.geometry.candidates() / self.fresh().max(1);
        let place = wanted + wanted / 2 + 1;
        match place < heads.len() {
            true => *heads.select_nth_unstable(place).1,
            false => Head(u64::MAX),
        }
    }

    /// The oldest keys whose heads are earlier than `bound`, at most as many as there may be candidates.
    fn heads_before(&self, mut bound: Head) -> Vec<(Head, Slot)> {
        let most = self.geometry.candidates();
        let mut oldest: Vec<(Head, Slot)> = Vec::with_capacity(2 * most);
        for (slot, head) in self.used_heads(1) {
            if head >= bound || !head.is_evictable() {
                continue;
            }
            oldest.push((head, slot));
            if oldest.len() == 2 * most {
                bound = oldest.select_nth_unstable(most).1.0;
                oldest.truncate(most);
            }
        }
        oldest.sort_unstable();
        oldest.truncate(most);
        oldest
    }

    fn candidates(&self) -> u64 {
        self.get(header::CANDIDATES)
            .min(self.geometry.candidates() as u64)
    }

    /// A candidate's slot, and its head when it was found.
    fn candidate(&self, place: u64) -> Option<(Slot, Head)> {
        let start = self.geometry.candidates_start() + 2 * place as usize;
        Some((self.slot(self.get(start))?, Head(self.get(start + 1))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{empty, overflow};
    use super::*;
    use crate::metric::Moment;

    #[test]
    fn a_pass_finds_the_oldest_keys_wherever_they_lie() {
        let zone = empty(65536, &overflow(None));
        let store = &zone.first.store;
        let slots = store.geometry.slots as u64;
        for number in 0..slots {
            let key = number.to_le_bytes();
            zone.update(&key, 1.0, Moment(0)).unwrap();
        }
        let sampled = slots / SAMPLES as u64;
        let orders: [&dyn Fn(u64) -> u64; 6] = [
            &|slot| 1 + slot,
            &|slot| slots - slot,
            &|slot| 1 + slot * 7919 % slots,
            &|slot| 1 + slot + slots * u64::from(slot % sampled == 0),
            &|slot| 1 + slot + slots * u64::from(slot % sampled != 0),
            &|_| 1,
        ];
        for stamp in orders {
            for slot in store.used_slots() {
                store.set_head(slot, Head::live(8, false, stamp(slot.0 as u64)));
            }
            store.find_candidates();
            let mut all: Vec<u64> = (0..slots).map(stamp).collect();
            all.sort_unstable();
            let places = (0..store.candidates()).rev();
            let found: Vec<u64> = places
                .map(|place| store.candidate(place).unwrap().1.stamp())
                .collect();
            assert!(!found.is_empty() && found == all[..found.len()]);
            assert_eq!(found.last(), Some(&store.get(header::YOUNGEST)));
        }
    }
}

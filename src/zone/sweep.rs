//! Finding the next candidates for eviction, in pieces.
//!
//! A sweep looks once at every slot that was ever used and keeps the keys whose heads lie between the bound of the candidates in force and
//! one that it draws itself when it begins: a few slots, looked at first, tell about how old the oldest keys are. A guess that
//! lets too many in is made narrower on the way; one that lets too few in makes the next sweep begin sooner. Keys whose heads change while it is
//! under way are later than what it looks for, so it may take any time, and others use the zone meanwhile.
//!
//! Where most keys are pinned a sweep may find few keys or none. So none is made
//! in vain twice, and after one that saw few the next one waits: keys that come find no place meanwhile.

use super::candidates::Candidate;
use super::layout::header;
use super::record::Head;
use super::store::{Slot, Store};
use crate::os::monotonic;

/// A zone with no more slots is swept in a few hundred microseconds, so that nothing need be done ahead.
const SMALL: usize = 1 << 15;
/// So many slots are looked at under one hold of the lock.
pub(super) const PIECE: usize = if cfg!(test) { 1 << 12 } else { 1 << 15 };
/// How many slots are looked at to guess which keys are among the oldest.
const SAMPLES: usize = PIECE / 8;
/// What that costs, in slots that a sweep looks at in the same time: they lie far apart.
pub(super) const SAMPLING_COST: usize = PIECE / 2;
/// How many of the candidates found tell where their middle is.
const MIDDLE: usize = 256;
/// How many slots an eviction or a new key pays for.
const LEAST_PAID: usize = 32;
const MOST_PAID: usize = 4096;
/// A zone is swept for the first time when no larger part of it is left.
const PART_LEFT: usize = 16;
/// So many nanoseconds for each slot the next sweep waits after one that saw few keys: 50 times as long as it took.
const REST: u64 = 500;
/// None waits longer, in nanoseconds; a time further away is damage.
const LONGEST_REST: u64 = 10_000_000_000;

impl Store {
    /// Notes that a key may be evicted from now on, if it may.
    pub(super) fn note_evictable(&self, head: Head) {
        if head.is_evictable() && self.get(header::IS_BARREN) != 0 {
            self.set(header::IS_BARREN, 0);
        }
    }

    /// Goes on with the sweep that will be needed as far as one candidate that is taken out must; what that cost, in slots.
    pub(super) fn pay(&self) -> usize {
        let left = self.candidates_left();
        let once = usize::try_from(self.get(header::CANDIDATES_ONCE)).unwrap_or(usize::MAX);
        let is_sweeping = self.is_sweeping();
        let is_early = !is_sweeping && left > once / 2;
        match left > 0 && !is_early && (is_sweeping || self.begin_sweep()) {
            true if is_sweeping => self.pay_one_of(left),
            true => SAMPLING_COST + self.pay_one_of(left),
            false => 0,
        }
    }

    /// The same for a key that takes some of the last free slots.
    pub(super) fn look_ahead(&self) {
        let left = self.available();
        let is_large = self.geometry.slots > SMALL;
        if is_large
            && left <= self.geometry.slots / PART_LEFT
            && self.candidates_left() == 0
            && (self.is_sweeping() || self.begin_sweep())
        {
            self.pay_one_of(left);
        }
    }

    /// Whether so little is left that keys are likely to be evicted soon.
    pub(super) fn is_nearly_full(&self) -> bool {
        self.expires() && self.available() <= self.geometry.slots / PART_LEFT
    }

    /// Does one of so many equal parts of what the sweep has left; how many slots it looked at.
    fn pay_one_of(&self, parts: usize) -> usize {
        let left = self.fresh() - self.swept();
        let part = left / parts.max(1);
        let _left = self.sweep(part.clamp(LEAST_PAID, MOST_PAID));
        left - (self.fresh() - self.swept())
    }

    pub(super) fn is_sweeping(&self) -> bool {
        self.get(header::SWEEP) != 0
    }

    /// How many slots the sweep has looked at.
    fn swept(&self) -> usize {
        let next = usize::try_from(self.get(header::SWEEP)).unwrap_or(usize::MAX);
        next.saturating_sub(1).min(self.fresh())
    }

    /// Begins a sweep, if it may find something and need not wait.
    pub(super) fn begin_sweep(&self) -> bool {
        let wait = self.get(header::NEXT_SWEEP);
        if self.get(header::IS_BARREN) != 0 || wait != 0 && !self.has_rested(wait) {
            return false;
        }
        let bound = self.probable_bound();
        self.raise_latest(bound.stamp());
        self.set(header::NEXT_BOUND, bound.0);
        self.set(header::SEEN, 0);
        self.set(header::SWEEP, 1);
        true
    }

    #[cold]
    fn has_rested(&self, wait: u64) -> bool {
        let left = wait.saturating_sub(monotonic());
        left == 0 || left > LONGEST_REST
    }

    /// Looks at the next slots, so many at most; how many fewer it were because the sweep is over, or nothing if it is not.
    pub(super) fn sweep(&self, count: usize) -> Option<usize> {
        let (begin, fresh) = (self.swept(), self.fresh());
        let end = fresh.min(begin.saturating_add(count));
        #[cfg(test)]
        super::tests::work::note(end - begin);
        let from = Head(self.get(header::BOUND));
        let mut seen = 0;
        for number in begin..end {
            let slot = Slot(number);
            let head = self.head(slot);
            if !head.is_evictable() || head < from {
                continue;
            }
            seen += 1;
            if self.is_wanted(head.unparked()) {
                self.add_candidate(Candidate {
                    head: head.unparked(),
                    slot: slot.stored(),
                });
            }
        }
        self.set(header::SEEN, self.get(header::SEEN).saturating_add(seen));
        self.set(header::SWEEP, end as u64 + 1);
        if end == fresh && begin < end {
            self.rest();
        }
        (end == fresh).then_some(count - (end - begin))
    }

    /// Whether a key belongs to the next candidates. Of those that are as old as the bound, some may.
    fn is_wanted(&self, head: Head) -> bool {
        let bound = Head(self.get(header::NEXT_BOUND));
        head < bound || head == bound && self.next().len() < self.geometry.candidates() / 4
    }

    /// Adds a key to the next candidates.
    pub(super) fn add_candidate(&self, candidate: Candidate) {
        let mut next = self.next();
        if next.len() == next.room() {
            self.narrow();
            next = self.next();
        }
        if next.len() < next.room() && candidate.head <= Head(self.get(header::NEXT_BOUND)) {
            next.push(candidate);
            self.set(header::NEXT, next.len() as u64);
        }
    }

    /// Leaves out the younger ones of the next candidates.
    #[cold]
    fn narrow(&self) {
        let mut next = self.next();
        let (length, room) = (next.len(), next.room());
        let step = (length / MIDDLE).max(1);
        let heads = (0..length).step_by(step).map(|place| next.get(place).head);
        let mut heads: Vec<Head> = heads.collect();
        let middle = heads.len() / 2;
        let bound = *heads.select_nth_unstable(middle).1;
        let mut equal = 0;
        next.retain(|candidate| {
            equal += usize::from(candidate.head == bound);
            candidate.head < bound || candidate.head == bound && equal <= room / 4
        });
        self.set(header::NEXT_BOUND, bound.0);
        self.set(header::NEXT, next.len() as u64);
    }

    /// Says when the next sweep may begin, after one that has looked at everything.
    fn rest(&self) {
        let seen = usize::try_from(self.get(header::SEEN)).unwrap_or(usize::MAX);
        let is_good = seen >= self.geometry.candidates() / 8 || self.fresh() <= SMALL;
        let next = match is_good {
            true => 0,
            false => monotonic() + (self.fresh() as u64 * REST).min(LONGEST_REST),
        };
        self.set(header::NEXT_SWEEP, next);
        let is_barren = seen == 0 && self.candidates_left() == 0 && self.next().len() == 0;
        self.set(header::IS_BARREN, u64::from(is_barren));
    }

    /// A head that is likely later than those of about as many keys as are wanted.
    fn probable_bound(&self) -> Head {
        let from = Head(self.get(header::BOUND));
        let step = (self.fresh() / SAMPLES).max(1);
        #[cfg(test)]
        super::tests::work::note(self.fresh() / step);
        let heads = self.used_heads(step).map(|(_, head)| head);
        let mut heads: Vec<Head> = heads
            .filter(|head| head.is_evictable() && *head >= from)
            .collect();
        let wanted = match step {
            1 => self.geometry.candidates(),
            step => self.geometry.candidates() / 2 / step,
        };
        if wanted < heads.len() {
            return heads.select_nth_unstable(wanted).1.unparked();
        }
        let latest = heads.iter().max().map_or(0, |head| head.stamp());
        // Earlier than the head of any key that is updated from now on.
        Head::live(
            0,
            false,
            latest.max(self.get(header::LATEST)).saturating_add(1),
        )
    }
}

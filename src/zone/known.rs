//! What is done to a key that is in the zone already, without the lock: updating and copying it.
//!
//! The index is searched as it is; what is found is marked as in use (see `marker`) and only then looked
//! at: whether the layout is still in force, whether the slot is live, whether it has the right key. A key
//! that is not found may be in the zone all the same, just being moved within the index; then, and whenever
//! something does not fit, the answer is no, and the owner of the lock is to be asked. The discard key is in no
//! live slot and so is never found.

use super::marker::{Seat, after_copy};
use super::record::{Head, State};
use super::stamp::Clock;
use super::store::{Slot, Store, Words};
use super::update::{Sample, StoredKey};
use crate::metric::KEY_LIMIT;
use crate::os::atomic::{AtomicU64, Ordering};

/// What a look at one slot says about a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It is here, and has the sample.
    Updated,
    /// It is not here.
    No,
    /// Only the owner of the lock can tell, or do it.
    Unsure,
}

impl Store {
    /// Feeds a sample to its key; false, and nothing done, if that takes the lock.
    pub(super) fn update_known(
        &self,
        sample: Sample<'_>,
        hash: u64,
        seat: &Seat,
        is_open: impl Fn() -> bool,
    ) -> bool {
        for slot in self.suspects(hash) {
            match self.update_suspect(slot, sample, seat, &is_open) {
                Found::No => {}
                found => return found == Found::Updated,
            }
        }
        false
    }

    /// The same for the key in one slot.
    #[inline(always)]
    pub(super) fn update_suspect(
        &self,
        slot: Slot,
        Sample { key, value, clock }: Sample<'_>,
        seat: &Seat,
        is_open: impl Fn() -> bool,
    ) -> Found {
        let Some(_hold) = seat.hold(slot) else {
            return Found::Unsure;
        };
        let Some(Words { head, cells, own }) = self.slot_words(slot) else {
            return Found::Unsure;
        };
        let found = Head(head.load(Ordering::SeqCst));
        if !found.is_live(key.bytes.len()) || !self.is_key(slot, own, key.bytes) {
            return Found::No;
        }
        if !is_open() || !self.renew_held(slot, head, found, key, clock) {
            return Found::Unsure;
        }
        self.schema.record(cells, value, clock.now);
        Found::Updated
    }

    /// Notes the time of an update of a slot that was live and is held. If it was parked since, this takes
    /// it back: whoever parked it waits for the hold to end and looks again. Of two updates at once, either
    /// one's stamp may stay.
    #[inline]
    fn renew_held(
        &self,
        slot: Slot,
        head: &AtomicU64,
        found: Head,
        key: StoredKey<'_>,
        clock: Clock<'_>,
    ) -> bool {
        let length = key.bytes.len();
        if length == KEY_LIMIT {
            return self.renew_longest(slot, key, clock);
        }
        let stamp = self.stamp(clock, found.stamp());
        if stamp > found.stamp() {
            #[cfg(test)]
            super::tests::crash::step();
            head.store(Head::live(length, false, stamp).0, Ordering::Release);
        }
        true
    }

    /// The same for a key that another update may note just now to have been cut; that must not get lost.
    #[cold]
    fn renew_longest(&self, slot: Slot, key: StoredKey<'_>, clock: Clock<'_>) -> bool {
        let is_live = |head: Head| head.state() == State::Live;
        self.renew(slot, key, clock, is_live)
    }

    /// Lets `copy` copy the slot of a key; false if there may be none, or no whole copy was made.
    pub(super) fn copy_known(
        &self,
        key: &[u8],
        seat: &Seat,
        mut copy: impl FnMut(Slot) -> bool,
    ) -> bool {
        let has_key = |slot: &Slot| self.key_equals(*slot, self.head(*slot), key);
        match self.suspects(self.hash(key)).find(has_key) {
            Some(slot) => {
                let of_the_key = |head| self.key_equals(slot, head, key);
                self.copy_held(slot, seat, of_the_key, &mut copy) == Some(true)
            }
            None => false,
        }
    }

    /// Lets `copy` copy a slot whose head is `wanted`; nothing if no whole copy could be made, else what
    /// `copy` says, or false for a slot that is not wanted.
    pub(super) fn copy_held(
        &self,
        slot: Slot,
        seat: &Seat,
        is_wanted: impl Fn(Head) -> bool,
        copy: &mut impl FnMut(Slot) -> bool,
    ) -> Option<bool> {
        for _ in 0..ATTEMPTS {
            let _hold = seat.hold(slot)?;
            let head = self.head_in_use(slot);
            if !is_wanted(head) {
                return Some(false);
            }
            let copied = copy(slot);
            after_copy();
            // A live slot keeps its key while it is held; a parked one may go at any time, but not unseen.
            if head.state() == State::Live || self.head(slot) == head {
                return Some(copied);
            }
        }
        None
    }

    /// The head of a slot that was just marked as in use.
    #[inline]
    pub(super) fn head_in_use(&self, slot: Slot) -> Head {
        Head(self.words()[self.slot_start(slot)].load(Ordering::SeqCst))
    }
}

/// How often a copy is begun anew because its key went away meanwhile.
const ATTEMPTS: u32 = 4;

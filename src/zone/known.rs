//! What is done to a key that is in the zone already, without the lock: updating and copying it.
//!
//! The index is searched as it is; what is found is marked as in use (see `marker`) and only then looked
//! at: whether the layout is still in force, whether the slot is live, whether it has the right key. A key
//! that is not found may be in the zone all the same, just being moved within the index; then, and whenever
//! something does not fit, the answer is no, and the owner of the lock is to be asked.

use super::marker::{Seat, after_copy};
use super::record::{Head, State};
use super::store::{Slot, Store};
use super::update::Sample;
use crate::metric::KEY_LIMIT;
use crate::os::atomic::Ordering;

impl Store {
    /// Feeds a sample to its key; false, and nothing done, if that takes the lock.
    #[inline]
    pub(super) fn update_known(
        &self,
        sample: &Sample<'_>,
        hash: u64,
        seat: &Seat,
        is_open: impl Fn() -> bool,
    ) -> bool {
        let key = sample.key.bytes;
        if self.is_discard_key(key) {
            return false;
        }
        for slot in self.suspects(hash) {
            let Some(hold) = seat.hold(slot) else {
                return false;
            };
            let head = self.head_in_use(slot);
            if head.state() == State::Live && self.key_equals(slot, head, key) {
                let is_ours = is_open() && self.renew_held(slot, head, sample);
                if is_ours {
                    self.schema
                        .record(self.cells(slot), sample.value, sample.clock.now);
                }
                drop(hold);
                return is_ours;
            }
        }
        false
    }

    /// Notes the time of an update of a slot that was live and is held. If it was parked since, this takes
    /// it back: whoever parked it waits for the hold to end and looks again. Of two updates at once, either
    /// one's stamp may stay.
    #[inline]
    fn renew_held(&self, slot: Slot, head: Head, sample: &Sample<'_>) -> bool {
        let length = sample.key.bytes.len();
        if length == KEY_LIMIT {
            // Another update may be noting just now that the key was cut; that must not get lost.
            let is_live = |head: Head| head.state() == State::Live;
            return self.renew(slot, sample.key, sample.clock, is_live);
        }
        let stamp = self.stamp(sample.clock, head.stamp());
        if stamp > head.stamp() {
            self.set_head(slot, Head::live(length, false, stamp));
        }
        true
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
    fn head_in_use(&self, slot: Slot) -> Head {
        Head(self.words()[self.slot_start(slot)].load(Ordering::SeqCst))
    }
}

/// How often a copy is begun anew because its key went away meanwhile.
const ATTEMPTS: u32 = 4;

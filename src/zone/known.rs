//! What is done to a key that is in the zone already, without the lock: updating and copying it.
//!
//! The index is searched as it is; what is found is marked as in use (see `marker`) and only then looked
//! at: whether the layout is still in force, whether the slot is live, whether it has the right key. A key
//! that is not found may be in the zone all the same, just being moved within the index; then, and whenever
//! something does not fit, the answer is no, and the owner of the lock is to be asked. The discard key is in no
//! live slot and so is never found.

use super::Zone;
use super::marker::{Hold, Seat, after_copy};
use super::record::{Head, State};
use super::sought::Sought;
use super::store::{Slot, Store, Words};
use super::update::Sample;
use super::view::View;
use crate::metric::{Moment, Schema, stored_key};
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

/// How much is done for an update without the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// What takes no call of a function, as nearly always is enough.
    Least,
    /// All that goes.
    Full,
}

impl Zone {
    /// Feeds a value to a key that is what the index leads to `first`, if that takes the least effort.
    #[inline(always)]
    pub(super) fn feed_first(
        &self,
        view: &View,
        first: Option<Slot>,
        key: &[u8],
        sample: (f64, Moment),
    ) -> bool {
        let (Some(seat), Some(first), false) = (&self.seat, first, self.later.is_any()) else {
            return false;
        };
        let at = At(view, first, seat);
        self.feed_slot(at, Sought::Bytes(key), sample, Effort::Least) == Found::Updated
    }

    /// Feeds a value to a key that is there, without the lock. Where that takes the lock, nothing is done, and the key's
    /// hash in the layout of `view` is what comes back.
    pub(super) fn try_feed(
        &self,
        view: &View,
        key: &[u8],
        value: f64,
        now: Moment,
    ) -> Result<(), u64> {
        let hash = view.store.hash(stored_key(key));
        let seat = self.seat.as_ref().ok_or(hash)?;
        for slot in view.store.suspects(hash) {
            let (at, sought) = (At(view, slot, seat), Sought::Bytes(key));
            match self.feed_slot(at, sought, (value, now), Effort::Full) {
                Found::Updated => return Ok(()),
                Found::No => {}
                Found::Unsure => break,
            }
        }
        Err(hash)
    }

    /// The same for the key in one slot.
    #[inline(always)]
    pub(super) fn feed_slot(
        &self,
        At(view, slot, seat): At<'_>,
        sought: Sought<'_>,
        sample: (f64, Moment),
        effort: Effort,
    ) -> Found {
        let store = &view.store;
        let hold = match effort {
            Effort::Least => seat.hold_own(slot),
            Effort::Full => seat.hold(slot),
        };
        let Some(hold) = hold else {
            return Found::Unsure;
        };
        let Some(words) = store.slot_words(slot) else {
            return Found::Unsure;
        };
        let found = Head(words.head.load(Ordering::SeqCst));
        if !sought.fits(found) || !store.is_sought(slot, words.own, &sought) {
            return Found::No;
        }
        if !self.root.is_open(view.open) {
            return Found::Unsure;
        }
        if sought.is_longest() {
            let renewal = self.sample(sought.key(), sample.0, sample.1);
            if effort == Effort::Least || !store.renew_longest(slot, renewal) {
                return Found::Unsure;
            }
            store.record_held(words.cells, sample, hold);
        } else if let Some(stamp) = store.stamp_at_once(self.clock(sample.1)) {
            renew_held(words.head, found, stamp);
            store.record_held(words.cells, sample, hold);
        } else {
            self.feed_held(store, (slot, found), sample, hold);
        }
        Found::Updated
    }

    /// The rest of an update of a held key whose time has to be found out.
    #[inline(never)]
    fn feed_held(
        &self,
        store: &Store,
        (slot, found): (Slot, Head),
        sample: (f64, Moment),
        hold: Hold<'_>,
    ) {
        let stamp = store.stamp(self.clock(sample.1), found.stamp());
        if let Some(Words { head, cells, .. }) = store.slot_words(slot) {
            renew_held(head, found, stamp);
            store.record_held(cells, sample, hold);
        }
    }
}

/// A slot to be looked at, with the view that led there and the seat to mark it in.
#[derive(Clone, Copy)]
pub(super) struct At<'a>(pub(super) &'a View, pub(super) Slot, pub(super) &'a Seat);

impl Store {
    /// Feeds a value to cells that are held.
    #[inline(always)]
    fn record_held(&self, cells: &[AtomicU64], sample: (f64, Moment), hold: Hold<'_>) {
        match self.schema.try_count(cells) {
            true => drop(hold),
            false => record_held(&self.schema, cells, sample, hold),
        }
    }

    /// Notes the time of an update of a key that another update may note just now to have been cut, which must not get lost; false if it
    /// was parked.
    #[cold]
    #[inline(never)]
    fn renew_longest(&self, slot: Slot, sample: Sample<'_>) -> bool {
        let is_live = |head: Head| head.state() == State::Live;
        self.renew(slot, sample.key, sample.clock, is_live)
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

    /// The same for somebody who has no mark. A key that is not pinned has another head whenever it is updated, and so has whatever key comes
    /// into the slot after it.
    pub(super) fn copy_unheld(
        &self,
        slot: Slot,
        is_wanted: impl Fn(Head) -> bool,
        copy: &mut impl FnMut(Slot) -> bool,
    ) -> bool {
        for _ in 0..MANY_ATTEMPTS {
            let head = self.head_in_use(slot);
            if head.is_pinned() || !is_wanted(head) {
                return false;
            }
            let copied = copy(slot);
            after_copy();
            if self.head(slot) == head {
                return copied;
            }
        }
        false
    }

    /// The head of a slot that was just marked as in use.
    #[inline]
    pub(super) fn head_in_use(&self, slot: Slot) -> Head {
        Head(self.words()[self.slot_start(slot)].load(Ordering::SeqCst))
    }
}

/// Notes the time of an update of a slot that was live and is held. If it was parked since, this takes
/// it back: whoever parked it waits for the hold to end and looks again. Of two updates at once, either
/// one's stamp may stay.
#[inline(always)]
fn renew_held(head: &AtomicU64, found: Head, stamp: u64) {
    let renewed = found.renewed(stamp);
    if renewed > found {
        #[cfg(test)]
        super::tests::crash::step();
        head.store(renewed.0, Ordering::Release);
    }
}

/// The last thing done for an update, so that whoever does all before it has nothing to keep.
#[inline(never)]
fn record_held(schema: &Schema, cells: &[AtomicU64], (value, now): (f64, Moment), hold: Hold<'_>) {
    schema.record(cells, value, now);
    drop(hold);
}

/// How often a copy is begun anew because its key went away meanwhile.
const ATTEMPTS: u32 = 4;
/// The same where it may have been updated only.
const MANY_ATTEMPTS: u32 = 1000;

//! Cells that a feature uses by itself, where a zone's mode is words (`Schema::words`): whoever has a key's cells
//! changes them by single atomic operations, without the lock and without allocating.
//!
//! The way is that of `known`: the slot is marked as in use, then looked at. A key that is parked is reached under
//! the lock. A [`Spot`] remembers where a key lies, so that the next time neither hash nor search is needed.

use super::Zone;
use super::record::{Head, State};
use super::stamp::Clock;
use super::store::Slot;
use super::view::View;
use crate::metric::{Moment, stored_key};
use crate::os::atomic::AtomicU64;

/// Where a key lay in some layout; it may be somewhere else or gone by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    sequence: u64,
    slot: Slot,
}

const SLOT_BITS: u32 = 32;

impl Spot {
    /// As one word, which is never zero; for places of which many moves ago nothing need be known.
    pub fn packed(self) -> u64 {
        self.sequence << SLOT_BITS | self.slot.stored()
    }

    /// Out of such a word.
    pub fn unpacked(word: u64) -> Option<Self> {
        let stored = word & u64::from(u32::MAX);
        Some(Self {
            sequence: word >> SLOT_BITS,
            slot: Slot(usize::try_from(stored.checked_sub(1)?).ok()?),
        })
    }
}

/// A key in use: it is not taken away meanwhile, and its layout is not left.
pub struct Held<'a> {
    view: &'a View,
    slot: Slot,
}

impl<'a> Held<'a> {
    /// Its cells.
    #[inline]
    pub fn cells(&self) -> &'a [AtomicU64] {
        self.view.store.cells(self.slot)
    }

    /// Where it lies.
    #[inline]
    pub fn spot(&self) -> Spot {
        self.view.spot(self.slot)
    }

    /// The cells of another key, which must be one that stays where it is for as long as its layout lasts: it is pinned,
    /// and edits neither put nor seize nor remove it once it is there. Its cells must tell whether it is the right one.
    #[inline]
    pub fn beside(&self, spot: Spot) -> Option<&'a [AtomicU64]> {
        let (view, slot) = (self.view, self.view.at(spot)?);
        view.store.mark_dirty(slot);
        let is_there = view.store.head_in_use(slot).state() == State::Live;
        is_there.then(|| view.store.cells(slot))
    }
}

/// What a look at one slot came to.
enum Tried<R> {
    Done(R),
    /// Something else is in the slot.
    Other,
    /// Only the owner of the lock can tell, or do it.
    Locked,
}

impl Zone {
    /// Uses the cells of a key that is there; nothing if there is none. A key that is not pinned counts as updated.
    /// `work` must not use the zone itself: a thread is at one slot at a time.
    pub fn with_cells<R>(
        &self,
        key: &[u8],
        now: Moment,
        work: impl FnOnce(&[AtomicU64]) -> R,
    ) -> Option<R> {
        self.with_found(key, now, |held| work(held.cells()))
    }

    /// The same, with where the key lies.
    pub fn with_found_cells<R>(
        &self,
        key: &[u8],
        now: Moment,
        work: impl FnOnce(Spot, &[AtomicU64]) -> R,
    ) -> Option<R> {
        self.with_found(key, now, |held| work(held.spot(), held.cells()))
    }

    /// The same, with all that goes while the key is in use.
    #[inline]
    pub fn with_found<R>(
        &self,
        key: &[u8],
        now: Moment,
        work: impl FnOnce(Held<'_>) -> R,
    ) -> Option<R> {
        let (key, now, mut work) = (stored_key(key), self.moment(now), Some(work));
        let view = self.last_view();
        for slot in view.store.suspects(view.store.hash(key)) {
            let is_key = |head| view.store.key_equals(slot, head, key);
            match self.try_cells(view, slot, now, is_key, &mut work) {
                Tried::Done(result) => return Some(result),
                Tried::Other => {}
                Tried::Locked => break,
            }
        }
        let access = self.access().ok()?;
        let store = &access.view.store;
        let slot = store.find(key, store.hash(key))?;
        let work = work?;
        self.cells_locked(access.view, slot, now, work)
    }

    /// The same for a key that lies at `spot`; nothing if it does not any more.
    pub fn with_cells_at<R>(
        &self,
        spot: Spot,
        key: &[u8],
        now: Moment,
        work: impl FnOnce(&[AtomicU64]) -> R,
    ) -> Option<R> {
        let key = stored_key(key);
        let is_key = |view: &View, head| view.store.key_equals(spot.slot, head, key);
        self.at(spot, now, is_key, |held| work(held.cells()))
    }

    /// The same for whatever key lies at `spot`: its cells must tell whether it is the right one.
    pub fn with_any_cells_at<R>(
        &self,
        spot: Spot,
        now: Moment,
        work: impl FnOnce(&[AtomicU64]) -> Option<R>,
    ) -> Option<R> {
        self.with_any_at(spot, now, |held| work(held.cells()))
    }

    /// The same, with all that goes while the key is in use.
    #[inline]
    pub fn with_any_at<R>(
        &self,
        spot: Spot,
        now: Moment,
        work: impl FnOnce(Held<'_>) -> Option<R>,
    ) -> Option<R> {
        self.at(spot, now, |_, _| true, work).flatten()
    }

    /// Where a key lies now, if that can be told without the lock.
    pub(super) fn spot_at_once(&self, key: &[u8]) -> Option<Spot> {
        let (key, view) = (stored_key(key), self.last_view());
        let slot = view.store.find(key, view.store.hash(key))?;
        Some(view.spot(slot))
    }

    /// Where a key lies now.
    pub fn spot(&self, key: &[u8]) -> Option<Spot> {
        let key = stored_key(key);
        let view = self.view().ok()?;
        if let Some(slot) = view.store.find(key, view.store.hash(key)) {
            return Some(view.spot(slot));
        }
        let access = self.access().ok()?;
        let store = &access.view.store;
        let slot = store.find(key, store.hash(key))?;
        Some(access.view.spot(slot))
    }

    #[inline]
    fn at<R>(
        &self,
        spot: Spot,
        now: Moment,
        is_wanted: impl Fn(&View, Head) -> bool,
        work: impl FnOnce(Held<'_>) -> R,
    ) -> Option<R> {
        let (now, mut work) = (self.moment(now), Some(work));
        let view = self.last_view();
        let slot = view.at(spot)?;
        match self.try_cells(view, slot, now, |head| is_wanted(view, head), &mut work) {
            Tried::Done(result) => return Some(result),
            Tried::Other => return None,
            Tried::Locked => {}
        }
        let access = self.access().ok()?;
        let view = access.view;
        let slot = view.at(spot)?;
        let head = view.store.head(slot);
        match head.has_key() && is_wanted(view, head) {
            true => self.cells_locked(view, slot, now, work?),
            false => None,
        }
    }

    #[inline]
    fn try_cells<R, F: FnOnce(Held<'_>) -> R>(
        &self,
        view: &View,
        slot: Slot,
        now: Moment,
        is_wanted: impl Fn(Head) -> bool,
        work: &mut Option<F>,
    ) -> Tried<R> {
        let store = &view.store;
        let Some(_hold) = self.seat.as_ref().and_then(|seat| seat.hold(slot)) else {
            return Tried::Locked;
        };
        let head = store.head_in_use(slot);
        match head.state() {
            State::Live if is_wanted(head) => {}
            State::Parked => return Tried::Locked,
            _ => return Tried::Other,
        }
        if !self.root.is_open(view.sequence)
            || view.is_foreign()
            || !self.touch(view, slot, head, now)
        {
            return Tried::Locked;
        }
        match work.take() {
            Some(work) => Tried::Done(work(Held { view, slot })),
            None => Tried::Other,
        }
    }

    /// Notes that a key is used now; false if it is not live any more.
    #[inline]
    fn touch(&self, view: &View, slot: Slot, mut head: Head, now: Moment) -> bool {
        let store = &view.store;
        if head.is_pinned() {
            store.note_change(now);
            return true;
        }
        let stamp = store.stamp(self.clock(now), head.stamp());
        while head.state() == State::Live {
            match store.exchange_head(slot, head, head.stamped(stamp)) {
                Ok(()) => return true,
                Err(changed) => head = changed,
            }
        }
        false
    }

    /// The same under the lock, where a parked key becomes one for everybody again.
    #[cold]
    fn cells_locked<R>(
        &self,
        view: &View,
        slot: Slot,
        now: Moment,
        work: impl FnOnce(Held<'_>) -> R,
    ) -> Option<R> {
        let store = &view.store;
        if view.is_foreign() {
            return None;
        }
        store.mark_dirty(slot);
        store.release_parked(&[slot]);
        self.touch(view, slot, store.head(slot), now);
        Some(work(Held { view, slot }))
    }

    pub(super) fn clock(&self, now: Moment) -> Clock<'_> {
        let last = &self.last_stamp;
        Clock { now, last }
    }
}

impl View {
    /// The slot that a spot of this layout means.
    #[inline]
    pub(super) fn at(&self, spot: Spot) -> Option<Slot> {
        let is_own = self.is_layout_of(spot);
        self.store.slot(spot.slot.stored()).filter(|_| is_own)
    }

    #[inline]
    fn is_layout_of(&self, spot: Spot) -> bool {
        spot.sequence as u32 == self.sequence as u32
    }

    /// The same for a spot that this process has noted itself.
    #[inline]
    pub(super) fn at_own(&self, spot: Spot) -> Option<Slot> {
        self.is_layout_of(spot).then_some(spot.slot)
    }

    pub(super) fn spot(&self, slot: Slot) -> Spot {
        let sequence = self.sequence;
        Spot { sequence, slot }
    }
}

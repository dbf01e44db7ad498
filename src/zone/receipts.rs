//! Receipts: that changes asked for under a name were made, for as long as was promised.
//!
//! They are a list in the order in which their time is over, so that those that may go stand first. None goes before;
//! what cannot be remembered is refused instead. So that nobody's receipts take the room of others, all of them have a
//! share of the slots, and one owner may have as many as there are left for all others: alone half of the share, two
//! owners a third each. How many an owner has is counted in the root, in two rows by different parts of its hash, of
//! which the lesser count holds: who meets somebody in one row does not in the other.

use super::layout::{header, root};
use super::note::{Name, Receipt};
use super::record::{State, stamp_of};
use super::store::{Slot, Store};
use crate::metric::Moment;
use crate::os::atomic::{AtomicU32, Ordering};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Receipts may take one slot in so many.
const SLOTS_PER_RECEIPT: usize = 2;
/// So many receipts are looked at for the place of one whose time is over before that of the last.
const LOOKS: usize = 64;
/// So many receipts whose time is over go at once at most.
const MOST_DROPPED: usize = 1024;
/// Counts in a row.
const ROW: usize = root::SHARES;

impl Store {
    /// What an owner is known by.
    pub(super) fn owner(&self, name: &[u8]) -> u64 {
        xxh3_64_with_seed(name, self.get(header::NAMES) ^ u64::from(b'c'))
    }

    /// How many keys were made under a name, if its time is not over.
    pub(super) fn receipt(&self, name: Name, now: Moment) -> Option<Receipt> {
        let receipt = self.read_receipt(self.find_note(name)?);
        (receipt.end > stamp_of(now)).then_some(receipt)
    }

    /// Whether there is no room for another receipt of this owner.
    pub(super) fn is_crowded(&self, owner: u64, now: Moment) -> bool {
        (0..MOST_DROPPED).all(|_| self.drop_over(now));
        let most = self.geometry.slots / SLOTS_PER_RECEIPT;
        let left = most.saturating_sub(self.receipts());
        self.receipts_of(owner) >= left
    }

    /// How many receipts an owner has; with those of others, if others are in both of its places.
    pub(super) fn receipts_of(&self, owner: u64) -> usize {
        let own = self.share(owner).map(|count| count.load(Ordering::Relaxed));
        own[0].min(own[1]) as usize
    }

    /// Forgets the first receipt if its time is over; false if it is not.
    pub(super) fn drop_over(&self, now: Moment) -> bool {
        let Some(slot) = self.first_receipt() else {
            return false;
        };
        if self.read_receipt(slot).end > stamp_of(now) {
            return false;
        }
        self.drop_first_receipt()
    }

    /// Forgets the receipt whose time is over first; false if there is none.
    pub(super) fn drop_first_receipt(&self) -> bool {
        let receipt = self.take_first_receipt();
        let less = |count: u32| count.saturating_sub(1);
        let _owner = receipt.map(|receipt| self.count_share(receipt.owner, less));
        receipt.is_some()
    }

    /// The same, but its owner has as many as before: the receipt is in another layout, too. What it said.
    pub(super) fn take_first_receipt(&self) -> Option<Receipt> {
        let slot = self.first_receipt()?;
        let (receipt, next) = (self.read_receipt(slot), self.next_receipt(slot));
        self.set(header::FIRST_RECEIPT, next);
        if next == 0 {
            self.set(header::LAST_RECEIPT, 0);
        }
        self.drop_note(slot);
        Some(receipt)
    }

    /// Puts a receipt, which is found already, in its place, and counts it as its owner's.
    pub(super) fn enter_receipt(&self, slot: Slot) {
        let owner = self.read_receipt(slot).owner;
        self.count_share(owner, |count| count.saturating_add(1));
        self.place_receipt(slot);
    }

    /// Puts a receipt in its place in the order in which their time is over.
    pub(super) fn place_receipt(&self, slot: Slot) {
        let receipt = self.read_receipt(slot);
        let last = self.slot(self.get(header::LAST_RECEIPT));
        let is_last = |last: Slot| self.read_receipt(last).end <= receipt.end;
        let before = match last {
            Some(last) if is_last(last) => Some(last),
            _ => self.receipt_before(receipt.end),
        };
        let next = match before {
            Some(before) => self.next_receipt(before),
            None => self.get(header::FIRST_RECEIPT),
        };
        self.set_next_receipt(slot, next);
        match before {
            Some(before) => self.set_next_receipt(before, slot.stored()),
            None => self.set(header::FIRST_RECEIPT, slot.stored()),
        }
        if next == 0 {
            self.set(header::LAST_RECEIPT, slot.stored());
        }
    }

    /// The last of those whose time is over by `end`, or one not far from there.
    fn receipt_before(&self, end: u64) -> Option<Slot> {
        let mut before = None;
        let mut next = self.first_receipt();
        for _ in 0..LOOKS {
            match next {
                Some(slot) if self.read_receipt(slot).end <= end => {
                    before = next;
                    next = self.slot(self.next_receipt(slot));
                }
                _ => break,
            }
        }
        before
    }

    /// How many receipts there are.
    pub(super) fn receipts(&self) -> usize {
        let notes = self.get(header::NOTES);
        usize::try_from(notes.saturating_sub(self.texts())).unwrap_or(usize::MAX)
    }

    /// The receipt whose time is over first.
    pub(super) fn first_receipt(&self) -> Option<Slot> {
        let slot = self.slot(self.get(header::FIRST_RECEIPT))?;
        (self.head(slot).state() == State::Note && self.is_receipt(slot)).then_some(slot)
    }

    /// The receipts behind `last`, so many at most, in the order in which their time is over; from the first on if that one is not there
    /// any more.
    pub(super) fn receipts_after(&self, last: Option<(Slot, Name)>, most: usize) -> Vec<Slot> {
        let is_there = |(slot, name): &(Slot, Name)| {
            let receipt = self.peek_receipt(*slot);
            receipt.is_some_and(|(own, ..)| own == *name)
        };
        let mut next = match last.filter(is_there) {
            Some((slot, _)) => self.next_receipt(slot),
            None => self.get(header::FIRST_RECEIPT),
        };
        let mut receipts = Vec::new();
        while let Some(slot) = self.slot(next)
            && self.peek_receipt(slot).is_some()
            && receipts.len() < most
        {
            receipts.push(slot);
            next = self.next_receipt(slot);
        }
        receipts
    }

    /// How many receipts come along into this store, so that there is room for keys, too.
    pub(super) fn most_receipts(&self) -> usize {
        self.geometry.slots / SLOTS_PER_RECEIPT
    }

    /// Forgets how many receipts everybody has; they are to be entered again.
    pub(super) fn clear_shares(&self) {
        for count in self.markers.shares() {
            count.store(0, Ordering::Relaxed);
        }
    }

    fn count_share(&self, owner: u64, change: impl Fn(u32) -> u32) {
        for count in self.share(owner) {
            count.store(change(count.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
    }

    /// An owner's count in each of the rows.
    fn share(&self, owner: u64) -> [&AtomicU32; 2] {
        let counts = self.markers.shares();
        let place = |hash: u64| (hash % ROW as u64) as usize;
        [
            &counts[place(owner >> 32)],
            &counts[ROW + place(owner & u64::from(u32::MAX))],
        ]
    }
}

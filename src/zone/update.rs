//! One update under the lock: find the key or make room for it, feed the value to its metrics.

use super::layout::header;
use super::ledger::Removal;
use super::note::Note;
use super::queue::Kind;
use super::recency::Progress;
use super::record::{Head, KeyBytes};
use super::slots::Taken;
use super::stamp::Clock;
use super::store::{Slot, Store};
use super::{Refused, Update, Zone, storable};
use crate::metric::{Moment, stored_key};
use crate::os::atomic::Ordering;

/// A key as it is stored.
#[derive(Clone, Copy)]
pub(super) struct StoredKey<'a> {
    /// 1 to 255 bytes.
    pub(super) bytes: &'a [u8],
    /// Whether it was longer.
    pub(super) is_truncated: bool,
}

/// A value for a key.
#[derive(Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) key: StoredKey<'a>,
    pub(super) value: f64,
    pub(super) clock: Clock<'a>,
}

impl Zone {
    /// Feeds a value to a key that is there, without the lock. Says false and does nothing for any other, and
    /// where that takes the lock.
    pub fn update_known(&self, key: &[u8], value: f64, now: Moment) -> bool {
        self.feed_known(key, storable(value), self.moment(now))
    }

    /// The same, unless updates of that key wait.
    fn feed_known(&self, key: &[u8], value: f64, now: Moment) -> bool {
        let is_free = !self.later.may_have(stored_key(key));
        is_free && self.try_feed(self.last_view(), key, value, now).is_ok()
    }

    /// Feeds a value while updates wait: at once, or behind them.
    pub(super) fn apply_behind(
        &self,
        key: &[u8],
        value: f64,
        now: Moment,
    ) -> Result<Update, Refused> {
        match self.feed_known(key, value, now) {
            true => Ok(Update::Stored),
            false => self.feed(Kind::Update, &self.sample(key, value, now), None),
        }
    }

    /// Feeds a value to the discard key because its own key is not to be in the zone, however much room there is: so it
    /// is not among what found no room.
    ///
    /// # Errors
    /// When there is no discard key.
    pub fn discard(&self, value: f64, now: Moment) -> Result<Update, Refused> {
        let sample = self.sample(b"", storable(value), self.moment(now));
        self.feed(Kind::Discard, &sample, None)
    }

    /// Feeds a value that takes back what another one gave. If the key has gone since, what it was is in the discard
    /// key, which takes this too; without one nothing is left to take it from.
    ///
    /// # Errors
    /// As for [`Zone::update`].
    pub fn take_back(&self, key: &[u8], value: f64, now: Moment) -> Result<Update, Refused> {
        if key.is_empty() {
            return Ok(Update::Ignored);
        }
        let (value, now) = (storable(value), self.moment(now));
        match self.feed_known(key, value, now) {
            true => Ok(Update::Stored),
            false => self.feed(Kind::TakeBack, &self.sample(key, value, now), None),
        }
    }

    /// Takes back what [`Zone::discard`] gave.
    ///
    /// # Errors
    /// When the lock cannot be had.
    pub fn take_back_discarded(&self, value: f64, now: Moment) -> Result<Update, Refused> {
        let sample = self.sample(b"", storable(value), self.moment(now));
        self.feed(Kind::TakeBackDiscarded, &sample, None)
    }
}

/// What a look for room has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room<T> {
    /// There is room.
    Made(T),
    /// There is none, and nothing that can be done without.
    None,
    /// Others should have the lock before more is done for it.
    Underway,
}

impl Store {
    /// Feeds a sample to its key, or to what stands in for it; `hash` is that of the key. Nothing if the key needs room that is to
    /// be looked for once more when others have had the lock.
    pub(super) fn update(&self, sample: &Sample<'_>, hash: u64) -> Option<Result<Update, Refused>> {
        if let Some(update) = self.update_present(sample, hash) {
            return Some(Ok(update));
        }
        let Sample { key, value, clock } = *sample;
        let room = self.make_room(key, clock.now);
        if let Room::Underway = room {
            return None;
        }
        self.count(header::REQUESTS);
        let Room::Made(slots) = room else {
            return Some(match self.discard_sample(value, clock.now) {
                true => Ok(Update::Accounted),
                false => Err(Refused::Full),
            });
        };
        // Whoever copies this slot for the key it had before must see that it has another one now.
        for (cell, bits) in self.cells(slots[0]).iter().zip(self.schema.initial()) {
            cell.store(bits, Ordering::Release);
        }
        self.schema.record(self.cells(slots[0]), value, clock.now);
        self.insert(&slots, key, hash, self.stamp(clock, 0));
        Some(Ok(Update::Stored))
    }

    /// Takes back from the discard key what was given to it.
    pub(super) fn taken_back(&self, value: f64, now: Moment) -> Update {
        match self.take_back(value, now) {
            true => Update::Accounted,
            false => Update::Ignored,
        }
    }

    /// The same for a key that is there, or is nobody's; nothing is done about any other.
    pub(super) fn update_present(&self, sample: &Sample<'_>, hash: u64) -> Option<Update> {
        let Sample { key, value, clock } = *sample;
        if self.is_discard_key(key.bytes) {
            return Some(Update::Ignored);
        }
        let slot = self.find(key.bytes, hash)?;
        self.mark_dirty(slot);
        self.renew(slot, key, clock, Head::has_key);
        self.schema.record(self.cells(slot), value, clock.now);
        Some(Update::Stored)
    }

    /// Slots for a new key, at the cost of the oldest ones if the policy says so.
    pub(super) fn make_room(&self, key: StoredKey<'_>, now: Moment) -> Room<Taken> {
        let needed = self.geometry.slots_for(key.bytes.len());
        match self.reclaim_up_to(needed, now) {
            Room::Made(()) => {}
            Room::None => return Room::None,
            Room::Underway => return Room::Underway,
        }
        if self.expires() {
            self.look_ahead();
        }
        let taken = self.allocate(needed).or_else(|| {
            // Less is free than was counted: the memory is damaged.
            self.rebuild();
            self.allocate(needed)
        });
        taken.map_or(Room::None, Room::Made)
    }

    /// Does without things until so many slots can be had.
    pub(super) fn reclaim_up_to(&self, needed: usize, now: Moment) -> Room<()> {
        while self.available() < needed {
            match self.reclaim(now) {
                Room::Made(()) => {}
                other => return other,
            }
        }
        Room::Made(())
    }

    /// The same without giving others the lock meanwhile; whether there is room.
    pub(super) fn reclaim_at_once(&self, needed: usize, now: Moment) -> bool {
        loop {
            match self.reclaim_up_to(needed, now) {
                Room::Made(()) => return true,
                Room::None => return false,
                Room::Underway => {}
            }
        }
    }

    /// Makes `slots`, whose cells are filled, hold a key from now on.
    pub(super) fn insert(&self, slots: &[Slot], key: StoredKey<'_>, hash: u64, stamp: u64) {
        let (slot, spills) = (slots[0], &slots[1..]);
        self.write_key(slot, spills, key.bytes);
        self.set_head(slot, Head::live(key.bytes.len(), key.is_truncated, stamp));
        self.link(slot, hash);
        self.count(header::LIVE);
        self.note_evictable(self.head(slot));
    }

    /// Brings a key with its text into a store that nobody uses yet; where it is, if there is room for both.
    pub(super) fn bring(
        &self,
        key: StoredKey<'_>,
        (cells, text): (&[u64], &[u8]),
        stamp: u64,
        now: Moment,
    ) -> Option<Slot> {
        let note = (!text.is_empty()).then_some(Note::Text(text));
        let for_text = note.map_or(0, |note| self.slots_for_note(note));
        let needed = self.geometry.slots_for(key.bytes.len());
        if self.available() < needed + for_text + self.reserve() {
            return None;
        }
        let slots = self.allocate(needed)?;
        for (cell, bits) in self.cells(slots[0]).iter().zip(cells) {
            cell.store(*bits, Ordering::Relaxed);
        }
        self.insert(&slots, key, self.hash(key.bytes), stamp);
        if let Some(note) = note
            && !self.add_note(self.text_name(key.bytes), note, now)
        {
            self.delete(slots[0]);
            return None;
        }
        Some(slots[0])
    }

    /// Takes the slots of something that can be done without.
    fn reclaim(&self, now: Moment) -> Room<()> {
        if self.drop_over(now) {
            return Room::Made(());
        }
        let oldest = match self.expires() {
            true => self.take_oldest(),
            false => Progress::Nothing,
        };
        if oldest == Progress::Underway {
            return Room::Underway;
        }
        self.count(header::FAILURES);
        let Progress::Found(slot) = oldest else {
            return Room::None;
        };
        self.remove(slot, Removal::Discarded, now);
        Room::Made(())
    }

    /// Makes a key whose slots are filled be found from now on.
    pub(super) fn enter_key(&self, slot: Slot) {
        let mut bytes = KeyBytes::new();
        if let Some(key) = self.copy_key(slot, &mut bytes) {
            self.link(slot, self.hash(key));
            self.count(header::LIVE);
            self.note_evictable(self.head(slot));
        }
    }

    fn count(&self, field: usize) {
        self.set(field, self.get(field).wrapping_add(1));
    }
}

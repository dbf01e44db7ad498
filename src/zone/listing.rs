//! Reading: one key, all keys one after another, and how the slots are used.
//!
//! A key is copied out without the lock, under a mark on its slot, and looked at afterwards, so nobody waits
//! for a reader nor for what is done with what was read. Between two metrics of one key a copy may see one
//! update of skew. Only the discard key, which may change as a whole, is copied under the lock, and without it where an event loop would have to wait for
//! long: it may be skewed by a removal then. A listing goes through the slots in their order: a key that stays is seen exactly once, however
//! many come and go meanwhile.

use std::ops::ControlFlow;

use super::Zone;
use super::layout::{PAGE, ROOT_BYTES, WORD, header};
use super::record::{Head, KeyBytes};
use super::store::Slot;
use super::view::View;
use crate::metric::{ELLIPSIS, Metric, Moment, Reading, Schema};

/// A copy of one key and its cells; to be used again for the next.
#[derive(Clone, Debug, Default)]
pub struct Record {
    key: Vec<u8>,
    is_truncated: bool,
    cells: Vec<u64>,
    stamp: u64,
    /// What the zone's time is ahead of the machine's.
    ahead: u64,
}

impl Record {
    /// The key as stored, at most 255 bytes.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether longer keys were cut to this one.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Appends the key as it is shown: one that was cut gets three full stops.
    pub fn write_name(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key);
        if self.is_truncated {
            out.extend_from_slice(ELLIPSIS);
        }
    }

    /// What the metric at `place` reads as; `schema` is that of the zone the record was read from.
    pub fn reading<'a>(&'a self, schema: &'a Schema, place: usize, now: Moment) -> Reading<'a> {
        schema.read(place, &self.cells, self.moment(now))
    }

    /// All metrics with their readings, in configured order.
    pub fn readings<'a>(
        &'a self,
        schema: &'a Schema,
        now: Moment,
    ) -> impl ExactSizeIterator<Item = (&'a Metric, Reading<'a>)> {
        let now = self.moment(now);
        schema
            .metrics()
            .iter()
            .map(move |metric| (metric, metric.read(&self.cells, now)))
    }

    /// When the key was updated last.
    pub(super) fn stamp(&self) -> u64 {
        self.stamp
    }

    /// The cells of the schema the record was read with.
    pub fn raw_cells(&self) -> &[u64] {
        &self.cells
    }

    /// The zone's time at a moment of the machine's.
    pub fn zone_time(&self, now: Moment) -> Moment {
        self.moment(now)
    }

    /// Makes it a key of this name with these cells, which nobody has updated.
    pub(super) fn become_group(&mut self, ahead: u64, name: &[u8], cells: &[u64]) {
        self.key.clear();
        self.key.extend_from_slice(name);
        self.cells.clear();
        self.cells.extend_from_slice(cells);
        (self.is_truncated, self.stamp, self.ahead) = (false, 0, ahead);
    }

    pub(super) fn moment(&self, now: Moment) -> Moment {
        Moment(now.0.wrapping_add(self.ahead))
    }

    /// Appends the text a variable shows for all metrics: their readings with `, ` between.
    pub fn write_text(&self, schema: &Schema, now: Moment, out: &mut Vec<u8>) {
        for (place, (_, reading)) in self.readings(schema, now).enumerate() {
            if place > 0 {
                out.extend_from_slice(b", ");
            }
            reading.write_text(out);
        }
    }
}

/// How far a listing has come; it may rest between two keys as long as it likes.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    next: usize,
    /// The layout it is about; if the zone moves, the listing ends.
    sequence: Option<u64>,
    ended: bool,
    broken: u64,
}

impl Cursor {
    /// How many keys damage was found to have made others; they are left out.
    pub fn broken(&self) -> u64 {
        self.broken
    }
}

/// How a zone's memory is used; `/status/slabs` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slabs {
    /// All of it.
    pub bytes: u64,
    /// Pages of 4 KiB in use and not.
    pub pages_used: u64,
    /// See `pages_used`.
    pub pages_free: u64,
    /// Bytes of one slot.
    pub slot_bytes: usize,
    /// Slots that hold (part of) a key.
    pub slots_used: u64,
    /// Slots that can be had without discarding.
    pub slots_free: u64,
    /// New keys that asked for room.
    pub requests: u64,
    /// Times there was none, and updates for which the lock could not be had.
    pub failures: u64,
}

impl Zone {
    /// Copies the next key of a listing into `record`; false at the end. The discard key comes last.
    pub fn next(&self, cursor: &mut Cursor, record: &mut Record) -> bool {
        if cursor.ended {
            return false;
        }
        record.ahead = self.ahead;
        let Ok(view) = self.view() else {
            return false;
        };
        if *cursor.sequence.get_or_insert(view.sequence) != view.sequence {
            cursor.ended = true;
            return false;
        }
        while cursor.next < view.store.fresh() {
            let slot = Slot(cursor.next);
            cursor.next += 1;
            if !view.store.head(slot).has_key() {
                continue;
            }
            let is_copied = self.copy_slot(view, slot, record);
            let is_shown = match self.schema.is_words() {
                true => {
                    let key = is_copied.then_some(record.key());
                    self.is_entered(view, slot, key, &mut cursor.broken)
                }
                false => is_copied,
            };
            if is_shown {
                return true;
            }
        }
        cursor.ended = true;
        let access = self.access_to_read();
        let is_left = access
            .as_ref()
            .is_some_and(|access| access.view.sequence != view.sequence);
        !is_left && view.copy_discard(&self.schema, record)
    }

    /// Whether a listing that has ended saw every key that was there all the time; not if the zone moved meanwhile.
    pub fn saw_all(&self, cursor: &Cursor) -> bool {
        cursor.ended && cursor.sequence == Some(self.root.sequence())
    }

    /// Shows every key to `visit`, copied one by one, the discard key last.
    pub fn visit(&self, visit: &mut dyn FnMut(&Record) -> ControlFlow<()>) -> ControlFlow<()> {
        let (mut cursor, mut record) = (Cursor::default(), Record::default());
        while self.next(&mut cursor, &mut record) {
            visit(&record)?;
        }
        ControlFlow::Continue(())
    }

    /// How many keys a listing would show now.
    pub fn len(&self) -> u64 {
        self.view().map_or(0, |view| {
            let store = &view.store;
            store
                .get(header::LIVE)
                .saturating_add(u64::from(store.discard_cells().is_some()))
        })
    }

    /// Whether a listing would show nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many samples and keys found no place.
    pub fn discarded(&self) -> u64 {
        self.view().map_or(0, |view| view.store.discarded())
    }

    /// How many of these were keys that made room for others.
    pub fn evicted(&self) -> u64 {
        self.losses().1
    }

    /// How many samples and keys found no place, and how many of these were keys that made room for others;
    /// the rest, which were samples and changes, never becomes less.
    pub fn losses(&self) -> (u64, u64) {
        self.view().map_or((0, 0), |view| view.store.losses())
    }

    /// How many places a listing looks at, be there a key or not.
    pub fn places(&self) -> u64 {
        self.view().map_or(0, |view| view.store.fresh() as u64)
    }

    /// How many keys of a length, each with a text of a length, there is room for; nothing if the zone is damaged.
    pub fn room(&self, key: usize, text: usize) -> Option<u64> {
        let store = &self.view().ok()?.store;
        let each = store.geometry.slots_for(key) + 1 + store.spills_for_text(text);
        let room = store.available().saturating_sub(store.reserve());
        Some((room / each) as u64)
    }

    /// How the memory is used; nothing if the zone is damaged.
    pub fn slabs(&self) -> Option<Slabs> {
        let store = &self.view().ok()?.store;
        let geometry = store.geometry;
        let free = store.available() as u64;
        let used = (geometry.slots as u64).saturating_sub(free);
        let bytes = geometry.bytes + ROOT_BYTES;
        let pages = bytes.div_ceil(PAGE) as u64;
        let fixed = ROOT_BYTES + geometry.slots_start() * WORD;
        let taken = fixed as u64 + used * geometry.slot_bytes() as u64;
        let pages_used = taken.div_ceil(PAGE as u64).min(pages);
        Some(Slabs {
            bytes: bytes as u64,
            pages_used,
            pages_free: pages - pages_used,
            slot_bytes: geometry.slot_bytes(),
            slots_used: used,
            slots_free: free,
            requests: store.get(header::REQUESTS),
            failures: store.get(header::FAILURES).saturating_add(self.refused()),
        })
    }

    /// Copies the key `key`, be it the discard key.
    pub(super) fn copy_key(&self, key: &[u8], record: &mut Record) -> bool {
        record.ahead = self.ahead;
        if self.copy_known(key, record) {
            return true;
        }
        match self.access_to_read() {
            Some(access) => access.view.copy_key(key, &self.schema, record),
            None if self.last_view().store.is_discard_key(key) => {
                self.last_view().copy_discard(&self.schema, record)
            }
            None => self.copy_known(key, record) || self.copy_unheld(key, record),
        }
    }

    /// The same without a mark.
    fn copy_unheld(&self, key: &[u8], record: &mut Record) -> bool {
        let view = self.last_view();
        let store = &view.store;
        let mut copy = |slot| view.copy_slot(slot, &self.schema, record);
        let mut slots = store.suspects(store.hash(key));
        slots.any(|slot| {
            let of_the_key = |head| store.key_equals(slot, head, key);
            store.copy_unheld(slot, of_the_key, &mut copy)
        }) && view.sequence == self.root.sequence()
    }

    /// The same without the lock; false as well if only its owner can tell.
    fn copy_known(&self, key: &[u8], record: &mut Record) -> bool {
        let view = self.last_view();
        let Some(seat) = self.seat.as_ref() else {
            return false;
        };
        let copy = |slot| view.copy_slot(slot, &self.schema, record);
        !view.store.is_discard_key(key)
            && view.store.copy_known(key, seat, copy)
            && view.sequence == self.root.sequence()
    }

    /// Copies the key in a slot; false if there is none any more, or the zone was moved.
    pub(super) fn copy_slot(&self, view: &View, slot: Slot, record: &mut Record) -> bool {
        if let Some(seat) = &self.seat {
            let mut copy = |slot| view.copy_slot(slot, &self.schema, record);
            let copied = view.store.copy_held(slot, seat, Head::has_key, &mut copy);
            if let Some(copied) = copied {
                return copied && view.sequence == self.root.sequence();
            }
        }
        let Some(access) = self.access_to_read() else {
            let mut copy = |slot| view.copy_slot(slot, &self.schema, record);
            return view.store.copy_unheld(slot, Head::has_key, &mut copy)
                && view.sequence == self.root.sequence();
        };
        access.view.sequence == view.sequence
            && view.store.head(slot).has_key()
            && view.copy_slot(slot, &self.schema, record)
    }
}

impl View {
    /// To be called under the lock.
    fn copy_key(&self, key: &[u8], own: &Schema, record: &mut Record) -> bool {
        let store = &self.store;
        if store.is_discard_key(key) {
            return self.copy_discard(own, record);
        }
        match store.find(key, store.hash(key)) {
            Some(slot) => self.copy_slot(slot, own, record),
            None => false,
        }
    }

    fn copy_discard(&self, own: &Schema, record: &mut Record) -> bool {
        let store = &self.store;
        let Some(cells) = store.discard_cells() else {
            return false;
        };
        store.copy_discard_key(&mut record.key);
        record.is_truncated = store.is_discard_key_truncated();
        record.stamp = 0;
        self.copy_cells(cells, own, &mut record.cells);
        true
    }

    fn copy_slot(&self, slot: Slot, own: &Schema, record: &mut Record) -> bool {
        let mut bytes = KeyBytes::new();
        let Some(key) = self.store.copy_key(slot, &mut bytes) else {
            return false;
        };
        record.key.clear();
        record.key.extend_from_slice(key);
        let head = self.store.head(slot);
        record.is_truncated = head.is_truncated();
        record.stamp = head.stamp();
        self.copy_cells(self.store.cells(slot), own, &mut record.cells);
        true
    }
}

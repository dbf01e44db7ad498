//! A newer configuration takes a zone over: in place, or into a new layout of other size or metrics.
//!
//! A new layout lies in another range of the same memory, is filled under the lock, and comes into force by
//! one store to the root. Before that, updates without the lock are turned away and those under way waited
//! for. Whoever waits for the lock meanwhile finds the zone moved and follows it, so no update ever goes to
//! the copy that was left. Metrics are found again by identity; keys are copied newest
//! first, each with its text, so that a smaller zone loses the least recent ones, which count as discarded;
//! receipts, which were promised to stay, come before them.

use std::io;
use std::sync::Arc;

use super::Unusable;
use super::layout::{Geometry, PAGE, ROOT_BYTES, WORD, header};
use super::ledger::{Overflow, Removal};
use super::marker::Markers;
use super::note::Note;
use super::record::KeyBytes;
use super::root::{Place, Root};
use super::store::{Slot, Store};
use super::update::StoredKey;
use super::view::{Translation, View};
use crate::metric::{Moment, Schema};
use crate::os::SharedMemory;
use crate::os::atomic::Ordering;

/// How a configuration came by a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// There was none in the memory; it is new and empty.
    Created,
    /// It was there as wanted; all values are kept.
    Kept,
    /// It has another size or other metrics now; values were carried over.
    Migrated {
        /// Metrics that keep their values.
        metrics_kept: usize,
        /// Metrics that begin without values.
        metrics_new: usize,
        /// Keys carried over.
        keys: u64,
        /// Keys, the least recent ones, for which the new size has no room.
        discarded: u64,
    },
    /// No metric was found again; it is empty.
    Emptied {
        /// What became of each metric.
        reason: String,
    },
}

impl Adoption {
    /// What there is to tell about it.
    pub fn story(&self) -> Option<String> {
        match self {
            Self::Created | Self::Kept => None,
            Self::Migrated {
                metrics_kept,
                metrics_new,
                keys,
                discarded,
            } => Some(format!(
                "it changed: {keys} keys carried over, {discarded} found no room, {metrics_kept} metrics \
                 kept, {metrics_new} new"
            )),
            Self::Emptied { reason } => Some(format!("it changed and starts empty: {reason}")),
        }
    }
}

/// What a newer configuration wants of a zone.
pub(super) struct Wanted<'a> {
    pub(super) geometry: Geometry,
    pub(super) schema: &'a Arc<Schema>,
    pub(super) overflow: &'a Overflow,
    pub(super) now: Moment,
}

/// Gives the zone of `old` the form wanted; to be called under the lock.
pub(super) fn adopt(
    memory: &SharedMemory,
    root: &Root,
    old: View,
    wanted: &Wanted<'_>,
) -> Result<(View, Adoption), Unusable> {
    root.count_generation();
    let same_size = old.store.geometry.bytes == wanted.geometry.bytes;
    if same_size && old.store.source()? == wanted.schema.source() {
        old.store.set_policy(wanted.overflow, wanted.now)?;
        return Ok((old, Adoption::Kept));
    }
    let translation = Translation::between(&old.store.schema, wanted.schema);
    let place = next_place(old.place, wanted.geometry.bytes);
    let store = fresh_store(memory, root.markers(), place, wanted)?;
    store.set_policy(wanted.overflow, wanted.now)?;
    if !root.close() {
        root.reopen();
        return Err(Unusable::Memory(io::ErrorKind::TimedOut.into()));
    }
    let adoption = fill(&store, &old.store, translation.as_ref(), wanted);
    root.publish(place);
    give_back_all_but(memory, place);
    Ok((View::new(store, root, place, wanted.schema), adoption))
}

/// A range that does not overlap the present one: before it if that is large enough, else behind it.
fn next_place(old: Place, bytes: usize) -> Place {
    let first = ROOT_BYTES as u64;
    let offset = if first + pages(bytes) <= old.offset {
        first
    } else {
        old.offset + pages(old.bytes)
    };
    Place { offset, bytes }
}

/// Returns what lies around the layout in force to the system: the old layout, and what an earlier move may
/// have left behind by dying. What cannot be given back only costs memory.
fn give_back_all_but(memory: &SharedMemory, place: Place) {
    let (first, end) = (ROOT_BYTES as u64, place.offset + pages(place.bytes));
    let rest = memory.backing_bytes().unwrap_or(end).saturating_sub(end);
    for (offset, bytes) in [(first, place.offset - first), (end, rest)] {
        if bytes > 0 {
            let _still_taken = memory.release(offset, bytes);
        }
    }
}

fn fresh_store(
    memory: &SharedMemory,
    markers: Markers,
    place: Place,
    wanted: &Wanted<'_>,
) -> Result<Store, Unusable> {
    memory.grow(place.offset + pages(place.bytes))?;
    memory.clear(place.offset, pages(place.bytes))?;
    let section = memory.section(place.offset, place.bytes)?;
    Store::create(section, markers, wanted.geometry, Arc::clone(wanted.schema))
}

fn pages(bytes: usize) -> u64 {
    bytes.next_multiple_of(PAGE) as u64
}

/// Copies what is kept of `old` into the empty `new`.
fn fill(
    new: &Store,
    old: &Store,
    translation: Option<&Translation>,
    wanted: &Wanted<'_>,
) -> Adoption {
    if let Some(translation) = translation
        && translation.kept() == 0
    {
        new.clear_shares();
        return Adoption::Emptied {
            reason: reason(&old.schema, wanted.schema),
        };
    }
    let copier = Copier {
        new,
        old,
        translation,
        now: wanted.now,
    };
    copier.copy_totals();
    copier.copy_receipts();
    let (keys, discarded) = copier.copy_keys();
    let kept = translation.map_or(wanted.schema.metrics().len(), Translation::kept);
    Adoption::Migrated {
        metrics_kept: kept,
        metrics_new: wanted.schema.metrics().len() - kept,
        keys,
        discarded,
    }
}

/// Why no metric was found again.
fn reason(old: &Schema, new: &Schema) -> String {
    let told = new.metrics().iter().map(|metric| {
        let before = old
            .position(metric.name().as_bytes())
            .map(|place| &old.metrics()[place]);
        let subject = match metric.name() {
            "" => String::from("the metric"),
            name => format!("\"{name}\""),
        };
        match before {
            Some(before) => {
                let (from, to) = (before.mode().identity(), metric.mode().identity());
                format!("{subject} was {from} and is now {to}")
            }
            None => format!("{subject} is new"),
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Brings keys from one layout into another.
struct Copier<'a> {
    new: &'a Store,
    old: &'a Store,
    translation: Option<&'a Translation>,
    now: Moment,
}

impl Copier<'_> {
    /// Everything but the keys.
    fn copy_totals(&self) {
        for field in [
            header::LATEST,
            header::REQUESTS,
            header::FAILURES,
            header::NAMES,
        ] {
            self.new.set(field, self.old.get(field));
        }
        let cells = self.old.discard_cells().map(|cells| {
            let copy = cells.iter().map(|cell| cell.load(Ordering::Acquire));
            self.translate(copy.collect())
        });
        let cells = cells.filter(|_| self.new.has_discard_key());
        self.new
            .inherit_ledger(self.old.discarded(), self.old.evicted(), cells.as_deref());
    }

    /// The keys from the newest on until the room is used up; how many were copied and how many not.
    fn copy_keys(&self) -> (u64, u64) {
        let mut slots: Vec<Slot> = self.old.used_slots().collect();
        slots.retain(|slot| self.old.head(*slot).has_key());
        slots.sort_by_key(|slot| std::cmp::Reverse(self.old.head(*slot).stamp()));
        let whole = slots
            .iter()
            .take_while(|slot| self.copy_key(**slot))
            .count();
        for slot in slots[whole..].iter().rev() {
            let cells = self.translate(self.old.copy_cells(*slot));
            self.new.fold(&cells, None, Removal::Discarded, self.now);
        }
        (whole as u64, (slots.len() - whole) as u64)
    }

    /// Copies one key; false if there is no room for it. A broken one is left out.
    fn copy_key(&self, slot: Slot) -> bool {
        let mut bytes = KeyBytes::new();
        let head = self.old.head(slot);
        let Some(bytes) = self.old.copy_key(slot, &mut bytes) else {
            return true;
        };
        let cells = self.translate(self.old.copy_cells(slot));
        if self.new.is_discard_key(bytes) {
            self.new.fold(&cells, None, Removal::Absorbed, self.now);
            return true;
        }
        let needed = self.new.geometry.slots_for(bytes.len());
        let Some(slots) = self.new.allocate_outside_reserve(needed) else {
            return false;
        };
        for (cell, bits) in self.new.cells(slots[0]).iter().zip(cells) {
            cell.store(bits, Ordering::Relaxed);
        }
        let key = StoredKey {
            bytes,
            is_truncated: head.is_truncated(),
        };
        self.new
            .insert(&slots, key, self.new.hash(bytes), head.stamp());
        let mut text = Vec::new();
        if self.old.copy_text(bytes, &mut text) {
            let name = self.new.text_name(bytes);
            self.new.add_note(name, Note::Text(&text), self.now);
        }
        true
    }

    /// The receipts whose time is not over.
    fn copy_receipts(&self) {
        let receipts = self.old.all_receipts(self.now);
        let over = receipts.len().saturating_sub(self.new.most_receipts());
        self.new.clear_shares();
        for (name, receipt, moment) in receipts.into_iter().skip(over) {
            self.new.add_note(name, Note::Receipt(receipt), moment);
        }
    }

    fn translate(&self, cells: Vec<u64>) -> Vec<u64> {
        let Some(translation) = self.translation else {
            return cells;
        };
        let mut translated = Vec::with_capacity(self.new.geometry.cells);
        translation.apply(&cells, &self.new.schema, &mut translated);
        translated
    }
}

/// The memory a layout of these measures needs with the root before it.
pub(super) fn whole_bytes(geometry: &Geometry) -> usize {
    debug_assert!(geometry.bytes.is_multiple_of(WORD));
    ROOT_BYTES + pages(geometry.bytes) as usize
}

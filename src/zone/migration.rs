//! A newer configuration takes a zone over: in place, or into a new layout of other size or metrics.
//!
//! A new layout lies in another range of the same memory, is filled while the old one is used (see `copy`), and comes into force by
//! one store to the root. Whoever waits for the lock then finds the zone moved and follows it, so no update ever goes to
//! the copy that was left. Metrics are found again by identity. The new policy is in force before anything is copied; then the
//! oldest keys go for which the new layout has no room, as they do for new ones, and count as discarded. Receipts, which were promised to
//! stay, come before keys.
//!
//! One process at a time moves a zone: it has the root's second mutex until the end, which the system gives back when it dies.

mod copy;
mod dirty;
mod fit;

use std::sync::Arc;

use super::Unusable;
use super::access::locked;
use super::layout::{Geometry, PAGE, ROOT_BYTES, WORD};
use super::ledger::Overflow;
use super::marker::Markers;
use super::root::{Place, Root};
use super::store::Store;
use super::view::{Translation, View};
use crate::metric::{Moment, Schema};
use crate::os::{LockError, SharedMemory};
use copy::Copier;

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

/// Gives the zone the form wanted.
pub(super) fn adopt(
    memory: &SharedMemory,
    root: &Root,
    wanted: &Wanted<'_>,
) -> Result<(View, Adoption), Unusable> {
    let _mover = root.become_mover().map_err(|error| match error {
        LockError::Held(process) => Unusable::Held(process),
        LockError::Busy | LockError::Damaged => {
            Unusable::Corrupt("the lock of moves cannot be had")
        }
    })?;
    let guard = locked(root)?;
    let old = View::open(memory, root, wanted.schema)?;
    guard.settle(&old.store);
    root.reopen(&old.store);
    root.count_generation();
    let same_size = old.store.geometry.bytes == wanted.geometry.bytes;
    if same_size && old.store.source()? == wanted.schema.source() {
        old.store.set_policy(wanted.overflow, wanted.now)?;
        return Ok((old, Adoption::Kept));
    }
    drop(guard);
    let moved = move_to_new(memory, root, &old, wanted);
    if moved.is_err()
        && let Ok(guard) = locked(root)
    {
        guard.settle(&old.store);
        root.reopen(&old.store);
    }
    moved
}

/// Moves to a layout of the form wanted.
fn move_to_new(
    memory: &SharedMemory,
    root: &Root,
    old: &View,
    wanted: &Wanted<'_>,
) -> Result<(View, Adoption), Unusable> {
    let translation = Translation::between(&old.store.schema, wanted.schema);
    let metrics = wanted.schema.metrics().len();
    let kept = translation.as_ref().map_or(metrics, Translation::kept);
    let place = next_place(old.place, wanted.geometry.bytes);
    let new = fresh_store(memory, root.markers(), place, wanted)?;
    new.set_policy(wanted.overflow, wanted.now)?;
    let mut copier = Copier::new(root, &old.store, new, translation, wanted.now);
    copier.close()?;
    let (guard, adoption) = if kept == 0 {
        let guard = copier.lock()?;
        copier.new.clear_shares();
        let reason = difference(&old.store.schema, wanted.schema);
        (guard, Adoption::Emptied { reason })
    } else {
        let guard = copier.lock()?;
        old.store.set_policy(wanted.overflow, wanted.now)?;
        drop(guard);
        let (guard, keys, discarded) = copier.run()?;
        let adoption = Adoption::Migrated {
            metrics_kept: kept,
            metrics_new: metrics - kept,
            keys,
            discarded,
        };
        (guard, adoption)
    };
    root.publish(place);
    drop(guard);
    give_back_all_but(memory, place);
    Ok((View::new(copier.new, root, place, wanted.schema), adoption))
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

/// Why nothing of a zone can be used for another.
pub(super) fn why_not(present: &Schema, wanted: &Schema) -> String {
    match wanted.continues_keys_of(present) {
        true => "it has no metric in common with the configuration".to_owned(),
        false => difference(present, wanted),
    }
}

/// Why no metric was found again.
fn difference(old: &Schema, new: &Schema) -> String {
    if !new.continues_keys_of(old) {
        let told = |schema: &Schema| match schema.labels() {
            [] => "none".to_owned(),
            labels => labels.join(","),
        };
        return format!("its labels were {} and are now {}", told(old), told(new));
    }
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

/// The memory a layout of these measures needs with the root before it.
pub(super) fn whole_bytes(geometry: &Geometry) -> usize {
    debug_assert!(geometry.bytes.is_multiple_of(WORD));
    ROOT_BYTES + pages(geometry.bytes) as usize
}

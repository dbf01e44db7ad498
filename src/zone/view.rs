//! One process's view of the layout in force, which a newer configuration may have moved.
//!
//! A handle keeps a chain of views: each was right when it was opened, the last one is right now. A moved
//! zone may have other metrics than the configuration of this process: updates go to the metrics the zone
//! has now; readings are translated back to those this process knows.

use std::sync::{Arc, OnceLock};

use super::Unusable;
use super::root::{Place, Root};
use super::store::Store;
use crate::metric::Schema;
use crate::os::SharedMemory;
use crate::os::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct View {
    pub(super) store: Store,
    pub(super) sequence: u64,
    pub(super) place: Place,
    /// Nothing while the zone has the metrics this process knows.
    translation: Option<Translation>,
    /// Whether its keys have the parts that this process gives them, or some more.
    pub(super) has_own_keys: bool,
    /// What the root's sequence is while this process may update keys of it without the lock.
    pub(super) open: u64,
    pub(super) next: OnceLock<Box<Self>>,
}

impl View {
    pub(super) fn new(store: Store, root: &Root, place: Place, own: &Schema) -> Self {
        let translation = Translation::of_cells(&store.schema, own);
        let sequence = root.sequence();
        let has_own_keys = store.schema.continues_keys_of(own);
        Self {
            store,
            sequence,
            place,
            translation,
            has_own_keys,
            open: if has_own_keys { sequence } else { u64::MAX },
            next: OnceLock::new(),
        }
    }

    /// Opens the layout in force; to be called under the lock.
    pub(super) fn open(
        memory: &SharedMemory,
        root: &Root,
        own: &Arc<Schema>,
    ) -> Result<Self, Unusable> {
        let place = root.place()?;
        let section = memory.section(place.offset, place.bytes);
        let section = section.map_err(|_| Unusable::Corrupt("impossible place"))?;
        let store = Store::open(section, root.markers(), Arc::clone(own))?;
        Ok(Self::new(store, root, place, own))
    }

    /// Whether the zone has other metrics than this process knows.
    pub(super) fn is_foreign(&self) -> bool {
        self.translation.is_some()
    }

    /// Copies cells of the layout as those of this process's schema.
    pub(super) fn copy_cells(&self, cells: &[AtomicU64], own: &Schema, into: &mut Vec<u64>) {
        into.clear();
        let copy = cells.iter().map(|cell| cell.load(Ordering::Acquire));
        match &self.translation {
            None => into.extend(copy),
            Some(translation) => {
                let cells: Vec<u64> = copy.collect();
                translation.apply(&cells, own, into);
            }
        }
    }
}

/// Where each metric of one schema has its cells in another.
#[derive(Debug)]
pub(super) struct Translation {
    /// First cells, in the order of the schema translated to; nothing for metrics the other does not have.
    starts: Vec<Option<usize>>,
}

impl Translation {
    /// From `from` to `to`; nothing if their cells are the same. Of keys that are none in `to`, nothing is kept.
    pub(super) fn between(from: &Schema, to: &Schema) -> Option<Self> {
        if to.continues_keys_of(from) {
            return Self::of_cells(from, to);
        }
        Some(Self {
            starts: vec![None; to.metrics().len()],
        })
    }

    /// The same whatever keys are.
    fn of_cells(from: &Schema, to: &Schema) -> Option<Self> {
        if from.identity() == to.identity() {
            return None;
        }
        let start = |identity: String| {
            let same = from
                .metrics()
                .iter()
                .find(|metric| metric.identity() == identity);
            same.map(|metric| metric.cells().start)
        };
        Some(Self {
            starts: to
                .metrics()
                .iter()
                .map(|metric| start(metric.identity()))
                .collect(),
        })
    }

    /// How many metrics have their values in both.
    pub(super) fn kept(&self) -> usize {
        self.starts.iter().flatten().count()
    }

    /// Appends `cells` in the order of the schema `to`; metrics that are new there are unset.
    pub(super) fn apply(&self, cells: &[u64], to: &Schema, into: &mut Vec<u64>) {
        for (metric, start) in to.metrics().iter().zip(&self.starts) {
            match start {
                Some(start) => into.extend(&cells[*start..start + metric.cells().len()]),
                None => into.extend(metric.initial()),
            }
        }
    }
}

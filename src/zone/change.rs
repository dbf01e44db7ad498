//! Changes that somebody asks for by key, rather than samples that requests bring along.
//!
//! Several changes are made together or not at all, and under a name they are made once, however often
//! they are asked for.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ledger::Removal;
use super::store::{Slot, Store};
use super::update::StoredKey;
use super::{Unusable, Zone};
use crate::metric::{Assignment, Moment, Schema, is_truncated, stored_key};

/// What is to become of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// Of a longer key only the first 255 bytes are kept; not empty.
    pub key: &'a [u8],
    /// What to do with it.
    pub action: Action,
    /// A text of at most 255 bytes that is kept with the key, if it has none yet.
    pub help: Option<&'a [u8]>,
}

/// What to do with a key. Values are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Make it, with the values that its metrics begin with; one that is there stays as it is.
    Create,
    /// `gauge` and `last` become this; every other mode, and a zone of several metrics, takes it as a sample.
    Put(f64),
    /// Change the number that is stored; not for every mode.
    Assign(Assignment),
    /// Take it away.
    Remove,
}

/// What happens to a change of a key that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is refused, and with it all others.
    Refuse,
    /// The key is made first.
    Create,
}

/// A name under which changes are made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once<'a> {
    /// Whoever asks for the same again uses the same name; of any length.
    pub name: &'a [u8],
    /// For so many nanoseconds the name is remembered, if there is room.
    pub lifetime: u64,
}

/// What became of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// They are made.
    Applied {
        /// How many keys did not exist before.
        created: usize,
        /// What must be on disk before the changes are.
        record: Vec<u8>,
    },
    /// They were made already, under the same name.
    Replayed {
        /// How many keys did not exist before, then.
        created: usize,
    },
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChanged {
    /// The key of the change in this place is not there.
    #[error("there is no such key")]
    Unknown(usize),
    /// The change in this place is none that the zone's mode allows.
    #[error("the zone's mode does not allow it")]
    Unsupported(usize),
    /// The key of the change in this place is the zone's discard key.
    #[error("the key is the discard key")]
    Reserved(usize),
    /// There is no room for all of it.
    #[error("no room in the zone")]
    Full,
    /// The zone's memory cannot be used any more.
    #[error("the zone is damaged")]
    Damaged,
}

impl Zone {
    /// Makes all the changes, or none of them.
    ///
    /// # Errors
    /// Why none was made.
    pub fn change(
        &self,
        changes: &[Change<'_>],
        missing: Missing,
        _once: Option<Once<'_>>,
        now: Moment,
    ) -> Result<Changed, NotChanged> {
        let access = self.access().map_err(|_: Unusable| NotChanged::Damaged)?;
        let store = &access.view.store;
        let planned: Vec<Planned<'_>> = changes
            .iter()
            .enumerate()
            .map(|(place, change)| store.plan(place, change, missing, now))
            .collect::<Result<_, _>>()?;
        let created = planned.iter().filter(|one| one.slot.is_none()).count();
        for one in planned {
            store.apply(&one, now)?;
        }
        Ok(Changed::Applied {
            created,
            record: Vec::new(),
        })
    }

    /// Whether some key has a text.
    pub fn has_help(&self) -> bool {
        false
    }

    /// Appends the text kept with a key; false if there is none.
    pub fn help(&self, _key: &[u8], _out: &mut Vec<u8>) -> bool {
        false
    }
}

/// A change that can be made.
struct Planned<'a> {
    key: StoredKey<'a>,
    slot: Option<Slot>,
    /// What its cells become; nothing if the key goes.
    cells: Option<Vec<u64>>,
}

impl Store {
    fn plan<'a>(
        &self,
        place: usize,
        change: &Change<'a>,
        missing: Missing,
        now: Moment,
    ) -> Result<Planned<'a>, NotChanged> {
        let key = StoredKey {
            bytes: stored_key(change.key),
            is_truncated: is_truncated(change.key),
        };
        if self.is_discard_key(key.bytes) {
            return Err(NotChanged::Reserved(place));
        }
        let slot = self.find(key.bytes, self.hash(key.bytes));
        if slot.is_none() && missing == Missing::Refuse && change.action != Action::Create {
            return Err(NotChanged::Unknown(place));
        }
        let before = slot.map_or_else(|| first_cells(&self.schema), |slot| self.copy_cells(slot));
        let cells = match change.action {
            Action::Create => Some(before),
            Action::Remove => None,
            Action::Put(value) => Some(put(&self.schema, before, value, now)),
            Action::Assign(assignment) => Some(
                assign(&self.schema, before, assignment).ok_or(NotChanged::Unsupported(place))?,
            ),
        };
        Ok(Planned { key, slot, cells })
    }

    fn apply(&self, planned: &Planned<'_>, now: Moment) -> Result<(), NotChanged> {
        match (planned.slot, &planned.cells) {
            (Some(slot), Some(cells)) => {
                for (cell, bits) in self.cells(slot).iter().zip(cells) {
                    cell.store(*bits, Ordering::Release);
                }
            }
            (Some(slot), None) => self.remove(slot, Removal::Absorbed, now),
            (None, Some(cells)) => {
                let needed = self.geometry.slots_for(planned.key.bytes.len());
                let slots = self.allocate(needed).ok_or(NotChanged::Full)?;
                for (cell, bits) in self.cells(slots[0]).iter().zip(cells) {
                    cell.store(*bits, Ordering::Release);
                }
                self.insert(&slots, planned.key, self.hash(planned.key.bytes), 0);
            }
            (None, None) => {}
        }
        Ok(())
    }
}

/// What the cells of a key hold that was made without a sample: zero where the number itself is stored.
fn first_cells(schema: &Schema) -> Vec<u64> {
    let cells = schema.initial().collect();
    assign(schema, cells, Assignment::Set(0.0)).unwrap_or_else(|| schema.initial().collect())
}

/// Makes one metric's stored number another; nothing where that has no meaning.
fn assign(schema: &Schema, mut cells: Vec<u64>, assignment: Assignment) -> Option<Vec<u64>> {
    match schema.metrics() {
        [metric] => metric
            .mode()
            .assign(&mut cells, assignment)
            .then_some(cells),
        _ => None,
    }
}

fn put(schema: &Schema, cells: Vec<u64>, value: f64, now: Moment) -> Vec<u64> {
    let set = assign(schema, cells.clone(), Assignment::Set(value));
    set.unwrap_or_else(|| {
        let cells: Vec<AtomicU64> = cells.into_iter().map(AtomicU64::new).collect();
        schema.record(&cells, value, now);
        cells.into_iter().map(AtomicU64::into_inner).collect()
    })
}

//! Changes that somebody asks for by key, rather than samples that requests bring along.
//!
//! Several changes are made together or not at all, and under a name they are made once, however often
//! they are asked for. What they come to is worked out here, under the lock and with the keys in nobody
//! else's hands; `transaction` makes it so.

use std::collections::HashSet;

use super::cells::{assign, first_cells, put};
use super::marker::Patience;
use super::note::{LONGEST_TEXT, Name, Note, Receipt};
use super::record::{Head, stamp_of};
use super::stamp::Clock;
use super::store::{Slot, Store};
use super::transaction::{Becomes, Step, Transaction};
use super::update::{Room, StoredKey};
use super::view::View;
use super::{NotChanged, Zone};
use crate::metric::{Assignment, Moment, is_truncated, stored_key};

/// What is to become of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// Of a longer key only the first 255 bytes are kept; not empty.
    pub key: &'a [u8],
    /// What to do with it.
    pub action: Action,
    /// A text of at most 255 bytes that is kept with the key, if it has none yet and stays.
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
    /// For so many nanoseconds the name is remembered.
    pub lifetime: u64,
    /// Whose name it is: everybody has a share of the room for names.
    pub owner: &'a [u8],
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
        /// What must be on disk before they are: who made them may not have come to that.
        record: Vec<u8>,
    },
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
        once: Option<Once<'_>>,
        now: Moment,
    ) -> Result<Changed, NotChanged> {
        loop {
            let access = self.access_with_room()?;
            let wanted = (changes, missing, Patience::Long);
            if let Some(changed) = self.try_change(access.view, wanted, once, now)? {
                return Ok(changed);
            }
            access.give_way();
        }
    }

    /// The same for somebody who must not wait: nothing is changed where it would take long.
    ///
    /// # Errors
    /// As above.
    pub fn change_soon(
        &self,
        changes: &[Change<'_>],
        missing: Missing,
        once: Option<Once<'_>>,
        now: Moment,
    ) -> Result<Option<Changed>, NotChanged> {
        let Some(access) = self.access_with_room_briefly()? else {
            return Ok(None);
        };
        let wanted = (changes, missing, Patience::Brief);
        match self.try_change(access.view, wanted, once, now) {
            Err(NotChanged::Busy) => Ok(None),
            changed => changed,
        }
    }

    /// The same in a zone that is locked; nothing if others should have the lock before more room is made.
    fn try_change(
        &self,
        view: &View,
        (changes, missing, patience): (&[Change<'_>], Missing, Patience),
        once: Option<Once<'_>>,
        now: Moment,
    ) -> Result<Option<Changed>, NotChanged> {
        if !view.has_own_keys {
            return Err(NotChanged::Renamed);
        }
        let (store, now) = (&view.store, self.moment(now));
        let name = once.map(|once| store.receipt_name(once.name));
        if let Some(name) = name
            && let Some(receipt) = store.receipt(name, now)
        {
            let keys = changes.iter().map(|change| stored_key(change.key));
            let record = match self.keeps_record {
                true => store.record_again(keys, (name, receipt), now),
                false => Vec::new(),
            };
            let created = receipt.created as usize;
            return Ok(Some(Changed::Replayed { created, record }));
        }
        if let Some(name) = name {
            store.retire_receipt(name);
        }
        let receipt = name.zip(once).map(|(name, once)| {
            let end = Moment(now.0.saturating_add(once.lifetime));
            let receipt = Receipt {
                created: 0,
                end: stamp_of(end).saturating_add(1),
                owner: store.owner(once.owner),
            };
            (name, receipt)
        });
        let plan = Plan {
            store,
            changes,
            missing,
            patience,
            receipt,
            clock: Clock {
                now,
                last: &self.last_stamp,
            },
        };
        plan.carry_out(self.keeps_record)
    }
}

/// Changes about to be made, under the lock.
struct Plan<'a> {
    store: &'a Store,
    changes: &'a [Change<'a>],
    missing: Missing,
    /// With whoever is at one of the keys.
    patience: Patience,
    receipt: Option<(Name, Receipt)>,
    clock: Clock<'a>,
}

impl<'a> Plan<'a> {
    fn carry_out(&self, keeps_record: bool) -> Result<Option<Changed>, NotChanged> {
        self.check_keys()?;
        let Some(slots) = self.with_room()? else {
            return Ok(None);
        };
        let present: Vec<Slot> = slots.iter().flatten().copied().collect();
        if !self.store.seize(&present, self.patience) {
            self.store.let_go(&present);
            return Err(NotChanged::Busy);
        }
        let steps = self.steps(&slots);
        let steps = steps.inspect_err(|_| self.store.release_parked(&present))?;
        let created = slots.iter().filter(|slot| slot.is_none()).count();
        let receipt = |(name, receipt)| {
            let created = created as u64;
            (name, Note::Receipt(Receipt { created, ..receipt }))
        };
        let transaction = Transaction {
            steps,
            receipt: self.receipt.map(receipt),
            now: self.clock.now,
        };
        if !self.store.transact(&transaction) {
            self.store.release_parked(&present);
            return Err(NotChanged::Full);
        }
        let record = if keeps_record {
            self.store.record(&transaction)
        } else {
            Vec::new()
        };
        Ok(Some(Changed::Applied { created, record }))
    }

    /// Refuses keys that nobody may change, and a second change of one key.
    fn check_keys(&self) -> Result<(), NotChanged> {
        let mut seen = HashSet::new();
        for (place, change) in self.changes.iter().enumerate() {
            let key = stored_key(change.key);
            if key.is_empty() || self.store.is_discard_key(key) || !seen.insert(key) {
                return Err(NotChanged::Reserved(place));
            }
        }
        Ok(())
    }

    /// The slots of the keys that are there, once there is room for everything else. Nothing is given up for
    /// changes that could not be made all the same, and no key that they are about. Nothing if others should have the lock
    /// before more room is made.
    fn with_room(&self) -> Result<Option<Vec<Option<Slot>>>, NotChanged> {
        let slots = self.look_up()?;
        self.check_modes()?;
        let is_crowded =
            |(_, receipt): (Name, Receipt)| self.store.is_crowded(receipt.owner, self.clock.now);
        if self.receipt.is_some_and(is_crowded) {
            self.store.count_discarded();
            return Err(NotChanged::Crowded);
        }
        let needed = self.needed(&slots);
        if self.store.available() >= needed || self.needs_no_room(&slots) {
            return Ok(Some(slots));
        }
        let held = self.held(&slots) + self.store.receipts();
        if needed + held <= self.store.geometry.slots {
            self.renew(&slots);
            let room = self.store.reclaim_up_to(needed, self.clock.now);
            if room == Room::Underway {
                return Ok(None);
            }
            let again = self.look_up().ok();
            if room == Room::Made(()) && again.is_some_and(|again| again == slots) {
                return Ok(Some(slots));
            }
        }
        self.store.count_discarded();
        Err(NotChanged::Full)
    }

    /// One key that is there can be changed in its place, if nothing is to be remembered of it.
    fn needs_no_room(&self, slots: &[Option<Slot>]) -> bool {
        let brings_text = |change: &Change<'_>| self.text(change, stored_key(change.key)).is_some();
        let is_one = matches!(slots, [Some(_)]) && self.receipt.is_none();
        is_one && (!self.store.expires() || !self.changes.iter().any(brings_text))
    }

    /// Refuses what the mode of the zone does not allow.
    fn check_modes(&self) -> Result<(), NotChanged> {
        let schema = &self.store.schema;
        let is_allowed = |change: &Change<'_>| match change.action {
            Action::Assign(assignment) => assign(schema, first_cells(schema), assignment).is_some(),
            _ => true,
        };
        match self.changes.iter().position(|change| !is_allowed(change)) {
            Some(place) => Err(NotChanged::Unsupported(place)),
            None => Ok(()),
        }
    }

    /// How many slots the keys that are there take, with their texts.
    fn held(&self, slots: &[Option<Slot>]) -> usize {
        let held = |(change, slot): (&Change<'_>, &Option<Slot>)| {
            let key = stored_key(change.key);
            let text = self.store.find_note(self.store.text_name(key));
            let text = text.map_or(0, |note| 1 + self.store.note_spills(note));
            slot.map_or(0, |_| self.store.geometry.slots_for(key.len()) + text)
        };
        self.changes.iter().zip(slots).map(held).sum()
    }

    /// Makes the keys that are there the last to go.
    fn renew(&self, slots: &[Option<Slot>]) {
        for (change, slot) in self.changes.iter().zip(slots) {
            let key = stored_of(change);
            let _renewed = slot.map(|slot| self.store.renew(slot, key, self.clock, Head::has_key));
        }
    }

    fn look_up(&self) -> Result<Vec<Option<Slot>>, NotChanged> {
        let slot = |(place, change): (usize, &Change<'_>)| {
            let key = stored_key(change.key);
            let slot = self.store.find(key, self.store.hash(key));
            let makes = match change.action {
                Action::Create => true,
                Action::Remove => false,
                Action::Put(_) | Action::Assign(_) => self.missing == Missing::Create,
            };
            match slot {
                None if !makes => Err(NotChanged::Unknown(place)),
                slot => Ok(slot),
            }
        };
        self.changes.iter().enumerate().map(slot).collect()
    }

    /// How many slots the changes take while they are made.
    fn needed(&self, slots: &[Option<Slot>]) -> usize {
        let geometry = &self.store.geometry;
        let step = |(change, slot): (&Change<'_>, &Option<Slot>)| {
            let key = stored_key(change.key);
            let own = slot.map_or_else(|| geometry.slots_for(key.len()), |_| 1);
            let text = self.text(change, key);
            own + text.map_or(0, |text| self.store.slots_for_note(Note::Text(text)))
        };
        let steps = self.changes.iter().zip(slots).map(step);
        steps.sum::<usize>() + usize::from(self.receipt.is_some())
    }

    /// The text that the change brings to a key that has none.
    fn text<'c>(&self, change: &Change<'c>, key: &[u8]) -> Option<&'c [u8]> {
        let stays = change.action != Action::Remove;
        let text = change.help.filter(|text| stays && !text.is_empty())?;
        let has_one =
            self.store.texts() > 0 && self.store.find_note(self.store.text_name(key)).is_some();
        (!has_one).then(|| &text[..text.len().min(LONGEST_TEXT)])
    }

    /// What becomes of each key; those that are there are parked.
    fn steps(&self, slots: &[Option<Slot>]) -> Result<Vec<Step<'a>>, NotChanged> {
        let steps = self.changes.iter().zip(slots).enumerate();
        steps
            .map(|(place, (change, slot))| {
                self.step(change, *slot)
                    .ok_or(NotChanged::Unsupported(place))
            })
            .collect()
    }

    /// What becomes of one key; nothing if its mode does not allow it.
    fn step(&self, change: &Change<'a>, slot: Option<Slot>) -> Option<Step<'a>> {
        let bytes = stored_key(change.key);
        let before = slot.map_or(0, |slot| self.store.head(slot).stamp());
        // What is written down is put in order by its stamp.
        let stamp = self.store.stamp(self.clock, before).max(before + 1);
        self.store.raise_latest(stamp);
        Some(Step {
            key: stored_of(change),
            slot,
            becomes: self.becomes(change.action, slot)?,
            text: self.text(change, bytes),
            stamp,
        })
    }

    fn becomes(&self, action: Action, slot: Option<Slot>) -> Option<Becomes> {
        let schema = &self.store.schema;
        let before = slot.map_or_else(|| first_cells(schema), |slot| self.store.copy_cells(slot));
        Some(match action {
            Action::Create => Becomes::Cells(before),
            Action::Remove => Becomes::Nothing,
            Action::Put(value) => Becomes::Cells(put(schema, before, value, self.clock.now)),
            Action::Assign(assignment) => Becomes::Cells(assign(schema, before, assignment)?),
        })
    }
}

fn stored_of<'a>(change: &Change<'a>) -> StoredKey<'a> {
    StoredKey {
        bytes: stored_key(change.key),
        is_truncated: is_truncated(change.key),
    }
}

//! Edits: several keys looked at and changed together under the lock, for features that use cells by themselves.
//!
//! All of an edit is made or none of it, at whatever instruction a process dies (see `transaction`). What it makes
//! may cost other keys their place, if the policy says so, but never a pinned one. The last few slots are left to
//! edits that make nothing, so that keys can be changed and taken away in a zone however full.

use super::access::Access;
use super::layout::header;
use super::marker::Patience;
use super::note::Note;
use super::record::{Head, KeyBytes, PINNED_STAMP, State};
use super::slots::Taken;
use super::stamp::Clock;
use super::store::{Slot, Store};
use super::transaction::{Becomes, Step, Transaction};
use super::update::StoredKey;
use super::view::View;
use super::{NotChanged, Spot, Zone};
use crate::metric::{Moment, is_truncated, stored_key};
use crate::os::atomic::AtomicU64;

/// So many slots are left to edits that make nothing.
const RESERVE: usize = 8;

/// How long a key stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// Until somebody removes it.
    Pinned,
    /// Until it is the oldest one and its place is needed, or it is inactive.
    Evictable,
}

/// What is to become of a key.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    /// All of its cells.
    pub cells: &'a [u64],
    /// How long it stays.
    pub stay: Stay,
    /// A text that takes the place of the one it has, if it has one; cut where the zone keeps no longer ones.
    pub text: Option<&'a [u8]>,
}

/// The right to look at keys and change them.
pub struct Edit<'z> {
    view: &'z View,
    clock: Clock<'z>,
    steps: Vec<Staged>,
    seized: Vec<Slot>,
}

/// A change that waits for the others.
struct Staged {
    key: Vec<u8>,
    is_truncated: bool,
    becomes: Option<(Vec<u64>, Stay)>,
    text: Option<Vec<u8>>,
}

impl Zone {
    /// Lets `work` look at keys and change them, with everybody else who takes the lock kept away meanwhile. `work`
    /// uses the zone through the edit alone.
    ///
    /// # Errors
    /// When the lock cannot be had, or the zone is damaged or another configuration's.
    pub fn edit<R>(
        &self,
        now: Moment,
        work: impl FnOnce(&mut Edit<'_>) -> R,
    ) -> Result<R, NotChanged> {
        self.edit_with(&self.access_with_room()?, now, work)
    }

    /// The same for somebody who must not wait: nothing is done where it would take long.
    ///
    /// # Errors
    /// As above.
    pub fn edit_soon<R>(
        &self,
        now: Moment,
        work: impl FnOnce(&mut Edit<'_>) -> R,
    ) -> Result<Option<R>, NotChanged> {
        let access = self.access_with_room_briefly()?;
        let edited = access.map(|access| self.edit_with(&access, now, work));
        edited.transpose()
    }

    fn edit_with<R>(
        &self,
        access: &Access<'_>,
        now: Moment,
        work: impl FnOnce(&mut Edit<'_>) -> R,
    ) -> Result<R, NotChanged> {
        if access.view.is_foreign() {
            return Err(NotChanged::Damaged);
        }
        let mut edit = Edit {
            view: access.view,
            clock: self.clock(self.moment(now)),
            steps: Vec::new(),
            seized: Vec::new(),
        };
        let result = work(&mut edit);
        edit.release();
        Ok(result)
    }
}

impl Store {
    /// How many slots are left to edits that make nothing; none where no feature makes any.
    pub(super) fn reserve(&self) -> usize {
        if self.schema.is_words() { RESERVE } else { 0 }
    }

    /// Slots for a key or text that is not of this zone yet, but those that are left to edits.
    pub(super) fn allocate_outside_reserve(&self, count: usize) -> Option<Taken> {
        match self.available() >= count + self.reserve() {
            true => self.allocate(count),
            false => None,
        }
    }
}

impl Edit<'_> {
    /// The zone's time.
    pub fn now(&self) -> Moment {
        self.clock.now
    }

    /// How many keys there are.
    pub fn len(&self) -> u64 {
        self.store().get(header::LIVE)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of a key's cells, which others may be changing meanwhile.
    pub fn read(&self, key: &[u8]) -> Option<Vec<u64>> {
        self.find(key).map(|slot| self.store().copy_cells(slot))
    }

    /// The cells of a key themselves.
    pub fn cells(&self, key: &[u8]) -> Option<&[AtomicU64]> {
        let slot = self.find(key)?;
        self.store().mark_dirty(slot);
        Some(self.store().cells(slot))
    }

    /// Where a key lies now.
    pub fn spot(&self, key: &[u8]) -> Option<Spot> {
        self.find(key).map(|slot| self.view.spot(slot))
    }

    /// A copy of a key's cells that nobody changes until the edit ends. Who wants to change a key that others change
    /// without the lock must have it like this.
    ///
    /// # Errors
    /// When a process that does not move is at the key.
    pub fn seize(&mut self, key: &[u8]) -> Result<Option<Vec<u64>>, NotChanged> {
        let Some(slot) = self.find(key) else {
            return Ok(None);
        };
        if !self.seized.contains(&slot) {
            if !self.store().seize(&[slot], Patience::Short) {
                self.store().let_go(&[slot]);
                return Err(NotChanged::Busy);
            }
            self.seized.push(slot);
        }
        Ok(Some(self.store().copy_cells(slot)))
    }

    /// Shows every key with its cells.
    pub fn each_key(&self, visit: &mut dyn FnMut(&[u8], &[AtomicU64])) {
        let store = self.store();
        for slot in store.used_slots() {
            let mut bytes = KeyBytes::new();
            if store.head(slot).has_key()
                && let Some(key) = store.copy_key(slot, &mut bytes)
            {
                visit(key, store.cells(slot));
            }
        }
    }

    /// Appends the text kept with a key; false if there is none.
    pub fn text(&self, key: &[u8], out: &mut Vec<u8>) -> bool {
        self.store().copy_text(stored_key(key), out)
    }

    /// A key is to be this when the edit is committed; made if it is not there.
    pub fn put(&mut self, key: &[u8], put: Put<'_>) {
        let longest = self.store().longest_text();
        self.stage(Staged {
            key: stored_key(key).into(),
            is_truncated: is_truncated(key),
            becomes: Some((put.cells.into(), put.stay)),
            text: put.text.map(|text| text[..text.len().min(longest)].into()),
        });
    }

    /// A key is to be gone when the edit is committed.
    pub fn remove(&mut self, key: &[u8]) {
        self.stage(Staged {
            key: stored_key(key).into(),
            is_truncated: false,
            becomes: None,
            text: None,
        });
    }

    /// Forgets what was to be done.
    pub fn forget(&mut self) {
        self.steps.clear();
    }

    /// Counts something that found no place.
    pub fn count_discarded(&self) {
        self.store().count_discarded();
    }

    /// Makes all that was to be done true, or nothing of it, and forgets it.
    ///
    /// # Errors
    /// [`NotChanged::Full`] when there is no room, [`NotChanged::Reserved`] for a key that nobody may change.
    pub fn commit(&mut self) -> Result<(), NotChanged> {
        let steps = std::mem::take(&mut self.steps);
        if let Some(place) = steps.iter().position(|step| !self.may_change(step)) {
            return Err(NotChanged::Reserved(place));
        }
        let slots = self.with_room(&steps)?;
        let steps = steps.iter().zip(&slots);
        let steps = steps.filter_map(|(step, slot)| self.step(step, *slot));
        let transaction = Transaction {
            steps: steps.collect(),
            receipt: None,
            now: self.clock.now,
        };
        let prepared: Option<Vec<Taken>> = self.store().prepare(&transaction);
        let prepared = prepared.ok_or(NotChanged::Full)?;
        self.store().decide(&prepared);
        self.store().note_change(self.clock.now);
        Ok(())
    }

    fn store(&self) -> &Store {
        &self.view.store
    }

    fn find(&self, key: &[u8]) -> Option<Slot> {
        let key = stored_key(key);
        self.store().find(key, self.store().hash(key))
    }

    fn stage(&mut self, staged: Staged) {
        match self.steps.iter_mut().find(|step| step.key == staged.key) {
            Some(step) => *step = staged,
            None => self.steps.push(staged),
        }
    }

    fn may_change(&self, step: &Staged) -> bool {
        let cells = self.store().geometry.cells;
        let fits = |(own, _): &(Vec<u64>, Stay)| own.len() == cells;
        !step.key.is_empty()
            && !self.store().is_discard_key(&step.key)
            && step.becomes.as_ref().is_none_or(fits)
    }

    /// The slots of the keys that are there, once there is room for everything else.
    fn with_room(&self, steps: &[Staged]) -> Result<Vec<Option<Slot>>, NotChanged> {
        let store = self.store();
        let look = |step: &Staged| store.find(&step.key, store.hash(&step.key));
        let slots: Vec<Option<Slot>> = steps.iter().map(look).collect();
        let needed = self.needed(steps, &slots);
        if store.available() >= needed {
            return Ok(slots);
        }
        for (step, slot) in steps.iter().zip(&slots) {
            self.renew(step, *slot);
        }
        store.reclaim_at_once(needed, self.clock.now);
        let again: Vec<Option<Slot>> = steps.iter().map(look).collect();
        match store.available() >= needed && again == slots {
            true => Ok(slots),
            false => Err(NotChanged::Full),
        }
    }

    /// How many slots the steps take while they are made, and those that they must leave.
    fn needed(&self, steps: &[Staged], slots: &[Option<Slot>]) -> usize {
        let (mut needed, mut makes) = (0, false);
        for (step, slot) in steps.iter().zip(slots) {
            let text = step.text.as_deref();
            let text = text.map_or(0, |text| self.store().slots_for_note(Note::Text(text)));
            needed += text;
            makes |= text > 0;
            match (slot, &step.becomes) {
                (Some(_), _) => needed += 1,
                (None, None) => {}
                (None, Some(_)) => {
                    needed += self.store().geometry.slots_for(step.key.len());
                    makes = true;
                }
            }
        }
        needed + if makes { self.store().reserve() } else { 0 }
    }

    /// Makes a key that is about to be changed the last to go.
    fn renew(&self, step: &Staged, slot: Option<Slot>) {
        if let Some(slot) = slot
            && self.store().head(slot).is_evictable()
        {
            let key = stored_of(step);
            let wanted = |head: Head| head.state() == State::Live;
            self.store().renew(slot, key, self.clock, wanted);
        }
    }

    fn step<'s>(&self, staged: &'s Staged, slot: Option<Slot>) -> Option<Step<'s>> {
        let stays = |(_, stay): &(_, Stay)| *stay;
        let stamp = match staged.becomes.as_ref().map(stays) {
            Some(Stay::Pinned) => PINNED_STAMP,
            Some(Stay::Evictable) => self.store().stamp(self.clock, 0),
            None => 0,
        };
        let becomes = match &staged.becomes {
            Some((cells, _)) => Becomes::Cells(cells.clone()),
            None if slot.is_some() => Becomes::Nothing,
            None => return None,
        };
        Some(Step {
            key: stored_of(staged),
            slot,
            becomes,
            text: staged.text.as_deref(),
            stamp,
        })
    }

    fn release(&self) {
        self.store().release_parked(&self.seized);
    }
}

fn stored_of(step: &Staged) -> StoredKey<'_> {
    StoredKey {
        bytes: &step.key,
        is_truncated: step.is_truncated,
    }
}

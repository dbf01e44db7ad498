//! Updates that are put off: those for which the lock cannot be had soon are made by another thread, which may wait.
//!
//! An event loop waits for the lock for two milliseconds at most, and looks for room for a few pieces of work. What is not made by then
//! joins a queue of this process, which a thread works off in order ([`Zone::work_off`]). While something is in it, nobody waits for the lock at all: keys
//! that need none are updated as ever, but for those of which an update is in the queue; these and all that takes the lock go behind it.
//! So of one key's updates by one thread none overtakes another.
//!
//! The queue has room for so much as comes in some tenths of a second, and grows to sixteen times that while whoever has the lock works, as
//! when he puts a large zone in order. Where it is full because he was stopped, updates are refused, counted and told. What
//! is in it is lost with the process if that is killed.

use std::sync::Arc;

use super::access::{Access, Brief};
use super::layout::root;
use super::queue::{Batch, Fate, Kind, Later, Waiting, Way};
use super::stamp::Clock;
use super::update::{Sample, StoredKey};
use super::{Refused, Unusable, Update, Zone, storable};
use crate::metric::{Moment, is_truncated, stored_key};
use crate::os::atomic::Ordering;

/// Tells where an update goes of which that was left open; may wait.
pub type Decide<'a> = &'a dyn Fn(&[u8]) -> Way;

/// What is done with an update that was put off and then refused.
pub type Tell<'a> = &'a mut dyn FnMut(&[u8], f64, Refused);

impl Zone {
    /// From now on updates that would have to wait are put off. Whoever is told that one [is waiting](Update::Waiting) sees to it that
    /// it is made.
    pub fn put_off_updates(&mut self) {
        self.later = Later::open();
    }

    /// Whether updates are waiting that nobody sees to: it is up to the caller then, who calls [`Zone::work_off`] until that has come
    /// to its end.
    pub fn claim_updates(&self) -> bool {
        self.later.claim()
    }

    /// Whether updates are waiting in this process.
    pub fn are_updates_waiting(&self) -> bool {
        self.later.is_any()
    }

    /// Puts an update off of which it cannot be told soon where it goes; whoever works it off decides.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn leave_open(
        &self,
        key: &[u8],
        value: f64,
        now: Moment,
    ) -> Result<(Update, Arc<Fate>), Refused> {
        let fate = Arc::new(Fate::new());
        let updated = self.put_off_open(Kind::Open, (key, value, now), Arc::clone(&fate))?;
        Ok((updated, fate))
    }

    /// Takes back what was given to a key, or to whichever got that in its place.
    ///
    /// # Errors
    /// As above.
    pub fn take_back_open(
        &self,
        key: &[u8],
        value: f64,
        now: Moment,
        fate: Arc<Fate>,
    ) -> Result<Update, Refused> {
        self.put_off_open(Kind::TakeBackOpen, (key, value, now), fate)
    }

    fn put_off_open(
        &self,
        kind: Kind,
        (key, value, now): (&[u8], f64, Moment),
        fate: Arc<Fate>,
    ) -> Result<Update, Refused> {
        self.join_queue(Waiting {
            is_truncated: is_truncated(key),
            fate: Some(fate),
            ..Waiting::new(kind, stored_key(key), storable(value), self.moment(now))
        })
    }

    /// Makes the updates that are waiting, until there are none, and gives the claim back.
    ///
    /// # Errors
    /// When the lock cannot be had, now or ever. Whoever has claimed the updates still has.
    pub fn work_off(&self, decide: Decide<'_>, tell: Tell<'_>) -> Result<(), Unusable> {
        self.end_with(&mut |zone, batch| zone.make(batch, decide, tell))
    }

    /// Refuses the updates that are waiting, and gives the claim back.
    pub fn give_up_updates(&self, tell: Tell<'_>) {
        let error = Unusable::Held(self.root.mutex.owner_process().unwrap_or(0));
        let _never_fails = self.end_with(&mut |zone, batch| {
            while let Some(update) = batch.first() {
                tell(&update.key, update.value, zone.refuse(&error));
                batch.done();
            }
            Ok(())
        });
    }

    /// Counts those that are waiting as refused, because the process ends; says how many they are.
    pub fn abandon_updates(&self) -> usize {
        let waiting = self.later.len();
        let word = self.root.word(root::REFUSED);
        word.fetch_add(waiting as u64, Ordering::Relaxed);
        waiting
    }

    /// Whether the lock is free, or whoever has it works.
    pub(super) fn is_lock_moving(&self) -> bool {
        let lock = &self.root.mutex;
        lock.is_owner_moving() || lock.owner_process().is_none()
    }

    fn end_with(
        &self,
        end: &mut dyn FnMut(&Self, &mut Batch<'_>) -> Result<(), Unusable>,
    ) -> Result<(), Unusable> {
        while let Some(mut batch) = self.later.take(self) {
            if !batch.is_empty() {
                end(self, &mut batch)?;
                continue;
            }
            drop(batch);
            self.later.give_claim_back();
            // Whoever came before that has left it to this one.
            if self.later.len() == 0 || !self.later.claim() {
                break;
            }
        }
        Ok(())
    }

    /// Makes the updates of a batch, under one hold of the lock if that goes.
    fn make(
        &self,
        batch: &mut Batch<'_>,
        decide: Decide<'_>,
        tell: Tell<'_>,
    ) -> Result<(), Unusable> {
        while !batch.is_empty() {
            batch.settle_first(decide);
            let access = self.access()?;
            while let Some(update) = batch.first().filter(|update| !update.is_open()) {
                let sample = self.sample_of(update);
                let Some(made) = access.feed(update.kind, &sample, None) else {
                    break;
                };
                if let Err(refused) = made {
                    tell(&update.key, update.value, refused);
                }
                batch.done();
            }
            access.give_way();
        }
        Ok(())
    }

    fn sample_of<'a>(&'a self, update: &'a Waiting) -> Sample<'a> {
        Sample {
            key: StoredKey {
                bytes: &update.key,
                is_truncated: update.is_truncated,
            },
            value: update.value,
            clock: Clock {
                now: update.now,
                last: &self.last_stamp,
            },
        }
    }

    /// Feeds a value under the lock, or puts it off where that would take long; `known` is the key's hash in the layout of a
    /// sequence.
    pub(super) fn feed(
        &self,
        kind: Kind,
        sample: &Sample<'_>,
        known: Option<(u64, u64)>,
    ) -> Result<Update, Refused> {
        let mut brief = Brief::default();
        loop {
            let access = match self.later.is_on() {
                false => self.access().map(Some),
                true if self.later.is_any() => Ok(None),
                true => self.access_briefly(&mut brief),
            };
            let Some(access) = access.map_err(|error| self.refuse(&error))? else {
                return self.put_off(kind, sample);
            };
            if let Some(made) = access.feed(kind, sample, known) {
                return made;
            }
            access.give_way();
            if self.later.is_on() && brief.is_over() {
                return self.put_off(kind, sample);
            }
        }
    }

    #[cold]
    fn put_off(&self, kind: Kind, sample: &Sample<'_>) -> Result<Update, Refused> {
        let (value, now) = (sample.value, sample.clock.now);
        self.join_queue(Waiting {
            is_truncated: sample.key.is_truncated,
            ..Waiting::new(kind, sample.key.bytes, value, now)
        })
    }

    fn join_queue(&self, update: Waiting) -> Result<Update, Refused> {
        if self.later.push(update, self) {
            return Ok(Update::Waiting);
        }
        let owner = self.root.mutex.owner_process().unwrap_or(0);
        Err(self.refuse(&Unusable::Held(owner)))
    }

    /// Counts an update for which the lock could not be had.
    #[cold]
    fn refuse(&self, error: &Unusable) -> Refused {
        let word = self.root.word(root::REFUSED);
        word.fetch_add(1, Ordering::Relaxed);
        match error {
            Unusable::Held(process) => Refused::Held(*process),
            _ => Refused::Damaged,
        }
    }
}

impl Access<'_> {
    /// Feeds a value to its key; nothing if that takes room which is to be looked for once more when others have had the lock.
    fn feed(
        &self,
        kind: Kind,
        sample: &Sample<'_>,
        known: Option<(u64, u64)>,
    ) -> Option<Result<Update, Refused>> {
        let store = &self.view.store;
        let (value, now) = (sample.value, sample.clock.now);
        match kind {
            Kind::Discard => {
                let is_made = store.record_discarded(value, now);
                return Some(is_made.then_some(Update::Accounted).ok_or(Refused::Full));
            }
            // Whoever calls has settled where they go.
            Kind::Open | Kind::TakeBackOpen | Kind::TakeBackNothing => {
                return Some(Ok(Update::Ignored));
            }
            Kind::TakeBackDiscarded => return Some(Ok(store.taken_back(value, now))),
            _ if !self.view.has_own_keys => return Some(Ok(Update::Ignored)),
            Kind::Update | Kind::TakeBack => {}
        }
        let hash = match known {
            Some((sequence, hash)) if self.view.sequence == sequence => hash,
            _ => store.hash(sample.key.bytes),
        };
        if kind == Kind::Update {
            return store.update(sample, hash);
        }
        let update = store.update_present(sample, hash);
        Some(Ok(update.unwrap_or_else(|| store.taken_back(value, now))))
    }
}

//! The right to use everything in a zone: its lock, with what a dead owner left put in order.
//!
//! Whoever finds that the last owner of the lock died notes it in the root, and from then on it is the zone that is not in order and
//! no longer the lock: it may be given back, and the next one who has time puts the zone in order. That takes time in proportion to the
//! zone, so event loops leave it to others (see `later`).

use std::time::Duration;

use super::layout::root;
use super::recency::Progress;
use super::root::Root;
use super::slots::MOST_TAKEN;
use super::store::Store;
use super::view::View;
use super::{Unusable, Zone};
use crate::os::atomic::sleep;
use crate::os::{LockError, Locked, MutexGuard, monotonic};

/// Long enough for somebody who waits for the lock to take it.
const TURN: Duration = Duration::from_micros(20);
/// So many nanoseconds an event loop waits for the lock.
const BRIEFLY: u64 = 2_000_000;
/// So often one goes on with the search for room that a key needs.
const PIECES: usize = 4;

/// The right to use a zone, with the view of it that is right now.
pub(super) struct Access<'a> {
    pub(super) view: &'a View,
    guard: Guard<'a>,
}

/// The zone's lock, and the root of the zone.
pub(super) struct Guard<'a> {
    guard: MutexGuard<'a>,
    root: &'a Root,
}

/// How long somebody who must not wait does so, over all that an update of his takes.
#[derive(Default)]
pub(super) struct Brief {
    end: Option<u64>,
    pieces: usize,
}

impl Brief {
    /// One that does not wait at all.
    fn over() -> Self {
        Self {
            end: Some(0),
            pieces: 0,
        }
    }

    fn end(&mut self) -> u64 {
        *self.end.get_or_insert_with(|| monotonic() + BRIEFLY)
    }

    /// Counts one more piece of work; whether there is no time for another.
    pub(super) fn is_over(&mut self) -> bool {
        self.pieces += 1;
        self.pieces >= PIECES
    }
}

pub(super) fn locked(root: &Root) -> Result<Guard<'_>, Unusable> {
    guard(root, root.mutex.lock())
}

fn guard<'a>(root: &'a Root, locked: Result<Locked<'a>, LockError>) -> Result<Guard<'a>, Unusable> {
    #[cfg(test)]
    super::tests::work::begin();
    match locked {
        Ok(Locked::Clean(guard)) => Ok(Guard { guard, root }),
        Ok(Locked::OwnerDied(guard)) => {
            root.set(root::UNSETTLED, 1);
            guard.repaired();
            Ok(Guard { guard, root })
        }
        Err(LockError::Held(process)) => Err(Unusable::Held(process)),
        Err(LockError::Busy) => Err(Unusable::Held(0)),
        Err(LockError::Damaged) => Err(Unusable::Corrupt("the lock cannot be had")),
    }
}

impl Access<'_> {
    /// Goes on with the search for the key to be evicted first, if one may have to be; whether there is more of it.
    fn is_in_search_of_room(&self) -> bool {
        let store = &self.view.store;
        let has_room = !store.expires() || store.available() > MOST_TAKEN;
        !has_room && store.advance_sweep() == Progress::Underway
    }

    /// Gives the right back, and whoever waits for it time to take it.
    pub(super) fn give_way(self) {
        self.guard.give_way();
    }
}

impl Guard<'_> {
    /// Unlocks, and gives whoever waits for the lock time to take it.
    pub(super) fn give_way(self) {
        let is_wanted = self.guard.is_wanted();
        drop(self);
        if is_wanted {
            sleep(TURN);
        }
    }

    /// Puts in order what a dead owner may have left behind.
    pub(super) fn settle(&self, store: &Store) {
        if self.is_unsettled() {
            store.rebuild();
            self.root.set(root::UNSETTLED, 0);
        }
    }

    fn is_unsettled(&self) -> bool {
        self.root.get(root::UNSETTLED) != 0
    }
}

impl Zone {
    /// Locks the zone, puts it in order if the last owner of the lock died, and follows it if it moved.
    pub(super) fn access(&self) -> Result<Access<'_>, Unusable> {
        let guard = locked(&self.root)?;
        let view = self.current()?;
        guard.settle(&view.store);
        self.root.end_dead_move(&view.store);
        Ok(Access { view, guard })
    }

    /// The same for somebody who must not wait; nothing where it would take long.
    pub(super) fn access_briefly(&self, brief: &mut Brief) -> Result<Option<Access<'_>>, Unusable> {
        let guard = match self.root.mutex.lock_until(|| brief.end()) {
            Err(LockError::Busy | LockError::Held(_)) => return Ok(None),
            locked => guard(&self.root, locked)?,
        };
        if guard.is_unsettled() {
            return Ok(None);
        }
        let view = self.current()?;
        self.root.end_dead_move(&view.store);
        Ok(Some(Access { view, guard }))
    }

    /// The right to look at something. Who has others make his updates does not wait for it either: there is none
    /// where it would take long. Of readings in a row that would wait only the first one does.
    pub(super) fn access_to_read(&self) -> Option<Access<'_>> {
        if !self.later.is_on() {
            return self.access().ok();
        }
        let mut brief = match self.later.has_waited_in_vain() {
            false => Brief::default(),
            true => Brief::over(),
        };
        let access = self.access_briefly(&mut brief).ok().flatten();
        self.later.note_wait(access.is_none());
        access
    }

    /// The right to make a change that may need room, for somebody who must not wait.
    pub(super) fn access_with_room_briefly(&self) -> Result<Option<Access<'_>>, Unusable> {
        let mut brief = Brief::default();
        loop {
            let Some(access) = self.access_briefly(&mut brief)? else {
                return Ok(None);
            };
            if !access.is_in_search_of_room() {
                return Ok(Some(access));
            }
            access.give_way();
            if brief.is_over() {
                return Ok(None);
            }
        }
    }

    /// The right to make a change that may need room: looks for the key to be evicted first, and lets others go on meanwhile.
    pub(super) fn access_with_room(&self) -> Result<Access<'_>, Unusable> {
        loop {
            let access = self.access()?;
            if !access.is_in_search_of_room() {
                return Ok(access);
            }
            access.give_way();
        }
    }

    /// Looks for the key to be evicted next, if some are likely to be soon, and lets others go on meanwhile.
    pub(super) fn look_ahead(&self) -> Result<(), Unusable> {
        loop {
            let access = self.access()?;
            let store = &access.view.store;
            if !store.is_nearly_full() || store.advance_sweep() != Progress::Underway {
                return Ok(());
            }
            access.give_way();
        }
    }
}

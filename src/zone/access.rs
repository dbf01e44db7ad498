//! The right to use everything in a zone: its lock, with what a dead owner left put in order.

use super::root::Root;
use super::slots::MOST_TAKEN;
use super::store::Store;
use super::view::View;
use super::{Unusable, Zone};
use crate::os::{LockError, Locked, MutexGuard};

/// The right to use a zone, with the view of it that is right now.
pub(super) struct Access<'a> {
    pub(super) view: &'a View,
    _guard: Guard<'a>,
}

/// The zone's lock, and whether its last owner died.
pub(super) struct Guard<'a> {
    guard: MutexGuard<'a>,
    owner_died: bool,
}

pub(super) fn locked(root: &Root) -> Result<Guard<'_>, Unusable> {
    match root.mutex.lock() {
        Ok(Locked::Clean(guard)) => Ok(Guard {
            guard,
            owner_died: false,
        }),
        Ok(Locked::OwnerDied(guard)) => Ok(Guard {
            guard,
            owner_died: true,
        }),
        Err(LockError::Held(process)) => Err(Unusable::Held(process)),
        Err(LockError::Damaged) => Err(Unusable::Corrupt("the lock cannot be had")),
    }
}

impl Guard<'_> {
    /// Puts in order what a dead owner may have left behind.
    pub(super) fn settle(&self, store: &Store) {
        if self.owner_died {
            store.rebuild();
            self.guard.repaired();
        }
    }
}

impl Zone {
    /// Locks the zone, puts it in order if the last owner of the lock died, and follows it if it moved.
    pub(super) fn access(&self) -> Result<Access<'_>, Unusable> {
        let guard = locked(&self.root)?;
        self.root.reopen();
        let view = self.current()?;
        guard.settle(&view.store);
        Ok(Access {
            view,
            _guard: guard,
        })
    }

    /// The same for a change that may need room: looks for keys to be evicted first, and lets others go on meanwhile.
    pub(super) fn access_with_room(&self) -> Result<Access<'_>, Unusable> {
        loop {
            let access = self.access()?;
            let store = &access.view.store;
            if !store.expires() || store.available() > MOST_TAKEN || store.is_oldest_at_hand() {
                return Ok(access);
            }
        }
    }

    /// Looks for the keys to be evicted next, if they are needed soon, and lets others go on meanwhile.
    pub(super) fn look_ahead(&self) -> Result<(), Unusable> {
        while !self.access()?.view.store.has_looked_ahead() {}
        Ok(())
    }
}

//! Keys that nobody updates any more go after a while, when their zone is told to drop them (`inactive=`).
//!
//! The search takes no lock; what it finds is taken away a few keys at a time, each looked at once more with
//! nobody else using it.

use super::ledger::Removal;
use super::marker::Patience;
use super::record::{State, stamp_of};
use super::store::Slot;
use super::view::View;
use super::{Unusable, Zone};
use crate::metric::Moment;

/// So many keys are taken away at once.
const BATCH: usize = 64;

impl Zone {
    /// Drops all keys whose last update is more than `limit` nanoseconds ago; the discard key, if there is
    /// one, takes over their values. Says how many.
    ///
    /// # Errors
    /// When the zone is damaged.
    pub fn drop_inactive(&self, limit: u64, now: Moment) -> Result<usize, Unusable> {
        let now = self.moment(now);
        let oldest = stamp_of(Moment(now.0.saturating_sub(limit)));
        let view = self.view()?;
        let is_old = |slot: &Slot| {
            let head = view.store.head(*slot);
            head.is_evictable() && head.stamp() < oldest
        };
        let mut dropped = 0;
        let mut old = view.store.used_slots().filter(is_old);
        loop {
            let batch: Vec<Slot> = old.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(dropped);
            }
            dropped += self.drop_batch(view, &batch, oldest, now)?;
        }
    }

    fn drop_batch(
        &self,
        view: &View,
        slots: &[Slot],
        oldest: u64,
        now: Moment,
    ) -> Result<usize, Unusable> {
        let access = self.access()?;
        let store = &access.view.store;
        if access.view.sequence != view.sequence {
            return Ok(0);
        }
        if !store.seize(slots, Patience::Short) {
            store.let_go(slots);
            return Ok(0);
        }
        let mut dropped = 0;
        for slot in slots {
            let head = store.head(*slot);
            if head.state() == State::Parked && head.stamp() < oldest {
                store.remove(*slot, Removal::Inactive, now);
                dropped += 1;
            }
        }
        store.release_parked(slots);
        Ok(dropped)
    }
}

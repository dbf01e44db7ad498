//! When a key was updated last, as a number that orders all updates.
//!
//! A stamp is the time of the update where that is enough, so that processes need not agree on anything.
//! Where it is not, because a time was given out already or lies behind what the zone knows as the latest,
//! the stamp is one more than the latest, counted in shared memory. The latest is allowed to lag behind
//! the times given out by a little: otherwise all processes would write it at every update.

use super::record::{Head, LARGEST_STAMP, stamp_of};
use super::store::{Slot, Store};
use super::update::StoredKey;
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};

/// How far the latest stamp may lag behind, in units of a stamp.
const LAG: u64 = 1 << 9;

/// The time of an update, for one handle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock<'a> {
    pub(super) now: Moment,
    /// The last stamp this handle gave.
    pub(super) last: &'a AtomicU64,
}

/// Whether an update made from `now` on is later than `latest` by more than may lag behind.
pub(super) fn has_settled(latest: u64, now: Moment) -> bool {
    stamp_of(now) > latest.saturating_add(LAG)
}

impl Store {
    /// The stamp of an update made now to a key whose stamp is `before`: later than that of any update
    /// this handle made or the zone knows of; `before` itself if nothing is later. A new key's is zero.
    #[inline]
    pub(super) fn stamp(&self, clock: Clock<'_>, before: u64) -> u64 {
        self.stamp_soon(clock, before)
            .unwrap_or_else(|| self.later(clock.last))
    }

    /// The same if the time alone is enough, as it nearly always is.
    #[inline(always)]
    pub(super) fn stamp_at_once(&self, clock: Clock<'_>) -> Option<u64> {
        let wanted = stamp_of(clock.now);
        let ahead = wanted.wrapping_sub(self.latest.load(Ordering::Acquire));
        // Zero becomes the largest number, which is too much, as what lies behind is.
        if ahead.wrapping_sub(1) >= LAG || wanted <= clock.last.load(Ordering::Relaxed) {
            return None;
        }
        clock.last.store(wanted, Ordering::Relaxed);
        Some(wanted)
    }

    /// The same unless it has to be counted in shared memory.
    #[inline(always)]
    fn stamp_soon(&self, clock: Clock<'_>, before: u64) -> Option<u64> {
        let wanted = stamp_of(clock.now);
        let latest = self.latest.load(Ordering::Acquire);
        let own = clock.last.load(Ordering::Relaxed);
        let stamp = if wanted > latest && wanted > own {
            wanted
        } else if before > 0 && before >= own.max(latest).max(wanted) {
            return Some(before);
        } else if wanted > latest {
            // One more update by this handle at the same time, as of another key by the same request.
            own.saturating_add(1).min(LARGEST_STAMP)
        } else {
            return None;
        };
        if stamp.saturating_sub(latest) > LAG {
            self.raise_latest(stamp);
        }
        clock.last.store(stamp, Ordering::Relaxed);
        Some(stamp)
    }

    /// One more than the latest.
    #[cold]
    #[inline(never)]
    fn later(&self, last: &AtomicU64) -> u64 {
        let known = last.load(Ordering::Relaxed);
        let next = |latest: u64| Some(latest.max(known).saturating_add(1).min(LARGEST_STAMP));
        let stamp = match self
            .latest
            .fetch_update(Ordering::SeqCst, Ordering::Acquire, next)
        {
            Ok(latest) | Err(latest) => next(latest).unwrap_or(latest),
        };
        last.store(stamp, Ordering::Relaxed);
        stamp
    }

    /// Notes that something changed whose stamp does not say so.
    #[inline]
    pub(super) fn note_change(&self, now: Moment) {
        let latest = self.latest.load(Ordering::Acquire);
        if has_settled(latest, now) {
            self.raise_latest(stamp_of(now));
        }
    }

    /// Makes all later stamps that the zone gives later than this one.
    #[inline]
    pub(super) fn raise_latest(&self, stamp: u64) {
        self.latest.fetch_max(stamp, Ordering::SeqCst);
    }

    /// Notes that the key in `slot` is updated now, and makes it live; false, and nothing done, if its head
    /// is or becomes one that `may_change` refuses.
    #[inline]
    pub(super) fn renew(
        &self,
        slot: Slot,
        key: StoredKey<'_>,
        clock: Clock<'_>,
        may_change: impl Fn(Head) -> bool,
    ) -> bool {
        let mut head = self.head(slot);
        let stamp = self.stamp(clock, head.stamp());
        while may_change(head) {
            let is_truncated = key.is_truncated || head.is_truncated();
            let next = Head::live(key.bytes.len(), is_truncated, stamp.max(head.stamp()));
            if head == next {
                return true;
            }
            match self.exchange_head(slot, head, next) {
                Ok(()) => return true,
                Err(changed) => head = changed,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::header;
    use super::super::tests::store;
    use super::*;

    /// Nanoseconds between two stamps.
    const UNIT: u64 = 64;

    fn stamps(store: &Store, last: &AtomicU64, units: &[u64]) -> Vec<u64> {
        let at = |unit: &u64| {
            let now = Moment(*unit * UNIT);
            store.stamp(Clock { now, last }, 0)
        };
        units.iter().map(at).collect()
    }

    #[test]
    fn time_orders_updates_and_where_it_does_not_counting_does() {
        let store = store();
        let (one, other) = (AtomicU64::new(0), AtomicU64::new(0));
        assert_eq!(stamps(&store, &one, &[0, 0, 0]), [1, 2, 3]);
        assert_eq!(stamps(&store, &other, &[0, 3, 9]), [4, 5, 9]);
        assert_eq!(stamps(&store, &other, &[9, 5, 20]), [10, 11, 20]);
        let far = 5 * LAG;
        assert_eq!(stamps(&store, &one, &[far]), [far]);
        assert_eq!(
            stamps(&store, &other, &[20, far, far + 9]),
            [far + 1, far + 2, far + 9]
        );
    }

    #[test]
    fn updates_of_one_request_are_ordered_without_the_memory_of_others() {
        let store = store();
        let one = AtomicU64::new(0);
        assert_eq!(stamps(&store, &one, &[10, 10, 10, 11]), [10, 11, 12, 13]);
        assert_eq!(store.get(header::LATEST), 0);
        let (most, again) = (LAG as usize + 9, LAG + 20);
        let many = stamps(&store, &one, &vec![again; most]);
        assert!(many.is_sorted_by(|one, next| one < next));
        let latest = store.get(header::LATEST);
        assert!(many[most - 1] - latest <= LAG, "{latest} {many:?}");
    }

    #[test]
    fn what_is_told_at_once_is_what_is_told_otherwise() {
        let stores = [store(), store()];
        let handles = [(); 2].map(|()| [AtomicU64::new(0), AtomicU64::new(0)]);
        let (mut unit, mut at_once) = (0, 0);
        for step in 0..5_000u64 {
            unit += [0, 1, 7, LAG - 1, LAG, LAG + 1, 0, 2][step as usize % 8];
            let now = Moment((unit - step % 3 % (unit + 1)) * UNIT);
            let clock = |which: usize| Clock {
                now,
                last: &handles[which][step as usize % 5 % 2],
            };
            let before = unit * (step % 2);
            let soon = stores[0].stamp_at_once(clock(0));
            at_once += u64::from(soon.is_some());
            let stamp = soon.unwrap_or_else(|| stores[0].stamp(clock(0), before));
            assert_eq!(stamp, stores[1].stamp(clock(1), before), "{step}");
            let latest = |store: &Store| store.get(header::LATEST);
            assert_eq!(latest(&stores[0]), latest(&stores[1]), "{step}");
        }
        assert!((500..4_500).contains(&at_once), "{at_once}");
    }

    #[test]
    fn the_newest_key_keeps_its_stamp() {
        let store = store();
        let last = AtomicU64::new(0);
        let clock = Clock {
            now: Moment(10 * UNIT),
            last: &last,
        };
        let first = store.stamp(clock, 0);
        assert_eq!(store.stamp(clock, first), first);
        assert!(store.stamp(clock, first - 1) > first);
    }

    #[test]
    fn time_has_an_end() {
        let store = store();
        let last = AtomicU64::new(0);
        let end = [u64::MAX / UNIT; 3];
        assert_eq!(stamps(&store, &last, &end), [LARGEST_STAMP; 3]);
    }
}

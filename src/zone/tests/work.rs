//! How much is done under one hold of the lock, counted in slots that are looked at: a law that no busy machine can break.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::zone::sweep::PIECE;

thread_local! {
    static HERE: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
    static ALL: Cell<usize> = const { Cell::new(0) };
}

/// The lock is taken.
pub(in crate::zone) fn begin() {
    HERE.set(0);
}

/// So many slots are looked at.
pub(in crate::zone) fn note(slots: usize) {
    HERE.set(HERE.get() + slots);
    MOST.set(MOST.get().max(HERE.get()));
    ALL.set(ALL.get() + slots);
}

/// The most that was done under one hold.
pub(in crate::zone) fn most() -> usize {
    MOST.get()
}

/// All that was done.
pub(in crate::zone) fn all() -> usize {
    ALL.get()
}

/// Forgets what was counted.
pub(in crate::zone) fn clear() {
    for count in [&HERE, &MOST, &ALL] {
        count.set(0);
    }
}

/// A hold finishes what it has begun: a sample of heads, and what one candidate pays.
pub(in crate::zone) const MOST_UNDER_A_HOLD: usize = 3 * PIECE;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Pollers and devices are like that: every key is updated again and again, in the same order, and now and then there
    /// is a new one; all that were known to be the oldest are the newest by then.
    #[test]
    fn no_hold_grows_with_the_zone_whoever_is_updated_between_two_new_keys(
        updates in prop_oneof![0..4usize, 50..600usize, 3000..9000usize],
        inserts in 100..300usize,
        bytes in prop_oneof![Just(1usize << 20), Just(1 << 21)],
    ) {
        let zone = empty(bytes, &Overflow { expire: true, discard_key: None });
        let slots = zone.first.store.geometry.slots;
        prop_assert!(slots > 3 * PIECE);
        let mut order: std::collections::VecDeque<u64> = (0..slots as u64).collect();
        for key in &order {
            zone.update(&key.to_le_bytes(), 1.0, Moment(0)).unwrap();
        }
        clear();
        let (mut time, mut next) = (1 << 20, slots as u64);
        let inserts = inserts.min(200_000 / updates.max(1)).max(12);
        for _ in 0..inserts {
            for _ in 0..updates {
                let key = order.pop_front().unwrap();
                time += 64;
                zone.update(&key.to_le_bytes(), 1.0, Moment(time)).unwrap();
                order.push_back(key);
            }
            time += 64;
            zone.update(&next.to_le_bytes(), 1.0, Moment(time)).unwrap();
            order.pop_front();
            order.push_back(next);
            next += 1;
        }
        prop_assert!(MOST.get() <= MOST_UNDER_A_HOLD, "{} slots under one hold", MOST.get());
        // Each key that was a candidate in vain has paid for a part of the next sweep.
        let paid = (inserts * (updates + 1)).min(inserts * 2 * slots);
        let most = 4 * slots + paid * 1024;
        prop_assert!(ALL.get() <= most, "{} slots in all, {most} at most", ALL.get());
        let mut record = Record::default();
        for key in order {
            prop_assert!(zone.read(&key.to_le_bytes(), &mut record), "{key} is not there");
        }
        zone.verify().unwrap();
    }
}

//! Death before any chosen store: played by a panic, after which the zone is rebuilt.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::*;
use crate::metric::Reading;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(u64::MAX) };
}

pub(in crate::zone) fn step() {
    match STEPS.get() {
        u64::MAX => {}
        0 => {
            STEPS.set(u64::MAX);
            resume_unwind(Box::new("death"));
        }
        left => STEPS.set(left - 1),
    }
}

/// Does `work` until `steps` stores are done; true if it came to its end before.
pub(crate) fn after(steps: u64, work: impl FnOnce()) -> bool {
    STEPS.set(steps);
    let finished = catch_unwind(AssertUnwindSafe(work)).is_ok();
    STEPS.set(u64::MAX);
    finished
}

/// Puts a zone in order as the next owner of its lock would.
pub(crate) fn rebuild(zone: &Zone) {
    zone.last_view().store.rebuild();
}

/// The sum of all counts.
fn total(zone: &Zone) -> u64 {
    let mut total = 0;
    let _ = zone.visit(&mut |record| {
        let Reading::Integer(count) = record.reading(zone.schema(), 0, Moment(0)) else {
            panic!()
        };
        total += count;
        std::ops::ControlFlow::Continue(())
    });
    total
}

/// A full zone, and how many updates it has seen: several for every key, so that one counted twice or not at
/// all cannot be taken for the one update in flight.
fn full(bytes: usize, expire: bool) -> (SharedMemory, Zone, u64) {
    let memory = SharedMemory::create("zone", bytes).unwrap();
    let overflow = Overflow {
        expire,
        discard_key: Some(b"old".into()),
    };
    let zone = Zone::create(&memory, bytes, schema(&["count"]), &overflow).unwrap();
    let mut updates = 0;
    while zone.discarded() < 9 {
        let key = format!("{updates}{}", ".".repeat(updates as usize % 90));
        for _ in 0..3 {
            zone.update(key.as_bytes(), 1.0, Moment(0)).unwrap();
            updates += 1;
        }
    }
    (memory, zone, updates)
}

#[test]
fn a_death_before_any_store_costs_only_the_update_in_flight() {
    let long = [b'l'; 250];
    for (expire, key) in [
        (true, &b"new"[..]),
        (true, &long),
        (true, b"297"),
        (false, b"new"),
    ] {
        for steps in 0.. {
            let (_memory, zone, updates) = full(MINIMUM, expire);
            let discarded = zone.discarded();
            let finished = after(steps, || {
                let _ = zone.update(key, 1.0, Moment(0));
            });
            zone.first.store.rebuild();
            zone.verify().unwrap();
            let counted = total(&zone).wrapping_sub(updates);
            assert!(counted <= 1, "{counted} more after {steps} stores");
            assert!(zone.discarded() - discarded <= 8);
            if finished {
                assert_eq!(counted, 1);
                break;
            }
        }
    }
}

/// The key that [`full`] fed as its update of this number.
fn fed(number: u64) -> Vec<u8> {
    let number = number / 3 * 3;
    format!("{number}{}", ".".repeat(number as usize % 90)).into_bytes()
}

#[test]
fn a_death_during_an_update_without_the_lock_costs_only_that_update() {
    let mut record = Record::default();
    for is_oldest in [false, true] {
        for steps in 0.. {
            let (_memory, zone, updates) = full(MINIMUM, true);
            let mut known = (0..updates)
                .map(fed)
                .filter(|key| zone.read(key, &mut record));
            let key = if is_oldest {
                known.next()
            } else {
                known.last()
            };
            let finished = after(steps, || {
                let _ = zone.update(&key.unwrap(), 1.0, Moment(0));
            });
            zone.first.store.rebuild();
            zone.verify().unwrap();
            assert_eq!(total(&zone) - updates, u64::from(finished));
            if finished {
                break;
            }
        }
    }
}

#[test]
fn a_death_before_any_store_of_a_move_loses_nothing() {
    for (bytes, words) in [(MINIMUM, &["count"][..]), (MINIMUM + 4096, &["count"])] {
        for steps in (0..).step_by(41) {
            let (memory, zone, updates) = full(MINIMUM + 512, true);
            let finished = after(steps, || {
                let overflow = overflow(Some("older"));
                Zone::adopt(&memory, bytes, schema(words), &overflow).unwrap();
            });
            if !finished {
                // Whoever takes the lock next finds that its owner died.
                zone.last_view().store.rebuild();
            }
            assert_eq!(total(&zone), updates, "after {steps} stores");
            zone.verify().unwrap();
            zone.update(b"later", 1.0, Moment(1 << 20)).unwrap();
            assert!(!zone.root.is_closed());
            assert_eq!(zone.last_view().store.dirty(), 0);
            let again = Zone::adopt(&memory, 65536, schema(words), &overflow(Some("older")));
            let (again, _) = again.unwrap();
            assert_eq!(total(&again), updates + 1, "after {steps} stores");
            again.verify().unwrap();
            if finished {
                break;
            }
        }
    }
}

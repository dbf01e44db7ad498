//! Who reads sees what was put off before, in whichever process.

use super::*;
use crate::os::atomic::Ordering;
use crate::zone::layout::root;

fn hasty(memory: &SharedMemory) -> Zone {
    let mut zone = Zone::attach(memory, schema(&["count"])).unwrap();
    zone.put_off_updates();
    zone
}

fn memory() -> SharedMemory {
    let memory = SharedMemory::heap(MINIMUM);
    Zone::create(&memory, MINIMUM, schema(&["count"]), &overflow(None)).unwrap();
    memory
}

fn put_off(zone: &Zone, key: &str) {
    let updated = zone.update(key.as_bytes(), 1.0, Moment(0));
    assert_eq!(updated, Ok(Update::Waiting));
}

fn work_off(zone: &Zone) {
    assert!(zone.claim_updates());
    zone.work_off(&|_| Way::Own, &mut |_, _, refused| panic!("{refused}"))
        .unwrap();
}

#[test]
fn what_was_put_off_is_outstanding_for_all_until_it_is_made() {
    let memory = memory();
    let (zone, other) = (hasty(&memory), hasty(&memory));
    assert!(other.is_over(&mut other.outstanding()));
    let guard = locked(&zone.root).unwrap();
    for key in ["a", "b", "a"] {
        put_off(&zone, key);
    }
    let mut of_all = [&zone, &other].map(Zone::outstanding);
    assert!(!zone.is_over(&mut of_all[0]) && !other.is_over(&mut of_all[1]));
    // What is put off later is none of theirs.
    put_off(&other, "c");
    drop(guard);
    work_off(&zone);
    assert!(zone.is_over(&mut of_all[0]) && other.is_over(&mut of_all[1]));
    let mut later = zone.outstanding();
    assert_eq!(zone.standing(&mut later), Standing::Underway);
    work_off(&other);
    assert_eq!(zone.standing(&mut later), Standing::Over);
    assert_eq!(zone.len(), 3);
}

#[test]
fn what_is_given_up_or_lost_is_over() {
    let memory = memory();
    let (reader, zone) = (hasty(&memory), hasty(&memory));
    let guard = locked(&reader.root).unwrap();
    put_off(&zone, "a");
    let mut outstanding = reader.outstanding();
    assert!(zone.claim_updates());
    zone.give_up_updates(&mut |_, _, _| {});
    assert!(reader.is_over(&mut outstanding));
    put_off(&zone, "b");
    let mut outstanding = reader.outstanding();
    assert!(!reader.is_over(&mut outstanding));
    drop(zone);
    assert!(reader.is_over(&mut outstanding));
    drop(guard);
}

/// The seat that `zone` has.
fn seat(zone: &Zone) -> usize {
    let seats = (0..root::SEATS).map(|line| root::MARKERS + line * 8);
    // The last that was taken.
    let mut taken = seats.filter(|seat| zone.root.get(seat + 1) != 0);
    taken.next_back().unwrap()
}

#[test]
fn what_the_dead_have_put_off_is_over_whoever_has_their_seat_by_then() {
    let memory = memory();
    let reader = hasty(&memory);
    for is_taken in [false, true] {
        let zone = hasty(&memory);
        let (place, guard) = (seat(&zone), locked(&reader.root).unwrap());
        put_off(&zone, "a");
        put_off(&zone, "b");
        let mut outstanding = reader.outstanding();
        assert!(!reader.is_over(&mut outstanding));
        // Its process died, and its number was given to another one.
        reader.root.word(place + 2).fetch_add(1, Ordering::Relaxed);
        std::mem::forget(zone);
        drop(guard);
        if is_taken {
            let next = hasty(&memory);
            assert_eq!(seat(&next), place);
            assert!(reader.is_over(&mut outstanding));
            let guard = locked(&reader.root).unwrap();
            put_off(&next, "c");
            assert_eq!(reader.standing(&mut outstanding), Standing::Over);
            assert!(!reader.is_over(&mut reader.outstanding()));
            drop(guard);
            work_off(&next);
        } else {
            assert!(!reader.is_over(&mut outstanding));
            assert_eq!(reader.standing(&mut outstanding), Standing::Over);
        }
        assert!(reader.is_over(&mut reader.outstanding()));
    }
}

#[test]
fn a_handle_without_a_seat_waits_for_its_own() {
    let memory = memory();
    let zones: Vec<Zone> = (0..=root::SEATS).map(|_| hasty(&memory)).collect();
    let zone = zones.last().unwrap();
    assert!(zone.seat.is_none());
    let guard = locked(&zone.root).unwrap();
    put_off(zone, "a");
    let mut outstanding = zone.outstanding();
    assert!(!zone.is_over(&mut outstanding));
    drop(guard);
    work_off(zone);
    assert!(zone.is_over(&mut outstanding));
}

#[test]
fn any_numbers_in_the_memory_come_to_an_end() {
    let memory = memory();
    let reader = hasty(&memory);
    let zone = hasty(&memory);
    let place = seat(&zone);
    for (put_off, over) in [(0, u64::MAX), (u64::MAX, 1), (1 << 63, 0), (7, 7)] {
        reader.root.set(place + 6, put_off);
        reader.root.set(place + 7, over);
        let _any = reader.standing(&mut reader.outstanding());
    }
    reader.root.set(place + 6, 9);
    reader.root.set(place + 7, 3);
    assert!(!reader.is_over(&mut reader.outstanding()));
    drop(zone);
    assert!(reader.is_over(&mut reader.outstanding()));
}

#[test]
fn whoever_looked_at_less_takes_nothing_back_of_what_is_over() {
    let memory = memory();
    let (reader, zone) = (hasty(&memory), hasty(&memory));
    let (place, guard) = (seat(&zone), locked(&reader.root).unwrap());
    put_off(&zone, "a");
    let markers = reader.root.markers();
    let less = markers.put_off().next().unwrap();
    put_off(&zone, "b");
    let mut outstanding = reader.outstanding();
    // Its process died, and its number was given to another one.
    reader.root.word(place + 2).fetch_add(1, Ordering::Relaxed);
    std::mem::forget(zone);
    drop(guard);
    assert_eq!(reader.standing(&mut outstanding), Standing::Over);
    markers.condition_of(&less);
    assert!(reader.is_over(&mut reader.outstanding()));
}

//! Updates that are put off.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::work;
use super::*;
use crate::zone::layout::root;
use crate::zone::sweep::PIECE;

/// One whose updates are put off where they would have to wait.
fn hasty(mut zone: Zone) -> Zone {
    zone.put_off_updates();
    zone
}

fn update(zone: &Zone, key: &str, value: f64) -> Update {
    zone.update(key.as_bytes(), value, Moment(0)).unwrap()
}

fn work_off(zone: &Zone) {
    assert!(zone.claim_updates());
    work_off_claimed(zone);
}

fn work_off_claimed(zone: &Zone) {
    let mut tell = |_: &[u8], _, refused| panic!("{refused}");
    zone.work_off(&|_| Way::Own, &mut tell).unwrap();
}

fn refused(zone: &Zone) -> Vec<Refused> {
    let mut all = Vec::new();
    zone.give_up_updates(&mut |_, _, refused| all.push(refused));
    all
}

#[test]
fn what_must_wait_is_put_off_and_made_in_order() {
    let zone = hasty(zone(MINIMUM, &["last"], true, None));
    assert_eq!(update(&zone, "known", 1.0), Update::Stored);
    let guard = locked(&zone.root).unwrap();
    assert_eq!(update(&zone, "new", 2.0), Update::Waiting);
    assert_eq!(update(&zone, "known", 3.0), Update::Stored);
    assert_eq!(update(&zone, "new", 4.0), Update::Waiting);
    assert_eq!(text(&zone, b"new"), None);
    assert_eq!(text(&zone, b"known"), Some("3".into()));
    drop(guard);
    // There is somebody before it.
    assert_eq!(update(&zone, "new", 5.0), Update::Waiting);
    assert!(!zone.update_known(b"new", 9.0, Moment(0)));
    assert!(zone.claim_updates() && !zone.claim_updates());
    zone.work_off(&|_| Way::Own, &mut |_, _, refused| panic!("{refused}"))
        .unwrap();
    assert_eq!(text(&zone, b"new"), Some("5".into()));
    assert_eq!(update(&zone, "new", 6.0), Update::Stored);
    assert_eq!(update(&zone, "newer", 7.0), Update::Stored);
    assert_eq!(zone.refused(), 0);
    zone.verify().unwrap();
}

#[test]
fn what_is_taken_back_is_not_taken_back_before_it_was_given() {
    let zone = hasty(zone(MINIMUM, &["gauge"], false, Some("rest")));
    let guard = locked(&zone.root).unwrap();
    let take_back = |key: &str| zone.take_back(key.as_bytes(), -1.0, Moment(0));
    assert_eq!(update(&zone, "a", 1.0), Update::Waiting);
    assert_eq!(take_back("a"), Ok(Update::Waiting));
    assert_eq!(zone.discard(5.0, Moment(0)), Ok(Update::Waiting));
    let taken = zone.take_back_discarded(-2.0, Moment(0));
    assert_eq!(taken, Ok(Update::Waiting));
    drop(guard);
    work_off(&zone);
    assert_eq!(text(&zone, b"a"), Some("0".into()));
    assert_eq!(text(&zone, b"rest"), Some("3".into()));
}

#[test]
fn there_is_room_for_so_many_and_each_further_one_is_counted() {
    let zone = hasty(zone(1 << 21, &["count"], false, None));
    let guard = locked(&zone.root).unwrap();
    let put_off = |number: u32| zone.update(&number.to_le_bytes(), 1.0, Moment(0));
    // Whoever has the lock works.
    let room = (0..100_000)
        .take_while(|number| put_off(*number) == Ok(Update::Waiting))
        .count();
    assert!((800..16_000).contains(&room), "{room}");
    assert_eq!(put_off(200_000), Err(Refused::Held(std::process::id())));
    assert_eq!(zone.refused(), 2);
    drop(guard);
    work_off(&zone);
    let counted = zone.len() + zone.discarded();
    assert_eq!(counted, room as u64);
    assert_eq!(put_off(0), Ok(Update::Stored));
}

#[test]
fn what_is_given_up_is_counted_and_told() {
    let zone = hasty(zone(MINIMUM, &["count"], false, None));
    let guard = locked(&zone.root).unwrap();
    for key in ["a", "b", "a"] {
        assert_eq!(update(&zone, key, 1.0), Update::Waiting);
    }
    assert!(zone.claim_updates());
    let process = std::process::id();
    assert_eq!(refused(&zone), [Refused::Held(process); 3]);
    drop(guard);
    assert_eq!((zone.refused(), zone.len()), (3, 0));
    assert_eq!(update(&zone, "a", 1.0), Update::Stored);
}

/// Somebody dies with the lock.
fn die(zone: &Zone) {
    std::thread::scope(|scope| {
        let dead = scope.spawn(|| std::mem::forget(locked(&zone.root).unwrap()));
        dead.join().unwrap();
    });
}

#[test]
fn who_must_not_wait_leaves_it_to_others_to_put_a_zone_in_order() {
    let memory = SharedMemory::heap(MINIMUM);
    let overflow = overflow(None);
    let zone = hasty(Zone::create(&memory, MINIMUM, schema(&["count"]), &overflow).unwrap());
    let is_unsettled = || zone.root.get(root::UNSETTLED) == 1;
    for is_other in [false, true] {
        die(&zone);
        for key in ["new", "newer"] {
            let key = format!("{key} {is_other}");
            assert_eq!(update(&zone, &key, 1.0), Update::Waiting);
        }
        assert!(is_unsettled());
        if is_other {
            Zone::attach(&memory, schema(&["count"])).unwrap();
            assert!(!is_unsettled());
        }
        work_off(&zone);
        assert!(!is_unsettled());
        zone.verify().unwrap();
    }
    assert_eq!(zone.len(), 4);
}

#[test]
fn a_lock_given_back_before_the_zone_was_in_order_leaves_that_to_the_next_owner() {
    let zone = empty(MINIMUM, &overflow(None));
    update(&zone, "a", 1.0);
    die(&zone);
    // Its view could not be opened, say.
    drop(locked(&zone.root).unwrap());
    let store = &zone.first.store;
    store.set(layout::header::LIVE, 7);
    assert_eq!(update(&zone, "b", 1.0), Update::Stored);
    assert_eq!(zone.root.get(root::UNSETTLED), 0);
    assert_eq!(zone.len(), 2);
    zone.verify().unwrap();
}

/// All keys that were known to be the oldest are the newest by then, so a whole sweep has to come before one can go.
#[test]
fn a_search_that_takes_long_is_finished_by_others_and_finds_the_oldest() {
    let bytes = 1 << 21;
    let overflow = Overflow {
        expire: true,
        discard_key: None,
    };
    let zone = hasty(empty(bytes, &overflow));
    let slots = zone.first.store.geometry.slots as u64;
    assert!(slots > 6 * PIECE as u64);
    let (mut time, mut put_off) = (0, 0);
    let mut update = |key: u64| {
        time += 64;
        work::clear();
        let updated = zone.update(&key.to_le_bytes(), 1.0, Moment(time)).unwrap();
        let all = work::all();
        assert!(all <= 4 * work::MOST_UNDER_A_HOLD, "{all} slots");
        if updated == Update::Waiting {
            put_off += 1;
            work_off(&zone);
        }
    };
    (0..slots).for_each(&mut update);
    let mut oldest = 0;
    for round in 0..12 {
        update(slots + round);
        oldest += 1;
        let there = (oldest..slots).chain(slots..=slots + round);
        if round % 3 == 2 {
            there.for_each(&mut update);
        }
    }
    assert!(put_off > 0);
    let mut record = Record::default();
    for key in 0..slots + 12 {
        let is_there = zone.read(&key.to_le_bytes(), &mut record);
        assert_eq!(is_there, key >= oldest, "{key}");
    }
    zone.verify().unwrap();
}

#[test]
fn threads_that_meet_a_lock_held_for_long_lose_nothing_and_keep_their_order() {
    let memory = SharedMemory::heap(1 << 20);
    let schema = || schema(&["last"]);
    let _first = Zone::create(&memory, 1 << 20, schema(), &overflow(None)).unwrap();
    let (holds, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let work = |own: u64| {
        let zone = hasty(Zone::attach(&memory, schema()).unwrap());
        let zone = &zone;
        let mut waited = 0;
        let before = holds.load(Ordering::SeqCst);
        while holds.load(Ordering::SeqCst) == before {
            std::thread::yield_now();
        }
        std::thread::scope(|helpers| {
            for number in 0..9000u64 {
                let key = [own, number % 3000].map(u64::to_le_bytes).concat();
                let feed = || zone.update(&key, number as f64, Moment(crate::os::monotonic()));
                let mut updated = feed();
                while updated.is_err() {
                    // There is room for few here.
                    std::thread::sleep(Duration::from_millis(1));
                    updated = feed();
                }
                if updated == Ok(Update::Waiting) {
                    waited += 1;
                    if zone.claim_updates() {
                        helpers.spawn(|| work_off_claimed(zone));
                    }
                }
            }
        });
        waited
    };
    let waited: u64 = std::thread::scope(|scope| {
        scope.spawn(|| {
            let zone = Zone::attach(&memory, schema()).unwrap();
            while !is_over.load(Ordering::Relaxed) {
                let guard = locked(&zone.root).unwrap();
                holds.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(12));
                guard.give_way();
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let threads: Vec<_> = (1..4).map(|own| scope.spawn(move || work(own))).collect();
        let waited = threads.into_iter().map(|thread| thread.join().unwrap());
        let waited = waited.sum();
        is_over.store(true, Ordering::Relaxed);
        waited
    });
    assert!(waited > 0);
    let zone = Zone::attach(&memory, schema()).unwrap();
    zone.verify().unwrap();
    for own in 1..4u64 {
        for number in 0..3000u64 {
            let key = [own, number].map(u64::to_le_bytes).concat();
            let last = 6000 + number;
            assert_eq!(text(&zone, &key), Some(last.to_string()));
        }
    }
}

fn edit_soon(zone: &Zone, key: &str) -> Option<bool> {
    let edited = zone.edit_soon(Moment(0), |edit| edit.read(key.as_bytes()).is_some());
    edited.unwrap()
}

#[test]
fn who_must_not_wait_changes_nothing_where_it_would_take_long() {
    let zone = hasty(zone(MINIMUM, &["gauge"], false, None));
    let change = |key| {
        let change = Change {
            key,
            action: Action::Put(3.0),
            help: None,
        };
        let changed = zone.change_soon(&[change], Missing::Create, None, Moment(0));
        changed.unwrap().is_some()
    };
    assert!(change(b"a"));
    let guard = locked(&zone.root).unwrap();
    let start = crate::os::monotonic();
    assert!(!change(b"b"));
    assert_eq!(edit_soon(&zone, "a"), None);
    assert!(crate::os::monotonic() - start < 1_000_000_000);
    drop(guard);
    assert_eq!(
        (text(&zone, b"a"), text(&zone, b"b")),
        (Some("3".into()), None)
    );
    assert_eq!(edit_soon(&zone, "a"), Some(true));
    assert_eq!(edit_soon(&zone, "b"), Some(false));
}

#[test]
fn what_was_left_open_goes_where_it_is_decided_and_what_takes_it_back_too() {
    let zone = hasty(zone(MINIMUM, &["gauge"], false, Some("rest")));
    let ways = [
        Way::Own,
        Way::Other(b"other".into()),
        Way::Other(b"rest".into()),
    ];
    for (way, key) in ways.into_iter().zip(["a", "other", "rest"]) {
        let guard = locked(&zone.root).unwrap();
        let (updated, fate) = zone.leave_open(b"a", 7.0, Moment(0)).unwrap();
        assert_eq!((updated, fate.get()), (Update::Waiting, None));
        let taken = zone.take_back_open(b"a", -2.0, Moment(0), Arc::clone(&fate));
        assert_eq!(taken, Ok(Update::Waiting));
        // Of that key nothing overtakes them.
        assert!(!zone.update_known(b"a", 1.0, Moment(0)));
        drop(guard);
        assert!(zone.claim_updates());
        let asked = AtomicU64::new(0);
        let decide = |key: &[u8]| {
            assert_eq!(key, b"a");
            // The lock is nobody's while it is decided.
            assert!(zone.update(b"beside", 1.0, Moment(0)).is_ok());
            asked.fetch_add(1, Ordering::Relaxed);
            way.clone()
        };
        zone.work_off(&decide, &mut |_, _, refused| panic!("{refused}"))
            .unwrap();
        assert_eq!((asked.into_inner(), fate.get()), (1, Some(&way)));
        assert_eq!(text(&zone, key.as_bytes()), Some("5".into()));
        assert!(zone.is_over(&mut zone.outstanding()));
    }
    assert_eq!(zone.len(), 4);
}

#[test]
fn what_was_left_open_and_given_up_is_taken_back_from_nobody() {
    let zone = hasty(zone(MINIMUM, &["gauge"], false, Some("rest")));
    update(&zone, "a", 5.0);
    let guard = locked(&zone.root).unwrap();
    let (_, fate) = zone.leave_open(b"a", 7.0, Moment(0)).unwrap();
    assert!(zone.claim_updates());
    assert_eq!(refused(&zone).len(), 1);
    let taken = zone.take_back_open(b"a", -7.0, Moment(0), fate);
    assert_eq!(taken, Ok(Update::Waiting));
    drop(guard);
    work_off(&zone);
    assert_eq!(text(&zone, b"a"), Some("5".into()));
    assert!(zone.is_over(&mut zone.outstanding()));
}

#[test]
fn keys_are_shown_and_read_without_a_seat_while_somebody_has_the_lock() {
    let zone = hasty(zone(MINIMUM, &["count"], false, None));
    let long = "l".repeat(200);
    for key in ["a", "b", &long] {
        update(&zone, key, 1.0);
    }
    let seatless = Zone { seat: None, ..zone };
    let guard = locked(&seatless.root).unwrap();
    assert_eq!(names(&seatless), ["a", "b", &long]);
    assert_eq!(text(&seatless, long.as_bytes()), Some("1".into()));
    assert_eq!(text(&seatless, b"c"), None);
    drop(guard);
}

#[test]
fn of_readings_that_would_wait_only_the_first_one_does() {
    let zone = hasty(zone(MINIMUM, &["count"], false, None));
    let guard = locked(&zone.root).unwrap();
    let took = |count: usize| {
        let start = crate::os::monotonic();
        (0..count).for_each(|_| assert_eq!(text(&zone, b"none"), None));
        crate::os::monotonic() - start
    };
    assert!(took(1) >= 2_000_000);
    assert!(zone.later.has_waited_in_vain());
    // Each waited two milliseconds.
    assert!(took(2000) < 2_000_000_000);
    drop(guard);
    took(1);
    assert!(!zone.later.has_waited_in_vain());
}

#[test]
fn updates_that_wait_until_the_end_are_counted() {
    let zone = hasty(zone(MINIMUM, &["count"], false, None));
    let _guard = locked(&zone.root).unwrap();
    for key in ["a", "b", "a"] {
        update(&zone, key, 1.0);
    }
    assert_eq!((zone.abandon_updates(), zone.refused()), (3, 3));
}

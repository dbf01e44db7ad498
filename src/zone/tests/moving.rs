//! A zone that is used while it moves.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::*;
use crate::metric::Reading;

type Turn = Box<dyn FnMut()>;

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Others have their turn between two pieces of a move.
pub(in crate::zone) fn turn() {
    let turn = TURN.take();
    if let Some(mut turn) = turn {
        turn();
        TURN.set(Some(turn));
    }
}

/// What each key counts, the discard key with them.
fn counts(zone: &Zone) -> HashMap<Vec<u8>, u64> {
    let mut counts = HashMap::new();
    let _all = zone.visit(&mut |record| {
        let Reading::Integer(count) = record.reading(zone.schema(), 0, Moment(0)) else {
            panic!()
        };
        let former = counts.insert(record.key().to_vec(), count);
        assert_eq!(former, None);
        ControlFlow::Continue(())
    });
    counts
}

#[derive(Clone, Debug)]
enum Step {
    /// A key is updated, made if it is not there.
    Update(u16),
    /// The keys that were not updated since this moment go.
    DropInactive(u16),
    /// Nothing happens for so many pieces.
    Pass(u8),
}

fn steps() -> impl Strategy<Value = VecDeque<Step>> {
    let step = prop_oneof![
        12 => (0..700u16).prop_map(Step::Update),
        1 => (0..300u16).prop_map(Step::DropInactive),
        2 => (1..20u8).prop_map(Step::Pass),
    ];
    proptest::collection::vec_deque(step, 0..400)
}

fn key(number: u16) -> Vec<u8> {
    format!("{number}{}", ".".repeat(usize::from(number) % 90)).into_bytes()
}

/// Does the steps up to the next pause.
fn do_some(zone: &Zone, steps: &mut VecDeque<Step>, updates: &mut u64) {
    for _ in 0..9 {
        match steps.pop_front() {
            Some(Step::Update(number)) => {
                *updates += 1;
                let update = zone.update(&key(number), 1.0, Moment(*updates << 12));
                assert!(update.is_ok());
            }
            Some(Step::DropInactive(last)) => {
                let limit = u64::from(last) << 12;
                zone.drop_inactive(limit, Moment(*updates << 12)).unwrap();
            }
            Some(Step::Pass(1)) | None => break,
            Some(Step::Pass(left)) => {
                steps.push_front(Step::Pass(left - 1));
                break;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_happens_during_a_move_all_is_counted_once(
        before in steps(),
        during in steps(),
        sizes in (0..3usize, 0..3usize),
        expire: bool,
        is_new_form: bool,
    ) {
        let bytes = [MINIMUM, 65536, 1 << 17];
        let memory = SharedMemory::create("zone", bytes[sizes.0]).unwrap();
        let overflow = Overflow { expire, discard_key: Some(b"old".into()) };
        let words = |is_new_form| match is_new_form {
            true => Schema::from_source(r#"[["",["count"]],["most",["max"]]]"#),
            false => Schema::from_source(r#"[["",["count"]]]"#),
        };
        let zone = Zone::create(&memory, bytes[sizes.0], Arc::new(words(false).unwrap()), &overflow);
        let zone = Arc::new(zone.unwrap());
        let (mut before, mut updates) = (before, 0);
        while !before.is_empty() {
            do_some(&zone, &mut before, &mut updates);
        }
        let all = Arc::new(std::sync::Mutex::new((during, updates)));
        let (used, shared) = (Arc::clone(&zone), Arc::clone(&all));
        TURN.set(Some(Box::new(move || {
            let (steps, updates) = &mut *shared.lock().unwrap();
            do_some(&used, steps, updates);
        })));
        let schema = Arc::new(words(is_new_form).unwrap());
        let moved = Zone::adopt(&memory, bytes[sizes.1], schema, &overflow);
        TURN.set(None);
        let (moved, _) = moved.unwrap();
        moved.verify().unwrap();
        let updates = all.lock().unwrap().1;
        let counted = counts(&moved);
        prop_assert_eq!(counted.values().sum::<u64>(), updates);
        prop_assert_eq!(&counted, &counts(&zone));
    }
}

#[test]
fn what_changes_behind_a_move_is_as_it_was_left() {
    let memory = SharedMemory::create("zone", 65536).unwrap();
    let overflow = overflow(None);
    let schema = schema(&["count"]);
    let zone = Arc::new(Zone::create(&memory, 65536, Arc::clone(&schema), &overflow).unwrap());
    let mut model = HashMap::new();
    for number in 0..300u16 {
        zone.update(&key(number), 1.0, Moment(0)).unwrap();
        model.insert(key(number), 1u64);
    }
    let model = Arc::new(std::sync::Mutex::new((model, 0u16)));
    let (used, shared) = (Arc::clone(&zone), Arc::clone(&model));
    TURN.set(Some(Box::new(move || {
        let (model, turns) = &mut *shared.lock().unwrap();
        *turns += 1;
        // One that may be moved already, one that is not, one that is new, and one that goes.
        for number in [*turns % 300, 299 - *turns % 299, 400 + *turns % 100] {
            used.update(&key(number), 1.0, Moment(1 << 20)).unwrap();
            *model.entry(key(number)).or_default() += 1;
        }
    })));
    let (moved, adoption) = Zone::adopt(&memory, 1 << 18, schema, &overflow).unwrap();
    TURN.set(None);
    let (model, turns) = &*model.lock().unwrap();
    assert!(*turns > 20, "{turns}");
    assert_eq!(&counts(&moved), model);
    let keys = model.len() as u64;
    assert!(
        matches!(adoption, Adoption::Migrated { keys: found, discarded: 0, .. } if found == keys)
    );
    moved.verify().unwrap();
}

#[test]
fn threads_that_update_meanwhile_lose_nothing() {
    let memory = SharedMemory::create("zone", 65536).unwrap();
    let overflow = Overflow {
        expire: true,
        discard_key: Some(b"old".into()),
    };
    let schema = schema(&["count"]);
    let _first = Zone::create(&memory, 65536, Arc::clone(&schema), &overflow).unwrap();
    let is_over = AtomicBool::new(false);
    let updates: u64 = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let zone = Zone::attach(&memory, Arc::clone(&schema)).unwrap();
            let mut number = thread;
            while !is_over.load(Ordering::Relaxed) {
                number += 3;
                let key = (number * 7919 % 1500).to_le_bytes();
                zone.update(&key, 1.0, Moment(crate::os::monotonic()))
                    .unwrap();
            }
            number / 3
        };
        let threads: Vec<_> = (0..3)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        let adopt = || {
            for round in 0..12 {
                let bytes = [MINIMUM, 1 << 18, 65536][round % 3];
                Zone::adopt(&memory, bytes, Arc::clone(&schema), &overflow).unwrap();
            }
        };
        // Two that want to move it have their turns one after the other.
        let other = scope.spawn(adopt);
        adopt();
        other.join().unwrap();
        is_over.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    let zone = Zone::attach(&memory, schema.clone()).unwrap();
    zone.verify().unwrap();
    assert_eq!(counts(&zone).values().sum::<u64>(), updates);
}

/// Updates keys during a move of a full zone, a few between two holds of the lock; the most that was done under one of them.
fn work_of_a_move(from: usize, to: usize) -> usize {
    let memory = SharedMemory::create("zone", from).unwrap();
    let overflow = overflow(Some("old"));
    let zone = Arc::new(Zone::create(&memory, from, schema(&["count"]), &overflow).unwrap());
    let slots = zone.first.store.geometry.slots as u64;
    let updates = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let update = move |zone: &Zone, updates: &std::sync::atomic::AtomicU64| {
        let number = updates.fetch_add(1, Ordering::Relaxed);
        let key = (number * 7919 % (2 * slots)).to_le_bytes();
        zone.update(&key, 1.0, Moment(number << 12)).unwrap();
    };
    (0..2 * slots).for_each(|_| update(&zone, &updates));
    let (used, counted) = (Arc::clone(&zone), Arc::clone(&updates));
    super::work::clear();
    TURN.set(Some(Box::new(move || {
        (0..2).for_each(|_| update(&used, &counted))
    })));
    let moved = Zone::adopt(&memory, to, schema(&["count"]), &overflow);
    TURN.set(None);
    let most = super::work::most();
    let (moved, _) = moved.unwrap();
    moved.verify().unwrap();
    let counted = counts(&moved).values().sum::<u64>();
    assert_eq!(counted, updates.load(Ordering::Relaxed));
    most
}

#[test]
fn no_hold_of_a_move_grows_with_the_zone() {
    for (from, to) in [(1 << 20, 1 << 21), (1 << 21, 1 << 20), (1 << 22, 1 << 20)] {
        let most = work_of_a_move(from, to);
        assert!(
            most <= super::work::MOST_UNDER_A_HOLD,
            "{most} slots under one hold"
        );
    }
}

#[test]
fn a_move_that_dies_in_making_room_leaves_every_slot_to_be_used() {
    let memory = SharedMemory::create("zone", 1 << 18).unwrap();
    let overflow = overflow(None);
    let zone = Zone::create(&memory, 1 << 18, schema(&["count"]), &overflow).unwrap();
    let key = |number: u64| number.to_le_bytes();
    let slots = zone.first.store.geometry.slots as u64;
    for number in 0..slots {
        zone.update(&key(number), 1.0, Moment(0)).unwrap();
    }
    let turns = std::cell::Cell::new(0);
    TURN.set(Some(Box::new(move || {
        turns.set(turns.get() + 1);
        if turns.get() == 20 {
            std::panic::resume_unwind(Box::new("death"));
        }
    })));
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Zone::adopt(&memory, 65536, schema(&["count"]), &overflow).is_ok()
    }));
    TURN.set(None);
    assert!(died.is_err());
    let store = &zone.last_view().store;
    assert!(store.get(layout::header::LIMIT) > 0 && zone.root.is_closed());
    // None but the oldest had to go, and there is as much room as before.
    for number in slots..2 * slots {
        zone.update(&key(number), 1.0, Moment(1 << 20)).unwrap();
    }
    assert!(!zone.root.is_closed());
    assert_eq!(zone.len(), slots);
    zone.verify().unwrap();
}

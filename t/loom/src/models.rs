//! What may meet what, and what must be true whatever the order.

use std::sync::Arc;

use crate::metric::Assignment;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::stage::{Found, Key, NOW, Orders, Scene, key, listing, long_key, read, thread};
use crate::zone::{
    Action, Change, Changed, Cursor, Missing, NotChanged, Once, Put, Record, Stay, Update, Way, Zone,
};

/// One way to meet.
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) explore: fn() -> Orders,
}

macro_rules! models {
    ($($explore:ident),+ $(,)?) => {
        /// Every one of them.
        pub(crate) const MODELS: &[$crate::models::Model] = &[
            $($crate::models::Model { name: stringify!($explore), explore: $explore }),+
        ];
    };
}

pub(crate) use models;

models![
    update_and_eviction,
    threads_that_share_a_handle,
    update_of_a_parked_key_and_eviction,
    update_of_an_entry_that_moves,
    reader_and_eviction,
    reader_of_a_long_key_and_eviction,
    reader_of_an_entry_that_moves,
    listing_and_eviction,
    update_and_assignment,
    update_and_assignment_without_room,
    update_and_removal,
    update_and_creation,
    reader_and_several_changes,
    the_same_changes_twice,
    update_and_dropping_what_is_inactive,
    update_and_growth,
    two_that_make_room,
    two_updates_of_a_shared_handle_and_eviction,
    two_updates_and_eviction,
    updates_that_are_put_off_and_eviction,
    updates_behind_one_that_is_put_off,
    reader_after_an_update_that_was_put_off,
    use_of_cells_and_edit,
    use_of_cells_at_a_spot_and_removal,
    use_of_cells_at_a_spot_and_eviction,
];

fn update(zone: &Zone, key: &Key) {
    assert_eq!(zone.update(&key.name, key.unit, NOW), Ok(Update::Stored));
}

fn joined<T>(thread: loom::thread::JoinHandle<T>) -> T {
    thread.join().expect("it comes to an end")
}

fn keys<const COUNT: usize>() -> [Key; COUNT] {
    std::array::from_fn(|number| key(number as u32))
}

fn change<'a>(key: &'a Key, action: Action) -> Change<'a> {
    Change {
        key: &key.name,
        action,
        help: None,
    }
}

fn add(key: &Key) -> Change<'_> {
    change(key, Action::Assign(Assignment::Add(key.unit)))
}

fn apply(zone: &Zone, changes: &[Change<'_>], missing: Missing) {
    let changed = zone.change(changes, missing, None, NOW);
    assert!(
        matches!(changed, Ok(Changed::Applied { .. })),
        "{changed:?}"
    );
}

fn update_and_eviction() -> Orders {
    Scene::new(&keys::<2>(), 0).play(3, |scene, [main, other]| {
        let [old, stays, new] = keys();
        let updating = thread(2, move || update(&other, &key(0)));
        update(&main, &new);
        joined(updating);
        let samples = old.unit + new.unit;
        scene.judge(&main, &[old, stays, new], samples);
    })
}

fn two_updates_and_eviction() -> Orders {
    Scene::new(&keys::<2>(), 0).play(2, |scene, [main, second, third]| {
        let [old, stays, new] = keys();
        let second = thread(2, move || update(&second, &key(0)));
        let third = thread(3, move || update(&third, &key(0)));
        update(&main, &new);
        joined(second);
        joined(third);
        let samples = 2.0 * old.unit + new.unit;
        scene.judge(&main, &[old, stays, new], samples);
    })
}

/// The handle's own word is the main thread's; the other one takes one of those for everybody.
fn threads_that_share_a_handle() -> Orders {
    Scene::new(&keys::<2>(), 0).play(3, |scene, [shared]| {
        let [old, stays, new] = keys();
        // Makes the handle's own atomics loom's.
        update(&shared, &stays);
        let shared = Arc::new(shared);
        let same = Arc::clone(&shared);
        let updating = thread(2, move || update(&same, &key(0)));
        update(&shared, &new);
        joined(updating);
        let samples = old.unit + stays.unit + new.unit;
        scene.judge(&shared, &[old, stays, new], samples);
    })
}

fn two_updates_of_a_shared_handle_and_eviction() -> Orders {
    Scene::new(&keys::<2>(), 0).play(1, |scene, [main, shared]| {
        let [old, stays, new] = keys();
        update(&shared, &stays);
        let shared = Arc::new(shared);
        let same = Arc::clone(&shared);
        let second = thread(2, move || update(&shared, &key(0)));
        let third = thread(3, move || update(&same, &key(0)));
        update(&main, &new);
        joined(second);
        joined(third);
        let samples = 2.0 * old.unit + stays.unit + new.unit;
        scene.judge(&main, &[old, stays, new], samples);
    })
}

/// An eviction before has parked all keys; the one updated here is the next to go.
fn update_of_a_parked_key_and_eviction() -> Orders {
    let scene = Scene::new(&keys::<2>(), 0).after_update(&key(2));
    scene.play(3, |scene, [main, other]| {
        let [gone, old, stays, new] = keys();
        let updating = thread(2, move || {
            update(&other, &key(1));
            update(&other, &key(1));
        });
        update(&main, &new);
        joined(updating);
        let samples = 2.0 * old.unit + new.unit;
        scene.judge(&main, &[gone, old, stays, new], samples);
    })
}

fn update_of_an_entry_that_moves() -> Orders {
    Scene::new(&keys::<3>(), 0).play(3, |scene, [main, other]| {
        let [old, stays, last, new] = keys();
        let updating = thread(2, move || update(&other, &key(2)));
        update(&main, &new);
        joined(updating);
        let samples = last.unit + new.unit;
        let found = scene.judge(&main, &[old, stays, last.clone(), new], samples);
        assert_eq!(found.samples(&last), Some(2));
    })
}

fn two_that_make_room() -> Orders {
    Scene::new(&keys::<2>(), 0).play(2, |scene, [main, second, third]| {
        let [old, stays, new, newer] = keys();
        let updating = thread(2, move || update(&second, &key(0)));
        let inserting = thread(3, move || update(&third, &key(3)));
        update(&main, &new);
        joined(updating);
        joined(inserting);
        let samples = old.unit + new.unit + newer.unit;
        scene.judge(&main, &[old, stays, new, newer], samples);
    })
}

fn reader_and_eviction() -> Orders {
    Scene::new(&keys::<2>(), 0).play(3, |scene, [main, other]| {
        let [old, stays, new] = keys();
        let reading = thread(2, move || read(&other, &key(0)));
        update(&main, &new);
        assert!(matches!(joined(reading), None | Some(1)));
        let samples = new.unit;
        scene.judge(&main, &[old, stays, new], samples);
    })
}

/// The key that takes its place is as long.
fn reader_of_a_long_key_and_eviction() -> Orders {
    let scene = Scene::new(&[long_key(0), long_key(1)], 0);
    scene.play(1, |scene, [main, other]| {
        let [old, stays, new] = [0, 1, 2].map(long_key);
        let reading = thread(2, move || read(&other, &long_key(0)));
        update(&main, &new);
        assert!(matches!(joined(reading), None | Some(1)));
        let samples = new.unit;
        scene.judge(&main, &[old, stays, new], samples);
    })
}

fn reader_of_an_entry_that_moves() -> Orders {
    Scene::new(&keys::<3>(), 0).play(3, |scene, [main, other]| {
        let reading = thread(2, move || read(&other, &key(2)));
        update(&main, &key(3));
        assert_eq!(joined(reading), Some(1));
        scene.judge(&main, &keys::<4>(), key(3).unit);
    })
}

fn listing_and_eviction() -> Orders {
    Scene::new(&keys::<2>(), 0).play(2, |scene, [main, other]| {
        let listing = thread(2, move || listing(&other, &keys::<3>()));
        update(&main, &key(2));
        let seen: Found = joined(listing);
        let times = |key: &Key| {
            let is_it = |(name, _): &&(Vec<u8>, u64)| *name == key.name;
            seen.keys.iter().filter(is_it).count()
        };
        assert_eq!(times(&key(1)), 1);
        assert!(times(&key(0)) <= 1 && times(&key(2)) <= 1);
        scene.judge(&main, &keys::<3>(), key(2).unit);
    })
}

fn update_and_assignment() -> Orders {
    Scene::new(&keys::<2>(), 1).play(3, |scene, [main, other]| {
        let [key, stays] = keys();
        let updating = thread(2, move || {
            update(&other, &self::key(0));
            update(&other, &self::key(0));
        });
        apply(&main, &[add(&key)], Missing::Refuse);
        joined(updating);
        let samples = 3.0 * key.unit;
        let found = scene.judge(&main, &[key.clone(), stays], samples);
        assert_eq!(found.samples(&key), Some(4));
    })
}

/// Without expiry a key that is there is changed in its place.
fn update_and_assignment_without_room() -> Orders {
    Scene::new(&keys::<2>(), 0)
        .keeping_all()
        .play(3, |scene, [main, other]| {
            let [key, stays] = keys();
            let updating = thread(2, move || update(&other, &self::key(0)));
            apply(&main, &[add(&key)], Missing::Refuse);
            joined(updating);
            let samples = 2.0 * key.unit;
            let found = scene.judge(&main, &[key.clone(), stays], samples);
            assert_eq!(found.samples(&key), Some(3));
        })
}

/// What is removed is gone, but an update after that is one to a new key.
fn update_and_removal() -> Orders {
    Scene::new(&keys::<2>(), 1).play(3, |scene, [main, other]| {
        let [key, stays] = keys();
        let updating = thread(2, move || update(&other, &self::key(0)));
        apply(&main, &[change(&key, Action::Remove)], Missing::Refuse);
        joined(updating);
        let found = listing(&main, &[key.clone(), stays.clone()]);
        let left = found.samples(&key);
        assert!(matches!(left, None | Some(1)), "{left:?}");
        let samples = left.unwrap_or(0) as f64 * key.unit - key.unit;
        scene.judge(&main, &[key, stays], samples);
    })
}

fn update_and_creation() -> Orders {
    Scene::new(&keys::<1>(), 2).play(3, |scene, [main, other]| {
        let [stays, new] = keys();
        let updating = thread(2, move || update(&other, &key(1)));
        apply(&main, &[add(&new)], Missing::Create);
        joined(updating);
        let samples = 2.0 * new.unit;
        scene.judge(&main, &[stays, new], samples);
    })
}

/// A key that goes away, one that is changed, and one that is made.
fn reader_and_several_changes() -> Orders {
    Scene::new(&keys::<2>(), 3).play(2, |scene, [main, other]| {
        let [goes, changes, new] = keys();
        let reading = thread(2, move || keys::<3>().map(|key| read(&other, &key)));
        let batch = [change(&goes, Action::Remove), add(&changes), add(&new)];
        apply(&main, &batch, Missing::Create);
        let [first, second, third] = joined(reading);
        assert!(matches!(first, None | Some(1)));
        assert!(matches!(second, Some(1 | 2)));
        assert!(matches!(third, None | Some(1)));
        let samples = changes.unit + new.unit - goes.unit;
        scene.judge(&main, &[goes, changes, new], samples);
    })
}

/// Under a name, which makes them once.
fn the_same_changes_twice() -> Orders {
    Scene::new(&keys::<2>(), 2).play(2, |scene, [main, second, third]| {
        let once = Once {
            name: b"once",
            lifetime: u64::MAX,
            owner: b"",
        };
        let make = move |zone: &Zone| {
            let key = key(0);
            zone.change(&[add(&key)], Missing::Refuse, Some(once), NOW)
        };
        let changing = thread(2, move || make(&second));
        let updating = thread(3, move || update(&third, &key(0)));
        let made = make(&main);
        let also = joined(changing);
        joined(updating);
        let is_made =
            |result: &Result<Changed, NotChanged>| matches!(result, Ok(Changed::Applied { .. }));
        assert!(is_made(&made) != is_made(&also), "{made:?} {also:?}");
        assert!(made.is_ok() && also.is_ok());
        scene.judge(&main, &keys::<2>(), 2.0 * key(0).unit);
    })
}

fn update_and_dropping_what_is_inactive() -> Orders {
    Scene::new(&keys::<2>(), 0).play(3, |scene, [main, other]| {
        let updating = thread(2, move || update(&other, &key(0)));
        // The first key is older than that, the second is not.
        let dropped = main.drop_inactive(NOW.0 - 10_000, NOW);
        joined(updating);
        assert!(matches!(dropped, Ok(0 | 1)), "{dropped:?}");
        // Whether it stays cannot be asked: loom has no one order of all stores to a word, and so lets a thread
        // that was overtaken by a store after its own exchange go on seeing what it exchanged.
        scene.judge(&main, &keys::<2>(), key(0).unit);
    })
}

/// A newer configuration moves the zone while somebody counts.
fn update_and_growth() -> Orders {
    let scene = Scene::new(&keys::<2>(), 1).with_memory();
    scene.play(3, |scene, [main, other]| {
        let updating = thread(2, move || {
            update(&other, &key(0));
            update(&other, &key(2));
            read(&other, &key(0))
        });
        let larger = scene.grow();
        assert_eq!(joined(updating), Some(2));
        let samples = key(0).unit + key(2).unit;
        scene.judge(&larger, &keys::<3>(), samples);
        scene.judge(&main, &keys::<3>(), samples);
        let mut record = Record::default();
        assert!(larger.next(&mut Cursor::default(), &mut record));
    })
}

/// Sees to it that what waits is made, if nobody does.
fn work_off(zone: &Zone) {
    if zone.claim_updates() {
        let worked_off = zone.work_off(&|_| Way::Own, &mut |_, _, refused| panic!("{refused}"));
        assert!(worked_off.is_ok());
    }
}

/// Feeds a value to a key, or has it fed later.
fn update_hastily(zone: &Zone, key: &Key) {
    let updated = zone.update(&key.name, key.unit, NOW);
    assert!(matches!(updated, Ok(Update::Stored | Update::Waiting)));
}

/// A key is made, fed and taken back from while somebody else may have the lock, and a third one makes what could not be
/// made at once: nothing is lost, and nothing is taken back before it was given.
fn updates_that_are_put_off_and_eviction() -> Orders {
    Scene::new(&keys::<2>(), 1).play(2, |scene, [mut main, other]| {
        let [old, stays, new, newer] = keys();
        main.put_off_updates();
        // Makes the handle's own atomics loom's.
        update(&main, &stays);
        work_off(&main);
        let main = Arc::new(main);
        let same = Arc::clone(&main);
        let inserting = thread(2, move || update(&other, &key(3)));
        let working = thread(3, move || work_off(&same));
        update_hastily(&main, &new);
        update_hastily(&main, &new);
        let taken = main.take_back(&new.name, -new.unit, NOW);
        assert!(matches!(taken, Ok(Update::Stored | Update::Waiting)));
        joined(inserting);
        joined(working);
        work_off(&main);
        let samples = stays.unit + new.unit + newer.unit;
        let found = scene.judge(&main, &[old, stays, new.clone(), newer], samples);
        assert_eq!(found.samples(&new), Some(1));
    })
}

/// What comes when others are waiting does not overtake them.
fn updates_behind_one_that_is_put_off() -> Orders {
    Scene::new(&keys::<2>(), 1).play(3, |scene, [mut main]| {
        let [old, stays, new] = keys();
        main.put_off_updates();
        let first = main.edit(NOW, |_| main.update(&new.name, new.unit, NOW));
        assert_eq!(first, Ok(Ok(Update::Waiting)));
        let main = Arc::new(main);
        let same = Arc::clone(&main);
        let working = thread(2, move || work_off(&same));
        update_hastily(&main, &new);
        let taken = main.take_back(&new.name, -new.unit, NOW);
        if taken == Ok(Update::Stored) {
            assert!(matches!(read(&main, &new), None | Some(1)));
        }
        joined(working);
        work_off(&main);
        let found = scene.judge(&main, &[old, stays, new.clone()], new.unit);
        assert_eq!(found.samples(&new), Some(1));
    })
}

/// Adds one sample of a key to its cell, as a feature would that uses cells by itself.
/// Whoever sees that what was put off is over sees what it has made.
fn reader_after_an_update_that_was_put_off() -> Orders {
    Scene::new(&keys::<2>(), 1).play(3, |scene, [reader, mut main]| {
        let [old, stays, new] = keys();
        main.put_off_updates();
        let first = main.edit(NOW, |_| main.update(&new.name, new.unit, NOW));
        assert_eq!(first, Ok(Ok(Update::Waiting)));
        let mut outstanding = reader.outstanding();
        let main = Arc::new(main);
        let same = Arc::clone(&main);
        let working = thread(2, move || work_off(&same));
        if reader.is_over(&mut outstanding) {
            assert_eq!(read(&reader, &new), Some(1));
        }
        joined(working);
        assert!(reader.is_over(&mut outstanding));
        scene.judge(&reader, &[old, stays, new.clone()], new.unit);
    })
}

/// Adds one sample of a key to its cell, as a feature would that uses cells by itself.
fn add_to(cells: &[AtomicU64], unit: f64) {
    let mut bits = cells[0].load(Ordering::Acquire);
    loop {
        let more = (f64::from_bits(bits) + unit).to_bits();
        match cells[0].compare_exchange(bits, more, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return,
            Err(changed) => bits = changed,
        }
    }
}

/// What an edit makes of a key that it has to itself is not lost, nor what others add before and after.
fn use_of_cells_and_edit() -> Orders {
    Scene::new(&keys::<2>(), 1).play(3, |scene, [main, other]| {
        let [key, stays] = keys();
        let using = thread(2, move || {
            let key = self::key(0);
            for _ in 0..2 {
                let used = other.with_cells(&key.name, NOW, |cells| add_to(cells, key.unit));
                assert_eq!(used, Some(()));
            }
        });
        let edited = main.edit(NOW, |edit| {
            let cells = edit.seize(&key.name)?.expect("it is there");
            let more = (f64::from_bits(cells[0]) + key.unit).to_bits();
            let put = Put {
                cells: &[more],
                stay: Stay::Evictable,
                text: None,
            };
            edit.put(&key.name, put);
            edit.commit()
        });
        assert_eq!(edited, Ok(Ok(())));
        joined(using);
        let samples = 3.0 * key.unit;
        let found = scene.judge(&main, &[key.clone(), stays], samples);
        assert_eq!(found.samples(&key), Some(4));
    })
}

/// Whoever remembers where a key lay never touches the key that lies there now.
fn use_of_cells_at_a_spot_and_removal() -> Orders {
    Scene::new(&keys::<2>(), 1).play(3, |scene, [main, other]| {
        let [key, stays, new] = keys();
        let spot = main.spot(&key.name).expect("it is there");
        let using = thread(2, move || {
            let key = self::key(0);
            let add = |cells: &[AtomicU64]| add_to(cells, key.unit);
            let _gone = other.with_cells_at(spot, &key.name, NOW, add);
        });
        let edited = main.edit(NOW, |edit| {
            edit.seize(&key.name)?;
            edit.remove(&key.name);
            edit.commit()
        });
        assert_eq!(edited, Ok(Ok(())));
        update(&main, &new);
        joined(using);
        let samples = new.unit - key.unit;
        let found = scene.judge(&main, &[key.clone(), stays, new], samples);
        assert_eq!(found.samples(&key), None);
    })
}

fn use_of_cells_at_a_spot_and_eviction() -> Orders {
    Scene::new(&keys::<2>(), 0).play(3, |scene, [main, other]| {
        let [old, stays, new] = keys();
        let spot = main.spot(&old.name).expect("it is there");
        let using = thread(2, move || {
            let key = self::key(0);
            let add = |cells: &[AtomicU64]| add_to(cells, key.unit);
            other.with_cells_at(spot, &key.name, NOW, add).is_some()
        });
        update(&main, &new);
        let added = if joined(using) { old.unit } else { 0.0 };
        let samples = added + new.unit;
        scene.judge(&main, &[old, stays, new], samples);
    })
}

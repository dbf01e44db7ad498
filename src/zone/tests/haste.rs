//! Threads that must not wait for the lock.

use std::time::{Duration, Instant};

use super::*;
use crate::os::Haste;
use crate::zone::layout::root;
use crate::zone::{NotChanged, Put, Stay};

/// Waiting that is far from what a thread in haste does, on a machine that is busy.
const LONG: Duration = Duration::from_secs(1);

fn words(memory: &SharedMemory) -> Zone {
    let schema = Arc::new(Schema::words("test", 2));
    Zone::create(memory, MINIMUM, schema, &Overflow::default()).unwrap()
}

fn put(zone: &Zone, key: &[u8]) -> Result<(), NotChanged> {
    zone.edit(Moment(0), |edit| {
        let (cells, stay, text) = (&[1, 2], Stay::Pinned, None);
        edit.put(key, Put { cells, stay, text });
        edit.commit()
    })?
}

fn cells(zone: &Zone, key: &[u8]) -> Result<Option<usize>, Unusable> {
    zone.try_found(key, Moment(0), |held| held.cells().len())
}

#[test]
fn who_is_in_haste_does_without_what_others_have() {
    let zone = words(&SharedMemory::heap(MINIMUM));
    put(&zone, b"known").unwrap();
    let guard = locked(&zone.root).unwrap();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (_haste, start) = (Haste::begin(), Instant::now());
            for _ in 0..20 {
                assert!(matches!(put(&zone, b"new"), Err(NotChanged::Held(_))));
                assert!(matches!(cells(&zone, b"new"), Err(Unusable::Held(_))));
                assert_eq!(cells(&zone, b"known").unwrap(), Some(2));
                assert!(zone.verify().is_err());
            }
            start.elapsed()
        });
        assert!(asking.join().unwrap() < LONG);
    });
    drop(guard);
    let _haste = Haste::begin();
    put(&zone, b"new").unwrap();
    assert_eq!(cells(&zone, b"new").unwrap(), Some(2));
}

#[test]
fn what_a_dead_owner_left_is_put_in_order_beside_who_is_in_haste() {
    let zone = words(&SharedMemory::heap(MINIMUM));
    put(&zone, b"known").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| std::mem::forget(locked(&zone.root).unwrap()));
    });
    let _haste = Haste::begin();
    assert!(matches!(put(&zone, b"new"), Err(NotChanged::Held(_))));
    let end = Instant::now() + Duration::from_secs(60);
    while put(&zone, b"new").is_err() {
        assert!(Instant::now() < end, "nobody puts it in order");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(zone.root.get(root::UNSETTLED), 0);
    zone.verify().unwrap();
}

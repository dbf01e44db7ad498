//! The markers, and one slot they guard.

use loom::sync::Arc;
use loom::thread;

use atomic::{AtomicU64, Ordering};
use marker::{Markers, Patience, Seat};
use store::Slot;

use crate::os::SharedMemory;

mod atomic {
    //! Loom's own; the compiler's fence becomes the one that the barrier makes of it.

    pub(super) use loom::hint::spin_loop;
    pub(super) use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
    pub(super) use loom::thread::yield_now;

    pub(super) fn compiler_fence(order: Ordering) {
        fence(order);
    }

    pub(super) fn sleep(_: std::time::Duration) {
        yield_now();
    }
}

mod layout {
    //! Room for as many seats as there are updates.

    pub(super) mod root {
        pub(in crate::zone) const CLAIMED: usize = 0;
        pub(in crate::zone) const MARKERS: usize = 1;
        pub(in crate::zone) const SEATS: usize = 2;
    }
}

mod store {
    /// The number of a slot.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Slot(pub(super) usize);

    impl Slot {
        pub(super) fn stored(self) -> u64 {
            self.0 as u64 + 1
        }
    }
}

#[allow(dead_code, reason = "not all of it takes part")]
#[path = "../../../src/zone/marker.rs"]
mod marker;

/// How an update marks its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// With a plain store, as a seat's own thread does.
    Own,
    /// With an exchange, as other threads do.
    Shared,
}

const FREE: u64 = 0;
const LIVE: u64 = 1;
const PARKED: u64 = 3;
/// The lowest of the bits that stand for the stamp.
const STAMP: u64 = 4;

/// A slot with one cell, which counts.
struct Key {
    head: AtomicU64,
    cell: AtomicU64,
}

/// Lets some updates and one eviction meet in every order.
pub(crate) fn check(updates: usize, way: Way) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let markers = Markers::new(&SharedMemory::heap(1 + layout::root::SEATS * 8));
        let key = Arc::new(Key {
            head: AtomicU64::new(LIVE),
            cell: AtomicU64::new(0),
        });
        let seats: Vec<Seat> = (0..updates).filter_map(|_| markers.claim()).collect();
        let spawn = |(number, seat): (usize, Seat)| {
            if way == Way::Own {
                drop(seat.hold(Slot(0)));
            }
            let key = Arc::clone(&key);
            thread::spawn(move || update(&key, &seat, number as u64 + 1))
        };
        let threads: Vec<_> = seats.into_iter().enumerate().map(spawn).collect();
        let folded = evict(&key, &markers);
        let counted: u64 = threads
            .into_iter()
            .map(|thread| u64::from(thread.join().unwrap_or(false)))
            .sum();
        assert_eq!(folded + key.cell.load(Ordering::Relaxed), counted);
    });
}

/// `update_known`, once the index has led to the slot.
fn update(key: &Key, seat: &Seat, stamp: u64) -> bool {
    let Some(_hold) = seat.hold(Slot(0)) else {
        return false;
    };
    let is_live = key.head.load(Ordering::SeqCst) & 3 == LIVE;
    if is_live {
        key.head.store(LIVE + stamp * STAMP, Ordering::Release);
        key.cell.fetch_add(1, Ordering::Relaxed);
    }
    is_live
}

/// `park`, `next_candidate` and `remove` for a key with the oldest stamp; what was folded.
fn evict(key: &Key, markers: &Markers) -> u64 {
    let parked = key
        .head
        .compare_exchange(LIVE, PARKED, Ordering::SeqCst, Ordering::Acquire);
    if parked.is_err() {
        return 0;
    }
    let is_wanted = |held| held == Slot(0).stored() && key.head.load(Ordering::Acquire) == PARKED;
    assert!(markers.wait_out(Patience::Short, is_wanted));
    if key.head.load(Ordering::Acquire) != PARKED {
        return 0;
    }
    let folded = key.cell.load(Ordering::Acquire);
    key.cell.store(0, Ordering::Release);
    key.head.store(FREE, Ordering::Release);
    folded
}

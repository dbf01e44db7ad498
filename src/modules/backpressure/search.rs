//! The search for a key that may give its place to another: one that nobody is under way by, used as long ago as any of
//! those that are looked at.

use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;

use super::gate::State;
use super::keyed::{GATE, USED};
use crate::metric::Moment;
use crate::os::atomic::Ordering;
use crate::zone::{Cursor, Record, Zone};

/// How long keys are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) enum Thoroughness {
    /// A few are looked at.
    Few,
    /// All are, if need be, but not again soon after none was found.
    All,
}

/// A search that goes on where it ended last.
pub(super) struct Search {
    thoroughness: Thoroughness,
    /// How far it has come.
    hand: Mutex<Cursor>,
    /// Until when nothing is searched, in nanoseconds: all keys were in use.
    fruitless: AtomicU64,
}

/// How many keys are looked at where one was found.
const CANDIDATES: usize = 64;

/// How long nobody searches after all keys were found in use, in nanoseconds.
const PAUSE: u64 = 50_000_000;

impl Search {
    /// One that has not begun.
    pub(super) fn new(thoroughness: Thoroughness) -> Self {
        Self {
            thoroughness,
            hand: Mutex::default(),
            fruitless: AtomicU64::new(0),
        }
    }

    /// Somebody has left, so there may be something to find.
    #[inline]
    pub(super) fn is_worthwhile(&self) {
        if self.fruitless.load(Ordering::Relaxed) != 0 {
            self.fruitless.store(0, Ordering::Relaxed);
        }
    }

    /// A key that may go; nothing if none was found.
    pub(super) fn candidate(&self, zone: &Zone, now: Moment) -> Option<Vec<u8>> {
        if now.0 < self.fruitless.load(Ordering::Relaxed) {
            return None;
        }
        let found = self.look(zone);
        if found.is_none() && self.thoroughness == Thoroughness::All {
            self.fruitless.store(now.0 + PAUSE, Ordering::Relaxed);
        }
        found
    }

    fn look(&self, zone: &Zone) -> Option<Vec<u8>> {
        let mut cursor = self.hand.lock();
        let mut record = Record::default();
        let mut oldest: Option<(u64, Vec<u8>)> = None;
        let (mut rounds, mut looked) = (0, 0);
        while looked < CANDIDATES || oldest.is_none() && self.thoroughness == Thoroughness::All {
            looked += 1;
            if !zone.next(&mut cursor, &mut record) {
                *cursor = Cursor::default();
                rounds += 1;
                if rounds > 1 {
                    break;
                }
                continue;
            }
            let cells = record.raw_cells();
            let used = cells.get(USED).copied().unwrap_or(0);
            let is_idle = cells
                .get(GATE)
                .is_some_and(|gate| State::of(*gate).active == 0);
            if is_idle && oldest.as_ref().is_none_or(|(other, _)| used < *other) {
                oldest = Some((used, record.key().to_vec()));
            }
        }
        oldest.map(|(_, key)| key)
    }
}

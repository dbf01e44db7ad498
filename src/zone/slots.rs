//! Which slots are free: a list through the heads of freed ones, and all those never used.

use super::layout::{KEY_WORDS, LONG_KEY_WORDS, WORD, header};
use super::record::{Head, State};
use super::store::{Slot, Store};
use crate::metric::KEY_LIMIT;

/// The slots of one key: its own, then those for the rest of it.
#[derive(Debug)]
pub(super) struct Taken {
    slots: [Slot; MOST_TAKEN],
    count: usize,
}

/// The slots of the longest key, where a slot has no cells and so room for the least.
pub(super) const MOST_TAKEN: usize =
    1 + (KEY_LIMIT.div_ceil(WORD) - LONG_KEY_WORDS).div_ceil(KEY_WORDS);

impl std::ops::Deref for Taken {
    type Target = [Slot];

    fn deref(&self) -> &[Slot] {
        &self.slots[..self.count]
    }
}

impl Store {
    /// How many slots can be had without discarding anything.
    pub(super) fn available(&self) -> usize {
        let unused = self.unused();
        match usize::try_from(self.get(header::LIMIT)) {
            Ok(0) | Err(_) => unused,
            Ok(limit) => unused.min(
                limit
                    .saturating_add(unused)
                    .saturating_sub(self.geometry.slots),
            ),
        }
    }

    /// How many slots nothing is in.
    pub(super) fn unused(&self) -> usize {
        let freed = usize::try_from(self.get(header::FREE)).unwrap_or(0);
        freed.saturating_add(self.geometry.slots - self.fresh())
    }

    /// Takes `count` slots, or none if there are fewer.
    pub(super) fn allocate(&self, count: usize) -> Option<Taken> {
        let mut taken = Taken {
            slots: [Slot(0); MOST_TAKEN],
            count: 0,
        };
        while taken.count < count {
            match self.take_free().or_else(|| self.take_fresh()) {
                Some(slot) if taken.count < MOST_TAKEN => {
                    taken.slots[taken.count] = slot;
                    taken.count += 1;
                }
                _ => {
                    taken.iter().for_each(|slot| self.free(*slot));
                    return None;
                }
            }
        }
        Some(taken)
    }

    /// Gives one slot back.
    pub(super) fn free(&self, slot: Slot) {
        self.set_head(slot, Head::free(self.slot(self.get(header::FIRST_FREE))));
        self.set(header::FIRST_FREE, slot.stored());
        self.set(header::FREE, self.get(header::FREE).wrapping_add(1));
    }

    fn take_free(&self) -> Option<Slot> {
        let slot = self.slot(self.get(header::FIRST_FREE))?;
        let head = self.head(slot);
        if head.state() != State::Free {
            return None;
        }
        self.set(header::FIRST_FREE, head.next());
        self.set(header::FREE, self.get(header::FREE).saturating_sub(1));
        Some(slot)
    }

    fn take_fresh(&self) -> Option<Slot> {
        let fresh = self.fresh();
        if fresh >= self.geometry.slots {
            return None;
        }
        self.set(header::FRESH, fresh as u64 + 1);
        Some(Slot(fresh))
    }
}

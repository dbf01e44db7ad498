//! What found no place: the count of it, the discard key it is folded into, and the policy that decides.
//!
//! Count and discard key change together with the removal of a key, and a process may die at any
//! instruction in between. So the ledger exists twice: the change is made in the copy that does not count,
//! together with the name of the key being removed, and one store makes that copy count. A key that is
//! still there although the ledger names it was folded already; recovery only finishes its removal.

use std::io;

use super::Unusable;
use super::layout::{header, ledger};
use super::marker::Patience;
use super::record::KeyBytes;
use super::store::{Slot, Store, pack};
use crate::metric::{Moment, is_truncated, stored_key};
use crate::os::atomic::{AtomicU64, Ordering};

/// What happens to keys that do not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overflow {
    /// Whether the key updated least recently makes room; otherwise the new one is refused.
    pub expire: bool,
    /// The key that what was discarded is accounted to.
    pub discard_key: Option<Vec<u8>>,
}

/// Whether a key that goes away was discarded for want of room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    Discarded,
    /// It became the discard key, and counts for nothing.
    Absorbed,
    /// Nobody had updated it for long; it is no loss, but the discard key has what it was.
    Inactive,
}

const EXPIRE: u64 = 1;
const HAS_DISCARD_KEY: u64 = 2;
const DISCARD_KEY_TRUNCATED: u64 = 4;
const LENGTH_SHIFT: u32 = 8;

impl Store {
    /// Puts another policy in force: a discard key that is gone takes its values along, a new one absorbs
    /// the key that had its name.
    ///
    /// # Errors
    /// When a process that was stopped keeps that key; nothing has changed then.
    pub(super) fn set_policy(&self, overflow: &Overflow, now: Moment) -> Result<(), Unusable> {
        let expire = if overflow.expire { EXPIRE } else { 0 };
        let key = overflow
            .discard_key
            .as_deref()
            .filter(|key| !key.is_empty());
        let Some(key) = key else {
            self.set(header::POLICY, expire);
            self.change_ledger(|ledger| ledger[ledger::PRESENT].store(0, Ordering::Relaxed));
            return Ok(());
        };
        let stored = stored_key(key);
        let absorbed = self.find(stored, self.hash(stored));
        if let Some(slot) = absorbed
            && !self.seize(&[slot], Patience::Long)
        {
            self.let_go(&[slot]);
            return Err(Unusable::Memory(io::ErrorKind::TimedOut.into()));
        }
        self.write_discard_key(stored);
        let truncated = if is_truncated(key) {
            DISCARD_KEY_TRUNCATED
        } else {
            0
        };
        let length = (stored.len() as u64) << LENGTH_SHIFT;
        self.set(
            header::POLICY,
            expire | HAS_DISCARD_KEY | truncated | length,
        );
        if let Some(slot) = absorbed {
            self.remove(slot, Removal::Absorbed, now);
        }
        Ok(())
    }

    /// Stores the bytes of another discard key; nobody may compare with it meanwhile, nor after a death.
    fn write_discard_key(&self, key: &[u8]) {
        if self.is_discard_key(key) {
            return;
        }
        self.set(header::POLICY, self.get(header::POLICY) & !HAS_DISCARD_KEY);
        for (word, part) in (header::DISCARD_KEY..).zip(pack(key)) {
            self.set(word, part);
        }
    }

    pub(super) fn expires(&self) -> bool {
        self.get(header::POLICY) & EXPIRE != 0
    }

    pub(super) fn has_discard_key(&self) -> bool {
        self.get(header::POLICY) & HAS_DISCARD_KEY != 0
    }

    pub(super) fn is_discard_key_truncated(&self) -> bool {
        self.get(header::POLICY) & DISCARD_KEY_TRUNCATED != 0
    }

    pub(super) fn is_discard_key(&self, key: &[u8]) -> bool {
        self.has_discard_key()
            && self.discard_key_length() == key.len()
            && (header::DISCARD_KEY..)
                .zip(pack(key))
                .all(|(word, part)| self.get(word) == part)
    }

    pub(super) fn copy_discard_key(&self, into: &mut Vec<u8>) {
        let length = self.discard_key_length();
        into.clear();
        for word in header::DISCARD_KEY..header::DISCARD_KEY + length.div_ceil(8) {
            into.extend_from_slice(&self.get(word).to_le_bytes());
        }
        into.truncate(length);
    }

    fn discard_key_length(&self) -> usize {
        (self.get(header::POLICY) >> LENGTH_SHIFT) as u8 as usize
    }

    /// How many samples and keys were discarded.
    pub(super) fn discarded(&self) -> u64 {
        self.ledger()[ledger::DISCARDED].load(Ordering::Acquire)
    }

    /// How many of these were keys that made room for others.
    pub(super) fn evicted(&self) -> u64 {
        self.ledger()[ledger::EVICTED].load(Ordering::Acquire)
    }

    /// Both, from a moment between two evictions.
    pub(super) fn losses(&self) -> (u64, u64) {
        let mut losses = (0, self.evicted());
        // Nobody evicts so fast that this is in vain a hundred times.
        for _ in 0..100 {
            losses.0 = self.discarded();
            let evicted = self.evicted();
            if losses.1 == evicted {
                break;
            }
            losses.1 = evicted;
        }
        losses
    }

    /// The cells of the discard key, once there is something in it.
    pub(super) fn discard_cells(&self) -> Option<&[AtomicU64]> {
        let ledger = self.ledger();
        let present = ledger[ledger::PRESENT].load(Ordering::Acquire) != 0;
        (present && self.has_discard_key()).then_some(&ledger[ledger::CELLS..])
    }

    /// Counts one sample that found no place; true if the discard key took it.
    pub(super) fn discard_sample(&self, value: f64, now: Moment) -> bool {
        let accounted = self.has_discard_key();
        self.change_ledger(|ledger| {
            ledger[ledger::DISCARDED].fetch_add(1, Ordering::Relaxed);
            if accounted {
                self.schema.record(self.present_cells(ledger), value, now);
            }
        });
        accounted
    }

    /// Feeds a sample to the discard key; false if there is none.
    pub(super) fn record_discarded(&self, value: f64, now: Moment) -> bool {
        let accounted = self.has_discard_key();
        if accounted {
            self.change_ledger(|ledger| {
                self.schema.record(self.present_cells(ledger), value, now);
            });
        }
        accounted
    }

    /// Takes something back from the discard key; false if there is none.
    pub(super) fn take_back(&self, value: f64, now: Moment) -> bool {
        let accounted = self.discard_cells().is_some();
        if accounted {
            self.change_ledger(|ledger| {
                self.schema.record(self.present_cells(ledger), value, now);
            });
        }
        accounted
    }

    /// Removes a key that nobody can be using, folding it into the discard key if there is one.
    pub(super) fn remove(&self, slot: Slot, removal: Removal, now: Moment) {
        let mut bytes = KeyBytes::new();
        let key = self.copy_key(slot, &mut bytes);
        if let Some(key) = key {
            self.unlink(slot, self.hash(key));
        }
        let cells = match self.has_discard_key() {
            true => self.copy_cells(slot),
            false => Vec::new(),
        };
        self.fold(&cells, Some(slot), removal, now);
        if let Some(key) = key {
            self.drop_text(key);
        }
        self.release(slot);
    }

    /// Removes a key that nobody can be using as if it had never been.
    pub(super) fn delete(&self, slot: Slot) {
        let mut bytes = KeyBytes::new();
        if let Some(key) = self.copy_key(slot, &mut bytes) {
            self.unlink(slot, self.hash(key));
            self.drop_text(key);
        }
        self.release(slot);
    }

    /// Counts something that found no place and that nothing stands in for.
    pub(super) fn count_discarded(&self) {
        self.change_ledger(|ledger| {
            ledger[ledger::DISCARDED].fetch_add(1, Ordering::Relaxed);
        });
    }

    /// Finishes a removal: the slots of a key that was folded and unlinked become free.
    pub(super) fn release(&self, slot: Slot) {
        let spills = self.spills(slot).unwrap_or_default();
        self.free(slot);
        spills.into_iter().for_each(|spill| self.free(spill));
        self.set(header::LIVE, self.get(header::LIVE).saturating_sub(1));
    }

    /// Accounts for the cells of a discarded key; `victim` is its slot, if it still has one here.
    pub(super) fn fold(&self, cells: &[u64], victim: Option<Slot>, removal: Removal, now: Moment) {
        self.change_ledger(|ledger| {
            if removal == Removal::Discarded {
                ledger[ledger::DISCARDED].fetch_add(1, Ordering::Relaxed);
                ledger[ledger::EVICTED].fetch_add(1, Ordering::Relaxed);
            }
            if let Some(slot) = victim {
                ledger[ledger::VICTIM].store(slot.stored(), Ordering::Relaxed);
                ledger[ledger::VICTIM_HEAD].store(self.head(slot).0, Ordering::Relaxed);
            }
            if self.has_discard_key() {
                self.schema.fold(self.present_cells(ledger), cells, now);
            }
        });
    }

    /// The key whose removal was accounted for but perhaps not finished.
    pub(super) fn victim(&self) -> Option<Slot> {
        let ledger = self.ledger();
        let slot = self.slot(ledger[ledger::VICTIM].load(Ordering::Acquire))?;
        let head = ledger[ledger::VICTIM_HEAD].load(Ordering::Acquire);
        (self.head(slot).0 == head).then_some(slot)
    }

    /// Takes over the ledger of another layout; `cells` are those of its discard key, in this schema.
    pub(super) fn inherit_ledger(&self, discarded: u64, evicted: u64, cells: Option<&[u64]>) {
        self.change_ledger(|ledger| {
            ledger[ledger::DISCARDED].store(discarded, Ordering::Relaxed);
            ledger[ledger::EVICTED].store(evicted, Ordering::Relaxed);
            let Some(cells) = cells else { return };
            for (cell, bits) in self.present_cells(ledger).iter().zip(cells) {
                cell.store(*bits, Ordering::Relaxed);
            }
        });
    }

    /// The cells of a draft's discard key, made ready if it had none.
    fn present_cells<'l>(&self, ledger: &'l [AtomicU64]) -> &'l [AtomicU64] {
        let (fields, cells) = ledger.split_at(ledger::CELLS);
        if fields[ledger::PRESENT].swap(1, Ordering::Relaxed) == 0 {
            for (cell, bits) in cells.iter().zip(self.schema.initial()) {
                cell.store(bits, Ordering::Relaxed);
            }
        }
        cells
    }

    /// Makes a change to the ledger that a death cannot leave half done.
    fn change_ledger(&self, change: impl FnOnce(&[AtomicU64])) {
        let current = self.get(header::LEDGER) & 1;
        let draft = self.ledger_copy(1 - current);
        for (word, now) in draft.iter().zip(self.ledger_copy(current)) {
            word.store(now.load(Ordering::Acquire), Ordering::Relaxed);
        }
        draft[ledger::VICTIM].store(0, Ordering::Relaxed);
        change(draft);
        self.set(header::LEDGER, 1 - current);
    }

    fn ledger(&self) -> &[AtomicU64] {
        self.ledger_copy(self.get(header::LEDGER) & 1)
    }

    fn ledger_copy(&self, copy: u64) -> &[AtomicU64] {
        let start = self.geometry.ledger_start(copy as usize);
        &self.words()[start..start + self.geometry.ledger_words()]
    }
}

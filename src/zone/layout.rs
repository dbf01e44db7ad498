//! Where everything lies in a zone's memory. All numbers are counted in 64-bit words.
//!
//! ```text
//! root (12 KiB, at 0)              never moves; the lock, and where the layout lies now
//! ├ 0 magic  1 version  2,3 boot  4 generation  5 sequence  6,7 and 8,9 offset, bytes
//! ├ 10 seats ever taken  11 offset of the zone's time  12 checksum  13 not in order
//! ├ 14 last snapshot  15 durable until  16…23 the mutex  24 failed writes  25 refused updates
//! ├ 26…61 how many receipts owners have, two rows of halves
//! ├ 64…71 the mutex of whoever moves the layout
//! └ 72…     seats: one line of 8 words per handle: slot in use, process, its start, 3 slots more,
//!           updates that were put off, how many of these are over
//! layout (at root's offset)        moves when size or metrics change
//! ├ 0 magic  1 bytes  2 cells  3 room for the source  4 its length  5 slots  6 hash seed  7 policy
//! │ 8 fresh  9 first free  10 free  11 live  12 candidates  13 ready ones  14 ledger in use
//! │ 15 requests  16 failures  17 bound of candidates  18 far entries  19 notes  20 texts  21 first receipt
//! │ 22 last receipt  23 committed  24 latest stamp  25 seed of notes' names  26 nothing to evict
//! │ 27 time of the next sweep  28 being made anew  29 how many slots are copied  30 how many may be in use
//! │ 31 how many are dirty  32…63 discard key  64 how many candidates there were
//! │ 65 which are in force  66 next candidates  67 their bound  68 where the sweep is  69 seen by it
//! │ 70 sweeps since an eviction
//! ├ source       the schema as text
//! ├ ledger ×2    discarded, victim slot, victim head, present, evicted, cells of the discard key
//! ├ candidates ×2  pairs: slot, head
//! ├ dirty bitmap  a bit for each slot
//! ├ index        32-bit entries, two in a word
//! └ slots        each: head, cells, 5 words of key
//! ```
//! What every update reads, what inserts write and what some updates write lie in lines of their own.
//! A head holds state (3 bits), truncation (1), key length (8) and stamp (52 bits of 64 ns). A key longer
//! than 40 bytes keeps 32 in its slot, and in the fifth word the first of a chain of spill slots, each a
//! head (state, owner, next) and key bytes. A change of any of this changes [`VERSION`].

use super::candidates;
use crate::metric::Schema;

pub(super) const VERSION: u64 = 7;
pub(super) const ROOT_MAGIC: u64 = u64::from_le_bytes(*b"pgzone\0R");
pub(super) const LAYOUT_MAGIC: u64 = u64::from_le_bytes(*b"pgzone\0L");

pub(super) const WORD: usize = 8;
pub(super) const PAGE: usize = 4096;

/// The smallest size a zone may have, in bytes.
pub const MINIMUM: usize = 32768;

pub(super) const ROOT_BYTES: usize = 3 * PAGE;

/// Words of the root.
pub(super) mod root {
    pub(in crate::zone) const MAGIC: usize = 0;
    pub(in crate::zone) const VERSION: usize = 1;
    pub(in crate::zone) const BOOT: usize = 2;
    pub(in crate::zone) const GENERATION: usize = 4;
    pub(in crate::zone) const SEQUENCE: usize = 5;
    /// Two places, each an offset and a length in bytes; the sequence's lowest bit tells which counts.
    pub(in crate::zone) const PLACES: usize = 6;
    /// One more than the last seat that was ever taken.
    pub(in crate::zone) const CLAIMED: usize = 10;
    /// What the zone's time is ahead of the machine's monotonic clock, wrapping.
    pub(in crate::zone) const OFFSET: usize = 11;
    /// Of the layout, once nobody uses a file any more; else zero.
    pub(in crate::zone) const CHECKSUM: usize = 12;
    /// One from when an owner of the lock was found dead until the zone was put in order.
    pub(in crate::zone) const UNSETTLED: usize = 13;
    /// When the newest snapshot was begun, in milliseconds since 1970.
    pub(in crate::zone) const SNAPSHOT: usize = 14;
    /// What was changed before is on disk, in milliseconds since 1970.
    pub(in crate::zone) const SYNCED: usize = 15;
    pub(in crate::zone) const MUTEX: usize = 16;
    /// Snapshots and records that could not be written.
    pub(in crate::zone) const ERRORS: usize = 24;
    /// Updates that were refused because the lock could not be had, and no more could wait for it.
    pub(in crate::zone) const REFUSED: usize = 25;
    /// One half for each count, of two rows.
    pub(in crate::zone) const SHARE_WORDS: usize = 26;
    /// Counts in a row.
    pub(in crate::zone) const SHARES: usize = 36;
    /// Of whoever moves the layout.
    pub(in crate::zone) const MOVER: usize = 64;
    pub(in crate::zone) const MARKERS: usize = 72;
    const _: () = assert!(SHARE_WORDS + SHARES <= MOVER);
    const _: () = assert!(MOVER + crate::os::MUTEX_WORDS <= MARKERS);
    /// How many handles may update without the lock.
    pub(in crate::zone) const SEATS: usize = (super::ROOT_BYTES / super::WORD - MARKERS) / 8;
    const _: () = assert!(MUTEX + crate::os::MUTEX_WORDS <= ERRORS);
}

/// Words of a layout's header.
pub(super) mod header {
    pub(in crate::zone) const MAGIC: usize = 0;
    pub(in crate::zone) const BYTES: usize = 1;
    pub(in crate::zone) const CELLS: usize = 2;
    pub(in crate::zone) const SOURCE_ROOM: usize = 3;
    pub(in crate::zone) const SOURCE_BYTES: usize = 4;
    pub(in crate::zone) const SLOTS: usize = 5;
    pub(in crate::zone) const SEED: usize = 6;
    pub(in crate::zone) const POLICY: usize = 7;
    /// Slots from here on were never used.
    pub(in crate::zone) const FRESH: usize = 8;
    pub(in crate::zone) const FIRST_FREE: usize = 9;
    pub(in crate::zone) const FREE: usize = 10;
    pub(in crate::zone) const LIVE: usize = 11;
    pub(in crate::zone) const CANDIDATES: usize = 12;
    /// How many candidates nobody can be using.
    pub(in crate::zone) const READY: usize = 13;
    pub(in crate::zone) const LEDGER: usize = 14;
    pub(in crate::zone) const REQUESTS: usize = 15;
    pub(in crate::zone) const FAILURES: usize = 16;
    /// No key that is not a candidate has an earlier head than this.
    pub(in crate::zone) const BOUND: usize = 17;
    /// How many entries of the index are far from where the search for them begins.
    pub(in crate::zone) const FAR: usize = 18;
    /// How many notes there are.
    pub(in crate::zone) const NOTES: usize = 19;
    /// How many of them are texts.
    pub(in crate::zone) const TEXTS: usize = 20;
    /// The receipt whose time is over first.
    pub(in crate::zone) const FIRST_RECEIPT: usize = 21;
    /// The receipt whose time is over last.
    pub(in crate::zone) const LAST_RECEIPT: usize = 22;
    /// One while the changes of a transaction are decided but not all made.
    pub(in crate::zone) const COMMITTED: usize = 23;
    pub(in crate::zone) const LATEST: usize = 24;
    /// The seed of the names of notes; stays with what is in the zone.
    pub(in crate::zone) const NAMES: usize = 25;
    /// One while no key may be evicted.
    pub(in crate::zone) const IS_BARREN: usize = 26;
    /// Before when no sweep begins for keys to be evicted, by the machine's clock.
    pub(in crate::zone) const NEXT_SWEEP: usize = 27;
    /// One while everything that follows from the slots is made anew.
    pub(in crate::zone) const REBUILDING: usize = 28;
    /// How many slots were copied to another layout, so that it is noted which of them change; zero while there is no move.
    pub(in crate::zone) const TRACKED: usize = 29;
    /// How many slots may be in use, where a move is to a layout with room for fewer; else zero.
    pub(in crate::zone) const LIMIT: usize = 30;
    /// How many slots have changed since they were copied.
    pub(in crate::zone) const DIRTY: usize = 31;
    pub(in crate::zone) const DISCARD_KEY: usize = 32;
    /// How many candidates there were when they came into force.
    pub(in crate::zone) const CANDIDATES_ONCE: usize = 64;
    /// Which of the two arrays the candidates in force are in.
    pub(in crate::zone) const IN_FORCE: usize = 65;
    /// How many candidates are in the other one.
    pub(in crate::zone) const NEXT: usize = 66;
    /// What [`BOUND`] will be once these are in force.
    pub(in crate::zone) const NEXT_BOUND: usize = 67;
    /// One more than the next slot that the sweep looks at; zero while there is none.
    pub(in crate::zone) const SWEEP: usize = 68;
    /// How many keys that might go the sweep has seen.
    pub(in crate::zone) const SEEN: usize = 69;
    /// How many sweeps are over since a key was evicted.
    pub(in crate::zone) const SWEEPS: usize = 70;
    pub(in crate::zone) const WORDS: usize = 72;
    const _: () = assert!(DISCARD_KEY + crate::metric::KEY_LIMIT.div_ceil(8) <= CANDIDATES_ONCE);
}

/// Words of one copy of the ledger.
pub(super) mod ledger {
    pub(in crate::zone) const DISCARDED: usize = 0;
    pub(in crate::zone) const VICTIM: usize = 1;
    pub(in crate::zone) const VICTIM_HEAD: usize = 2;
    pub(in crate::zone) const PRESENT: usize = 3;
    /// Of what was discarded, the keys that made room for others.
    pub(in crate::zone) const EVICTED: usize = 4;
    pub(in crate::zone) const CELLS: usize = 5;
}

/// Words of key in a slot.
pub(super) const KEY_WORDS: usize = 5;
/// Words of a long key that stay in its own slot, before the link to the rest.
pub(super) const LONG_KEY_WORDS: usize = KEY_WORDS - 1;

const LEAST_CANDIDATES: usize = 64;
/// More make a look through all of them too long.
const MOST_CANDIDATES: usize = 1 << 16;
/// Room for one candidate in each array for so many slots: the cost of an eviction then does not grow with the zone.
const SLOTS_PER_CANDIDATE: usize = 96;
/// Slot numbers must fit the links of spill slots, and leave the index some bits of hash.
const MOST_SLOTS: usize = 1 << 28;

/// A size that cannot hold what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes cannot hold one entry of {cells} values")]
pub struct TooSmall {
    /// The size asked for.
    pub bytes: usize,
    /// 64-bit values one key needs.
    pub cells: usize,
}

/// The measures of a layout; everything else about it follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub(super) bytes: usize,
    pub(super) cells: usize,
    pub(super) source_room: usize,
    pub(super) slots: usize,
}

impl Geometry {
    /// The measures of a zone of `bytes` bytes, root included.
    ///
    /// # Errors
    /// When it could not hold even one key of any length.
    pub fn of_zone(bytes: usize, schema: &Schema) -> Result<Self, TooSmall> {
        let source_room = schema.source().len().div_ceil(WORD);
        let layout = bytes.saturating_sub(ROOT_BYTES) / WORD * WORD;
        Self::plan(layout, schema.cells(), source_room)
            .filter(|_| bytes >= MINIMUM)
            .ok_or(TooSmall {
                bytes,
                cells: schema.cells(),
            })
    }

    /// As many slots as fit into a layout of `bytes` bytes.
    pub(super) fn plan(bytes: usize, cells: usize, source_room: usize) -> Option<Self> {
        let mut plan = Self {
            bytes,
            cells,
            source_room,
            slots: 0,
        };
        let words = bytes / WORD;
        let fixed = source_room
            .checked_add(cells.checked_mul(2)?)?
            .checked_add(header::WORDS)?;
        let left = words.checked_sub(fixed)?;
        plan.slots = (left / plan.slot_words()).min(MOST_SLOTS);
        while plan.slots > 0 && plan.slots_start() + plan.slots * plan.slot_words() > words {
            let excess = plan.slots_start() + plan.slots * plan.slot_words() - words;
            plan.slots -= (excess / (plan.slot_words() + 1)).clamp(1, plan.slots);
        }
        let longest = plan.slots_for(crate::metric::KEY_LIMIT);
        (plan.slots >= longest).then_some(plan)
    }

    /// How many keys of `length` bytes fit.
    pub fn capacity(&self, length: usize) -> usize {
        self.slots / self.slots_for(length.clamp(1, crate::metric::KEY_LIMIT))
    }

    /// Bytes of one slot.
    pub fn slot_bytes(&self) -> usize {
        self.slot_words() * WORD
    }

    /// Slots a key of `length` bytes takes.
    pub(super) fn slots_for(&self, length: usize) -> usize {
        let words = length.div_ceil(WORD);
        if words <= KEY_WORDS {
            return 1;
        }
        1 + (words - LONG_KEY_WORDS).div_ceil(self.slot_words() - 1)
    }

    pub(super) fn slot_words(&self) -> usize {
        1 + self.cells + KEY_WORDS
    }

    pub(super) fn ledger_words(&self) -> usize {
        ledger::CELLS + self.cells
    }

    /// Entries of an array of candidates.
    pub(super) fn candidates(&self) -> usize {
        (self.slots / SLOTS_PER_CANDIDATE).clamp(LEAST_CANDIDATES, MOST_CANDIDATES)
    }

    /// Entries of the index: filled to three quarters when every slot is a key, and never wholly.
    pub(super) fn entries(&self) -> usize {
        (self.slots + self.slots / 3 + 1).next_multiple_of(2)
    }

    pub(super) fn ledger_start(&self, copy: usize) -> usize {
        header::WORDS + self.source_room + copy * self.ledger_words()
    }

    /// Where one of the two arrays of candidates begins.
    pub(super) fn candidates_start(&self, array: usize) -> usize {
        self.ledger_start(2) + array * candidates::WORDS * self.candidates()
    }

    /// The words of the dirty bitmap.
    pub(super) fn bitmap(&self) -> std::ops::Range<usize> {
        let start = self.candidates_start(2);
        start..start + self.slots.div_ceil(64)
    }

    pub(super) fn index_start(&self) -> usize {
        self.bitmap().end
    }

    pub(super) fn slots_start(&self) -> usize {
        self.index_start() + self.entries() / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(bytes: usize, words: &[&[&str]]) -> Result<Geometry, TooSmall> {
        let source: Vec<(String, &[&str])> = words
            .iter()
            .enumerate()
            .map(|(place, words)| (format!("m{place}"), *words))
            .collect();
        let schema = Schema::from_source(&serde_json::to_string(&source).unwrap()).unwrap();
        Geometry::of_zone(bytes, &schema)
    }

    #[test]
    fn a_mebibyte_holds_what_was_promised() {
        let buckets = [
            "histogram",
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "9",
            "+Inf",
        ];
        let four: &[&[&str]] = &[&["count"], &["gauge"], &["min"], &["max"]];
        for (words, least) in [
            (&[&["count"][..]][..], 16_500),
            (&[&buckets[..]], 7_300),
            (four, 12_000),
        ] {
            let capacity = geometry(1 << 20, words).unwrap().capacity(39);
            assert!(capacity >= least, "{capacity} < {least}");
        }
    }

    #[test]
    fn long_keys_cost_further_slots() {
        let geometry = geometry(1 << 20, &[&["count"]]).unwrap();
        let slots = |length| geometry.slots_for(length);
        assert_eq!([1, 40, 41, 80, 81, 255].map(slots), [1, 1, 2, 2, 3, 6]);
        assert_eq!(geometry.capacity(100), geometry.slots / 3);
    }

    #[test]
    fn a_layout_never_exceeds_its_bytes_and_wastes_little() {
        for cells in [0, 1, 2, 11, 100] {
            for bytes in (20_000..400_000).step_by(1112) {
                let Some(plan) = Geometry::plan(bytes, cells, 16) else {
                    continue;
                };
                let end = (plan.slots_start() + plan.slots * plan.slot_words()) * WORD;
                assert!(end <= bytes);
                assert!(
                    bytes - end < 3 * plan.slot_bytes(),
                    "{bytes} {cells}: {}",
                    bytes - end
                );
                assert!(plan.entries() > plan.slots);
            }
        }
    }

    #[test]
    fn what_cannot_fit_is_refused() {
        assert!(geometry(MINIMUM, &[&["count"]]).is_ok());
        assert!(geometry(MINIMUM - 1, &[&["count"]]).is_err());
        assert!(geometry(MINIMUM, &[&["average mean", "count=2000"]]).is_err());
        assert!(
            geometry(
                MINIMUM,
                &[&["average mean", "count=2147483648", "window=1s"]]
            )
            .is_err()
        );
        assert!(geometry(1 << 20, &[&["average mean", "count=2000"]]).is_ok());
    }
}

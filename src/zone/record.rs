//! A key as stored: the head of its slot, and its bytes, of which a long key keeps the rest in spill slots.
//!
//! A slot belongs to a key from the moment its head says `Live`, which is written last; a spill slot belongs
//! to the slot whose chain it is in and which it names as its owner.

use super::layout::{KEY_WORDS, LONG_KEY_WORDS, WORD};
use super::store::{Slot, Store, pack};
use crate::metric::{KEY_LIMIT, Moment};
use crate::os::atomic::Ordering;

/// The first word of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head(pub(super) u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Free,
    Live,
    Spill,
    /// As live, but only the owner of the lock may use it; about to be evicted or changed.
    Parked,
    /// No key, but something the zone remembers; see `note`.
    Note,
    /// What a transaction will make of a key that is there; see `transaction`.
    Draft,
    /// A key or note of a transaction, not there yet.
    Pending,
}

const STATE_BITS: u32 = 3;
const STATE_MASK: u64 = (1 << STATE_BITS) - 1;
const LIVE: u64 = 1;
const SPILL: u64 = 2;
const PARKED: u64 = 3;
const NOTE: u64 = 4;
const DRAFT: u64 = 5;
const PENDING: u64 = 6;
const TRUNCATED: u64 = 1 << STATE_BITS;
const LENGTH_SHIFT: u32 = STATE_BITS + 1;
const STAMP_SHIFT: u32 = LENGTH_SHIFT + 8;
const LIVE_MASK: u64 = STATE_MASK | (u8::MAX as u64) << LENGTH_SHIFT;
/// The stamp of a pinned key, which no update gives: the key is never the oldest one.
pub(super) const PINNED_STAMP: u64 = u64::MAX >> STAMP_SHIFT;
/// The largest stamp that an update gives.
pub(super) const LARGEST_STAMP: u64 = PINNED_STAMP - 1;
/// Stamps count 64 nanoseconds: nine years of the zone's time.
const STAMP_UNIT_BITS: u32 = 6;
const LINK_BITS: u32 = 30;
const LINK_MASK: u64 = (1 << LINK_BITS) - 1;

impl Head {
    pub(super) fn live(length: usize, is_truncated: bool, stamp: u64) -> Self {
        let truncated = if is_truncated { TRUNCATED } else { 0 };
        let stamp = stamp.min(PINNED_STAMP);
        Self(LIVE | truncated | (length as u64) << LENGTH_SHIFT | stamp << STAMP_SHIFT)
    }

    /// A free slot, before `next` in the list of free ones.
    pub(super) fn free(next: Option<Slot>) -> Self {
        Self(next.map_or(0, Slot::stored) << STATE_BITS)
    }

    pub(super) fn spill(owner: Slot, next: Option<Slot>) -> Self {
        let next = next.map_or(0, Slot::stored);
        Self(SPILL | owner.stored() << STATE_BITS | next << (STATE_BITS + LINK_BITS))
    }

    /// A note with this stamp.
    pub(super) fn note(stamp: u64) -> Self {
        Self(NOTE | stamp.min(LARGEST_STAMP) << STAMP_SHIFT)
    }

    pub(super) fn draft() -> Self {
        Self(DRAFT)
    }

    pub(super) fn state(self) -> State {
        match self.0 & STATE_MASK {
            LIVE => State::Live,
            SPILL => State::Spill,
            PARKED => State::Parked,
            NOTE => State::Note,
            DRAFT => State::Draft,
            PENDING => State::Pending,
            _ => State::Free,
        }
    }

    /// What a pending head becomes: that of a key, or of a note, which has no length.
    pub(super) fn entered(self) -> Self {
        match self.length() {
            0 => self.as_state(NOTE),
            _ => self.as_state(LIVE),
        }
    }

    /// Whether a key of this length is in the slot, for everybody.
    #[inline]
    pub(super) fn is_live(self, length: usize) -> bool {
        self.0 & LIVE_MASK == LIVE | (length as u64) << LENGTH_SHIFT
    }

    /// The same for a key as long as that of a live slot that was not cut and never updated.
    #[inline]
    pub(super) fn is_as_live(self, other: Self) -> bool {
        self.0 & LIVE_MASK == other.0
    }

    /// Whether a key is in the slot.
    pub(super) fn has_key(self) -> bool {
        matches!(self.0 & STATE_MASK, LIVE | PARKED)
    }

    /// The same in another state.
    fn as_state(self, state: u64) -> Self {
        Self(self.0 & !STATE_MASK | state)
    }

    /// The same key, for the owner of the lock alone.
    pub(super) fn parked(self) -> Self {
        self.as_state(PARKED)
    }

    /// The same key, for everybody.
    pub(super) fn unparked(self) -> Self {
        self.as_state(LIVE)
    }

    /// Whether a key is in the slot that stays until somebody removes it.
    pub(super) fn is_pinned(self) -> bool {
        self.has_key() && self.stamp() == PINNED_STAMP
    }

    /// Whether a key is in the slot that may go to make room.
    pub(super) fn is_evictable(self) -> bool {
        self.has_key() && self.stamp() != PINNED_STAMP
    }

    /// The same key, updated then unless it was later.
    pub(super) fn stamped(self, stamp: u64) -> Self {
        self.with_stamp(stamp.min(PINNED_STAMP).max(self.stamp()))
    }

    /// The same key as a change leaves it: updated then unless it was later, and pinned only if that stamp says so.
    pub(super) fn changed(self, stamp: u64) -> Self {
        match self.is_pinned() {
            true => self.with_stamp(stamp.min(PINNED_STAMP)),
            false => self.stamped(stamp),
        }
    }

    /// The same with this stamp; of the same key, the later head is the larger one.
    #[inline]
    pub(super) fn renewed(self, stamp: u64) -> Self {
        Self(self.0 & ((1 << STAMP_SHIFT) - 1) | stamp << STAMP_SHIFT)
    }

    fn with_stamp(self, stamp: u64) -> Self {
        Self(self.0 & !(PINNED_STAMP << STAMP_SHIFT) | stamp << STAMP_SHIFT)
    }

    /// The same, not there yet.
    pub(super) fn pending(self) -> Self {
        self.as_state(PENDING)
    }

    pub(super) fn is_truncated(self) -> bool {
        self.0 & TRUNCATED != 0
    }

    pub(super) fn length(self) -> usize {
        (self.0 >> LENGTH_SHIFT) as u8 as usize
    }

    pub(super) fn stamp(self) -> u64 {
        self.0 >> STAMP_SHIFT
    }

    /// The time its stamp stands for.
    pub(super) fn moment(self) -> Moment {
        Moment(self.stamp() << STAMP_UNIT_BITS)
    }

    /// The next slot of the list or chain this one is in, as stored.
    pub(super) fn next(self) -> u64 {
        match self.state() {
            State::Free => self.0 >> STATE_BITS,
            _ => self.0 >> (STATE_BITS + LINK_BITS) & LINK_MASK,
        }
    }

    fn owner(self) -> u64 {
        self.0 >> STATE_BITS & LINK_MASK
    }
}

/// The stamp a moment would get.
pub(super) fn stamp_of(now: Moment) -> u64 {
    (now.0 >> STAMP_UNIT_BITS).min(LARGEST_STAMP)
}

impl Store {
    pub(super) fn head(&self, slot: Slot) -> Head {
        Head(self.get(self.slot_start(slot)))
    }

    pub(super) fn set_head(&self, slot: Slot, head: Head) {
        self.mark_dirty(slot);
        self.set(self.slot_start(slot), head.0);
    }

    /// Changes a slot's head unless it has changed already; then says what it is.
    #[inline]
    pub(super) fn exchange_head(&self, slot: Slot, from: Head, to: Head) -> Result<(), Head> {
        #[cfg(test)]
        super::tests::crash::step();
        let word = &self.words()[self.slot_start(slot)];
        word.compare_exchange(from.0, to.0, Ordering::SeqCst, Ordering::Acquire)
            .map_or_else(|changed| Err(Head(changed)), |_| Ok(()))
    }

    /// Writes the bytes of a key into `slot` and the spill slots for the rest; the head comes later.
    pub(super) fn write_key(&self, slot: Slot, spills: &[Slot], key: &[u8]) {
        let mut words = pack(key);
        let own = self.key_start(slot);
        let inline = if spills.is_empty() {
            KEY_WORDS
        } else {
            LONG_KEY_WORDS
        };
        for (place, word) in words.by_ref().take(inline).enumerate() {
            self.set(own + place, word);
        }
        self.write_spills(slot, spills, words);
    }

    /// Writes words into spill slots of `owner`, and where they are into its last word of key.
    pub(super) fn write_spills(
        &self,
        owner: Slot,
        spills: &[Slot],
        mut words: impl Iterator<Item = u64>,
    ) {
        for (place, spill) in spills.iter().enumerate() {
            let start = self.slot_start(*spill) + 1;
            let room = self.geometry.slot_words() - 1;
            for (place, word) in words.by_ref().take(room).enumerate() {
                self.set(start + place, word);
            }
            self.set_head(*spill, Head::spill(owner, spills.get(place + 1).copied()));
        }
        let first = spills.first().map_or(0, |first| first.stored());
        if first != 0 {
            self.set(self.key_start(owner) + LONG_KEY_WORDS, first);
        }
    }

    /// Copies the key in `slot`; nothing if it is damaged.
    pub(super) fn copy_key<'b>(&self, slot: Slot, into: &'b mut KeyBytes) -> Option<&'b [u8]> {
        let length = self.head(slot).length();
        if length <= KEY_WORDS * WORD {
            let own = self.slot_words(slot)?.own;
            for (place, word) in into.0.chunks_exact_mut(WORD).zip(own) {
                place.copy_from_slice(&word.load(Ordering::Acquire).to_le_bytes());
            }
            return (length > 0).then_some(&into.0[..length]);
        }
        let mut stored = self.key_words(slot);
        for place in into.0[..length.next_multiple_of(WORD)].chunks_exact_mut(WORD) {
            place.copy_from_slice(&stored.next()?.to_le_bytes());
        }
        Some(&into.0[..length])
    }

    /// The spill slots of the key or note in `slot`, in order; nothing if the chain is damaged.
    pub(super) fn spills(&self, slot: Slot) -> Option<Vec<Slot>> {
        let head = self.head(slot);
        let count = match head.state() {
            State::Note => self.note_spills(slot),
            _ => self.geometry.slots_for(head.length()) - 1,
        };
        if count == 0 {
            return Some(Vec::new());
        }
        let mut spills = Vec::with_capacity(count);
        let mut link = self.get(self.key_start(slot) + LONG_KEY_WORDS);
        for _ in 0..count {
            let spill = self.spill(slot, link)?;
            link = self.head(spill).next();
            spills.push(spill);
        }
        Some(spills)
    }

    /// The words in the spill slots of `slot`, so many as there should be.
    pub(super) fn spilled_words(&self, slot: Slot, words: usize) -> impl Iterator<Item = u64> {
        KeyWords {
            store: self,
            owner: slot,
            next: 0,
            here: 0,
            left: words,
            link: self.get(self.key_start(slot) + LONG_KEY_WORDS),
        }
    }

    /// The words of a key.
    pub(super) fn key_words(&self, slot: Slot) -> impl Iterator<Item = u64> {
        let words = self.head(slot).length().div_ceil(WORD);
        let here = if words <= KEY_WORDS {
            words
        } else {
            LONG_KEY_WORDS
        };
        let next = self.key_start(slot);
        let link = if words <= KEY_WORDS {
            0
        } else {
            self.get(next + LONG_KEY_WORDS)
        };
        KeyWords {
            store: self,
            owner: slot,
            next,
            here,
            left: words - here,
            link,
        }
    }

    pub(super) fn key_start(&self, slot: Slot) -> usize {
        self.slot_start(slot) + 1 + self.geometry.cells
    }

    /// The slot `link` leads to, if it is a spill slot of `owner`.
    fn spill(&self, owner: Slot, link: u64) -> Option<Slot> {
        let spill = self.slot(link)?;
        let head = self.head(spill);
        (head.state() == State::Spill && head.owner() == owner.stored()).then_some(spill)
    }
}

/// Room for the bytes of one key.
pub(super) struct KeyBytes([u8; KEY_ROOM]);

const KEY_ROOM: usize = KEY_LIMIT.next_multiple_of(WORD);

impl KeyBytes {
    pub(super) fn new() -> Self {
        Self([0; KEY_ROOM])
    }
}

/// Walks the words of a stored key through its spill slots; ends early where the chain is broken.
struct KeyWords<'a> {
    store: &'a Store,
    owner: Slot,
    /// The next word, of which `here` follow each other.
    next: usize,
    here: usize,
    /// Words in the spill slots from `link` on.
    left: usize,
    link: u64,
}

impl Iterator for KeyWords<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.here == 0 {
            if self.left == 0 {
                return None;
            }
            let spill = self.store.spill(self.owner, self.link)?;
            self.here = self.left.min(self.store.geometry.slot_words() - 1);
            self.left -= self.here;
            self.next = self.store.slot_start(spill) + 1;
            self.link = self.store.head(spill).next();
        }
        let word = self.store.get(self.next);
        self.next += 1;
        self.here -= 1;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_back_what_it_was_made_of() {
        for (length, is_truncated, stamp) in
            [(1, false, 0), (255, true, LARGEST_STAMP), (40, false, 7)]
        {
            let head = Head::live(length, is_truncated, stamp);
            assert_eq!(head.state(), State::Live);
            assert_eq!(head.parked().state(), State::Parked);
            assert!(head.has_key() && head.parked().has_key());
            assert_eq!(
                (head.length(), head.is_truncated(), head.stamp()),
                (length, is_truncated, stamp)
            );
        }
        assert_eq!(Head::live(1, false, u64::MAX).stamp(), PINNED_STAMP);
        let live = Head::live(7, true, 9);
        assert_eq!(live.parked().unparked(), live);
        assert_eq!(live.pending().state(), State::Pending);
        assert_eq!(live.stamped(12), Head::live(7, true, 12));
        assert_eq!(live.stamped(8), live);
        let pinned = live.changed(u64::MAX);
        assert!(pinned.is_pinned() && pinned.stamped(12).is_pinned());
        assert_eq!(pinned.changed(12), Head::live(7, true, 12));
        assert_eq!(live.changed(8), live);
        assert_eq!(
            (Head::note(3).state(), Head::note(3).stamp()),
            (State::Note, 3)
        );
        assert!(!Head::note(3).has_key() && !live.pending().has_key());
        let (owner, next) = (Slot(5), Slot(LINK_MASK as usize - 1));
        let head = Head::spill(owner, Some(next));
        assert_eq!(
            (head.state(), head.owner(), head.next()),
            (State::Spill, 6, LINK_MASK)
        );
        assert_eq!(Head::spill(owner, None).next(), 0);
        assert!(!head.has_key() && !Head::free(Some(owner)).has_key());
        assert_eq!(Head::free(Some(owner)).next(), 6);
        assert_eq!(Head::free(None), Head(0));
    }
}

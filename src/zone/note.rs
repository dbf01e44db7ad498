//! Notes: what a zone remembers beside its keys, in slots of the same kind.
//!
//! A *text* is kept with a key and goes with it. A *receipt* says that changes asked for under some name
//! were made; it stays until its time is over, and then goes when its room is needed (see `receipts`). Both
//! are found through the index by a name of 128 bits, the hash of what they are about under a seed that
//! nobody knows and that stays with the zone. Only the owner of the lock uses notes.
//!
//! The words where a key would have its bytes: name (2), kind and number, next receipt, first spill slot or owner.
//! The number is a text's length, or how many keys the changes of a receipt made (23 bits) and its end (40 bits, in
//! units of 4096 stamps).

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use super::Zone;
use super::layout::{WORD, header};
use super::marker::after_copy;
use super::record::{Head, State, stamp_of};
use super::slots::{MOST_TAKEN, Taken};
use super::store::{Slot, Store, pack};
use crate::metric::{Moment, stored_key};

/// What a note is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name(pub(super) u128);

/// What a note says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note<'a> {
    /// The text of a key.
    Text(&'a [u8]),
    /// Changes were made.
    Receipt(Receipt),
}

/// That changes were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    /// How many keys they made.
    pub(super) created: u64,
    /// When its time is over, as a stamp; rounded up when it is stored.
    pub(super) end: u64,
    /// Whose it is: a hash.
    pub(super) owner: u64,
}

const NUMBER: usize = 2;
const NEXT: usize = 3;
/// The lowest bit of the number's word.
const RECEIPT: u64 = 1;
/// The longest text that a change may bring, in bytes.
pub(super) const LONGEST_TEXT: usize = 255;
/// The longest text there is, where slots are large enough; see [`Store::longest_text`].
const LONGEST_OF_ALL: usize = 1104;
/// Where a receipt says whose it is.
const OWNER: usize = 4;
const CREATED_BITS: u32 = 23;
const END_UNIT_BITS: u32 = 12;
/// In stamps: half an hour, for receipts of the first version, which say no end.
const FORMER_LIFETIME: u64 = (30 * 60 * 1_000_000_000) >> 6;
const LARGEST_END: u64 = (1 << 40) - 1;

impl Receipt {
    fn packed(self) -> u64 {
        let end = self.end.div_ceil(1 << END_UNIT_BITS).min(LARGEST_END);
        let created = self.created.min((1 << CREATED_BITS) - 1);
        end << (CREATED_BITS + 1) | created << 1 | RECEIPT
    }

    fn unpacked(number: u64, owner: u64) -> Self {
        Self {
            created: number >> 1 & ((1 << CREATED_BITS) - 1),
            end: (number >> (CREATED_BITS + 1)) << END_UNIT_BITS,
            owner,
        }
    }
}

impl Zone {
    /// Whether some key has a text.
    pub fn has_help(&self) -> bool {
        self.view().is_ok_and(|view| view.store.texts() > 0)
    }

    /// Appends the text kept with a key; false if there is none.
    pub fn help(&self, key: &[u8], out: &mut Vec<u8>) -> bool {
        self.has_help()
            && self
                .access()
                .is_ok_and(|access| access.view.store.copy_text(stored_key(key), out))
    }
}

impl Store {
    /// The name of the text of `key`.
    pub(super) fn text_name(&self, key: &[u8]) -> Name {
        self.name(b't', key)
    }

    /// The name of the receipt for changes called `name`.
    pub(super) fn receipt_name(&self, name: &[u8]) -> Name {
        self.name(b'r', name)
    }

    fn name(&self, kind: u8, about: &[u8]) -> Name {
        let seed = self.get(header::NAMES) ^ u64::from(kind);
        Name(xxh3_128_with_seed(about, seed))
    }

    /// The note of this name.
    pub(super) fn find_note(&self, name: Name) -> Option<Slot> {
        let has_name = |slot: &Slot| self.head(*slot).state() == State::Note;
        self.suspects(self.note_hash(name))
            .filter(has_name)
            .find(|slot| self.note_name(*slot) == name)
    }

    pub(super) fn note_hash(&self, name: Name) -> u64 {
        xxh3_64_with_seed(&name.0.to_le_bytes(), self.get(header::SEED))
    }

    pub(super) fn note_name(&self, slot: Slot) -> Name {
        let start = self.key_start(slot);
        Name(u128::from(self.get(start)) | u128::from(self.get(start + 1)) << 64)
    }

    /// Slots that a note takes.
    pub(super) fn slots_for_note(&self, note: Note<'_>) -> usize {
        match note {
            Note::Text(text) => 1 + self.spills_for_text(text.len()),
            Note::Receipt(_) => 1,
        }
    }

    /// The longest text that the slots of one note can hold.
    pub(super) fn longest_text(&self) -> usize {
        let spills = (MOST_TAKEN - 1) * (self.geometry.slot_words() - 1) * WORD;
        spills.min(LONGEST_OF_ALL)
    }

    pub(super) fn spills_for_text(&self, bytes: usize) -> usize {
        bytes
            .div_ceil(WORD)
            .div_ceil(self.geometry.slot_words() - 1)
    }

    /// How many spill slots the note in `slot` has.
    pub(super) fn note_spills(&self, slot: Slot) -> usize {
        match self.is_receipt(slot) {
            true => 0,
            false => self.spills_for_text(self.text_length(slot)),
        }
    }

    /// Writes a note that comes into being with the transaction it belongs to.
    pub(super) fn write_note(&self, slots: &Taken, name: Name, note: Note<'_>, now: Moment) {
        let (slot, start) = (slots[0], self.key_start(slots[0]));
        self.set_name(slot, name);
        self.set(start + NEXT, 0);
        match note {
            Note::Text(text) => {
                self.set(start + NUMBER, (text.len() as u64) << 1);
                self.write_spills(slot, &slots[1..], pack(text));
            }
            Note::Receipt(receipt) => {
                self.set(start + NUMBER, receipt.packed());
                self.set(start + OWNER, receipt.owner);
            }
        }
        self.set_head(slot, Head::note(stamp_of(now)).pending());
    }

    /// Adds a note to a store that nobody uses yet; false if there is no room for it.
    pub(super) fn add_note(&self, name: Name, note: Note<'_>, moment: Moment) -> bool {
        let slots = self.allocate_outside_reserve(self.slots_for_note(note));
        if let Some(slots) = &slots {
            self.write_note(slots, name, note, moment);
            self.come_true(slots[0]);
        }
        slots.is_some()
    }

    /// Adds a receipt that its owner has already, in the layout that this store is a copy of; where it is, if there is room for it.
    pub(super) fn add_counted_receipt(
        &self,
        name: Name,
        receipt: Receipt,
        moment: Moment,
    ) -> Option<Slot> {
        let note = Note::Receipt(receipt);
        let slots = self.allocate_outside_reserve(self.slots_for_note(note))?;
        let slot = slots[0];
        self.write_note(&slots, name, note, moment);
        self.set_head(slot, self.head(slot).entered());
        self.link(slot, self.note_hash(name));
        self.set(header::NOTES, self.get(header::NOTES).wrapping_add(1));
        self.place_receipt(slot);
        Some(slot)
    }

    /// Makes a note, whose head says that it is one, be found from now on.
    pub(super) fn enter_note(&self, slot: Slot) {
        self.link(slot, self.note_hash(self.note_name(slot)));
        self.set(header::NOTES, self.get(header::NOTES).wrapping_add(1));
        if !self.is_receipt(slot) {
            return self.set(header::TEXTS, self.get(header::TEXTS).wrapping_add(1));
        }
        self.enter_receipt(slot);
    }

    /// Forgets all notes, which are still in their slots; to be entered again.
    pub(super) fn clear_notes(&self) {
        for field in [
            header::NOTES,
            header::TEXTS,
            header::FIRST_RECEIPT,
            header::LAST_RECEIPT,
        ] {
            self.set(field, 0);
        }
    }

    pub(super) fn is_receipt(&self, slot: Slot) -> bool {
        self.get(self.key_start(slot) + NUMBER) & RECEIPT != 0
    }

    /// How many bytes the text in `slot` has.
    pub(super) fn text_length(&self, slot: Slot) -> usize {
        let bytes = self.get(self.key_start(slot) + NUMBER) >> 1;
        usize::try_from(bytes).map_or(0, |bytes| bytes.min(self.longest_text()))
    }

    /// The receipt in `slot`.
    pub(super) fn read_receipt(&self, slot: Slot) -> Receipt {
        let start = self.key_start(slot);
        let receipt = Receipt::unpacked(self.get(start + NUMBER), self.get(start + OWNER));
        match receipt.end {
            0 => Receipt {
                end: self.head(slot).stamp().saturating_add(FORMER_LIFETIME),
                ..receipt
            },
            _ => receipt,
        }
    }

    /// The receipt behind the one in `slot`, as stored.
    pub(super) fn next_receipt(&self, slot: Slot) -> u64 {
        self.get(self.key_start(slot) + NEXT)
    }

    pub(super) fn set_next_receipt(&self, slot: Slot, next: u64) {
        self.set(self.key_start(slot) + NEXT, next);
    }

    /// Appends the text of `key`; false if it has none.
    pub(super) fn copy_text(&self, key: &[u8], out: &mut Vec<u8>) -> bool {
        if self.texts() == 0 {
            return false;
        }
        let Some(slot) = self.find_note(self.text_name(key)) else {
            return false;
        };
        let (start, length) = (out.len(), self.text_length(slot));
        for word in self.spilled_words(slot, length.div_ceil(WORD)) {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.truncate(start + length);
        true
    }

    /// Gives the receipt of this name, whose time is over, one that nobody asks for: the name is used anew. It
    /// keeps its place in the order in which receipts are forgotten.
    pub(super) fn retire_receipt(&self, name: Name) {
        let Some(slot) = self.find_note(name) else {
            return;
        };
        self.unlink(slot, self.note_hash(name));
        let retired = self.name(
            b'o',
            &[
                name.0.to_le_bytes(),
                u128::from(self.head(slot).0).to_le_bytes(),
            ]
            .concat(),
        );
        self.set_name(slot, retired);
        self.link(slot, self.note_hash(retired));
    }

    fn set_name(&self, slot: Slot, name: Name) {
        self.mark_dirty(slot);
        let start = self.key_start(slot);
        self.set(start, name.0 as u64);
        self.set(start + 1, (name.0 >> 64) as u64);
    }

    /// The receipt in `slot`: its name, what it says, when it was written. Without the lock, so only if it stays
    /// while it is copied.
    pub(super) fn peek_receipt(&self, slot: Slot) -> Option<(Name, Receipt, Moment)> {
        let head = self.head(slot);
        if head.state() != State::Note || !self.is_receipt(slot) {
            return None;
        }
        let receipt = (self.note_name(slot), self.read_receipt(slot), head.moment());
        after_copy();
        (self.head(slot) == head).then_some(receipt)
    }

    /// Takes the text of a key away.
    pub(super) fn drop_text(&self, key: &[u8]) {
        if self.texts() == 0 {
            return;
        }
        if let Some(slot) = self.find_note(self.text_name(key)) {
            self.set(header::TEXTS, self.get(header::TEXTS).saturating_sub(1));
            self.drop_note(slot);
        }
    }

    /// How many keys have a text.
    pub(super) fn texts(&self) -> u64 {
        self.get(header::TEXTS)
    }

    pub(super) fn drop_note(&self, slot: Slot) {
        self.unlink(slot, self.note_hash(self.note_name(slot)));
        self.set(header::NOTES, self.get(header::NOTES).saturating_sub(1));
        let spills = self.spills(slot).unwrap_or_default();
        self.free(slot);
        spills.into_iter().for_each(|spill| self.free(spill));
    }
}

//! One layout: its words, its measures and the schema of its cells.
//!
//! Everything that works on a layout is a method of [`Store`], each concern in a file of its own: record,
//! slots, index, stamp, recency, ledger, recovery. All of them but `known`, `stamp` and what reads run under
//! the zone's lock, take slot numbers found in memory through [`Store::slot`] only, and bound every loop by
//! the measures; so damaged memory leads to wrong numbers at worst. Loads acquire and stores release: what a process wrote before it died is seen in
//! the order of the program.

use std::sync::Arc;

use super::Unusable;
use super::index;
use super::layout::{Geometry, KEY_WORDS, LAYOUT_MAGIC, WORD, header};
use super::marker::Markers;
use super::record::Head;
use crate::metric::Schema;
use crate::os::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::os::{SharedHalves, SharedMemory, SharedRows, SharedWord, random};

#[derive(Debug)]
pub(super) struct Store {
    memory: SharedMemory,
    pub(super) markers: Markers,
    pub(super) seed: SharedWord,
    /// The latest stamp.
    pub(super) latest: SharedWord,
    slots: SharedRows,
    pub(super) geometry: Geometry,
    pub(super) schema: Arc<Schema>,
    /// Measures that every update needs, worked out once.
    slots_start: usize,
    slot_words: usize,
    index: SharedHalves,
    /// The bits of an entry of the index that hold a slot number.
    pub(super) slot_mask: u32,
}

/// The number of a slot that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) usize);

/// The words of a slot.
pub(super) struct Words<'a> {
    pub(super) head: &'a AtomicU64,
    pub(super) cells: &'a [AtomicU64],
    /// Those of its key.
    pub(super) own: &'a [AtomicU64; KEY_WORDS],
}

impl Store {
    /// Makes an empty layout in `memory`, which must read as zero.
    pub(super) fn create(
        memory: SharedMemory,
        markers: Markers,
        geometry: Geometry,
        schema: Arc<Schema>,
    ) -> Result<Self, Unusable> {
        let seed = index::seed()?;
        let store = Self::new(memory, markers, geometry, schema);
        store.set(header::BYTES, geometry.bytes as u64);
        store.set(header::CELLS, geometry.cells as u64);
        store.set(header::SOURCE_ROOM, geometry.source_room as u64);
        store.set(header::SLOTS, geometry.slots as u64);
        store.set(header::SEED, seed);
        store.set(header::NAMES, random()?);
        store.write_source();
        store.set(header::MAGIC, LAYOUT_MAGIC);
        Ok(store)
    }

    /// The layout in `memory`, read with `own` if its cells are what `own` says, and otherwise with the
    /// schema stored in it.
    pub(super) fn open(
        memory: SharedMemory,
        markers: Markers,
        own: Arc<Schema>,
    ) -> Result<Self, Unusable> {
        let geometry = Self::read_geometry(&memory)?;
        let mut store = Self::new(memory, markers, geometry, own);
        let stored =
            Schema::from_source(&store.source()?).map_err(|_| Unusable::Corrupt("not a schema"))?;
        if stored.cells() != geometry.cells {
            return Err(Unusable::Corrupt("cells do not match the schema"));
        }
        let own = &store.schema;
        if stored.identity() != own.identity() || stored.labels() != own.labels() {
            store.schema = Arc::new(stored);
        }
        Ok(store)
    }

    fn new(
        memory: SharedMemory,
        markers: Markers,
        geometry: Geometry,
        schema: Arc<Schema>,
    ) -> Self {
        let index = geometry.index_start();
        Self {
            seed: SharedWord::new(&memory, header::SEED),
            latest: SharedWord::new(&memory, header::LATEST),
            slots: SharedRows::new(
                &memory,
                geometry.slots_start(),
                geometry.slot_words(),
                geometry.slots,
            ),
            markers,
            geometry,
            schema,
            slots_start: geometry.slots_start(),
            slot_words: geometry.slot_words(),
            index: SharedHalves::new(&memory, index..index + geometry.entries() / 2),
            memory,
            slot_mask: u32::MAX >> (geometry.slots as u32).leading_zeros(),
        }
    }

    fn read_geometry(memory: &SharedMemory) -> Result<Geometry, Unusable> {
        let words = memory.words();
        if words.len() < header::WORDS {
            return Err(Unusable::Corrupt("too short"));
        }
        let read = |field: usize| words[field].load(Ordering::Acquire);
        let number = |field: usize| usize::try_from(read(field)).unwrap_or(usize::MAX);
        if read(header::MAGIC) != LAYOUT_MAGIC {
            return Err(Unusable::Corrupt("not a layout"));
        }
        Geometry::plan(
            memory.bytes(),
            number(header::CELLS),
            number(header::SOURCE_ROOM),
        )
        .filter(|plan| plan.bytes == number(header::BYTES))
        .filter(|plan| plan.slots == number(header::SLOTS))
        .ok_or(Unusable::Corrupt("impossible measures"))
    }

    /// Stores the text of this store's schema; only ever done before the layout comes into force.
    fn write_source(&self) {
        let source = self.schema.source();
        for (place, word) in pack(source.as_bytes()).enumerate() {
            self.set(header::WORDS + place, word);
        }
        self.set(header::SOURCE_BYTES, source.len() as u64);
    }

    /// The schema's text as stored.
    pub(super) fn source(&self) -> Result<String, Unusable> {
        let bytes = usize::try_from(self.get(header::SOURCE_BYTES)).unwrap_or(usize::MAX);
        if bytes > self.geometry.source_room * WORD {
            return Err(Unusable::Corrupt("schema too long"));
        }
        let words = header::WORDS..header::WORDS + bytes.div_ceil(WORD);
        let mut text: Vec<u8> = words
            .flat_map(|word| self.get(word).to_le_bytes())
            .collect();
        text.truncate(bytes);
        String::from_utf8(text).map_err(|_| Unusable::Corrupt("not a schema"))
    }

    pub(super) fn get(&self, word: usize) -> u64 {
        self.memory.words()[word].load(Ordering::Acquire)
    }

    pub(super) fn set(&self, word: usize, value: u64) {
        #[cfg(test)]
        super::tests::crash::step();
        self.memory.words()[word].store(value, Ordering::Release);
    }

    pub(super) fn words(&self) -> &[AtomicU64] {
        self.memory.words()
    }

    /// The slot of a number found in memory, where one more than the slot is stored and zero is none.
    pub(super) fn slot(&self, stored: u64) -> Option<Slot> {
        let number = usize::try_from(stored).ok()?.checked_sub(1)?;
        (number < self.geometry.slots).then_some(Slot(number))
    }

    /// Every slot that was ever used.
    pub(super) fn used_slots(&self) -> impl Iterator<Item = Slot> + use<> {
        (0..self.fresh()).map(Slot)
    }

    /// Every `step`-th of them with its head as it is now.
    #[inline]
    pub(super) fn used_heads(&self, step: usize) -> impl Iterator<Item = (Slot, Head)> {
        let (slots, slot_words) = (&self.words()[self.slots_start..], self.slot_words);
        let head = move |number: usize| {
            let word = &slots[number * slot_words];
            (Slot(number), Head(word.load(Ordering::Acquire)))
        };
        (0..self.fresh()).step_by(step).map(head)
    }

    /// How many slots were ever used.
    pub(super) fn fresh(&self) -> usize {
        usize::try_from(self.get(header::FRESH))
            .unwrap_or(usize::MAX)
            .min(self.geometry.slots)
    }

    pub(super) fn slot_start(&self, slot: Slot) -> usize {
        self.slots_start + slot.0 * self.slot_words
    }

    /// The entries of the index.
    #[inline(always)]
    pub(super) fn index(&self) -> &[AtomicU32] {
        &self.index
    }

    /// All words of a slot.
    #[inline(always)]
    pub(super) fn slot_words(&self, slot: Slot) -> Option<Words<'_>> {
        let words = self.slots.row(slot.0)?;
        let (rest, own) = words.split_last_chunk()?;
        let (head, cells) = rest.split_first()?;
        Some(Words { head, cells, own })
    }

    /// A slot's cells.
    pub(super) fn cells(&self, slot: Slot) -> &[AtomicU64] {
        let start = self.slot_start(slot) + 1;
        &self.words()[start..start + self.geometry.cells]
    }

    /// A copy of a slot's cells.
    pub(super) fn copy_cells(&self, slot: Slot) -> Vec<u64> {
        self.cells(slot)
            .iter()
            .map(|cell| cell.load(Ordering::Acquire))
            .collect()
    }
}

impl Slot {
    /// What is stored in memory for this slot.
    pub(super) fn stored(self) -> u64 {
        self.0 as u64 + 1
    }
}

/// Bytes as words of eight, the last one filled up with zeros.
pub(super) fn pack(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (whole, rest) = bytes.as_chunks::<WORD>();
    let last = (!rest.is_empty()).then(|| last_word(bytes, rest));
    whole
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .chain(last)
}

/// Whether the words are the bytes as [`pack`] has them; for every update, so without its iterators.
#[inline]
pub(super) fn is_packed(bytes: &[u8], words: &[AtomicU64]) -> bool {
    let (whole, rest) = bytes.as_chunks::<WORD>();
    if words.len() < whole.len() {
        return false;
    }
    for (chunk, word) in whole.iter().zip(words) {
        if u64::from_le_bytes(*chunk) != word.load(Ordering::Acquire) {
            return false;
        }
    }
    match words.get(whole.len()) {
        Some(word) if !rest.is_empty() => last_word(bytes, rest) == word.load(Ordering::Acquire),
        _ => rest.is_empty(),
    }
}

/// The word for the bytes at the end that are fewer than eight.
#[inline]
fn last_word(bytes: &[u8], rest: &[u8]) -> u64 {
    match bytes.last_chunk() {
        // The last eight bytes, without those that belong to the word before.
        Some(last) => u64::from_le_bytes(*last) >> (8 * (WORD - rest.len())),
        None => short_word(rest),
    }
}

/// The word for one to seven bytes, of which those in the middle are read twice.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let shift = 8 * (bytes.len() - HALF);
        return u64::from(u32::from_le_bytes(*first))
            | u64::from(u32::from_le_bytes(*last)) << shift;
    }
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return 0;
    };
    let middle = bytes.len() / 2;
    u64::from(*first)
        | u64::from(bytes[middle]) << (8 * middle)
        | u64::from(*last) << (8 * (bytes.len() - 1))
}

const HALF: usize = size_of::<u32>();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_packed_with_zeros_at_the_end() {
        let bytes: Vec<u8> = (1..=40).collect();
        for length in 0..=40 {
            let packed: Vec<u8> = pack(&bytes[..length]).flat_map(u64::to_le_bytes).collect();
            assert_eq!(packed[..length], bytes[..length]);
            assert!(packed[length..].iter().all(|byte| *byte == 0));
            assert_eq!(packed.len(), length.next_multiple_of(WORD));
            let words: Vec<AtomicU64> = pack(&bytes[..length]).map(AtomicU64::new).collect();
            assert!(is_packed(&bytes[..length], &words));
            let other = [&bytes[..length], b"x"].concat();
            assert!(!is_packed(&other, &words));
            if let Some(last) = words.last() {
                last.fetch_xor(1, Ordering::Relaxed);
                assert!(!is_packed(&bytes[..length], &words));
            }
        }
    }
}

//! A snapshot: everything in a zone as one file, written while counting goes on.
//!
//! Keys are copied one by one without stopping anybody, so a snapshot is exact for each key and not for all
//! of them at one instant; what changes meanwhile is in the next one, and what a client was told to be durable
//! also in the journal. A snapshot says what its cells mean, so it can be read into a zone of other size or
//! metrics, and ends with its length and a checksum, so half of one is never taken for one.
//!
//! ```text
//! magic u64, wall clock u64 (ms since 1970), zone time u64 (ns), journal offset u64, seed of names u64,
//! discarded u64, evicted u64, requests u64, failures u64, schema (u32 length, text), discard key (u32 length + 1
//! or 0, key, truncated u8, cells), entries as in `entry`, 0 u8, number of entries u64, length of all of it u64, checksum u64
//! ```

use std::io::{self, Write};
use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::entry::{self, Entry, Key, Reader};
use crate::metric::{Moment, Schema};
use crate::os::atomic::{AtomicU64, Ordering};
use crate::zone::layout::{header, root};
use crate::zone::record::Head;
use crate::zone::store::{Slot, Store};
use crate::zone::{Record, Unusable, Zone};

const MAGIC: u64 = u64::from_le_bytes(*b"pgsnap\0\x02");
const END: u8 = 0;
/// Entries are written in pieces of about this many bytes.
const PIECE: usize = 64 * 1024;

/// What a snapshot says beside its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::zone) struct Preamble {
    /// When it was begun, in milliseconds since 1970.
    pub(in crate::zone) wall: u64,
    /// The same in the zone's time.
    pub(in crate::zone) moment: Moment,
    /// Records of the journal from here on may be newer.
    pub(in crate::zone) journal: u64,
    pub(in crate::zone) names: u64,
    pub(in crate::zone) discarded: u64,
    pub(in crate::zone) evicted: u64,
    pub(in crate::zone) requests: u64,
    pub(in crate::zone) failures: u64,
    pub(in crate::zone) source: String,
    /// The discard key and its cells, once there is something in it.
    pub(in crate::zone) rest: Option<(Vec<u8>, Vec<u64>)>,
}

impl Preamble {
    /// Of a zone of which nothing else is known than its metrics.
    pub(super) fn unknown(schema: &Schema, wall: u64) -> Self {
        Self {
            wall,
            moment: Moment(0),
            journal: 0,
            names: 0,
            discarded: 0,
            evicted: 0,
            requests: 0,
            failures: 0,
            source: schema.source(),
            rest: None,
        }
    }
}

/// When a snapshot is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// Milliseconds since 1970.
    pub(super) wall: u64,
    /// The machine's monotonic clock.
    pub(super) moment: Moment,
    /// How long the journal is.
    pub(super) journal: u64,
}

impl Zone {
    /// Writes everything in the zone to `out`.
    ///
    /// # Errors
    /// Those of `out`; when the zone is damaged; [`io::ErrorKind::Interrupted`] when it moves meanwhile.
    pub(super) fn write_snapshot(&self, begun: Begun, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = Writer {
            out,
            whole: Xxh3::new(),
            length: 0,
            entries: 0,
        };
        let access = self.access().map_err(io::Error::other)?;
        let view = access.view;
        if view.is_foreign() {
            let own = Arc::clone(&view.store.schema);
            drop(access);
            let same = Self::attach(&self.memory, own).map_err(io::Error::other)?;
            return same.write_snapshot(begun, out);
        }
        let preamble = view.store.preamble(begun, self.moment(begun.moment))?;
        drop(access);
        writer.preamble(&preamble)?;
        let mut piece = Vec::with_capacity(2 * PIECE);
        let (mut record, mut text) = (Record::default(), Vec::new());
        // Receipts first: of a change made meanwhile there must not be the receipt alone.
        for slot in view.store.used_slots() {
            if view.store.copy_receipt(slot, &mut piece) {
                writer.entry(&mut piece)?;
            }
        }
        // Pinned keys last: what an edit adds to one of them and to others is not in the others alone.
        for is_wanted in [Head::is_evictable, Head::is_pinned] {
            for slot in view.store.used_slots() {
                if is_wanted(view.store.head(slot)) && self.copy_slot(view, slot, &mut record) {
                    text.clear();
                    self.help(record.key(), &mut text);
                    record.entry(&text).write(&mut piece);
                    writer.entry(&mut piece)?;
                }
            }
        }
        if view.sequence != self.root.sequence() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        writer.entries(&mut piece)?;
        writer.end()
    }
}

impl Record {
    /// As an entry; the head's stamp was kept when it was copied.
    fn entry<'a>(&'a self, text: &'a [u8]) -> Key<'a> {
        Key {
            key: self.key(),
            is_truncated: self.is_truncated(),
            stamp: self.stamp(),
            cells: self.raw_cells(),
            text,
        }
    }
}

impl Store {
    fn preamble(&self, begun: Begun, moment: Moment) -> io::Result<Preamble> {
        let rest = self.discard_cells().map(|cells| {
            let mut key = Vec::new();
            self.copy_discard_key(&mut key);
            let load = |cell: &AtomicU64| cell.load(Ordering::Acquire);
            (key, cells.iter().map(load).collect())
        });
        Ok(Preamble {
            wall: begun.wall,
            moment,
            journal: begun.journal,
            names: self.get(header::NAMES),
            discarded: self.discarded(),
            evicted: self.evicted(),
            requests: self.get(header::REQUESTS),
            failures: self.get(header::FAILURES),
            source: self.source().map_err(io::Error::other)?,
            rest,
        })
    }

    /// Appends the receipt in `slot`, if there is one that stays while it is copied.
    fn copy_receipt(&self, slot: Slot, out: &mut Vec<u8>) -> bool {
        let Some((name, receipt, moment)) = self.peek_receipt(slot) else {
            return false;
        };
        entry::receipt(name, receipt, moment, out);
        true
    }
}

struct Writer<'a> {
    out: &'a mut dyn Write,
    whole: Xxh3,
    length: u64,
    entries: u64,
}

impl Writer<'_> {
    fn preamble(&mut self, preamble: &Preamble) -> io::Result<()> {
        let mut times = Vec::new();
        for number in [MAGIC, preamble.wall, preamble.moment.0, preamble.journal] {
            times.extend(number.to_le_bytes());
        }
        self.write(&times)?;
        let mut rest = Vec::new();
        let counts = [
            preamble.discarded,
            preamble.evicted,
            preamble.requests,
            preamble.failures,
        ];
        for number in [preamble.names].into_iter().chain(counts) {
            rest.extend(number.to_le_bytes());
        }
        rest.extend((preamble.source.len() as u32).to_le_bytes());
        rest.extend(preamble.source.as_bytes());
        match &preamble.rest {
            None => rest.extend(0u32.to_le_bytes()),
            Some((key, cells)) => {
                rest.extend((key.len() as u32 + 1).to_le_bytes());
                rest.extend(key);
                rest.extend((cells.len() as u32).to_le_bytes());
                rest.extend(cells.iter().flat_map(|cell| cell.to_le_bytes()));
            }
        }
        self.write(&rest)
    }

    /// Counts an entry, and writes the piece it is in when that is long enough.
    fn entry(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        self.entries += 1;
        match piece.len() >= PIECE {
            true => self.entries(piece),
            false => Ok(()),
        }
    }

    /// Writes and empties a piece of entries.
    fn entries(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        self.write(piece)?;
        piece.clear();
        Ok(())
    }

    fn end(mut self) -> io::Result<()> {
        let mut end = vec![END];
        end.extend(self.entries.to_le_bytes());
        let length = self.length + end.len() as u64 + 16;
        end.extend(length.to_le_bytes());
        self.write(&end)?;
        let checksum = self.whole.digest();
        self.out.write_all(&checksum.to_le_bytes())?;
        self.out.flush()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.whole.update(bytes);
        self.length += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// Reads a snapshot; all of it or nothing.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<(Preamble, Vec<Entry>), Unusable> {
    let (signed, checksum) = bytes
        .split_last_chunk()
        .ok_or(Unusable::Corrupt("too short"))?;
    if u64::from_le_bytes(*checksum) != xxh3_64(signed) {
        return Err(Unusable::Corrupt("the checksum does not fit"));
    }
    understand(signed, bytes.len() as u64)
        .ok_or(Unusable::Corrupt("not a snapshot of this version"))
}

fn understand(signed: &[u8], length: u64) -> Option<(Preamble, Vec<Entry>)> {
    let mut reader = Reader(signed);
    if reader.number()? != MAGIC {
        return None;
    }
    let preamble = Preamble {
        wall: reader.number()?,
        moment: Moment(reader.number()?),
        journal: reader.number()?,
        names: reader.number()?,
        discarded: reader.number()?,
        evicted: reader.number()?,
        requests: reader.number()?,
        failures: reader.number()?,
        source: text(&mut reader)?,
        rest: rest(&mut reader)?,
    };
    let mut entries = Vec::new();
    while reader.0.first() != Some(&END) {
        entries.push(reader.entry()?);
    }
    reader.bytes(1)?;
    let is_whole = reader.number()? == entries.len() as u64 && reader.number()? == length;
    is_whole.then_some((preamble, entries))
}

fn text(reader: &mut Reader<'_>) -> Option<String> {
    let length = u32::from_le_bytes(reader.array()?) as usize;
    String::from_utf8(reader.bytes(length)?.to_vec()).ok()
}

#[expect(
    clippy::option_option,
    reason = "nothing read is not the same as nothing there"
)]
fn rest(reader: &mut Reader<'_>) -> Option<Option<(Vec<u8>, Vec<u64>)>> {
    let Some(length) = (u32::from_le_bytes(reader.array()?) as usize).checked_sub(1) else {
        return Some(None);
    };
    let key = reader.bytes(length)?.to_vec();
    let cells = u32::from_le_bytes(reader.array()?) as usize;
    Some(Some((key, reader.cells(cells)?)))
}

impl Zone {
    /// Notes that everything changed before `begun` is on disk.
    pub(super) fn note_snapshot(&self, begun: Begun) {
        self.root.set(root::SNAPSHOT, begun.wall);
        self.note_synced(begun.wall);
    }

    /// Notes that everything changed before some time, in milliseconds since 1970, is on disk.
    pub(super) fn note_synced(&self, wall: u64) {
        let word = self.root.word(root::SYNCED);
        word.fetch_max(wall, Ordering::Relaxed);
    }
}

//! The journal: what clients were told to be durable, between two snapshots.
//!
//! Records are appended by all processes, each in one write, and the answer waits until the file was flushed
//! to its disk. A record that is not whole (its writer was killed, or the machine) was never answered for,
//! and is passed over. A record is magic u32, length u32, checksum u64, then entries as in `entry`.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::entry::{Entry, Reader};
use crate::os::{first_data, open_own};

const MAGIC: u32 = u32::from_le_bytes(*b"pgj1");

/// No record is longer: the changes of one request.
const LONGEST: usize = 64 << 20;

/// Entries as one record.
pub(in crate::zone) fn record(entries: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + entries.len());
    out.extend(MAGIC.to_le_bytes());
    out.extend((entries.len() as u32).to_le_bytes());
    out.extend(xxh3_64(entries).to_le_bytes());
    out.extend_from_slice(entries);
    out
}

/// What could be read of a journal.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The entries of all whole records.
    pub(super) entries: Vec<Entry>,
    /// Where the last whole record ends.
    pub(super) end: usize,
    /// Bytes before that which are in no whole record.
    pub(super) skipped: usize,
}

/// Reads all whole records.
pub(super) fn read(bytes: &[u8]) -> Read {
    let mut read = Read::default();
    let mut place = 0;
    while let Some(found) = find(&bytes[place..]) {
        place += found;
        let mut reader = Reader(&bytes[place..]);
        match next(&mut reader) {
            Some(entries) => {
                read.entries.extend(entries);
                read.skipped += place - read.end;
                place = bytes.len() - reader.0.len();
                read.end = place;
            }
            None => place += 1,
        }
    }
    read
}

/// Where a record may begin.
fn find(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|four| four == MAGIC.to_le_bytes())
}

/// A journal that was opened.
pub(super) struct Opened {
    /// To be appended to.
    pub(super) file: File,
    /// What was in it.
    pub(super) entries: Vec<Entry>,
    /// Whether something behind the last whole record was cut off.
    pub(super) is_torn: bool,
    /// Bytes between records that are in none.
    pub(super) skipped: usize,
}

/// Opens a journal for appending, and reads what is in it from `from` on. What follows the last whole record
/// is cut off.
///
/// # Errors
/// When the file cannot be opened, read or cut.
pub(super) fn open(path: &Path, from: u64) -> io::Result<Opened> {
    let mut options = File::options();
    options.read(true).append(true).create(true).mode(0o600);
    let file = open_own(&mut options, path)?;
    let length = file.metadata()?.len();
    let mut opened = Opened {
        file,
        entries: Vec::new(),
        is_torn: false,
        skipped: 0,
    };
    if from >= length {
        return Ok(opened);
    }
    let from = first_data(&opened.file, from)?.max(from);
    let bytes = usize::try_from(length - from).map_err(io::Error::other)?;
    let mut content = vec![0; bytes];
    opened.file.read_exact_at(&mut content, from)?;
    let read = read(&content);
    opened.is_torn = read.end < content.len();
    if opened.is_torn {
        opened.file.set_len(from + read.end as u64)?;
    }
    opened.entries = read.entries;
    opened.skipped = read.skipped;
    Ok(opened)
}

fn next(reader: &mut Reader<'_>) -> Option<Vec<Entry>> {
    if u32::from_le_bytes(reader.array()?) != MAGIC {
        return None;
    }
    let length = u32::from_le_bytes(reader.array()?) as usize;
    if length > LONGEST {
        return None;
    }
    let checksum = reader.number()?;
    let bytes = reader.bytes(length)?;
    if xxh3_64(bytes) != checksum {
        return None;
    }
    let (mut entries, mut reader) = (Vec::new(), Reader(bytes));
    while !reader.0.is_empty() {
        entries.push(reader.entry()?);
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::super::entry::removal;
    use super::*;

    fn removed(key: &str, stamp: u64) -> Vec<u8> {
        let mut entry = Vec::new();
        removal(key.as_bytes(), stamp, &mut entry);
        record(&entry)
    }

    #[test]
    fn what_is_not_whole_is_left_out() {
        let (first, second) = (removed("a", 1), removed("b", 2));
        let both = [first.clone(), second.clone()].concat();
        for end in 0..=both.len() {
            let read = read(&both[..end]);
            let whole = usize::from(end >= first.len()) + usize::from(end == both.len());
            assert_eq!(read.entries.len(), whole);
            assert_eq!(read.end, [0, first.len(), both.len()][whole]);
        }
        let mut flipped = both.clone();
        flipped[first.len() + 20] ^= 1;
        assert_eq!(read(&flipped).end, first.len());
    }

    #[test]
    fn a_torn_record_does_not_hide_those_behind_it() {
        let (first, torn, last) = (removed("a", 1), removed("b", 2), removed("c", 3));
        let all = [&first[..], &torn[..torn.len() - 3], &last].concat();
        let read = read(&all);
        assert_eq!((read.entries.len(), read.end), (2, all.len()));
        assert_eq!(read.skipped, torn.len() - 3);
    }
}

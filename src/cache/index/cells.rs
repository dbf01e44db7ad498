//! What lies in which cell of which kind of key of an index.
//!
//! An entry's key is its name. Its *fill*, while there is one, has a key of its own, and so have the sums, which change
//! in edits only, together with what they sum up.

use crate::cache::Name;
use crate::os::atomic::{AtomicU64, Ordering};

/// Cells of every key.
pub(super) const CELLS: usize = 6;

/// Of entries.
pub(super) mod entry {
    /// The fill that made the file; zero where there is none and only uses are counted.
    pub(in crate::cache::index) const SERIAL: usize = 0;
    /// Bytes on the disk.
    pub(in crate::cache::index) const SIZE: usize = 1;
    /// When it was asked for last, in the zone's time.
    pub(in crate::cache::index) const LAST: usize = 2;
    /// How often it was asked for.
    pub(in crate::cache::index) const USES: usize = 3;
    /// Of a variant, the beginning of the name of what it is a variant of.
    pub(in crate::cache::index) const MAIN: usize = 4;
    /// Whether it was made for a fill, and goes if that comes to nothing.
    pub(in crate::cache::index) const IS_PLACE: usize = 5;
}

/// Of fills.
pub(super) mod fill {
    /// A number that no other fill of the zone ever has.
    pub(in crate::cache::index) const SERIAL: usize = 0;
    /// Whose it is.
    pub(in crate::cache::index) const PROCESS: usize = 1;
    pub(in crate::cache::index) const STARTED: usize = 2;
    /// How far it has come, see [`Progress`](super::super::Progress).
    pub(in crate::cache::index) const PROGRESS: usize = 3;
    /// When it came further last, in the zone's time.
    pub(in crate::cache::index) const MOVED: usize = 4;
    /// The last fill of the entry whose answer was not to be kept, or zero; with [`AWAITED`] and [`PURGED`].
    pub(in crate::cache::index) const REFUSED: usize = 5;
    /// A bit of `REFUSED`: somebody waits for the head.
    pub(in crate::cache::index) const AWAITED: u64 = 1 << 63;
    /// A bit of `REFUSED`: what it brings is not to be kept.
    pub(in crate::cache::index) const PURGED: u64 = 1 << 62;
}

/// Of the sums.
pub(super) mod sums {
    pub(in crate::cache::index) const SIZE: usize = 0;
    pub(in crate::cache::index) const ENTRIES: usize = 1;
    pub(in crate::cache::index) const FILLING: usize = 2;
    /// The last serial that was given.
    pub(in crate::cache::index) const SERIALS: usize = 3;
    /// Whether all files that were there at the start are known.
    pub(in crate::cache::index) const LOADED: usize = 4;
}

/// Of one outcome of requests.
pub(super) mod outcome {
    pub(in crate::cache::index) const RESPONSES: usize = 0;
    pub(in crate::cache::index) const BYTES: usize = 1;
    pub(in crate::cache::index) const RESPONSES_WRITTEN: usize = 2;
    pub(in crate::cache::index) const BYTES_WRITTEN: usize = 3;
    pub(in crate::cache::index) const RECEIVED: usize = 4;
    pub(in crate::cache::index) const SENT: usize = 5;
}

/// Of what is counted beside outcomes.
pub(super) mod beside {
    pub(in crate::cache::index) const SHARED: usize = 0;
    pub(in crate::cache::index) const MISMATCHES: usize = 1;
}

/// Of the place of the files, whose text is with the key.
pub(super) mod place {
    /// Of the text, which may be cut.
    pub(in crate::cache::index) const HASH: usize = 0;
}

/// The key of the place of the files.
pub(super) const PLACE: &[u8] = b"p";
/// The key of the sums.
pub(super) const SUMS: &[u8] = b"s";
/// The key of what is counted beside outcomes.
pub(super) const BESIDE: &[u8] = b"b";
/// The key of what was removed, with a cell for each reason.
pub(super) const REMOVED: &[u8] = b"r";
const FILL: u8 = b'f';

/// The key of the outcome in this place.
pub(super) fn outcome_key(place: usize) -> [u8; 2] {
    [b'o', u8::try_from(place).unwrap_or(u8::MAX)]
}

/// The key of the fill of an entry.
pub(super) fn fill_key(name: Name) -> [u8; Name::BYTES + 1] {
    let mut key = [FILL; Name::BYTES + 1];
    key[1..].copy_from_slice(&name.0);
    key
}

/// The name of the entry that a key is of.
pub(super) fn entry_name(key: &[u8]) -> Option<Name> {
    Some(Name(key.try_into().ok()?))
}

/// The name of the entry that a key is the fill of.
pub(super) fn filled_name(key: &[u8]) -> Option<Name> {
    match key.split_first() {
        Some((&FILL, name)) => entry_name(name),
        _ => None,
    }
}

pub(super) fn load(cells: &[AtomicU64], place: usize) -> u64 {
    cells[place].load(Ordering::Acquire)
}

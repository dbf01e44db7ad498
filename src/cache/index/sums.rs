//! The sums over all entries of an index, and why entries went.

use super::Index;
use super::cells::{CELLS, REMOVED, SUMS, sums};
use crate::metric::Moment;
use crate::zone::{Edit, NotChanged, Put, Stay};

/// What an index comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Bytes that entries have on the disk.
    pub size: u64,
    /// How many entries have a file.
    pub entries: u64,
    /// How many are being filled.
    pub filling: u64,
    /// Whether all files that were there at the start are known.
    pub is_loaded: bool,
    /// How many entries were removed, for each [`Reason`].
    pub removed: [u64; Reason::COUNT],
    pub(super) serials: u64,
}

/// Why an entry was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody asked for it for long.
    Inactive,
    /// The cache is to be no larger (`max_size`).
    MaxSize,
    /// The file system is to have some room left (`min_free`).
    MinFree,
    /// The index has no room for others.
    Crowded,
    /// Its file was missing or not what it should be.
    Lost,
    /// Somebody wanted it gone.
    Purged,
}

impl Reason {
    /// How many there are.
    pub const COUNT: usize = CELLS;
}

impl Sums {
    pub(super) fn of(edit: &Edit<'_>) -> Self {
        let cells = |key: &[u8]| edit.read(key).unwrap_or_else(|| vec![0; CELLS]);
        let (own, removed) = (cells(SUMS), cells(REMOVED));
        let mut read = Self {
            size: own[sums::SIZE],
            entries: own[sums::ENTRIES],
            filling: own[sums::FILLING],
            is_loaded: own[sums::LOADED] != 0,
            removed: [0; Reason::COUNT],
            serials: own[sums::SERIALS],
        };
        read.removed.copy_from_slice(&removed[..Reason::COUNT]);
        read
    }

    /// These are the sums when the edit is committed.
    pub(super) fn put(&self, edit: &mut Edit<'_>) {
        let mut own = [0; CELLS];
        own[sums::SIZE] = self.size;
        own[sums::ENTRIES] = self.entries;
        own[sums::FILLING] = self.filling;
        own[sums::SERIALS] = self.serials;
        own[sums::LOADED] = u64::from(self.is_loaded);
        put(edit, SUMS, &own);
    }

    /// So many entries were removed when the edit is committed.
    pub(super) fn put_removed(&self, edit: &mut Edit<'_>) {
        put(edit, REMOVED, &self.removed);
    }

    /// An entry of this size is there no more.
    pub(super) fn subtract(&mut self, size: u64) {
        self.size = self.size.saturating_sub(size);
        self.entries = self.entries.saturating_sub(1);
    }

    /// An entry of this size is there.
    pub(super) fn add(&mut self, size: u64) {
        self.size = self.size.saturating_add(size);
        self.entries += 1;
    }
}

/// A key is to have these cells, and to stay.
pub(super) fn put(edit: &mut Edit<'_>, key: &[u8], cells: &[u64; CELLS]) {
    edit.put(
        key,
        Put {
            cells,
            stay: Stay::Pinned,
            text: None,
        },
    );
}

impl Index {
    /// The sums at one moment.
    ///
    /// # Errors
    /// When the zone cannot be used.
    pub fn sums(&self, now: Moment) -> Result<Sums, NotChanged> {
        self.zone.edit(now, |edit| Sums::of(edit))
    }

    /// All files that were there at the start are known.
    ///
    /// # Errors
    /// When the zone cannot be used.
    pub fn loaded(&self, now: Moment) -> Result<(), NotChanged> {
        self.zone.edit(now, |edit| {
            let mut sums = Sums::of(edit);
            sums.is_loaded = true;
            sums.put(edit);
            edit.commit()
        })?
    }
}

//! Which entries a cache has, and who is filling which: keys of a zone that all processes share.
//!
//! An entry is looked up and its use counted without a lock. Whatever comes and goes does so in one edit together with
//! the sums, so that these fit whoever dies when. Nothing is evicted by the zone itself, for the files would stay:
//! whoever removes an entry from the index removes its file after that, and a file without an entry is none.

mod cells;
mod claim;
mod outcomes;
mod place;
mod removal;
mod sums;

use crate::metric::{Moment, Schema};
use crate::os::atomic::Ordering;
use crate::zone::{NotChanged, Zone};

use super::Name;
use cells::{CELLS, entry, load};

pub use claim::{Begin, Claim, Claimed, Fill, Progress};
pub use outcomes::{Answered, Numbers, Outcome, OutcomeNumbers};
pub use removal::Old;
pub use sums::{Reason, Sums};

/// One process's handle to the index of a cache.
#[derive(Debug)]
pub struct Index {
    zone: Zone,
}

/// What the cells of such a zone are.
pub fn schema() -> Schema {
    Schema::words("cache", CELLS)
}

/// What an index knows of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The fill that made its file; no other file of this name has the same.
    pub serial: u64,
    /// Bytes on the disk.
    pub size: u64,
    /// How often it was asked for.
    pub uses: u64,
}

impl Index {
    /// The index in a zone whose schema is [`schema`], and which has no discard key.
    ///
    /// # Errors
    /// When the zone cannot be used, or has no room for its own sums.
    pub fn new(zone: Zone, now: Moment) -> Result<Self, NotChanged> {
        let index = Self { zone };
        index.zone.edit(now, |edit| {
            let sums = Sums::of(edit);
            sums.put(edit);
            // Made now, so that what is removed can be counted in an index that is full.
            sums.put_removed(edit);
            outcomes::make(edit);
            edit.commit()
        })??;
        Ok(index)
    }

    /// The zone, for what it shows of itself.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// An entry that somebody asks for; nothing if there is none.
    pub fn look(&self, name: Name, now: Moment) -> Option<Kept> {
        let kept = self.touch(name, now)?;
        (kept.serial > 0).then_some(kept)
    }

    /// What is known of a name; nobody asks for it.
    pub fn kept(&self, name: Name, now: Moment) -> Option<Kept> {
        self.zone.with_cells(&name.0, now, |cells| Kept {
            serial: load(cells, entry::SERIAL),
            size: load(cells, entry::SIZE),
            uses: load(cells, entry::USES),
        })
    }

    /// Whether there is an entry of this name; nobody asks for it.
    pub fn is_known(&self, name: Name, now: Moment) -> bool {
        let serial = |cells: &[_]| load(cells, entry::SERIAL);
        let serial = self.zone.with_cells(&name.0, now, serial);
        serial.is_some_and(|serial| serial > 0)
    }

    /// How often an entry was asked for that may not be there, this time included; where there is no room to count, as
    /// if it had never been.
    pub fn count_use(&self, name: Name, now: Moment) -> u64 {
        if let Some(kept) = self.touch(name, now) {
            return kept.uses;
        }
        let made = self.zone.edit(now, |edit| {
            if edit.read(&name.0).is_none() {
                let mut cells = [0; CELLS];
                cells[entry::LAST] = edit.now().0;
                sums::put(edit, &name.0, &cells);
                edit.commit()?;
            }
            Ok::<(), NotChanged>(())
        });
        match made.and_then(|made| made) {
            Ok(()) => self.touch(name, now).map_or(0, |kept| kept.uses),
            Err(_) => 0,
        }
    }

    /// Counts a use of what is known of a name.
    fn touch(&self, name: Name, now: Moment) -> Option<Kept> {
        let time = self.zone.moment(now).0;
        self.zone.with_cells(&name.0, now, |cells| {
            cells[entry::LAST].fetch_max(time, Ordering::AcqRel);
            Kept {
                serial: load(cells, entry::SERIAL),
                size: load(cells, entry::SIZE),
                uses: cells[entry::USES].fetch_add(1, Ordering::AcqRel) + 1,
            }
        })
    }

    /// An entry whose file was found, made known if there is none of this name; true if it was made so. It counts as
    /// asked for now.
    ///
    /// # Errors
    /// When there is no room, or the zone cannot be used.
    pub fn add(&self, name: Name, found: Found, now: Moment) -> Result<bool, NotChanged> {
        self.zone.edit(now, |edit| {
            let known = edit.read(&name.0);
            let has_file = |cells: &Vec<u64>| cells[entry::SERIAL] > 0;
            if known.as_ref().is_some_and(has_file) {
                return Ok(false);
            }
            let mut sums = Sums::of(edit);
            sums.serials += 1;
            sums.add(found.size);
            let mut cells = [0; CELLS];
            cells[entry::SERIAL] = sums.serials;
            cells[entry::SIZE] = found.size;
            cells[entry::LAST] = edit.now().0;
            cells[entry::USES] = known.map_or(1, |known| known[entry::USES].max(1));
            cells[entry::MAIN] = found.main.map_or(0, claim::beginning);
            sums::put(edit, &name.0, &cells);
            sums.put(edit);
            edit.commit().map(|()| true)
        })?
    }
}

/// What was found out about a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Bytes on the disk.
    pub size: u64,
    /// What it is a variant of, if it is one.
    pub main: Option<Name>,
}

#[cfg(test)]
mod tests;

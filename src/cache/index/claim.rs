//! Who is filling an entry. One process at a time has the *claim* to it; others see how far it has come.
//!
//! A claim ends with its process, and whoever finds that takes it over. One that has been waiting for a head for too
//! long may be taken over as well: nobody has been given anything of it yet. What has begun to grow is left to whoever
//! fills it for as long as he lives, because others read it meanwhile.

use super::cells::{CELLS, entry, fill, fill_key, load};
use super::sums::{Sums, put};
use super::{Found, Index};
use crate::cache::Name;
use crate::metric::Moment;
use crate::os::Process;
use crate::os::atomic::Ordering;
use crate::zone::{Edit, NotChanged};

/// How far a fill has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The origin was asked.
    Asked,
    /// The head is in the file, and so many bytes of the body.
    Growing(u64),
}

impl Progress {
    fn packed(self) -> u64 {
        match self {
            Self::Asked => 0,
            Self::Growing(bytes) => bytes.saturating_add(1),
        }
    }

    fn unpacked(word: u64) -> Self {
        match word.checked_sub(1) {
            None => Self::Asked,
            Some(bytes) => Self::Growing(bytes),
        }
    }
}

/// A fill that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// A number that no other fill of the cache ever has.
    pub serial: u64,
    /// Whose it is.
    pub process: Process,
    /// How far it has come.
    pub progress: Progress,
    /// When it came further last, in the zone's time.
    pub moved: u64,
}

/// The right to fill an entry. It does not end by being dropped: it is finished or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is filled.
    pub name: Name,
    /// See [`Fill::serial`].
    pub serial: u64,
}

/// Who wants a claim, and on which terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Who fills.
    pub process: Process,
    /// After so many nanoseconds one that waits for a head may be taken over; nothing for never.
    pub patience: Option<u64>,
}

/// What became of the wish to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is granted.
    Yes(Claim),
    /// Somebody fills it already.
    Busy(Fill),
}

impl Fill {
    pub(super) fn of(cells: &[u64]) -> Self {
        Self {
            serial: cells[fill::SERIAL],
            process: Process {
                id: u32::try_from(cells[fill::PROCESS]).unwrap_or(u32::MAX),
                started: cells[fill::STARTED],
            },
            progress: Progress::unpacked(cells[fill::PROGRESS]),
            moved: cells[fill::MOVED],
        }
    }

    /// Whether it waits for a head since more than `patience` nanoseconds.
    fn is_late(&self, patience: Option<u64>, now: Moment) -> bool {
        let waits = self.progress == Progress::Asked;
        patience.is_some_and(|patience| waits && now.0.saturating_sub(self.moved) > patience)
    }
}

impl Index {
    /// The fill of an entry, if there is one.
    pub fn fill(&self, name: Name, now: Moment) -> Option<Fill> {
        self.zone.with_cells(&fill_key(name), now, |cells| {
            let copy: [u64; CELLS] = std::array::from_fn(|place| load(cells, place));
            Fill::of(&copy)
        })
    }

    /// Claims an entry for this process, or says who fills it.
    ///
    /// # Errors
    /// When there is no room, or the zone cannot be used.
    pub fn claim(&self, name: Name, begin: Begin, now: Moment) -> Result<Claimed, NotChanged> {
        // Whether a process lives is asked without the lock.
        let dead = self.fill(name, now).filter(|fill| !fill.process.is_alive());
        self.zone.edit(now, |edit| {
            let key = fill_key(name);
            let present = edit.read(&key).map(|cells| Fill::of(&cells));
            if let Some(present) = present {
                let is_dead = dead.is_some_and(|dead| dead.serial == present.serial);
                if !is_dead && !present.is_late(begin.patience, edit.now()) {
                    return Ok(Claimed::Busy(present));
                }
                // He may be about to say that it has begun to grow.
                let held = edit.seize(&key)?.map(|cells| Fill::of(&cells));
                if let Some(held) = held
                    && !is_dead
                    && !held.is_late(begin.patience, edit.now())
                {
                    return Ok(Claimed::Busy(held));
                }
            }
            let mut sums = Sums::of(edit);
            sums.serials += 1;
            sums.filling += u64::from(present.is_none());
            let serial = sums.serials;
            let mut cells = [0; CELLS];
            cells[fill::SERIAL] = serial;
            cells[fill::PROCESS] = u64::from(begin.process.id);
            cells[fill::STARTED] = begin.process.started;
            cells[fill::MOVED] = edit.now().0;
            put(edit, &key, &cells);
            // It has its place already, so that it finds room when it is finished.
            if edit.read(&name.0).is_none() {
                let mut cells = [0; CELLS];
                cells[entry::LAST] = edit.now().0;
                cells[entry::IS_PLACE] = 1;
                put(edit, &name.0, &cells);
            }
            sums.put(edit);
            edit.commit()?;
            Ok(Claimed::Yes(Claim { name, serial }))
        })?
    }

    /// A fill has come further; false if it is somebody else's by now, and ends.
    pub fn advance(&self, claim: &Claim, bytes: u64, now: Moment) -> bool {
        let time = self.zone.moment(now).0;
        let advanced = self.zone.with_cells(&fill_key(claim.name), now, |cells| {
            let is_own = load(cells, fill::SERIAL) == claim.serial;
            if is_own {
                let word = Progress::Growing(bytes).packed();
                cells[fill::MOVED].store(time, Ordering::Release);
                cells[fill::PROGRESS].store(word, Ordering::Release);
            }
            is_own
        });
        advanced.unwrap_or(false)
    }

    /// The file of a fill is in its place: the entry is this from now on. False if the fill was somebody else's.
    ///
    /// # Errors
    /// When nothing was changed: the claim is still there.
    pub fn finish(&self, claim: &Claim, found: Found, now: Moment) -> Result<bool, NotChanged> {
        self.zone.edit(now, |edit| {
            let name = claim.name;
            let mut sums = Sums::of(edit);
            if !end(edit, claim, &mut sums)? {
                return Ok(false);
            }
            let before = edit.seize(&name.0)?;
            let uses = before.as_ref().map_or(1, |cells| cells[entry::USES].max(1));
            if let Some(had) = before.filter(|cells| cells[entry::SERIAL] > 0) {
                sums.subtract(had[entry::SIZE]);
            }
            sums.add(found.size);
            let mut cells = [0; CELLS];
            cells[entry::SERIAL] = claim.serial;
            cells[entry::SIZE] = found.size;
            cells[entry::LAST] = edit.now().0;
            cells[entry::USES] = uses;
            cells[entry::MAIN] = found.main.map_or(0, beginning);
            put(edit, &name.0, &cells);
            sums.put(edit);
            edit.commit().map(|()| true)
        })?
    }

    /// A fill came to nothing; false if it was somebody else's.
    ///
    /// # Errors
    /// When nothing was changed: the claim is still there.
    pub fn give_up(&self, claim: &Claim, now: Moment) -> Result<bool, NotChanged> {
        self.zone.edit(now, |edit| {
            let mut sums = Sums::of(edit);
            if !end(edit, claim, &mut sums)? {
                return Ok(false);
            }
            let place = edit.seize(&claim.name.0)?;
            let is_empty = |cells: &Vec<u64>| cells[entry::SERIAL] == 0;
            if place.is_some_and(|cells| is_empty(&cells) && cells[entry::IS_PLACE] != 0) {
                edit.remove(&claim.name.0);
            }
            sums.put(edit);
            edit.commit().map(|()| true)
        })?
    }
}

/// The fill is to be gone when the edit is committed; false if it is another one's.
fn end(edit: &mut Edit<'_>, claim: &Claim, sums: &mut Sums) -> Result<bool, NotChanged> {
    let key = fill_key(claim.name);
    match edit.seize(&key)? {
        Some(cells) if cells[fill::SERIAL] == claim.serial => {}
        _ => return Ok(false),
    }
    edit.remove(&key);
    sums.filling = sums.filling.saturating_sub(1);
    Ok(true)
}

/// The beginning of a name as a word, which is never zero.
pub(super) fn beginning(name: Name) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&name.0[..8]);
    u64::from_le_bytes(bytes).max(1)
}

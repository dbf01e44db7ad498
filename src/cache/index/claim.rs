//! Who is filling an entry. One process at a time has the *claim* to it; others see how far it has come.
//!
//! A claim ends with its process, and whoever finds that takes it over. One that has been waiting for a head for too
//! long may be taken over as well: nobody has been given anything of it yet. What has begun to grow is left to whoever
//! fills it for as long as he lives, because others read it meanwhile.
//!
//! Where the answer turns out to be nothing that is kept, those who waited for it shall not wait for each other in turn.
//! So a fill that somebody waited for is remembered as *refused* for a moment, by itself or by the one that takes its
//! place, and whoever waited for it asks the origin without a claim.

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
    /// The answer is not kept: the fill is over, and remembered for those who waited.
    Refused,
}

/// So many nanoseconds a refused fill is remembered.
const MEMORY: u64 = 2_000_000_000;

impl Progress {
    fn packed(self) -> u64 {
        match self {
            Self::Asked => 0,
            Self::Growing(bytes) => bytes.saturating_add(1).min(u64::MAX - 1),
            Self::Refused => u64::MAX,
        }
    }

    fn unpacked(word: u64) -> Self {
        match word {
            0 => Self::Asked,
            u64::MAX => Self::Refused,
            more => Self::Growing(more - 1),
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
    /// The serial of the last fill of the entry whose answer was not to be kept, as far as it is remembered; or zero.
    pub refused: u64,
    /// Whether what it brings is not to be kept, because somebody wanted the entry gone meanwhile.
    pub is_purged: bool,
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
    /// What the entry would be a variant of, if it is one.
    pub main: Option<Name>,
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
            refused: cells[fill::REFUSED] & !(fill::AWAITED | fill::PURGED),
            is_purged: cells[fill::REFUSED] & fill::PURGED != 0,
        }
    }

    /// Whether nothing is under way any more.
    pub fn is_over(&self) -> bool {
        self.progress == Progress::Refused
    }

    /// Whether it is to be cleared away: its process is dead, or it is over and was remembered for long enough.
    pub(super) fn is_abandoned(&self, now: u64) -> bool {
        match self.is_over() {
            true => now.saturating_sub(self.moved) > MEMORY,
            false => !self.process.is_alive(),
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
            let is_free = |fill: &Fill, now| {
                let is_dead = dead.is_some_and(|dead| dead.serial == fill.serial);
                fill.is_over() || is_dead || fill.is_late(begin.patience, now)
            };
            let present = edit.read(&key).map(|cells| Fill::of(&cells));
            if let Some(present) = present.filter(|fill| !is_free(fill, edit.now())) {
                return Ok(Claimed::Busy(present));
            }
            // He may be about to say that it has begun to grow.
            let held = edit.seize(&key)?.map(|cells| Fill::of(&cells));
            if let Some(held) = held.filter(|fill| !is_free(fill, edit.now())) {
                return Ok(Claimed::Busy(held));
            }
            let mut sums = Sums::of(edit);
            sums.serials += 1;
            sums.filling += u64::from(held.is_none_or(|fill| fill.is_over()));
            let serial = sums.serials;
            let mut cells = [0; CELLS];
            cells[fill::REFUSED] = held.map_or(0, |fill| fill.refused);
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
                cells[entry::MAIN] = begin.main.map_or(0, beginning);
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

    /// The file of a fill is in its place: the entry is this from now on. False if the fill was somebody else's, or purged,
    /// which is over then.
    ///
    /// # Errors
    /// When nothing was changed: the claim is still there.
    pub fn finish(&self, claim: &Claim, found: Found, now: Moment) -> Result<bool, NotChanged> {
        self.zone.edit(now, |edit| {
            let name = claim.name;
            let mut sums = Sums::of(edit);
            let Some(fill) = end(edit, claim, &mut sums)? else {
                return Ok(false);
            };
            if fill.is_purged {
                give_back_place(edit, claim)?;
                sums.put(edit);
                edit.commit()?;
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
            if end(edit, claim, &mut sums)?.is_none() {
                return Ok(false);
            }
            give_back_place(edit, claim)?;
            sums.put(edit);
            edit.commit().map(|()| true)
        })?
    }

    /// The answer is not to be kept: the fill is over, and remembered for a moment if somebody waits for it. False if it
    /// was somebody else's.
    ///
    /// # Errors
    /// When nothing was changed: the claim is still there.
    pub fn refuse(&self, claim: &Claim, now: Moment) -> Result<bool, NotChanged> {
        self.zone.edit(now, |edit| {
            let key = fill_key(claim.name);
            let mut sums = Sums::of(edit);
            let before = edit.seize(&key)?;
            let is_over = |cells: &Vec<u64>| Fill::of(cells).is_over();
            if before.as_ref().is_some_and(is_over) || end(edit, claim, &mut sums)?.is_none() {
                return Ok(false);
            }
            if let Some(before) = before.filter(|cells| cells[fill::REFUSED] & fill::AWAITED != 0) {
                let mut cells = [0; CELLS];
                cells.copy_from_slice(&before[..CELLS]);
                cells[fill::PROGRESS] = Progress::Refused.packed();
                cells[fill::MOVED] = edit.now().0;
                cells[fill::REFUSED] = claim.serial;
                put(edit, &key, &cells);
            }
            give_back_place(edit, claim)?;
            sums.put(edit);
            edit.commit().map(|()| true)
        })?
    }

    /// What a fill brings is not to be kept; whether there is one.
    pub fn purge_fill(&self, name: Name, now: Moment) -> bool {
        let purged = self.zone.with_cells(&fill_key(name), now, |cells| {
            let word = Progress::unpacked(load(cells, fill::PROGRESS));
            cells[fill::REFUSED].fetch_or(fill::PURGED, Ordering::AcqRel);
            word != Progress::Refused
        });
        purged.unwrap_or(false)
    }

    /// Somebody waits for the head of a fill.
    pub fn wait_for(&self, name: Name, fill: &Fill, now: Moment) {
        self.zone.with_cells(&fill_key(name), now, |cells| {
            if load(cells, fill::SERIAL) == fill.serial {
                cells[fill::REFUSED].fetch_or(fill::AWAITED, Ordering::AcqRel);
            }
        });
    }
}

/// The place that a claim has made for its entry is to be gone when the edit is committed.
fn give_back_place(edit: &mut Edit<'_>, claim: &Claim) -> Result<(), NotChanged> {
    let place = edit.seize(&claim.name.0)?;
    let is_empty = |cells: &Vec<u64>| cells[entry::SERIAL] == 0;
    if place.is_some_and(|cells| is_empty(&cells) && cells[entry::IS_PLACE] != 0) {
        edit.remove(&claim.name.0);
    }
    Ok(())
}

/// The fill is to be gone when the edit is committed; nothing if it is another one's.
fn end(edit: &mut Edit<'_>, claim: &Claim, sums: &mut Sums) -> Result<Option<Fill>, NotChanged> {
    let key = fill_key(claim.name);
    let own = edit.seize(&key)?.map(|cells| Fill::of(&cells));
    let Some(own) = own.filter(|fill| fill.serial == claim.serial) else {
        return Ok(None);
    };
    edit.remove(&key);
    if !own.is_over() {
        sums.filling = sums.filling.saturating_sub(1);
    }
    Ok(Some(own))
}

/// The beginning of a name as a word, which is never zero.
pub(super) fn beginning(name: Name) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&name.0[..8]);
    u64::from_le_bytes(bytes).max(1)
}

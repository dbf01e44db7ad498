//! Taking entries out of an index, and finding those that are to go.
//!
//! Those asked for longest ago are found by one pass over all keys, many at a time and without the lock; each is
//! looked at once more when it is removed. Claims of the dead are found on the same way.

use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::cells::{entry, entry_name, filled_name};
use super::claim::{Claim, Fill, beginning};
use super::sums::{Reason, Sums};
use super::{Index, cells};
use crate::cache::Name;
use crate::metric::Moment;
use crate::zone::NotChanged;

/// An entry as a pass over the index found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Old {
    /// When it was asked for last, in the zone's time.
    pub last: u64,
    /// Its name.
    pub name: Name,
    /// Which file it had; zero for none.
    pub serial: u64,
    /// Bytes on the disk.
    pub size: u64,
}

impl Index {
    /// The entries asked for longest ago, at most so many, the oldest first.
    pub fn oldest(&self, most: usize) -> Vec<Old> {
        let mut oldest = BinaryHeap::new();
        self.each(|old| {
            if oldest.len() < most {
                oldest.push(old);
            } else if oldest.peek().is_some_and(|youngest| old < *youngest) {
                oldest.pop();
                oldest.push(old);
            }
        });
        oldest.into_sorted_vec()
    }

    /// The variants of an entry.
    pub fn variants(&self, main: Name) -> Vec<Name> {
        let (mut names, beginning) = (Vec::new(), beginning(main));
        let _all = self.zone.visit(&mut |record| {
            let is_variant = record.raw_cells()[entry::MAIN] == beginning;
            names.extend(entry_name(record.key()).filter(|_| is_variant));
            ControlFlow::Continue(())
        });
        names
    }

    /// What is being filled.
    pub fn fills(&self) -> Vec<(Name, Fill)> {
        let mut fills = Vec::new();
        let _all = self.zone.visit(&mut |record| {
            let fill = || Fill::of(record.raw_cells());
            fills.extend(filled_name(record.key()).map(|name| (name, fill())));
            ControlFlow::Continue(())
        });
        fills
    }

    fn each(&self, mut visit: impl FnMut(Old)) {
        let _all = self.zone.visit(&mut |record| {
            let cells = record.raw_cells();
            if let Some(name) = entry_name(record.key()) {
                visit(Old {
                    last: cells[entry::LAST],
                    name,
                    serial: cells[entry::SERIAL],
                    size: cells[entry::SIZE],
                });
            }
            ControlFlow::Continue(())
        });
    }

    /// Claims whose processes are dead, and refused ones that were remembered for long enough, the oldest first.
    pub fn abandoned(&self, now: Moment) -> Vec<Claim> {
        let time = self.zone.moment(now).0;
        let mut fills = self.fills();
        fills.retain(|(_, fill)| fill.is_abandoned(time));
        fills.sort_unstable_by_key(|(_, fill)| fill.serial);
        let claim = |(name, fill): (Name, Fill)| Claim {
            name,
            serial: fill.serial,
        };
        fills.into_iter().map(claim).collect()
    }

    /// Removes an entry that is still the one that was found and was not asked for since; says whether it did. Its
    /// file is to be removed then. One that is being filled stays.
    ///
    /// # Errors
    /// When nothing was changed.
    pub fn remove_old(&self, old: &Old, reason: Reason, now: Moment) -> Result<bool, NotChanged> {
        let is_same =
            |cells: &[u64]| cells[entry::SERIAL] == old.serial && cells[entry::LAST] == old.last;
        self.remove_if(old.name, is_same, reason, now)
    }

    /// Removes an entry whose file is of this fill; says whether it did.
    ///
    /// # Errors
    /// When nothing was changed.
    pub fn remove(
        &self,
        name: Name,
        serial: u64,
        reason: Reason,
        now: Moment,
    ) -> Result<bool, NotChanged> {
        let is_same = |cells: &[u64]| cells[entry::SERIAL] == serial;
        self.remove_if(name, is_same, reason, now)
    }

    fn remove_if(
        &self,
        name: Name,
        is_meant: impl Fn(&[u64]) -> bool,
        reason: Reason,
        now: Moment,
    ) -> Result<bool, NotChanged> {
        self.zone.edit(now, |edit| {
            let fill = edit.read(&cells::fill_key(name));
            if fill.is_some_and(|cells| !Fill::of(&cells).is_over()) {
                return Ok(false);
            }
            let Some(cells) = edit.seize(&name.0)?.filter(|cells| is_meant(cells)) else {
                return Ok(false);
            };
            let mut sums = Sums::of(edit);
            if cells[entry::SERIAL] > 0 {
                sums.subtract(cells[entry::SIZE]);
                sums.removed[reason as usize] += 1;
                sums.put_removed(edit);
            }
            edit.remove(&name.0);
            sums.put(edit);
            edit.commit().map(|()| true)
        })?
    }
}

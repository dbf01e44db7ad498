//! What is done for a cache beside requests: finding files that are not known, and taking away what is to go.

use std::fs;
use std::io;
use std::path::Path;

use super::fill::on_disk;
use super::{Access, Cache, QUICKLY_CHECKED, open};
use crate::cache::Name;
use crate::cache::file::{Entry, Mark, Unreadable};
use crate::cache::index::{Claim, Found, Old, Reason};
use crate::metric::Moment;
use crate::zone::NotChanged;

/// What a file in a cache's folders turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// An entry that is known now.
    Yes,
    /// One that was known, or is being filled.
    Known,
    /// A file of a fill that came to nothing, or something damaged; it was removed.
    Removed,
    /// Nothing of a cache; it was left alone.
    Foreign,
}

impl Cache {
    /// Looks at a file that was found.
    ///
    /// # Errors
    /// When the index has no room, or cannot be used.
    pub fn adopt(&self, path: &Path, now: Moment) -> Result<Adopted, NotChanged> {
        let file_name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let Some((digits, serial)) = file_name.split_at_checked(2 * Name::BYTES) else {
            return Ok(Adopted::Foreign);
        };
        let Some(name) = Name::from_file_name(digits) else {
            return Ok(Adopted::Foreign);
        };
        match serial.split_first() {
            None => self.adopt_entry(name, path, now),
            Some((b'.', serial)) => Ok(self.clear_fill(name, serial, path, now)),
            Some(_) => Ok(Adopted::Foreign),
        }
    }

    /// Whether an entry that the index does not know is there all the same: as long as the files of before the start are not all
    /// found, its file is looked for. It is known then. One that would have to be checked for long is left to the walk.
    pub(super) fn finds(&self, name: Name, now: Moment) -> bool {
        if self.is_loaded(now) {
            return false;
        }
        let path = self.place.file(name);
        let mark = || -> Result<Mark, Unreadable> {
            let (file, size) = open(&path, Access::Read)?;
            Ok(Entry::whole(&file, size)?.1)
        };
        let is_quick = |mark: Mark| mark.boot == self.boot || mark.length <= QUICKLY_CHECKED;
        let is_there = mark().is_ok_and(is_quick);
        // Somebody else may have been faster.
        let adopted = || self.adopt_entry(name, &path, now);
        is_there && matches!(adopted(), Ok(Adopted::Yes | Adopted::Known))
    }

    fn is_loaded(&self, now: Moment) -> bool {
        if self.loaded.get().is_some() {
            return true;
        }
        let sums = self.index.sums(now);
        let is_loaded = sums.is_ok_and(|sums| sums.is_loaded);
        if is_loaded {
            // Others may have seen it as well.
            let _ = self.loaded.set(());
        }
        is_loaded
    }

    /// Looks at a file that was found where files grow, beside those of others.
    pub(super) fn clear_stray(&self, path: &Path, now: Moment) -> Adopted {
        let file_name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let mut parts = file_name.split(|byte| *byte == b'.');
        let named = parts.next().and_then(Name::from_file_name);
        let (serial, owner) = (parts.next(), parts.next().and_then(Name::from_file_name));
        match (named, serial, parts.next()) {
            (Some(name), Some(serial), None) if owner == Some(self.place.owner()) => {
                self.clear_fill(name, serial, path, now)
            }
            _ => Adopted::Foreign,
        }
    }

    fn adopt_entry(&self, name: Name, path: &Path, now: Moment) -> Result<Adopted, NotChanged> {
        if path != self.place.file(name) {
            return Ok(Adopted::Foreign);
        }
        let kept = self.index.kept(name, now);
        if let Some(kept) = kept.filter(|kept| kept.serial > 0) {
            self.recheck((name, kept.serial), path, now)?;
            return Ok(Adopted::Known);
        }
        let fill = self.index.fill(name, now);
        if fill.is_some_and(|fill| !fill.is_over()) {
            return Ok(Adopted::Known);
        }
        let (size, main) = match self.examined(name, path) {
            Ok(examined) => examined,
            // It is looked at again when somebody asks for it, or the next time.
            Err(problem) if problem.is_passing() => return Ok(Adopted::Foreign),
            Err(_) => {
                remove(path);
                return Ok(Adopted::Removed);
            }
        };
        let found = Found { size, main };
        Ok(match self.index.add(name, found, now)? {
            true => Adopted::Yes,
            false => Adopted::Known,
        })
    }

    /// Makes sure that the body of an entry that an index in a file has brought along is what was written, if the machine
    /// went down since; who asks for a long one does not do so himself.
    fn recheck(
        &self,
        (name, serial): (Name, u64),
        path: &Path,
        now: Moment,
    ) -> Result<(), NotChanged> {
        let checked = || -> Result<(), Unreadable> {
            let (file, size) = open(path, Access::Read)?;
            let (entry, mark) = Entry::whole(&file, size)?;
            match mark.boot == self.boot {
                true => Ok(()),
                false => self.check(path, &entry, mark),
            }
        };
        match checked() {
            Err(problem) if !problem.is_passing() => {
                if self.index.remove(name, serial, Reason::Lost, now)? {
                    remove(path);
                }
                Ok(())
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// What a file takes of the disk, and what it is a variant of.
    fn examined(&self, name: Name, path: &Path) -> Result<(u64, Option<Name>), Unreadable> {
        let (file, size) = open(path, Access::Read)?;
        let (entry, mark) = Entry::whole(&file, size)?;
        let head = entry.head();
        let main = Name::of_key(head.key);
        let is_main = main == name;
        if !is_main && main.of_variant(head.variant) != name {
            return Err(Unreadable::Foreign);
        }
        if mark.boot != self.boot {
            self.check(path, &entry, mark)?;
        }
        let size = on_disk(entry.body(mark.length).end + Mark::BYTES as u64);
        Ok((size, Some(main).filter(|_| !is_main)))
    }

    /// Removes the file of a fill that is over.
    fn clear_fill(&self, name: Name, serial: &[u8], path: &Path, now: Moment) -> Adopted {
        let serial = std::str::from_utf8(serial).ok();
        let Some(serial) = serial.and_then(|serial| serial.parse::<u64>().ok()) else {
            return Adopted::Foreign;
        };
        let fill = self.index.fill(name, now);
        if fill.is_some_and(|fill| fill.serial == serial) {
            return Adopted::Known;
        }
        remove(path);
        Adopted::Removed
    }

    /// Ends the fills of processes that are dead, and removes their files; says how many.
    pub fn clear_abandoned(&self, now: Moment) -> usize {
        let end = |claim: &Claim| {
            remove(&self.place.growing(claim.name, claim.serial));
            self.index.give_up(claim, now).unwrap_or(false)
        };
        let abandoned = self.index.abandoned(now);
        abandoned.iter().filter(|claim| end(claim)).count()
    }

    /// Removes an entry that was found to be old, with its file; says whether it did.
    ///
    /// # Errors
    /// When the index cannot be used.
    pub fn evict(&self, old: &Old, reason: Reason, now: Moment) -> Result<bool, NotChanged> {
        let removed = self.index.remove_old(old, reason, now)?;
        if removed && old.serial > 0 {
            remove(&self.place.file(old.name));
        }
        Ok(removed)
    }
}

/// Removes a file. One that cannot be is found again when the cache is loaded the next time.
pub(super) fn remove(path: &Path) {
    let _ = try_remove(path);
}

/// Removes a file that may be gone already.
pub(super) fn try_remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

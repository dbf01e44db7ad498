//! What is done for a cache beside requests: finding files that are not known, and taking away what is to go.

use std::path::Path;

use super::fill::on_disk;
use super::removal::{NotRemoved, may_be_removed, remove, try_remove};
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
    /// A file of a fill that came to nothing; it was removed.
    Cleared,
    /// A file in the place of an entry that is none, or a damaged one; it was removed.
    Useless,
    /// An entry for which the index has no room; it was removed.
    Refused,
    /// A file that would be in its place if the cache had other levels; it was left alone.
    Misplaced,
    /// Nothing of a cache; it was left alone.
    Foreign,
}

/// Why it is not known what a file is.
#[derive(Debug, thiserror::Error)]
pub enum NotAdopted {
    /// The index cannot be used.
    #[error(transparent)]
    Index(#[from] NotChanged),
    /// It cannot be read now.
    #[error(transparent)]
    Unread(#[from] Unreadable),
}

impl Cache {
    /// Looks at a file that was found.
    ///
    /// # Errors
    /// When it cannot be read, or the index cannot be used.
    pub fn adopt(&self, path: &Path, now: Moment) -> Result<Adopted, NotAdopted> {
        let file_name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let Some((digits, serial)) = file_name.split_at_checked(2 * Name::BYTES) else {
            return Ok(Adopted::Foreign);
        };
        let Some(name) = Name::from_file_name(digits) else {
            return Ok(Adopted::Foreign);
        };
        let folder = self.place.levels.folder(&self.place.directory, name);
        let is_in_place = path.parent() == Some(&folder);
        match serial.split_first() {
            None | Some((b'.', [b'0'..=b'9', ..])) if !is_in_place => Ok(Adopted::Misplaced),
            None => match self.adopt_entry(name, path, now) {
                // It would be in no sum, and outlive every purge.
                Err(NotAdopted::Index(NotChanged::Full)) => {
                    remove(path);
                    Ok(Adopted::Refused)
                }
                adopted => adopted,
            },
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

    pub(super) fn is_loaded(&self, now: Moment) -> bool {
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

    /// The same, of the file in the place of an entry.
    fn adopt_entry(&self, name: Name, path: &Path, now: Moment) -> Result<Adopted, NotAdopted> {
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
            Err(problem) if problem.is_passing() => return Err(problem.into()),
            // It was removed meanwhile.
            Err(problem) if problem.is_absence() => return Ok(Adopted::Known),
            Err(_) => {
                remove(path);
                return Ok(Adopted::Useless);
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
        Adopted::Cleared
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

    /// Removes an entry that was found to be old, with its file; says whether it did. One whose file has to stay stays
    /// itself, so that it counts.
    ///
    /// # Errors
    /// When the index cannot be used, or the file has to stay.
    pub fn evict(&self, old: &Old, reason: Reason, now: Moment) -> Result<bool, NotRemoved> {
        let path = self.place.file(old.name);
        if old.serial > 0 {
            may_be_removed(&path)?;
        }
        let removed = self.index.remove_old(old, reason, now)?;
        if removed && old.serial > 0 {
            try_remove(&path)?;
        }
        Ok(removed)
    }
}

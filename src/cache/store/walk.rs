//! Going through the folders of a cache, a few files at a time, to find what its index does not know.

use std::fs::{self, DirEntry, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

use super::{Adopted, Cache, NotAdopted};
use crate::cache::Levels;
use crate::cache::file::Unreadable;
use crate::metric::Moment;

/// A way through all files of a cache that has come to some place.
#[derive(Debug)]
pub struct Walk {
    /// The folders it is in, the innermost last.
    open: Vec<Folder>,
    /// What is left of the folder where files grow, if that is another one.
    temporary: Option<ReadDir>,
    missed: Option<Missed>,
    useless: Option<PathBuf>,
    found: Walked,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    listing: ReadDir,
    /// Whether the cache has entries in it, or in folders below it.
    is_own: bool,
}

/// Something of a cache that could not be looked at.
#[derive(Debug, thiserror::Error)]
#[error("\"{}\": {problem}", path.display())]
pub struct Missed {
    path: PathBuf,
    problem: NotAdopted,
}

/// What was found on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Entries that are known now.
    pub adopted: usize,
    /// Files that were removed: what dead processes were filling, and those of `useless`.
    pub removed: usize,
    /// Files with the names of entries that are none.
    pub useless: usize,
    /// Entries that were removed because the index has no room for them.
    pub refused: usize,
    /// Files that have their places under other levels.
    pub misplaced: usize,
}

impl Missed {
    fn of(path: &Path, problem: impl Into<Unreadable>) -> Self {
        Self {
            path: path.to_path_buf(),
            problem: NotAdopted::Unread(problem.into()),
        }
    }

    /// Whether there was nothing.
    pub fn is_absent(&self) -> bool {
        matches!(&self.problem, NotAdopted::Unread(problem) if problem.is_absence())
    }
}

impl Walk {
    /// Begins.
    ///
    /// # Errors
    /// When the folder of the cache cannot be read.
    pub fn new(cache: &Cache) -> Result<Self, Missed> {
        let path = &cache.place.directory;
        let listing = fs::read_dir(path).map_err(|error| Missed::of(path, error))?;
        // Where nothing can be listed, nothing is left behind that could be removed either.
        let temporary = cache.place.temporary.as_ref();
        let temporary = temporary.and_then(|temporary| fs::read_dir(temporary).ok());
        Ok(Self {
            open: vec![Folder {
                path: path.clone(),
                listing,
                is_own: true,
            }],
            temporary,
            missed: None,
            useless: None,
            found: Walked::default(),
        })
    }

    /// What could not be looked at, if so: then the index is not said to be loaded.
    pub fn missed(&self) -> Option<&Missed> {
        self.missed.as_ref()
    }

    /// The same, for who goes no further.
    pub fn into_missed(self) -> Option<Missed> {
        self.missed
    }

    /// What was found so far.
    pub fn found(&self) -> Walked {
        self.found
    }

    /// One of the files with the name of an entry that were none.
    pub fn useless(&self) -> Option<&Path> {
        self.useless.as_deref()
    }

    /// Looks at no more than `most` files and folders; whether there may be more. At the end the index is said to be loaded,
    /// if everything could be looked at.
    pub fn step(&mut self, cache: &Cache, most: usize, now: Moment) -> bool {
        for _ in 0..most {
            if self.go_on(cache, now) || self.clear_strays(cache, now) {
                continue;
            }
            if self.missed.is_none() {
                // Should that fail, it is said the next time.
                let _ = cache.index().loaded(now);
            }
            return false;
        }
        true
    }

    /// Looks at the next file or folder; whether there was one.
    fn go_on(&mut self, cache: &Cache, now: Moment) -> bool {
        let Some(folder) = self.open.last_mut() else {
            return false;
        };
        match folder.listing.next() {
            Some(Ok(found)) => self.look(cache, &found, now),
            Some(Err(error)) => {
                self.missed = Some(Missed::of(&folder.path, error));
                self.open.pop();
            }
            None => drop(self.open.pop()),
        }
        true
    }

    fn look(&mut self, cache: &Cache, found: &DirEntry, now: Moment) {
        let kind = found.file_type();
        let is_folder = kind.as_ref().is_ok_and(fs::FileType::is_dir);
        // A folder of entries may be elsewhere, where a link leads. Nothing else is followed.
        let is_link = kind.is_ok_and(|kind| kind.is_symlink());
        match is_folder || is_link && self.would_be_own(cache, found) {
            true => self.enter(cache, found),
            false => self.adopt(cache, found.path(), now),
        }
    }

    /// Whether there are entries below a folder in this place.
    fn would_be_own(&self, cache: &Cache, found: &DirEntry) -> bool {
        let levels = cache.place.levels;
        let (above, digits) = (self.open.len().saturating_sub(1), found.file_name().len());
        self.open.last().is_some_and(|folder| folder.is_own) && levels.have(above, digits)
    }

    /// Goes into a folder that entries of these levels, or of others, may be in.
    fn enter(&mut self, cache: &Cache, found: &DirEntry) {
        let is_level = Levels::could_name(found.file_name().as_encoded_bytes());
        if !is_level || self.open.len() > Levels::MOST {
            return;
        }
        let (path, is_own) = (found.path(), self.would_be_own(cache, found));
        match fs::read_dir(&path) {
            Ok(listing) => self.open.push(Folder {
                path,
                listing,
                is_own,
            }),
            Err(error) if is_own && !is_nothing(&error) => {
                self.missed = Some(Missed::of(&path, error));
            }
            Err(_) => {}
        }
    }

    fn adopt(&mut self, cache: &Cache, path: PathBuf, now: Moment) {
        let found = &mut self.found;
        match cache.adopt(&path, now) {
            Ok(Adopted::Yes) => found.adopted += 1,
            Ok(Adopted::Cleared) => found.removed += 1,
            Ok(Adopted::Useless) => {
                found.removed += 1;
                found.useless += 1;
                self.useless = Some(path);
            }
            Ok(Adopted::Refused) => found.refused += 1,
            Ok(Adopted::Misplaced) => found.misplaced += 1,
            Ok(Adopted::Known | Adopted::Foreign) => {}
            Err(problem) => self.missed = Some(Missed { path, problem }),
        }
    }

    /// Looks at the next file where files grow; whether there may be more.
    fn clear_strays(&mut self, cache: &Cache, now: Moment) -> bool {
        let Some(found) = self.temporary.as_mut().and_then(Iterator::next) else {
            self.temporary = None;
            return false;
        };
        // A folder that cannot be listed on is left alone.
        let cleared = found.map(|found| cache.clear_stray(&found.path(), now));
        match cleared {
            Ok(Adopted::Cleared) => self.found.removed += 1,
            Ok(_) => {}
            Err(_) => self.temporary = None,
        }
        self.temporary.is_some()
    }
}

/// Whether there is no folder, or none any more.
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

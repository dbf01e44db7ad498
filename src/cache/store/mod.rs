//! The entries of a cache on a disk: opened, filled, followed while they grow, and taken away.
//!
//! What a file says of itself counts, not what the index says of it: one that is missing, cut, somebody else's, or that
//! did not reach the disk before the machine went down, is dropped where it is noticed, and there is no entry then.

mod fill;
mod growing;
mod purge;
mod removal;
mod trim;
mod upkeep;
mod walk;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use parking_lot::Mutex;

use super::file::{BodyDigest, Entry, Mark, Unreadable};
use super::index::{Claim, Index, Kept, Reason};
use super::{Freshness, Levels, Name};
use crate::metric::Moment;
use crate::os::{self, Process};

pub use fill::{Attempt, Filling, NotFilled, Pending, Terms};
pub use growing::{Growing, Grown};
pub use purge::Purge;
pub use removal::NotRemoved;
pub use trim::{Limits, Trim, Trimmed};
pub use upkeep::{Adopted, NotAdopted};
pub use walk::{Missed, Walk, Walked};

/// One process's handle to a cache.
#[derive(Debug)]
pub struct Cache {
    index: Index,
    place: Place,
    process: Process,
    boot: u64,
    /// Claims that could not be given up when they should have been.
    owed: Mutex<Vec<Claim>>,
    /// Set once the index is known to have every file that was there at the start.
    loaded: OnceLock<()>,
}

/// Where the files of a cache are.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder of everything.
    pub directory: PathBuf,
    /// The folders below it.
    pub levels: Levels,
    /// Where files grow, on the same file system; beside their place if nothing is said.
    pub temporary: Option<PathBuf>,
}

/// An entry that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Its file; it stays readable whatever becomes of the entry.
    pub file: File,
    /// What it says of itself.
    pub entry: Entry,
    /// Where the body lies in the file.
    pub body: Range<u64>,
    /// What the index knows of it.
    pub kept: Kept,
}

/// Why there is no entry to be had.
#[derive(Debug, thiserror::Error)]
pub enum Absent {
    /// There is none.
    #[error("there is none")]
    Unknown,
    /// Another key has the same name.
    #[error("its file is another key's")]
    Collision,
    /// It was written before the machine went down, and nobody has looked yet whether all of it reached the disk.
    #[error("it was not checked since the machine went down")]
    Unchecked,
    /// Its file was not what it should be, and the entry was dropped.
    #[error(transparent)]
    Lost(Unreadable),
    /// Its file cannot be read now, which says nothing of the entry.
    #[error(transparent)]
    Unreadable(Unreadable),
}

impl Opened {
    /// Whether its file says by now that it may be given for longer.
    pub fn is_renewed(&self) -> bool {
        let now = Entry::begun(&self.file);
        now.is_ok_and(|now| now.freshness.fresh > self.entry.freshness.fresh)
    }
}

impl From<Unreadable> for Absent {
    fn from(problem: Unreadable) -> Self {
        match problem.is_passing() {
            true => Self::Unreadable(problem),
            false => Self::Lost(problem),
        }
    }
}

/// Bodies up to this length are checked by whoever asks for them; longer ones by upkeep.
const QUICKLY_CHECKED: u64 = 1 << 20;
/// How much of a file is read at once to be checked.
const PIECE: usize = 1 << 16;

impl Cache {
    /// The cache that has these files, by this index.
    pub fn new(index: Index, place: Place) -> Self {
        let boot = os::boot_id();
        Self {
            index,
            place,
            process: Process::current(),
            boot: (boot >> 64) as u64 ^ boot as u64,
            owed: Mutex::default(),
            loaded: OnceLock::new(),
        }
    }

    /// Which entries there are.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Whether there is an entry of this name; nobody asks for it.
    pub fn knows(&self, name: Name, now: Moment) -> bool {
        self.index.is_known(name, now) || self.finds(name, now)
    }

    /// Opens what is kept under a name, which is that of `key` or a variant of it.
    ///
    /// # Errors
    /// When there is nothing to be had.
    pub fn open(&self, name: Name, key: &[u8], now: Moment) -> Result<Opened, Absent> {
        let kept = match self.index.look(name, now) {
            None if self.finds(name, now) => self.index.look(name, now),
            kept => kept,
        };
        let kept = kept.ok_or(Absent::Unknown)?;
        let opened = self.open_kept(name, key, kept);
        if let Err(Absent::Lost(_)) = opened {
            // Should that fail, the next one who asks finds out as well.
            let removed = self.index.remove(name, kept.serial, Reason::Lost, now);
            if removed.unwrap_or(false) {
                removal::remove(&self.place.file(name));
            }
        }
        opened
    }

    fn open_kept(&self, name: Name, key: &[u8], kept: Kept) -> Result<Opened, Absent> {
        let path = self.place.file(name);
        let (file, size) = open(&path, Access::Read).map_err(Unreadable::from)?;
        let (entry, mark) = Entry::whole(&file, size)?;
        if entry.head().key != key {
            return Err(Absent::Collision);
        }
        if mark.boot != self.boot {
            if mark.length > QUICKLY_CHECKED {
                return Err(Absent::Unchecked);
            }
            self.check(&path, &entry, mark)?;
        }
        let body = entry.body(mark.length);
        Ok(Opened {
            file,
            entry,
            body,
            kept,
        })
    }

    /// An entry that was opened may be given for longer, or no longer: its file says so from now on. False if another
    /// file has taken its place meanwhile.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn renew(
        &self,
        name: Name,
        opened: &mut Opened,
        freshness: Freshness,
    ) -> Result<bool, Unreadable> {
        let (file, _) = open(&self.place.file(name), Access::Write)?;
        let same = Entry::begun(&file)?.head() == opened.entry.head();
        if same {
            opened.entry.renew(&file, freshness)?;
        }
        Ok(same)
    }

    /// Makes sure that a body is what was written, and says so in the file.
    fn check(&self, path: &Path, entry: &Entry, mark: Mark) -> Result<(), Unreadable> {
        let (file, size) = open(path, Access::Write)?;
        let (again, same) = Entry::whole(&file, size)?;
        if again.head() != entry.head() || same != mark {
            // Somebody else's by now, who has just written it.
            return Ok(());
        }
        let body = entry.body(mark.length);
        if digest(&file, body.clone())? != mark.digest {
            return Err(Unreadable::Damaged);
        }
        let checked = Mark {
            boot: self.boot,
            ..mark
        };
        let bytes = checked.written(entry.head().nonce);
        file.write_all_at(&bytes, body.end)?;
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.directory.display())?;
        if self.levels.depth() > 0 {
            write!(f, " with levels={}", self.levels)?;
        }
        match &self.temporary {
            Some(temporary) => write!(f, " and \"{}\" for what grows", temporary.display()),
            None => Ok(()),
        }
    }
}

impl Place {
    /// The file of an entry.
    pub fn file(&self, name: Name) -> PathBuf {
        self.levels.file(&self.directory, name)
    }

    /// The file of a fill.
    pub(super) fn growing(&self, name: Name, serial: u64) -> PathBuf {
        match &self.temporary {
            Some(temporary) => temporary.join(format!("{name}.{serial:010}.{}", self.owner())),
            None => {
                let folder = self.levels.folder(&self.directory, name);
                folder.join(format!("{name}.{serial:010}"))
            }
        }
    }

    /// What tells the fills of this cache from those of others that grow in the same folder.
    fn owner(&self) -> Name {
        Name::of_key(self.directory.as_os_str().as_encoded_bytes())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Opens a plain file, without waiting for anybody and without following links, and says how long it is.
fn open(path: &Path, access: Access) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    options.read(true).write(access == Access::Write);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok((file, metadata.len())),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no plain file",
        )),
    }
}

/// The digest of a range of a file.
fn digest(file: &File, range: Range<u64>) -> io::Result<u64> {
    let mut digest = BodyDigest::default();
    let mut piece = vec![0; PIECE];
    let mut place = range.start;
    while place < range.end {
        let left = usize::try_from(range.end - place)
            .unwrap_or(PIECE)
            .min(PIECE);
        file.read_exact_at(&mut piece[..left], place)?;
        digest.update(&piece[..left]);
        place += left as u64;
    }
    Ok(digest.value())
}

#[cfg(test)]
mod tests;

//! The files of a zone: what they are called, what each is for, and who may open them.
//!
//! `PATH` itself is the zone's memory, mapped by all processes, so the death of every process loses nothing.
//! What a machine that went down left there is worth nothing, for pages reach the disk in any order; then the
//! newest good snapshot counts (`PATH.snapshot`, before that `PATH.snapshot.1`), with what the journal
//! (`PATH.journal`) has beyond it. What cannot be used is kept beside it: damaged as `….bad`, of metrics that
//! have nothing in common with those wanted as `PATH.old`. Whoever opens the files holds a lock on `PATH`,
//! which lasts as long as some process has it open.
//!
//! All of them are opened with the rights of the superuser, in a folder that may not be theirs alone: so nothing is
//! followed, waited for or believed that is no plain file of this user (see [`open_own`]).

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(super) use crate::os::is_at;
use crate::os::{SharedMemory, open_own};

/// The files of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    path: PathBuf,
}

/// How long a server that is just ending is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

impl Files {
    /// Those that belong to `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The zone's memory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every file that may be there, from where the folder really is.
    pub fn all(&self) -> impl Iterator<Item = PathBuf> {
        let folder = fs::canonicalize(self.folder());
        let folder = folder.unwrap_or_else(|_| self.folder().to_owned());
        let name = self.path.file_name().unwrap_or_default().to_owned();
        let besides = [
            "",
            ".snapshot",
            ".snapshot.1",
            ".snapshot.new",
            ".journal",
            ".old",
            ".bad",
        ];
        besides.into_iter().map(move |beside| {
            let mut name = name.clone();
            name.push(beside);
            folder.join(name)
        })
    }

    /// The newest snapshot.
    pub(super) fn snapshot(&self) -> PathBuf {
        self.beside("snapshot")
    }

    /// Whether there is one.
    pub(super) fn has_snapshot(&self) -> bool {
        let mut all = [self.snapshot(), self.snapshot_before()].into_iter();
        all.any(|path| fs::symlink_metadata(path).is_ok())
    }

    /// The one before.
    pub(super) fn snapshot_before(&self) -> PathBuf {
        self.beside("snapshot.1")
    }

    /// One that is being written.
    pub(super) fn snapshot_begun(&self) -> PathBuf {
        self.beside("snapshot.new")
    }

    /// What clients were told to be durable.
    pub(super) fn journal(&self) -> PathBuf {
        self.beside("journal")
    }

    /// What has nothing in common with what is wanted.
    pub(super) fn old(&self) -> PathBuf {
        self.beside("old")
    }

    /// The folder they are in.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    fn beside(&self, what: &str) -> PathBuf {
        beside(&self.path, what)
    }

    /// Opens and locks the zone's memory.
    pub(super) fn lock(&self) -> io::Result<File> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            let file = open_own(options.mode(0o600), &self.path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &self.path) => return Ok(file),
                Ok(()) => {}
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                    let path = self.path.display();
                    let message =
                        format!("\"{path}\" is in use by another server, or here by another zone");
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Whether the files that are in use are still where they are looked for after a restart, and whole.
    pub(super) fn check(&self, memory: &SharedMemory, journal: Option<&File>) -> io::Result<()> {
        let gone = |path: &Path| {
            let message = format!("\"{}\" was removed while it is in use", path.display());
            io::Error::new(io::ErrorKind::NotFound, message)
        };
        match journal {
            Some(file) if !is_at(file, &self.journal()) => Err(gone(&self.journal())),
            _ => match self.fate(memory) {
                Fate::There => Ok(()),
                Fate::Gone => Err(gone(&self.path)),
                Fate::Cut => {
                    let message = format!("\"{}\" was cut while it is in use", self.path.display());
                    Err(io::Error::new(io::ErrorKind::InvalidData, message))
                }
            },
        }
    }

    /// Whether this is still the journal.
    pub fn has_journal(&self, journal: &File) -> bool {
        is_at(journal, &self.journal())
    }

    /// A new journal, where there is none any more.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new_journal(&self) -> io::Result<File> {
        let mut options = File::options();
        options.read(true).append(true).create(true).mode(0o600);
        open_own(&mut options, &self.journal())
    }

    /// What has become of the file that a zone's memory is; one in other memory is taken for this.
    pub fn fate(&self, memory: &SharedMemory) -> Fate {
        if !memory.is_whole() {
            Fate::Cut
        } else if memory.is_on_disk() && !memory.is_at(&self.path) {
            Fate::Gone
        } else {
            Fate::There
        }
    }

    /// Makes place for a new file where the one is that a zone's memory was, for those who still use that.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn make_place(&self, memory: &SharedMemory) -> io::Result<()> {
        match memory.is_on_disk() && memory.is_at(&self.path) {
            true => fs::remove_file(&self.path),
            false => Ok(()),
        }
    }

    /// Keeps the file that a zone's memory is, if it is still there, as `PATH.bad`; says under which name.
    ///
    /// # Errors
    /// When it cannot be given another name.
    pub fn set_aside(&self, memory: &SharedMemory) -> io::Result<Option<PathBuf>> {
        match memory.is_at(&self.path) {
            true => set_aside(&self.path, &self.beside("bad")).map(Some),
            false => Ok(None),
        }
    }
}

/// What has become of a file that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is where it was.
    There,
    /// It was removed, or another one is in its place. What is in it is good.
    Gone,
    /// It is shorter than it was.
    Cut,
}

/// Everything in a file.
pub(super) fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_own(File::options().read(true), path)?.read_to_end(&mut content)?;
    Ok(content)
}

/// A file to be written beside others. What has its name and is none of ours goes, so that nobody can keep it from
/// being written.
pub(super) fn scratch(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false).mode(0o600);
    let opened = open_own(&mut options, path);
    let is_ours = |file: &File| file.metadata().is_ok_and(|meta| meta.nlink() == 1);
    match opened {
        Ok(file) if is_ours(&file) => Ok(file),
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => {
            fs::remove_file(path)?;
            open_own(options.create_new(true), path)
        }
    }
}

/// Gives a file another name, under which nothing else is kept; says which.
pub(super) fn set_aside(path: &Path, to: &Path) -> io::Result<PathBuf> {
    let to = free(to);
    fs::rename(path, &to)?;
    Ok(to)
}

/// The path with a dot and more behind it.
pub(super) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".");
    beside.push(what);
    beside.into()
}

/// The name, or one like it that nothing has.
pub(super) fn free(path: &Path) -> PathBuf {
    let numbered = (1..).map(|number: u32| beside(path, &number.to_string()));
    let mut names = std::iter::once(path.to_owned()).chain(numbered);
    let free = names.find(|name| fs::symlink_metadata(name).is_err());
    free.unwrap_or_else(|| path.to_owned())
}

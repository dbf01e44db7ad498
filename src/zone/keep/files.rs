//! The files of a zone: what they are called, what each is for, and who may open them.
//!
//! `PATH` itself is the zone's memory, mapped by all processes, so the death of every process loses nothing.
//! What a machine that went down left there is worth nothing, for pages reach the disk in any order; then the
//! newest good snapshot counts (`PATH.snapshot`, before that `PATH.snapshot.1`), with what the journal
//! (`PATH.journal`) has beyond it. What cannot be used is kept beside it: damaged as `….bad`, of metrics that
//! have nothing in common with those wanted as `PATH.old`. Whoever opens the files holds a lock on `PATH`,
//! which lasts as long as some process has it open.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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
            let file = options.mode(0o600).open(&self.path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &self.path) => return Ok(file),
                Ok(()) => {}
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                    let path = self.path.display();
                    let message = format!("\"{path}\" is in use by another server");
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Whether the journal, if there is one, is still where it is looked for after a restart.
    pub(super) fn check(&self, journal: Option<&File>) -> io::Result<()> {
        let gone = |path: &Path| {
            let message = format!("\"{}\" was removed while it is in use", path.display());
            io::Error::new(io::ErrorKind::NotFound, message)
        };
        match journal {
            Some(file) if !is_at(file, &self.journal()) => Err(gone(&self.journal())),
            _ if !self.path.exists() => Err(gone(&self.path)),
            _ => Ok(()),
        }
    }
}

/// Whether the path leads to this file.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let same = |a: &fs::Metadata, b: &fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(opened), Ok(named)) => same(&opened, &named),
        _ => false,
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
    let free = names.find(|name| !name.exists());
    free.unwrap_or_else(|| path.to_owned())
}

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
        let mut path = self.path.clone().into_os_string();
        path.push(".");
        path.push(what);
        path.into()
    }

    /// Opens and locks the zone's memory.
    pub(super) fn lock(&self) -> io::Result<File> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            let file = options.mode(0o600).open(&self.path)?;
            match file.try_lock() {
                Ok(()) if self.is(&file) => return Ok(file),
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

    /// Whether the path still leads to this file.
    fn is(&self, file: &File) -> bool {
        let same = |a: &fs::Metadata, b: &fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        match (file.metadata(), fs::metadata(&self.path)) {
            (Ok(opened), Ok(named)) => same(&opened, &named),
            _ => false,
        }
    }
}

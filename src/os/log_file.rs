//! Files that are only appended to, and opened anew when somebody moved them away.
//!
//! All of a process are known here, so that one call reopens them, whoever writes them. A line goes out
//! in one write: lines of several processes in one file do not mix.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use super::process::Identity;

/// An open log file.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: RwLock<File>,
}

static ALL: Mutex<Vec<Weak<LogFile>>> = Mutex::new(Vec::new());

impl LogFile {
    /// Opens a file, or gives the one that is open under this path already.
    ///
    /// # Errors
    /// When it cannot be opened or made.
    pub fn open(path: &Path) -> io::Result<Arc<Self>> {
        let mut all = all();
        all.retain(|one| one.strong_count() > 0);
        let mut open = all.iter().filter_map(Weak::upgrade);
        if let Some(known) = open.find(|one| one.path == path) {
            return Ok(known);
        }
        let log = Arc::new(Self {
            path: path.to_owned(),
            file: RwLock::new(append(path)?),
        });
        all.push(Arc::downgrade(&log));
        Ok(log)
    }

    /// Appends text that ends with a line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, text: &[u8]) -> io::Result<()> {
        let file = self.file.read().unwrap_or_else(PoisonError::into_inner);
        (&*file).write_all(text)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens every log file of this process anew, and gives those that are new to `owner`, who must be
    /// able to do the same. Tells of each that could not be opened; its old file stays in use.
    pub fn reopen_all(owner: Option<&Identity>) -> Vec<(PathBuf, io::Error)> {
        let open: Vec<Arc<Self>> = all().iter().filter_map(Weak::upgrade).collect();
        let failed = |log: Arc<Self>| Some((log.path.clone(), log.reopen(owner).err()?));
        open.into_iter().filter_map(failed).collect()
    }

    /// Has standard error go to this file.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn take_standard_error(&self) -> io::Result<()> {
        let file = self.file.read().unwrap_or_else(PoisonError::into_inner);
        super::redirect(super::Standard::Error, file.as_fd())
    }

    fn reopen(&self, owner: Option<&Identity>) -> io::Result<()> {
        let fresh = append(&self.path)?;
        if let Some(owner) = owner {
            give(&fresh, owner)?;
        }
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// Only plain files change hands: what else a log may go to (a device, a pipe) is not ours.
fn give(file: &File, owner: &Identity) -> io::Result<()> {
    let about = file.metadata()?;
    if about.is_file() && about.uid() != owner.user {
        fchown(file, Some(owner.user), None)?;
    }
    Ok(())
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

fn all() -> MutexGuard<'static, Vec<Weak<LogFile>>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_moved_away_is_opened_anew() {
        let path = std::env::temp_dir().join(format!("log-file-{}", std::process::id()));
        let old = path.with_extension("old");
        let log = LogFile::open(&path).unwrap();
        let same = LogFile::open(&path).unwrap();
        assert!(Arc::ptr_eq(&log, &same));
        log.write(b"one\n").unwrap();
        std::fs::rename(&path, &old).unwrap();
        log.write(b"two\n").unwrap();
        // Files of other tests may be gone; ours is not among those that fail.
        let failures = LogFile::reopen_all(None);
        assert!(failures.iter().all(|(failed, _)| *failed != path));
        log.write(b"three\n").unwrap();
        assert_eq!(std::fs::read(&old).unwrap(), b"one\ntwo\n");
        assert_eq!(std::fs::read(&path).unwrap(), b"three\n");
        std::fs::remove_file(&old).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}

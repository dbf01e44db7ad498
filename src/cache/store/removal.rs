//! Removing files of a cache.

use std::fs;
use std::io;
use std::path::Path;

use super::walk::Missed;
use crate::cache::file::Unreadable;
use crate::os;
use crate::zone::NotChanged;

/// Why something may still be there.
#[derive(Debug, thiserror::Error)]
pub enum NotRemoved {
    /// The index cannot be used.
    #[error(transparent)]
    Index(#[from] NotChanged),
    /// A file cannot be removed: it is an entry again once somebody looks for the files of before a start.
    #[error("a file cannot be removed ({0})")]
    File(#[from] io::Error),
    /// A file that may be meant cannot be read now.
    #[error("a file cannot be read ({0})")]
    Unread(Unreadable),
    /// Something of the cache cannot be looked at, while not all that is in it is known.
    #[error("not all of the cache can be read ({0})")]
    Missed(#[from] Missed),
}

/// Whether a file can be removed, if it is there.
pub(super) fn may_be_removed(path: &Path) -> io::Result<()> {
    match path.parent().map(os::may_make_files) {
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
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

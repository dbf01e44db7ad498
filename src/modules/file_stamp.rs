//! What tells whether a file has changed, for features that keep what stands in one.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What changes with a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// That of a file as it was found.
    pub(in crate::modules) fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }

    /// Whether any later change shows: the clock of a file system is coarse, so two changes in quick
    /// succession may look like one.
    fn is_settled(self, now: SystemTime) -> bool {
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let now = i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX);
        let latest = self.changed.0.max(self.modified.0);
        now.saturating_sub(latest) >= SETTLE.as_secs() as i64
    }
}

/// A file's content, and its stamp unless it may change without another one.
///
/// # Errors
/// It cannot be read, is no regular file, or has more than so many bytes.
pub(in crate::modules) fn read(path: &Path, largest: u64) -> io::Result<(Vec<u8>, Option<Stamp>)> {
    // A pipe in the file's place must not stop the worker.
    let file: File = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        let message = "it is not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut content = Vec::new();
    file.take(largest + 1).read_to_end(&mut content)?;
    if content.len() as u64 > largest {
        let message = format!("it is larger than {}m", largest >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    let stamp = Stamp::of(&found);
    let settled = stamp.is_settled(SystemTime::now());
    Ok((content, settled.then_some(stamp)))
}

/// A file that changed within this time is read once more.
const SETTLE: Duration = Duration::from_secs(2);

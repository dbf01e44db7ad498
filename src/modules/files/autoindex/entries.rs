//! What is in a directory.

use std::cmp::Ordering;
use std::fs::{self, Metadata, ReadDir};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::conf::reason;

/// So many are listed. Each takes a hundred bytes or so while the page is made.
pub(super) const MOST: usize = 250_000;

/// Something in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Bytes as the system has them.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// In bytes.
    pub size: u64,
    /// Seconds since 1970.
    pub modified: u64,
}

/// What something in a directory is, once links were followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// Anything else, also a link that leads nowhere.
    Other,
}

impl Kind {
    /// Its word in lists.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::File => "file",
            Self::Other => "other",
        }
    }
}

/// What is in a directory, in the order of lists, as long as somebody wants to know; `leave_out` is told of the first name
/// that cannot be looked at.
pub(super) fn read(
    directory: &Path,
    opened: ReadDir,
    is_in_vain: impl Fn() -> bool,
    leave_out: impl FnOnce(&[u8], &io::Error),
) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut leave_out = Some(leave_out);
    for found in opened {
        let name = found?.file_name().into_vec();
        if name.first() == Some(&b'.') {
            continue;
        }
        if entries.len() == MOST {
            return Err(io::Error::other(format!("more than {MOST} names in it")));
        }
        if is_in_vain() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        match look(directory, &name) {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => {}
            Err(error) => {
                if let Some(leave_out) = leave_out.take() {
                    leave_out(&name, &error);
                }
            }
        }
    }
    entries.sort_unstable_by(order);
    Ok(entries)
}

/// One of a directory; nothing where it may not be looked at, or is gone meanwhile. A link of which it cannot be told where it
/// leads is shown as one that leads nowhere.
fn look(directory: &Path, name: &[u8]) -> io::Result<Option<Entry>> {
    let path = directory.join(std::ffi::OsStr::from_bytes(name));
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
        Err(_) => match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    Ok(Some(Entry {
        name: name.to_vec(),
        kind: kind(&metadata),
        size: metadata.len(),
        modified: u64::try_from(metadata.mtime()).unwrap_or(0),
    }))
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn kind(metadata: &Metadata) -> Kind {
    match metadata {
        _ if metadata.is_dir() => Kind::Directory,
        _ if metadata.is_file() => Kind::File,
        _ => Kind::Other,
    }
}

/// Directories come first.
fn order(one: &Entry, other: &Entry) -> Ordering {
    let is_lower = |entry: &Entry| entry.kind != Kind::Directory;
    is_lower(one)
        .cmp(&is_lower(other))
        .then_with(|| one.name.cmp(&other.name))
}

/// Tells the log why a directory is not listed; that a client has left is no reason to.
pub(super) fn tell(directory: &Path, error: &io::Error, request: &str) {
    if error.kind() != io::ErrorKind::BrokenPipe {
        let path = directory.as_os_str().as_bytes().escape_ascii();
        log::error!("listing \"{path}\" failed ({}){request}", reason(error));
    }
}

/// Tells the log that some of a directory is left out.
pub(super) fn tell_left_out(directory: &Path, name: &[u8], error: &io::Error, request: &str) {
    let directory = directory.as_os_str().as_bytes().escape_ascii();
    let (name, reason) = (name.escape_ascii(), reason(error));
    log::error!(
        "stat() of \"{name}\" in \"{directory}\" failed ({reason}), which is not listed{request}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_cannot_be_followed_is_listed_with_the_others() {
        let directory = std::env::temp_dir().join(format!("entries-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("file"), "abc").unwrap();
        // No name may be that long, which is neither absent nor denied.
        let _there = std::os::unix::fs::symlink("n".repeat(300), directory.join("link"));
        let opened = fs::read_dir(&directory).unwrap();
        let entries = read(&directory, opened, || false, |_, error| panic!("{error}"));
        fs::remove_dir_all(&directory).unwrap();
        let seen: Vec<_> = entries
            .unwrap()
            .into_iter()
            .map(|one| (one.name, one.kind))
            .collect();
        let expected = [
            (b"file".to_vec(), Kind::File),
            (b"link".to_vec(), Kind::Other),
        ];
        assert_eq!(seen, expected);
    }
}

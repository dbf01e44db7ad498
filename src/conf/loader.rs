//! Where configuration text comes from.
//!
//! The master reads the disk and keeps a [`Recording`]; workers replay it, so every process
//! understands exactly the same text even when a file changes meanwhile.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where files come from: the disk, or a recording of it.
pub trait Loader {
    /// The content of a file.
    ///
    /// # Errors
    /// What the file system says, or that the file is larger than a configuration may be.
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>>;

    /// The files that a pattern with `*`, `?` or `[…]` matches, sorted; none is not an error.
    ///
    /// # Errors
    /// A malformed pattern, or a directory that cannot be listed.
    fn expand(&mut self, pattern: &str) -> io::Result<Vec<PathBuf>>;
}

impl<L: Loader + ?Sized> Loader for Box<L> {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        (**self).read(path)
    }

    fn expand(&mut self, pattern: &str) -> io::Result<Vec<PathBuf>> {
        (**self).expand(pattern)
    }
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Loader for Disk {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        File::open(path)?
            .take(FILE_LIMIT + 1)
            .read_to_end(&mut text)?;
        if text.len() as u64 > FILE_LIMIT {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "file is larger than 32m",
            ));
        }
        Ok(text)
    }

    fn expand(&mut self, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let matches = glob::glob_with(&single_stars(pattern), options)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
        let mut paths = matches
            .collect::<Result<Vec<_>, _>>()
            .map_err(io::Error::from)?;
        paths.sort();
        Ok(paths)
    }
}

/// What one loading of the configuration read, to be replayed elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    files: BTreeMap<String, Content>,
    expansions: BTreeMap<String, Vec<String>>,
}

impl Loader for Recording {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        match self.files.get(&*path.to_string_lossy()) {
            Some(Content::Text(text)) => Ok(text.clone().into_bytes()),
            Some(Content::Bytes(bytes)) => Ok(bytes.clone()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn expand(&mut self, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let found = self
            .expansions
            .get(pattern)
            .ok_or(io::ErrorKind::NotFound)?;
        Ok(found.iter().map(PathBuf::from).collect())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

/// Passes everything on to another loader and remembers what it answered.
#[derive(Debug)]
pub struct Recorder<L> {
    inner: L,
    recording: Recording,
}

impl<L: Loader> Recorder<L> {
    /// Starts an empty recording.
    pub fn new(inner: L) -> Self {
        Self {
            inner,
            recording: Recording::default(),
        }
    }

    /// What was read so far.
    pub fn into_recording(self) -> Recording {
        self.recording
    }
}

impl<L: Loader> Loader for Recorder<L> {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.inner.read(path)?;
        let content = match String::from_utf8(bytes.clone()) {
            Ok(text) => Content::Text(text),
            Err(error) => Content::Bytes(error.into_bytes()),
        };
        self.recording
            .files
            .insert(path.to_string_lossy().into_owned(), content);
        Ok(bytes)
    }

    fn expand(&mut self, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let paths = self.inner.expand(pattern)?;
        let names = paths
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        self.recording.expansions.insert(pattern.to_owned(), names);
        Ok(paths)
    }
}

/// `**` means no more than `*` here; the glob library would descend into directories.
fn single_stars(pattern: &str) -> String {
    let mut result = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        if character != '*' || !result.ends_with('*') {
            result.push(character);
        }
    }
    result
}

/// The largest file that is read, in bytes.
const FILE_LIMIT: u64 = 32 << 20;

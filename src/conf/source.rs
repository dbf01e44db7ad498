//! Where configuration text comes from and how a byte offset becomes a line again.
//!
//! A file is read once, through a [`Loader`]: the master reads the disk and keeps a [`Recording`],
//! workers replay it, so every process understands exactly the same text even when a file changes
//! meanwhile. [`Sources`] keeps the raw bytes (comments may be in any encoding), the place each
//! file was included from, and the offsets at which statements ended; the last two give a
//! diagnostic its order and its line.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The number of a loaded file within its [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A range of bytes in a loaded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span of text that stands in no file; it has no line.
    pub const NOWHERE: Self = Self {
        file: FileId(u32::MAX),
        start: 0,
        end: 0,
    };

    /// A span by offsets; offsets beyond 4 GiB cannot occur, files are limited to far less.
    pub(super) fn new(file: FileId, start: usize, end: usize) -> Self {
        let offset = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Self {
            file,
            start: offset(start),
            end: offset(end),
        }
    }

    /// From the start of this span to the end of the other, which lies behind it in the same file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            end: other.end,
            ..self
        }
    }

    /// The last byte only: of a statement, its `;` or `{`.
    #[must_use]
    pub fn last(self) -> Self {
        Self {
            start: self.end.saturating_sub(1).max(self.start),
            ..self
        }
    }
}

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

/// A place as people count it: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position<'s> {
    /// The file's name as it was opened.
    pub file: &'s str,
    /// The line of the span's first byte.
    pub line: usize,
    /// The column of the span's first byte.
    pub column: usize,
}

/// One loaded text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The name as opened.
    pub name: String,
    /// The bytes as read.
    pub text: Arc<[u8]>,
    /// False for the directives of the command line.
    pub is_file: bool,
    included_at: Option<Span>,
    line_starts: Vec<u32>,
    marks: Vec<u32>,
}

impl SourceFile {
    /// The line, from 1, in which a byte stands; the end of the text belongs to the last line.
    pub(super) fn line(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|&start| start <= offset)
    }

    /// The offsets of a line without its line end.
    pub(super) fn line_range(&self, line: usize) -> std::ops::Range<usize> {
        let start = |line: usize| self.line_starts.get(line.wrapping_sub(1)).copied();
        let from = start(line).map_or(self.text.len(), |offset| offset as usize);
        let mut to = start(line + 1).map_or(self.text.len(), |offset| offset as usize);
        while to > from && matches!(self.text[to - 1], b'\n' | b'\r') {
            to -= 1;
        }
        from..to
    }

    /// The line in which the statement around an offset ended.
    pub(super) fn statement_line(&self, span: Span) -> usize {
        let next = self.marks.partition_point(|&mark| mark < span.start);
        self.line(self.marks.get(next).copied().unwrap_or(span.end))
    }
}

/// Every text that was loaded, in load order.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    by_name: HashMap<String, FileId>,
}

impl Sources {
    /// Takes a text in; the same name with the same text again is the same file.
    pub fn add(&mut self, name: &str, text: impl Into<Vec<u8>>) -> FileId {
        let text = text.into();
        match self.find(name) {
            Some(id) if self.file(id).is_some_and(|file| *file.text == *text) => id,
            _ => self.insert(name, text, None, true),
        }
    }

    /// The files that were read, in load order; the command line is not among them.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.is_file)
    }

    /// One file; `None` for a span that stands nowhere.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// File, line and column of a span's start.
    pub fn position(&self, span: Span) -> Option<Position<'_>> {
        let file = self.file(span.file)?;
        let line = file.line(span.start);
        let from = file.line_range(line).start;
        let to = (span.start as usize).clamp(from, file.text.len());
        let column = String::from_utf8_lossy(&file.text[from..to])
            .chars()
            .count()
            + 1;
        Some(Position {
            file: &file.name,
            line,
            column,
        })
    }

    pub(super) fn find(&self, name: &str) -> Option<FileId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn insert(
        &mut self,
        name: &str,
        text: Vec<u8>,
        included_at: Option<Span>,
        is_file: bool,
    ) -> FileId {
        // Loading stops long before 2^32 files.
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.by_name.insert(name.to_owned(), id);
        self.files.push(SourceFile {
            name: name.to_owned(),
            line_starts: line_starts(&text),
            text: text.into(),
            is_file,
            included_at,
            marks: Vec::new(),
        });
        id
    }

    /// Keeps the ascending offsets at which statements of a file ended.
    pub(super) fn set_marks(&mut self, id: FileId, marks: Vec<u32>) {
        if let Some(file) = self.files.get_mut(id.0 as usize) {
            file.marks = marks;
        }
    }

    /// A key that sorts spans as a reader meets them, includes in the place where they stand.
    pub(super) fn order(&self, span: Span) -> Vec<u32> {
        let mut offsets = vec![span.start];
        let mut file = span.file;
        while let Some(at) = self.file(file).and_then(|file| file.included_at) {
            offsets.push(at.start);
            file = at.file;
        }
        offsets.push(file.0);
        offsets.reverse();
        offsets
    }
}

fn line_starts(text: &[u8]) -> Vec<u32> {
    let feeds = text.iter().enumerate().filter(|&(_, &byte)| byte == b'\n');
    let behind = feeds.map(|(offset, _)| u32::try_from(offset + 1).unwrap_or(u32::MAX));
    std::iter::once(0).chain(behind).collect()
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
pub(super) const FILE_LIMIT: u64 = 32 << 20;

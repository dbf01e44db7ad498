//! Texts, spans, and how a byte offset becomes a line again.
//!
//! The raw bytes are kept, since comments may be in any encoding. Beside them stands the place each
//! file was included from, which gives diagnostics their order.

use std::collections::HashMap;
use std::sync::Arc;

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

/// Where a text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    CommandLine,
}

/// One loaded text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The name as opened.
    pub name: String,
    /// The bytes as read.
    pub text: Arc<[u8]>,
    pub(super) origin: Origin,
    included_at: Option<Span>,
    line_starts: Vec<u32>,
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
            _ => self.insert(name, text, None, Origin::File),
        }
    }

    /// The files that were read, in load order; the command line is not among them.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.origin == Origin::File)
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
        origin: Origin,
    ) -> FileId {
        // Loading stops long before 2^32 files.
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        if origin == Origin::File {
            self.by_name.insert(name.to_owned(), id);
        }
        self.files.push(SourceFile {
            name: name.to_owned(),
            line_starts: line_starts(&text),
            text: text.into(),
            origin,
            included_at,
        });
        id
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

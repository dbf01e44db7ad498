//! The page of one scrape, written line by line in its final order.
//!
//! The head of a family stands before its first line, so that a family without lines has none. A line
//! that no scraper could read, or that repeats a series, is left out and counted. What was written is
//! not kept: memory is that of [`Seen`], however long the page.

use std::collections::HashSet;
use std::io::{self, Write};

use super::families::{Families, Family, head, series_names};
use super::seen::{Seen, Verdict};
use super::{is_number, is_sample};

/// A line of a page: `sample` is a name with evaluated labels, `value` the text of its value. Without
/// a value it is none, which is no fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The name and the labels.
    pub sample: Vec<u8>,
    /// The number.
    pub value: Vec<u8>,
    /// Whether no other item of the same statement can have these labels.
    pub is_distinct: bool,
}

impl Line {
    /// Makes it ready for another.
    pub fn clear(&mut self) {
        self.sample.clear();
        self.value.clear();
        self.is_distinct = false;
    }
}

/// How many lines of a page were left out, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Values that are not numbers.
    pub numbers: u64,
    /// Names or labels that cannot be read.
    pub samples: u64,
    /// Series that the page had already, for instance from keys that differ only in bytes that are not
    /// UTF-8.
    pub repeated: u64,
    /// Series of which nobody knows any more whether the page had them, see [`Seen`].
    pub doubtful: u64,
}

/// A page on its way to a reader.
pub struct Page<'a> {
    out: &'a mut dyn Write,
    /// The names that are in use.
    taken: HashSet<String>,
    /// What stands before the first line of the family at hand, until it is written.
    head: Vec<u8>,
    /// Whether the family at hand has other statements that may have made the same series.
    is_shared: bool,
    seen: Seen,
    refused: Refused,
    text: Vec<u8>,
}

impl<'a> Page<'a> {
    /// Begins the page.
    pub(super) fn begin(families: &Families, out: &'a mut dyn Write) -> io::Result<Self> {
        out.write_all(&families.title)?;
        Ok(Self {
            out,
            taken: families.names().collect(),
            head: Vec::new(),
            is_shared: false,
            seen: Seen::default(),
            refused: Refused::default(),
            text: Vec::new(),
        })
    }

    /// Goes on to the next family of the template.
    pub(super) fn family(&mut self, family: &Family) {
        self.head = family.head();
        self.is_shared = family.statements.len() > 1;
        self.seen.clear();
    }

    /// Goes on to a family that stands in no template; false, and nothing done, if the page has a name
    /// of it already.
    pub fn new_family(&mut self, name: &str, kind: &str, help: Option<&[u8]>) -> bool {
        let names = series_names(name, kind);
        if names.iter().any(|name| self.taken.contains(name)) {
            return false;
        }
        self.taken.extend(names);
        self.head = head(name, Some(kind), help);
        self.is_shared = false;
        self.seen.clear();
        true
    }

    /// Writes a comment, which must not look like HELP or TYPE.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn comment(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "# {text}")
    }

    /// Writes a line of the family at hand, or counts why not.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        if line.value.is_empty() {
            return Ok(());
        }
        if let Some(count) = self.fault(line) {
            *count += 1;
            return Ok(());
        }
        self.text.clear();
        self.text.append(&mut self.head);
        for part in [&line.sample[..], b" ", &line.value, b"\n"] {
            self.text.extend_from_slice(part);
        }
        self.out.write_all(&self.text)
    }

    /// Where to count a line that cannot be written.
    fn fault(&mut self, line: &Line) -> Option<&mut u64> {
        if !is_number(&line.value) {
            return Some(&mut self.refused.numbers);
        }
        if !is_sample(&line.sample) {
            return Some(&mut self.refused.samples);
        }
        match self.seen.insert(&line.sample) {
            Verdict::New => None,
            Verdict::Repeated => Some(&mut self.refused.repeated),
            Verdict::Unknown if line.is_distinct && !self.is_shared => None,
            Verdict::Unknown => Some(&mut self.refused.doubtful),
        }
    }

    /// How many lines were left out so far.
    pub(super) fn refused(&self) -> Refused {
        self.refused
    }
}

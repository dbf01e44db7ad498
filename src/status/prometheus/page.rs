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
    /// Series of which nobody knows any more whether the page had them, see `seen`.
    pub doubtful: u64,
}

impl Refused {
    /// For whatever reason.
    pub fn total(&self) -> u64 {
        let Self {
            numbers,
            samples,
            repeated,
            doubtful,
        } = self;
        numbers + samples + repeated + doubtful
    }
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
    /// Lines that are good in themselves, and their text.
    waiting: Vec<Waiting>,
    text: Vec<u8>,
}

/// A line whose series has not been looked up yet.
struct Waiting {
    hash: u64,
    /// Where it ends in the text.
    end: usize,
    is_distinct: bool,
}

/// So many lines are looked up together, which takes little more time than one alone.
const TOGETHER: usize = 32;

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
            waiting: Vec::new(),
            text: Vec::new(),
        })
    }

    /// Goes on to the next family of the template.
    pub(super) fn family(&mut self, family: &Family) -> io::Result<()> {
        self.next(family.head(), family.statements.len() > 1)
    }

    /// Goes on to a family that stands in no template; false, and nothing done, if the page has a name
    /// of it already.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn new_family(&mut self, name: &str, kind: &str, help: Option<&[u8]>) -> io::Result<bool> {
        let names = series_names(name, kind);
        if names.iter().any(|name| self.taken.contains(name)) {
            return Ok(false);
        }
        self.taken.extend(names);
        self.next(head(name, Some(kind), help), false)?;
        Ok(true)
    }

    fn next(&mut self, head: Vec<u8>, is_shared: bool) -> io::Result<()> {
        self.settle()?;
        self.head = head;
        self.is_shared = is_shared;
        self.seen.clear();
        Ok(())
    }

    /// Writes a comment, which must not look like HELP or TYPE.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn comment(&mut self, text: &str) -> io::Result<()> {
        self.settle()?;
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
        if !is_number(&line.value) {
            self.refused.numbers += 1;
            return Ok(());
        }
        if !is_sample(&line.sample) {
            self.refused.samples += 1;
            return Ok(());
        }
        for part in [&line.sample[..], b" ", &line.value, b"\n"] {
            self.text.extend_from_slice(part);
        }
        self.waiting.push(Waiting {
            hash: self.seen.hash(&line.sample),
            end: self.text.len(),
            is_distinct: line.is_distinct && !self.is_shared,
        });
        match self.waiting.len() {
            TOGETHER => self.settle(),
            _ => Ok(()),
        }
    }

    /// Writes the waiting lines, or counts why not.
    fn settle(&mut self) -> io::Result<()> {
        self.seen.fetch(self.waiting.iter().map(|line| line.hash));
        let mut start = 0;
        for line in self.waiting.drain(..) {
            let text = &self.text[start..line.end];
            start = line.end;
            match self.seen.insert(line.hash) {
                Verdict::Repeated => self.refused.repeated += 1,
                Verdict::Unknown if !line.is_distinct => self.refused.doubtful += 1,
                Verdict::New | Verdict::Unknown => {
                    self.out.write_all(&self.head)?;
                    self.head.clear();
                    self.out.write_all(text)?;
                }
            }
        }
        self.text.clear();
        Ok(())
    }

    /// Ends the page and tells how many lines were left out.
    pub(super) fn end(mut self) -> io::Result<Refused> {
        self.settle()?;
        Ok(self.refused)
    }
}

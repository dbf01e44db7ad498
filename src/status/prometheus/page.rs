//! The page of one scrape, written line by line in its final order.
//!
//! The head of a family stands before its first line, so that a family without lines has none. A line
//! that no scraper could read, or that repeats a series, is left out and counted. What was written is
//! not kept: memory is that of [`Seen`], however long the page.

use std::borrow::Cow;
use std::io::{self, Write};

use super::families::{Families, Family, Member, counter_base, head};
use super::sample::{canonical, has_number, identity};
use super::seen::{Seen, Verdict};
use super::taken::{Taken, is_counter};
use super::{Format, Syntax, is_number, is_sample};

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
    /// Whether it is written if and only if the line before it is, as the parts of a histogram.
    pub follows: bool,
    /// What is known about the sample.
    pub syntax: Syntax,
}

impl Line {
    /// Makes it ready for another.
    pub fn clear(&mut self) {
        self.sample.clear();
        self.value.clear();
        self.is_distinct = false;
        self.follows = false;
        self.syntax = Syntax::Unknown;
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
    /// All of them.
    pub fn total(self) -> u64 {
        self.numbers + self.samples + self.repeated + self.doubtful
    }
}

/// What a page held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines that were written, HELP and TYPE aside.
    pub lines: u64,
    /// Lines that were not.
    pub refused: Refused,
    /// Keys of zones that were left out before any line was made of them: too many for the page, without a
    /// name there, or with one that it has already.
    pub skipped: u64,
}

/// A page on its way to a reader.
pub struct Page<'a> {
    out: &'a mut dyn Write,
    format: Format,
    /// The names that are in use.
    taken: Taken<'a>,
    /// What stands before the first line of the family at hand, until it is written.
    head: Vec<u8>,
    /// Whether the series at hand come from several statements, which may make the same ones.
    is_shared: bool,
    /// Whether equal series may have labels in another order.
    is_loose: bool,
    /// Whether values may not be negative.
    is_counter: bool,
    /// The label that must be a number.
    number_label: Option<&'static [u8]>,
    seen: Seen,
    refused: Refused,
    lines: u64,
    skipped: u64,
    /// Lines that are good in themselves, and their text.
    waiting: Vec<Waiting>,
    text: Vec<u8>,
    /// That on the last line which follows no other.
    verdict: Verdict,
}

/// A line whose series has not been looked up yet.
struct Waiting {
    hash: u64,
    /// Where it ends in the text.
    end: usize,
    is_distinct: bool,
    follows: bool,
}

/// So many lines are looked up together, which takes little more time than one alone.
const TOGETHER: usize = 32;

impl<'a> Page<'a> {
    /// Begins the page.
    pub(super) fn begin(
        families: &'a Families,
        format: Format,
        out: &'a mut dyn Write,
    ) -> io::Result<Self> {
        if format == Format::Text {
            out.write_all(&families.title)?;
        }
        Ok(Self {
            out,
            format,
            taken: Taken::new(families),
            head: Vec::new(),
            is_shared: false,
            is_loose: false,
            is_counter: false,
            number_label: None,
            seen: Seen::default(),
            refused: Refused::default(),
            lines: 0,
            skipped: 0,
            waiting: Vec::new(),
            text: Vec::new(),
            verdict: Verdict::New,
        })
    }

    /// The form it is written in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Goes on to the next family of the template.
    pub(super) fn family(&mut self, family: &Family) -> io::Result<()> {
        self.settle()?;
        self.head = family.head();
        Ok(())
    }

    /// Goes on to the next name of the family.
    pub(super) fn member(&mut self, family: &Family, member: &Member) -> io::Result<()> {
        self.settle()?;
        self.seen.clear();
        if self.format == Format::OpenMetrics {
            self.head = family.open_head(member);
        }
        self.is_shared = member.statements.len() > 1;
        self.is_loose = member.labels.is_none();
        self.is_counter = self.format == Format::OpenMetrics && member.is_counter;
        // In OpenMetrics the type of such a member is unknown.
        let number_label = family.number_label();
        self.number_label = number_label.filter(|_| self.format == Format::Text);
        Ok(())
    }

    /// Goes on to a family that the template announces without its lines; false, and nothing done, if the
    /// page has a name of it already. Its lines are to have their labels in one order.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn new_family(&mut self, name: &str, kind: &str, help: Option<&[u8]>) -> io::Result<bool> {
        match self.taken.take(name, kind) {
            true => self.enter(name, kind, help, false).map(|()| true),
            false => Ok(false),
        }
    }

    /// From here on come families that clients have named.
    pub fn begin_open(&mut self) {
        self.taken.begin_open();
    }

    /// The same as [`Page::new_family`] for one that a client has named. It begins with `start`, which
    /// comes in order; names that the template announces are none for clients.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn open_family(
        &mut self,
        start: &str,
        name: &str,
        kind: &str,
        help: Option<&[u8]>,
    ) -> io::Result<bool> {
        match self.taken.take_open(start, name, kind) {
            true => self.enter(name, kind, help, true).map(|()| true),
            false => Ok(false),
        }
    }

    fn enter(
        &mut self,
        name: &str,
        kind: &str,
        help: Option<&[u8]>,
        is_open: bool,
    ) -> io::Result<()> {
        self.settle()?;
        self.seen.clear();
        let is_counter = is_counter(kind);
        self.head = match self.format {
            Format::OpenMetrics if is_counter => match self.taken.take_counter(name, is_open) {
                true => head(self.format, counter_base(name), Some(kind), help),
                false => head(self.format, name, Some("unknown"), help),
            },
            format => head(format, name, Some(kind), help),
        };
        (self.is_shared, self.is_loose, self.is_counter) = (false, false, false);
        self.number_label = None;
        Ok(())
    }

    /// Says that keys were left out, where a page may hold remarks.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn skip(&mut self, keys: u64) -> io::Result<()> {
        self.skipped += keys;
        if keys == 0 || self.format == Format::OpenMetrics {
            return Ok(());
        }
        self.settle()?;
        writeln!(self.out, "# skipped {keys}")
    }

    /// Writes a line of the family at hand, or counts why not.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        if line.value.is_empty() {
            return Ok(());
        }
        if !is_number(&line.value) || self.is_counter && !is_count(&line.value) {
            self.refused.numbers += 1;
            return Ok(());
        }
        let is_readable = line.syntax != Syntax::Unknown || is_sample(&line.sample);
        let is_number = |label| has_number(&line.sample, label);
        if !is_readable || !self.number_label.is_none_or(is_number) {
            self.refused.samples += 1;
            return Ok(());
        }
        let sample = match line.syntax {
            Syntax::Strict => Cow::Borrowed(&line.sample[..]),
            _ => canonical(&line.sample).into(),
        };
        self.text.extend_from_slice(match self.format {
            Format::Text => &line.sample,
            Format::OpenMetrics => &sample,
        });
        for part in [b" ", &line.value[..], b"\n"] {
            self.text.extend_from_slice(part);
        }
        self.waiting.push(Waiting {
            hash: match self.is_loose {
                true => self.seen.hash(&identity(&sample)),
                false => self.seen.hash(&sample),
            },
            end: self.text.len(),
            is_distinct: line.is_distinct && !self.is_shared,
            follows: line.follows,
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
            if !line.follows {
                self.verdict = match self.seen.insert(line.hash) {
                    Verdict::Unknown if line.is_distinct => Verdict::New,
                    verdict => verdict,
                };
            }
            match self.verdict {
                Verdict::Repeated => self.refused.repeated += 1,
                Verdict::Unknown => self.refused.doubtful += 1,
                Verdict::New => {
                    self.out.write_all(&self.head)?;
                    self.head.clear();
                    self.out.write_all(text)?;
                    self.lines += 1;
                }
            }
        }
        self.text.clear();
        Ok(())
    }

    /// Ends the page and tells what is in it.
    pub(super) fn end(mut self) -> io::Result<Summary> {
        self.settle()?;
        if self.format == Format::OpenMetrics {
            self.out.write_all(b"# EOF\n")?;
        }
        Ok(Summary {
            lines: self.lines,
            refused: self.refused,
            skipped: self.skipped,
        })
    }
}

/// Whether a number can be that of a counter.
fn is_count(number: &[u8]) -> bool {
    !number.starts_with(b"-") && !number.eq_ignore_ascii_case(b"nan")
}

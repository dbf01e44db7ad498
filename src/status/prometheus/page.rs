//! The page of one scrape: lines collected by statement, printed by family.
//!
//! Statements that share a metric name are one family: HELP and TYPE stand once, and all its lines
//! follow each other, in the order of the statements and within one in the order of the tree.
//! A line that no scraper could read, or that repeats a series, is left out and counted.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io;

use super::{escape_help, is_metric_name, is_number, is_sample, is_type};

/// What a template says about a statement, apart from its path and labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// The metric name: everything before the first `{`.
    pub name: String,
    /// The text after `type=`.
    pub kind: Option<String>,
    /// The text after `help=`.
    pub help: Option<String>,
}

/// The statements of a template, grouped by metric name. Made when the configuration is loaded.
#[derive(Debug)]
pub struct Families {
    /// The first line of every page.
    title: Vec<u8>,
    families: Vec<Family>,
    statements: usize,
}

#[derive(Debug)]
struct Family {
    name: String,
    kind: Option<String>,
    help: Option<String>,
    statements: Vec<usize>,
}

/// The lines of one scrape.
pub struct Page<'a> {
    families: &'a Families,
    lines: Vec<Vec<u8>>,
    /// Hashes of the series seen; two distinct ones share a hash with negligible probability.
    seen: HashSet<u64>,
    hasher: RandomState,
    refused: Refused,
}

/// Why a line is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The value is not a number.
    Number,
    /// The name or the labels cannot be read.
    Sample,
    /// The page has this series already, for instance from a key that differs only in bytes that
    /// are not UTF-8.
    Repeated,
}

/// How many lines of a page were left out, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Values that are not numbers.
    pub numbers: u64,
    /// Names or labels that cannot be read.
    pub samples: u64,
    /// Repeated series.
    pub repeated: u64,
}

impl Families {
    /// Groups the statements of the template called `name`. Where several statements of a family
    /// have a type or a help text, the first counts.
    pub fn new(name: &str, statements: &[Statement]) -> Self {
        let mut title = b"# Angie Prometheus template \"".to_vec();
        escape_help(name.as_bytes(), &mut title);
        title.extend_from_slice(b"\"\n");
        let mut families: Vec<Family> = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            match families
                .iter_mut()
                .find(|family| family.name == statement.name)
            {
                Some(family) => family.join(index, statement),
                None => families.push(Family::new(index, statement)),
            }
        }
        Self {
            title,
            families,
            statements: statements.len(),
        }
    }

    /// What a scraper would object to, each with the number of a statement. A family whose name or
    /// type is wrong still loads: its lines, or its TYPE, do not appear.
    pub fn warnings(&self) -> Vec<(usize, String)> {
        let mut warnings = Vec::new();
        for family in &self.families {
            let first = family.statements[0];
            if !is_metric_name(family.name.as_bytes()) {
                let text = format!("\"{}\" is not a Prometheus metric name", family.name);
                warnings.push((first, text));
            }
            if let Some(kind) = family.kind.as_deref().filter(|kind| !is_type(kind)) {
                warnings.push((first, format!("\"{kind}\" is not a Prometheus metric type")));
            }
        }
        warnings
    }
}

impl Family {
    fn new(index: usize, statement: &Statement) -> Self {
        Self {
            name: statement.name.clone(),
            kind: statement.kind.clone(),
            help: statement.help.clone(),
            statements: vec![index],
        }
    }

    fn join(&mut self, index: usize, statement: &Statement) {
        self.statements.push(index);
        self.kind = self.kind.take().or_else(|| statement.kind.clone());
        self.help = self.help.take().or_else(|| statement.help.clone());
    }

    fn write_head(&self, out: &mut impl io::Write) -> io::Result<()> {
        if let Some(help) = &self.help {
            let mut escaped = Vec::with_capacity(help.len());
            escape_help(help.as_bytes(), &mut escaped);
            write!(out, "# HELP {} ", self.name)?;
            out.write_all(&escaped)?;
            out.write_all(b"\n")?;
        }
        match self.kind.as_deref() {
            Some(kind) if is_type(kind) => writeln!(out, "# TYPE {} {kind}", self.name),
            _ => Ok(()),
        }
    }
}

impl<'a> Page<'a> {
    /// An empty page for the statements of `families`.
    pub fn new(families: &'a Families) -> Self {
        Self {
            families,
            lines: vec![Vec::new(); families.statements],
            seen: HashSet::new(),
            hasher: RandomState::new(),
            refused: Refused::default(),
        }
    }

    /// Adds a line to a statement: `sample` is its name and evaluated labels, `value` the text of
    /// its value. An empty value makes no line and no fault.
    ///
    /// # Errors
    /// Why the line was left out; [`Page::refused`] counts it.
    pub fn add(&mut self, statement: usize, sample: &[u8], value: &[u8]) -> Result<(), Refusal> {
        let Some(lines) = self.lines.get_mut(statement) else {
            return Ok(());
        };
        if value.is_empty() {
            return Ok(());
        }
        if !is_number(value) {
            self.refused.numbers += 1;
            return Err(Refusal::Number);
        }
        if !is_sample(sample) {
            self.refused.samples += 1;
            return Err(Refusal::Sample);
        }
        if !self.seen.insert(self.hasher.hash_one(sample)) {
            self.refused.repeated += 1;
            return Err(Refusal::Repeated);
        }
        lines.extend_from_slice(sample);
        lines.push(b' ');
        lines.extend_from_slice(value);
        lines.push(b'\n');
        Ok(())
    }

    /// How many lines were left out so far.
    pub fn refused(&self) -> Refused {
        self.refused
    }

    /// Prints the page.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        out.write_all(&self.families.title)?;
        for family in &self.families.families {
            let mut lines = family.statements.iter().map(|index| &self.lines[*index]);
            if lines.clone().all(Vec::is_empty) {
                continue;
            }
            family.write_head(out)?;
            lines.try_for_each(|lines| out.write_all(lines))?;
        }
        Ok(())
    }
}

//! One scrape: from items of the tree to the lines of a page, in memory that does not grow with it.
//!
//! A page shows families one after the other, but a walk meets their items mixed. So a first walk, the
//! *survey*, keeps the lines of every statement until there are too many of one: that statement is
//! *long*, its lines are dropped and no longer made, and what only long statements reach is not even
//! entered. Then the page is written: lines that were kept, and for each long statement, in its
//! turn, those of a walk for it alone, as they come. A template with one long statement costs one walk
//! and a bit. If no statement is long, nothing is walked twice; that is the whole of a short page.
//!
//! Which statement takes an item depends on the item's path alone, so walks at different times agree.

use std::io::{self, Write};
use std::mem::take;
use std::ops::ControlFlow;

use super::families::Section;
use super::page::{Page, Summary};
use super::{Families, Format, Line, Match, Rules, Syntax, Wanted, walk};
use crate::status::Node;

/// Makes the lines of a template.
pub trait Evaluate {
    /// Evaluates a statement for an item it takes, or, if it has no path, for none. `line` is empty and
    /// stays so where there is nothing to show.
    fn line(&mut self, statement: usize, item: Option<&Match<'_>>, line: &mut Line);

    /// Writes a section of the page that is not made of statements.
    ///
    /// # Errors
    /// Those of the page.
    fn section(&mut self, _section: usize, _page: &mut Page<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// A template and the tree it is applied to.
#[derive(Clone, Copy)]
pub struct Scrape<'a> {
    /// The node of `/status`.
    pub root: &'a Node<'a>,
    /// What its statements take.
    pub rules: &'a Rules,
    /// How they are arranged.
    pub families: &'a Families,
    /// How the page is written.
    pub format: Format,
}

/// How much is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Lines of all statements.
    pub lines: usize,
    /// Bytes of one statement.
    pub statement: usize,
    /// Bytes of all statements.
    pub bytes: usize,
    /// Nodes that are looked at.
    pub nodes: u64,
}

impl Scrape<'_> {
    /// The page, if it is within the bounds.
    pub fn short(&self, bounds: Bounds, evaluate: &mut dyn Evaluate) -> Option<(Vec<u8>, Summary)> {
        let mut survey = Survey::new(self, bounds);
        let wanted = Wanted::all(self.families.statements, bounds.nodes);
        let flow = self.survey(&mut survey, &wanted, evaluate, ControlFlow::Break(()));
        flow.continue_value()?;
        let mut page = Vec::new();
        // Writing to memory does not fail.
        let summary = self.print(survey, evaluate, &mut page).ok()?;
        Some((page, summary))
    }

    /// Writes the page, keeping no more than the bounds allow.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn long(
        &self,
        bounds: Bounds,
        evaluate: &mut dyn Evaluate,
        out: &mut dyn Write,
    ) -> io::Result<Summary> {
        let mut survey = Survey::new(self, bounds);
        let wanted = Wanted::all(self.families.statements, u64::MAX);
        let flow = ControlFlow::Continue(());
        let _ = self.survey(&mut survey, &wanted, evaluate, flow);
        self.print(survey, evaluate, out)
    }

    /// Makes the lines of all statements; where one turns out to be long, goes on as told.
    fn survey(
        &self,
        survey: &mut Survey,
        wanted: &Wanted,
        evaluate: &mut dyn Evaluate,
        if_long: ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut line = Line::default();
        let mut add = |statement, item: Option<&Match<'_>>| {
            line.clear();
            evaluate.line(statement, item, &mut line);
            if survey.keep(statement, &line) {
                return ControlFlow::Continue(());
            }
            wanted.drop(statement);
            if_long
        };
        walk(self.root, self.rules, wanted, &mut |item| {
            add(item.rule, Some(item))
        })?;
        let mut others =
            (0..self.families.statements).filter(|number| !self.rules.has_path(*number));
        others.try_for_each(|statement| add(statement, None))
    }

    fn print(
        &self,
        mut survey: Survey,
        evaluate: &mut dyn Evaluate,
        out: &mut dyn Write,
    ) -> io::Result<Summary> {
        let mut page = Page::begin(self.families, self.format, out)?;
        let mut sections = self.families.sections.iter().enumerate().peekable();
        for family in &self.families.families {
            let is_before = |(_, section): &(usize, &Section)| section.after <= family.first();
            while let Some((section, _)) = sections.next_if(is_before) {
                evaluate.section(section, &mut page)?;
            }
            page.family(family)?;
            for member in &family.members {
                page.member(family, member)?;
                for statement in &member.statements {
                    let kept = take(&mut survey.kept[*statement]);
                    self.statement(*statement, kept, evaluate, &mut page)?;
                }
            }
        }
        for (section, _) in sections {
            evaluate.section(section, &mut page)?;
        }
        page.end()
    }

    fn statement(
        &self,
        statement: usize,
        kept: Kept,
        evaluate: &mut dyn Evaluate,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        match kept {
            Kept::Lines(lines) => lines.each(&mut |line| page.line(line)),
            Kept::TooMany => self.again(statement, evaluate, page),
        }
    }

    /// Writes the lines of one statement as they come.
    fn again(
        &self,
        statement: usize,
        evaluate: &mut dyn Evaluate,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        let mut line = Line::default();
        if !self.rules.has_path(statement) {
            evaluate.line(statement, None, &mut line);
            return page.line(&line);
        }
        let mut outcome = Ok(());
        let wanted = Wanted::only(statement);
        let _ = walk(self.root, self.rules, &wanted, &mut |item| {
            line.clear();
            evaluate.line(statement, Some(item), &mut line);
            outcome = page.line(&line);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        outcome
    }
}

/// The lines of statements that are not long.
struct Survey {
    kept: Vec<Kept>,
    bounds: Bounds,
    lines: usize,
    bytes: usize,
}

enum Kept {
    Lines(Lines),
    TooMany,
}

impl Default for Kept {
    fn default() -> Self {
        Self::Lines(Lines::default())
    }
}

impl Survey {
    fn new(scrape: &Scrape<'_>, bounds: Bounds) -> Self {
        Self {
            kept: (0..scrape.families.statements)
                .map(|_| Kept::default())
                .collect(),
            bounds,
            lines: 0,
            bytes: 0,
        }
    }

    /// Keeps a line; false if the statement is long.
    fn keep(&mut self, statement: usize, line: &Line) -> bool {
        let Kept::Lines(lines) = &mut self.kept[statement] else {
            return false;
        };
        if line.value.is_empty() {
            return true;
        }
        let before = lines.bytes();
        lines.push(line);
        let own = lines.bytes();
        self.bytes += own - before;
        self.lines += 1;
        let is_within = self.lines <= self.bounds.lines
            && self.bytes <= self.bounds.bytes
            && own <= self.bounds.statement;
        if !is_within {
            self.bytes -= own;
            self.kept[statement] = Kept::TooMany;
        }
        is_within
    }
}

/// Lines of one statement, one text after the other.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    marks: Vec<Mark>,
}

/// What of a line is not text.
struct Mark {
    /// Where the sample ends.
    middle: usize,
    /// Where the value ends.
    end: usize,
    is_distinct: bool,
    syntax: Syntax,
}

impl Lines {
    fn push(&mut self, line: &Line) {
        self.text.extend_from_slice(&line.sample);
        let middle = self.text.len();
        self.text.extend_from_slice(&line.value);
        self.marks.push(Mark {
            middle,
            end: self.text.len(),
            is_distinct: line.is_distinct,
            syntax: line.syntax,
        });
    }

    fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&self.marks[..])
    }

    /// Shows each line until one fails.
    fn each(&self, show: &mut dyn FnMut(&Line) -> io::Result<()>) -> io::Result<()> {
        let (mut line, mut start) = (Line::default(), 0);
        for mark in &self.marks {
            line.clear();
            line.sample
                .extend_from_slice(&self.text[start..mark.middle]);
            line.value
                .extend_from_slice(&self.text[mark.middle..mark.end]);
            line.is_distinct = mark.is_distinct;
            line.syntax = mark.syntax;
            show(&line)?;
            start = mark.end;
        }
        Ok(())
    }
}

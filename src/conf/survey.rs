//! What a configuration of another server needs to be used here, told statement by statement.
//!
//! A statement stands in one section: not supported, to be corrected, of note, without effect, or as
//! written. So the numbers of the sections add up to all statements, and none is passed over. Within a
//! section, statements with the same explanation stand together above it.

mod index;
mod report;

use std::collections::HashSet;
use std::fmt::Write;

use super::diagnostic::{Diagnostics, Finding, Severity};
use super::render::printable;
use super::source::{Sources, Span};
use super::spec::DirectiveSpec;
use super::tree::Directive;
use index::Index;

/// Something that is the same line here and means something else, or may surprise.
#[derive(Debug)]
pub struct Habit {
    /// The directive.
    pub directive: &'static str,
    /// Whether it is meant, by its first argument.
    pub applies: Applies,
    /// What is to be known.
    pub text: &'static str,
}

/// Tells by an argument.
pub type Applies = fn(&str) -> bool;

/// What is looked at.
pub struct Subject<'a> {
    /// The statements.
    pub tree: &'a [Directive],
    /// Their text.
    pub sources: &'a Sources,
    /// What was found when they were applied, missing features forgiven.
    pub diagnostics: &'a Diagnostics,
    /// The rows of all directives.
    pub specs: &'a [&'static [DirectiveSpec]],
    /// What may surprise.
    pub habits: &'a [Habit],
}

/// What came of it.
#[derive(Debug)]
pub struct Survey {
    lines: Vec<Line>,
    files: usize,
    /// The name of the main file.
    main: String,
    unplaced: Vec<String>,
}

/// A statement, with what is to be known about it.
#[derive(Debug)]
struct Line {
    /// `FILE:LINE`
    place: String,
    file: String,
    name: String,
    /// As written, on one line.
    text: String,
    standing: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Missing(Vec<(String, &'static str)>),
    Wrong(String),
    OfNote(String),
    WithoutEffect(String),
    AsWritten,
}

impl Survey {
    /// Looks at every statement.
    pub fn of(subject: &Subject<'_>) -> Self {
        let mut walk = Walk {
            subject,
            index: Index::of(subject),
            told: HashSet::new(),
            lines: Vec::new(),
        };
        walk.block(subject.tree);
        let mut unplaced = Vec::new();
        let omitted = subject.diagnostics.omitted();
        if omitted > 0 {
            unplaced.push(format!(
                "{omitted} more problems, about statements that are not listed as such"
            ));
        }
        for (number, finding) in subject.diagnostics.findings().iter().enumerate() {
            match finding.first.span {
                _ if finding.feature.is_some() || walk.told.contains(&number) => {}
                None => unplaced.push(explained(finding)),
                // Such as an `include`, in whose place something else stands, or nothing.
                Some(span) => walk.lines.extend(walk.line_at(span, finding)),
            }
        }
        Self {
            lines: walk.lines,
            files: subject.sources.files().count(),
            main: subject
                .sources
                .files()
                .next()
                .map_or(String::new(), |file| printable(&file.name)),
            unplaced,
        }
    }

    /// Whether the configuration can be used as it is.
    pub fn is_usable(&self) -> bool {
        self.unplaced.is_empty() && self.to_change() == 0
    }

    /// How many statements are to be changed before it can be used.
    pub fn to_change(&self) -> usize {
        let is_wrong =
            |line: &&Line| matches!(line.standing, Standing::Missing(_) | Standing::Wrong(_));
        self.lines.iter().filter(is_wrong).count()
    }
}

struct Walk<'a> {
    subject: &'a Subject<'a>,
    index: Index<'a>,
    /// The findings that some statement has told of.
    told: HashSet<usize>,
    lines: Vec<Line>,
}

impl Walk<'_> {
    fn block(&mut self, statements: &[Directive]) {
        for directive in statements {
            let standing = self.standing(directive);
            let is_closed = self.index.is_closed(directive);
            self.lines.extend(self.line(directive, standing, is_closed));
            if let Some(body) = directive.body.as_deref().filter(|_| !is_closed) {
                self.block(body);
            }
        }
    }

    fn standing(&mut self, directive: &Directive) -> Standing {
        let missing = self.index.missing(directive);
        let numbers = self.index.problems(directive);
        if !missing.is_empty() {
            // Other problems of the statement are told by themselves.
            let one = |feature: &&'static super::foreign::Feature| {
                let name = format!("{}, known in {}", feature.name, feature.home);
                (name, feature.instead)
            };
            return Standing::Missing(missing.iter().map(one).collect());
        }
        self.told.extend(&numbers);
        let findings = self.subject.diagnostics.findings();
        let here: Vec<&Finding> = numbers
            .iter()
            .filter_map(|one| findings.get(*one))
            .collect();
        let all = |severity: fn(Severity) -> bool| {
            let some = here.iter().filter(|one| severity(one.first.severity));
            let all: Vec<String> = some.map(|one| explained(one)).collect();
            (!all.is_empty()).then(|| all.join("; "))
        };
        if let Some(wrong) = all(|severity| severity == Severity::Emerg) {
            return Standing::Wrong(wrong);
        }
        if let Some(note) = all(|severity| severity != Severity::Emerg) {
            return Standing::OfNote(note);
        }
        if let Some(habit) = self.habit(directive) {
            return Standing::OfNote(habit.to_owned());
        }
        let without_effect = self.index.without_effect(directive);
        without_effect.map_or(Standing::AsWritten, Standing::WithoutEffect)
    }

    fn habit(&self, directive: &Directive) -> Option<&'static str> {
        let first = directive.arguments.first();
        let first = first.map_or("", |word| word.text.as_str());
        let mut habits = self.subject.habits.iter();
        let habit = habits.find(|one| one.directive == directive.name.text && (one.applies)(first));
        habit.map(|one| one.text)
    }

    fn line(&self, directive: &Directive, standing: Standing, is_closed: bool) -> Option<Line> {
        let file = self.subject.sources.file(directive.span.file)?;
        let range = directive.span.start as usize..directive.span.end as usize;
        let written = String::from_utf8_lossy(file.text.get(range)?);
        let mut text = shortened(&written);
        let inner = directive.body.as_deref().map_or(0, statements);
        if inner > 0 && is_closed {
            // Writing to a string cannot fail.
            let plural = if inner == 1 { "" } else { "s" };
            let _ = write!(text, " … }} ({inner} statement{plural} in it)");
        }
        let name = printable(&file.name);
        Some(Line {
            place: format!("{name}:{}", file.line(directive.span.start)),
            file: name,
            name: printable(&directive.name.text),
            text: printable(&text),
            standing,
        })
    }

    /// The line of the text where a finding is that no statement has.
    fn line_at(&self, span: Span, finding: &Finding) -> Option<Line> {
        let file = self.subject.sources.file(span.file)?;
        let number = file.line(span.start);
        let text = String::from_utf8_lossy(file.text.get(file.line_range(number))?).into_owned();
        let name = printable(&file.name);
        Some(Line {
            place: format!("{name}:{number}"),
            file: name,
            name: String::new(),
            text: printable(&shortened(&text)),
            standing: match finding.first.severity {
                Severity::Emerg => Standing::Wrong(explained(finding)),
                _ => Standing::OfNote(explained(finding)),
            },
        })
    }
}

/// A text on one line, of which not too much is shown.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

fn explained(finding: &Finding) -> String {
    let message = printable(&finding.first.message);
    match &finding.first.help {
        Some(help) => format!("{message}: {}", printable(help)),
        None => message,
    }
}

fn statements(body: &[Directive]) -> usize {
    let inner = body
        .iter()
        .map(|one| one.body.as_deref().map_or(0, statements));
    body.len() + inner.sum::<usize>()
}

/// How many characters of a statement are shown.
const MOST_SHOWN: usize = 120;

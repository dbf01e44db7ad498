//! What is wrong with a configuration, as a value; `render.rs` makes text of it.
//!
//! Problems are collected, not thrown: each step goes on after an error so that one run shows all
//! of them. The collection keeps a problem that occurs often once, with the places where it occurs
//! again, and at most a thousand different ones, so a file of garbage costs neither memory nor time.

use std::collections::{HashMap, HashSet};

use super::foreign::Feature;
use super::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used.
    Emerg,
    /// It can, but probably not as meant.
    Warn,
    /// It can, but not to everybody's taste: only those hear of it who have it checked.
    Advice,
}

impl Severity {
    /// The word in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Warn | Self::Advice => "warn",
        }
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What to point at; `None` when it is no place in a file.
    pub span: Option<Span>,
    /// One line in lower case, without a final period, user text in double quotes.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A problem that makes the configuration unusable.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Emerg, span, message.into())
    }

    /// A problem that does not.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warn, span, message.into())
    }

    /// Something that could be better.
    pub fn advice(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Advice, span, message.into())
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn new(severity: Severity, span: Span, message: String) -> Self {
        let span = Some(span).filter(|span| *span != Span::NOWHERE);
        Self {
            severity,
            span,
            message,
            help: None,
        }
    }
}

/// A problem with the places where it occurs again.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) first: Diagnostic,
    /// How often it occurs beside the first time.
    pub(super) more: usize,
    /// The first of those places.
    pub(super) places: Vec<Span>,
    /// The name of the feature that is missing, and the names that ask for it, counted.
    pub(super) feature: Option<(&'static str, Vec<(String, usize)>)>,
}

impl Finding {
    fn new(first: Diagnostic) -> Self {
        Self {
            first,
            more: 0,
            places: Vec::new(),
            feature: None,
        }
    }

    fn repeat(&mut self, span: Option<Span>, most: usize) {
        self.more += 1;
        if self.places.len() < most {
            self.places.extend(span);
        }
    }
}

/// The problems found so far.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    found: Vec<Finding>,
    /// Where a problem stands in the list.
    known: HashMap<(Severity, String), usize>,
    seen: HashSet<(Span, String)>,
    has_errors: bool,
    omitted: usize,
    without_effect: Vec<(Span, String)>,
    forgives_missing: bool,
    asked: Vec<Asked>,
    orphans: Vec<String>,
}

/// A name that asks for a feature of other servers.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Where it is written; of a variable, the first place alone.
    pub(super) span: Option<Span>,
    /// The name; that of a variable begins with `$`.
    pub(super) name: String,
    pub(super) feature: &'static Feature,
}

impl Diagnostics {
    /// From now on, features that only other servers have are warned of and left out, instead of making the
    /// configuration unusable.
    pub fn forgive_what_is_missing(&mut self) {
        self.forgives_missing = true;
    }

    /// Takes a problem in, unless the same one is there already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.has_errors |= diagnostic.severity == Severity::Emerg;
        let span = diagnostic.span;
        let key = (diagnostic.severity, diagnostic.message.clone());
        let Some(finding) = self.finding(key, diagnostic.span, &diagnostic.message) else {
            return;
        };
        let most = self.most_places();
        match finding {
            Place::Known(number) => self.found[number].repeat(span, most),
            Place::New => self.found.push(Finding::new(diagnostic)),
        }
    }

    /// Takes in that a name asks for a feature that only other servers have.
    pub fn missing(&mut self, feature: &'static Feature, span: Option<Span>, name: &str) {
        let (severity, left_out) = match self.forgives_missing {
            true => (Severity::Warn, ": left out"),
            false => (Severity::Emerg, ""),
        };
        self.has_errors |= severity == Severity::Emerg;
        let key = (severity, format!("{}\n", feature.name));
        let Some(place) = self.finding(key, span, name) else {
            return;
        };
        self.asked.push(Asked {
            span,
            name: name.to_owned(),
            feature,
        });
        let most = self.most_places();
        let number = match place {
            Place::Known(number) => {
                self.found[number].repeat(span, most);
                number
            }
            Place::New => {
                let what = match name.starts_with('$') {
                    true => "variable",
                    false => "directive",
                };
                let home = feature.home;
                let message =
                    format!("\"{name}\" {what} is known in {home}, not supported here{left_out}");
                let mut finding = Finding::new(Diagnostic {
                    severity,
                    span,
                    message,
                    help: Some(feature.instead.to_owned()),
                });
                finding.feature = Some((feature.name, Vec::new()));
                self.found.push(finding);
                return;
            }
        };
        let names = self.found[number].feature.iter_mut();
        for (_, names) in names {
            match names.iter_mut().find(|(known, _)| known == name) {
                Some((_, count)) => *count += 1,
                None => names.push((name.to_owned(), 1)),
            }
        }
    }

    /// Takes in that a variable would have been defined by something that was left out, of which is told already.
    pub fn orphaned(&mut self, variable: &str) {
        self.orphans.push(variable.to_owned());
    }

    /// The problem of a failed reading is taken in, a value is passed on.
    pub fn check<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.push(diagnostic)).ok()
    }

    /// Notes that something is accepted and has no effect.
    pub fn note_without_effect(&mut self, span: Span, what: impl Into<String>) {
        self.without_effect.push((span, what.into()));
    }

    /// Whether the configuration is unusable.
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// Whether there is nothing to say at all.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Those that concern whoever starts the server.
    #[must_use]
    pub fn without_advice(&self) -> Self {
        let mut others = self.clone();
        others
            .found
            .retain(|finding| finding.first.severity != Severity::Advice);
        others
    }

    /// In the order they were found, each once.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter().map(|finding| &finding.first)
    }

    /// How many different problems are kept: all of them where what is missing is forgiven, as whoever asks for that
    /// wants to know of every statement.
    fn most(&self) -> usize {
        match self.forgives_missing {
            true => usize::MAX,
            false => MOST,
        }
    }

    /// How many further places are kept of each problem.
    fn most_places(&self) -> usize {
        match self.forgives_missing {
            true => usize::MAX,
            false => MOST_PLACES,
        }
    }

    /// What asks for features of other servers, in the order it was found.
    pub(super) fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// Variables that what was left out would have defined.
    pub(super) fn orphans(&self) -> &[String] {
        &self.orphans
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.found
    }

    /// What is accepted without effect, in the order it was found.
    pub(super) fn effectless(&self) -> &[(Span, String)] {
        &self.without_effect
    }

    /// Whether a problem is a new one; costly advice for one that is not would be wasted.
    pub(super) fn is_wanted(&self, diagnostic: &Diagnostic) -> bool {
        let key = (diagnostic.severity, diagnostic.message.clone());
        self.found.len() < MOST && !self.known.contains_key(&key)
    }

    /// How many were only counted.
    pub(super) fn omitted(&self) -> usize {
        self.omitted
    }

    /// Where a problem belongs; `None` for one that was told of this very place, or is too much.
    fn finding(
        &mut self,
        key: (Severity, String),
        span: Option<Span>,
        text: &str,
    ) -> Option<Place> {
        let known = self.known.get(&key).copied();
        let is_told = match span {
            // A file included in several places has each of its problems once.
            Some(span) => self.seen.len() < MOST_SEEN && !self.seen.insert((span, text.to_owned())),
            None => known.is_some(),
        };
        if is_told {
            return None;
        }
        if let Some(number) = known {
            return Some(Place::Known(number));
        }
        if self.found.len() >= self.most() {
            self.omitted += 1;
            return None;
        }
        self.known.insert(key, self.found.len());
        Some(Place::New)
    }
}

enum Place {
    Known(usize),
    New,
}

/// The number of different problems that are kept, and of those that advice is looked for.
const MOST: usize = 1000;
/// The number of further places that are kept of each.
const MOST_PLACES: usize = 8;
/// The number of places that are told apart.
const MOST_SEEN: usize = 100_000;

//! What is wrong with a configuration, as a value; `render.rs` makes text of it.
//!
//! Problems are collected, not thrown: each step goes on after an error so that one run shows all
//! of them. The collection refuses repetitions and keeps at most a thousand, so a file of garbage
//! costs neither memory nor time.

use std::collections::HashSet;

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

/// The problems found so far.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    seen: HashSet<(Option<Span>, String)>,
    has_errors: bool,
    omitted: usize,
}

impl Diagnostics {
    /// Takes a problem in, unless the same one is there already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let is_error = diagnostic.severity == Severity::Emerg;
        if self.found.len() >= MOST {
            self.omitted += 1;
        } else if self
            .seen
            .insert((diagnostic.span, diagnostic.message.clone()))
        {
            self.found.push(diagnostic);
        }
        self.has_errors |= is_error;
    }

    /// The problem of a failed reading is taken in, a value is passed on.
    pub fn check<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.push(diagnostic)).ok()
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
            .retain(|diagnostic| diagnostic.severity != Severity::Advice);
        others
    }

    /// In the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// Whether a problem would be kept; costly advice for one that is not would be wasted.
    pub(super) fn is_wanted(&self, diagnostic: &Diagnostic) -> bool {
        self.found.len() < MOST
            && !self
                .seen
                .contains(&(diagnostic.span, diagnostic.message.clone()))
    }

    /// How many were only counted.
    pub(super) fn omitted(&self) -> usize {
        self.omitted
    }
}

/// The number of problems that are kept.
const MOST: usize = 1000;

//! Sets of media types that directives name: whose bodies a filter is for.

use crate::conf::{Diagnostic, Statement};

/// Media types; `text/html` always belongs to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MediaTypeSet {
    is_everything: bool,
    others: Vec<Box<str>>,
}

const ALWAYS: &str = "text/html";

impl MediaTypeSet {
    /// These, in lower case, beside `text/html`.
    pub(super) fn of(others: &[&str]) -> Self {
        Self {
            is_everything: false,
            others: others.iter().map(|name| Box::from(*name)).collect(),
        }
    }

    /// Adds those that a directive names.
    pub(super) fn read(&mut self, statement: &mut Statement<'_>) {
        for word in statement.arguments() {
            let name = word.text.to_ascii_lowercase();
            if name == "*" {
                self.is_everything = true;
            } else if self.names(name.as_bytes()) {
                let message = format!("duplicate MIME type \"{}\"", word.text);
                let problem = Diagnostic::warning(word.span, message);
                statement.diagnostics.push(problem);
            } else {
                self.others.push(name.into());
            }
        }
    }

    /// Whether the type of this `Content-Type` is one of them.
    pub(super) fn contains(&self, content_type: Option<&[u8]>) -> bool {
        let name = content_type.and_then(|value| value.split(|byte| *byte == b';').next());
        self.is_everything || name.is_some_and(|name| self.names(name.trim_ascii()))
    }

    fn names(&self, name: &[u8]) -> bool {
        let is = |one: &str| name.eq_ignore_ascii_case(one.as_bytes());
        is(ALWAYS) || self.others.iter().any(|one| is(one))
    }
}

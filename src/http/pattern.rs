//! Regular expressions over bytes that clients send.
//!
//! The engine (`fancy-regex`) reads text. Bytes that are not UTF-8 are therefore matched byte for
//! byte as Latin-1, and what a group captures is turned back into the very bytes it stood for, so
//! that nothing is lost and no input is refused. A pattern that backtracks beyond the engine's
//! limit does not match.

use std::borrow::Cow;

use super::request::Request;
use super::variable::{VariableIndex, VariableTable};
use crate::conf::{Diagnostic, Span};

/// A compiled pattern and the variables its named groups fill.
#[derive(Debug)]
pub struct Pattern {
    regex: fancy_regex::Regex,
    groups: Box<[(VariableIndex, usize)]>,
}

/// Whether letters match in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// `~`
    Sensitive,
    /// `~*`
    Insensitive,
}

impl Pattern {
    /// Compiles `text`; named groups become variables.
    pub fn new(
        text: &str,
        case: Case,
        variables: &mut VariableTable,
        span: Span,
    ) -> Result<Self, Diagnostic> {
        let regex = fancy_regex::RegexBuilder::new(text)
            .case_insensitive(case == Case::Insensitive)
            .backtrack_limit(MOST_STEPS)
            .build()
            .map_err(|error| {
                Diagnostic::error(
                    span,
                    format!("invalid regular expression \"{text}\": {error}"),
                )
            })?;
        let groups = regex
            .capture_names()
            .enumerate()
            .filter_map(|(number, name)| Some((variables.captured(name?, span), number)))
            .collect();
        Ok(Self { regex, groups })
    }

    /// The variables that a match fills.
    pub fn held(&self) -> impl Iterator<Item = VariableIndex> + '_ {
        self.groups.iter().map(|(index, _)| *index)
    }

    /// Whether `subject` matches; on success the request's captures are those of this match.
    pub fn matches(&self, request: &mut Request, subject: &[u8]) -> bool {
        let (text, form) = Form::of(subject);
        if self.regex.captures_len() == 1 {
            let found = self.judged(self.regex.find(&*text));
            let Some(found) = found else { return false };
            request.captures.clear();
            request.captures.push(form.bytes(found.as_str()));
            return true;
        }
        let Some(captures) = self.judged(self.regex.captures(&*text)) else {
            return false;
        };
        request.captures.clear();
        for group in captures.iter() {
            match group {
                Some(group) => request.captures.push(form.bytes(group.as_str())),
                None => request.captures.push(Cow::Borrowed(b"")),
            }
        }
        for (index, number) in &self.groups {
            let value = captures.get(*number).map_or("", |group| group.as_str());
            request.hold(*index, &form.bytes(value));
        }
        true
    }

    /// Whether `subject` matches, leaving no trace.
    pub fn is_match(&self, subject: &[u8]) -> bool {
        let (text, _) = Form::of(subject);
        let found = self.regex.is_match(&*text);
        self.judged(found.map(|found| found.then_some(())))
            .is_some()
    }

    /// A match, unless it was given up, which the log is told.
    fn judged<T>(&self, found: fancy_regex::Result<Option<T>>) -> Option<T> {
        found.unwrap_or_else(|error| {
            log::error!("\"{}\" does not match: {error}", self.regex.as_str());
            None
        })
    }
}

/// A client must not hold up a worker with what takes long to match: some 10 ms.
const MOST_STEPS: usize = 100_000;

#[derive(Clone, Copy)]
enum Form {
    Utf8,
    Latin1,
}

impl Form {
    fn of(subject: &[u8]) -> (Cow<'_, str>, Self) {
        match std::str::from_utf8(subject) {
            Ok(text) => (Cow::Borrowed(text), Self::Utf8),
            Err(_) => {
                let text = subject.iter().map(|byte| char::from(*byte)).collect();
                (Cow::Owned(text), Self::Latin1)
            }
        }
    }

    fn bytes(self, text: &str) -> Cow<'_, [u8]> {
        match self {
            Self::Utf8 => Cow::Borrowed(text.as_bytes()),
            // Every character came from one byte.
            Self::Latin1 => text
                .chars()
                .map(|letter| letter as u32 as u8)
                .collect::<Vec<_>>()
                .into(),
        }
    }
}

/// The numbered captures of the most recent successful match of a request.
#[derive(Clone, Debug, Default)]
pub struct Captures {
    text: Vec<u8>,
    ends: Vec<u32>,
}

impl Captures {
    /// Appends group `number`; false when there is no such group.
    pub fn append(&self, number: usize, out: &mut Vec<u8>) -> bool {
        let Some(end) = self.ends.get(number) else {
            return false;
        };
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        out.extend_from_slice(&self.text[start as usize..*end as usize]);
        true
    }

    /// Takes the groups of a match that was made elsewhere.
    pub fn replace<'g>(&mut self, groups: impl Iterator<Item = &'g [u8]>) {
        self.clear();
        groups.for_each(|group| self.push(Cow::Borrowed(group)));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn push(&mut self, group: Cow<'_, [u8]>) {
        self.text.extend_from_slice(&group);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }
}

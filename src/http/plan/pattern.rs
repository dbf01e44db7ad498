//! Regular expressions over the bytes that clients send, in PCRE's words.
//!
//! A dot, a class and its negation each take one byte; `\w`, `\d`, `\s`, `\b` and letters in either case
//! are those of ASCII. What a pattern with look-around or references to groups may cost is limited:
//! where it takes longer, it does not match.

use fancy_regex::{BytesMode, MatchBytes, RegexBuilder};

use super::pcre;
use super::variable::{VariableIndex, VariableTable};
use crate::conf::{Diagnostic, Span};
use crate::http::course::request::Request;

/// A compiled pattern and the variables its named groups fill.
#[derive(Debug)]
pub struct Pattern {
    /// As it is written.
    text: Box<str>,
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
        let regex = RegexBuilder::new(&pcre::translate(text))
            .bytes_mode(BytesMode::Ascii)
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
        Ok(Self {
            text: text.into(),
            regex,
            groups,
        })
    }

    /// The variables that a match fills.
    pub fn held(&self) -> impl Iterator<Item = VariableIndex> + '_ {
        self.groups.iter().map(|(index, _)| *index)
    }

    /// Whether `subject` matches; on success the request's captures are those of this match.
    pub fn matches(&self, request: &mut Request, subject: &[u8]) -> bool {
        if self.regex.captures_len() == 1 {
            let found = self.judged(self.regex.find(subject));
            let Some(found) = found else { return false };
            request.captures.clear();
            request.captures.push(found.as_bytes());
            return true;
        }
        let Some(captures) = self.judged(self.regex.captures(subject)) else {
            return false;
        };
        let bytes = |group: Option<MatchBytes<'_>>| match group {
            Some(group) => &subject[group.start()..group.end()],
            None => b"",
        };
        request.captures.replace(captures.iter().map(bytes));
        for (index, number) in &self.groups {
            request.hold(*index, bytes(captures.get(*number)));
        }
        true
    }

    /// Whether `subject` matches, leaving no trace.
    pub fn is_match(&self, subject: &[u8]) -> bool {
        let found = self.regex.is_match(subject);
        self.judged(found.map(|found| found.then_some(())))
            .is_some()
    }

    /// How many groups it has.
    pub fn groups(&self) -> usize {
        self.regex.captures_len().saturating_sub(1)
    }

    /// What its first two groups take of `subject`, leaving no trace.
    pub fn split<'s>(&self, subject: &'s [u8]) -> Option<[&'s [u8]; 2]> {
        let captures = self.judged(self.regex.captures(subject))?;
        let part = |number| {
            let group = captures.get(number);
            group.map_or(&b""[..], |group| &subject[group.start()..group.end()])
        };
        Some([part(1), part(2)])
    }

    /// A match, unless it was given up, which the log is told.
    fn judged<T>(&self, found: fancy_regex::Result<Option<T>>) -> Option<T> {
        found.unwrap_or_else(|error| {
            log::error!("\"{}\" does not match: {error}", self.text);
            None
        })
    }
}

/// A client must not hold up a worker with what takes long to match: some 10 ms.
const MOST_STEPS: usize = 100_000;

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
        groups.for_each(|group| self.push(group));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn push(&mut self, group: &[u8]) {
        self.text.extend_from_slice(group);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(text: &str, case: Case, subject: &[u8]) -> bool {
        let mut variables = VariableTable::default();
        let pattern = Pattern::new(text, case, &mut variables, Span::NOWHERE);
        pattern.unwrap().is_match(subject)
    }

    #[test]
    fn a_pattern_sees_bytes() {
        let e = "\u{e9}".as_bytes();
        for (text, subject, expected) in [
            (r"^.$", e, false),
            (r"^..$", e, true),
            (r"^[^a]$", e, false),
            (r"^[^a]{2}$", e, true),
            (r"^\W\S$", e, true),
            (r"^\w+$", e, false),
            (r"^\w+$", b"\xe9", false),
            (r"^\D$", b"\xe9", true),
            (r"^\d$", "\u{663}".as_bytes(), false),
            (r"a\sb", "a\u{a0}b".as_bytes(), false),
            (r"a\sb", b"a\x0bb", true),
            (r"\ba\b", "\u{e9}a".as_bytes(), true),
            ("^\u{e9}+$", "\u{e9}\u{a9}".as_bytes(), false),
            ("^\u{e9}+$", b"\xc3\xa9\xa9", true),
            ("^[\u{e9}]$", b"\xc3", true),
            (r"^\xe9$", b"\xe9", true),
            (r"^\xe9(?!a)", b"\xe9b", true),
            (r"^(.)\1$", e, false),
            (r"(?<=\xc3).$", e, true),
            (r"^\Qa.b\E$", b"a.b", true),
            (r"^\Qa.b\E$", b"axb", false),
            (r"a$", b"a\n", false),
        ] {
            assert_eq!(
                fits(text, Case::Sensitive, subject),
                expected,
                "{text} {subject:?}"
            );
        }
    }

    #[test]
    fn case_is_that_of_ascii() {
        for (text, subject, expected) in [
            ("k", "\u{212a}".as_bytes(), false),
            ("s(?!x)", "\u{17f}".as_bytes(), false),
            ("k(?!x)", b"K", true),
            ("\u{e9}", "\u{c9}".as_bytes(), false),
            (r"^(\xe9)\1$", b"\xe9\xc9", false),
            (r"^(a)\1$", b"aA", true),
        ] {
            assert_eq!(fits(text, Case::Insensitive, subject), expected, "{text}");
        }
    }

    #[test]
    fn what_takes_too_long_does_not_match() {
        let began = std::time::Instant::now();
        let subject = [b'a'; 64].as_slice();
        assert!(!fits(r"^(a|aa|a(?=a))*(?=c)\1$", Case::Sensitive, subject));
        assert!(began.elapsed().as_secs() < 5);
    }
}

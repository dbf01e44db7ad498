//! Words, and the `$variables` in them.
//!
//! A [`Word`] is what the grammar found: escapes resolved, nothing else understood. A [`Text`] is a
//! word read as literal parts and variables; which variables exist is decided elsewhere. There is
//! no escape for `$`.

use super::diagnostic::Diagnostic;
use super::source::Span;

/// One token of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text with quotes removed and escapes resolved.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
    /// Whether it was written in quotes.
    pub quoted: bool,
}

impl Word {
    /// A part of this word, by byte offsets of `text`. Offsets outside or within a character give
    /// an empty word.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            text: self.text.get(range.clone()).unwrap_or_default().to_owned(),
            span: self.span_of(range.start, range.end),
            quoted: self.quoted,
        }
    }

    /// What stands behind a prefix: of `expire=on`, with the prefix `expire=`, the word `on`.
    pub fn strip_prefix(&self, prefix: &str) -> Option<Self> {
        self.text
            .starts_with(prefix)
            .then(|| self.slice(prefix.len()..self.text.len()))
    }

    /// Where a part of the text stands: exactly, or the whole word when it contains escapes.
    pub fn span_of(&self, start: usize, end: usize) -> Span {
        let quotes = if self.quoted { 2 } else { 0 };
        let length = self.span.end.saturating_sub(self.span.start) as usize;
        if length != self.text.len() + quotes || end < start || end > self.text.len() {
            return self.span;
        }
        let first = self.span.start as usize + quotes / 2;
        Span::new(self.span.file, first + start, first + end)
    }
}

impl From<&str> for Word {
    /// A word that stands in no file.
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            span: Span::NOWHERE,
            quoted: false,
        }
    }
}

/// A word read as literal text and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The parts in order; no two literals stand side by side and none is empty.
    pub parts: Vec<Part>,
    /// The word's place.
    pub span: Span,
}

/// A piece of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text that stands for itself.
    Literal(String),
    /// A variable to be evaluated.
    Variable {
        /// The name without `$`, in lower case; `1` to `9` are captures.
        name: String,
        /// Where it stands, from the `$`.
        span: Span,
    },
}

impl Text {
    /// Finds the variables of a word.
    ///
    /// # Errors
    /// `$` without a name behind it, or `${` without its `}`.
    pub fn parse(word: &Word) -> Result<Self, Diagnostic> {
        let mut parts = Vec::new();
        let mut rest = word.text.as_str();
        while let Some(dollar) = rest.find('$') {
            if dollar > 0 {
                parts.push(Part::Literal(rest[..dollar].to_owned()));
            }
            let start = word.text.len() - rest.len() + dollar;
            let length = variable_length(word, start)?;
            let written = &word.text[start..start + length];
            let name = written.trim_matches(['$', '{', '}']).to_ascii_lowercase();
            parts.push(Part::Variable {
                name,
                span: word.span_of(start, start + length),
            });
            rest = &word.text[start + length..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self {
            parts,
            span: word.span,
        })
    }

    /// Whether there are no variables.
    pub fn is_literal(&self) -> bool {
        self.literal().is_some()
    }

    /// The text when there are no variables.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The variables in order, with their places.
    pub fn variables(&self) -> impl Iterator<Item = (&str, Span)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable { name, span } => Some((name.as_str(), *span)),
            Part::Literal(_) => None,
        })
    }
}

/// The length of the variable that starts with the `$` at an offset, in its written form.
fn variable_length(word: &Word, start: usize) -> Result<usize, Diagnostic> {
    let behind = &word.text[start + 1..];
    let invalid = |length| {
        Diagnostic::error(
            word.span_of(start, start + length),
            "invalid variable name".to_owned(),
        )
        .with_help("\"$\" needs a name of letters, digits or \"_\" behind it; it has no escape")
    };
    if behind.starts_with(|first: char| matches!(first, '1'..='9')) {
        return Ok(2);
    }
    let Some(braced) = behind.strip_prefix('{') else {
        let length = name_length(behind);
        return if length == 0 {
            Err(invalid(1))
        } else {
            Ok(1 + length)
        };
    };
    let length = name_length(braced);
    if braced[length..].starts_with('}') {
        return if length == 0 {
            Err(invalid(3))
        } else {
            Ok(length + 3)
        };
    }
    let message = format!(
        "the closing bracket in \"{}\" variable is missing",
        &braced[..length]
    );
    Err(
        Diagnostic::error(word.span_of(start, start + 2 + length), message)
            .with_help("write \"${name}\""),
    )
}

fn name_length(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Text::parse(&Word::from(text)) {
            Ok(text) => text
                .parts
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => format!("[{text}]"),
                    Part::Variable { name, .. } => format!("<{name}>"),
                })
                .collect(),
            Err(diagnostic) => diagnostic.message,
        }
    }

    #[test]
    fn variables_and_literals() {
        assert_eq!(shown(""), "");
        assert_eq!(shown("plain"), "[plain]");
        assert_eq!(shown("a$Host:${ARG_x}y"), "[a]<host>[:]<arg_x>[y]");
        assert_eq!(shown("$arg_a-z$arg_a.y"), "<arg_a>[-z]<arg_a>[.y]");
        assert_eq!(shown("$1$10${2}"), "<1><1>[0]<2>");
        assert_eq!(shown("\\$h"), "[\\]<h>");
        assert_eq!(shown("$é"), "invalid variable name");
    }

    #[test]
    fn malformed_variables() {
        for text in ["$", "a$", "$-", "$$", "${}", "a$ b"] {
            assert_eq!(shown(text), "invalid variable name", "{text}");
        }
        assert_eq!(
            shown("${abc"),
            "the closing bracket in \"abc\" variable is missing"
        );
        assert_eq!(
            shown("${a-b}"),
            "the closing bracket in \"a\" variable is missing"
        );
        assert_eq!(
            shown("${"),
            "the closing bracket in \"\" variable is missing"
        );
    }

    #[test]
    fn a_slice_keeps_its_place() {
        let mut sources = super::super::source::Sources::default();
        let file = sources.add("f", "m z \"k=$v\";");
        let word = Word {
            text: "k=$v".into(),
            span: Span::new(file, 4, 10),
            quoted: true,
        };
        assert_eq!(word.slice(2..4).span, Span::new(file, 7, 9));
        assert_eq!(word.slice(2..9).text, "");
        assert_eq!(
            word.strip_prefix("k=").map(|rest| rest.text),
            Some("$v".into())
        );
        assert_eq!(word.strip_prefix("v="), None);
        let escaped = Word {
            text: "a".into(),
            span: Span::new(file, 4, 10),
            quoted: true,
        };
        assert_eq!(escaped.slice(0..1).span, escaped.span);
    }
}

//! What can be said about the labels of a statement before anything is evaluated.
//!
//! What variables bring in is escaped and well-formed UTF-8. So if every variable stands within the
//! quotes of a value, and not behind half an escape, the labels are as good as their own text.

use std::borrow::Cow;

use super::sample::{canonical, labels};
use super::{Piece, unbroken};

/// How far the form of a sample is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Syntax {
    /// Not at all: it has to be looked at.
    #[default]
    Unknown,
    /// Scrapers of the text format can read it.
    Readable,
    /// So can those of OpenMetrics.
    Strict,
}

/// The labels of a statement, as far as its text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What holds whatever the variables are.
    pub syntax: Syntax,
    /// The names, in order, unless they depend on variables.
    pub names: Option<Vec<String>>,
}

impl Labels {
    /// Looks at the labels with their braces, or at none; nothing if no scraper will ever be able to
    /// read them.
    pub fn of(pieces: &[Piece<'_>]) -> Option<Self> {
        if pieces.is_empty() {
            return Some(Self::new(Syntax::Strict, Vec::new()));
        }
        let probes = ["x", ""].map(|value| probe(pieces, value));
        if matches!(unbroken(&probes[0]), Cow::Owned(_)) {
            return None;
        }
        let read: Vec<_> = probes.iter().filter_map(|probe| labels(probe)).collect();
        let first = read.first()?;
        if !all_within_quotes(pieces) || read.len() < probes.len() {
            return Some(Self {
                syntax: Syntax::Unknown,
                names: None,
            });
        }
        let is_strict = canonical(probes[0].as_bytes()) == probes[0].as_bytes();
        let syntax = if is_strict {
            Syntax::Strict
        } else {
            Syntax::Readable
        };
        let names = first.iter().map(|(name, _)| (*name).to_owned());
        Some(Self::new(syntax, names.collect()))
    }

    fn new(syntax: Syntax, names: Vec<String>) -> Self {
        Self {
            syntax,
            names: Some(names),
        }
    }
}

/// The text with something in place of each variable.
fn probe(pieces: &[Piece<'_>], value: &str) -> String {
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => String::from_utf8_lossy(text),
        Piece::Group(_) | Piece::Other => value.into(),
    });
    texts.collect()
}

fn all_within_quotes(pieces: &[Piece<'_>]) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    pieces.iter().all(|piece| {
        let Piece::Text(text) = piece else {
            return is_quoted && !is_escaped;
        };
        for byte in *text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = is_quoted,
                b'"' => is_quoted = !is_quoted,
                _ => {}
            }
        }
        str::from_utf8(text).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{escape_label, is_sample};
    use super::*;

    /// `$` stands for a variable.
    fn pieces(text: &str) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        for (number, part) in text.split('$').enumerate() {
            if number > 0 {
                pieces.push(Piece::Other);
            }
            if !part.is_empty() {
                pieces.push(Piece::Text(part.as_bytes()));
            }
        }
        pieces
    }

    fn told(text: &str) -> Option<(Syntax, Option<String>)> {
        let labels = Labels::of(&pieces(text))?;
        Some((labels.syntax, labels.names.map(|names| names.join(","))))
    }

    #[test]
    fn what_the_text_tells() {
        use Syntax::{Readable, Strict, Unknown};
        let known = |syntax, names: &str| Some((syntax, Some(names.to_owned())));
        let unknown = Some((Unknown, None));
        for (text, expected) in [
            ("", known(Strict, "")),
            ("{a=\"$\"}", known(Strict, "a")),
            ("{a=\"x$y$\",b=\"\\\\$\"}", known(Strict, "a,b")),
            ("{ a=\"$\" , b=\"1\", }", known(Readable, "a,b")),
            ("{}", known(Readable, "")),
            ("{a=\"\\$\"}", None),
            ("{$=\"x\"}", unknown.clone()),
            ("{$}", unknown.clone()),
            ("{a=\"1\"$}", unknown.clone()),
            ("{a=$}", None),
            ("{a=\"$\"", None),
            ("{a=\"$\"}}", None),
            ("{a=\"$\",a=\"1\"}", None),
            ("{a=\"$}", None),
            ("x", None),
            ("{a=\"\r\"}", None),
            ("{a=\"\u{2028}\"}", None),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_told_holds_for_any_values(
            text in r#"[{](a="[$x\\"]{0,4}"|[ab,=$" \\]){0,4}[ ,]?[}]"#,
            values in prop::collection::vec(prop::collection::vec(prop_oneof![
                Just(b'"'), Just(b'\\'), Just(b'n'), Just(b'}'), Just(b','), any::<u8>(),
            ], 0..5), 8),
        ) {
            let pieces = pieces(&text);
            if let Some(labels) = Labels::of(&pieces) {
                let (mut sample, mut values) = (b"m".to_vec(), values.iter().cycle());
                for piece in &pieces {
                    match piece {
                        Piece::Text(text) => sample.extend_from_slice(text),
                        _ => escape_label(values.next().expect("endless"), &mut sample),
                    }
                }
                let shown = String::from_utf8_lossy(&sample).into_owned();
                prop_assert!(labels.syntax == Syntax::Unknown || is_sample(&sample), "{}", shown);
                if labels.syntax == Syntax::Strict {
                    prop_assert_eq!(canonical(&sample), sample);
                }
            }
        }
    }
}

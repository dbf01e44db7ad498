//! From configuration words to a mode, and what to say when they do not name one.

use super::{MODES, Mode, ModeSpec};
use crate::conf::{Diagnostic, Word, nearest};

/// Reads a mode and its parameters. `subject` is what the mode is missing for when there are no words: the
/// directive's name or that of the metric.
///
/// # Errors
/// A diagnostic at the word that is wrong.
pub fn parse_mode(subject: &Word, words: &[Word]) -> Result<Box<dyn Mode>, Diagnostic> {
    if words.is_empty() {
        let message = format!("missing mode for \"{}\"", subject.text);
        return Err(Diagnostic::error(subject.span, message).with_help(all_modes()));
    }
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    parse_words(&texts).map_err(|problem| {
        let span = words
            .get(problem.word)
            .map_or(subject.span, |word| word.span);
        let diagnostic = Diagnostic::error(span, problem.message);
        match problem.help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    })
}

/// What is wrong with the words of a mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which word is meant, from 0.
    pub word: usize,
    /// What is wrong with it.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn at(word: usize, message: String) -> Self {
        Self {
            word,
            message,
            help: None,
        }
    }

    /// A problem of the mode as a whole; shown at its name.
    pub(super) fn of_the_mode(message: String) -> Self {
        Self::at(usize::MAX, message)
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn invalid_parameter(word: usize, parameter: &str, syntax: &str) -> Self {
        let message = format!("invalid parameter \"{parameter}\"");
        Self::at(word, message).with_help(format!("expected {syntax}"))
    }

    /// For modes without parameters.
    pub(super) fn unless_empty(parameters: &[&str]) -> Result<(), Self> {
        match parameters.first() {
            None => Ok(()),
            Some(parameter) => Err(Self::at(0, format!("unknown parameter \"{parameter}\""))
                .with_help("this mode has no parameters; zone options stand before the mode")),
        }
    }
}

/// [`parse_mode`] on plain texts.
///
/// # Errors
/// What is wrong, and with which word.
pub(in crate::metric) fn parse_words(words: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    let Some(first) = words.first() else {
        return Err(Problem::at(0, "missing mode".into()));
    };
    let (spec, length) = find(words).ok_or_else(|| unknown(first))?;
    (spec.parse)(&words[length..]).map_err(|mut problem| {
        problem.word = problem.word.checked_add(length).unwrap_or(0);
        problem
    })
}

/// The mode `words` begin with, and how many of them name it.
fn find(words: &[&str]) -> Option<(&'static ModeSpec, usize)> {
    for spec in MODES {
        if words[0] == spec.name {
            return Some((spec, 1));
        }
        if let Some((first, second)) = spec.name.split_once(' ')
            && words[0] == first
            && words.get(1) == Some(&second)
        {
            return Some((spec, 2));
        }
    }
    None
}

fn unknown(word: &str) -> Problem {
    let names = MODES.iter().map(|spec| spec.name);
    let problem = Problem::at(0, format!("unknown mode \"{word}\""));
    let longer: Vec<String> = names
        .clone()
        .filter(|name| name.split_once(' ').is_some_and(|(first, _)| first == word))
        .map(|name| format!("\"{name}\""))
        .collect();
    if !longer.is_empty() {
        return problem.with_help(format!("did you mean {}?", longer.join(" or ")));
    }
    match nearest(word, names) {
        Some(name) => problem.with_help(format!("did you mean \"{name}\"?")),
        None => problem.with_help(all_modes()),
    }
}

fn all_modes() -> String {
    let names: Vec<&str> = MODES.iter().map(|spec| spec.name).collect();
    format!("the modes are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Span;

    fn word(text: &str, start: u32) -> Word {
        let span = Span {
            start,
            end: start + 1,
            ..Span::NOWHERE
        };
        Word {
            text: text.into(),
            span,
            quoted: false,
        }
    }

    fn error(words: &[&str]) -> Diagnostic {
        let words: Vec<Word> = (1..)
            .zip(words)
            .map(|(start, text)| word(text, start))
            .collect();
        parse_mode(&word("metric_zone", 0), &words).unwrap_err()
    }

    #[test]
    fn two_word_modes_may_be_one_word() {
        for words in [
            &["average", "exp", "factor=3"][..],
            &["average exp", "factor=3"],
        ] {
            assert_eq!(
                parse_words(words).unwrap().words(),
                ["average exp", "factor=3"]
            );
        }
    }

    #[test]
    fn errors_name_the_word_and_point_at_it() {
        for (words, message, start) in [
            (&[][..], "missing mode for \"metric_zone\"", 0),
            (&["foo"], "unknown mode \"foo\"", 1),
            (&["foo=bar", "count"], "unknown mode \"foo=bar\"", 1),
            (&["Count"], "unknown mode \"Count\"", 1),
            (&["average"], "unknown mode \"average\"", 1),
            (&["average", "foo"], "unknown mode \"average\"", 1),
            (
                &["count", "expire=on"],
                "unknown parameter \"expire=on\"",
                2,
            ),
            (&["average", "exp", "mean"], "invalid parameter \"mean\"", 3),
            (
                &["average exp", "factor=100"],
                "bad factor value \"100\"",
                2,
            ),
            (
                &["average", "mean", "count=2", "window=1y"],
                "bad window value \"1y\"",
                4,
            ),
            (&["histogram"], "empty histogram", 1),
            (&["histogram", "1", "2x"], "bad bucket value \"2x\"", 3),
        ] {
            let diagnostic = error(words);
            assert_eq!(diagnostic.message, message);
            assert_eq!(diagnostic.span.unwrap().start, start, "{message}");
        }
    }

    #[test]
    fn hints_offer_the_mode_that_was_meant() {
        let help = |word: &str| error(&[word]).help.unwrap();
        assert_eq!(help("cuont"), "did you mean \"count\"?");
        assert_eq!(
            help("average"),
            "did you mean \"average exp\" or \"average mean\"?"
        );
        assert!(help("qqqqqqqqqqq").starts_with("the modes are count, gauge"));
    }
}

//! A directive being applied: the written statement, the scope that receives its setting, and
//! readers of values that report in nginx's words and name the directive.

use super::diagnostic::{Diagnostic, Diagnostics};
use super::nearest::nearest;
use super::scope::Scope;
use super::source::Span;
use super::tree::Directive;
use super::values::{self, Invalid};
use super::word::{Part, Text, Word};

/// What a row's `apply` works with.
///
/// A simple directive, and one with a free block, gets the scope of the block it stands in. A
/// block of directives gets its own new scope, before its statements are applied to it.
#[derive(Debug)]
pub struct Statement<'a> {
    /// The statement as written.
    pub directive: &'a Directive,
    /// Where settings go.
    pub scope: &'a mut Scope,
    /// For problems beside the one that `apply` may return, and for warnings.
    pub diagnostics: &'a mut Diagnostics,
}

/// `NAME $variable value;`
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The variable's name.
    pub name: String,
    /// Where it is written.
    pub span: Span,
    /// What it becomes.
    pub value: Text,
}

impl<'a> Statement<'a> {
    /// The words behind the name.
    pub fn arguments(&self) -> &'a [Word] {
        &self.directive.arguments
    }

    /// An argument, counted from 1; `None` when there are fewer.
    pub fn argument(&self, index: usize) -> Option<&'a Word> {
        self.directive.arguments.get(index.checked_sub(1)?)
    }

    /// An argument that the arity guarantees; the name in place of one that is not there.
    pub fn word(&self, index: usize) -> &'a Word {
        self.argument(index).unwrap_or(&self.directive.name)
    }

    /// An argument's text; empty when there is none.
    pub fn text(&self, index: usize) -> &'a str {
        self.argument(index).map_or("", |word| word.text.as_str())
    }

    /// An argument with its variables.
    ///
    /// # Errors
    /// A malformed variable.
    pub fn template(&self, index: usize) -> Result<Text, Diagnostic> {
        Text::parse(self.word(index))
    }

    /// The variable that a directive of two arguments assigns, and what it assigns.
    ///
    /// # Errors
    /// Anything but one variable, those that patterns fill, and a malformed value.
    pub fn assignment(&self) -> Result<Assignment, Diagnostic> {
        let (name, span) = self.assigned(1)?;
        let value = self.template(2)?;
        Ok(Assignment { name, span, value })
    }

    /// The name of a variable that a directive assigns, and where it stands.
    fn assigned(&self, index: usize) -> Result<(String, Span), Diagnostic> {
        let target = self.text(index);
        let parsed = self.template(index).ok();
        let invalid = |help| {
            let problem = self.error(index, format!("invalid variable name \"{target}\""));
            problem.with_help(help)
        };
        let parts = parsed.as_ref().map(|parsed| parsed.parts.as_slice());
        let Some([Part::Variable { name, span }]) = parts else {
            return Err(invalid("the first argument is the variable, as \"$name\""));
        };
        if name.parse::<u8>().is_ok_and(|number| number < 10) {
            return Err(invalid("\"$1\" to \"$9\" are what patterns captured"));
        }
        Ok((name.clone(), *span))
    }

    /// `on` or `off`.
    ///
    /// # Errors
    /// Names the value, the directive and the two words.
    pub fn flag(&self, index: usize) -> Result<bool, Diagnostic> {
        flag(self.directive, self.word(index))
    }

    /// A size in bytes (`k`, `m`).
    ///
    /// # Errors
    /// Malformed or too large.
    pub fn size(&self, index: usize) -> Result<u64, Diagnostic> {
        let result = values::size(self.text(index));
        result.map_err(|invalid| self.invalid(index, invalid, "a size such as 512, 16k or 1m"))
    }

    /// A size in bytes (`k`, `m`), or text with variables that is to become one.
    ///
    /// # Errors
    /// Malformed or too large.
    pub fn size_template(&self, index: usize) -> Result<Text, Diagnostic> {
        let text = self.template(index)?;
        match text.literal() {
            Some(_) => self.size(index).map(|_| text),
            None => Ok(text),
        }
    }

    /// A size of a file or body in bytes (`k`, `m`, `g`).
    ///
    /// # Errors
    /// Malformed or too large.
    pub fn offset(&self, index: usize) -> Result<u64, Diagnostic> {
        let result = values::offset(self.text(index));
        result.map_err(|invalid| self.invalid(index, invalid, "a size such as 512, 16k, 1m or 2g"))
    }

    /// A time in whole seconds.
    ///
    /// # Errors
    /// Malformed or too large.
    pub fn seconds(&self, index: usize) -> Result<u64, Diagnostic> {
        let result = values::seconds(self.text(index));
        result
            .map_err(|invalid| self.invalid(index, invalid, "a time such as 30, 10s or \"1h 30m\""))
    }

    /// A time in milliseconds.
    ///
    /// # Errors
    /// Malformed or too large.
    pub fn milliseconds(&self, index: usize) -> Result<u64, Diagnostic> {
        let result = values::milliseconds(self.text(index));
        result.map_err(|invalid| self.invalid(index, invalid, "a time such as 500ms, 30 or 1m30s"))
    }

    /// A whole number.
    ///
    /// # Errors
    /// Anything but digits, or too large.
    pub fn number(&self, index: usize) -> Result<u64, Diagnostic> {
        let result = values::number(self.text(index));
        result.map_err(|invalid| self.invalid(index, invalid, "a whole number"))
    }

    /// One of several words, in any letter case.
    ///
    /// # Errors
    /// Names the value, the directive and the words.
    pub fn enumeration<T: Copy>(
        &self,
        index: usize,
        choices: &[(&str, T)],
    ) -> Result<T, Diagnostic> {
        let value = self.text(index);
        let is_meant = |(word, _): &&(&str, T)| word.eq_ignore_ascii_case(value);
        if let Some((_, choice)) = choices.iter().find(is_meant) {
            return Ok(*choice);
        }
        let words: Vec<_> = choices
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        let message = format!(
            "invalid value \"{value}\" in \"{}\" directive, it must be {}",
            self.directive.name.text,
            words.join(" or ")
        );
        let similar = nearest(value, choices.iter().map(|(word, _)| *word));
        let help = similar.map(|word| format!("did you mean \"{word}\"?"));
        Err(Diagnostic {
            help,
            ..self.error(index, message)
        })
    }

    /// A problem with an argument; 0 means the directive itself.
    pub fn error(&self, index: usize, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.word(index).span, message)
    }

    /// The problem of a directive that may stand only once.
    pub fn duplicate(&self) -> Diagnostic {
        duplicate(self.directive)
    }

    /// The statements of a free block; blocks within are reported and left out.
    pub fn lines(&mut self) -> Vec<&'a Directive> {
        let mut lines = Vec::new();
        for line in self.directive.body.iter().flatten() {
            if line.body.is_none() {
                lines.push(line);
                continue;
            }
            let problem =
                Diagnostic::error(line.span.last(), "unexpected \"{\"").with_help(format!(
                    "\"{}\" has no blocks within; quote a word that holds a brace",
                    self.directive.name.text
                ));
            self.diagnostics.push(problem);
        }
        lines
    }

    fn invalid(&self, index: usize, invalid: Invalid, expected: &str) -> Diagnostic {
        let (name, value) = (&self.directive.name.text, self.text(index));
        let help = match invalid {
            Invalid::Malformed => format!("expected {expected}"),
            Invalid::TooLarge => "the value is too large".to_owned(),
        };
        self.error(
            index,
            format!("\"{name}\" directive invalid value \"{value}\""),
        )
        .with_help(help)
    }
}

/// Reads an argument of a directive as a flag.
pub(super) fn flag(directive: &Directive, word: &Word) -> Result<bool, Diagnostic> {
    values::flag(&word.text).map_err(|_| {
        let (value, name) = (&word.text, &directive.name.text);
        let message = format!(
            "invalid value \"{value}\" in \"{name}\" directive, it must be \"on\" or \"off\""
        );
        Diagnostic::error(word.span, message)
    })
}

/// The problem of a second directive where one is allowed.
pub(super) fn duplicate(directive: &Directive) -> Diagnostic {
    let name = &directive.name;
    Diagnostic::error(
        name.span,
        format!("\"{}\" directive is duplicate", name.text),
    )
}

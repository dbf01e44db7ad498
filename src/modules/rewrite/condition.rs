//! `if`: what its parentheses may hold, and when it is true.
//!
//! The words of a condition come as the grammar split them, so a parenthesis may be a word of its
//! own or stick to one.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::steps::{Expression, Telling, evaluate_escaped};
use crate::conf::{
    Arity, Body, Context, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text, Word,
};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::pattern::Case;
use crate::http::plan::template::Template;

pub(super) const IF: DirectiveSpec = DirectiveSpec {
    name: "if",
    contexts: super::OUTSIDE_IF,
    arity: Arity::at_least(1),
    body: Body::Block(|outer| match outer {
        Context::Server => Context::ServerIf,
        _ => Context::LocationIf,
    }),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "if (condition) { … }",
        text: "If the condition is true, the block's rewriting directives are run, and in a \
               location its settings hold for the request. Conditions are: a variable, false when \
               it is empty or `0`; a variable compared with a text by `=` or `!=`; with a regular \
               expression by `~`, `~*` (any case), `!~` or `!~*`; `-f`, `-d`, `-e`, `-x` and a \
               path, for a file, a directory, either, something executable; these with `!` in \
               front.",
        example: "if ($request_method != GET) {\n    return 405;\n}",
        ..SPEC.doc
    },
    apply: parse,
};

/// A condition as it stands in the scope of its block.
pub(super) struct ConditionWritten {
    left: Text,
    test: TestWritten,
    negated: bool,
}

enum TestWritten {
    Truth,
    Equal(Text),
    Match {
        text: String,
        case: Case,
        span: Span,
    },
    File(FileTest),
}

#[derive(Clone, Copy)]
enum FileTest {
    File,
    Directory,
    Existence,
    Executable,
}

fn parse(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let words = inside_parentheses(statement)?;
    let condition = match words.as_slice() {
        [variable] if variable.text.starts_with('$') => ConditionWritten {
            left: single_variable(variable)?,
            test: TestWritten::Truth,
            negated: false,
        },
        [variable, operator, right] if variable.text.starts_with('$') => {
            let (test, negated) = comparison(operator, right)?;
            ConditionWritten {
                left: single_variable(variable)?,
                test,
                negated,
            }
        }
        [operator, path] if file_test(&operator.text).is_some() => {
            // The guard has just found it.
            let (test, negated) = file_test(&operator.text).unwrap_or((FileTest::File, false));
            ConditionWritten {
                left: Text::parse(path)?,
                test: TestWritten::File(test),
                negated,
            }
        }
        [variable, operator, ..] if variable.text.starts_with('$') => {
            let message = format!("unexpected \"{}\" in condition", operator.text);
            let help = "a text with blanks must be quoted; there is no \"and\" and no \"or\"";
            return Err(Diagnostic::error(operator.span, message).with_help(help));
        }
        [first, ..] => return Err(invalid(first)),
        [] => return Err(invalid(statement.word(1))),
    };
    statement.scope.insert(condition);
    Ok(())
}

fn inside_parentheses(statement: &Statement<'_>) -> Result<Vec<Word>, Diagnostic> {
    let mut words = statement.arguments().to_vec();
    let opened = match words.first_mut() {
        Some(first) if first.text.starts_with('(') => {
            *first = first.slice(1..first.text.len());
            true
        }
        _ => false,
    };
    let closed = match words.last_mut() {
        Some(last) if last.text.ends_with(')') => {
            *last = last.slice(0..last.text.len() - 1);
            true
        }
        _ => false,
    };
    if !opened || !closed {
        return Err(invalid(statement.word(1)).with_help("a condition stands in parentheses"));
    }
    let ends = [0, words.len() - 1];
    let mut place = 0;
    words.retain(|word| {
        let empty_end = ends.contains(&place) && word.text.is_empty();
        place += 1;
        !empty_end
    });
    Ok(words)
}

fn single_variable(word: &Word) -> Result<Text, Diagnostic> {
    let text = Text::parse(word)?;
    if text.parts.len() == 1 {
        return Ok(text);
    }
    let message = format!("invalid variable name \"{}\" in condition", word.text);
    Err(Diagnostic::error(word.span, message)
        .with_help("a condition tests one variable; `set` can put several together"))
}

fn comparison(operator: &Word, right: &Word) -> Result<(TestWritten, bool), Diagnostic> {
    let matched = |case| TestWritten::Match {
        text: right.text.clone(),
        case,
        span: right.span,
    };
    Ok(match operator.text.as_str() {
        "=" => (TestWritten::Equal(Text::parse(right)?), false),
        "!=" => (TestWritten::Equal(Text::parse(right)?), true),
        "~" => (matched(Case::Sensitive), false),
        "!~" => (matched(Case::Sensitive), true),
        "~*" => (matched(Case::Insensitive), false),
        "!~*" => (matched(Case::Insensitive), true),
        text => {
            let message = format!("unexpected \"{text}\" in condition");
            let help = "operators are =, !=, ~, ~*, !~ and !~*";
            return Err(Diagnostic::error(operator.span, message).with_help(help));
        }
    })
}

fn file_test(operator: &str) -> Option<(FileTest, bool)> {
    let (name, negated) = match operator.strip_prefix('!') {
        Some(name) => (name, true),
        None => (operator, false),
    };
    let test = match name {
        "-f" => FileTest::File,
        "-d" => FileTest::Directory,
        "-e" => FileTest::Existence,
        "-x" => FileTest::Executable,
        _ => return None,
    };
    Some((test, negated))
}

fn invalid(word: &Word) -> Diagnostic {
    Diagnostic::error(word.span, format!("invalid condition \"{}\"", word.text))
}

impl ConditionWritten {
    /// The condition, ready; `None` after a problem.
    pub(super) fn build(&self, builder: &mut Builder<'_>, telling: Telling) -> Option<Condition> {
        let left = builder.template(&self.left);
        let test = match &self.test {
            TestWritten::Truth => Test::Truth,
            TestWritten::Equal(right) => Test::Equal(builder.template(right)),
            TestWritten::Match { text, case, span } => {
                Test::Match(Expression::new(builder, (text, *case, *span), telling)?)
            }
            TestWritten::File(test) => Test::File(*test, builder.prefix().to_owned()),
        };
        Some(Condition {
            left,
            test,
            negated: self.negated,
        })
    }
}

/// What an `if` asks.
pub(super) struct Condition {
    left: Template,
    test: Test,
    negated: bool,
}

enum Test {
    Truth,
    Equal(Template),
    Match(Expression),
    File(FileTest, PathBuf),
}

impl Condition {
    /// Whether it is true of a request.
    pub(super) fn holds(&self, request: &mut Request) -> bool {
        let mut left = Vec::new();
        evaluate_escaped(&self.left, request, &mut left);
        let is_true = match &self.test {
            Test::Truth => !matches!(left.as_slice(), b"" | b"0"),
            Test::Equal(template) => {
                let mut right = Vec::new();
                evaluate_escaped(template, request, &mut right);
                left == right
            }
            Test::Match(expression) => expression.matches(request, &left),
            Test::File(test, prefix) => test.holds(prefix.join(OsString::from_vec(left))),
        };
        is_true != self.negated
    }
}

impl FileTest {
    fn holds(self, path: PathBuf) -> bool {
        let Ok(found) = path.metadata() else {
            return false;
        };
        match self {
            Self::File => found.is_file(),
            Self::Directory => found.is_dir(),
            Self::Existence => true,
            Self::Executable => found.permissions().mode() & 0o100 != 0,
        }
    }
}

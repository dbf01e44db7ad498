//! `rewrite` and `break`: another path for the same request.
//!
//! The replacement is split at its first literal `?`: what stands before is the new path, what
//! stands behind is the new query, which the old one follows unless the replacement ends in `?`.

use super::answer::is_url;
use super::steps::{Expression, Telling, Written, evaluate_escaped, store};
use crate::conf::{
    Arity, Diagnostic, DirectiveSpec, Doc, Part, Repeat, SPEC, Span, Statement, Text, Word,
};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::elsewhere;
use crate::http::course::request::Request;
use crate::http::message::uri;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::pattern::Case;
use crate::http::plan::phase::{Flow, RewriteStep};
use crate::http::plan::template::Template;
use crate::modules::log_level::LogLevel;

pub(super) const REWRITE: DirectiveSpec = DirectiveSpec {
    name: "rewrite",
    contexts: super::CONTEXTS,
    arity: Arity::between(2, 3),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "rewrite regex replacement [last | break | redirect | permanent];",
        text: "If the path matches the regular expression, it becomes the replacement, and \
               rewriting goes on. With `last` it stops, and a location is looked for with the new \
               path; with `break` it stops and the request stays in its location. `redirect` (302) \
               and `permanent` (301) send the client there, and so does a replacement that begins \
               with `http://`, `https://` or `$scheme`. The query is appended, unless the \
               replacement ends in `?`. If the path came with percent-escapes, `$1` to `$9` are \
               escaped again in a query, and where the client is sent, so that the URL is valid.",
        example: "rewrite ^/user/(\\d+)$ /show?id=$1 last;",
        ..SPEC.doc
    },
    apply: parse,
    ..SPEC
};

pub(super) const BREAK: DirectiveSpec = DirectiveSpec {
    name: "break",
    contexts: super::CONTEXTS,
    arity: Arity::NONE,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "break;",
        text: "Stops rewriting; the request stays in its location.",
        example: "if ($arg_plain) {\n    break;\n}",
        ..SPEC.doc
    },
    apply: |statement| {
        store(statement, Break);
        Ok(())
    },
    ..SPEC
};

struct RewriteWritten {
    pattern: String,
    span: Span,
    path: Text,
    arguments: Option<Text>,
    keeps_arguments: bool,
    then: Then,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Continue,
    Last,
    Break,
    Redirect(u16),
}

fn parse(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut then = match statement.argument(3) {
        Some(_) => flag(statement)?,
        None => Then::Continue,
    };
    let replacement = statement.word(2);
    if is_url(&replacement.text) && !matches!(then, Then::Redirect(_)) {
        then = Then::Redirect(302);
    }
    let (path, arguments, keeps_arguments) = split(replacement)?;
    let written = RewriteWritten {
        pattern: statement.text(1).to_owned(),
        span: statement.word(1).span,
        path,
        arguments,
        keeps_arguments,
        then,
    };
    store(statement, written);
    Ok(())
}

fn flag(statement: &Statement<'_>) -> Result<Then, Diagnostic> {
    match statement.text(3) {
        "last" => Ok(Then::Last),
        "break" => Ok(Then::Break),
        "redirect" => Ok(Then::Redirect(302)),
        "permanent" => Ok(Then::Redirect(301)),
        other => {
            let problem = statement.error(3, format!("invalid parameter \"{other}\""));
            Err(problem.with_help("flags are last, break, redirect and permanent"))
        }
    }
}

/// Path, query, and whether the old query is kept.
fn split(word: &Word) -> Result<(Text, Option<Text>, bool), Diagnostic> {
    let length = word.text.len();
    let (word, keeps_arguments) = match word.text.ends_with('?') {
        true => (word.slice(0..length - 1), false),
        false => (word.clone(), true),
    };
    let mut path = Text::parse(&word)?;
    let is_split = |part: &Part| matches!(part, Part::Literal(text) if text.contains('?'));
    let Some(place) = path.parts.iter().position(is_split) else {
        return Ok((path, None, keeps_arguments));
    };
    let mut behind = path.parts.split_off(place);
    if let Some(Part::Literal(text)) = behind.first_mut()
        && let Some((before, after)) = text.split_once('?')
    {
        let (before, after) = (before.to_owned(), after.to_owned());
        *text = after;
        path.parts.push(Part::Literal(before));
    }
    let span = path.span;
    let arguments = Text {
        parts: behind,
        span,
    };
    Ok((path, Some(arguments), keeps_arguments))
}

impl Written for RewriteWritten {
    fn build(&self, builder: &mut Builder<'_>, telling: Telling) -> Option<Box<dyn RewriteStep>> {
        let written = (&*self.pattern, Case::Sensitive, self.span);
        let expression = Expression::new(builder, written, telling)?;
        let arguments = self.arguments.as_ref();
        Some(Box::new(Rewrite {
            expression,
            path: builder.template(&self.path),
            arguments: arguments.map(|text| builder.template(text)),
            keeps_arguments: self.keeps_arguments,
            then: self.then,
            telling,
        }))
    }
}

struct Rewrite {
    expression: Expression,
    path: Template,
    arguments: Option<Template>,
    keeps_arguments: bool,
    then: Then,
    telling: Telling,
}

impl RewriteStep for Rewrite {
    fn run(&self, request: &mut Request) -> Flow {
        let path = std::mem::take(&mut request.path);
        let is_match = self.expression.matches(request, &path);
        request.path = path;
        match self.then {
            _ if !is_match => Flow::Next,
            Then::Redirect(status) => {
                let target = self.target(request);
                if self.telling == Telling::Everything {
                    let (to, request) = (target.escape_ascii(), Circumstances(request));
                    LogLevel::Notice.log(format_args!("rewritten redirect: \"{to}\"{request}"));
                }
                Flow::Finish(elsewhere::redirect(request, status, &target))
            }
            then => self.replace(request, then),
        }
    }
}

impl Rewrite {
    fn replace(&self, request: &mut Request, then: Then) -> Flow {
        let path = self.path.evaluate(request);
        let arguments = self.query(request);
        if path.is_empty() {
            log::error!(
                "the rewritten URI has a zero length{}",
                Circumstances(request)
            );
            return Flow::Finish(Outcome::Status(500));
        }
        if self.telling == Telling::Everything {
            let (path, arguments) = (path.escape_ascii(), arguments.escape_ascii());
            let request = Circumstances(request);
            LogLevel::Notice.log(format_args!(
                "rewritten data: \"{path}\", args: \"{arguments}\"{request}"
            ));
        }
        request.set_uri(path, Some(arguments));
        request.internal = true;
        request.uri_changed = true;
        match then {
            Then::Last => Flow::Relocate,
            Then::Break => Flow::Break,
            _ => Flow::Next,
        }
    }

    fn query(&self, request: &mut Request) -> Vec<u8> {
        let mut query = Vec::new();
        if let Some(arguments) = &self.arguments {
            evaluate_escaped(arguments, request, &mut query);
        }
        if self.keeps_arguments && !request.arguments.is_empty() {
            if self.arguments.is_some() {
                query.push(b'&');
            }
            query.extend_from_slice(&request.arguments);
        }
        query
    }

    /// Where the client is sent.
    fn target(&self, request: &mut Request) -> Vec<u8> {
        let mut path = Vec::new();
        evaluate_escaped(&self.path, request, &mut path);
        let mut target = uri::decode_harmless(&path);
        let query = self.query(request);
        if self.arguments.is_some() || !query.is_empty() {
            target.push(b'?');
            target.extend_from_slice(&query);
        }
        target
    }
}

struct Break;

impl Written for Break {
    fn build(&self, _builder: &mut Builder<'_>, _telling: Telling) -> Option<Box<dyn RewriteStep>> {
        Some(Box::new(Self))
    }
}

impl RewriteStep for Break {
    fn run(&self, _request: &mut Request) -> Flow {
        Flow::Break
    }
}

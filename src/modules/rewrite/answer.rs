//! `return`: ends a request with a status, a text or a redirect.

use bytes::Bytes;

use super::steps::{Telling, Written, store};
use crate::conf::{self, Arity, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, values};
use crate::http::build::builder::Builder;
use crate::http::course::elsewhere;
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::{Flow, RewriteStep};
use crate::http::plan::template::Template;

pub(super) const RETURN: DirectiveSpec = DirectiveSpec {
    name: "return",
    contexts: super::CONTEXTS,
    arity: Arity::between(1, 2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "return code [text];\nreturn code url;\nreturn url;",
        text: "Ends rewriting and answers with this status. With 301, 302, 303, 307 and 308 the \
               second argument is where the client is sent, with any other status it is the body, \
               of the type that `types` and `default_type` tell for the path. A URL alone, \
               beginning with `http://`, `https://` or `$scheme`, is a redirect with 302. 408, 444 \
               and 499 without a text close the connection without an answer, and so does a number below 200, with \
               a warning: no response may end with such a status (nginx sends it all the same). Redirects, and other \
               statuses from 300 on without a text, are subject to `error_page`; one that nginx has \
               no page for comes without a body.",
        example: "return 200 \"hello $remote_addr\\n\";\nreturn 301 https://$host$request_uri;",
        ..SPEC.doc
    },
    apply: parse,
    ..SPEC
};

struct ReturnWritten {
    status: u16,
    text: Option<conf::Text>,
}

fn parse(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let first = statement.text(1);
    let is_alone = statement.arguments().len() == 1;
    let written = if is_alone && is_url(first) {
        ReturnWritten {
            status: 302,
            text: Some(statement.template(1)?),
        }
    } else {
        let status = status(statement, first)?;
        if status < 200 {
            let message =
                format!("no response may have the status {status}, the connection is closed");
            let help = "write 444, which says so, or a status from 200 on";
            let problem = Diagnostic::warning(statement.word(1).span, message).with_help(help);
            statement.diagnostics.push(problem);
        }
        ReturnWritten {
            status,
            text: match is_alone {
                true => None,
                false => Some(statement.template(2)?),
            },
        }
    };
    store(statement, written);
    Ok(())
}

/// Whether a target names a server, so that it is for the client to follow.
pub(super) fn is_url(text: &str) -> bool {
    ["http://", "https://", "$scheme"]
        .iter()
        .any(|start| text.starts_with(start))
}

fn status(statement: &Statement<'_>, text: &str) -> Result<u16, Diagnostic> {
    let status = values::number(text).ok();
    let status = status.and_then(|status| u16::try_from(status).ok());
    status
        .filter(|status| (0..=999).contains(status))
        .ok_or_else(|| {
            let problem = statement.error(1, format!("invalid return code \"{text}\""));
            problem.with_help(
                "a number from 0 to 999, or a URL alone that begins with \"http://\", \
                 \"https://\" or \"$scheme\"",
            )
        })
}

impl Written for ReturnWritten {
    fn build(&self, builder: &mut Builder<'_>, _telling: Telling) -> Option<Box<dyn RewriteStep>> {
        let status = self.status;
        let is_nothing = |text: &&conf::Text| status >= 400 && text.literal() == Some("");
        let text = self.text.as_ref().filter(|text| !is_nothing(text));
        let text = text.map(|text| builder.template(text));
        let answer = match (status, text) {
            (..200, _) | (408 | 444 | 499, None) => Return::Close(status),
            (301 | 302 | 303 | 307 | 308, Some(target)) => Return::Redirect { status, target },
            (301 | 302 | 303 | 307 | 308, None) => Return::Redirect {
                status,
                target: Template::default(),
            },
            (_, Some(text)) => Return::text(status, text),
            (400.., None) => Return::Status(status),
            (_, None) => Return::text(status, Template::default()),
        };
        Some(Box::new(answer))
    }
}

enum Return {
    Close(u16),
    Status(u16),
    Text { status: u16, text: Text },
    Redirect { status: u16, target: Template },
}

enum Text {
    Fixed(Bytes),
    Evaluated(Template),
}

impl Return {
    fn text(status: u16, text: Template) -> Self {
        let text = match text.literal() {
            Some(text) => Text::Fixed(Bytes::copy_from_slice(text)),
            None => Text::Evaluated(text),
        };
        Self::Text { status, text }
    }
}

impl RewriteStep for Return {
    fn run(&self, request: &mut Request) -> Flow {
        Flow::Finish(match self {
            Self::Close(status) => Outcome::Close(*status),
            Self::Status(status) => Outcome::Status(*status),
            Self::Text {
                status: status @ (204 | 304),
                ..
            } => Outcome::Respond(Response::empty(*status)),
            Self::Text { status, text } => {
                request.response.status = *status;
                let body = match text {
                    Text::Fixed(text) => text.clone(),
                    Text::Evaluated(text) => text.evaluate(request).into(),
                };
                let mut response = Response::new(*status, "", body);
                response.head.add("Content-Type", request.media_type());
                Outcome::Respond(response)
            }
            Self::Redirect { status, target } => {
                request.response.status = *status;
                let target = target.evaluate(request);
                elsewhere::redirect(request, *status, &target)
            }
        })
    }
}

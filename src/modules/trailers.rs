//! `add_trailer`: fields behind the bodies of responses.
//!
//! What they say is known only once the body has left, so each is evaluated then. They need chunks, or a stream of HTTP/2.

use std::io;
use std::sync::Arc;

use super::headers::{CONTEXTS, went_well};
use crate::conf::{Arity, Chain, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Text};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::message::trailers;
use crate::http::message::version::Version;
use crate::http::plan::body_filter::{BodyFilter, Passed, Trailers};
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::template::Template;

/// The feature.
pub(super) static MODULE: Module = Module {
    name: "trailers",
    about: "fields behind the bodies of responses",
    directives: DIRECTIVES,
    location,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[DirectiveSpec {
    name: "add_trailer",
    contexts: CONTEXTS,
    arity: Arity::between(2, 3),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "add_trailer NAME VALUE [always];",
        default: "",
        text: "Adds a field behind the body of responses with status 200, 201, 204, 206, 301, 302, 303, 304, 307 or 308, with \
               `always` to all that have a body. VALUE is evaluated when the body has ended; an empty one adds nothing. \
               Responses over HTTP/1.1 go out in chunks for it; over HTTP/1.0, and with `chunked_transfer_encoding off`, nothing is \
               added. Fields that must be known ahead of the body, such as `Content-Type`, cannot be trailers. Inherited only by \
               blocks that have no `add_trailer` of their own.",
        example: "add_trailer X-Request-Time $request_time;",
    },
    apply: add_trailer,
    ..SPEC
}];

/// Every `add_trailer` of a block.
#[derive(Default)]
struct TrailersWritten(Vec<TrailerWritten>);

struct TrailerWritten {
    name: String,
    value: Text,
    always: bool,
}

fn add_trailer(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let name = statement.text(1);
    if !trailers::may_follow(name.as_bytes()) {
        let message = format!("invalid field name \"{name}\" in \"add_trailer\" directive");
        let help = "a name of letters, digits and \"-\", which need not be known ahead of the body";
        return Err(statement.error(1, message).with_help(help));
    }
    let always = match statement.argument(3).map(|word| word.text.as_str()) {
        None => false,
        Some("always") => true,
        Some(other) => {
            let message = format!("invalid parameter \"{other}\"");
            let help = "the only parameter is \"always\"; quote a value that has blanks";
            return Err(statement.error(3, message).with_help(help));
        }
    };
    let written = TrailerWritten {
        name: name.to_owned(),
        value: statement.template(2)?,
        always,
    };
    let all = statement.scope.get_or_default::<TrailersWritten>();
    all.0.push(written);
    Ok(())
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(TrailersWritten(all)) = chain.nearest() else {
        return;
    };
    let compiled = all.iter().map(|written| Trailer {
        name: written.name.clone(),
        value: builder.template(&written.value),
        always: written.always,
    });
    let added = AddTrailers(Arc::new(Added(compiled.collect())));
    parts.header_filters.push(Box::new(added));
}

#[derive(Debug)]
struct Trailer {
    name: String,
    value: Template,
    always: bool,
}

#[derive(Debug)]
struct Added(Box<[Trailer]>);

struct AddTrailers(Arc<Added>);

impl PhaseHandler for AddTrailers {
    fn run(&self, request: &mut Request) {
        let status = request.response.status;
        let is_due = went_well(status) || self.0.0.iter().any(|one| one.always);
        if !is_due || request.is_head() || matches!(status, ..200 | 204 | 304) {
            return;
        }
        let keeps_length = match request.head.version() {
            Version::Http11 if request.location.settings.responses.chunks => false,
            Version::Http2 => true,
            _ => return,
        };
        if !keeps_length {
            request.response.remove("content-length");
        }
        request.bodies.response.add(Followed { keeps_length });
        request.bodies.trailers = Some(Arc::clone(&self.0) as Arc<dyn Trailers>);
    }
}

impl Trailers for Added {
    fn append(&self, request: &mut Request, out: &mut Vec<u8>) {
        let went_well = went_well(request.response.status);
        for one in self.0.iter().filter(|one| one.always || went_well) {
            let value = one.value.evaluate(request);
            if value.is_empty() {
                continue;
            }
            out.extend_from_slice(one.name.as_bytes());
            out.extend_from_slice(b": ");
            // Whatever a variable holds, it ends no line.
            let plain = |byte: u8| if byte.is_ascii_control() { b' ' } else { byte };
            out.extend(value.into_iter().map(plain));
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// A body behind which something comes, so that it has to be framed piece by piece.
struct Followed {
    keeps_length: bool,
}

impl BodyFilter for Followed {
    fn piece(&mut self, _: &mut Request, _: &[u8], _: &mut Vec<u8>) -> io::Result<Passed> {
        Ok(Passed::AsItIs)
    }

    fn keeps_length(&self) -> bool {
        self.keeps_length
    }
}

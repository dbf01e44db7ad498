//! `add_before_body`, `add_after_body`: what other places of the server answer stands around a body.

use std::sync::Arc;

use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::body_filter::Around;
use crate::http::plan::phase::PhaseHandler;
use crate::modules::media_types::MediaTypeSet;

/// The feature.
pub static MODULE: Module = Module {
    name: "addition",
    about: "what stands around a body",
    directives: DIRECTIVES,
    location,
    ..module::MODULE
};

const ANYWHERE: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "add_before_body",
        contexts: ANYWHERE,
        doc: Doc {
            syntax: "add_before_body URI;",
            text: "Adds what URI, a path of the same server, answers ahead of the body of responses with status \
                   200. URI is asked by a subrequest as soon as the head has been sent: with GET, the client's \
                   fields but `Range` and `If-…`, no body, and without access rules. Whatever the answer's \
                   status is, its body is added, the page of an error as well; one that breaks off breaks \
                   the response off. What is added goes through `gzip` together with the body, and through \
                   the `sub_filter`, `js_header_filter` and `js_body_filter` of its own location alone. Responses lose `Content-Length` and \
                   `Accept-Ranges`, and their `ETag` becomes a weak one. Nothing is added to what is added. \
                   An empty URI ends what outer blocks say.",
            example: "add_before_body /header.html;",
            ..SPEC.doc
        },
        apply: |statement| {
            let path = path(statement);
            statement.scope.insert(BeforeWritten(path));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "add_after_body",
        contexts: ANYWHERE,
        doc: Doc {
            syntax: "add_after_body URI;",
            text: "Adds what URI, a path of the same server, answers behind the body of responses with status \
                   200, as `add_before_body` does ahead of it. URI is asked once the body has been sent.",
            example: "add_after_body /footer.html;",
            ..SPEC.doc
        },
        apply: |statement| {
            let path = path(statement);
            statement.scope.insert(AfterWritten(path));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "addition_types",
        contexts: ANYWHERE,
        arity: Arity::at_least(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "addition_types TYPE ...;\naddition_types *;",
            default: "addition_types text/html;",
            text: "Media types of responses to which something is added, beside `text/html`; `*` stands for all.",
            example: "addition_types text/plain;",
        },
        apply: types,
        ..SPEC
    },
];

/// `add_before_body`
struct BeforeWritten(Option<Box<[u8]>>);
/// `add_after_body`
struct AfterWritten(Option<Box<[u8]>>);
/// `addition_types`
#[derive(Default)]
struct Types(MediaTypeSet);

fn path(statement: &Statement<'_>) -> Option<Box<[u8]>> {
    let path = statement.text(1);
    (!path.is_empty()).then(|| path.as_bytes().into())
}

fn types(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut types = std::mem::take(statement.scope.get_or_default::<Types>());
    types.0.read(statement);
    statement.scope.insert(types);
    Ok(())
}

fn location(_: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let before = chain.nearest().and_then(|BeforeWritten(path)| path.clone());
    let after = chain.nearest().and_then(|AfterWritten(path)| path.clone());
    if before.is_none() && after.is_none() {
        return;
    }
    parts.body_filters.push(Box::new(Addition {
        around: Arc::new(Around { before, after }),
        types: chain
            .nearest()
            .map_or_else(MediaTypeSet::default, |Types(types)| types.clone()),
    }));
}

/// Has something added to responses.
struct Addition {
    around: Arc<Around>,
    types: MediaTypeSet,
}

impl PhaseHandler for Addition {
    fn run(&self, request: &mut Request) {
        let head = &mut request.response;
        if head.status != 200 || !self.types.contains(head.field("content-type")) {
            return;
        }
        head.change_body();
        request.bodies.response.surround(&self.around);
    }
}

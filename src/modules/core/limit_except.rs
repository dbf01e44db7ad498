//! `limit_except`: other settings for other methods.
//!
//! The block is built as a location of its own, which requests with other methods enter before
//! anything is rewritten; the location's rewriting is not for them.

use crate::conf::{
    Arity, Body, Chain, Context, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::course::request::Request;
use crate::http::plan::location::Kind;
use crate::http::plan::location::LocationIndex;
use crate::http::plan::phase::{Flow, RewriteStep};

pub(super) const LIMIT_EXCEPT: DirectiveSpec = DirectiveSpec {
    name: "limit_except",
    contexts: Contexts::LOCATION,
    arity: Arity::at_least(1),
    body: Body::Block(|_| Context::LimitExcept),
    doc: Doc {
        syntax: "limit_except method … { … }",
        text: "The block's access rules hold for every method but these; `GET` stands for `HEAD` \
               too. Requests with other methods are not rewritten by their location.",
        example: "limit_except GET {\n    allow 10.0.0.0/8;\n    deny all;\n}",
        ..SPEC.doc
    },
    apply: parse,
    ..SPEC
};

#[derive(Clone)]
struct Methods(Vec<&'static str>);

fn parse(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut methods = Vec::new();
    for word in statement.arguments() {
        let known = METHODS.iter().find(|name| **name == word.text);
        let Some(name) = known else {
            let message = format!("invalid method \"{}\"", word.text);
            let help = format!("methods are {}", METHODS.join(", "));
            return Err(Diagnostic::error(word.span, message).with_help(help));
        };
        methods.push(*name);
        if *name == "GET" {
            methods.push("HEAD");
        }
    }
    statement.scope.insert(Methods(methods));
    Ok(())
}

/// Puts the step in front of all others.
pub(super) fn build(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    for block in chain.scope().blocks_in(Context::LimitExcept) {
        let Some(allowed) = block.get::<Methods>() else {
            continue;
        };
        let inner = chain.inner(block);
        let step = LimitExcept {
            allowed: allowed.clone(),
            location: builder.location(&inner, Kind::If, &parts.name),
        };
        parts.rewrite.insert(0, Box::new(step));
    }
}

struct LimitExcept {
    allowed: Methods,
    location: LocationIndex,
}

impl RewriteStep for LimitExcept {
    fn run(&self, request: &mut Request) -> Flow {
        let method = request.method();
        if self.allowed.0.iter().any(|name| name.as_bytes() == method) {
            return Flow::Next;
        }
        request.location = request.runtime.location(self.location);
        Flow::Break
    }
}

const METHODS: &[&str] = &[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "MKCOL",
    "COPY",
    "MOVE",
    "OPTIONS",
    "PROPFIND",
    "PROPPATCH",
    "LOCK",
    "UNLOCK",
    "PATCH",
];

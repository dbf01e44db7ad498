//! `sub_filter`: strings in responses replaced on their way.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Text,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::template::Template;
use crate::modules::media_types::MediaTypeSet;

mod replacer;

use replacer::Replacer;

/// The feature.
pub static MODULE: Module = Module {
    name: "sub_filter",
    about: "strings in bodies replaced",
    directives: DIRECTIVES,
    location: build,
    ..module::MODULE
};

const ANYWHERE: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "sub_filter",
        contexts: ANYWHERE,
        arity: Arity::exactly(2),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "sub_filter STRING REPLACEMENT;",
            default: "",
            text: "Replaces STRING in responses, in any letter case; both may hold variables. Of \
                   several strings that begin at the same place the first in the configuration is \
                   replaced. Responses with a `Content-Encoding` and parts of something longer (206) \
                   are left alone: have an origin send its responses unpacked with \
                   `proxy_set_header Accept-Encoding \"\";`. Inherited only by blocks that have no \
                   `sub_filter` of their own.",
            example: "sub_filter '</head>' '<script src=\"/a.js\"></script></head>';",
        },
        apply: sub_filter,
        ..SPEC
    },
    DirectiveSpec {
        name: "sub_filter_once",
        contexts: ANYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "sub_filter_once on | off;",
            default: "sub_filter_once on;",
            text: "Whether each string is replaced once in a response, or wherever it is.",
            example: "sub_filter_once off;",
        },
        apply: |statement| {
            let once = statement.flag(1)?;
            statement.scope.insert(Once(once));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "sub_filter_types",
        contexts: ANYWHERE,
        arity: Arity::at_least(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "sub_filter_types TYPE ...;\nsub_filter_types *;",
            default: "sub_filter_types text/html;",
            text: "Media types in which strings are replaced, beside `text/html`; `*` stands for all.",
            example: "sub_filter_types text/css;",
        },
        apply: |statement| {
            let mut types = std::mem::take(statement.scope.get_or_default::<Types>());
            types.0.read(statement);
            statement.scope.insert(types);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "sub_filter_last_modified",
        contexts: ANYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "sub_filter_last_modified on | off;",
            default: "sub_filter_last_modified off;",
            text: "Whether responses in which strings are replaced keep `Last-Modified`, and \
                   `ETag` as a weak one. What replaces them may have changed since.",
            example: "sub_filter_last_modified on;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(LastModified(on));
            Ok(())
        },
        ..SPEC
    },
];

/// Every `sub_filter` of a block.
#[derive(Default)]
struct PairsWritten(Vec<(Text, Text)>);
/// `sub_filter_once`
struct Once(bool);
/// `sub_filter_types`
#[derive(Default)]
struct Types(MediaTypeSet);
/// `sub_filter_last_modified`
struct LastModified(bool);

fn sub_filter(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    if statement.text(1).is_empty() {
        return Err(statement.error(1, "empty search pattern"));
    }
    let pair = (statement.template(1)?, statement.template(2)?);
    statement
        .scope
        .get_or_default::<PairsWritten>()
        .0
        .push(pair);
    Ok(())
}

fn build(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(PairsWritten(written)) = chain.nearest() else {
        return;
    };
    let pairs = written.iter().map(|(string, replacement)| Pair {
        string: builder.template(string),
        replacement: builder.template(replacement),
    });
    let filter = SubFilter {
        pairs: pairs.collect(),
        once: !matches!(chain.nearest(), Some(Once(false))),
        keeps_validators: matches!(chain.nearest(), Some(LastModified(true))),
        types: chain
            .nearest()
            .map_or_else(MediaTypeSet::default, |Types(types)| types.clone()),
    };
    parts.body_filters.push(Box::new(filter));
}

/// One `sub_filter`.
struct Pair {
    string: Template,
    replacement: Template,
}

/// Has strings replaced.
struct SubFilter {
    pairs: Arc<[Pair]>,
    once: bool,
    keeps_validators: bool,
    types: MediaTypeSet,
}

impl PhaseHandler for SubFilter {
    fn run(&self, request: &mut Request) {
        let head = &request.response;
        let is_set = |name| head.field(name).is_some_and(|value| !value.is_empty());
        if matches!(head.status, 100..200 | 204 | 206 | 304)
            || head.field("content-length") == Some(b"0")
            || is_set("content-encoding")
            || !self.types.contains(head.field("content-type"))
        {
            return;
        }
        let Some(replacer) = Replacer::new(request, &self.pairs, self.once) else {
            return;
        };
        let head = &mut request.response;
        head.change_body();
        if !self.keeps_validators {
            head.remove("last-modified");
            head.remove("etag");
        }
        request.bodies.response.add(replacer);
    }

    fn is_for_subrequests(&self) -> bool {
        true
    }
}

//! `mirror`: requests go to other places of the server too, and what those answer is thrown away.

use std::path::Path;
use std::sync::Arc;

use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::copies::Copies;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::modules::temporary_folder;

/// The feature.
pub static MODULE: Module = Module {
    name: "mirror",
    about: "copies of requests for other places",
    directives: &[MIRROR, MIRROR_REQUEST_BODY],
    location,
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const MIRROR: DirectiveSpec = DirectiveSpec {
    name: "mirror",
    contexts: CONTEXTS,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "mirror URI | off;",
        default: "mirror off;",
        text: "Sends a copy of each request that passes the access rules to URI too, a path of the same server, by a \
               subrequest with the client's method, fields, query and body; whatever is answered there is thrown \
               away. The client does not wait for it, and what it does afterwards ends no copy; the body is read \
               as a whole before the request goes on. Of each connection 64 copies may be under way. Requests whose body is taken \
               by `metric_push` have no copies. A copy counts with the servers of its `proxy_pass`, but in \
               no `status_zone` and no `metric`. `$request_uri` is that of the client. A block that has any `mirror` \
               inherits none.",
        example: "location / {\n    mirror /mirror;\n    proxy_pass http://127.0.0.1:8001;\n}\nlocation = /mirror \
                  {\n    internal;\n    proxy_pass http://127.0.0.1:8002$request_uri;\n}",
    },
    apply: mirror,
    ..SPEC
};

const MIRROR_REQUEST_BODY: DirectiveSpec = DirectiveSpec {
    name: "mirror_request_body",
    contexts: CONTEXTS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "mirror_request_body on | off;",
        default: "mirror_request_body on;",
        text: "Whether copies of requests have the body. With `off` it is not read beforehand, and copies have none.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(WithBody(on));
        Ok(())
    },
    ..SPEC
};

/// `mirror`, all of one block; `None` is `off`.
#[derive(Default)]
struct Written(Vec<Option<Box<[u8]>>>);

/// `mirror_request_body`
struct WithBody(bool);

fn mirror(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    warn_of_no_path(statement);
    let uri = statement.text(1);
    let uri = (uri != "off").then(|| uri.as_bytes().into());
    let all = &mut statement.scope.get_or_default::<Written>().0;
    let is_mixed = all.iter().any(|one| one.is_none() != uri.is_none());
    if is_mixed {
        let message = "\"mirror off\" stands beside another \"mirror\"";
        return Err(statement.error(0, message));
    }
    all.push(uri);
    Ok(())
}

/// Tells of what is no path of the same server: nothing but a page for errors would be found there.
pub(super) fn warn_of_no_path(statement: &mut Statement<'_>) {
    let uri = statement.text(1);
    if uri == "off" || uri.starts_with('/') {
        return;
    }
    let directive = &statement.directive.name.text;
    let message =
        format!("\"{directive}\" expects a path, and \"{uri}\" does not begin with \"/\"");
    let help = "a location of that path may pass requests to another server";
    let problem = Diagnostic::warning(statement.word(1).span, message).with_help(help);
    statement.diagnostics.push(problem);
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let written = chain.nearest::<Written>().map_or(&[][..], |all| &all.0);
    let places: Box<[Box<[u8]>]> = written.iter().flatten().cloned().collect();
    if places.is_empty() {
        return;
    }
    let temporary: Arc<Path> = temporary_folder::of(builder, chain);
    parts.before_content.push(Box::new(Mirror(Copies {
        places,
        with_body: chain.nearest().is_none_or(|WithBody(on)| *on),
        temporary,
    })));
}

/// Asks for copies where requests of a client come by.
struct Mirror(Copies);

impl ContentHandler for Mirror {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        if !request.is_subrequest() {
            request.bodies.copies = Some(&self.0);
        }
        None
    }
}

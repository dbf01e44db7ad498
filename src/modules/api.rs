//! `api`: the status tree as JSON.
//!
//! The part of the URI after the location's name is a path in the tree. It is taken from the raw
//! target where that is still the request's path, so that `%2F` addresses a key with a slash.

mod described;

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::conf::{Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement, Text};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::build::lifecycle::Lifecycle;
use crate::http::build::module::{self, Module};
use crate::http::build::written::LocationPattern;
use crate::http::course::request::Request;
use crate::http::message::response::{Body, Response};
use crate::http::message::stream::{Short, Stream};
use crate::http::message::uri::{self, Escape, Slashes};
use crate::http::plan::location::Kind;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::runtime::Runtime;
use crate::http::plan::template::Template;
use crate::status::json::{self, Dates, Format};
use crate::status::{Node, Place, Value, path};

/// The feature.
pub static MODULE: Module = Module {
    name: "api",
    about: "the status tree over HTTP",
    directives: DIRECTIVES,
    status: described::ALL,
    http: declare,
    location,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "api",
        contexts: Contexts::LOCATION,
        arity: Arity::exactly(1),
        doc: Doc {
            syntax: "api PATH;",
            default: "",
            text: "Answers with the status tree, or the part of it at PATH, as JSON. In a prefix \
                   location, whose name must end with a slash, the rest of the URI goes on from \
                   PATH. `?pretty=off` leaves out white space, `?date=epoch` writes dates as \
                   seconds.",
            example: "location /status/ {\n    api /status/;\n    allow 127.0.0.1;\n    deny all;\n}",
        },
        apply: |statement| {
            let path = statement.template(1)?;
            check_location(statement)?;
            content::write(statement, Api(path));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "api_config_files",
        contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "api_config_files on | off;",
            default: "off",
            text: "Whether `/status/angie/config_files` shows the text of the configuration.",
            example: "api_config_files on;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(ApiConfigFiles(on));
            Ok(())
        },
        ..SPEC
    },
];

struct Api(Text);

struct ApiConfigFiles(bool);

/// What is filled in for each look at the tree.
#[derive(Default)]
pub(super) struct Places {
    /// The address that took the request.
    pub address: Option<Place>,
    config_files: Option<Place>,
    files: Files,
}

fn check_location(statement: &Statement<'_>) -> Result<(), Diagnostic> {
    let Some(pattern) = statement.scope.get::<LocationPattern>() else {
        return Ok(());
    };
    let span = statement.directive.span;
    match pattern.kind {
        Kind::Named => {
            let message = "\"api\" cannot be used inside a named location";
            Err(Diagnostic::error(span, message))
        }
        Kind::Prefix | Kind::FinalPrefix if !pattern.text.ends_with('/') => {
            let message = "\"api\" needs an exact location, one given by a regular expression, or a \
                           prefix that ends with a slash";
            let help = format!("write \"location {}/\" or \"location = {0}\"", pattern.text);
            Err(Diagnostic::error(span, message).with_help(help))
        }
        _ => Ok(()),
    }
}

/// The skeleton of the tree, in the order in which it is shown.
fn declare(builder: &mut Builder<'_>, _chain: &Chain<'_>) {
    let generation = builder.generation;
    // What does not serve, as when a configuration is checked, knows its own time only.
    let (own, lifecycle) = (SystemTime::now(), Lifecycle::open(builder.memory).ok());
    let tree = &mut builder.tree;
    tree.leaf(&["status", "angie", "version"], || {
        Some(Value::Text(env!("CARGO_PKG_VERSION").as_bytes().into()))
    });
    let built = build_time().map(time);
    tree.leaf(&["status", "angie", "build_time"], move || built.clone());
    let address = tree.place(&["status", "angie", "address"]);
    tree.leaf(&["status", "angie", "generation"], move || {
        Some(Value::Integer(generation))
    });
    tree.leaf(&["status", "angie", "load_time"], move || {
        let loaded = lifecycle.as_ref().and_then(Lifecycle::loaded);
        Some(loaded.map_or_else(|| time(own), Value::since_1970))
    });
    tree.declare(&["status", "angie", "self"]);
    let config_files = tree.place(&["status", "angie", "config_files"]);
    declare_connections(builder);
    let tree = &mut builder.tree;
    tree.declare(&["status", "slabs"]);
    tree.declare(&["status", "resolvers"]);
    for section in described::HTTP_SECTIONS {
        tree.declare(&["status", "http", section]);
    }
    tree.declare(&["certificates"]);
    let files = builder.sources.files();
    let files = files
        .map(|file| (file.name.clone(), Arc::clone(&file.text)))
        .collect();
    *builder.thing::<Places>() = Places {
        address: Some(address),
        config_files: Some(config_files),
        files,
    };
}

fn declare_connections(builder: &mut Builder<'_>) {
    let path = |name| ["status", "connections", name];
    let counts = || Arc::clone(&builder.connections);
    let (accepted, dropped, active, idle) = (counts(), counts(), counts(), counts());
    let tree = &mut builder.tree;
    tree.leaf(&path("accepted"), move || {
        Some(Value::Integer(accepted.accepted()))
    });
    tree.leaf(&path("dropped"), move || {
        Some(Value::Integer(dropped.dropped()))
    });
    tree.leaf(&path("active"), move || {
        Some(Value::Integer(active.active()))
    });
    tree.leaf(&path("idle"), move || Some(Value::Integer(idle.idle())));
}

/// When this program was made: the date of its file.
fn build_time() -> Option<SystemTime> {
    let program = std::env::current_exe().ok()?;
    fs::metadata(program).ok()?.modified().ok()
}

fn time(moment: SystemTime) -> Value<'static> {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    Value::since_1970(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(Api(path)) = content::written(chain) else {
        return;
    };
    let path = builder.template(path);
    let shows_files = chain.nearest().is_some_and(|ApiConfigFiles(on)| *on);
    let places = builder.thing::<Places>();
    let files = Arc::clone(&places.files);
    let pattern = chain.nearest::<LocationPattern>();
    let pattern = pattern.filter(|one| matches!(one.kind, Kind::Prefix | Kind::FinalPrefix));
    let prefix = pattern.map(|pattern| pattern.text.clone());
    parts.redirects_to_slash |= matches!(parts.kind, Kind::Prefix | Kind::FinalPrefix);
    parts.content.push(Box::new(Handler {
        path,
        prefix,
        address: places.address,
        config_files: places.config_files.filter(|_| shows_files),
        files,
    }));
}

struct Handler {
    path: Template,
    /// The location's name, where the rest of the URI goes on from the path.
    prefix: Option<String>,
    address: Option<Place>,
    config_files: Option<Place>,
    files: Files,
}

impl ContentHandler for Handler {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        let mut full = self.path.evaluate(request);
        let mut names = Vec::new();
        uri::escape(&full, Escape::Path, &mut names);
        let (raw, shown) = self.rest(request);
        if full.first() != Some(&b'/') {
            full.insert(0, b'/');
        }
        join(&mut full, &shown);
        join(&mut names, &raw);
        let response = match request.method() {
            b"GET" | b"HEAD" => self.show(request, path::segments(&names), &full),
            method => refusal(
                405,
                "MethodNotAllowed",
                &format!(
                    "The {} method is not allowed for the requested API entity \"{}\".",
                    String::from_utf8_lossy(method),
                    String::from_utf8_lossy(&full)
                ),
            ),
        };
        Some(Outcome::Respond(response))
    }
}

impl Handler {
    /// What of the URI follows the location's name: percent-encoded, and as it is shown.
    fn rest(&self, request: &Request) -> (Vec<u8>, Vec<u8>) {
        let Some(prefix) = &self.prefix else {
            return (Vec::new(), Vec::new());
        };
        let decoded = request
            .path
            .strip_prefix(prefix.as_bytes())
            .unwrap_or(&request.path);
        let target = uri::split_query(request.head.target()).0;
        let is_path = |path| path == request.path;
        let unchanged = uri::normalise(target, Slashes::Merge).is_ok_and(is_path);
        let dots = target
            .split(|byte| *byte == b'/')
            .any(|part| matches!(part, b"." | b".."));
        if let Some(raw) = path::after(target, prefix.as_bytes()).filter(|_| unchanged && !dots) {
            return (raw.to_vec(), decoded.to_vec());
        }
        let mut raw = Vec::new();
        uri::escape(decoded, Escape::Path, &mut raw);
        (raw, decoded.to_vec())
    }

    fn show(&self, request: &Request, names: Vec<Vec<u8>>, full: &[u8]) -> Response {
        let look = Look {
            runtime: request.runtime,
            names,
            format: format(request),
            address: self.address.map(|place| (place, address(request))),
            config_files: self
                .config_files
                .map(|place| (place, Arc::clone(&self.files))),
        };
        answer(move |mut out, places| look.write(&mut out, places)).unwrap_or_else(|| {
            let full = String::from_utf8_lossy(full);
            let description = format!("Requested API entity \"{full}\" doesn't exist.");
            refusal(404, "PathNotFound", &description)
        })
    }
}

/// An answer up to this length is made at once and has a `Content-Length`.
const SHORT: usize = 64 * 1024;

/// So many places, where there are keys or none, are looked at for it: half a millisecond.
const SHORT_PLACES: u64 = 1 << 15;

/// An answer in JSON, made while it is sent if it is long. `write` fails if it had to look at more places
/// than it is given. `None` when there is nothing to write.
pub(super) fn answer(
    write: impl Fn(&mut dyn Write, u64) -> Option<io::Result<()>> + Send + 'static,
) -> Option<Response> {
    let mut short = Short::new(SHORT);
    if write(&mut short, SHORT_PLACES)?.is_ok() {
        let response = Response::new(200, "application/json", short.into_bytes());
        return Some(response.uncached());
    }
    let stream = Stream::begin(move |out, _| write(out, u64::MAX).unwrap_or(Ok(())));
    let Some(stream) = stream else {
        let description = "The request could not be processed, see the error log.";
        return Some(refusal(500, "InternalError", description));
    };
    let mut response = Response::new(200, "application/json", "").uncached();
    response.body = Body::Stream(stream);
    Some(response)
}

/// The local address of the connection, as the tree shows it.
pub(super) fn address(request: &Request) -> String {
    match request.connection.local {
        Some(address) => address.ip().to_string(),
        None => request.listener.address.to_string(),
    }
}

/// One look at the tree, with what only this request knows.
struct Look {
    runtime: &'static Runtime,
    names: Vec<Vec<u8>>,
    format: Format,
    address: Option<(Place, String)>,
    config_files: Option<(Place, Files)>,
}

impl Look {
    /// Writes the node that was asked for; `None` if there is none.
    fn write(&self, out: &mut impl Write, places: u64) -> Option<io::Result<()>> {
        let mut filled = Vec::new();
        if let Some((place, address)) = &self.address {
            filled.push((*place, Node::text(address.as_bytes())));
        }
        if let Some((place, files)) = &self.config_files {
            let file =
                |(name, text): &'_ (String, Arc<[u8]>)| (name.clone(), Node::text(text.to_vec()));
            filled.push((*place, Node::object(files.iter().map(file).collect())));
        }
        let root = self.runtime.tree.root_with(&filled);
        root.find_within(&self.names, places, |node, left| match left {
            Some(left) => Some(json::serialize_within(&node?, self.format, left, out)),
            None => Some(Err(io::Error::other("too many places"))),
        })
    }
}

/// The text of the configuration, by file.
type Files = Arc<[(String, Arc<[u8]>)]>;

/// How the client wants its JSON.
pub(super) fn format(request: &Request) -> Format {
    let is = |name: &[u8], value: &[u8]| uri::argument(&request.arguments, name) == Some(value);
    let dates = if is(b"date", b"epoch") {
        Dates::Epoch
    } else {
        Dates::Iso
    };
    Format {
        pretty: !is(b"pretty", b"off"),
        dates,
    }
}

/// The answer to a request that cannot be served.
pub(super) fn refusal(status: u16, error: &'static str, description: &str) -> Response {
    let text = |text: &str| Node::text(text.as_bytes().to_vec());
    let node = Node::object(vec![
        ("error", text(error)),
        ("description", text(description)),
    ]);
    let mut body = Vec::new();
    // Writing to memory does not fail.
    let _ = json::serialize(
        &node,
        Format {
            pretty: true,
            dates: Dates::Iso,
        },
        &mut body,
    );
    Response::new(status, "application/json", body)
}

fn join(path: &mut Vec<u8>, rest: &[u8]) {
    if rest.is_empty() {
        return;
    }
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(rest.strip_prefix(b"/").unwrap_or(rest));
}

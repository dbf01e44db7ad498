//! `api`: the status tree as JSON.
//!
//! The part of the URI after the location's name is a path in the tree. It is taken from the raw
//! target where that is still the request's path, so that `%2F` addresses a key with a slash.

mod answer;
mod described;
mod far;
mod look;

use std::fs;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::conf::{Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement, Text};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::build::lifecycle::Lifecycle;
use crate::http::build::module::{self, Module};
use crate::http::build::written::LocationPattern;
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::message::uri::{self, Escape, Slashes};
use crate::http::plan::location::Kind;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::Template;
use crate::modules::shared_zone::Readings;
use crate::status::json::{Format, Rows};
use crate::status::table::Cut;
use crate::status::{Place, Value, path};
use far::Far;
use look::{Fit, Look, Whole};

pub(super) use answer::{answer, format, refusal};

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
                   seconds.\n\nTables (the keys of a metric zone and their texts of help, the active sessions of a zone, the keys of a \
                   backpressure zone, the files of the configuration) can be cut: `?top=N` answers with N rows at most, which may be 1 to \
                   1000, as `{\"total\", \"matched\", \"offset\", \"columns\", \"rows\"}`; each row has \
                   its `key` and `value`. Further arguments, percent-encoded: `by=COLUMN` sorts by a \
                   metric of a complex zone, by `value` in a simple one, by a column such as \
                   `tx/bytes` of sessions; a histogram by how many values it has, `COLUMN/LIMIT` by one of its \
                   buckets, `COLUMN/p99` by a quantile. Without it rows are sorted by their keys. \
                   `order=asc` or `desc`; `offset=N` skips rows, of the first 10000; `prefix=TEXT`: keys \
                   that begin so, `contains=TEXT`: keys that have this somewhere, in capitals or not; \
                   `key=NAME`, 16 times at most: these rows as well, under `chosen`. In a zone with labels the table is that of the whole \
                   zone, whose rows are called by all their parts; those below one label are its rows with a prefix, as in \
                   `/status/http/metric_zones/NAME/metrics?top=5&prefix=GET%20`, and a level below it is none. What cannot be answered has status \
                   400 with the reason. `?rows=off` shows how many rows tables have instead of the rows, and all the \
                   rest as ever; `?rows=N` (1 to 10) adds the N rows with the largest values of the first column to each table that is \
                   not too long.",
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
    let (readings, far) = (Readings::new(builder), builder.state());
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
        readings,
        far,
    }));
}

struct Handler {
    path: Template,
    /// The location's name, where the rest of the URI goes on from the path.
    prefix: Option<String>,
    address: Option<Place>,
    config_files: Option<Place>,
    files: Files,
    readings: Readings,
    /// What a request waits for.
    far: StateIndex<Option<Far>>,
}

impl ContentHandler for Handler {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        let mut full = self.path.evaluate(request);
        let mut names = Vec::new();
        uri::escape(&full, Escape::Path, &mut names);
        let (raw, shown) = self.rest(request);
        if full.first() != Some(&b'/') {
            full.insert(0, b'/');
        }
        join(&mut full, &shown);
        join(&mut names, &raw);
        if let Some(far) = request.state(self.far).take() {
            let response = far.response().unwrap_or_else(|| absent(&full));
            return Some(Outcome::Respond(response));
        }
        Some(match request.method() {
            b"GET" | b"HEAD" => {
                let names = path::segments(&names);
                match self.readings.before(request, &names) {
                    Some(wait) => Outcome::Wait(wait),
                    None => self.show(request, names, &full),
                }
            }
            method => Outcome::Respond(refusal(
                405,
                "MethodNotAllowed",
                &format!(
                    "The {} method is not allowed for the requested API entity \"{}\".",
                    String::from_utf8_lossy(method),
                    String::from_utf8_lossy(&full)
                ),
            )),
        })
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

    fn show(&self, request: &mut Request, names: Vec<Vec<u8>>, full: &[u8]) -> Outcome {
        let cut = Cut::read(&answer::arguments(request));
        let cut = cut.map_err(|problem| look::told(&problem));
        match cut.and_then(|cut| Ok((cut, answer::rows(request)?))) {
            Err(reason) => Outcome::Respond(wrong(&reason)),
            Ok((None, rows)) => self.whole(request, self.look(request, names, rows), full),
            Ok((Some(cut), rows)) => {
                let look = self.look(request, names, rows);
                Outcome::Respond(part(request, look, cut, full))
            }
        }
    }

    fn look(&self, request: &Request, names: Vec<Vec<u8>>, rows: Rows) -> Look {
        Look {
            runtime: request.runtime,
            names,
            format: Format {
                rows,
                ..format(request)
            },
            address: self.address.map(|place| (place, address(request))),
            config_files: self
                .config_files
                .map(|place| (place, Arc::clone(&self.files))),
        }
    }

    fn whole(&self, request: &mut Request, look: Look, full: &[u8]) -> Outcome {
        let look = match look.whole(request) {
            Whole::Made(response) => return Outcome::Respond(response),
            Whole::Absent => return Outcome::Respond(absent(full)),
            Whole::Far(look) => look,
        };
        let (far, wait) = Far::begin(look, request);
        *request.state(self.far) = Some(far);
        Outcome::Wait(wait)
    }
}

/// The rows of a table that were asked for.
fn part(request: &Request, look: Look, cut: Cut, full: &[u8]) -> Response {
    match look.fit(cut) {
        Fit::Absent => absent(full),
        Fit::Wrong(reason) => wrong(&reason),
        Fit::Fits(selection) => {
            answer::answer_after_walk(request, move |mut out, places, goes_on| {
                look.write_cut(&selection, &mut out, places, goes_on)
            })
        }
    }
}

fn absent(full: &[u8]) -> Response {
    let full = String::from_utf8_lossy(full);
    let description = format!("Requested API entity \"{full}\" doesn't exist.");
    refusal(404, "PathNotFound", &description)
}

fn wrong(reason: &str) -> Response {
    refusal(400, "InvalidArgument", reason)
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

/// The local address of the connection, as the tree shows it.
pub(super) fn address(request: &Request) -> String {
    match request.connection.local {
        Some(address) => address.ip().to_string(),
        None => request.listener.address.to_string(),
    }
}

/// The text of the configuration, by file.
pub(super) type Files = Arc<[(String, Arc<[u8]>)]>;

//! `stub_status`: seven numbers of the whole server as text, in the form that nginx has and its exporters read.

use std::io::Write;

use crate::conf::{Arity, Chain, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::plan::counters::Connections;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

/// The feature.
pub static MODULE: Module = Module {
    name: "stub_status",
    about: "seven numbers in the form of nginx",
    directives: &[STUB_STATUS],
    variables: VARIABLES,
    location,
    ..module::MODULE
};

const STUB_STATUS: DirectiveSpec = DirectiveSpec {
    name: "stub_status",
    contexts: Contexts::SERVER.or(Contexts::LOCATION),
    arity: Arity::between(0, 1),
    doc: Doc {
        syntax: "stub_status;",
        default: "",
        text: "Answers with seven numbers of the whole server, over all workers, in the form of nginx's page of that \
               name, for the exporters that read it: open connections; connections accepted and served, and requests, \
               since the start; connections whose request is being received (Reading), requests that are being \
               answered (Writing), connections that wait for their next request (Waiting). A connection that has \
               sent nothing yet is Reading. A word behind the name, as old versions of nginx wanted one, has no \
               meaning. `api` tells far more.",
        example: "location = /basic_status {\n    stub_status;\n    allow 127.0.0.1;\n    deny all;\n}",
    },
    apply: |statement| {
        content::write(statement, Shown);
        Ok(())
    },
    ..SPEC
};

struct Shown;

const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "connections_active",
        doc: "Open connections of the whole server, waiting ones included, as `stub_status` shows them.",
        read: |request, _, out| put(request, |now| now.open, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "connections_reading",
        doc: "Connections whose request is being received, as `stub_status` shows them.",
        read: |request, _, out| put(request, |now| now.reading, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "connections_writing",
        doc: "Requests that are being answered, as `stub_status` shows them.",
        read: |request, _, out| put(request, |now| now.writing, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "connections_waiting",
        doc: "Connections that wait for their next request, as `stub_status` shows them.",
        read: |request, _, out| put(request, |now| now.waiting, out),
        ..VARIABLE
    },
];

fn put(request: &Request, number: fn(&Now) -> u64, out: &mut Vec<u8>) -> bool {
    let now = Now::of(&request.runtime.connections);
    write!(out, "{}", number(&now)).is_ok()
}

fn location(_: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    if content::written::<Shown>(chain).is_some() {
        parts.content.push(Box::new(Handler));
    }
}

struct Handler;

impl ContentHandler for Handler {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        Some(match request.method() {
            b"GET" | b"HEAD" => {
                let text = page(&request.runtime.connections);
                Outcome::Respond(Response::new(200, "text/plain", text))
            }
            _ => Outcome::Status(405),
        })
    }
}

fn page(connections: &Connections) -> String {
    let now = Now::of(connections);
    format!(
        "Active connections: {} \nserver accepts handled requests\n {} {} {} \nReading: {} Writing: {} Waiting: {} \n",
        now.open,
        connections.accepted(),
        connections.handled(),
        connections.requests(),
        now.reading,
        now.writing,
        now.waiting,
    )
}

/// What the open connections do; reading, writing and waiting together are all of them.
struct Now {
    open: u64,
    reading: u64,
    writing: u64,
    waiting: u64,
}

impl Now {
    fn of(connections: &Connections) -> Self {
        let (waiting, writing) = (connections.idle(), connections.busy());
        let reading = connections.active().saturating_sub(writing);
        Self {
            open: reading + writing + waiting,
            reading,
            writing,
            waiting,
        }
    }
}

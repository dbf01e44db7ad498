//! What a feature consists of: its directives, its variables, and how it takes part in building a
//! runtime.

use super::builder::{Builder, LocationParts, ServerParts};
use crate::conf::{Chain, DirectiveSpec, SPEC};
use crate::http::plan::counters::Connections;
use crate::http::plan::http2_counters::Http2Counters;
use crate::http::plan::variable::VariableSpec;
use crate::os::SharedMemory;
use crate::status::Mount;

/// One feature, as nginx would call it: a module.
pub struct Module {
    /// Its name, for the reference.
    pub name: &'static str,
    /// What it is about, in a few words, for the reference.
    pub about: &'static str,
    /// Its directives.
    pub directives: &'static [DirectiveSpec],
    /// Its variables.
    pub variables: &'static [VariableSpec],
    /// What variables mean that it defines while a configuration is built, with names that end in `_*` for
    /// those that have names of the configuration in theirs.
    pub described: &'static [VariableSpec],
    /// What it shows in the status tree.
    pub status: &'static [&'static Mount],
    /// Called once with the `http` block, before any server is built: things that are declared
    /// there (zones, maps, upstreams) and branches of the status tree.
    pub http: fn(&mut Builder<'_>, &Chain<'_>),
    /// Called for each server.
    pub server: fn(&mut Builder<'_>, &Chain<'_>, &mut ServerParts),
    /// Called for each location, for each server itself, and for each `if` block.
    pub location: fn(&mut Builder<'_>, &Chain<'_>, &mut LocationParts),
    /// What it has workers count in rows of their own.
    pub rows: &'static [Rows],
    /// Called once at the end, when everything is declared.
    pub finish: fn(&mut Builder<'_>, &Chain<'_>),
}

/// How many rows tables have together.
pub const fn count(tables: &[&[DirectiveSpec]]) -> usize {
    let (mut count, mut table) = (0, 0);
    while table < tables.len() {
        count += tables[table].len();
        table += 1;
    }
    count
}

/// The rows of several tables, of which there are [`count`].
pub const fn join<const N: usize>(tables: &[&[DirectiveSpec]]) -> [DirectiveSpec; N] {
    let mut rows = [SPEC; N];
    let (mut at, mut table) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            rows[at] = tables[table][row];
            (at, row) = (at + 1, row + 1);
        }
        table += 1;
    }
    rows
}

/// Memory in which each worker has a row of what is going on at present.
pub struct Rows {
    /// The kind of the memory.
    pub kind: &'static str,
    /// Clears what the worker of this place has left there, once it is gone.
    pub forget: fn(&SharedMemory, usize),
}

/// The defaults of a module: it takes no part.
pub const MODULE: Module = Module {
    name: "",
    about: "",
    directives: &[],
    variables: &[],
    described: &[],
    status: &[],
    http: |_, _| {},
    server: |_, _, _| {},
    location: |_, _, _| {},
    rows: &[],
    finish: |_, _| {},
};

/// Of connections of clients.
pub(super) const CONNECTIONS: Rows = Rows {
    kind: "connections",
    forget: Connections::forget,
};
/// Of what clients do by HTTP/2.
pub(super) const HTTP2: Rows = Rows {
    kind: "http2",
    forget: Http2Counters::forget,
};

/// Clears what a worker that is gone has left in memory of this kind.
pub fn forget_worker(modules: &[&Module], (kind, memory): (&str, &SharedMemory), worker: usize) {
    let all = modules.iter().flat_map(|module| module.rows);
    for rows in all.chain(&[CONNECTIONS, HTTP2]) {
        if rows.kind == kind {
            (rows.forget)(memory, worker);
        }
    }
}

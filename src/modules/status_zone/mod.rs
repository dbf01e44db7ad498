//! `status_zone`: traffic counted by server and by location, under fixed names or under keys.
//!
//! Servers and locations have name spaces of their own. How large a zone is may be written in any
//! one of its uses, so the zones are gathered from all blocks before the first of them is built.

mod count;
mod directive;
mod keys;
mod layout;
mod status;
mod store;

use std::sync::Arc;

use crate::conf::{Chain, Diagnostic, Scope, Span};
use crate::http::build::builder::{Builder, LocationParts, ServerParts};
use crate::http::build::module::{self, Module, Rows};
use crate::http::build::written::Listens;
use crate::http::plan::state::StateIndex;
use count::{Begun, Counter, Select};
use directive::{LocationZone, ServerZone, ZoneWritten};
use layout::Kind;
use store::Zone;

/// The feature.
pub static MODULE: Module = Module {
    name: "status_zone",
    about: "traffic of servers and locations, counted",
    directives: directive::DIRECTIVES,
    status: &[&status::SERVERS, &status::LOCATIONS],
    http: declare,
    server,
    location,
    rows: &[Rows {
        kind: Kind::Server.memory_kind(),
        forget: |memory, worker| store::forget(memory, Kind::Server, worker),
    }],
    ..module::MODULE
};

/// The zones of a configuration, in the order of the file.
#[derive(Default)]
struct Registry {
    zones: Vec<Arc<Zone>>,
    begun: Option<StateIndex<Begun>>,
}

/// A zone as all of its uses together describe it.
struct Declared {
    kind: Kind,
    name: String,
    is_keyed: bool,
    is_encrypted: bool,
    count: Option<usize>,
    span: Span,
}

fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let mut all = Vec::new();
    gather(chain.scope(), &mut all);
    let mut zones = Vec::new();
    for declared in all {
        if declared.is_keyed && declared.count.is_none() {
            let message = format!("zero size zone \"{}\"", declared.name);
            let help = format!("say how many keys it holds: zone={}:100", declared.name);
            let problem = Diagnostic::error(declared.span, message).with_help(help);
            builder.diagnostics.push(problem);
            continue;
        }
        let capacity = declared.count.unwrap_or(0);
        match Zone::open(builder.memory, declared.kind, &declared.name, capacity) {
            Ok(mut zone) => {
                zone.is_encrypted = declared.is_encrypted;
                zones.push(Arc::new(zone));
            }
            Err(error) => builder.no_memory(&declared.name, &error),
        }
    }
    for kind in [Kind::Server, Kind::Location] {
        let own = zones.iter().filter(|zone| zone.kind() == kind);
        status::mount(builder, kind, own.cloned().collect());
    }
    let begun = Some(builder.state());
    *builder.thing() = Registry { zones, begun };
}

/// Collects the zones of a block and of those within.
fn gather(scope: &Scope, all: &mut Vec<Declared>) {
    if let Some(ServerZone(written)) = scope.get() {
        add(Kind::Server, written, all, scope);
    }
    if let Some(LocationZone(Some(written))) = scope.get() {
        add(Kind::Location, written, all, scope);
    }
    for block in &scope.blocks {
        gather(block, all);
    }
}

fn add(kind: Kind, written: &ZoneWritten, all: &mut Vec<Declared>, scope: &Scope) {
    let listens = scope.get::<Listens>().map_or(&[][..], |all| &all.0);
    let is_encrypted = listens.iter().any(|listen| listen.encrypted);
    let known = all
        .iter_mut()
        .find(|one| one.kind == kind && one.name == written.name);
    match known {
        Some(known) => {
            known.is_keyed |= written.key.is_some();
            known.is_encrypted |= is_encrypted;
            known.count = known.count.max(written.count);
        }
        None => all.push(Declared {
            kind,
            name: written.name.clone(),
            is_keyed: written.key.is_some(),
            is_encrypted,
            count: written.count,
            span: written.span,
        }),
    }
}

fn server(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut ServerParts) {
    let Some(ServerZone(written)) = chain.own() else {
        return;
    };
    let counter = counter(builder, Kind::Server, written);
    let begun = builder.thing::<Registry>().begun;
    if let Some((counter, begun)) = counter.zip(begun) {
        parts.handshakes.push(Box::new(counter.clone()));
        parts.begin.push(Box::new(counter.clone().begin(begun)));
        parts.finally.push(Box::new(counter.end(begun)));
    }
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(LocationZone(Some(written))) = chain.nearest() else {
        return;
    };
    if let Some(counter) = counter(builder, Kind::Location, written) {
        parts.finally.push(Box::new(counter));
    }
}

/// What counts into a zone; `None` when the zone could not be made, which was reported.
fn counter(builder: &mut Builder<'_>, kind: Kind, written: &ZoneWritten) -> Option<Counter> {
    let select = match &written.key {
        Some(key) => Select::Key(builder.template(key)),
        None => Select::Whole,
    };
    let mut zones = builder.thing::<Registry>().zones.iter();
    let zone = zones.find(|zone| zone.kind() == kind && zone.name() == written.name)?;
    Some(Counter::new(Arc::clone(zone), select))
}

#[cfg(test)]
mod tests;

//! Backpressure: requests are let in as long as a window has room, and signals make it smaller or let it grow; and jitter,
//! which spreads requests over time before that.
//!
//! A zone's window is one word of shared memory (`gate`), its size is arithmetic (`rules`), what its signals
//! say is found out by one process for all (`evaluation`, `watch`, `signal`).

mod admission;
pub(in crate::modules) mod area;
mod described;
mod directives;
mod evaluation;
pub mod gate;
mod jitter;
mod kept;
pub(in crate::modules) mod keyed;
mod opening;
mod rules;
pub(in crate::modules) mod search;
pub mod signal;
mod state;
mod status;
mod variables;
mod watch;
mod zone;
mod zone_directive;

use std::sync::Arc;

use crate::conf::{Chain, Context, Diagnostic, Scope, Span, nearest};
use crate::http::build::builder::{Builder, LocationParts, ServerParts};
use crate::http::build::module::{self, Module};
use crate::http::plan::state::StateIndex;
use admission::GiveBack;
use directives::ZonesWritten;
use jitter::JitterWritten;
use state::State;
use variables::Place;
use zone::Zone;
use zone_directive::ZoneWritten;

/// The feature.
pub static MODULE: Module = Module {
    name: "backpressure",
    directives: directives::DIRECTIVES,
    variables: variables::VARIABLES,
    about: "requests are let in while there is room for them",
    status: &[&described::STATUS],
    http: declare,
    server,
    location,
    ..module::MODULE
};

/// The zones of a configuration, in the order of the file.
#[derive(Default)]
struct Registry {
    zones: Vec<Arc<Zone>>,
    /// Those that cannot be used, which was reported.
    unusable: Vec<String>,
    /// `None` where no request is limited or kept waiting.
    state: Option<StateIndex<State>>,
}

fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    if is_used(chain.scope()) {
        let state = builder.state();
        builder.thing::<Registry>().state = Some(state);
    }
    for block in chain.scope().blocks_in(Context::BackpressureZone) {
        let Some(written) = block.get::<ZoneWritten>() else {
            continue;
        };
        match opening::open(builder, written, block) {
            Some(zone) => builder.thing::<Registry>().zones.push(zone),
            None => {
                let name = written.name.clone();
                builder.thing::<Registry>().unusable.push(name);
            }
        }
    }
    let zones = builder.thing::<Registry>().zones.clone();
    if !zones.is_empty() {
        status::mount(builder, zones);
    }
}

/// Whether requests are limited or kept waiting in a block or within it.
fn is_used(scope: &Scope) -> bool {
    let is_here = scope.get::<ZonesWritten>().is_some() || scope.get::<JitterWritten>().is_some();
    is_here || scope.blocks.iter().any(is_used)
}

/// What the zones are used for.
const USE: &str = "backpressure";

/// The zone called `name`; one that is not there is reported.
fn find(builder: &mut Builder<'_>, name: &str, span: Span) -> Option<Arc<Zone>> {
    let registry = builder.thing::<Registry>();
    let found = registry.zones.iter().find(|zone| zone.name == name);
    if let Some(zone) = found {
        return Some(Arc::clone(zone));
    }
    if registry.unusable.iter().any(|one| one == name) {
        return None;
    }
    let names = registry.zones.iter().map(|zone| zone.name.as_str());
    let similar = nearest(name, names).map(|similar| format!("did you mean \"{similar}\"?"));
    let message = format!("unknown backpressure zone \"{name}\"");
    let problem = Diagnostic::error(span, message);
    builder.diagnostics.push(match similar {
        Some(help) => problem.with_help(help),
        None => problem.with_help(format!(
            "declare it with backpressure_zone {name}:64k {{ ... }}"
        )),
    });
    None
}

fn server(builder: &mut Builder<'_>, _: &Chain<'_>, parts: &mut ServerParts) {
    if let Some(state) = builder.thing::<Registry>().state {
        parts.finally.push(Box::new(GiveBack(state)));
    }
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(state) = builder.thing::<Registry>().state else {
        admission::bypass(builder, chain);
        jitter::bypass(builder, chain);
        return;
    };
    parts.keep(Place(state));
    if let Some(jitter) = jitter::handler(builder, chain, state) {
        parts.preaccess.push(Box::new(jitter));
    }
    if let Some(limit) = admission::handler(builder, chain, state) {
        parts.preaccess.push(Box::new(limit));
    }
}

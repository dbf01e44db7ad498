//! `limit_conn`: how many requests of a key may be under way at once.
//!
//! Each value of a key has a gate in shared memory, of the kind that backpressure has (`backpressure::gate`): what a worker
//! has under way is noted beside it, and given back by the keeper when the worker dies.

mod bury;
mod directives;
mod limit;
mod status;
mod zone;

use std::sync::Arc;

use super::limited;
use crate::conf::{Chain, Span};
use crate::http::build::builder::{Builder, LocationParts, ServerParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, VariableSpec};
use directives::{DryRunWritten, LevelWritten, LimitsWritten, StatusWritten, ZonesWritten};
use limit::{GiveBack, Limit, Limits, Outcome, State};
use zone::Zone;

/// The feature.
pub static MODULE: Module = Module {
    name: "limit_conn",
    about: "how many requests of a key may be under way",
    directives: directives::DIRECTIVES,
    variables: &[STATUS],
    status: &[&status::STATUS],
    http: declare,
    server,
    location,
    ..module::MODULE
};

const STATUS: VariableSpec = VariableSpec {
    name: "limit_conn_status",
    doc: "What `limit_conn` decided: `PASSED`, `REJECTED` or `REJECTED_DRY_RUN`; empty where nothing was to be decided.",
    read: |request, _, out| {
        let text = outcome(request).map(Outcome::text);
        out.extend_from_slice(text.unwrap_or_default().as_bytes());
        text.is_some()
    },
    ..VARIABLE
};

fn outcome(request: &Request) -> Option<Outcome> {
    let Place(index) = request.location.extra()?;
    request.state_if_any(*index)?.outcome
}

/// Where a request's state is, kept with each location.
struct Place(StateIndex<State>);

/// The zones of a configuration, in the order of the file.
#[derive(Default)]
struct Registry {
    zones: Vec<Arc<Zone>>,
    /// Those that cannot be used, which was reported.
    unusable: Vec<String>,
    /// `None` where no request is limited.
    state: Option<StateIndex<State>>,
}

/// What the names of the zones are used for.
const USE: &str = "limit_conn";

fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    if limited::is_used::<LimitsWritten>(chain.scope()) {
        let state = builder.state();
        builder.thing::<Registry>().state = Some(state);
    }
    let Some(ZonesWritten(zones)) = chain.own() else {
        return;
    };
    for written in zones {
        let opened = Zone::open(builder, written).map(Arc::new);
        if let Some(zone) = &opened {
            let bury = bury::Bury::new(Arc::clone(zone));
            builder.chores.push(Box::new(bury));
        }
        let registry = builder.thing::<Registry>();
        match opened {
            Some(zone) => registry.zones.push(zone),
            None => registry.unusable.push(written.name.clone()),
        }
    }
    let zones = builder.thing::<Registry>().zones.clone();
    status::mount(builder, zones);
}

fn server(builder: &mut Builder<'_>, _: &Chain<'_>, parts: &mut ServerParts) {
    if let Some(state) = builder.thing::<Registry>().state {
        parts.finally.push(Box::new(GiveBack(state)));
    }
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(state) = builder.thing::<Registry>().state else {
        return;
    };
    parts.keep(Place(state));
    let Some(LimitsWritten(written)) = chain.nearest() else {
        return;
    };
    let limits = written.iter().filter_map(|one| {
        let zone = find(builder, &one.zone, one.span)?;
        let most = one.most;
        Some(Limit { zone, most })
    });
    let limits: Box<[_]> = limits.collect();
    if limits.is_empty() {
        return;
    }
    let level = chain.nearest().map(|LevelWritten(level)| *level);
    parts.preaccess.push(Box::new(Limits {
        limits,
        status: chain.nearest().map_or(503, |StatusWritten(status)| *status),
        level: level.unwrap_or_default(),
        is_dry_run: chain.nearest().is_some_and(|DryRunWritten(on)| *on),
        state,
    }));
}

/// The zone called `name`; one that is not there is reported.
fn find(builder: &mut Builder<'_>, name: &str, span: Span) -> Option<Arc<Zone>> {
    let registry = builder.thing::<Registry>();
    let found = registry.zones.iter().find(|zone| zone.name() == name);
    if let Some(zone) = found {
        return Some(Arc::clone(zone));
    }
    if !registry.unusable.iter().any(|one| one == name) {
        let names = registry.zones.iter().map(|zone| zone.name());
        let problem = limited::unknown_zone((USE, name, span), names);
        builder.diagnostics.push(problem);
    }
    None
}

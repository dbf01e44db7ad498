//! `limit_req`: how fast requests of a key may come, by a leaky bucket for each value of it.
//!
//! A bucket is a word of shared memory (`bucket`), found by its key without a lock (`zone`). What a location asks of the
//! buckets, and whether a request passes, waits or is refused, stands in `limit`.

mod bucket;
mod counts;
mod directives;
mod limit;
mod status;
mod zone;
mod zone_directive;

use std::sync::Arc;

use super::limited;
use crate::conf::{Chain, Diagnostic, Span};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, VariableSpec};
use directives::{LevelWritten, LimitsWritten, StatusWritten};
use limit::{Limit, Limits, State};
use zone::Zone;
use zone_directive::ZonesWritten;

/// The feature.
pub static MODULE: Module = Module {
    name: "limit_req",
    about: "how fast requests of a key may come",
    directives: directives::DIRECTIVES,
    variables: &[STATUS],
    status: &[&status::STATUS],
    http: declare,
    location,
    ..module::MODULE
};

const STATUS: VariableSpec = VariableSpec {
    name: "limit_req_status",
    doc: "What `limit_req` decided: `PASSED`, `DELAYED`, `REJECTED`, `DELAYED_DRY_RUN` or `REJECTED_DRY_RUN`; empty where \
          nothing was to be decided.",
    read: |request, _, out| {
        let outcome = outcome(request).map(limit::Outcome::text);
        outcome.is_some_and(|text| {
            out.extend_from_slice(text.as_bytes());
            true
        })
    },
    ..VARIABLE
};

fn outcome(request: &Request) -> Option<limit::Outcome> {
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
const USE: &str = "limit_req";

fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    if limited::is_used::<LimitsWritten>(chain.scope()) {
        let state = builder.state();
        builder.thing::<Registry>().state = Some(state);
    }
    let Some(ZonesWritten(zones)) = chain.own() else {
        return;
    };
    for written in zones {
        let opened = Zone::open(builder, written);
        let registry = builder.thing::<Registry>();
        match opened {
            Some(zone) => registry.zones.push(Arc::new(zone)),
            None => registry.unusable.push(written.memory.name.clone()),
        }
    }
    let zones = builder.thing::<Registry>().zones.clone();
    status::mount(builder, zones);
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
        Some(Limit {
            zone,
            burst: one.burst,
            delay: one.delay,
        })
    });
    let limits: Box<[_]> = limits.collect();
    if !limits.is_empty() {
        parts.preaccess.push(Box::new(Limits {
            limits,
            status: chain.nearest().map_or(503, |StatusWritten(status)| *status),
            level: chain
                .nearest()
                .map_or_else(Default::default, |LevelWritten(level)| *level),
            is_dry_run: chain
                .nearest()
                .is_some_and(|directives::DryRunWritten(on)| *on),
            state,
        }));
    }
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
        let problem: Diagnostic = limited::unknown_zone((USE, name, span), names);
        builder.diagnostics.push(problem);
    }
    None
}

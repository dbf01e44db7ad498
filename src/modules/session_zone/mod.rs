//! Sessions: who gets what, how fast, and when it is too much (`session_zone`, `session`).
//!
//! The engine is `crate::sessions`; this is what configurations and requests have of it. `zones.rs` has the zones,
//! `tracker.rs` what happens to a request, `leave.rs` what is due on its way out, `visits.rs` what a request knows of its sessions, `visit.rs` how its bytes are
//! counted, `sweep.rs` what the keeper does, `closing.rs` the log of what is over.

mod bitrate;
mod closing;
mod described;
mod directives;
mod leave;
mod status;
mod sweep;
mod tracker;
mod variables;
mod visit;
mod visits;
mod zone_directive;
mod zones;

use crate::conf::{Chain, DirectiveSpec};
use crate::http::build::builder::{Builder, LocationParts, ServerParts};
use crate::http::build::module::{self, Module};
use crate::http::plan::phase::Phase;
use crate::modules::log_level::LogLevel;
use directives::{DryRunWritten, LevelWritten, SessionWritten, SessionsWritten, StatusWritten};
use leave::{Leave, Respond};
use tracker::{Tracker, Trackers};
use zones::Registry;

/// The feature.
pub static MODULE: Module = Module {
    name: "session_zone",
    directives: DIRECTIVES,
    variables: variables::VARIABLES,
    about: "who streams what, how fast: requests that belong together, their limits and history",
    status: &[&described::STATUS],
    http: zones::declare,
    server,
    location,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[
    zone_directive::SESSION_ZONE,
    directives::SESSION,
    directives::SESSION_STATUS,
    directives::SESSION_LOG_LEVEL,
    directives::SESSION_DRY_RUN,
];

fn server(builder: &mut Builder<'_>, _chain: &Chain<'_>, parts: &mut ServerParts) {
    let registry = builder.thing::<Registry>();
    if let Some(state) = registry.state.filter(|_| !registry.all.is_empty()) {
        parts.finally.push(Box::new(Leave(state)));
    }
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(state) = builder.thing::<Registry>().state else {
        return;
    };
    parts.keep(state);
    if !builder.thing::<Registry>().all.is_empty() {
        parts.phases[Phase::Response as usize].push(Box::new(Respond(state)));
    }
    let Some(SessionsWritten { sessions, .. }) = chain.nearest() else {
        return;
    };
    let sessions = sessions.iter();
    let trackers: Vec<_> = sessions
        .filter_map(|written| tracker(builder, chain, written))
        .collect();
    if !trackers.is_empty() {
        parts.preaccess.push(Box::new(Trackers(trackers)));
    }
}

fn tracker(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    written: &SessionWritten,
) -> Option<Tracker> {
    let entry = zones::find(builder, &written.zone, "session zone")?;
    let registry = builder.thing::<Registry>();
    let number = registry.all.iter().position(|one| one.name == entry.name)?;
    let state = registry.state?;
    let mut template = |text: &Option<_>| text.as_ref().map(|text| builder.template(text));
    Some(Tracker {
        number,
        state,
        reference: template(&written.reference),
        location: template(&written.location),
        peer: template(&written.peer),
        extra: template(&written.extra),
        activate: template(&written.activate),
        estimate: template(&written.estimate),
        close: template(&written.close),
        condition: template(&written.condition),
        id: builder.template(&written.id),
        status: chain.nearest().map_or(503, |StatusWritten(status)| *status),
        level: chain
            .nearest()
            .map_or(LogLevel::Error, |LevelWritten(level)| *level),
        is_dry_run: chain.nearest().is_some_and(|DryRunWritten(on)| *on),
        entry,
    })
}

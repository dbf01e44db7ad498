//! What was decided about a request, as variables.

use std::io::Write;

use super::state::{Decision, State};
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

/// The rows.
pub(super) const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "backpressure_status",
        doc: "What `backpressure` decided: `PASSED`, `BYPASSED`, `REJECTED` or `REJECTED_DRY_RUN`.",
        read: |request, _, out| {
            decision(request).is_some_and(|one| put(out, format_args!("{}", one.outcome.text())))
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "backpressure_window",
        doc: "How many requests might be under way when `backpressure` decided.",
        read: |request, _, out| {
            let seen = decision(request).and_then(|one| one.seen);
            seen.is_some_and(|seen| put(out, format_args!("{}", seen.window)))
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "backpressure_active",
        doc: "How many requests were under way when `backpressure` decided, this one included if it was let in.",
        read: |request, _, out| {
            let seen = decision(request).and_then(|one| one.seen);
            seen.is_some_and(|seen| put(out, format_args!("{}", seen.active)))
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "backpressure_retry_after",
        doc: "Whole seconds, at least one, until the signals are evaluated next; empty unless `backpressure` refused the \
              request.",
        read: |request, _, out| {
            let after = decision(request).and_then(|one| one.retry_after);
            after.is_some_and(|after| put(out, format_args!("{after}")))
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "jitter_delay",
        doc: "How long `jitter` had the request wait, in seconds with milliseconds.",
        read: |request, _, out| {
            let waited = state(request).and_then(|state| state.waited);
            waited.is_some_and(|waited| {
                let seconds = waited.as_secs();
                put(out, format_args!("{seconds}.{:03}", waited.subsec_millis()))
            })
        },
        ..VARIABLE
    },
];

/// Where a request's state is, kept with each location.
pub(super) struct Place(pub(super) StateIndex<State>);

fn state(request: &Request) -> Option<&State> {
    let Place(index) = request.location.extra()?;
    request.state_if_any(*index)
}

fn decision(request: &Request) -> Option<Decision> {
    state(request)?.decision
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) -> bool {
    out.write_fmt(text).is_ok()
}

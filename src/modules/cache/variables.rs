//! `$upstream_cache_…`

use super::visit::{State, Told};
use super::zones::Registry;
use crate::conf::Chain;
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;
use crate::http::message::validators;
use crate::http::plan::phase::Phase;
use crate::http::plan::variable::{VARIABLE, VariableSpec};
use crate::os;

pub(super) const ROWS: &[VariableSpec] = &[
    VariableSpec {
        name: "upstream_cache_status",
        doc: "What the cache had for the request: `MISS`, `HIT`, `EXPIRED`, `STALE`, `UPDATING`, `REVALIDATED` or \
              `BYPASS`.",
        read: |request, _, out| {
            let outcome = told(request).and_then(|told| told.outcome);
            out.extend_from_slice(outcome.map_or("", |outcome| outcome.word()).as_bytes());
            outcome.is_some()
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "upstream_cache_key",
        doc: "What the answer is kept under (`proxy_cache_key`).",
        read: |request, _, out| {
            let told = told(request);
            out.extend_from_slice(told.map_or(b"", |told| &told.key));
            told.is_some()
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "upstream_cache_age",
        doc: "How many seconds old the answer is that the cache gave.",
        available_from: Phase::Response,
        read: |request, _, out| {
            let created = told(request).and_then(|told| told.created);
            if let Some(created) = created {
                let age = Decimal::new(os::seconds().saturating_sub(created));
                out.extend_from_slice(age.bytes());
            }
            created.is_some()
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "upstream_cache_last_modified",
        doc: "When the answer that the cache has was modified last, as its origin said.",
        read: |request, _, out| {
            let modified = told(request).and_then(|told| told.last_modified);
            if let Some(modified) = modified {
                out.extend_from_slice(&validators::date(modified));
            }
            modified.is_some()
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "upstream_cache_etag",
        doc: "The tag of the answer that the cache has, as its origin gave it.",
        read: |request, _, out| {
            let told = told(request).filter(|told| !told.etag.is_empty());
            out.extend_from_slice(told.map_or(b"", |told| &told.etag));
            told.is_some()
        },
        ..VARIABLE
    },
];

fn told(request: &Request) -> Option<&Told> {
    let state = request.location.extra::<State>()?;
    request.state_if_any(*state)?.told.as_ref()
}

/// Has a location know where its requests keep what they know of caches.
pub(super) fn keep_state(builder: &mut Builder<'_>, _chain: &Chain<'_>, parts: &mut LocationParts) {
    if let Some(state) = builder.thing::<Registry>().state {
        parts.keep(state);
    }
}

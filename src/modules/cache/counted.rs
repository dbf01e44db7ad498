//! `$cache_NAME_…`: what a cache has counted, for pages and logs that are written with variables.
//!
//! A request looks at a cache once, so that all it says of it is of one moment.

use std::sync::Arc;

use super::zones::{Entry, Registry};
use crate::cache::index::Numbers;
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, Variable, VariableSpec};
use crate::metric::Moment;
use crate::os;

/// What there is of each cache, by the end of its names.
const MEMBERS: [(&str, Read); 5] = [
    ("requests", |numbers| {
        numbers.hits().saturating_add(numbers.misses())
    }),
    ("hits", Numbers::hits),
    ("misses", Numbers::misses),
    ("received", Numbers::received),
    ("sent", Numbers::sent),
];

/// What the reference says of them.
pub(super) const DESCRIBED: &[VariableSpec] = &[VariableSpec {
    name: "cache_*",
    doc: "`$cache_NAME_requests`, `$cache_NAME_hits`, `$cache_NAME_misses`: requests that asked the cache NAME, and what \
          became of them. `$cache_NAME_received`, `$cache_NAME_sent`: bytes from origins and to clients.",
    ..VARIABLE
}];

type Read = fn(&Numbers) -> u64;

/// What a request has seen of one cache.
#[derive(Default)]
struct Seen(Option<Numbers>);

struct Counted {
    entry: Arc<Entry>,
    seen: StateIndex<Seen>,
    read: Read,
}

/// Defines those of all caches.
pub(super) fn define(builder: &mut Builder<'_>) {
    let all = builder.thing::<Registry>().all.clone();
    for entry in all {
        let seen = builder.state();
        for (member, read) in MEMBERS {
            let name = format!("cache_{}_{member}", entry.name);
            let variable = Counted {
                entry: Arc::clone(&entry),
                seen,
                read,
            };
            let owner = "proxy_cache_path";
            let offered = builder
                .variables
                .offer_described(&name, owner, Box::new(variable));
            builder.diagnostics.check(offered);
        }
    }
}

impl Variable for Counted {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let index = self.entry.cache.index();
        let seen = &mut request.state(self.seen).0;
        let numbers = seen.get_or_insert_with(|| index.numbers(Moment(os::monotonic())));
        let value = (self.read)(numbers);
        out.extend_from_slice(Decimal::new(value).bytes());
        true
    }
}

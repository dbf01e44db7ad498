//! What is counted of a request that a cache was asked about, when it is over.

use super::visit::{State, Told};
use super::zones::Registry;
use crate::cache::index::Answered;
use crate::conf::Chain;
use crate::http::build::builder::{Builder, ServerParts};
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;

/// Has the requests of a server counted, if there are caches.
pub(super) fn serve(builder: &mut Builder<'_>, _chain: &Chain<'_>, parts: &mut ServerParts) {
    if let Some(state) = builder.thing::<Registry>().state {
        parts.finally.push(Box::new(Leave(state)));
    }
}

struct Leave(State);

impl PhaseHandler for Leave {
    fn run(&self, request: &mut Request) {
        if request.state_if_any(self.0).is_none() {
            return;
        }
        // What a subrequest brings goes to nobody, or to another request's client.
        let sent = match request.is_subrequest() {
            true => 0,
            false => request.content_bytes_sent(),
        };
        let (now, is_background) = (request.moment(), request.is_continuing());
        let visit = request.state(self.0);
        visit.turn = None;
        let Some(told) = visit.told.take() else {
            return;
        };
        let index = told.caching.entry.cache.index();
        let Some(outcome) = told.outcome else {
            // What another request was given a part of is had again.
            return index.count_received(told.received, now);
        };
        let answered = answered(&told, sent);
        match is_background {
            // It is nobody's hit or miss.
            true => index.count_background(&answered, now),
            false => index.count(outcome, &answered, now),
        }
    }

    fn is_for_subrequests(&self) -> bool {
        true
    }
}

fn answered(told: &Told, sent: u64) -> Answered {
    Answered {
        bytes: told.given.unwrap_or(match told.is_shared {
            // How long it would be was not known when it was begun.
            true => sent,
            false => told.received,
        }),
        sent,
        received: told.received,
        written: told.written,
        is_shared: told.is_shared,
    }
}

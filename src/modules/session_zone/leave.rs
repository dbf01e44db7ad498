//! What sessions have to do with a request on its way out: when its response's head leaves, and when it is over.

use std::sync::Arc;

use super::tracker::is_set;
use super::visit::Visit;
use super::visits::{Seen, State, Visits};
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;
use crate::http::transport::clock;

/// The end of a request: its bytes are counted no more.
pub(super) struct Leave(pub State);

impl PhaseHandler for Leave {
    fn run(&self, request: &mut Request) {
        let Some(visits) = request.state_if_any(self.0) else {
            return;
        };
        if visits.all().any(is_concerned) {
            conclude(request, self.0);
        }
        Visits::end(request, self.0);
    }
}

/// Whether something is to be done for a visit at the end of its request.
fn is_concerned(seen: &Seen) -> bool {
    let is_so = |visit: &Arc<Visit>| seen.tracker.close.is_some() || visit.has_uncounted();
    seen.visit.as_ref().is_some_and(is_so)
}

/// Counts what is left to be counted, and ends the sessions that are to end with the request.
fn conclude(request: &mut Request, state: State) {
    let Some(visits) = request.state_if_any(state) else {
        return;
    };
    let concerned = visits.all().filter(|seen| is_concerned(seen));
    let concerned =
        concerned.filter_map(|seen| Some((seen.tracker, Arc::clone(seen.visit.as_ref()?))));
    // All are asked before any ends: what they ask may be how a session is.
    let mut over: Vec<_> = concerned.collect();
    for (_, visit) in &over {
        visit.leave(request);
    }
    over.retain(|(tracker, _)| {
        tracker
            .close
            .as_ref()
            .is_some_and(|close| is_set(close, request))
    });
    for (tracker, visit) in over {
        tracker.end(request, &visit);
    }
}

/// The head of a response leaves: a session that has ended is resumed, and one that may end meanwhile can be.
pub(super) struct Respond(pub State);

impl PhaseHandler for Respond {
    fn run(&self, request: &mut Request) {
        let Some(visits) = request.state_if_any(self.0) else {
            return;
        };
        let (now, mut number) = (clock::moment(), 0);
        let is_old = |seen: &Seen| seen.visit.as_ref().is_some_and(|visit| visit.is_old(now));
        if !visits.all().any(is_old) {
            return;
        }
        while let Some(seen) = nth(request, self.0, number) {
            if let Some(visit) = seen.visit.clone().filter(|_| is_old(seen)) {
                visit.respond(request, now);
            }
            number += 1;
        }
    }
}

fn nth(request: &Request, state: State, number: usize) -> Option<&Seen> {
    request.state_if_any(state)?.all().nth(number)
}

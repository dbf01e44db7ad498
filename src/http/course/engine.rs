//! The course of a request: from its head to an answer, and what is due on the way out.
//!
//! nginx's order: rewriting in the server, the location, rewriting in the location, access, the
//! request phase, content. An answer leaves through `head_point`, a request ends in `finish`;
//! phases that were skipped are run late, in order, once.

use std::mem;

use super::access::{self, Judged, Judging};
use super::circumstances::Circumstances;
use super::elsewhere;
use super::preaccess;
use super::request::Request;
use super::settle::{Settled, follow, settle};
use crate::http::message::head::BodyFraming;
use crate::http::message::response::Response;
use crate::http::plan::location::Found;
use crate::http::plan::origin::Origin;
use crate::http::plan::outcome::{InternalTarget, Outcome};
use crate::http::plan::phase::{Flow, Phase, PhaseHandler, RewriteStep};
use crate::http::plan::receiver::Receiver;
use crate::http::plan::settings::ErrorStatus;
use crate::http::plan::wait::Wait;

/// What a request is answered with.
pub enum Answer {
    /// A response made here.
    Local(Response),
    /// Whatever an origin says.
    Proxy(&'static dyn Origin),
    /// What a receiver makes of the body.
    Receive(&'static dyn Receiver),
    /// Nothing yet: a step waits.
    Wait(Paused),
    /// Nothing: the connection is closed.
    Close,
}

/// A pass through the phases that goes on when something is over.
pub struct Paused {
    wait: Wait,
    place: Place,
}

impl Paused {
    /// What it waits for, and what goes on then.
    pub fn into_parts(self) -> (Wait, impl FnOnce(&mut Request) -> Answer) {
        let place = self.place;
        (self.wait, move |request: &mut Request| run(request, place))
    }
}

/// Where a pass through the phases begins, or goes on.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// With rewriting in the server.
    Server,
    /// With rewriting in the location.
    Location,
    /// With the preaccess handler of this number.
    Preaccess(usize),
    /// With the rules that have not been asked.
    Access(Judging),
    /// With the status that the request is refused with.
    Refused(u16),
    /// With the content handler of this number.
    Content(usize),
}

/// Decides the answer to a request whose head and server are known.
pub fn decide(request: &mut Request) -> Answer {
    match request.is_continuing() {
        true => run(request, Place::Content(0)),
        false => run(request, Place::Server),
    }
}

/// Decides the answer once something failed with `status`.
pub fn fail(request: &mut Request, status: u16) -> Answer {
    answer(request, Outcome::Status(status))
}

/// Decides the answer that an outcome comes to.
pub fn answer(request: &mut Request, outcome: Outcome) -> Answer {
    match settle(request, outcome) {
        Settled::Answer(answer) => answer,
        Settled::Again(place) => run(request, place),
    }
}

/// Decides the answer from another place of ours.
pub fn redirect_internally(request: &mut Request, target: InternalTarget) -> Answer {
    request.redirect_for_error();
    match follow(request, target) {
        Settled::Answer(answer) => answer,
        Settled::Again(place) => run(request, place),
    }
}

/// The head is about to leave: the fields that the location adds, then the phases that are due. A filter may refuse the
/// response, whose head is then a bare 500.
pub fn head_point(request: &mut Request) {
    if !request.response_refused {
        finish_head(request);
    }
    if request.is_subrequest() {
        // What goes on where its parent is, is filtered there.
        if !request.is_continuing() {
            filter_head(request, |filter| filter.is_for_subrequests());
        }
        return;
    }
    filter_head(request, |_| true);
    let location = request.location;
    let any = [Phase::Request, Phase::Response]
        .iter()
        .any(|one| !location.phase(*one).is_empty());
    if any {
        run_due(request, Phase::Response);
    }
}

/// What error pages and redirects that led here say of the head.
fn finish_head(request: &mut Request) {
    if let Some((original, shown)) = request.error_page {
        match shown {
            ErrorStatus::Original => request.response.status = original,
            // A part of a success, or that the client has it.
            ErrorStatus::Fixed(200) if matches!(request.response.status, 206 | 304) => {}
            ErrorStatus::Fixed(status) => request.response.status = status,
            ErrorStatus::OfTarget => {}
        }
    }
    request.add_carried();
}

/// Has filters of the location work on the head, up to one that refuses the response.
pub(super) fn filter_head(request: &mut Request, is_wanted: impl Fn(&dyn PhaseHandler) -> bool) {
    for filter in &request.location.header_filters {
        if request.response_refused {
            break;
        }
        if is_wanted(&**filter) {
            filter.run(request);
        }
    }
    if request.response_refused {
        request.error_page = None;
        request.response.status = 500;
        request.response.fields.clear();
        request.bodies.response.clear();
    }
}

/// The request is over.
pub fn finish(request: &mut Request) {
    if mem::take(&mut request.under_way) {
        request.runtime.connections.end_request();
    }
    request.time_passed();
    if let Some(after) = request.bodies.after.take() {
        after.run(request);
    }
    if request.is_subrequest() {
        return finish_subrequest(request);
    }
    run_due(request, Phase::End);
    let (location, server) = (request.location, request.server);
    for handler in location.finally.iter().chain(&server.finally) {
        handler.run(request);
    }
}

/// A subrequest counts with those alone whom it was to ask.
fn finish_subrequest(request: &mut Request) {
    let (location, server) = (request.location, request.server);
    let own = server.finally.iter();
    own.filter(|handler| handler.is_for_subrequests())
        .for_each(|handler| handler.run(request));
    if location.settings.log_subrequest {
        for handler in &location.finally {
            handler.run(request);
        }
    }
}

/// Runs every phase up to `last` that has not run, in order.
fn run_due(request: &mut Request, last: Phase) {
    for phase in Phase::ALL.into_iter().filter(|phase| *phase <= last) {
        if request.progress.is_some_and(|done| done >= phase) {
            continue;
        }
        request.progress = Some(phase);
        for handler in request.location.phase(phase) {
            handler.run(request);
        }
    }
}

fn run(request: &mut Request, mut place: Place) -> Answer {
    loop {
        let outcome = match pass(request, place) {
            Ok(outcome) => outcome,
            Err(paused) => return Answer::Wait(paused),
        };
        match settle(request, outcome) {
            Settled::Answer(answer) => return answer,
            Settled::Again(next) => place = next,
        }
    }
}

/// One pass through the phases, up to where it waits.
fn pass(request: &mut Request, place: Place) -> Result<Outcome, Paused> {
    let judging = match place {
        Place::Server | Place::Location => match route(request, place) {
            Some(outcome) => return Ok(outcome),
            None => return pass(request, Place::Preaccess(0)),
        },
        Place::Preaccess(number) => match preaccess::ask(request, number) {
            Ok(Some(status)) => return Ok(Outcome::Status(status)),
            Ok(None) => Judging::default(),
            Err((wait, number)) => {
                let place = Place::Preaccess(number);
                return Err(Paused { wait, place });
            }
        },
        Place::Access(judging) => judging,
        Place::Refused(status) => return Ok(Outcome::Status(status)),
        Place::Content(number) => return content(request, number),
    };
    let paused = match access::judge(request, judging) {
        Judged::Pass => {
            preaccess::let_in(request);
            return content(request, 0);
        }
        Judged::Answered(outcome) => {
            preaccess::take_back(request, usize::MAX);
            return Ok(outcome);
        }
        Judged::Refused(status) => {
            preaccess::take_back(request, usize::MAX);
            let delay = request.location.settings.auth_delay;
            if status != 401 || delay.is_zero() {
                return Ok(Outcome::Status(status));
            }
            Paused {
                wait: Wait::Until(Box::pin(tokio::time::sleep(delay))),
                place: Place::Refused(status),
            }
        }
        Judged::Wait(wait, judging) => Paused {
            wait,
            place: Place::Access(judging),
        },
    };
    Err(paused)
}

/// Rewrites, and finds the location; an outcome where that decides already.
fn route(request: &mut Request, place: Place) -> Option<Outcome> {
    if let Place::Server = place {
        let server = request.server;
        if let Flow::Finish(outcome) = rewrite(request, &server.rewrite) {
            return Some(outcome);
        }
    }
    let mut find = !matches!(place, Place::Location);
    loop {
        if find && let Err(outcome) = find_location(request) {
            return Some(outcome);
        }
        let location = request.location;
        match rewrite(request, &location.rewrite) {
            Flow::Finish(outcome) => return Some(outcome),
            Flow::Relocate if !request.count_redirect() => {
                log::error!("rewriting goes round in a cycle{}", Circumstances(request));
                return Some(Outcome::Status(500));
            }
            Flow::Relocate => find = true,
            Flow::Next | Flow::Break => return None,
        }
    }
}

/// Has the content handlers answer, from one of them on.
fn content(request: &mut Request, first: usize) -> Result<Outcome, Paused> {
    let location = request.location;
    let is_due = first == 0 && !location.phase(Phase::Request).is_empty();
    if is_due && !request.is_subrequest() {
        run_due(request, Phase::Request);
    }
    let handlers = location.before_content.iter().chain(&location.content);
    for (number, handler) in handlers.enumerate().skip(first) {
        match handler.run(request) {
            Some(Outcome::Wait(wait)) => {
                let place = Place::Content(number);
                return Err(Paused { wait, place });
            }
            Some(outcome) => return Ok(outcome),
            None => {}
        }
    }
    Ok(Outcome::Status(404))
}

fn rewrite(request: &mut Request, steps: &'static [Box<dyn RewriteStep>]) -> Flow {
    for step in steps {
        match step.run(request) {
            Flow::Next => {}
            Flow::Break => {
                request.uri_changed = false;
                return Flow::Break;
            }
            flow => return flow,
        }
    }
    if request.uri_changed {
        Flow::Relocate
    } else {
        Flow::Next
    }
}

fn find_location(request: &mut Request) -> Result<(), Outcome> {
    request.uri_changed = false;
    let (runtime, server) = (request.runtime, request.server);
    let path = std::mem::take(&mut request.path);
    let found = server.locations.find(request, &path, &runtime.locations);
    request.path = path;
    request.located = true;
    request.location = runtime.location(match found {
        Found::Nothing => server.own,
        Found::Location(index) | Found::Slash(index) => index,
    });
    if request.location.settings.internal && !request.internal {
        return Err(Outcome::Status(404));
    }
    if let Found::Slash(_) = found {
        return Err(elsewhere::to_slash(request));
    }
    let judges_body = request.error_page.is_none() && !request.is_subrequest();
    if judges_body && has_too_large_body(request) {
        request.bodies.is_too_long = true;
        return Err(Outcome::Status(413));
    }
    Ok(())
}

fn has_too_large_body(request: &Request) -> bool {
    match (request.head.body(), request.location.settings.most_body) {
        (BodyFraming::Length(length), Some(most)) => length > most,
        _ => false,
    }
}

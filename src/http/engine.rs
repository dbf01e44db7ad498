//! The course of a request: from its head to an answer, and what is due on the way out.
//!
//! nginx's order: rewriting in the server, the location, rewriting in the location, access, the
//! request phase, content. An answer leaves through `head_point`, a request ends in `finish`;
//! phases that were skipped are run late, in order, once.

use super::circumstances::Circumstances;
use super::head::BodyFraming;
use super::location::Found;
use super::origin::Origin;
use super::outcome::{InternalTarget, Outcome};
use super::phase::{AccessRule, Flow, Phase, RewriteStep, Verdict};
use super::receiver::{self, Receiver};
use super::request::Request;
use super::response::Response;
use super::settings::{ErrorStatus, ErrorTarget, Satisfy};
use super::uri::{self, Slashes};

/// What a request is answered with.
pub enum Answer {
    /// A response made here.
    Local(Response),
    /// Whatever an origin says.
    Proxy(&'static dyn Origin),
    /// What a receiver makes of the body.
    Receive(&'static dyn Receiver),
    /// Nothing: the connection is closed.
    Close,
}

/// Where a pass through the phases begins.
#[derive(Clone, Copy)]
enum Start {
    Server,
    Location,
}

/// Decides the answer to a request whose head and server are known.
pub fn decide(request: &mut Request) -> Answer {
    run(request, Start::Server)
}

/// Decides the answer once something failed with `status`.
pub fn fail(request: &mut Request, status: u16) -> Answer {
    match settle(request, Outcome::Status(status)) {
        Settled::Answer(answer) => answer,
        Settled::Again(start) => run(request, start),
    }
}

/// The head is about to leave: the fields that the location adds, then the phases that are due.
pub fn head_point(request: &mut Request) {
    if let Some((original, shown)) = request.error_page {
        match shown {
            ErrorStatus::Original => request.response.status = original,
            ErrorStatus::Fixed(status) => request.response.status = status,
            ErrorStatus::OfTarget => {}
        }
    }
    for filter in &request.location.header_filters {
        filter.run(request);
    }
    let location = request.location;
    let any = [Phase::Request, Phase::Response]
        .iter()
        .any(|one| !location.phase(*one).is_empty());
    if any {
        run_due(request, Phase::Response);
    }
}

/// The request is over.
pub fn finish(request: &mut Request) {
    request.time_passed();
    run_due(request, Phase::End);
    let (location, server) = (request.location, request.server);
    for handler in location.finally.iter().chain(&server.finally) {
        handler.run(request);
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

fn run(request: &mut Request, mut start: Start) -> Answer {
    loop {
        let outcome = pass(request, start);
        match settle(request, outcome) {
            Settled::Answer(answer) => return answer,
            Settled::Again(next) => start = next,
        }
    }
}

/// One pass through the phases.
fn pass(request: &mut Request, start: Start) -> Outcome {
    if let Start::Server = start {
        let server = request.server;
        if let Some(outcome) = rewrite(request, &server.rewrite).into_outcome() {
            return outcome;
        }
    }
    let mut find = !matches!(start, Start::Location);
    loop {
        if find && let Err(outcome) = find_location(request) {
            return outcome;
        }
        let location = request.location;
        match rewrite(request, &location.rewrite) {
            Flow::Finish(outcome) => return outcome,
            Flow::Relocate if !request.count_redirect() => {
                log::error!("rewriting goes round in a cycle{}", Circumstances(request));
                return Outcome::Status(500);
            }
            Flow::Relocate => find = true,
            Flow::Next | Flow::Break => return serve(request),
        }
    }
}

fn serve(request: &mut Request) -> Outcome {
    if let Some(status) = refused(request) {
        return Outcome::Status(status);
    }
    let location = request.location;
    if !location.phase(Phase::Request).is_empty() {
        run_due(request, Phase::Request);
    }
    let handlers = location.before_content.iter().chain(&location.content);
    for handler in handlers {
        if let Some(outcome) = handler.run(request) {
            return outcome;
        }
    }
    Outcome::Status(404)
}

impl Flow {
    fn into_outcome(self) -> Option<Outcome> {
        match self {
            Self::Finish(outcome) => Some(outcome),
            _ => None,
        }
    }
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
    match found {
        Found::Nothing => request.location = runtime.location(server.own),
        Found::Location(index) => request.location = runtime.location(index),
        Found::Slash => return Err(Outcome::Respond(redirect_to_slash(request))),
    }
    if request.location.settings.internal && !request.internal {
        return Err(Outcome::Status(404));
    }
    if request.error_page.is_none() && has_too_large_body(request) {
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

/// Whether it is known beforehand that the body is longer than the receiver takes.
fn is_too_long(request: &Request, receiver: &dyn Receiver) -> bool {
    let most = receiver::most_body(receiver, request);
    matches!(request.head.body(), BodyFraming::Length(length) if length > most)
}

fn redirect_to_slash(request: &mut Request) -> Response {
    let mut target = Vec::new();
    uri::escape(&request.path, uri::Escape::Path, &mut target);
    target.push(b'/');
    if !request.arguments.is_empty() {
        target.push(b'?');
        target.extend_from_slice(&request.arguments);
    }
    redirect(request, 301, &target)
}

/// A redirect of the client to `target`; a path of ours becomes a whole URL. It is what the client
/// gets to see, even in the place of an error page.
pub fn redirect(request: &mut Request, status: u16, target: &[u8]) -> Response {
    request.error_page = None;
    let local = target.first() == Some(&b'/');
    if !local || !request.location.settings.absolute_redirect {
        return Response::redirect(status, target);
    }
    Response::redirect(status, &absolute(request, target))
}

/// The whole URL of a path of ours.
pub fn absolute(request: &Request, target: &[u8]) -> Vec<u8> {
    let mut url = match request.connection.encryption.is_on() {
        true => b"https://".to_vec(),
        false => b"http://".to_vec(),
    };
    let host = request.head.field(b"host").unwrap_or_default();
    if host.is_empty() {
        url.extend_from_slice(request.server.name.as_bytes());
    } else {
        url.extend_from_slice(host);
    }
    url.extend_from_slice(target);
    url
}

fn refused(request: &mut Request) -> Option<u16> {
    let (status, rule) = refusal(request)?;
    let reason = rule.refuse(request);
    log::error!("{reason}{}", Circumstances(request));
    Some(status)
}

/// The status to refuse with, and the rule that wants it.
fn refusal(request: &mut Request) -> Option<(u16, &'static dyn AccessRule)> {
    let location = request.location;
    let settings = &location.settings;
    let mut refusal: Option<(u16, &dyn AccessRule)> = None;
    for rule in &location.access {
        match (rule.check(request), settings.satisfy) {
            (Verdict::Allow, Satisfy::Any) => return None,
            (Verdict::Deny(status), Satisfy::All) => return Some((status, &**rule)),
            (Verdict::Deny(status), Satisfy::Any)
                if refusal.is_none_or(|(status, _)| status != 401) =>
            {
                refusal = Some((status, &**rule));
            }
            _ => {}
        }
    }
    refusal
}

enum Settled {
    Answer(Answer),
    Again(Start),
}

fn settle(request: &mut Request, outcome: Outcome) -> Settled {
    match outcome {
        Outcome::Respond(response) => Settled::Answer(Answer::Local(response)),
        Outcome::Proxy(origin) => Settled::Answer(Answer::Proxy(origin)),
        Outcome::Receive(receiver) if is_too_long(request, receiver) => error_page(request, 413),
        Outcome::Receive(receiver) => Settled::Answer(Answer::Receive(receiver)),
        Outcome::Close => {
            request.response.status = 444;
            Settled::Answer(Answer::Close)
        }
        Outcome::Redirect(target) => follow(request, target),
        Outcome::Status(status) => error_page(request, status),
    }
}

fn follow(request: &mut Request, target: InternalTarget) -> Settled {
    let start = match target {
        InternalTarget::Uri { .. } => Start::Server,
        InternalTarget::Named(_) => Start::Location,
    };
    if request.follow(target) {
        Settled::Again(start)
    } else {
        request.error_page = None;
        Settled::Answer(Answer::Local(Response::page(500)))
    }
}

fn error_page(request: &mut Request, status: u16) -> Settled {
    let pages = request.location.settings.error_pages.clone();
    let page = pages.iter().find(|page| page.codes.contains(&status));
    let Some(page) = page.filter(|_| request.error_page.is_none()) else {
        request.error_page = None;
        let location = request.location;
        let own = location.error_answer.as_ref();
        let answer = own.and_then(|own| own.answer(request, status));
        let answer = answer.unwrap_or_else(|| standard_page(status));
        return Settled::Answer(Answer::Local(answer));
    };
    request.error_page = Some((status, page.status));
    let template = match &page.target {
        ErrorTarget::Named(name) => return follow(request, InternalTarget::Named(name.clone())),
        ErrorTarget::Uri(template) => template,
    };
    let target = template.evaluate(request);
    if let Some(name) = target.strip_prefix(b"@") {
        let name = String::from_utf8_lossy(name).into_owned();
        return follow(request, InternalTarget::Named(name));
    }
    if target.first() != Some(&b'/') {
        request.error_page = None;
        let code = match page.status {
            ErrorStatus::Fixed(code @ (301 | 302 | 303 | 307 | 308)) => code,
            _ => 302,
        };
        return Settled::Answer(Answer::Local(Response::redirect(code, &target)));
    }
    request.redirect_for_error();
    let (path, arguments) = uri::split_query(&target);
    let path = uri::normalise(path, Slashes::Keep).unwrap_or_else(|_| path.to_vec());
    let arguments = arguments.map(<[u8]>::to_vec);
    follow(request, InternalTarget::Uri { path, arguments })
}

/// The standard page; statuses below 300 come without one.
fn standard_page(status: u16) -> Response {
    match status {
        0..300 => Response::new(status, "", ""),
        494 | 497 => {
            let mut page = Response::page(status);
            page.head.status = 400;
            page
        }
        status => Response::page(status),
    }
}

//! What the outcome of a pass through the phases comes to: an answer, or another pass, for an error
//! page or another place of ours.

use super::circumstances::Circumstances;
use super::engine::{Answer, Place};
use super::request::Request;
use crate::http::message::head::BodyFraming;
use crate::http::message::response::Response;
use crate::http::message::uri::{self, Slashes};
use crate::http::plan::outcome::{InternalTarget, Outcome};
use crate::http::plan::receiver::{self, Receiver};
use crate::http::plan::settings::{ErrorPage, ErrorStatus, ErrorTarget};

/// What an outcome comes to.
pub(super) enum Settled {
    /// This is the answer.
    Answer(Answer),
    /// Another pass through the phases decides.
    Again(Place),
}

/// What an outcome comes to.
pub(super) fn settle(request: &mut Request, outcome: Outcome) -> Settled {
    match outcome {
        Outcome::Respond(response) => Settled::Answer(Answer::Local(response)),
        Outcome::Proxy(origin) => Settled::Answer(Answer::Proxy(origin)),
        Outcome::Receive(receiver) if is_too_long(request, receiver) => {
            request.bodies.is_too_long = true;
            error_page(request, 413)
        }
        Outcome::Receive(receiver) => Settled::Answer(Answer::Receive(receiver)),
        Outcome::Close(status) => {
            request.response.status = status;
            Settled::Answer(Answer::Close)
        }
        Outcome::Wait(_) => {
            log::error!("a rewrite step cannot wait{}", Circumstances(request));
            error_page(request, 500)
        }
        Outcome::Redirect(target) => follow(request, target),
        Outcome::Status(status) => error_page(request, status),
        Outcome::Elsewhere { status, location } => send_elsewhere(request, status, &location),
    }
}

/// A redirect of the client, which an error page may stand for: the page tells where, too.
fn send_elsewhere(request: &mut Request, status: u16, location: &[u8]) -> Settled {
    if page_for(request, status).is_some() {
        request.carry("Location", location);
        return error_page(request, status);
    }
    // It is what the client gets to see, even in the place of an error page.
    request.error_page = None;
    Settled::Answer(Answer::Local(Response::redirect(status, location)))
}

/// Goes to another place of ours.
pub(super) fn follow(request: &mut Request, target: InternalTarget) -> Settled {
    let place = match target {
        InternalTarget::Uri { .. } => Place::Server,
        InternalTarget::Named(_) => Place::Location,
    };
    if request.follow(target) {
        Settled::Again(place)
    } else {
        request.error_page = None;
        request.keep_alive &= !closes(500);
        Settled::Answer(Answer::Local(Response::page(500)))
    }
}

/// What stands for an answer with this status, unless the request is for such a page already and those have none.
fn page_for(request: &Request, status: u16) -> Option<&'static ErrorPage> {
    let mut pages = request.location.settings.error_pages.iter();
    let page = pages.find(|page| page.codes.contains(&status));
    page.filter(|_| request.error_page.is_none() || !request.is_error_page_last)
}

/// What the client is told that something went wrong, whatever answers in its place.
fn error_page(request: &mut Request, status: u16) -> Settled {
    request.keep_alive &= !closes(status);
    let Some(page) = page_for(request, status) else {
        request.error_page = None;
        let location = request.location;
        let own = location.error_answer.as_ref();
        let answer = own.and_then(|own| own.answer(request, status));
        let answer = answer.unwrap_or_else(|| standard_page(status));
        return Settled::Answer(Answer::Local(answer));
    };
    request.error_page = Some((status, page.status));
    request.is_error_page_last = !request.location.settings.responses.recursive_error_pages;
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
        request.drop_carried("Location");
        return Settled::Answer(Answer::Local(Response::redirect(code, &target)));
    }
    request.redirect_for_error();
    let (path, arguments) = uri::split_query(&target);
    let path = uri::normalise(path, Slashes::Keep).unwrap_or_else(|_| path.to_vec());
    let arguments = arguments.map(<[u8]>::to_vec);
    follow(request, InternalTarget::Uri { path, arguments })
}

/// Whether this error ends the connection: the request may not have been understood to its end.
fn closes(status: u16) -> bool {
    matches!(status, 400 | 408 | 413 | 414 | 494..=497 | 500 | 501 | 505)
}

/// The standard page; statuses below 300 come without one.
fn standard_page(status: u16) -> Response {
    match status {
        0..300 => Response::new(status, "", ""),
        494..=497 => {
            let mut page = Response::page(status);
            page.head.status = 400;
            page
        }
        status => Response::page(status),
    }
}

/// Whether it is known beforehand that the body is longer than the receiver takes.
fn is_too_long(request: &Request, receiver: &dyn Receiver) -> bool {
    let most = receiver::most_body(receiver, request);
    matches!(request.head.body(), BodyFraming::Length(length) if length > most)
}

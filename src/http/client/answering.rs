//! One request that has come, from what it asks to the end of its answer, whichever connection it came by.

use super::body::{self, Rest};
use super::send;
use crate::http::course::client_certificate;
use crate::http::course::engine::{self, Answer};
use crate::http::course::identify;
use crate::http::course::impatient;
use crate::http::course::request::Request;
use crate::http::course::session::Session;
use crate::http::message::response::Response;
use crate::http::message::response_fields::Fields;
use crate::http::message::version::Version;
use crate::http::plan::origin::Origin;
use crate::http::upstream::copies::Copying;
use crate::http::upstream::road::{self, Proxied};
use crate::http::upstream::wait;

/// How its connection goes on behind a request that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Another request may come.
    Next,
    /// It is closed, so that what was sent arrives.
    Linger {
        /// Whether nothing of the request is still to come.
        is_read: bool,
        /// Whether the response is whole.
        is_whole: bool,
    },
    /// It is closed at once.
    Close,
}

/// Finds out what is asked of whom, and decides the answer. A connection that is leaving serves no other.
pub(super) fn understand(request: &mut Request, is_leaving: bool) -> Answer {
    request.keep_alive = may_continue(request) && !is_leaving;
    match identify::identify(request) {
        Ok(()) => match client_certificate::objection(request) {
            None => engine::decide(request),
            Some(status) => {
                request.keep_alive = false;
                engine::fail(request, status)
            }
        },
        Err(status) => {
            request.keep_alive = false;
            without_origin(engine::fail(request, status), status)
        }
    }
}

fn may_continue(request: &Request) -> bool {
    let head = &request.head;
    let wanted = head.version() >= Version::Http11 || head.connection_lists(b"keep-alive");
    wanted && !head.connection_lists(b"close")
}

/// A refused request has no head that an origin could be given, and no body.
pub(super) fn without_origin(answer: Answer, status: u16) -> Answer {
    match answer {
        Answer::Proxy(_) | Answer::Receive(_) | Answer::Wait(_) => {
            Answer::Local(Response::page(status))
        }
        answer => answer,
    }
}

/// Has the request answered, to its end; copies of it may take longer.
pub(super) async fn answer(
    mut answer: Answer,
    request: &mut Request,
    session: &mut Session,
    copying: &mut Option<Box<Copying>>,
) -> After {
    // Whoever follows it knows of its head.
    session.client.consume(request.head.received_length());
    session.client.set_pace(None);
    session.follow(request);
    if let Answer::Wait(paused) = answer {
        answer = Box::pin(wait::settle(request, session, paused)).await;
    }
    let settings = &request.location.settings;
    request.keep_alive &= !settings.keepalive_timeout.is_zero()
        && request.connection.requests < settings.keepalive_requests
        && request.connection.age() < settings.keepalive_time
        && !impatient::is_impatient(request);
    session.begin_body(request);
    if request.beside.is_some() {
        let beside = request.beside.take();
        let copying = copying.get_or_insert_default();
        beside.into_iter().for_each(|beside| copying.add(beside));
    }
    if request.bodies.copies.is_some() {
        answer = copy(answer, request, session, copying).await;
    }
    match answer {
        Answer::Wait(_) | Answer::Close => closed(request),
        Answer::Local(response) => respond(request, session, response).await,
        Answer::Receive(receiver) => {
            match Box::pin(body::receive(request, session, receiver)).await {
                Answer::Local(response) => respond(request, session, response).await,
                _ => closed(request),
            }
        }
        // It is large: an idle connection has no place set aside for it.
        Answer::Proxy(origin) => Box::pin(proxy(request, session, origin)).await,
    }
}

/// Has copies of a request made; the answer is another where its body cannot be read.
async fn copy(
    answer: Answer,
    request: &mut Request,
    session: &mut Session,
    copying: &mut Option<Box<Copying>>,
) -> Answer {
    if !matches!(answer, Answer::Local(_) | Answer::Proxy(_)) {
        return answer;
    }
    let copying = copying.get_or_insert_default();
    match Box::pin(copying.begin(request, session)).await {
        Ok(()) => answer,
        Err(error) => body::unreadable(request, session, &error),
    }
}

fn closed(request: &mut Request) -> After {
    engine::finish(request);
    After::Close
}

/// Sends an answer that was made here, then gets the rest of the body out of the way.
async fn respond(request: &mut Request, session: &mut Session, response: Response) -> After {
    let response = body::judge(request, session, response);
    body::take_in(request, session, response.head.status).await;
    session.follow(request);
    let is_sent = send::send(request, session, response).await;
    let rest = match is_sent && request.keep_alive {
        true => Some(body::drain(session).await),
        false => None,
    };
    engine::finish(request);
    match rest {
        Some(Rest::Gone) => {
            // The next response made here brings its own.
            request.response.fields = Fields::default();
            After::Next
        }
        Some(Rest::Malformed) | None if is_sent => After::Linger {
            is_read: session.body.is_done() && request.head.fault().is_none(),
            is_whole: true,
        },
        _ => After::Close,
    }
}

async fn proxy(request: &mut Request, session: &mut Session, origin: &'static dyn Origin) -> After {
    match road::run(request, session, origin).await {
        // What a proxied request usually takes is half as large without it.
        Proxied::Instead(response) => Box::pin(respond(request, session, response)).await,
        Proxied::Close => closed(request),
        Proxied::Sent { whole } => {
            engine::finish(request);
            match whole && request.keep_alive {
                true => After::Next,
                // What came before a break-off must not be lost to a reset either.
                false => After::Linger {
                    is_read: whole && session.body.is_done(),
                    is_whole: whole,
                },
            }
        }
    }
}

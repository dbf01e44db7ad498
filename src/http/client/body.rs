//! The body of a request that is answered here: read for a receiver, or got out of the way.
//!
//! What needs no body is answered before it has come, as nginx does. What comes of it while the
//! answer leaves is thrown away, so that neither side waits for the other, and so is the rest for
//! a while, after which the connection may serve another request.

use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::send::{LINGER, LINGER_SILENT};
use crate::http::course::engine::{self, Answer};
use crate::http::course::request::Request;
use crate::http::course::request_body::BodyError;
use crate::http::course::session::Session;
use crate::http::message::response::Response;
use crate::http::plan::receiver::{self, Receiver};
use crate::http::transport::timer::deadline;

/// Looks at what has come of the body before the answer leaves: one that is none is told so.
pub(super) fn judge(request: &mut Request, session: &mut Session, answer: Response) -> Response {
    if session.body.is_done() {
        return answer;
    }
    let mut task = Context::from_waker(Waker::noop());
    let polled = session.body.poll_discard(&mut task, &mut session.client);
    if let Poll::Ready(Err(BodyError::Malformed)) = polled {
        request.keep_alive = false;
        return refuse(request, 400);
    }
    // The final answer comes instead of the word to go on, so nobody knows whether the body does.
    request.keep_alive &= !session.body.is_awaited(request);
    answer
}

/// How waiting for the rest of a body came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It is over; the next request may come.
    Gone,
    /// Something else came.
    Malformed,
    /// It did not come, or not in time.
    Missing,
}

/// Throws away the rest of a body, for as long as nginx does. Streams have their own time for that, behind the answer.
pub(super) async fn drain(session: &mut Session) -> Rest {
    match session.client.is_stream() {
        true => Rest::Gone,
        false => discard(session, LINGER_SILENT).await,
    }
}

/// A client of HTTP/2 that is answered with success before it has sent all may take the end of the answer for that of the
/// stream, and wait for ever to be let go on. So its body comes first, also where the client waits to be told to send it.
pub(super) async fn take_in(request: &mut Request, session: &mut Session, status: u16) {
    let is_early = status < 300 && session.client.is_stream() && !session.body.is_done();
    if is_early {
        Box::pin(call_in(request, session)).await;
        request.time_passed();
    }
}

async fn call_in(request: &Request, session: &mut Session) {
    if session.body.is_awaited(request) {
        session.outbox.begin();
        session.push_continue();
        if !session
            .send_outbox(request.location.settings.send_timeout)
            .await
        {
            return;
        }
    }
    discard(session, MOST_SILENT).await;
}

/// So long a client that is to be answered with success may leave us without more of its body.
const MOST_SILENT: Duration = Duration::from_secs(1);

async fn discard(session: &mut Session, silent: Duration) -> Rest {
    if session.body.is_done() {
        return Rest::Gone;
    }
    let end = deadline(LINGER);
    let mut until = end.min(deadline(silent));
    let mut seen = session.client.received_so_far();
    std::future::poll_fn(|task| {
        match session.body.poll_discard(task, &mut session.client) {
            Poll::Ready(Ok(())) => return Poll::Ready(Rest::Gone),
            Poll::Ready(Err(BodyError::Malformed)) => return Poll::Ready(Rest::Malformed),
            Poll::Ready(Err(_)) => return Poll::Ready(Rest::Missing),
            Poll::Pending => {}
        }
        let now = session.client.received_so_far();
        if now > seen {
            seen = now;
            until = end.min(deadline(silent));
        }
        ready!(session.timer.poll(task, until));
        Poll::Ready(Rest::Missing)
    })
    .await
}

/// Reads the body and has the receiver answer.
pub(super) async fn receive(
    request: &mut Request,
    session: &mut Session,
    receiver: &'static dyn Receiver,
) -> Answer {
    session.body.limit(receiver::most_body(receiver, request));
    let body = match read(request, session).await {
        Ok(body) => body,
        Err(error) => return unreadable(request, session, &error),
    };
    request.time_passed();
    let response = receiver.answer(request, body).await;
    request.time_passed();
    Answer::Local(response)
}

/// The answer to a request whose body is wanted and cannot be read.
pub(super) fn unreadable(request: &mut Request, session: &Session, error: &BodyError) -> Answer {
    request.time_passed();
    request.keep_alive = false;
    if let BodyError::Cut = error {
        // A stream that is reset is a client that left, wherever it was.
        let has_left = session.client.is_stream() && !session.client.is_refused();
        request.response.status = if has_left { 499 } else { 400 };
        return Answer::Close;
    }
    Answer::Local(refuse(request, error.status()))
}

async fn read(request: &mut Request, session: &mut Session) -> Result<Bytes, BodyError> {
    let settings = &request.location.settings;
    if !session.body.is_taken() && session.body.is_awaited(request) {
        session.outbox.begin();
        session.push_continue();
        if !session.send_outbox(settings.send_timeout).await {
            return Err(BodyError::Cut);
        }
    }
    let (body, client) = (&mut session.body, &mut session.client);
    let mut content = Vec::new();
    let mut until: Option<Instant> = None;
    std::future::poll_fn(|task| {
        while !body.is_taken() {
            let Poll::Ready(taken) = body.poll_into(request, task, client, &mut content) else {
                let until = *until.get_or_insert_with(|| deadline(settings.body_timeout));
                ready!(session.timer.poll(task, until));
                return Poll::Ready(Err(BodyError::Late));
            };
            taken?;
            until = None;
        }
        Poll::Ready(Ok(()))
    })
    .await?;
    Ok(content.into())
}

/// The answer to a request that cannot be understood to its end: nothing that needs its head or
/// its body.
pub(super) fn refuse(request: &mut Request, status: u16) -> Response {
    match engine::fail(request, status) {
        Answer::Local(response) => response,
        Answer::Proxy(_) | Answer::Receive(_) | Answer::Wait(_) | Answer::Close => {
            Response::page(status)
        }
    }
}

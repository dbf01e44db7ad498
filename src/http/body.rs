//! The body of a request that is answered here: read for a receiver, or got out of the way.
//!
//! What needs no body is answered before it has come, as nginx does. What comes of it while the
//! answer leaves is thrown away, so that neither side waits for the other, and so is the rest for
//! a while, after which the connection may serve another request.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::bridge::waits;
use super::chunks::Chunks;
use super::client::{BodyFault, Client, Share};
use super::engine::{self, Answer};
use super::head::BodyFraming;
use super::receiver::{self, Receiver};
use super::request::Request;
use super::response::Response;
use super::send::{LINGER, LINGER_SILENT};

/// What the request may take of the connection, behind its head.
pub(super) fn share(request: &Request) -> Share {
    match request.head.body() {
        BodyFraming::None => Share::Bytes(0),
        BodyFraming::Length(length) => Share::Bytes(length),
        BodyFraming::Chunked => Share::Chunks(Chunks::default()),
    }
}

/// Takes the head of a request out of the way; what follows is its body.
pub(super) fn begin(request: &Request, client: &mut Client) {
    client.consume(request.head.bytes().len());
    client.lend(share(request));
}

/// Looks at what has come of the body before the answer leaves: one that is none is told so.
pub(super) async fn judge(
    request: &mut Request,
    client: &mut Client,
    answer: Response,
) -> Response {
    if client.is_used_up() {
        return answer;
    }
    discard_what_came(client).await;
    if client.fault() == Some(BodyFault::Malformed) {
        client.drop_malformed();
        request.keep_alive = false;
        return refuse(request, 400);
    }
    // The final answer comes instead of the word to go on, so nobody knows whether the body does.
    request.keep_alive &= client.is_used_up() || !waits(request);
    answer
}

async fn discard_what_came(client: &mut Client) {
    std::future::poll_fn(|task| {
        let _ = client.poll_discard(task);
        std::task::Poll::Ready(())
    })
    .await;
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

/// Throws away the rest of a body, for as long as nginx does.
pub(super) async fn drain(client: &mut Client) -> Rest {
    let end = Instant::now() + LINGER;
    while !client.is_used_up() {
        discard_what_came(client).await;
        match client.fault() {
            Some(BodyFault::Malformed) => return Rest::Malformed,
            Some(BodyFault::Cut) => return Rest::Missing,
            None if client.is_used_up() => break,
            None => {}
        }
        let deadline = end.min(Instant::now() + LINGER_SILENT);
        match timeout_at(deadline, client.receive()).await {
            Ok(Ok(received)) if received > 0 => {}
            _ => return Rest::Missing,
        }
    }
    Rest::Gone
}

/// Reads the body and has the receiver answer.
pub(super) async fn receive(
    request: &mut Request,
    client: &mut Client,
    receiver: &'static dyn Receiver,
) -> Answer {
    let body = match read(request, client, receiver).await {
        Ok(body) => body,
        Err(trouble) => {
            client.drop_malformed();
            request.time_passed();
            request.keep_alive = false;
            return match trouble {
                Trouble::Cut => {
                    request.response.status = 400;
                    Answer::Close
                }
                Trouble::TooLong => Answer::Local(refuse(request, 413)),
                Trouble::Malformed => Answer::Local(refuse(request, 400)),
                Trouble::Late => Answer::Local(refuse(request, 408)),
            };
        }
    };
    request.time_passed();
    let response = receiver.answer(request, body).await;
    request.time_passed();
    Answer::Local(response)
}

/// Why there is no body.
enum Trouble {
    TooLong,
    Malformed,
    Late,
    Cut,
}

async fn read(
    request: &Request,
    client: &mut Client,
    receiver: &dyn Receiver,
) -> Result<Bytes, Trouble> {
    let most = receiver::most_body(receiver, request);
    let patience = request.location.settings.body_timeout;
    if waits(request) && !client.is_used_up() {
        tell_to_continue(request, client).await?;
    }
    let mut body = BytesMut::new();
    loop {
        client.take_share(&mut |content| body.extend_from_slice(content));
        if body.len() as u64 > most {
            return Err(Trouble::TooLong);
        }
        if client.is_used_up() {
            return Ok(body.freeze());
        }
        if client.fault().is_some() {
            return Err(Trouble::Malformed);
        }
        match timeout(patience, client.receive()).await {
            Ok(Ok(received)) if received > 0 => {}
            Ok(_) => return Err(Trouble::Cut),
            Err(_) => return Err(Trouble::Late),
        }
    }
}

async fn tell_to_continue(request: &Request, client: &mut Client) -> Result<(), Trouble> {
    let patience: Duration = request.location.settings.send_timeout;
    client.count_head(CONTINUE.len());
    let work = async {
        client.write_all(CONTINUE).await?;
        // The client waits for this alone.
        client.flush().await
    };
    match timeout(patience, work).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Trouble::Cut),
    }
}

/// Tells a waiting client to send the body.
pub(super) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The answer to a request that cannot be understood to its end: nothing that needs its head or
/// its body.
pub(super) fn refuse(request: &mut Request, status: u16) -> Response {
    match engine::fail(request, status) {
        Answer::Local(response) => response,
        Answer::Proxy(_) | Answer::Receive(_) | Answer::Close => Response::page(status),
    }
}

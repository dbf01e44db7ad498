//! Answers that are made here for requests with a body: the body is read through Pingora's session,
//! which alone judges how it ends, either for a receiver or to get it out of the way.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use pingora_core::{Error, ErrorType, Result};
use pingora_proxy::Session;
use tokio::io::AsyncWriteExt;

use super::bridge::Handed;
use super::client::Lent;
use super::exchange::{Course, Exchange};
use super::receiver::{self, Receiver};
use super::respond;
use super::response::Response;

/// Tells a waiting client to send the body. Pingora's session would close the connection for it.
pub(super) async fn tell_to_continue(handed: &Handed) -> Result<()> {
    let mut client = Lent(Arc::clone(&handed.client));
    let work = async {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        // It waits for this alone.
        client.flush().await
    };
    let patience = handed.request.location.settings.send_timeout;
    match tokio::time::timeout(patience, work).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Error::explain(ErrorType::WriteError, "telling a client to go on").into_down()),
    }
}

/// Reads the body of a request, has the receiver answer and sends the answer.
pub(super) async fn receive_and_send(
    session: &mut Session,
    exchange: &mut Exchange,
    receiver: &'static dyn Receiver,
) -> Result<()> {
    let Some(handed) = &exchange.handed else {
        return Ok(());
    };
    let most = receiver::most_body(receiver, &handed.request);
    let mut body = BytesMut::new();
    let is_whole = read(session, most, |chunk| body.extend_from_slice(chunk)).await?;
    if !is_whole {
        return refuse(session, exchange).await;
    }
    let Some(handed) = &mut exchange.handed else {
        return Ok(());
    };
    handed.request.time_passed();
    let response = receiver.answer(&mut handed.request, body.freeze()).await;
    send(session, exchange, response).await
}

/// Reads the body of a request to its end, as far as that is allowed, then answers.
pub(super) async fn read_and_send(
    session: &mut Session,
    exchange: &mut Exchange,
    response: Response,
) -> Result<()> {
    let handed = exchange.handed.as_ref();
    let most = handed.and_then(|handed| handed.request.location.settings.most_body);
    if read(session, most.unwrap_or(u64::MAX), |_| {}).await? {
        send(session, exchange, response).await
    } else {
        refuse(session, exchange).await
    }
}

/// Reads a body piece by piece; false when it is longer than `most`.
async fn read(session: &mut Session, most: u64, mut take: impl FnMut(&[u8])) -> Result<bool> {
    let body = &mut session.downstream_session;
    let mut read = 0;
    while let Some(chunk) = next(body).await? {
        read += chunk.len() as u64;
        if read > most {
            return Ok(false);
        }
        take(&chunk);
    }
    Ok(true)
}

async fn next(body: &mut pingora_core::protocols::http::ServerSession) -> Result<Option<Bytes>> {
    let chunk = body.read_request_body().await;
    chunk.map_err(|error| error.into_down())
}

/// Answers a request whose body turned out too long.
async fn refuse(session: &mut Session, exchange: &mut Exchange) -> Result<()> {
    exchange.fail(413);
    let response = match std::mem::replace(&mut exchange.course, Course::Close) {
        Course::Instead(response) => response,
        _ => Response::page(413),
    };
    session.set_keepalive(None);
    send(session, exchange, response).await
}

/// Sends a response made here through Pingora's session.
pub(super) async fn send(
    session: &mut Session,
    exchange: &mut Exchange,
    mut response: Response,
) -> Result<()> {
    let Some(Handed { request, .. }) = &mut exchange.handed else {
        return Ok(());
    };
    request.time_passed();
    respond::take(request, &mut response);
    if !request.keep_alive {
        session.set_keepalive(None);
    }
    let head = respond::pingora_head(request, &response.body)?;
    session.write_response_header(Box::new(head), false).await?;
    request.head_sent = true;
    if respond::sends_body(request) {
        while let Some(chunk) = response.body.next_chunk().await.map_err(broken_file)? {
            session.write_response_body(Some(chunk), false).await?;
        }
    }
    session.write_response_body(None, true).await?;
    if let Some(Handed { request, .. }) = &mut exchange.handed {
        request.complete = true;
    }
    Ok(())
}

fn broken_file(error: std::io::Error) -> Box<Error> {
    log::error!("a file could not be read while it was sent: {error}");
    Error::because(ErrorType::FileReadError, "reading a file", error)
}

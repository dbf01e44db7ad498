//! Sending a response that was made here, without any detour, and closing so that it arrives.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use pingora_core::protocols::Shutdown;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::client::Client;
use super::encryption::FAREWELL;
use super::request::Request;
use super::respond;
use super::response::{Body, Response};

/// Sends a response; false when the connection cannot be used any more.
pub(super) async fn send(
    request: &mut Request,
    client: &mut Client,
    mut response: Response,
) -> bool {
    respond::take(request, &mut response);
    let chunked = respond::is_chunked(request, &response.body);
    let with_body = respond::sends_body(request);
    let is_file = matches!(response.body, Body::File { .. });
    let mut bytes = respond::head(request, &response.body);
    loop {
        let chunk = if with_body {
            next_chunk(client, &mut response.body).await
        } else {
            Ok(None)
        };
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                if is_file {
                    log::error!("a file could not be read while it was sent: {error}");
                }
                return false;
            }
        };
        let last = chunk.is_none();
        frame(&mut bytes, chunk.as_deref(), chunked && with_body);
        request.body_sent += chunk.map_or(0, |chunk| chunk.len() as u64);
        if last || bytes.len() > WRITE_AT || response.body.length().is_none() {
            request.head_sent = true;
            if !write(request, client, &bytes).await {
                return false;
            }
            bytes.clear();
        }
        if last {
            request.complete = true;
            return true;
        }
    }
}

/// The next piece of a body. While it is being made the client is watched: nobody needs the rest once it
/// has left.
async fn next_chunk(client: &mut Client, body: &mut Body) -> io::Result<Option<Bytes>> {
    let Body::Stream(stream) = body else {
        return body.next_chunk().await;
    };
    tokio::select! {
        biased;
        chunk = stream.next() => chunk,
        () = left(client) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// Waits until the client has left. What it sends meanwhile is kept, but there is an end to that.
async fn left(client: &mut Client) {
    while client.buffered().len() < MOST_AHEAD {
        if !matches!(client.receive().await, Ok(received) if received > 0) {
            return;
        }
    }
    std::future::pending().await
}

/// Bytes of further requests that are taken while a body is made.
const MOST_AHEAD: usize = 64 * 1024;

/// Files and short bodies are gathered up to this many bytes for one write.
const WRITE_AT: usize = 16 * 1024;

/// Appends a piece of a body as it goes over the wire; `None` is its end.
fn frame(bytes: &mut Vec<u8>, chunk: Option<&[u8]>, chunked: bool) {
    if chunked {
        let length = chunk.map_or(0, <[u8]>::len);
        bytes.extend_from_slice(format!("{length:x}\r\n").as_bytes());
    }
    bytes.extend_from_slice(chunk.unwrap_or_default());
    if chunked {
        bytes.extend_from_slice(b"\r\n");
    }
}

/// Writes it all, as long as the client takes something now and then.
async fn write(request: &Request, client: &mut Client, mut bytes: &[u8]) -> bool {
    let patience = request.location.settings.send_timeout;
    while !bytes.is_empty() {
        match timeout(patience, client.write(bytes)).await {
            Ok(Ok(written)) if written > 0 => bytes = &bytes[written..],
            _ => return false,
        }
    }
    matches!(timeout(patience, client.flush()).await, Ok(Ok(())))
}

/// Reads on for a while before closing, so that the response is not lost to a reset.
pub(super) async fn linger(client: &mut Client, bodiless: bool) {
    if bodiless && client.buffered().is_empty() {
        Shutdown::shutdown(client).await;
        return;
    }
    let farewell = timeout(FAREWELL, AsyncWriteExt::shutdown(client)).await;
    if !matches!(farewell, Ok(Ok(()))) {
        return;
    }
    let end = Instant::now() + LINGER;
    loop {
        let deadline = end.min(Instant::now() + LINGER_SILENT);
        let Ok(Ok(received)) = timeout_at(deadline, client.receive()).await else {
            return;
        };
        if received == 0 {
            return;
        }
        let buffered = client.buffered().len();
        client.consume(buffered);
    }
}

/// As nginx has them: so long in all, and so long for a client that sends nothing.
const LINGER: Duration = Duration::from_secs(30);
const LINGER_SILENT: Duration = Duration::from_secs(5);

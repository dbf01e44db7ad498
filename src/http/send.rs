//! Sending a response that was made here, without any detour, and closing so that it arrives.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use pingora_core::protocols::Shutdown;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::client::Client;
use super::encryption::FAREWELL;
use super::request::Request;
use super::respond;
use super::response::Response;

/// Sends a response; false when the connection cannot be used any more.
pub(super) async fn send(
    request: &mut Request,
    client: &mut Client,
    mut response: Response,
) -> bool {
    respond::take(request, &mut response);
    let chunked = respond::is_chunked(request, &response.body);
    let with_body = respond::sends_body(request);
    let mut bytes = respond::head(request, &response.body);
    client.count_head(bytes.len());
    loop {
        let chunk = if with_body {
            response.body.next_chunk().await
        } else {
            Ok(None)
        };
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                log::error!("a file could not be read while it was sent: {error}");
                return false;
            }
        };
        let last = chunk.is_none();
        frame(&mut bytes, chunk.as_deref(), chunked && with_body);
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

/// Writes it all, as long as the client takes something now and then. Meanwhile what comes of the
/// request's body is thrown away: the client may send that first, and read only then.
async fn write(request: &Request, client: &mut Client, mut bytes: &[u8]) -> bool {
    let patience = request.location.settings.send_timeout;
    while !bytes.is_empty() {
        match timeout(patience, write_some(client, bytes)).await {
            Ok(Ok(written)) if written > 0 => bytes = &bytes[written..],
            _ => return false,
        }
    }
    matches!(timeout(patience, client.flush()).await, Ok(Ok(())))
}

async fn write_some(client: &mut Client, bytes: &[u8]) -> io::Result<usize> {
    std::future::poll_fn(|task| {
        let written = Pin::new(&mut *client).poll_write(task, bytes);
        if written.is_pending() {
            let _ = client.poll_discard(task);
        }
        written
    })
    .await
}

/// Reads on for a while before closing, so that the response is not lost to a reset.
pub(super) async fn linger(client: &mut Client, is_read: bool) {
    if is_read && client.buffered().is_empty() {
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
pub(super) const LINGER: Duration = Duration::from_secs(30);
pub(super) const LINGER_SILENT: Duration = Duration::from_secs(5);

//! Sending a response that was made here, without any detour, and closing so that it arrives.

mod around;
mod framed;

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use pingora_core::protocols::Shutdown;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};

use self::framed::put_filtered;
use crate::http::course::message;
use crate::http::course::request::Request;
use crate::http::course::respond;
use crate::http::course::session::Session;
use crate::http::message::response::{Body, Response};
use crate::http::plan::body_filter::BodyFilters;
use crate::http::transport::FAREWELL;
use crate::http::transport::end::{End, MAX_FILE_PIECE};
use crate::http::transport::timer::deadline;

/// Sends a response; false when the connection cannot be used any more.
pub(in crate::http) async fn send(
    request: &mut Request,
    session: &mut Session,
    mut response: Response,
) -> bool {
    respond::take(request, &mut response);
    let with_body = respond::sends_body(request);
    let is_file = matches!(response.body, Body::File { .. });
    let mut outgoing = Outgoing::begin(request, &mut session.client, &response.body, with_body);
    session.client.set_pace(request.pace());
    session.client.traffic().count_head(outgoing.bytes.len());
    if with_body && outgoing.filters.is_empty() && is_long_file(request, session, &response.body) {
        return send_long(request, session, outgoing.bytes, response.body).await;
    }
    if outgoing.filters.is_empty() && (!with_body || response.body.is_in_memory()) {
        return send_whole(request, session, outgoing.bytes, response.body).await;
    }
    if !outgoing.include_before(request, session).await {
        return false;
    }
    loop {
        let chunk = if with_body {
            if !outgoing.pause(request, session, &response.body).await {
                return false;
            }
            next_chunk(session, &mut response.body).await
        } else {
            Ok(None)
        };
        let Ok(chunk) = chunk.inspect_err(|error| tell_unreadable(is_file, error)) else {
            return false;
        };
        let last = chunk.is_none();
        let is_due = !last || outgoing.include_after(request, session).await;
        if !is_due || !outgoing.add(request, chunk.as_deref()) {
            return false;
        }
        // A client that does not read has one copy wait for it.
        drop(chunk);
        if !outgoing.add_more(request, session).await {
            return false;
        }
        if last {
            outgoing.give_trailers(&mut session.client);
            session.client.end_after();
        }
        let is_due = outgoing.bytes.len() > WRITE_AT || !response.body.is_at_hand();
        if last || is_due || response.body.length().is_none() {
            request.head_sent = true;
            if !outgoing.write(request, session).await {
                return false;
            }
        }
        if last {
            request.complete = true;
            request.recycle(outgoing.bytes);
            return true;
        }
    }
}

/// Sends a head and a body that nothing is done to, both in one piece.
async fn send_whole(
    request: &mut Request,
    session: &mut Session,
    mut bytes: Vec<u8>,
    body: Body,
) -> bool {
    if respond::sends_body(request) {
        bytes.extend_from_slice(body.in_memory());
    }
    drop(body);
    session.client.end_after();
    request.head_sent = true;
    request.complete = write(request, session, &bytes).await;
    request.recycle(bytes);
    request.complete
}

/// Sends a head, and behind it a file from the system's memory.
async fn send_long(
    request: &mut Request,
    session: &mut Session,
    bytes: Vec<u8>,
    body: Body,
) -> bool {
    request.head_sent = true;
    let sent = match is_sent_evenly(&body) {
        true => write_before_file(request, session, &bytes).await,
        false => write(request, session, &bytes).await,
    };
    request.recycle(bytes);
    request.complete = sent && send_file(request, session, body).await;
    request.complete
}

fn tell_unreadable(is_file: bool, error: &io::Error) {
    if is_file {
        log::error!("a file could not be read while it was sent: {error}");
    }
}

/// What is gathered for the next write.
struct Outgoing {
    bytes: Vec<u8>,
    /// How many of them are the framing of chunks.
    framing: usize,
    chunked: bool,
    filters: BodyFilters,
    /// Lines that come behind the body.
    trailers: Vec<u8>,
}

impl Outgoing {
    /// Begins with the head of a response.
    fn begin(request: &mut Request, client: &mut End, body: &Body, with_body: bool) -> Self {
        let chunked = with_body && respond::is_chunked(request, body);
        let mut bytes = request.buffer();
        match client.is_stream() {
            true => client.put_head(message::made(request)),
            false => respond::head(request, chunked, &mut bytes),
        }
        let mut filters = std::mem::take(&mut request.bodies.response);
        if !with_body {
            filters.clear();
        }
        Self {
            bytes,
            framing: 0,
            chunked,
            filters,
            trailers: Vec::new(),
        }
    }

    /// Adds what more there is of the last piece, and sends what is gathered meanwhile; false when that fails.
    async fn add_more(&mut self, request: &mut Request, session: &mut Session) -> bool {
        while self.filters.has_more() {
            if self.bytes.len() > WRITE_AT {
                request.head_sent = true;
                if !self.write(request, session).await {
                    return false;
                }
            }
            tokio::task::yield_now().await;
            let more = self.filters.more(request);
            if !put_filtered(&mut self.bytes, &mut self.framing, more, self.chunked) {
                return false;
            }
        }
        if !self.filters.is_empty() {
            // Others have their turn between two pieces.
            tokio::task::yield_now().await;
        }
        true
    }

    /// Sends what filters hold back if the body is not made as fast as it is sent; false when that
    /// fails.
    async fn pause(&mut self, request: &mut Request, session: &mut Session, body: &Body) -> bool {
        if !self.filters.is_holding() || body.is_at_hand() {
            return true;
        }
        let held = self.filters.pause(request);
        put_filtered(&mut self.bytes, &mut self.framing, held, self.chunked)
            && self.write(request, session).await
    }

    /// Sends what is gathered; false when the connection cannot be used any more.
    async fn write(&mut self, request: &Request, session: &mut Session) -> bool {
        let sent = write(request, session, &self.bytes).await;
        let framing = std::mem::take(&mut self.framing);
        if sent {
            session.client.traffic().count_framing(framing);
        }
        self.bytes.clear();
        sent
    }
}

/// The next piece of a body. While it is being made the client is watched: nobody needs the rest once it
/// has left.
async fn next_chunk(session: &mut Session, body: &mut Body) -> io::Result<Option<Bytes>> {
    if !matches!(body, Body::Stream(_) | Body::Source(_)) {
        return body.next_chunk().await;
    }
    let is_watched = session.body.is_done();
    let client = &mut session.client;
    let left = poll_fn(|task| match is_watched {
        true => client.poll_left(task),
        false => Poll::Pending,
    });
    tokio::select! {
        biased;
        chunk = body.next_chunk() => chunk,
        () = left => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// Files and short bodies are gathered up to this many bytes for one write.
const WRITE_AT: usize = 16 * 1024;

/// Whether the system sends the body by itself. A short one leaves together with its head, and what is
/// encrypted has to pass through our memory.
fn is_long_file(request: &Request, session: &Session, body: &Body) -> bool {
    let is_plain = !request.connection.encryption.is_on() && !session.client.is_stream();
    is_plain && matches!(body, Body::File { length, .. } if *length > WRITE_AT as u64)
}

/// Whether the system takes a file in whole pieces of its own. What it cuts off a page at both ends comes to it in
/// pieces of odd lengths, of which a head in the same packets would have the last wait for a timer.
fn is_sent_evenly(body: &Body) -> bool {
    match body {
        Body::File { offset, length, .. } => {
            let before = offset % PAGE;
            before == 0 || before + length <= AT_ONCE
        }
        _ => true,
    }
}

const PAGE: u64 = 4096;
/// So much of a file the system sends in one go.
const AT_ONCE: u64 = 16 * PAGE;

/// Sends a file from the system's memory; its head has left.
async fn send_file(request: &Request, session: &mut Session, body: Body) -> bool {
    let Body::File {
        file,
        mut offset,
        length,
    } = body
    else {
        return false;
    };
    let end = offset + length;
    let mut is_others_turn = false;
    session.client.end_after();
    let sent = push(request, session, |client, task| {
        if offset == end {
            return Poll::Ready(Ok(0));
        }
        if std::mem::take(&mut is_others_turn) {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        let sent = ready!(client.poll_send_file(task, &file, offset, end - offset))?;
        if sent == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        offset += sent as u64;
        is_others_turn = sent == MAX_FILE_PIECE;
        Poll::Ready(Ok(sent))
    });
    let sent = sent.await;
    if let Err(error) = &sent
        && error.kind() == io::ErrorKind::UnexpectedEof
    {
        log::error!("a file could not be read while it was sent: {error}");
    }
    sent.is_ok()
}

/// Writes it all.
async fn write(request: &Request, session: &mut Session, mut bytes: &[u8]) -> bool {
    let written = push(request, session, |client, task| {
        if bytes.is_empty() {
            return client.poll_flush(task).map_ok(|()| 0);
        }
        let sent = ready!(client.poll_send(task, bytes, &[]))?;
        bytes = &bytes[sent..];
        Poll::Ready(Ok(sent))
    });
    written.await.is_ok()
}

/// Writes it all, and a file follows.
async fn write_before_file(request: &Request, session: &mut Session, mut bytes: &[u8]) -> bool {
    let written = push(request, session, |client, task| {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let sent = ready!(client.poll_send_before_file(task, bytes))?;
        bytes = &bytes[sent..];
        Poll::Ready(Ok(sent))
    });
    written.await.is_ok()
}

/// Takes steps until one has nothing more to send, as long as the client takes something now and then.
/// Meanwhile what comes of the request's body is thrown away: the client may send that first, and read
/// only then.
async fn push(
    request: &Request,
    session: &mut Session,
    mut step: impl FnMut(&mut End, &mut Context<'_>) -> Poll<io::Result<usize>>,
) -> io::Result<()> {
    let patience = request.location.settings.send_timeout;
    let mut until = None;
    poll_fn(|task| {
        loop {
            let client = &mut session.client;
            match step(client, task) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => until = None,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    let is_pausing = client.is_pausing();
                    let _ = session.body.poll_discard(task, client);
                    if is_pausing {
                        until = None;
                        return Poll::Pending;
                    }
                    let until = *until.get_or_insert_with(|| deadline(patience));
                    ready!(session.timer.poll(task, until));
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
    })
    .await
}

/// Reads on for a while before closing, so that the response is not lost to a reset.
pub(in crate::http) async fn linger(client: &mut End, is_read: bool) {
    client.set_meter(None);
    let is_silent = client.received().is_empty() && !client.has_input();
    let Some(wire) = client.wire_mut() else {
        return;
    };
    if is_read && is_silent {
        Shutdown::shutdown(&mut **wire).await;
        return;
    }
    let farewell = timeout(FAREWELL, AsyncWriteExt::shutdown(wire)).await;
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
        let buffered = client.received().len();
        client.consume(buffered);
    }
}

/// As nginx has them: so long in all, and so long for a client that sends nothing.
pub(in crate::http) const LINGER: Duration = Duration::from_secs(30);
pub(in crate::http) const LINGER_SILENT: Duration = Duration::from_secs(5);

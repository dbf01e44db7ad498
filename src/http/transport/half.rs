//! One stream of a connection of HTTP/2, as one end of an exchange.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::HeaderMap;

use super::meter::Meter;
use super::received::{PIECE, Received};
use super::start::Message;
use super::wire::Shared;

/// One stream of a connection of HTTP/2.
pub struct Half {
    out: Sending,
    body: RecvStream,
    /// What was taken of the body and has not been asked for.
    rest: Bytes,
    has_ended: bool,
    /// The fields behind the body that was received.
    trailers: Option<HeaderMap>,
    /// The fields that are to leave behind its own.
    own_trailers: Option<HeaderMap>,
    /// The head that is to leave: with the end of the stream, if nothing follows.
    head: Option<Message>,
    is_last: bool,
    /// What h2 was given: bytes of content, and the end.
    given: u64,
    is_end_given: bool,
    shared: Shared,
    id: u32,
    chunk: usize,
}

/// How far its own side is.
enum Sending {
    /// Nothing but informational heads has left.
    Fresh(SendResponse<Bytes>),
    Streaming(SendStream<Bytes>),
}

/// More than this does not wait within h2, whatever a client grants.
const MOST_AHEAD: u64 = 32 * 1024;

impl Half {
    /// A stream that is to be answered, and whose frames `shared` sees.
    pub fn new(out: SendResponse<Bytes>, body: RecvStream, shared: Shared) -> Self {
        Self {
            id: out.stream_id().as_u32(),
            out: Sending::Fresh(out),
            body,
            rest: Bytes::new(),
            has_ended: false,
            trailers: None,
            own_trailers: None,
            head: None,
            is_last: false,
            given: 0,
            is_end_given: false,
            shared,
            chunk: 8 * 1024,
        }
    }

    /// Sets the most content that one frame has.
    pub fn set_chunk(&mut self, chunk: usize) {
        self.chunk = chunk;
    }

    /// Receives more of the body; 0 at its end.
    pub(super) fn poll_receive(
        &mut self,
        task: &mut Context<'_>,
        into: &mut Received,
    ) -> Poll<io::Result<usize>> {
        while self.rest.is_empty() {
            if self.has_ended {
                return Poll::Ready(Ok(0));
            }
            match ready!(self.body.poll_data(task)) {
                Some(data) => self.rest = data.map_err(|error| self.refused(&error))?,
                None => {
                    let trailers = ready!(self.body.poll_trailers(task));
                    self.trailers = trailers.map_err(|error| self.refused(&error))?;
                    self.has_ended = true;
                }
            }
        }
        let amount = self.rest.len().min(PIECE);
        into.extend(&self.rest[..amount]);
        self.rest.advance(amount);
        Poll::Ready(Ok(amount))
    }

    /// The end of a body that has none: what came of it may have been refused.
    fn refused(&self, error: &h2::Error) -> io::Error {
        if error.is_library() && error.reason() == Some(Reason::PROTOCOL_ERROR) {
            self.shared.lock().streams.refuse(self.id);
        }
        reset(error)
    }

    /// So much of what was received is not needed any more: the client may send as much again.
    pub(super) fn release(&mut self, amount: usize) {
        // It is never more than was received.
        let _ = self.body.flow_control().release_capacity(amount);
    }

    /// The fields behind the body, once its end was received.
    pub(super) fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    /// Has a head sent before everything that is sent from now on.
    pub(super) fn put_head(&mut self, head: Message) {
        match &mut self.out {
            Sending::Fresh(out) if head.status().is_informational() => {
                // Where it fails, so does what follows.
                let _ = out.send_informational(*head);
            }
            _ => self.head = Some(head),
        }
    }

    /// Has these fields sent behind everything else.
    pub(super) fn put_trailers(&mut self, trailers: HeaderMap) {
        self.own_trailers = Some(trailers);
    }

    /// What was sent, or is sent next, is the last.
    pub(super) fn end_after(&mut self) {
        self.is_last = true;
    }

    /// Sends some of two pieces, one behind the other, which may be all there is for now.
    pub(super) fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        (first, second): (&[u8], &[u8]),
        is_all: bool,
    ) -> Poll<io::Result<usize>> {
        let wanted = first.len() + second.len();
        if wanted == 0 {
            return Poll::Ready(Ok(0));
        }
        self.begin(false)?;
        ready!(self.poll_room(task))?;
        let Sending::Streaming(out) = &mut self.out else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let most = wanted.min(self.chunk);
        if out.capacity() == 0 {
            out.reserve_capacity(most);
        }
        while out.capacity() == 0 {
            match ready!(out.poll_capacity(task)) {
                Some(granted) => granted.map_err(|error| reset(&error))?,
                None => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            };
        }
        let amount = most.min(out.capacity());
        let data = join(first, second, amount);
        self.is_end_given =
            self.is_last && is_all && amount == wanted && self.own_trailers.is_none();
        out.send_data(data, self.is_end_given)
            .map_err(|error| reset(&error))?;
        if amount == wanted {
            // What it does not use is for others.
            out.reserve_capacity(0);
        }
        self.given += amount as u64;
        Poll::Ready(Ok(amount))
    }

    /// Gives on what was put, and at the end waits until it has left.
    pub(super) fn poll_flush(&mut self, task: &Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_last {
            return Poll::Ready(self.begin(false));
        }
        self.begin(self.own_trailers.is_none())?;
        if !self.is_end_given
            && let Sending::Streaming(out) = &mut self.out
        {
            let sent = match self.own_trailers.take() {
                Some(trailers) => out.send_trailers(trailers),
                None => out.send_data(Bytes::new(), true),
            };
            sent.map_err(|error| reset(&error))?;
            self.is_end_given = true;
        }
        self.poll_known(task, |known, _| known.has_ended_out)
    }

    /// Sends the head that was put, which the stream may end with.
    fn begin(&mut self, ends: bool) -> io::Result<()> {
        let Some(head) = self.head.take() else {
            return Ok(());
        };
        if let Sending::Fresh(out) = &mut self.out {
            let out = out
                .send_response(*head, ends)
                .map_err(|error| reset(&error))?;
            self.out = Sending::Streaming(out);
            self.is_end_given = ends;
        }
        Ok(())
    }

    /// Ready while not too much of what was given has not left.
    fn poll_room(&self, task: &Context<'_>) -> Poll<io::Result<()>> {
        if self.given < MOST_AHEAD {
            return self.poll_known(task, |_, _| true);
        }
        self.poll_known(task, |out, given| given < out.data_out + MOST_AHEAD)
    }

    /// Ready once what is known of the stream is as wanted; an error once it was reset.
    fn poll_known(
        &self,
        task: &Context<'_>,
        is_good: impl FnOnce(&super::streams::Known, u64) -> bool,
    ) -> Poll<io::Result<()>> {
        let mut core = self.shared.lock();
        let Some(known) = core.streams.get(self.id) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        if is_good(known, self.given) {
            return Poll::Ready(match known.was_reset && !known.has_ended_out {
                true => Err(io::ErrorKind::ConnectionReset.into()),
                false => Ok(()),
            });
        }
        if known.was_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        known.waits_to_leave = true;
        known.wait(task.waker());
        Poll::Pending
    }

    /// Waits until all that was sent has left.
    pub fn poll_all_left(&self, task: &Context<'_>) -> Poll<io::Result<()>> {
        self.poll_known(task, |out, given| given <= out.data_out)
    }

    /// Ready once the client has reset it, or the connection is gone.
    pub(super) fn poll_left(&self, task: &Context<'_>) -> Poll<()> {
        let mut core = self.shared.lock();
        match core.streams.get(self.id) {
            Some(known) if !known.was_reset => {
                known.wait(task.waker());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// Whether the client has reset it, or the connection is gone.
    pub(super) fn is_gone(&self) -> bool {
        let mut core = self.shared.lock();
        core.streams
            .get(self.id)
            .is_none_or(|known| known.was_reset)
    }

    /// Has what goes over it from now on told to this meter, or to none.
    pub(super) fn set_meter(&self, meter: Option<&Arc<dyn Meter>>) {
        let mut core = self.shared.lock();
        if meter.is_some() {
            core.limit_unsent();
        }
        if let Some(known) = core.streams.get(self.id) {
            known.meter = meter.cloned();
        }
    }

    /// Whether it was reset for what the client has sent.
    pub(super) fn is_refused(&self) -> bool {
        let mut core = self.shared.lock();
        let known = core.streams.get(self.id);
        known.is_some_and(|known| known.is_refused)
    }

    /// Breaks it off.
    pub fn reset(&mut self, reason: Reason) {
        if let Some(known) = self.shared.lock().streams.get(self.id) {
            known.was_broken_off = true;
        }
        match &mut self.out {
            Sending::Fresh(out) => out.send_reset(reason),
            Sending::Streaming(out) => out.send_reset(reason),
        }
    }
}

impl fmt::Debug for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Half").field(&self.id).finish()
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        self.shared.forget(self.id);
    }
}

fn join(first: &[u8], second: &[u8], amount: usize) -> Bytes {
    let of_first = first.len().min(amount);
    let of_second = amount - of_first;
    match (of_first, of_second) {
        (_, 0) => Bytes::copy_from_slice(&first[..of_first]),
        (0, _) => Bytes::copy_from_slice(&second[..of_second]),
        _ => [&first[..of_first], &second[..of_second]].concat().into(),
    }
}

fn reset(error: &h2::Error) -> io::Error {
    match error.get_io() {
        Some(_) => io::ErrorKind::BrokenPipe.into(),
        None => io::Error::new(io::ErrorKind::ConnectionReset, error.to_string()),
    }
}

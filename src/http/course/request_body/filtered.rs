//! A request's body on its way through filters.

use std::task::{Context, Poll};

use super::super::request::Request;
use super::{BodyError, RequestBody};
use crate::http::message::framing::Decoded;
use crate::http::transport::end::End;

/// Where the next piece of content is.
pub(super) enum Next {
    /// Where it was received.
    Received(Decoded),
    /// Filters made it.
    Made,
}

impl RequestBody {
    /// Has the next content at hand, as filters leave it.
    pub(super) fn poll_next(
        &mut self,
        request: &mut Request,
        task: &mut Context<'_>,
        client: &mut End,
    ) -> Poll<Result<Next, BodyError>> {
        let polled = self.poll_content(task, client);
        if self.filters.is_empty() {
            return polled.map_ok(Next::Received);
        }
        let Poll::Ready(decoded) = polled else {
            return self.poll_held(request);
        };
        let decoded = decoded?;
        let bytes = &client.received()[..decoded.content];
        let passed = match bytes.is_empty() {
            true => None,
            false => self
                .filters
                .piece(request, bytes)
                .map_err(BodyError::Filter)?,
        };
        let is_changed = passed.is_some();
        self.made.clear();
        self.made.extend_from_slice(passed.unwrap_or(bytes));
        let rest = match self.framing.is_done() {
            true => self.filters.end(request).map_err(BodyError::Filter)?,
            false => b"",
        };
        if !is_changed && rest.is_empty() {
            return Poll::Ready(Ok(Next::Received(decoded)));
        }
        self.made.extend_from_slice(rest);
        client.consume(decoded.consumed);
        Poll::Ready(Ok(Next::Made))
    }

    /// The client pauses: what filters have held back is all there is.
    fn poll_held(&mut self, request: &mut Request) -> Poll<Result<Next, BodyError>> {
        if !self.filters.is_holding() {
            return Poll::Pending;
        }
        let held = self.filters.pause(request).map_err(BodyError::Filter)?;
        if held.is_empty() {
            return Poll::Pending;
        }
        self.made.clear();
        self.made.extend_from_slice(held);
        Poll::Ready(Ok(Next::Made))
    }
}

impl Next {
    /// The piece.
    pub(super) fn bytes<'b>(&self, client: &'b End, made: &'b [u8]) -> &'b [u8] {
        match self {
            Self::Received(decoded) => &client.received()[..decoded.content],
            Self::Made => made,
        }
    }

    /// It is not needed any more.
    pub(super) fn consume(&self, client: &mut End) {
        if let Self::Received(decoded) = self {
            client.consume(decoded.consumed);
        }
    }
}

//! What other places of the server add to a response that was made here.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use super::framed::put_filtered;
use super::{Outgoing, WRITE_AT};
use crate::http::course::request::Request;
use crate::http::course::session::Session;
use crate::http::transport::received::Received;
use crate::http::upstream::addition::Addition;

impl Outgoing {
    /// Adds what stands ahead of the body; false when that cannot be sent.
    pub(super) async fn include_before(
        &mut self,
        request: &mut Request,
        session: &mut Session,
    ) -> bool {
        let around = self.filters.around();
        match around.as_ref().and_then(|around| around.before.as_deref()) {
            Some(path) => Box::pin(self.include(request, session, path)).await,
            None => true,
        }
    }

    /// Adds what stands behind the body, which is over; false when that cannot be sent.
    pub(super) async fn include_after(
        &mut self,
        request: &mut Request,
        session: &mut Session,
    ) -> bool {
        let around = self.filters.around();
        let Some(path) = around.as_ref().and_then(|around| around.after.as_deref()) else {
            return true;
        };
        let rest = self.filters.end_own(request);
        put_filtered(&mut self.bytes, &mut self.framing, rest, self.chunked)
            && Box::pin(self.include(request, session, path)).await
    }

    /// Adds what another place of the server answers; false when that cannot be sent.
    async fn include(&mut self, request: &mut Request, session: &mut Session, path: &[u8]) -> bool {
        let Some(mut addition) = Addition::begin(request, path) else {
            return true;
        };
        loop {
            let at_hand = poll_fn(|task| Poll::Ready(addition.poll_piece(task, request)));
            let is_late = at_hand.await;
            if is_late.is_pending() || self.bytes.len() > WRITE_AT {
                request.head_sent = true;
                if !self.write(request, session).await {
                    return false;
                }
            }
            let piece = match is_late {
                Poll::Ready(piece) => piece,
                Poll::Pending => next_piece(&mut addition, request, session).await,
            };
            match piece {
                Ok(piece) if piece.is_empty() => return true,
                Ok(piece) => {
                    let added = self.filters.added(request, piece.bytes());
                    let added = added.map(|passed| passed.unwrap_or(piece.bytes()));
                    if !put_filtered(&mut self.bytes, &mut self.framing, added, self.chunked) {
                        return false;
                    }
                }
                Err(_) => {
                    // The client gets what came, and sees that it is not whole.
                    request.head_sent = true;
                    self.write(request, session).await;
                    return false;
                }
            }
        }
    }
}

/// The next piece of what is added to a body; nobody needs it once the client has left.
async fn next_piece(
    addition: &mut Addition,
    request: &mut Request,
    session: &mut Session,
) -> io::Result<Received> {
    let is_watched = session.body.is_done();
    let piece = poll_fn(|task| {
        if let Poll::Ready(piece) = addition.poll_piece(task, request) {
            return Poll::Ready(piece);
        }
        if is_watched && session.client.poll_left(task).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Poll::Pending
    });
    piece.await
}

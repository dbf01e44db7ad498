//! The body of a response that its client does not get because a peer is asked once more: a short one is read to its end, so that
//! the connection can be used again.

use std::task::{Context, Poll};
use std::time::Duration;

use super::{Broken, Exchange, Stage};
use crate::http::message::framing::Framing;
use crate::http::transport::timer::deadline;

/// What is read of a body that nobody gets.
pub(super) struct Unwanted {
    framing: Framing,
    read: usize,
    /// What comes after it.
    then: Broken,
}

/// More of a body costs more than another connection.
const LONGEST: usize = 64 * 1024;
/// A body that takes longer to come does, too.
const PATIENCE: Duration = Duration::from_millis(200);

impl Exchange<'_> {
    /// A peer is asked once more, `then`, in the place of a response with this body.
    pub(super) fn leave_body(&mut self, framing: Framing, then: Broken) -> Result<bool, Broken> {
        let is_short = match &framing {
            Framing::Length(length) => *length <= LONGEST as u64,
            Framing::Chunked(_) => true,
            Framing::UntilClose => false,
        };
        if !is_short {
            return Err(then);
        }
        self.deadlines.peer_read = Some(deadline(PATIENCE));
        let read = 0;
        self.stage = Stage::Unwanted(Unwanted {
            framing,
            read,
            then,
        });
        self.take_unwanted()
    }

    pub(super) fn poll_unwanted(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let Some(peer) = self.peer.as_mut() else {
            return Ok(false);
        };
        let received = match self.quiet.peer {
            true => Poll::Pending,
            false => peer.link.end.poll_receive(task),
        };
        self.quiet.peer = received.is_pending();
        match received {
            Poll::Ready(Ok(amount @ 1..)) => {
                self.count_received(amount);
                self.take_unwanted()
            }
            Poll::Ready(_) => Err(self.end_unwanted()),
            Poll::Pending => Ok(false),
        }
    }

    /// Takes what there is of it.
    fn take_unwanted(&mut self) -> Result<bool, Broken> {
        let (Stage::Unwanted(unwanted), Some(peer)) = (&mut self.stage, &mut self.peer) else {
            return Ok(false);
        };
        let end = &mut peer.link.end;
        let size = end.received().len();
        let Ok(decoded) = unwanted.framing.decode(end.received_mut()) else {
            return Err(self.end_unwanted());
        };
        end.consume(decoded.consumed);
        unwanted.read = unwanted.read.saturating_add(decoded.consumed);
        let is_over = unwanted.framing.is_done() && decoded.consumed == size;
        if is_over {
            self.keep_peer();
        }
        match is_over || decoded.consumed < size || unwanted_is_long(&self.stage) {
            true => Err(self.end_unwanted()),
            false => Ok(true),
        }
    }

    /// The connection may be used again.
    fn keep_peer(&mut self) {
        let is_request_sent = self.is_request_sent();
        self.tell_received();
        if let Some(peer) = self.peer.take()
            && is_request_sent
            && !peer.is_deaf
            && peer.link.end.is_clean()
        {
            self.origin.keep(self.request, peer.link);
        }
    }

    /// What comes after it.
    pub(super) fn end_unwanted(&mut self) -> Broken {
        self.deadlines.peer_read = None;
        match std::mem::replace(&mut self.stage, Stage::Rest { whole: false }) {
            Stage::Unwanted(unwanted) => unwanted.then,
            _ => Broken::Another,
        }
    }
}

fn unwanted_is_long(stage: &Stage) -> bool {
    matches!(stage, Stage::Unwanted(unwanted) if unwanted.read > LONGEST)
}

//! The request on its way to the peer.

use std::task::{Context, Poll};

use super::{Broken, Exchange, Stage, begin};
use crate::http::course::request_body::BodyError;

impl Exchange<'_> {
    /// Sends the request as far as the peer takes it.
    pub(super) fn poll_request(&mut self, task: &mut Context<'_>) -> Result<(), Broken> {
        while let Some(peer) = self.peer.as_mut().filter(|peer| !peer.is_deaf) {
            let pending = &self.session.to_peer[self.to_peer_sent..];
            if !pending.is_empty() {
                match peer.link.end.poll_send(task, pending, &[]) {
                    Poll::Ready(Ok(sent)) => self.to_peer_sent += sent,
                    Poll::Ready(Err(_)) => peer.is_deaf = true,
                    Poll::Pending => {
                        begin(&mut self.deadlines.peer_write, self.rules.send_timeout);
                        return Ok(());
                    }
                }
                self.deadlines.peer_write = None;
                self.is_peer_flushed = false;
                continue;
            }
            if !self.is_peer_flushed {
                self.is_peer_flushed = peer.link.end.poll_flush(task).is_ready();
            }
            if !self.poll_body(task)? {
                return Ok(());
            }
        }
        self.discard_body(task);
        Ok(())
    }

    /// Nobody takes the rest of the body, but the client may send it before it reads. Before there is a response, the body may
    /// still be for another origin.
    fn discard_body(&mut self, task: &mut Context<'_>) {
        if self.request.head_sent && !self.session.body.is_done() {
            self.deadlines.client_read = None;
            let session = &mut *self.session;
            let _ = session.body.poll_discard(task, &mut session.client);
        }
    }

    /// Has the next piece of the request's body ready for the peer; false when there is none now.
    fn poll_body(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        if matches!(self.stage, Stage::Tunnel) {
            return Ok(self.poll_tunnel(task));
        }
        if !self.rules.sends_body || self.session.body.is_given() {
            self.discard_body(task);
            return Ok(false);
        }
        let session = &mut *self.session;
        session.to_peer.clear();
        self.to_peer_sent = 0;
        let (client, out) = (&mut session.client, &mut session.to_peer);
        match session.body.poll_piece(self.request, task, client, out) {
            Poll::Ready(Ok(content)) => {
                self.deadlines.client_read = None;
                self.origin.sent(self.request, content);
                Ok(true)
            }
            Poll::Ready(Err(error)) => self.body_failed(&error).map(|()| false),
            Poll::Pending => {
                let patience = self.request.location.settings.body_timeout;
                begin(&mut self.deadlines.client_read, patience);
                Ok(false)
            }
        }
    }

    /// The client's body cannot be read on.
    pub(super) fn body_failed(&mut self, error: &BodyError) -> Result<(), Broken> {
        let broken = Broken::body(self.request, error);
        if !self.request.head_sent {
            return Err(broken);
        }
        // There is a response already, which says no more about it. The client gets what came.
        self.break_off();
        Ok(())
    }

    /// What the client says in another protocol.
    fn poll_tunnel(&mut self, task: &mut Context<'_>) -> bool {
        let session = &mut *self.session;
        session.to_peer.clear();
        self.to_peer_sent = 0;
        if session.client.received().is_empty() {
            match session.client.poll_receive(task) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(_) => {
                    self.stage = Stage::Rest { whole: true };
                    return false;
                }
                Poll::Pending => return false,
            }
        }
        let received = session.client.received();
        session.to_peer.extend_from_slice(received);
        let amount = received.len();
        session.client.consume(amount);
        self.deadlines.peer_read = None;
        self.origin.sent(self.request, amount);
        true
    }
}

//! The response on its way out of the outbox to the client, who may leave.

use std::task::{Context, Poll};

use super::{Broken, Exchange, Stage, begin};

impl Exchange<'_> {
    /// Sends the client what there is for it, and watches whether it is still there.
    pub(super) fn poll_client(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let mut moved = false;
        while !self.session.outbox.is_empty() {
            let session = &mut *self.session;
            match session.outbox.poll_send(task, &mut session.client) {
                Poll::Ready(Ok(_)) => {
                    self.deadlines.client_write = None;
                    moved = true;
                }
                Poll::Ready(Err(_)) => return self.client_left().map(|()| true),
                Poll::Pending if session.client.is_pausing() => {
                    self.deadlines.client_write = None;
                    break;
                }
                Poll::Pending => {
                    let patience = self.request.location.settings.send_timeout;
                    begin(&mut self.deadlines.client_write, patience);
                    break;
                }
            }
        }
        Ok(moved | self.watch_client(task)?)
    }

    fn watch_client(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let outlives = self.rules.outlives_client || self.tee.is_some() || self.has_left;
        let session = &mut *self.session;
        // One that only ended its side gets its answer where leaving ends nothing.
        let watches = (session.body.is_done() || session.client.is_stream())
            && !matches!(self.stage, Stage::Tunnel | Stage::Rest { .. })
            && !outlives
            && !self.quiet.client;
        if !watches {
            return Ok(false);
        }
        self.quiet.client = session.client.poll_left(task).is_pending();
        match self.quiet.client {
            true => Ok(false),
            false => self.client_left().map(|()| true),
        }
    }

    /// Whether the response is read on although the client has left: others may wait for it.
    fn outlives_client(&self) -> bool {
        let is_to_be_kept = || match self.stage {
            Stage::Head(_) | Stage::Unwanted(_) => self.origin.is_kept(self.request),
            _ => self.tee.is_some(),
        };
        self.rules.outlives_client || is_to_be_kept()
    }

    pub(super) fn client_left(&mut self) -> Result<(), Broken> {
        let is_request_known = self.session.body.is_done();
        let outlives = self.outlives_client() && is_request_known;
        if !outlives || matches!(self.stage, Stage::Tunnel) {
            return Err(Broken::Client);
        }
        self.is_discarding = true;
        self.has_left = true;
        self.filters.clear();
        self.deadlines.client_write = None;
        self.request.keep_alive = false;
        self.session.outbox.discard();
        match self.addition.take() {
            Some(_) => self.addition_ended(),
            None => Ok(()),
        }
    }
}

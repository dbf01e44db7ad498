//! What other places of the server add to a response, ahead of its body and behind it.

use std::task::{Context, Poll};

use super::filtered::Lost;
use super::{Broken, Exchange, Stage};
use crate::http::upstream::addition::Addition;

impl Exchange<'_> {
    /// Has asked for what stands ahead of the body, if something does.
    pub(super) fn begins_before(&mut self) -> bool {
        let around = self.filters.around();
        let before = around.as_ref().and_then(|around| around.before.as_deref());
        self.addition = before.and_then(|path| Addition::begin(self.request, path));
        self.addition.is_some()
    }

    /// The body is over: has asked for what stands behind it, or ends the response.
    pub(super) fn begin_after(&mut self) -> Result<(), Lost> {
        let trailers = self.trailers();
        let around = self.filters.around();
        if let Some(path) = around.as_ref().and_then(|around| around.after.as_deref()) {
            self.push_own_rest()?;
            self.addition = Addition::begin(self.request, path);
        }
        self.stage = Stage::After { trailers };
        match self.addition {
            Some(_) => Ok(()),
            None => self.end(),
        }
    }

    /// The end of the response.
    fn end(&mut self) -> Result<(), Lost> {
        let whole = Stage::Rest { whole: true };
        if let Stage::After { mut trailers } = std::mem::replace(&mut self.stage, whole) {
            self.push_rest()?;
            if self.takes_trailers() {
                trailers.extend(self.request.trailers());
            }
            self.push_end(&trailers)?;
        }
        Ok(())
    }

    /// Passes on what is being added, as far as there is room for it; whether anything was done.
    pub(super) fn poll_addition(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let has_room = self.session.outbox.has_room(self.read_ahead());
        let Some(addition) = self.addition.as_mut().filter(|_| has_room) else {
            return Ok(false);
        };
        let piece = match addition.poll_piece(task, self.request) {
            Poll::Ready(piece) => piece,
            Poll::Pending => return Ok(self.filters.is_holding() && self.source_pauses()),
        };
        match piece {
            Ok(piece) if piece.is_empty() => {
                self.addition = None;
                self.addition_ended()?;
            }
            Ok(piece) => {
                if let Err(problem) = self.push_added(piece) {
                    self.lost(&problem);
                }
            }
            Err(_) => self.break_off(),
        }
        Ok(true)
    }

    /// What was added is over, or nobody wants it any more: the response goes on.
    pub(super) fn addition_ended(&mut self) -> Result<(), Broken> {
        if let Stage::Body { .. } = self.stage {
            return self.pass_content();
        }
        if let Err(problem) = self.end() {
            self.lost(&problem);
        }
        Ok(())
    }
}

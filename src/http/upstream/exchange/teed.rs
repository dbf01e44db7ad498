//! The response's body on its way to somebody who keeps it, before the client gets it: of what is kept, the client has
//! nothing that others cannot have, and of what turns out to be wrong it never has the end.

use super::filtered::Lost;
use super::{Exchange, Stage};
use crate::http::transport::behind::Behind;
use crate::http::transport::received::Received;

impl Exchange<'_> {
    /// Has a piece of the body kept, if anybody keeps it; whether it was.
    pub(super) fn keep(&mut self, piece: &[u8]) -> bool {
        let Some(tee) = &mut self.tee else {
            if let Some(verdict) = &mut self.verdict {
                verdict.piece(piece);
            }
            return false;
        };
        let is_kept = piece.is_empty() || tee.piece(self.request, piece);
        if !is_kept {
            self.verdict = self.tee.take().and_then(|tee| tee.verdict());
        }
        is_kept
    }

    /// The body ends with its connection. Where anybody could have ended that, it is passed on, and kept by nobody who cannot tell
    /// whether it is whole.
    pub(super) fn doubt_end(&mut self) {
        let peer = self.peer.as_ref();
        let was_cut = peer.is_some_and(|peer| peer.link.end.was_cut());
        if self
            .tee
            .take_if(|tee| was_cut && !tee.knows_body())
            .is_some()
        {
            self.complain(
                "upstream ended the TLS connection without close_notify, so the response is not kept, \
                 while reading upstream",
            );
        }
    }

    /// The body is whole; false when whoever keeps it knows that it is not what it should be.
    pub(super) fn keep_end(&mut self) -> bool {
        if let Some(verdict) = self.verdict.take() {
            return verdict.holds();
        }
        let tee = self.tee.take();
        tee.is_none_or(|tee| tee.end(self.request))
    }

    /// The client has left or wants no body, and nobody keeps it either: there is nobody it is read for.
    pub(super) fn nobody_takes_it(&mut self) {
        self.deadlines.peer_read = None;
        self.deadlines.peer_write = None;
        self.tell_received();
        self.origin.finished(self.request);
        self.peer = None;
        self.stage = Stage::Rest { whole: true };
    }

    /// Has the first `length` bytes of `content`, which are kept, sent as they are: from there, if the client is late.
    pub(super) fn push_kept(&mut self, content: Received, length: usize) -> Result<(), Lost> {
        let ahead = self.read_ahead();
        let outbox = &mut self.session.outbox;
        if length == 0 || !ahead.is_some_and(|ahead| outbox.is_late(ahead)) {
            return self.push(content, length);
        }
        if outbox.is_behind() {
            outbox.fall_behind(length);
            return Ok(());
        }
        let Some(tee) = &self.tee else {
            return self.push(content, length);
        };
        let before = self.received.content.saturating_sub(length as u64);
        let kept = tee.kept().map_err(Lost::File)?;
        outbox.begin_behind(Behind::new(kept.file, kept.start.saturating_add(before)));
        outbox.fall_behind(length);
        Ok(())
    }
}

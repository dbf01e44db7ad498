//! The response's body on its way into the outbox, through filters where there are some.

use std::fmt;
use std::io;

use super::{Exchange, Stage};
use crate::http::message::framing::Framing;
use crate::http::message::trailers;
use crate::http::transport::received::{PIECE, Received};

/// Why a piece cannot be passed on.
pub(super) enum Lost {
    /// The temporary file that it was to wait in failed.
    File(io::Error),
    /// A filter failed.
    Filter(io::Error),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => write!(f, "a temporary file failed ({error})"),
            Self::Filter(error) => write!(f, "a filter failed ({error})"),
        }
    }
}

impl Exchange<'_> {
    /// Has the first `length` bytes of `content` sent as they are.
    pub(super) fn push(&mut self, content: Received, length: usize) -> Result<(), Lost> {
        let ahead = self.read_ahead();
        let outbox = &mut self.session.outbox;
        outbox
            .push_content(content, length, ahead)
            .map_err(Lost::File)
    }

    /// Has sent what filters make of the first `length` bytes of `content`.
    pub(super) fn push_filtered(
        &mut self,
        mut content: Received,
        length: usize,
    ) -> Result<(), Lost> {
        content.truncate(length);
        if content.is_empty() {
            return Ok(());
        }
        self.has_filtered = true;
        let mut filters = std::mem::take(&mut self.filters);
        let filtered = filters.piece(self.request, content.bytes());
        let pushed = match filtered.map_err(Lost::Filter)? {
            Some(passed) => self.push_bytes(passed),
            None => self.push(content, length),
        };
        self.filters = filters;
        pushed
    }

    /// Passes on more of what was received last; whether anything was done.
    pub(super) fn pass_more(&mut self) -> bool {
        if self.is_discarding {
            self.filters.clear();
        } else {
            match self.push_more() {
                Ok(true) => {}
                Ok(false) => return false,
                Err(problem) => {
                    self.lost(&problem);
                    return true;
                }
            }
        }
        self.content_passed();
        true
    }

    /// What was received is on its way, unless there is more of it: the body is over, or goes on.
    pub(super) fn content_passed(&mut self) {
        if self.filters.has_more() {
            return;
        }
        let Stage::Body {
            framing,
            persistent,
        } = &self.stage
        else {
            return;
        };
        if framing.is_done() {
            let persistent = *persistent && !self.has_surplus;
            self.peer_is_done(persistent);
        } else if self.has_surplus {
            self.broke("upstream sent invalid chunked response");
        } else if matches!(framing, Framing::UntilClose) && self.is_last() {
            self.content_ended(Ok(0));
        }
    }

    /// Goes on with the last piece as far as there is room for it: an unpacked body is not read ahead into a file, unless
    /// somebody keeps it and must not wait for the client. Whether anything was done.
    fn push_more(&mut self) -> Result<bool, Lost> {
        let ahead = self.read_ahead().filter(|_| self.tee.is_some());
        if !self.session.outbox.has_room(ahead) {
            self.deadlines.peer_read = None;
            return Ok(false);
        }
        self.has_filtered = true;
        let mut filters = std::mem::take(&mut self.filters);
        let more = filters.more(self.request).map_err(Lost::Filter)?;
        self.push_bytes(more)?;
        self.filters = filters;
        Ok(true)
    }

    /// Has sent what filters make of a piece that is added to the body.
    pub(super) fn push_added(&mut self, piece: Received) -> Result<(), Lost> {
        self.has_filtered = true;
        let mut filters = std::mem::take(&mut self.filters);
        let filtered = filters.added(self.request, piece.bytes());
        let length = piece.len();
        let pushed = match filtered.map_err(Lost::Filter)? {
            Some(passed) => self.push_bytes(passed),
            None => self.push(piece, length),
        };
        self.filters = filters;
        pushed
    }

    /// Has sent what filters make of the end of the body itself, behind which something is added.
    pub(super) fn push_own_rest(&mut self) -> Result<(), Lost> {
        let mut filters = std::mem::take(&mut self.filters);
        let rest = filters.end_own(self.request).map_err(Lost::Filter)?;
        let pushed = self.push_bytes(rest);
        self.filters = filters;
        pushed
    }

    /// Has sent what filters held back; whether that was anything.
    pub(super) fn pause(&mut self) -> Result<bool, Lost> {
        let mut filters = std::mem::take(&mut self.filters);
        let held = filters.pause(self.request).map_err(Lost::Filter)?;
        self.push_bytes(held)?;
        let is_some = !held.is_empty();
        self.filters = filters;
        Ok(is_some)
    }

    /// Has sent what filters make of the end of the body.
    pub(super) fn push_rest(&mut self) -> Result<(), Lost> {
        let mut filters = std::mem::take(&mut self.filters);
        let rest = filters.end(self.request).map_err(Lost::Filter)?;
        self.push_bytes(rest)
    }

    /// What the peer said behind the body, as far as the client gets it.
    pub(super) fn trailers(&self) -> Vec<u8> {
        match &self.stage {
            Stage::Body { framing, .. } if self.takes_trailers() => {
                trailers::passable(framing.trailers(), |name| self.origin.hides(name))
            }
            _ => Vec::new(),
        }
    }

    /// Whether the client's way has room for trailers.
    pub(super) fn takes_trailers(&self) -> bool {
        self.session.outbox.takes_trailers(&self.session.client)
    }

    /// Has sent the end of the body, and these trailers behind it.
    pub(super) fn push_end(&mut self, trailers: &[u8]) -> Result<(), Lost> {
        let (client, outbox) = (&self.session.client, &mut self.session.outbox);
        outbox.push_end(client, trailers).map_err(Lost::File)
    }

    fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        for piece in bytes.chunks(PIECE) {
            let mut content = Received::default();
            content.extend(piece);
            self.push(content, piece.len())?;
        }
        Ok(())
    }
}

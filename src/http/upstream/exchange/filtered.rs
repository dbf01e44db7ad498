//! The response's body on its way into the outbox, through filters where there are some.

use std::fmt;
use std::io;

use super::Exchange;
use crate::http::plan::body_filter::BodyFilters;
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
        let ahead = self.rules.read_ahead.as_ref();
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

    /// Has sent what filters held back; whether that was anything.
    pub(super) fn pause(&mut self) -> bool {
        self.with_filters(|filters, exchange| {
            let held = filters.pause(exchange.request).map_err(Lost::Filter)?;
            exchange.push_bytes(held).map(|()| !held.is_empty())
        })
    }

    /// Has sent what filters make of the end of the body; false when it is lost.
    pub(super) fn push_rest(&mut self) -> bool {
        self.with_filters(|filters, exchange| {
            let rest = filters.end(exchange.request).map_err(Lost::Filter)?;
            exchange.push_bytes(rest).map(|()| true)
        })
    }

    fn with_filters(
        &mut self,
        work: impl FnOnce(&mut BodyFilters, &mut Self) -> Result<bool, Lost>,
    ) -> bool {
        let mut filters = std::mem::take(&mut self.filters);
        match work(&mut filters, self) {
            Ok(done) => {
                self.filters = filters;
                done
            }
            Err(problem) => {
                self.complain(&format!("{problem} while reading upstream"));
                self.request.keep_alive = false;
                self.is_discarding = true;
                false
            }
        }
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

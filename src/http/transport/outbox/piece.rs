//! What an outbox writes in one go.

use super::super::received::{PIECE, Received};
use super::super::start::Message;

/// What is written in one go: framing, and content behind it.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// A head that a stream is given before all that.
    pub(super) head: Option<Message>,
    /// Before the content: a head, or the framing of chunks.
    pub(super) start: Vec<u8>,
    pub(super) start_sent: usize,
    pub(super) content: Received,
    /// How much of all that is the framing of chunks.
    pub(super) framing: usize,
}

impl Piece {
    /// Whether so much more may be copied behind what it begins with.
    pub(super) fn takes_copy(&self, length: usize) -> bool {
        self.content.is_empty() && length <= COPIED && self.start.len() + length <= PIECE
    }

    pub(super) fn held(&self) -> usize {
        let content = if self.content.is_empty() { 0 } else { PIECE };
        self.start.len() + content
    }

    pub(super) fn is_sent(&self) -> bool {
        self.start_sent == self.start.len() && self.content.is_empty()
    }
}

/// Content up to so many bytes is copied behind its head, for one write of one piece.
const COPIED: usize = 4096;

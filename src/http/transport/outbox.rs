//! What is on its way to the client: heads and pieces of a body, in order.
//!
//! A client that keeps up has each piece written from where it was received. Behind a slow one
//! pieces are gathered in memory up to a limit, then in a temporary file, so that the origin is
//! done with them; or, without buffering, nothing more is read.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::task::{Context, Poll, ready};

use super::end::End;
use super::received::{PIECE, Received};
use super::spill::{ReadAhead, Spill};
use crate::http::message::framing;

/// What is on its way to the client.
#[derive(Debug, Default)]
pub struct Outbox {
    pieces: VecDeque<Piece>,
    spill: Option<Spill>,
    chunked: bool,
    /// The line end that the last chunk still needs.
    is_chunk_open: bool,
    is_flushed: bool,
    /// Memory of pieces that were sent, for the next ones.
    spare: Vec<u8>,
}

#[derive(Debug, Default)]
struct Piece {
    /// Before the content: a head, or the framing of chunks.
    start: Vec<u8>,
    start_sent: usize,
    content: Received,
}

impl Piece {
    fn is_sent(&self) -> bool {
        self.start_sent == self.start.len() && self.content.is_empty()
    }
}

/// Content up to so many bytes is copied behind its head, for one write of one piece.
const COPIED: usize = 4096;

impl Outbox {
    /// Begins a new response.
    pub fn begin(&mut self) {
        self.pieces.clear();
        self.spill = None;
        self.chunked = false;
        self.is_chunk_open = false;
        self.is_flushed = true;
    }

    /// Gives back memory beyond `most` bytes.
    pub fn rest(&mut self, most: usize) {
        if self.spare.capacity() > most {
            self.spare = Vec::new();
        }
        self.pieces.shrink_to(1);
    }

    /// Whether the body's pieces are sent as chunks from now on.
    pub fn set_chunked(&mut self, chunked: bool) {
        self.chunked = chunked;
    }

    /// Appends a head, which `write` writes.
    pub fn push_head(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut start = std::mem::take(&mut self.spare);
        start.clear();
        write(&mut start);
        self.push(Piece {
            start,
            ..Piece::default()
        });
    }

    /// Whether there is room for a piece more.
    pub fn has_room(&self, ahead: Option<&ReadAhead>) -> bool {
        let Some(ahead) = ahead else {
            return self.pieces.len() <= 1 && self.unsent_memory() < PIECE;
        };
        if self.spill.is_none() && self.unsent_memory() < ahead.memory.max(PIECE) {
            return true;
        }
        self.spill.as_ref().map_or(0, Spill::left) < ahead.file
    }

    /// Appends the first `length` bytes of `content`, all of what is left in it otherwise is lost.
    ///
    /// # Errors
    /// When the temporary file fails.
    pub fn push_content(
        &mut self,
        mut content: Received,
        length: usize,
        ahead: Option<&ReadAhead>,
    ) -> io::Result<()> {
        content.truncate(length);
        if content.is_empty() {
            return Ok(());
        }
        let mut line = Vec::new();
        if self.chunked {
            self.open_chunk(length, &mut line);
        }
        if let Some(ahead) = ahead
            && (self.spill.is_some() || self.unsent_memory() >= ahead.memory.max(PIECE))
        {
            return self.spill(&line, content.bytes(), &ahead.directory);
        }
        match self.pieces.back_mut() {
            Some(last) if last.content.is_empty() && length <= COPIED => {
                last.start.extend_from_slice(&line);
                last.start.extend_from_slice(content.bytes());
            }
            Some(last) if last.content.is_empty() => {
                last.start.extend_from_slice(&line);
                last.content = content;
            }
            Some(last) if last.content.len() + line.len() + length <= PIECE => {
                last.content.extend(&line);
                last.content.extend(content.bytes());
            }
            _ => self.push(Piece {
                start: line,
                start_sent: 0,
                content,
            }),
        }
        self.is_flushed = false;
        Ok(())
    }

    /// Appends the end of a body in chunks.
    ///
    /// # Errors
    /// When the temporary file fails.
    pub fn push_end(&mut self) -> io::Result<()> {
        if !self.chunked {
            return Ok(());
        }
        let mut line = Vec::new();
        if std::mem::take(&mut self.is_chunk_open) {
            line.extend_from_slice(b"\r\n");
        }
        line.extend_from_slice(framing::LAST_CHUNK);
        if let Some(spill) = &mut self.spill {
            return spill.write(&line);
        }
        match self.pieces.back_mut() {
            Some(last) if last.content.is_empty() => last.start.extend_from_slice(&line),
            Some(last) => last.content.extend(&line),
            None => self.push(Piece {
                start: line,
                ..Piece::default()
            }),
        }
        Ok(())
    }

    /// Whether everything has left.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.is_flushed && self.spill.is_none()
    }

    /// Drops what has not left: nobody wants it any more.
    pub fn discard(&mut self) {
        self.pieces.clear();
        self.spill = None;
        self.is_flushed = true;
    }

    /// Sends what it can; ready with the number of bytes, 0 when there is nothing to send.
    pub fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        client: &mut End,
    ) -> Poll<io::Result<usize>> {
        self.take_from_spill()?;
        let Some(piece) = self.pieces.front_mut() else {
            if !self.is_flushed {
                ready!(client.poll_flush(task))?;
                self.is_flushed = true;
            }
            return Poll::Ready(Ok(0));
        };
        let start = &piece.start[piece.start_sent..];
        let sent = ready!(client.poll_send(task, start, piece.content.bytes()))?;
        let of_start = sent.min(start.len());
        piece.start_sent += of_start;
        piece.content.consume(sent - of_start);
        if piece.is_sent()
            && let Some(piece) = self.pieces.pop_front()
            && piece.start.capacity() > self.spare.capacity()
        {
            self.spare = piece.start;
        }
        Poll::Ready(Ok(sent))
    }

    fn push(&mut self, piece: Piece) {
        self.pieces.push_back(piece);
        self.is_flushed = false;
    }

    fn open_chunk(&mut self, length: usize, line: &mut Vec<u8>) {
        if std::mem::replace(&mut self.is_chunk_open, true) {
            line.extend_from_slice(b"\r\n");
        }
        framing::chunk_size(length, line);
    }

    fn unsent_memory(&self) -> usize {
        let held = |piece: &Piece| if piece.content.is_empty() { 0 } else { PIECE };
        self.pieces.iter().map(held).sum()
    }

    fn spill(&mut self, line: &[u8], content: &[u8], directory: &Path) -> io::Result<()> {
        if self.spill.is_none() {
            self.spill = Some(Spill::new(directory)?);
        }
        if let Some(spill) = &mut self.spill {
            spill.write(line)?;
            spill.write(content)?;
        }
        Ok(())
    }

    /// Once memory is empty, the file's turn comes; once the file is empty, memory is used again.
    fn take_from_spill(&mut self) -> io::Result<()> {
        if !self.pieces.is_empty() {
            return Ok(());
        }
        let Some(spill) = &mut self.spill else {
            return Ok(());
        };
        let mut content = Received::default();
        content.fill(|place| spill.read(place))?;
        if spill.left() == 0 {
            self.spill = None;
        }
        self.push(Piece {
            content,
            ..Piece::default()
        });
        Ok(())
    }
}

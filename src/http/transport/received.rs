//! What was received and not consumed, in memory that is taken only while there is something.
//!
//! Each worker keeps a few spare pieces; a connection that waits for bytes has none. Streams are
//! read straight into the piece.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Read at once, and the memory that a busy connection holds in each direction.
pub const PIECE: usize = 32 * 1024;
/// So many spare pieces are kept by a worker.
const MAX_SPARE: usize = 64;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that were received and not consumed.
#[derive(Debug, Default)]
pub struct Received {
    /// Initialised as a whole; empty when there is nothing.
    memory: Vec<u8>,
    start: usize,
    end: usize,
}

impl Received {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    /// The bytes, to be decoded in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.end]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Drops the first of the bytes, and the memory with the last.
    pub fn consume(&mut self, amount: usize) {
        self.start += amount.min(self.len());
        if self.is_empty() {
            self.release();
        }
    }

    /// Drops all but the first bytes.
    pub fn truncate(&mut self, length: usize) {
        self.end = self.end.min(self.start + length);
        if self.is_empty() {
            self.release();
        }
    }

    /// Appends bytes that came some other way.
    pub fn extend(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.make_room(bytes.len());
        self.memory[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Has `read` put bytes behind what there is.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        self.make_room(1);
        let filled = read(&mut self.memory[self.end..]);
        self.end += *filled.as_ref().unwrap_or(&0);
        if self.is_empty() {
            self.release();
        }
        filled
    }

    /// Reads more behind what there is; 0 at the end of the stream.
    pub fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        self.make_room(1);
        let mut buffer = ReadBuf::new(&mut self.memory[self.end..]);
        let polled = Pin::new(stream).poll_read(task, &mut buffer);
        let received = buffer.filled().len();
        self.end += received;
        if self.is_empty() {
            self.release();
        }
        ready!(polled)?;
        Poll::Ready(Ok(received))
    }

    fn make_room(&mut self, wanted: usize) {
        if self.memory.is_empty() {
            self.memory = SPARE
                .with_borrow_mut(Vec::pop)
                .unwrap_or_else(|| vec![0; PIECE]);
        }
        if self.memory.len() - self.end >= wanted {
            return;
        }
        self.memory.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
        if self.memory.len() - self.end < wanted {
            let more = wanted.max(PIECE);
            self.memory.resize(self.end + more, 0);
        }
    }

    fn release(&mut self) {
        (self.start, self.end) = (0, 0);
        let memory = std::mem::take(&mut self.memory);
        if memory.len() == PIECE {
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < MAX_SPARE {
                    spare.push(memory);
                }
            });
        }
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_and_go_in_order() {
        let mut received = Received::default();
        let text: Vec<u8> = (0..3 * PIECE).map(|at| (at % 251) as u8).collect();
        let mut seen = Vec::new();
        for piece in text.chunks(1000) {
            received.extend(piece);
            let some = received.len() / 2;
            seen.extend_from_slice(&received.bytes()[..some]);
            received.consume(some);
        }
        seen.extend_from_slice(received.bytes());
        assert_eq!(seen, text);
        received.consume(received.len());
        assert!(received.memory.is_empty());
    }

    #[test]
    fn reading_grows_beyond_a_piece() {
        let mut received = Received::default();
        let text = vec![7; 3 * PIECE];
        let mut stream = &text[..];
        let mut task = Context::from_waker(std::task::Waker::noop());
        while let Poll::Ready(Ok(1..)) = received.poll_read(&mut task, &mut stream) {}
        assert_eq!(received.bytes(), text);
    }
}

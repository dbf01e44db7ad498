//! The first piece that is written to a stream, changed on its way: what a library that writes heads
//! has no means to say.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

/// The first piece, until it has left. Whatever is written behind it is left alone.
#[derive(Debug, Default)]
pub struct FirstPiece {
    changed: Vec<u8>,
    written: usize,
    is_gone: bool,
}

impl FirstPiece {
    /// Writes `piece`, or what `change` makes of it if it is the first.
    pub fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        task: &mut Context<'_>,
        piece: &[u8],
        change: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        if self.is_gone {
            return Pin::new(stream).poll_write(task, piece);
        }
        if self.changed.is_empty() {
            self.changed = change(piece);
        }
        while let rest = &self.changed[self.written..]
            && !rest.is_empty()
        {
            match ready!(Pin::new(&mut *stream).poll_write(task, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        self.is_gone = true;
        self.changed = Vec::new();
        Poll::Ready(Ok(piece.len()))
    }
}

/// A head in which `change` may replace the line of each field: without its line end, and `None` to
/// leave it.
pub fn with_lines(head: &[u8], change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len() + 32);
    let mut rest = head;
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        if end == 0 {
            break;
        }
        match change(&rest[..end]) {
            Some(line) => out.extend_from_slice(&line),
            None => out.extend_from_slice(&rest[..end]),
        }
        out.extend_from_slice(b"\r\n");
        rest = &rest[end + 2..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_head_are_changed_and_nothing_behind_it() {
        let change = |line: &[u8]| line.starts_with(b"A:").then(|| b"Long: er".to_vec());
        let changed = |head: &[u8]| String::from_utf8(with_lines(head, change)).unwrap();
        assert_eq!(
            changed(b"GET / HTTP/1.1\r\nA: b\r\nB: c\r\n\r\nx\r\nA: b\r\n"),
            "GET / HTTP/1.1\r\nLong: er\r\nB: c\r\n\r\nx\r\nA: b\r\n"
        );
        assert_eq!(changed(b"A: b"), "A: b");
    }

    #[tokio::test]
    async fn only_the_first_piece_is_changed() {
        struct Slow(Vec<u8>, FirstPiece, bool);
        let mut slow = Slow(Vec::new(), FirstPiece::default(), false);
        for piece in [&b"one"[..], b"two"] {
            let left = std::future::poll_fn(|task| {
                let Slow(out, first, _) = &mut slow;
                first.poll_write(out, task, piece, |_| b"changed ".to_vec())
            });
            assert_eq!(left.await.unwrap(), 3);
        }
        slow.2 = true;
        assert_eq!(slow.0, b"changed two");
    }
}

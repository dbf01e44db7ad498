//! What comes before HTTP/2 is understood: is it HTTP/2 at all, and how many frames are there that carry nothing?
//!
//! Settings, pings, window updates and the like cost work and bring nothing. A peer may send a good many at once and
//! further ones as time passes and as content goes in either direction; beyond that its connection fails.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::transport::clock;
use crate::metric::Moment;

/// So many frames without content may come at once.
const MOST: u64 = 1000;
/// One more for each of so many nanoseconds.
const EVERY: u64 = 10_000_000;
/// And one more for so many bytes of content, or sent.
const FOR_BYTES: u64 = 256;

const HEADER: usize = 9;
const DATA: u8 = 0;
const SETTINGS: u8 = 4;

/// A connection whose incoming frames are counted.
#[derive(Debug)]
pub(super) struct Gate<S> {
    stream: S,
    frames: Frames,
}

/// Follows the frames that come.
#[derive(Debug)]
struct Frames {
    header: [u8; HEADER],
    /// How much of it has come.
    filled: usize,
    /// What is left of the frame behind it.
    payload: u64,
    is_first: bool,
    allowance: Allowance,
}

/// How many frames may still come that carry nothing.
#[derive(Debug)]
struct Allowance {
    left: u64,
    /// Bytes that no frame was granted for yet.
    bytes: u64,
    /// Up to when time was taken into account.
    since: Moment,
}

impl<S> Gate<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            frames: Frames::new(clock::moment()),
        }
    }
}

impl Frames {
    fn new(now: Moment) -> Self {
        Self {
            header: [0; HEADER],
            filled: 0,
            payload: 0,
            is_first: true,
            allowance: Allowance {
                left: MOST,
                bytes: 0,
                since: now,
            },
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let length = bytes.len() as u64;
                let passed = self.payload.min(length);
                self.payload -= passed;
                // Never more than there is.
                bytes = &bytes[usize::try_from(passed).unwrap_or(bytes.len())..];
                continue;
            }
            let missing = HEADER - self.filled;
            let (now, rest) = bytes.split_at(missing.min(bytes.len()));
            self.header[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            bytes = rest;
            if self.filled == HEADER {
                self.filled = 0;
                self.begin_frame()?;
            }
        }
        Ok(())
    }

    fn begin_frame(&mut self) -> io::Result<()> {
        let [high, middle, low, kind, ..] = self.header;
        self.payload = u64::from(u32::from_be_bytes([0, high, middle, low]));
        if std::mem::replace(&mut self.is_first, false) && kind != SETTINGS {
            let problem = "the peer does not speak HTTP/2";
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        match kind {
            DATA if self.payload > 0 => {
                self.allowance.earn(self.payload);
                Ok(())
            }
            _ => self.allowance.spend(clock::moment()),
        }
    }
}

impl Allowance {
    fn earn(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.left = (self.left + self.bytes / FOR_BYTES).min(MOST);
        self.bytes %= FOR_BYTES;
    }

    fn spend(&mut self, now: Moment) -> io::Result<()> {
        if self.left == 0 {
            let granted = now.0.saturating_sub(self.since.0) / EVERY;
            self.left = granted.min(MOST);
            self.since = now;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                let problem = "the peer sent too many HTTP/2 frames that carry nothing";
                Err(io::Error::new(io::ErrorKind::InvalidData, problem))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(task, out))?;
        Poll::Ready(self.frames.take(&out.filled()[before..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = ready!(Pin::new(&mut self.stream).poll_write(task, bytes))?;
        self.frames.allowance.earn(sent as u64);
        Poll::Ready(Ok(sent))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = ready!(Pin::new(&mut self.stream).poll_write_vectored(task, pieces))?;
        self.frames.allowance.earn(sent as u64);
        Poll::Ready(Ok(sent))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, 0, 0, 0, 0, 1];
        frame.resize(HEADER + payload, 7);
        frame
    }

    fn frames() -> Frames {
        let mut frames = Frames::new(clock::moment());
        frames.take(&frame(SETTINGS, 6)).unwrap();
        frames
    }

    #[test]
    fn what_begins_otherwise_is_not_http2() {
        let mut frames = Frames::new(clock::moment());
        let error = frames.take(b"HTTP/1.1 400 Bad Request\r\n").unwrap_err();
        assert_eq!(error.to_string(), "the peer does not speak HTTP/2");
    }

    #[test]
    fn frames_are_found_wherever_the_bytes_are_cut() {
        for step in 1..20 {
            let mut frames = frames();
            let all = [frame(DATA, 5), frame(6, 8), frame(DATA, 0), frame(1, 30)].concat();
            for piece in all.chunks(step) {
                frames.take(piece).unwrap();
            }
            assert_eq!((frames.filled, frames.payload), (0, 0), "{step}");
            assert_eq!(frames.allowance.left, MOST - 4, "{step}");
        }
    }

    #[test]
    fn a_flood_of_nothing_fails_and_content_does_not() {
        for (kind, payload) in [(SETTINGS, 0), (6, 8), (DATA, 0), (8, 4), (99, 0)] {
            let mut frames = frames();
            let flood = frame(kind, payload).repeat(100_000);
            assert!(frames.take(&flood).is_err(), "{kind}");
        }
        let mut frames = frames();
        let fair = [frame(DATA, 300), frame(6, 8)].concat();
        frames.take(&fair.repeat(100_000)).unwrap();
    }

    #[test]
    fn time_and_what_is_sent_grant_more() {
        let mut allowance = frames().allowance;
        let mut now = allowance.since;
        for _ in 0..10_000 {
            allowance.spend(now).unwrap();
            now.0 += EVERY;
        }
        while allowance.spend(now).is_ok() {}
        assert!(allowance.spend(now).is_err());
        allowance.earn(FOR_BYTES);
        assert!(allowance.spend(now).is_ok() && allowance.spend(now).is_err());
    }
}

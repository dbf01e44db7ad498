//! What a client of HTTP/2 sends, on its way to h2.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::super::clock;
use super::super::frame::{Header, kind};
use super::super::turn::Turn;
use super::{A_TURN, Core};

impl Core {
    pub(super) fn poll_read(
        &mut self,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            if self.is_unreadable() {
                // Its driver has been told.
                return Poll::Pending;
            }
            let ready = self.screen.next(buffer.remaining());
            if !ready.is_empty() {
                buffer.put_slice(ready);
                return Poll::Ready(Ok(()));
            }
            ready!(self.turn.poll_own(task));
            ready!(self.poll_more(task, buffer))?;
            let came = &buffer.filled()[before..];
            if came.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.look(came);
            let passed = self.screen.take(came);
            for (id, malformed) in self.screen.malformed() {
                self.streams.is_malformed(id, malformed);
            }
            buffer.set_filled(before + passed);
            if self.is_unreadable() {
                task.waker().wake_by_ref();
            }
            if passed > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// The connection ends for what has come.
    fn is_unreadable(&self) -> bool {
        self.streams.flood.is_some() || self.screen.is_damaged()
    }

    fn poll_more(
        &mut self,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.prefix.is_empty() {
            let taken = self.prefix.len().min(buffer.remaining());
            buffer.put_slice(&self.prefix.bytes()[..taken]);
            self.prefix.consume(taken);
            self.turn.spend(taken);
            return Poll::Ready(Ok(()));
        }
        let Some(stream) = self.stream.as_mut() else {
            return Poll::Ready(Ok(()));
        };
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(stream).poll_read(task, buffer) else {
            self.turn = Turn::new(A_TURN);
            return Poll::Pending;
        };
        self.turn.spend(buffer.filled().len() - before);
        Poll::Ready(read)
    }

    /// Counts what has come, and notes whether a frame is to be waited for.
    fn look(&mut self, came: &[u8]) {
        let streams = &mut self.streams;
        self.reading.feed(came, |step| streams.came(step));
        let is_content = |frame: Header| frame.kind == kind::DATA;
        match self.reading.is_within() && !self.reading.current().is_some_and(is_content) {
            true => self.frame_since = self.frame_since.or_else(|| Some(clock::moment())),
            false => self.frame_since = None,
        }
    }
}

//! Sending over one end of an exchange, as fast as its pace allows.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::super::meter::Then;
use super::super::pace::Pace;
use super::{End, Line, MAX_FILE_PIECE};
use crate::os;

impl End {
    /// Has what is sent from now on leave at a pace, or as fast as it can.
    pub fn set_pace(&mut self, pace: Option<Pace>) {
        self.pace = pace.map(Box::new);
    }

    /// Whether nothing may be sent for now, however much the other side would take.
    pub fn is_pausing(&self) -> bool {
        self.pace.as_ref().is_some_and(|pace| pace.is_pausing())
    }

    /// Ready with how much may be sent now.
    #[inline]
    fn poll_room(&mut self, task: &mut Context<'_>) -> Poll<usize> {
        match &mut self.pace {
            None => Poll::Ready(usize::MAX),
            Some(pace) => pace.poll_room(task),
        }
    }

    #[inline]
    fn spend(&mut self, amount: usize) {
        if let Some(pace) = &mut self.pace {
            pace.spend(amount);
        }
    }

    /// Writes some of two pieces, one behind the other.
    pub fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wanted = first.len() + second.len();
        let room = match wanted {
            0 => usize::MAX,
            _ => ready!(self.poll_room(task)),
        };
        let first = &first[..first.len().min(room)];
        let second = &second[..second.len().min(room - first.len())];
        let sent = match &mut self.line {
            Line::Wire(_) => ready!(self.poll_write(task, (first, second), wanted)),
            Line::Stream(half) => {
                let is_all = first.len() + second.len() == wanted;
                ready!(half.poll_send(task, (first, second), is_all))
            }
        }?;
        self.spend(sent);
        Poll::Ready(Ok(sent))
    }

    fn poll_write(
        &mut self,
        task: &mut Context<'_>,
        (first, second): (&[u8], &[u8]),
        wanted: usize,
    ) -> Poll<io::Result<usize>> {
        let Line::Wire(stream) = &mut self.line else {
            return Poll::Ready(Err(io::ErrorKind::Unsupported.into()));
        };
        let stream = Pin::new(stream);
        let sent = match (first.is_empty(), second.is_empty()) {
            (_, true) => stream.poll_write(task, first),
            (true, _) => stream.poll_write(task, second),
            _ => stream.poll_write_vectored(task, &[IoSlice::new(first), IoSlice::new(second)]),
        };
        let Poll::Ready(sent) = sent else {
            self.tell_pause();
            return Poll::Pending;
        };
        let sent = sent?;
        if sent == 0 && wanted > 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.count_sent(sent, Then::after(self.is_ending && sent == wanted));
        Poll::Ready(Ok(sent))
    }

    /// Sends some of `length` bytes of a file from `offset` without a copy in our memory, where nothing
    /// encrypts the connection; 0 where the file ends.
    pub fn poll_send_file(
        &mut self,
        task: &mut Context<'_>,
        file: &File,
        offset: u64,
        length: u64,
    ) -> Poll<io::Result<usize>> {
        let room = ready!(self.poll_room(task)).min(MAX_FILE_PIECE);
        let Line::Wire(stream) = &self.line else {
            return Poll::Ready(Err(io::ErrorKind::Unsupported.into()));
        };
        let most = usize::try_from(length).map_or(room, |all| all.min(room));
        match os::send_file(stream.id(), file, offset, most) {
            Ok(sent) => {
                self.count_sent(sent, Then::after(self.is_ending && sent as u64 == length));
                self.spend(sent);
                Poll::Ready(Ok(sent))
            }
            Err(error) if is_for_a_write(error.kind()) => {
                let mut piece = [0; 4096];
                let read = file.read_at(&mut piece[..most.min(4096)], offset)?;
                self.poll_send(task, &piece[..read], &[])
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Writes some of what a file follows at once (`poll_send_file`), so that both share their packets.
    pub fn poll_send_before_file(
        &mut self,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let room = ready!(self.poll_room(task));
        let Line::Wire(stream) = &self.line else {
            return self.poll_send(task, bytes, &[]);
        };
        let piece = &bytes[..bytes.len().min(room)];
        match os::send_more_follows(stream.id(), piece) {
            Ok(sent) => {
                self.count_sent(sent, Then::after(sent == bytes.len()));
                self.spend(sent);
                Poll::Ready(Ok(sent))
            }
            Err(error) if is_for_a_write(error.kind()) => self.poll_send(task, bytes, &[]),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Passes on what the connection itself has gathered, as encrypted ones do. At the end of a stream it waits
    /// until that has left.
    pub fn poll_flush(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Wire(stream) => Pin::new(stream).poll_flush(task),
            Line::Stream(half) => half.poll_flush(task),
        }
    }
}

/// Whether bytes are to be written instead: the stream learns only from a write of its own that it is to
/// wait for room, and there are file systems that the system cannot send from.
fn is_for_a_write(error: io::ErrorKind) -> bool {
    use io::ErrorKind::{InvalidInput, Unsupported, WouldBlock};
    matches!(error, WouldBlock | InvalidInput | Unsupported)
}

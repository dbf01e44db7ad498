//! Notices that a client has left although bytes that it sent before are not read yet.
//!
//! Whoever reads finds the end of a stream only behind everything that came before it. The system
//! knows of it at once, and says so of a second descriptor of the same connection.

use std::io;
use std::net;
use std::os::fd::{AsRawFd, RawFd};
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::os;

/// Watches a connection for its end.
#[derive(Debug)]
pub(super) struct Departure(TcpStream);

impl Departure {
    /// Watches the connection with this descriptor.
    ///
    /// # Errors
    /// When the system refuses another descriptor.
    pub(super) fn of(number: RawFd) -> io::Result<Self> {
        let socket = net::TcpStream::from(os::duplicate(number)?);
        TcpStream::from_std(socket).map(Self)
    }

    /// Ready once the client has ended its side or is gone.
    pub(super) fn poll_left(&self, task: &mut Context<'_>) -> Poll<()> {
        let look = || match os::has_left(self.0.as_raw_fd()) {
            true => Ok(()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        };
        loop {
            if std::task::ready!(self.0.poll_read_ready(task)).is_err() {
                return Poll::Ready(());
            }
            // Where only more bytes came, this waits for the next news.
            if self.0.try_io(Interest::READABLE, look).is_ok() {
                return Poll::Ready(());
            }
        }
    }
}

//! A listening socket in the event loop: one can see that a connection waits before taking it.
//!
//! The event loop's own listeners take a connection as soon as they see it, which leaves no room for
//! leaving it to another process that listens at the same socket.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use socket2::{SockAddr, SockRef, Socket};
use tokio::io::unix::AsyncFd;

/// A listening socket.
pub struct Listening(AsyncFd<OwnedFd>);

impl Listening {
    /// Takes a socket that listens. Within an event loop only.
    ///
    /// # Errors
    /// When it cannot be watched.
    pub fn new(fd: OwnedFd) -> io::Result<Self> {
        SockRef::from(&fd).set_nonblocking(true)?;
        // SAFETY: an `OwnedFd` stays open, and the same, as long as it lives, and nothing here hands
        // it out to be changed.
        let watched = unsafe { AsyncFd::register(fd) }?;
        Ok(Self(watched))
    }

    /// Takes the next connection, and gives its client's address too. Once one waits, it is left
    /// alone for as long as `leave` says, and another process may take it meanwhile. Giving this
    /// up loses nothing.
    ///
    /// # Errors
    /// Those of `accept`.
    pub async fn accept(&self, leave: impl Fn() -> Duration) -> io::Result<(Socket, SockAddr)> {
        loop {
            let mut ready = self.0.readable().await?;
            let time = leave();
            if !time.is_zero() {
                tokio::time::sleep(time).await;
            }
            let accept = |fd: &AsyncFd<OwnedFd>| SockRef::from(fd.get_ref()).accept();
            if let Ok(accepted) = ready.try_io(accept) {
                return accepted;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_connection_is_seen_before_it_is_taken() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let other = listener.try_clone().unwrap();
            let listening = Listening::new(listener.into()).unwrap();
            let first = TcpStream::connect(address).unwrap();
            let second = std::cell::OnceCell::new();
            let leave = || {
                second.get_or_init(|| {
                    other.accept().unwrap();
                    TcpStream::connect(address).unwrap()
                });
                Duration::from_millis(1)
            };
            let accepted = listening.accept(leave).await.unwrap();
            let client = accepted.1.as_socket();
            assert_eq!(client, second.get().unwrap().local_addr().ok());
            assert_ne!(client, first.local_addr().ok());
        });
    }
}

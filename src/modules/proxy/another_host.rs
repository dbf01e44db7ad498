//! Heads with more than one `Host` field. Pingora refuses to send one, so all but the first go under
//! another name until the head leaves. Such a connection carries one request.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::connectors::L4Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora_core::{Error, ErrorType, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::http::transport::first_piece::{FirstPiece, with_lines};

/// What a further `Host` is called until its head leaves.
pub(super) const NAME: &str = "Pingauge-Another-Host";

/// Makes connections over which further hosts get their right name.
#[derive(Debug)]
pub(super) struct Connector {
    /// How long connecting may take.
    pub(super) patience: Duration,
}

#[async_trait]
impl L4Connect for Connector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let made = async {
            Ok(match address {
                SocketAddr::Inet(address) => Socket::Inet(TcpStream::connect(address).await?),
                SocketAddr::Unix(address) => {
                    let path = address.as_pathname().map(PathBuf::from);
                    Socket::Unix(UnixStream::connect(path.unwrap_or_default()).await?)
                }
            })
        };
        let socket = match tokio::time::timeout(self.patience, made).await {
            Ok(made) => made.map_err(|error: io::Error| {
                Error::because(ErrorType::ConnectError, "connecting to a peer", error)
            })?,
            Err(late) => {
                let what = "connecting to a peer";
                return Err(Error::because(ErrorType::ConnectTimedout, what, late));
            }
        };
        let socket = Renaming {
            socket,
            head: FirstPiece::default(),
        };
        Ok(VirtualSocketStream::new(Box::new(socket)).into())
    }
}

#[derive(Debug)]
enum Socket {
    Inet(TcpStream),
    Unix(UnixStream),
}

#[derive(Debug)]
struct Renaming {
    socket: Socket,
    head: FirstPiece,
}

impl VirtualSocket for Renaming {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match (&self.socket, option) {
            (Socket::Inet(socket), VirtualSockOpt::NoDelay) => socket.set_nodelay(true),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Renaming {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Inet(socket) => Pin::new(socket).poll_read(task, out),
            Socket::Unix(socket) => Pin::new(socket).poll_read(task, out),
        }
    }
}

impl AsyncWrite for Renaming {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { socket, head } = self.get_mut();
        match socket {
            Socket::Inet(socket) => head.poll_write(socket, task, bytes, renamed),
            Socket::Unix(socket) => head.poll_write(socket, task, bytes, renamed),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Inet(socket) => Pin::new(socket).poll_flush(task),
            Socket::Unix(socket) => Pin::new(socket).poll_flush(task),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Inet(socket) => Pin::new(socket).poll_shutdown(task),
            Socket::Unix(socket) => Pin::new(socket).poll_shutdown(task),
        }
    }
}

fn renamed(head: &[u8]) -> Vec<u8> {
    with_lines(head, |line| {
        let value = line.strip_prefix(NAME.as_bytes())?;
        Some([b"Host", value].concat())
    })
}

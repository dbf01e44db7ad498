//! Fields of a client whose names are no tokens, on their way to a peer.
//!
//! With `ignore_invalid_headers off` they are passed on as they came, but Pingora's heads cannot
//! hold them. A request that has some gets a connection of its own, which writes them behind the
//! request line.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes, BytesMut};
use pingora_core::connectors::L4Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora_core::{Error, ErrorType, OrErr, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::http::request::Request;

/// Whether Pingora's heads can hold a field of this name.
pub(super) fn is_plain(name: &[u8]) -> bool {
    http::HeaderName::from_bytes(name).is_ok()
}

/// What a peer's options need for such a request; `None` when it has no such fields.
pub(super) fn connector(
    request: &Request,
    timeout: Option<Duration>,
) -> Option<Arc<dyn L4Connect + Send + Sync>> {
    let lines = lines(request);
    (!lines.is_empty()).then(|| Arc::new(Connector { lines, timeout }) as _)
}

/// The lines of a request's fields that Pingora's heads cannot hold.
fn lines(request: &Request) -> Bytes {
    let mut lines = BytesMut::new();
    let fields = request.head.fields();
    for (name, value) in fields.filter(|(name, _)| !is_plain(name)) {
        for part in [name, b": ", value, b"\r\n"] {
            lines.extend_from_slice(part);
        }
    }
    lines.freeze()
}

/// Connects to a peer for one request.
#[derive(Debug)]
struct Connector {
    lines: Bytes,
    timeout: Option<Duration>,
}

#[async_trait]
impl L4Connect for Connector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let patience = self.timeout.unwrap_or(Duration::MAX);
        let socket = tokio::time::timeout(patience, open(address)).await;
        let socket = socket
            .map_err(|_| Error::explain(ErrorType::ConnectTimedout, "connecting to a peer"))?
            .or_err(ErrorType::ConnectError, "connecting to a peer")?;
        let inserting = Inserting {
            socket,
            lines: self.lines.clone(),
            unsent: BytesMut::new(),
        };
        Ok(VirtualSocketStream::new(Box::new(inserting)).into())
    }
}

async fn open(address: &SocketAddr) -> io::Result<Box<dyn Socket>> {
    match address {
        SocketAddr::Inet(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        SocketAddr::Unix(address) => {
            let path = address.as_pathname().ok_or(io::ErrorKind::InvalidInput)?;
            Ok(Box::new(UnixStream::connect(path).await?))
        }
    }
}

trait Socket: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug> Socket for T {}

/// A connection that puts lines behind the first one that is written.
#[derive(Debug)]
struct Inserting {
    socket: Box<dyn Socket>,
    /// What is still to be put in.
    lines: Bytes,
    /// Taken, but not written yet.
    unsent: BytesMut,
}

impl Inserting {
    fn poll_unsent(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(task, &self.unsent))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Inserting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(task, out)
    }
}

impl AsyncWrite for Inserting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_unsent(task))?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let Some(end) = end.filter(|_| !self.lines.is_empty()) else {
            return Pin::new(&mut self.socket).poll_write(task, bytes);
        };
        let lines = std::mem::take(&mut self.lines);
        self.unsent.extend_from_slice(&bytes[..=end]);
        self.unsent.extend_from_slice(&lines);
        Poll::Ready(Ok(end + 1))
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(task))?;
        Pin::new(&mut self.socket).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(task))?;
        Pin::new(&mut self.socket).poll_shutdown(task)
    }
}

impl VirtualSocket for Inserting {
    /// Its options are those that it was opened with.
    fn set_socket_option(&self, _: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}

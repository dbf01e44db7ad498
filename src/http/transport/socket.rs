//! A connection, to a client or to a peer, as the event loop has it.
//!
//! It takes the place of Pingora's own stream, which looks at the clock twice for each read that has to
//! wait and sets memory aside for buffers and measurements that nobody here asks for: more of a short
//! request than reading its head takes.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// A connection: a TCP or Unix stream of the event loop's.
#[derive(Debug)]
pub struct PlainSocket<S, K = ()> {
    stream: S,
    other: Option<SocketAddr>,
    /// Dropped when the connection is closed.
    _kept: K,
}

impl<S> PlainSocket<S> {
    /// The connection to this other side, whose address is `None` at a Unix socket.
    pub fn new(stream: S, other: Option<SocketAddr>) -> Self {
        Self::keeping(stream, other, ())
    }
}

impl<S, K> PlainSocket<S, K> {
    /// The same, with something that is dropped when the connection is closed.
    pub fn keeping(stream: S, other: Option<SocketAddr>, kept: K) -> Self {
        Self {
            stream,
            other,
            _kept: kept,
        }
    }
}

impl<S: AsyncRead + Unpin, K: Unpin> AsyncRead for PlainSocket<S, K> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, out)
    }
}

impl<S: AsyncWrite + Unpin, K: Unpin> AsyncWrite for PlainSocket<S, K> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The system has everything already.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(task, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[async_trait]
impl<S: AsyncWrite + Unpin + Send, K: Send> Shutdown for PlainSocket<S, K> {
    async fn shutdown(&mut self) {
        // It may be gone already.
        let _ = AsyncWriteExt::shutdown(&mut self.stream).await;
    }
}

#[async_trait]
impl<S, K> Peek for PlainSocket<S, K> {}

impl<S: AsRawFd, K> UniqueID for PlainSocket<S, K> {
    fn id(&self) -> UniqueIDType {
        self.stream.as_raw_fd()
    }
}

impl<S: AsRawFd, K> GetSocketDigest for PlainSocket<S, K> {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        let digest = SocketDigest::from_raw_fd(self.stream.as_raw_fd());
        let _ = digest.peer_addr.set(self.other.map(Into::into));
        Some(Arc::new(digest))
    }
}

impl<S, K> GetTimingDigest for PlainSocket<S, K> {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl<S, K> GetProxyDigest for PlainSocket<S, K> {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl<S, K> Ssl for PlainSocket<S, K> {}

//! The stream of an encrypted connection, to a client or to a peer.
//!
//! Bytes are counted, limited and lent above it, as those of any connection; whoever asks for the
//! socket underneath is answered by it.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::TlsStream;

use super::FAREWELL;

/// The stream of an encrypted connection.
#[derive(Debug)]
pub(in crate::http) struct Encrypted(TlsStream<Stream>);

impl Encrypted {
    /// Takes a connection whose handshake is done.
    pub(in crate::http) fn new(stream: impl Into<TlsStream<Stream>>) -> Self {
        Self(stream.into())
    }

    fn below(&self) -> &Stream {
        self.0.get_ref().0
    }

    fn is_to_a_peer(&self) -> bool {
        matches!(self.0, TlsStream::Client(_))
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let stream = &mut this.0;
        let read = Pin::new(&mut *stream).poll_read(task, out);
        if stream.get_ref().1.wants_write() {
            // What was read may ask for an answer of its own: a refused renegotiation, a fresh key.
            // That it could not be sent shows at the next write.
            let _ = Pin::new(stream).poll_flush(task);
        }
        match read {
            // Many origins close without a word. Where a response ends is said by HTTP.
            Poll::Ready(Err(error))
                if error.kind() == ErrorKind::UnexpectedEof && this.is_to_a_peer() =>
            {
                Poll::Ready(Ok(()))
            }
            read => read,
        }
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(task, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write_vectored(task, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(task)
    }
}

impl Drop for Encrypted {
    /// A peer is told of the end, as far as that goes without waiting: one that is not may forget the session.
    fn drop(&mut self) {
        if self.is_to_a_peer() {
            self.0.get_mut().1.send_close_notify();
            let mut task = Context::from_waker(Waker::noop());
            let _ = Pin::new(&mut self.0).poll_flush(&mut task);
        }
    }
}

#[async_trait]
impl Shutdown for Encrypted {
    /// The client is told that nothing more comes, unless it does not even take that.
    async fn shutdown(&mut self) {
        let _ = tokio::time::timeout(FAREWELL, AsyncWriteExt::shutdown(&mut self.0)).await;
    }
}

impl UniqueID for Encrypted {
    fn id(&self) -> UniqueIDType {
        self.below().id()
    }
}

impl Ssl for Encrypted {}

impl GetTimingDigest for Encrypted {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.below().get_timing_digest()
    }
}

impl GetProxyDigest for Encrypted {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.below().get_proxy_digest()
    }
}

impl GetSocketDigest for Encrypted {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.below().get_socket_digest()
    }
}

#[async_trait]
impl Peek for Encrypted {}

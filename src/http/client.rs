//! The client's end of a connection, as a stream that others can be lent.
//!
//! It keeps what was received but not consumed, hands out no more than the present request's
//! share, so that whoever serves it cannot swallow the beginning of the next one, and counts
//! every byte.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::request::Traffic;

/// The client's end of a connection.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    buffer: BytesMut,
    share: Share,
    traffic: Arc<Traffic>,
}

/// How much a borrower may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many bytes; then only the end of the stream is seen.
    Bytes(u64),
    /// Everything: the borrower finds the end of the request itself.
    All,
}

impl Client {
    /// Wraps a fresh connection.
    pub fn new(stream: Stream, traffic: Arc<Traffic>) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            share: Share::All,
            traffic,
        }
    }

    /// Takes it back from a borrower; `None` if this is not one of ours.
    pub fn take_back(stream: Stream) -> Option<Box<Self>> {
        stream.into_any().downcast().ok()
    }

    /// What was received and not consumed.
    pub fn buffered(&self) -> &[u8] {
        &self.buffer
    }

    /// Drops the first bytes of what was received.
    pub fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.buffer.len());
        self.buffer.advance(bytes);
        self.traffic
            .received
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Limits what a borrower may read.
    pub fn lend(&mut self, share: Share) {
        self.share = share;
    }

    /// Receives more; 0 at the end of the stream.
    pub async fn receive(&mut self) -> io::Result<usize> {
        self.buffer.reserve(4096);
        self.stream.read_buf(&mut self.buffer).await
    }

    fn poll_receive(&mut self, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut storage = [0; 16 * 1024];
        let mut buffer = ReadBuf::new(&mut storage);
        std::task::ready!(Pin::new(&mut self.stream).poll_read(task, &mut buffer))?;
        let received = buffer.filled();
        self.buffer.extend_from_slice(received);
        Poll::Ready(Ok(received.len()))
    }

    /// Nothing is left of the share: only the end of the stream matters now. What else comes is
    /// the next request's, and the borrower is not woken for it.
    fn watch_for_end(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.buffer.is_empty() {
            return Poll::Pending;
        }
        match std::task::ready!(self.poll_receive(task))? {
            0 => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }
}

impl AsyncRead for Client {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let client = self.get_mut();
        if client.share == Share::Bytes(0) {
            return client.watch_for_end(task);
        }
        if client.buffer.is_empty() && std::task::ready!(client.poll_receive(task))? == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut amount = client.buffer.len().min(out.remaining());
        if let Share::Bytes(left) = &mut client.share {
            amount = amount.min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= amount as u64;
        }
        out.put_slice(&client.buffer[..amount]);
        client.consume(amount);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Client {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let client = self.get_mut();
        let written = std::task::ready!(Pin::new(&mut client.stream).poll_write(task, bytes))?;
        client
            .traffic
            .sent
            .fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(task)
    }
}

#[async_trait]
impl Shutdown for Client {
    async fn shutdown(&mut self) {
        self.stream.shutdown().await;
    }
}

impl UniqueID for Client {
    fn id(&self) -> UniqueIDType {
        self.stream.id()
    }
}

impl Ssl for Client {}

impl GetTimingDigest for Client {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream.get_timing_digest()
    }
}

impl GetProxyDigest for Client {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_proxy_digest()
    }
}

impl GetSocketDigest for Client {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_socket_digest()
    }
}

#[async_trait]
impl Peek for Client {}

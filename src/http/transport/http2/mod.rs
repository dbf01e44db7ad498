//! A connection of HTTP/2 to a peer, for whoever speaks HTTP/1.1.
//!
//! It is a stream of bytes like any other connection to a peer: a request is written to it as HTTP/1.1 has it, the
//! response is read from it likewise, bodies of unknown length in chunks. Below, the `h2` crate speaks HTTP/2. One request
//! is under way at a time, so that what holds for connections holds here as well: how many a peer may have, which are
//! idle, and that none waits behind another's. A task of the connection answers the peer meanwhile.

mod fault;
mod gate;
mod incoming;
mod outgoing;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::uri::Scheme;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;

use self::gate::Gate;
use self::incoming::{Asked, Incoming};
use self::outgoing::Outgoing;

/// So much of a body may come before anybody has read it, which bounds the memory that a peer can fill.
const WINDOW: u32 = 256 * 1024;
/// Heads and trailers beyond this, with 32 bytes for each field, are refused whatever else is allowed.
const MAX_HEAD: u32 = 256 * 1024;
/// So much of a request may lie here before the peer takes it.
const MAX_UNSENT: usize = 64 * 1024;

/// A connection of HTTP/2 to a peer.
#[derive(Debug)]
pub struct Http2 {
    sender: SendRequest<Bytes>,
    scheme: Scheme,
    outgoing: Outgoing,
    incoming: Incoming,
    socket: UniqueIDType,
    _driver: Driver,
}

/// The task of a connection, which ends with it.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Http2 {
    /// Begins to speak HTTP/2 on a fresh connection, which is encrypted or not.
    ///
    /// # Errors
    /// When the connection fails. What the peer thinks of it is seen with the first response.
    pub async fn open(stream: Stream, is_encrypted: bool) -> io::Result<Stream> {
        let socket = stream.id();
        let mut builder = Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(MAX_HEAD)
            .max_send_buffer_size(MAX_UNSENT);
        let opened = builder.handshake(Gate::new(stream)).await;
        let (sender, connection) = opened.map_err(fault::error)?;
        // Why it ended is what the request under way hears.
        let driver = tokio::spawn(async { drop(connection.await) });
        Ok(Box::new(Self {
            sender,
            scheme: match is_encrypted {
                true => Scheme::HTTPS,
                false => Scheme::HTTP,
            },
            outgoing: Outgoing::default(),
            incoming: Incoming::default(),
            socket,
            _driver: Driver(driver),
        }))
    }

    /// Has a request sent whose head is whole.
    fn begin(&mut self, head: &[u8]) -> io::Result<()> {
        let outline = outgoing::read(head, &self.scheme)?;
        let asked = Asked {
            head_only: outline.is_head(),
            trailers: outline.request.headers().contains_key(http::header::TE),
        };
        let framing = outline.framing;
        let sent = self.sender.send_request(outline.request, framing.is_done());
        let (response, stream) = sent.map_err(fault::error)?;
        self.outgoing = Outgoing::Body { stream, framing };
        self.incoming = Incoming::awaiting(response, asked);
        Ok(())
    }
}

impl AsyncRead for Http2 {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.incoming.is_idle() {
            let read = this.incoming.poll_read(task, out);
            if !(read.is_ready() && out.filled().is_empty() && this.incoming.is_idle()) {
                return read;
            }
        }
        // A connection that ends says so before anything is asked on it.
        match this.sender.poll_ready(task) {
            Poll::Ready(Err(_)) => Poll::Ready(Ok(())),
            // Nothing can be asked on it for now, and who knows for how long.
            _ if this.sender.current_max_send_streams() == 0 => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }
}

impl AsyncWrite for Http2 {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.outgoing.is_head() {
            return this.outgoing.poll_body(task, bytes);
        }
        if let Err(error) = ready!(this.sender.poll_ready(task)) {
            this.incoming = Incoming::failed(fault::error(error));
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let (taken, head) = this.outgoing.take_head(bytes);
        if let Some(head) = head
            && let Err(error) = this.begin(&head)
        {
            this.incoming = Incoming::failed(error);
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection's task sends what it has.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[async_trait]
impl Shutdown for Http2 {
    async fn shutdown(&mut self) {}
}

impl UniqueID for Http2 {
    fn id(&self) -> UniqueIDType {
        self.socket
    }
}

impl Ssl for Http2 {}

impl GetTimingDigest for Http2 {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Http2 {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl GetSocketDigest for Http2 {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        None
    }
}

#[async_trait]
impl Peek for Http2 {}

#[cfg(test)]
mod tests;

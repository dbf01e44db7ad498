//! The client's end of a connection, and the stream that stands for it while it is lent.
//!
//! It keeps what was received but not consumed, hands out no more than the present request's
//! share, so that whoever serves it cannot swallow the beginning of the next one, and counts
//! every byte. A borrower gets a [`Lent`] stream; dropping that does not close the connection.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use parking_lot::Mutex;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufWriter, ReadBuf};

use super::departure::Departure;
use super::encryption::FAREWELL;
use super::request::Traffic;
use super::sent_head::SentHead;
pub use super::share::Share;
use crate::os;

/// The client's end of a connection.
#[derive(Debug)]
pub struct Client {
    stream: BufWriter<Counted>,
    buffer: BytesMut,
    share: Share,
    /// Whether the stream ended within the share.
    is_cut: bool,
    sent_head: SentHead,
    departure: Option<Departure>,
    traffic: Arc<Traffic>,
}

/// Why the body of a request cannot be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// What came does not belong into it.
    Malformed,
    /// The client ended the connection before it was whole.
    Cut,
}

impl Client {
    /// Wraps a fresh connection.
    pub fn new(stream: Stream, traffic: Arc<Traffic>) -> Self {
        Self {
            stream: BufWriter::with_capacity(GATHERED, Counted::new(stream, Arc::clone(&traffic))),
            buffer: BytesMut::new(),
            share: Share::All,
            is_cut: false,
            sent_head: SentHead::default(),
            departure: None,
            traffic,
        }
    }

    /// What was received and not consumed.
    pub fn buffered(&self) -> &[u8] {
        &self.buffer
    }

    /// Drops the first bytes of what was received.
    pub fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.buffer.len());
        self.buffer.advance(bytes);
        self.count(bytes);
    }

    /// Limits what may be read for the present request.
    pub fn lend(&mut self, share: Share) {
        self.share = share;
        self.is_cut = false;
        self.sent_head = SentHead::default();
        self.departure = None;
    }

    /// Whether all of the share was read, so that what comes next is the next request.
    pub fn is_used_up(&self) -> bool {
        self.share.is_used_up()
    }

    /// What is wrong with the share, as far as it was read.
    pub fn fault(&self) -> Option<BodyFault> {
        if self.share.is_malformed() {
            return Some(BodyFault::Malformed);
        }
        self.is_cut.then_some(BodyFault::Cut)
    }

    /// Reads what has come of the share; `content` is given what is not framing.
    pub(super) fn take_share(&mut self, content: &mut dyn FnMut(&[u8])) {
        let amount = self.share.take(&self.buffer, content);
        self.consume(amount);
    }

    /// Throws away what comes of the share, up to its end or to what is wrong with it.
    pub(super) fn poll_discard(&mut self, task: &mut Context<'_>) -> Poll<()> {
        loop {
            self.take_share(&mut |_| {});
            if self.share.is_used_up() || self.fault().is_some() {
                return Poll::Ready(());
            }
            if !matches!(std::task::ready!(self.poll_receive(task)), Ok(1..)) {
                self.is_cut = true;
            }
        }
    }

    /// Takes what came and cannot be understood out of the way; it was received all the same.
    pub(super) fn drop_malformed(&mut self) {
        if self.share.is_malformed() {
            self.consume(self.buffer.len());
        }
    }

    /// So many bytes of a response's head, or of what came before it, leave.
    pub(super) fn count_head(&self, bytes: usize) {
        let total = &self.traffic.head;
        total.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// What was sent was no response yet; its head is still to come.
    pub(super) fn expect_head(&mut self) {
        self.sent_head = SentHead::default();
    }

    /// Whether nobody is there any more to whom something could be sent.
    pub(super) fn is_gone(&self) -> bool {
        os::is_hung_up(self.number())
    }

    fn number(&self) -> UniqueIDType {
        self.stream.get_ref().stream.id()
    }

    /// Receives more; 0 at the end of the stream.
    pub async fn receive(&mut self) -> io::Result<usize> {
        std::future::poll_fn(|task| self.poll_receive(task)).await
    }

    /// Gives back the memory of what was received, if there was much: nothing is expected soon.
    pub fn rest(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() > RESTING {
            self.buffer = BytesMut::new();
        }
    }

    /// Memory for what comes is taken only when it has come.
    fn poll_receive(&mut self, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut storage = [MaybeUninit::uninit(); PIECE];
        let mut buffer = ReadBuf::uninit(&mut storage);
        std::task::ready!(Pin::new(&mut self.stream).poll_read(task, &mut buffer))?;
        let received = buffer.filled();
        self.buffer.extend_from_slice(received);
        Poll::Ready(Ok(received.len()))
    }

    /// Receives straight into a borrower's buffer: for a share whose end is known beforehand.
    fn poll_pass(&mut self, task: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let most = self.share.most(out.remaining().min(PIECE));
        let place = out.initialize_unfilled_to(most);
        let mut piece = ReadBuf::new(place);
        std::task::ready!(Pin::new(&mut self.stream).poll_read(task, &mut piece))?;
        self.is_cut |= piece.filled().is_empty() && !matches!(self.share, Share::All);
        let received = self.share.take(piece.filled(), &mut |_| {});
        out.advance(received);
        self.count(received);
        Poll::Ready(Ok(()))
    }

    fn poll_share(
        &mut self,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.share.is_used_up() {
            return self.watch_for_end(task);
        }
        if self.buffer.is_empty() {
            if !matches!(self.share, Share::Chunks(_)) {
                return self.poll_pass(task, out);
            }
            if std::task::ready!(self.poll_receive(task))? == 0 {
                self.is_cut = true;
                return Poll::Ready(Ok(()));
            }
        }
        let most = self.buffer.len().min(out.remaining());
        let amount = self.share.take(&self.buffer[..most], &mut |_| {});
        if amount == 0 && self.share.is_malformed() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        out.put_slice(&self.buffer[..amount]);
        self.consume(amount);
        Poll::Ready(Ok(()))
    }

    fn count(&self, received: usize) {
        let total = &self.traffic.received;
        total.fetch_add(received as u64, Ordering::Relaxed);
    }

    /// Nothing is left of the share: only the end of the stream matters now. What else comes is
    /// the next request's, and the borrower is not woken for it.
    fn watch_for_end(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.buffer.is_empty() && std::task::ready!(self.poll_receive(task))? == 0 {
            return Poll::Ready(Ok(()));
        }
        if self.departure.is_none() {
            let watch = Departure::of(self.number());
            // Without a descriptor to spare the request is served to its end.
            self.departure = watch.inspect_err(|error| log::warn!("{error}")).ok();
        }
        let watch = self.departure.as_ref();
        watch.map_or(Poll::Pending, |watch| watch.poll_left(task).map(Ok))
    }
}

impl AsyncWrite for Client {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(task, bytes)
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
        Shutdown::shutdown(&mut *self.stream.get_mut().stream).await;
    }
}

/// A stream that counts what it took, behind the buffer where bytes wait that may never leave.
#[derive(Debug)]
struct Counted {
    stream: Stream,
    traffic: Arc<Traffic>,
}

impl Counted {
    fn new(stream: Stream, traffic: Arc<Traffic>) -> Self {
        Self { stream, traffic }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(task, out)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let counted = self.get_mut();
        let written = std::task::ready!(Pin::new(&mut counted.stream).poll_write(task, bytes))?;
        let total = &counted.traffic.sent;
        total.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(task)
    }
}

/// A head and a short body leave in one packet.
const GATHERED: usize = 1460;

/// A connection at rest keeps no more than this.
const RESTING: usize = 1024;

/// Read at once, at most.
const PIECE: usize = 16 * 1024;

/// A client on loan: a stream for whoever serves one request. Its owner keeps the connection.
#[derive(Debug)]
pub struct Lent(pub Arc<Mutex<Client>>);

impl AsyncRead for Lent {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.lock().poll_share(task, out)
    }
}

impl AsyncWrite for Lent {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut client = self.0.lock();
        let written = std::task::ready!(Pin::new(&mut *client).poll_write(task, bytes))?;
        let of_head = client.sent_head.take(&bytes[..written]);
        client.count_head(of_head);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_shutdown(task)
    }
}

#[async_trait]
impl Shutdown for Lent {
    /// The owner closes; a borrower only ends the response.
    async fn shutdown(&mut self) {
        let _ = tokio::time::timeout(FAREWELL, AsyncWriteExt::shutdown(self)).await;
    }
}

impl UniqueID for Lent {
    fn id(&self) -> UniqueIDType {
        self.0.lock().stream.get_ref().stream.id()
    }
}

impl Ssl for Lent {}

impl GetTimingDigest for Lent {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.0.lock().stream.get_ref().stream.get_timing_digest()
    }
}

impl GetProxyDigest for Lent {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.0.lock().stream.get_ref().stream.get_proxy_digest()
    }
}

impl GetSocketDigest for Lent {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.0.lock().stream.get_ref().stream.get_socket_digest()
    }
}

#[async_trait]
impl Peek for Lent {}

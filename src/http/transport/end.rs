//! One end of an exchange: a connection to a client or to a peer, or one stream of several of it, with what was
//! received from it and not consumed, and counts of all that went over it.

mod counting;
mod receiving;
mod sending;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::HeaderMap;
use pingora_core::protocols::Stream;

use super::departure::Departure;
use super::encrypted;
use super::fastcgi::Records;
use super::half::Half;
use super::meter::{MAX_UNSENT, Meter};
use super::pace::Pace;
use super::received::Received;
use super::start::Message;
use super::timer::{Timer, deadline};
use super::traffic::Traffic;
use crate::os;

/// So much of a file is sent at once, so that other connections have their turn.
pub const MAX_FILE_PIECE: usize = 512 * 1024;

/// One end of an exchange.
#[derive(Debug)]
pub struct End {
    line: Line,
    received: Received,
    traffic: Arc<Traffic>,
    departure: Option<Departure>,
    meter: Option<Arc<dyn Meter>>,
    /// How fast may be sent.
    pace: Option<Box<Pace>>,
    /// What is received is in these, where FastCGI is spoken.
    records: Option<Box<Records>>,
    /// Whether the system takes little in advance.
    is_unsent_limited: bool,
    /// Whether what is sent next is the last of a response.
    is_ending: bool,
}

/// What it sends and receives over.
#[derive(Debug)]
enum Line {
    /// A connection of its own.
    Wire(Stream),
    /// One stream of a connection of HTTP/2, whose bytes are counted where its frames are seen.
    Stream(Box<Half>),
}

impl End {
    /// Wraps a connection; what went over it is added to `traffic`.
    pub fn new(stream: Stream, traffic: Arc<Traffic>) -> Self {
        Self::of(Line::Wire(stream), traffic)
    }

    /// The same for one of which so much has been received.
    pub fn with(stream: Stream, received: Received, traffic: Arc<Traffic>) -> Self {
        Self {
            received,
            ..Self::new(stream, traffic)
        }
    }

    /// Wraps a stream, whose bytes are in `traffic`.
    pub fn of_stream(half: Half, traffic: Arc<Traffic>) -> Self {
        Self::of(Line::Stream(Box::new(half)), traffic)
    }

    fn of(line: Line, traffic: Arc<Traffic>) -> Self {
        Self {
            line,
            received: Received::default(),
            traffic,
            departure: None,
            meter: None,
            pace: None,
            records: None,
            is_unsent_limited: false,
            is_ending: false,
        }
    }

    /// What was received and not consumed.
    pub fn received(&self) -> &[u8] {
        self.received.bytes()
    }

    /// The same, to be decoded in place.
    pub fn received_mut(&mut self) -> &mut [u8] {
        self.received.bytes_mut()
    }

    /// Drops the first bytes of what was received: they have been understood.
    pub fn consume(&mut self, amount: usize) {
        let amount = amount.min(self.received.len());
        self.received.consume(amount);
        self.count(amount);
    }

    /// Hands over the memory of what was received, of which `consumed` bytes have been understood;
    /// what lies behind them is lost.
    pub fn take(&mut self, consumed: usize) -> Received {
        self.count(consumed);
        std::mem::take(&mut self.received)
    }

    /// Ready once the other side has ended its side, or is gone, also behind bytes that it sent before.
    /// One that only ended its side of a stream is still there.
    pub fn poll_left(&mut self, task: &mut Context<'_>) -> Poll<()> {
        if let Line::Stream(half) = &mut self.line {
            return half.poll_left(task);
        }
        if self.received.is_empty() && !matches!(ready!(self.poll_receive(task)), Ok(1..)) {
            return Poll::Ready(());
        }
        if self.departure.is_none() {
            let Line::Wire(stream) = &self.line else {
                return Poll::Pending;
            };
            let watch = Departure::of(stream.id());
            // Without a descriptor to spare the request is served to its end.
            self.departure = watch.inspect_err(|error| log::warn!("{error}")).ok();
        }
        let watch = self.departure.as_ref();
        watch.map_or(Poll::Pending, |watch| watch.poll_left(task))
    }

    /// Forgets the watch of `poll_left`, which holds a descriptor.
    pub fn stop_watching(&mut self) {
        self.departure = None;
    }

    /// Has what goes over the connection from now on told to this meter, or to none.
    pub fn set_meter(&mut self, meter: Option<&Arc<dyn Meter>>) {
        let stream = match &mut self.line {
            Line::Wire(stream) => stream,
            Line::Stream(half) => return half.set_meter(meter),
        };
        self.is_ending = false;
        if let (Some(new), Some(old)) = (meter, &self.meter)
            && Arc::ptr_eq(new, old)
        {
            return;
        }
        self.meter = meter.cloned();
        if self.meter.is_some() && !std::mem::replace(&mut self.is_unsent_limited, true) {
            // What is no TCP connection has no such buffer.
            let _ = os::limit_unsent(stream.id(), MAX_UNSENT);
        }
    }

    /// Whether nobody is there any more to whom something could be sent.
    pub fn is_gone(&self) -> bool {
        match &self.line {
            Line::Wire(stream) => os::is_hung_up(stream.id()),
            Line::Stream(half) => half.is_gone(),
        }
    }

    /// Whether it was ended here, as a stream, for what the client has sent.
    pub fn is_refused(&self) -> bool {
        match &self.line {
            Line::Wire(_) => false,
            Line::Stream(half) => half.is_refused(),
        }
    }

    /// Whether more has come, be it the end.
    pub fn has_input(&self) -> bool {
        match &self.line {
            Line::Wire(stream) => os::has_input(stream.id()),
            Line::Stream(half) => half.is_gone(),
        }
    }

    /// The fields behind what was received, once the end of a stream was.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        match &mut self.line {
            Line::Wire(_) => None,
            Line::Stream(half) => half.take_trailers(),
        }
    }

    /// Sends all of it, as long as the other side takes something within each `patience`.
    ///
    /// # Errors
    /// When it does not, or the connection fails.
    pub async fn send(
        &mut self,
        mut bytes: &[u8],
        timer: &mut Timer,
        patience: Duration,
    ) -> io::Result<()> {
        let mut until = None;
        std::future::poll_fn(|task| {
            loop {
                let polled = match bytes.is_empty() {
                    true => self.poll_flush(task).map_ok(|()| 0),
                    false => self.poll_send(task, bytes, &[]),
                };
                match polled {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(sent)) => {
                        bytes = &bytes[sent..];
                        until = None;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => {
                        let until = *until.get_or_insert_with(|| deadline(patience));
                        ready!(timer.poll(task, until));
                        return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                    }
                }
            }
        })
        .await
    }

    /// How many bytes have been consumed so far.
    pub fn received_so_far(&self) -> u64 {
        self.traffic.received.load(Ordering::Relaxed)
    }

    /// What went over the connection.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// Whether it is one stream of several.
    pub fn is_stream(&self) -> bool {
        matches!(self.line, Line::Stream(_))
    }

    /// The connection, to be closed or changed, unless it has others to serve as well.
    pub fn wire_mut(&mut self) -> Option<&mut Stream> {
        match &mut self.line {
            Line::Wire(stream) => Some(stream),
            Line::Stream(_) => None,
        }
    }

    /// The connection alone, with what was received and not consumed, unless it has others to serve as well.
    pub fn into_wire(self) -> Option<(Stream, Received)> {
        match self.line {
            Line::Wire(stream) => Some((stream, self.received)),
            Line::Stream(_) => None,
        }
    }

    /// The stream.
    pub fn half_mut(&mut self) -> Option<&mut Half> {
        match &mut self.line {
            Line::Wire(_) => None,
            Line::Stream(half) => Some(half),
        }
    }

    /// Has a head sent before everything that is sent from now on. Over a connection of its own it is bytes.
    pub fn put_head(&mut self, head: Message) {
        if let Line::Stream(half) = &mut self.line {
            half.put_head(head);
        }
    }

    /// Has these fields sent behind everything else, where this is a stream.
    pub fn put_trailers(&mut self, trailers: HeaderMap) {
        if let Line::Stream(half) = &mut self.line {
            half.put_trailers(trailers);
        }
    }

    /// What was sent, or is sent next, is the last of a response.
    pub fn end_after(&mut self) {
        match &mut self.line {
            Line::Stream(half) => half.end_after(),
            Line::Wire(_) => self.is_ending = true,
        }
    }

    /// Whether it is an encrypted connection to a peer that ended without a word, so that nobody knows whether the peer
    /// had more to say.
    pub fn was_cut(&self) -> bool {
        match &self.line {
            Line::Wire(stream) => encrypted::was_cut(stream),
            Line::Stream(_) => false,
        }
    }

    /// Whether nothing was received that nobody asked for.
    pub fn is_clean(&self) -> bool {
        self.received.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsRawFd;

    use tokio::io::AsyncReadExt;
    use tokio::net::UnixStream;

    use super::*;
    use crate::http::transport::socket::PlainSocket;

    /// Sends a head and a file, as long responses are sent; what arrives.
    async fn sent(is_refused: bool, content: &[u8]) -> Vec<u8> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let number = ours.as_raw_fd();
        if is_refused {
            os::refuse_send_file(number).unwrap();
        }
        let tried = os::send_file(number, &file, content.len() as u64 - 1, 1);
        assert_eq!(tried.is_err(), is_refused);
        let mut end = End::new(Box::new(PlainSocket::new(ours, None)), Arc::default());
        let sending = tokio::spawn(async move {
            let head = std::future::poll_fn(|task| end.poll_send_before_file(task, b"head"));
            assert_eq!(head.await.unwrap(), 4);
            let (mut offset, length) = (0, file.metadata().unwrap().len());
            while offset < length {
                let piece = std::future::poll_fn(|task| {
                    end.poll_send_file(task, &file, offset, length - offset)
                });
                offset += piece.await.unwrap() as u64;
            }
            assert_eq!(end.traffic().sent.load(Ordering::Relaxed), length + 4);
        });
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.unwrap();
        sending.await.unwrap();
        match is_refused {
            true => got,
            // The one byte of the trial.
            false => got.split_off(1),
        }
    }

    #[tokio::test]
    async fn a_file_arrives_also_where_the_system_refuses_to_send_it() {
        let content: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        for is_refused in [false, true] {
            let got = sent(is_refused, &content).await;
            assert_eq!(&got[..4], b"head");
            assert!(got[4..] == content, "{is_refused}");
        }
    }
}

//! One side of TLS as bytes that come and go, whoever carries them.
//!
//! Nothing is set aside for a connection that waits: what has come is in spare memory of the worker's until it has
//! been understood, and what leaves is encrypted in a place that all connections share; what the system does not take
//! of it is kept.

mod content;

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::Error;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::received::Received;
use super::side::Side;

/// One side of TLS.
pub(super) struct Records<S> {
    side: S,
    /// Records that have come and are not understood.
    incoming: Received,
    /// What was understood and nobody has read.
    plain: Received,
    /// Records that the system has not taken.
    outgoing: Vec<u8>,
    outgoing_sent: usize,
    /// The other side has said that nothing more comes.
    has_ended: bool,
    /// The connection has ended.
    is_cut: bool,
    /// It was said that nothing more is sent.
    is_closed: bool,
    /// What was wrong with what has come.
    failure: Option<Error>,
}

/// So much is encrypted at once, and leaves in one write: four records of the longest kind.
const AT_ONCE: usize = 64 * 1024;
/// A message of a handshake is no longer than 64 KiB, and lies in records.
const MOST_INCOMING: usize = 80 * 1024;
/// A side that takes no answers gets no more of them. What else is on its way is bounded by `AT_ONCE`.
const MOST_OUTGOING: usize = 160 * 1024;
/// What stands around the content of a record, at most.
const AROUND: usize = 64;

/// Where all connections of a worker put together what they send.
struct Desk {
    plain: Vec<u8>,
    records: Vec<u8>,
}

thread_local! {
    static DESK: RefCell<Desk> = const { RefCell::new(Desk { plain: Vec::new(), records: Vec::new() }) };
}

impl<S: Side> Records<S> {
    /// A side that has received this so far.
    pub(super) fn new(side: S, incoming: Received) -> Self {
        Self {
            side,
            incoming,
            plain: Received::default(),
            outgoing: Vec::new(),
            outgoing_sent: 0,
            has_ended: false,
            is_cut: false,
            is_closed: false,
            failure: None,
        }
    }

    pub(super) fn side(&self) -> &S {
        &self.side
    }

    /// Whether the connection has ended before the other side said that nothing more comes.
    pub(super) fn was_cut(&self) -> bool {
        self.is_cut && !self.has_ended
    }

    /// Goes on until both sides have agreed.
    pub(super) fn poll_shake<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut T,
    ) -> Poll<io::Result<()>> {
        loop {
            self.understand(task, stream, None)?;
            let pushed = self.poll_push(task, stream)?;
            if !self.side.common().is_handshaking() {
                // What is left, as tickets, goes with whatever is sent next.
                return Poll::Ready(Ok(()));
            }
            if self.has_ended || self.is_cut {
                ready!(pushed);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, NO_SHAKE)));
            }
            if pushed.is_pending() && self.outgoing.len() > MOST_OUTGOING {
                return Poll::Pending;
            }
            // Also while something is to be sent: the other side may read only when it has sent all of its own.
            ready!(self.poll_take_in(task, stream))?;
        }
    }

    /// Reads what was sent by the other side.
    pub(super) fn poll_read<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut T,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        loop {
            let amount = self.plain.len().min(out.remaining());
            out.put_slice(&self.plain.bytes()[..amount]);
            self.plain.consume(amount);
            if self.plain.is_empty() && !self.incoming.is_empty() {
                self.understand(task, stream, Some(out))?;
            }
            if self.has_unsent()
                && self.poll_push(task, stream)?.is_pending()
                && self.outgoing.len() > MOST_OUTGOING
            {
                // What comes asks for answers, and none is taken.
                return Poll::Pending;
            }
            if out.filled().len() > before || self.has_ended || out.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if self.is_cut {
                // Many origins close without a word. Where a response ends is said by HTTP.
                return Poll::Ready(match S::IS_TO_A_PEER {
                    true => Ok(()),
                    false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, CUT)),
                });
            }
            ready!(self.poll_take_in(task, stream))?;
        }
    }

    /// Sends some of these pieces, unless what was sent before has not left.
    pub(super) fn poll_write<T: AsyncWrite + Unpin>(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut T,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_push(task, stream))?;
        let mut filled = pieces.iter().filter(|piece| !piece.is_empty());
        let (first, second) = (filled.next(), filled.next());
        let Some(first) = first else {
            return Poll::Ready(Ok(0));
        };
        DESK.with_borrow_mut(|Desk { plain, records }| {
            let content = match second {
                None => &first[..first.len().min(AT_ONCE)],
                Some(_) => gathered(plain, pieces),
            };
            let written = self.encrypt(content, records)?;
            self.send(task, stream, &records[..written])?;
            Poll::Ready(Ok(content.len()))
        })
    }

    /// Sends what the system has not taken.
    pub(super) fn poll_push<T: AsyncWrite + Unpin>(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut T,
    ) -> Poll<io::Result<()>> {
        while self.has_unsent() {
            let rest = &self.outgoing[self.outgoing_sent..];
            match ready!(Pin::new(&mut *stream).poll_write(task, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.outgoing_sent += sent,
            }
        }
        self.outgoing = Vec::new();
        self.outgoing_sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Says that nothing more is sent.
    pub(super) fn close(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.is_closed, true) {
            return Ok(());
        }
        let mut farewell = [0; AROUND];
        let written = self.with_writer(|writer| writer.queue_close_notify(&mut farewell))?;
        let written = written.map_err(io::Error::other)?;
        self.outgoing.extend_from_slice(&farewell[..written]);
        Ok(())
    }

    fn has_unsent(&self) -> bool {
        self.outgoing_sent < self.outgoing.len()
    }

    /// Reads more records.
    fn poll_take_in<T: AsyncRead + Unpin>(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut T,
    ) -> Poll<io::Result<()>> {
        if self.incoming.len() > MOST_INCOMING {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, TOO_LONG)));
        }
        let amount = ready!(self.incoming.poll_read(task, stream))?;
        self.is_cut = amount == 0;
        Poll::Ready(Ok(()))
    }

    /// Understands what has come, the content of records into `out` as far as there is room. The other side is told
    /// what is wrong with it.
    fn understand<T: AsyncWrite + Unpin>(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut T,
        mut out: Option<&mut ReadBuf<'_>>,
    ) -> io::Result<()> {
        loop {
            match self.turn(out.as_deref_mut(), &mut |_| ()) {
                Ok(Turn::Again) => {}
                Ok(Turn::Read) if self.plain.is_empty() => {}
                Ok(Turn::Read | Turn::Waits | Turn::Writes(())) => return Ok(()),
                Err(error) => {
                    let _ = self.poll_push(task, stream);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                }
            }
        }
    }

    /// Has `act` write once that is possible.
    fn with_writer<R>(
        &mut self,
        mut act: impl FnMut(&mut WriteTraffic<'_, S::Data>) -> R,
    ) -> io::Result<R> {
        loop {
            match self.turn(None, &mut act) {
                Ok(Turn::Writes(done)) => return Ok(done),
                Ok(Turn::Again | Turn::Read) => {}
                Ok(Turn::Waits) => return Err(io::ErrorKind::BrokenPipe.into()),
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }

    /// One step of what rustls has to do. It is not asked again once something was wrong.
    fn turn<R>(
        &mut self,
        out: Option<&mut ReadBuf<'_>>,
        act: &mut dyn FnMut(&mut WriteTraffic<'_, S::Data>) -> R,
    ) -> Result<Turn<R>, Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let turn = self.step(out, act);
        if let Err(error) = &turn {
            self.put_last_words();
            self.failure = Some(error.clone());
        }
        turn
    }

    /// Puts what the other side is still told: what was to be sent before something was wrong, and the alert. Asked for
    /// more than that, rustls would look at what was wrong once more.
    fn put_last_words(&mut self) {
        while self.side.common().wants_write() && self.step(None, &mut |_| ()).is_ok() {}
    }

    fn step<R>(
        &mut self,
        out: Option<&mut ReadBuf<'_>>,
        act: &mut dyn FnMut(&mut WriteTraffic<'_, S::Data>) -> R,
    ) -> Result<Turn<R>, Error> {
        let UnbufferedStatus { mut discard, state } = self.side.process(self.incoming.bytes_mut());
        let turn = match state {
            Err(error) => Err(error),
            Ok(ConnectionState::EncodeTlsData(mut data)) => encode(&mut data, &mut self.outgoing),
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                Ok(Turn::Again)
            }
            Ok(ConnectionState::ReadTraffic(traffic)) => {
                let read = content::read(traffic, out, &mut self.plain);
                discard += *read.as_ref().unwrap_or(&0);
                read.map(|_| Turn::Read)
            }
            Ok(ConnectionState::PeerClosed) => {
                self.has_ended = true;
                Ok(Turn::Again)
            }
            Ok(ConnectionState::WriteTraffic(mut writer)) => Ok(Turn::Writes(act(&mut writer))),
            Ok(ConnectionState::BlockedHandshake | ConnectionState::Closed) => Ok(Turn::Waits),
            // There is no early data: nobody was told that it may be sent.
            Ok(_) => Err(Error::General("early data".to_owned())),
        };
        self.incoming.consume(discard);
        turn
    }

    /// Puts records with this content at the beginning of `records`; how long they are.
    fn encrypt(&mut self, content: &[u8], records: &mut Vec<u8>) -> io::Result<usize> {
        let mut wanted = content.len() + 2 * AROUND;
        loop {
            if records.len() < wanted {
                records.resize(wanted, 0);
            }
            match self.with_writer(|writer| writer.encrypt(content, records))? {
                Ok(written) => return Ok(written),
                Err(EncryptError::InsufficientSize(size)) if size.required_size > wanted => {
                    wanted = size.required_size;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    /// Sends these records, and keeps what the system does not take.
    fn send<T: AsyncWrite + Unpin>(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut T,
        records: &[u8],
    ) -> io::Result<()> {
        let mut sent = 0;
        while self.outgoing.is_empty() && sent < records.len() {
            match Pin::new(&mut *stream).poll_write(task, &records[sent..])? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(more) => sent += more,
                Poll::Pending => break,
            }
        }
        self.outgoing.extend_from_slice(&records[sent..]);
        Ok(())
    }
}

/// What a step came to.
enum Turn<R> {
    /// There may be more to do.
    Again,
    /// Content has come.
    Read,
    /// More must come from the other side.
    Waits,
    /// Something may be written, and was.
    Writes(R),
}

fn encode<R, D>(data: &mut EncodeTlsData<'_, D>, outgoing: &mut Vec<u8>) -> Result<Turn<R>, Error> {
    let begin = outgoing.len();
    let mut room = 0;
    loop {
        outgoing.resize(begin + room, 0);
        match data.encode(&mut outgoing[begin..]) {
            Ok(_) => return Ok(Turn::Again),
            Err(EncodeError::InsufficientSize(size)) if size.required_size > room => {
                room = size.required_size;
            }
            Err(error) => return Err(Error::General(error.to_string())),
        }
    }
}

/// The pieces as one, as far as it is sent at once.
fn gathered<'a>(plain: &'a mut Vec<u8>, pieces: &[IoSlice<'_>]) -> &'a [u8] {
    plain.clear();
    for piece in pieces {
        let room = AT_ONCE - plain.len();
        plain.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    plain
}

const NO_SHAKE: &str = "tls handshake eof";
const CUT: &str = "the connection ended without a word";
const TOO_LONG: &str = "a message is too long";

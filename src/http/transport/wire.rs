//! A connection of HTTP/2 as h2 has it: all frames are looked at on their way, and what h2 writes is gathered,
//! so that many small answers leave together.

mod answering;

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use parking_lot::{Mutex, MutexGuard};
use pingora_core::protocols::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

pub use self::answering::Answering;
use super::clock;
use super::flood::Flood;
use super::frame::{Frames, Header, kind};
use super::meter::MAX_UNSENT;
use super::received::Received;
use super::screen::Screen;
use super::streams::{News, Streams, Taken};
use super::turn::Turn;
use crate::metric::Moment;
use crate::os;

/// What a client of HTTP/2 begins with.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// So much is read without a break before others have their turn.
const A_TURN: usize = 128 * 1024;
/// So much is gathered before a write has to wait.
const GATHERED: usize = 32 * 1024;

/// What h2 and those who answer streams have in common. One thread has to do with all of it, and nobody calls h2
/// while holding it.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Core>>);

pub(super) struct Core {
    stream: Option<Stream>,
    /// What had been received when h2 took over.
    prefix: Received,
    out: Vec<u8>,
    out_sent: usize,
    reading: Frames,
    screen: Screen,
    writing: Frames,
    turn: Turn,
    /// Since when a frame has been coming that is no content.
    frame_since: Option<Moment>,
    pub(super) streams: Streams,
    pub(super) is_gone: bool,
    /// Since when the connection takes nothing of what waits.
    stalled_since: Option<Instant>,
    /// How many are answered, and how much memory their heads take.
    answered: usize,
    held: usize,
    driver: Option<Waker>,
    /// Whether the system takes little in advance.
    is_unsent_limited: bool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    /// A connection that has said nothing yet but `prefix`, and is told to send lists of at most so many bytes of
    /// fields.
    pub fn new(stream: Stream, prefix: Received, list: usize) -> Self {
        Self(Arc::new(Mutex::new(Core {
            stream: Some(stream),
            prefix,
            out: Vec::new(),
            out_sent: 0,
            reading: Frames::behind(PREFACE.len()),
            screen: Screen::new(list),
            writing: Frames::default(),
            turn: Turn::new(A_TURN),
            frame_since: Some(clock::moment()),
            streams: Streams::new(),
            is_gone: false,
            stalled_since: None,
            answered: 0,
            held: 0,
            driver: None,
            is_unsent_limited: false,
        })))
    }

    /// The connection as h2 wants to have it.
    pub fn wire(&self) -> Wire {
        Wire(self.clone())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        self.0.lock()
    }

    /// What is known of a stream that somebody begins to answer.
    pub fn take(&self, id: u32) -> Option<Taken> {
        self.lock().streams.take(id)
    }

    /// A stream that nobody answers after all.
    pub fn forget(&self, id: u32) {
        self.lock().streams.forget(id);
    }

    /// What has happened since this was asked last.
    pub fn news(&self) -> News {
        std::mem::take(&mut self.lock().streams.news)
    }

    /// What the client floods the connection with, if it does.
    pub fn flood(&self) -> Option<Flood> {
        self.lock().streams.flood
    }

    /// Whether the client's blocks of fields cannot be read any more.
    pub fn is_damaged(&self) -> bool {
        self.lock().screen.is_damaged()
    }

    /// What a flood that h2 has noticed is most likely one of.
    pub fn suspected(&self) -> Flood {
        self.lock().streams.suspected
    }

    /// Since when a frame or a head has been coming that does not end. Content may take its time.
    pub fn unfinished_since(&self) -> Option<Moment> {
        let core = self.lock();
        core.streams.block_since.or(core.frame_since)
    }

    /// Gives back memory: nothing is expected soon.
    pub fn rest(&self) {
        let mut core = self.lock();
        core.screen.rest();
        if core.out.is_empty() {
            core.out = Vec::new();
        }
    }

    /// The client was told that no more streams are taken.
    pub fn leave(&self) {
        self.lock().streams.is_leaving = true;
    }

    /// Since when the connection takes nothing of what waits.
    pub fn stalled_since(&self) -> Option<Instant> {
        self.lock().stalled_since
    }

    /// Sends what was gathered; an error once the connection has failed.
    pub fn poll_push(&self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut core = self.lock();
        let pushed = core.poll_push(task);
        if let Poll::Ready(Err(_)) = pushed {
            core.end();
        }
        pushed
    }

    /// The connection is gone: all who answer its streams are told.
    pub fn end(&self) {
        self.lock().end();
    }

    /// Takes the connection out; nobody sends over it any more.
    pub fn into_stream(self) -> Option<Stream> {
        self.lock().stream.take()
    }

    /// Somebody answers a stream whose head takes so much memory, as long as this lives.
    pub fn answering(&self, held: usize) -> Answering {
        let mut core = self.lock();
        core.answered += 1;
        core.held += held;
        drop(core);
        Answering(self.clone(), held)
    }

    /// How many streams are being answered, and how much memory their heads take.
    pub fn load(&self) -> (usize, usize) {
        let core = self.lock();
        (core.answered, core.held)
    }

    /// Has this task woken whenever the last answer is over.
    pub fn wake_when_idle(&self, waker: &Waker) {
        let mut core = self.lock();
        if !core.driver.as_ref().is_some_and(|one| one.will_wake(waker)) {
            core.driver = Some(waker.clone());
        }
    }
}

impl Core {
    /// Has the system take little in advance from now on, whichever stream it is for.
    pub(super) fn limit_unsent(&mut self) {
        if let Some(stream) = &self.stream
            && !std::mem::replace(&mut self.is_unsent_limited, true)
        {
            // What is no TCP connection has no such buffer.
            let _ = os::limit_unsent(stream.id(), MAX_UNSENT);
        }
    }

    fn end(&mut self) {
        self.is_gone = true;
        self.out = Vec::new();
        self.out_sent = 0;
        self.stalled_since = None;
        self.streams.end();
    }

    fn poll_push(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = self.stream.as_mut().filter(|_| !self.is_gone) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let mut stream = Pin::new(stream);
        while self.out_sent < self.out.len() {
            let rest = &self.out[self.out_sent..];
            let Poll::Ready(sent) = stream.as_mut().poll_write(task, rest)? else {
                self.stalled_since.get_or_insert_with(clock::now);
                return Poll::Pending;
            };
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.stalled_since = None;
            let streams = &mut self.streams;
            self.writing.feed(&rest[..sent], |step| streams.left(step));
            streams.tell_meter();
            self.out_sent += sent;
        }
        self.out.clear();
        self.out_sent = 0;
        if ready!(stream.poll_flush(task)).is_err() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_gather(
        &mut self,
        task: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.out.len() - self.out_sent >= GATHERED {
            // Usually it is pushed when h2 has nothing more to say.
            if let Poll::Ready(pushed) = self.poll_push(task) {
                pushed?;
            }
            if self.out.len() - self.out_sent >= GATHERED {
                return Poll::Pending;
            }
        }
        if self.out_sent >= GATHERED {
            self.out.drain(..self.out_sent);
            self.out_sent = 0;
        }
        let before = self.out.len();
        for piece in pieces {
            self.out.extend_from_slice(piece);
        }
        Poll::Ready(Ok(self.out.len() - before))
    }

    fn poll_read(
        &mut self,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            if self.is_unreadable() {
                // Its driver has been told.
                return Poll::Pending;
            }
            ready!(self.turn.poll_own(task));
            let ready = self.screen.next(buffer.remaining());
            if !ready.is_empty() {
                buffer.put_slice(ready);
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_more(task, buffer))?;
            let came = &buffer.filled()[before..];
            self.turn.spend(came.len());
            if came.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.look(came);
            let passed = self.screen.take(came);
            for (id, malformed) in self.screen.malformed() {
                self.streams.is_malformed(id, malformed);
            }
            buffer.set_filled(before + passed);
            if self.is_unreadable() {
                task.waker().wake_by_ref();
            }
            if passed > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// The connection ends for what has come.
    fn is_unreadable(&self) -> bool {
        self.streams.flood.is_some() || self.screen.is_damaged()
    }

    fn poll_more(
        &mut self,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.prefix.is_empty() {
            let taken = self.prefix.len().min(buffer.remaining());
            buffer.put_slice(&self.prefix.bytes()[..taken]);
            self.prefix.consume(taken);
            return Poll::Ready(Ok(()));
        }
        let Some(stream) = self.stream.as_mut() else {
            return Poll::Ready(Ok(()));
        };
        let read = Pin::new(stream).poll_read(task, buffer);
        if read.is_pending() {
            self.turn = Turn::new(A_TURN);
        }
        read
    }

    /// Counts what has come, and notes whether a frame is to be waited for.
    fn look(&mut self, came: &[u8]) {
        let streams = &mut self.streams;
        self.reading.feed(came, |step| streams.came(step));
        let is_content = |frame: Header| frame.kind == kind::DATA;
        match self.reading.is_within() && !self.reading.current().is_some_and(is_content) {
            true => self.frame_since = self.frame_since.or_else(|| Some(clock::moment())),
            false => self.frame_since = None,
        }
    }
}

/// A connection of HTTP/2 as h2 has it.
#[derive(Debug)]
pub struct Wire(Shared);

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.lock().poll_read(task, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.lock().poll_gather(task, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.lock().poll_gather(task, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing waits for it: whoever drives h2 pushes what was gathered.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The connection stays open: what the client has sent on must not destroy what it has not read.
    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().poll_push(task)
    }
}

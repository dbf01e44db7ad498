//! Bodies that are made while they are sent.
//!
//! A long listing is written by a thread of its own, a few chunks ahead of the client and no more:
//! it never holds up the other requests of the worker, and memory does not grow with the listing.
//! When the client goes away, the next write fails and the thread ends. Few bodies are made at a
//! time, and others wait: clients that read slowly must not take all memory. Nor may they keep others out:
//! while some wait, a body whose client takes nothing for three seconds, or that takes longer than
//! thirty as a whole, breaks off. A body that takes much to make has to wait for its [`Turn`] as well: one
//! of them is made at a time. The threads are none of the runtime's, because they let the event
//! loop go first, which cannot be taken back.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::time::timeout;

use crate::os;

/// The receiving end of a body that is being made.
#[derive(Debug)]
pub struct Stream {
    /// The last chunk is empty; without it the body is not complete.
    chunks: mpsc::Receiver<Bytes>,
    ended: bool,
}

impl Stream {
    /// Has `write` make the body on a thread of its own. `None` outside a runtime.
    pub fn begin(
        write: impl FnOnce(&mut dyn Write, &Reader) -> io::Result<()> + Send + 'static,
    ) -> Option<Self> {
        Self::begin_behind(&MAKERS, None, write)
    }

    /// The same for a body that anybody may ask for: these have places of their own, so that whoever reads them slowly keeps no page of
    /// the operator waiting.
    pub fn begin_public(
        write: impl FnOnce(&mut dyn Write, &Reader) -> io::Result<()> + Send + 'static,
    ) -> Option<Self> {
        Self::begin_behind(&PUBLIC, None, write)
    }

    /// The same for a body that has much to do before its first byte: one of them is made at a time.
    pub fn begin_alone(
        write: impl FnOnce(&mut dyn Write, &Reader) -> io::Result<()> + Send + 'static,
    ) -> Option<Self> {
        Self::begin_behind(&LONE, None, write)
    }

    /// The same for a body that has waited for its turn.
    pub fn begin_in(
        turn: Option<Turn>,
        write: impl FnOnce(&mut dyn Write, &Reader) -> io::Result<()> + Send + 'static,
    ) -> Option<Self> {
        Self::begin_behind(&MAKERS, turn, write)
    }

    fn begin_behind(
        gate: &'static Gate,
        turn: Option<Turn>,
        write: impl FnOnce(&mut dyn Write, &Reader) -> io::Result<()> + Send + 'static,
    ) -> Option<Self> {
        let handle = Handle::try_current().ok()?;
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        handle.spawn(async move {
            // The semaphore is never closed.
            let Some(permit) = gate.acquire().await else {
                return;
            };
            if sender.is_closed() {
                return;
            }
            let make = move || {
                make(Reader::new(sender, gate, turn.is_some()), write);
                drop((permit, turn));
            };
            let begun = thread::Builder::new().name(NAME.into()).spawn(make);
            if let Err(error) = begun {
                log::error!("no thread to make a response: {error}");
            }
        });
        Some(Self {
            chunks,
            ended: false,
        })
    }

    /// Whether the next piece, or the end, has been made.
    pub fn is_at_hand(&self) -> bool {
        self.ended || !self.chunks.is_empty()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When it could not be made to its end.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.ended {
            return Ok(None);
        }
        match self.chunks.recv().await {
            Some(chunk) => {
                self.ended = chunk.is_empty();
                Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Whoever reads a body that is being made, as its maker sees him.
#[derive(Clone, Debug)]
pub struct Reader {
    sender: mpsc::Sender<Bytes>,
    /// For how many nanoseconds nothing could be made because nothing was taken.
    waited: Arc<AtomicU64>,
    gate: &'static Gate,
    has_turn: bool,
}

impl Reader {
    fn new(sender: mpsc::Sender<Bytes>, gate: &'static Gate, has_turn: bool) -> Self {
        Self {
            sender,
            waited: Arc::default(),
            gate,
            has_turn,
        }
    }

    /// Whether he has gone, so that it is in vain to go on.
    pub fn has_left(&self) -> bool {
        self.sender.is_closed()
    }

    /// For how long his taking nothing has kept the body from being made.
    pub fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited.load(Ordering::Relaxed))
    }

    /// Whether others wait for what this body has.
    fn has_rivals(&self) -> bool {
        let waiting = |gate: &Gate| gate.waiting.load(Ordering::Relaxed) > 0;
        waiting(self.gate) || self.has_turn && waiting(&TURNS)
    }
}

/// The turn of a body that takes much to make.
#[derive(Debug)]
pub struct Turn(
    #[expect(dead_code, reason = "it is held, not looked at")] SemaphorePermit<'static>,
);

impl Turn {
    /// Waits for it, but no longer than this.
    pub async fn wait(patience: Duration) -> Option<Self> {
        let permit = timeout(patience, TURNS.acquire()).await;
        permit.ok().flatten().map(Self)
    }
}

fn make(reader: Reader, write: impl FnOnce(&mut dyn Write, &Reader) -> io::Result<()>) {
    if let Err(error) = os::yield_to_others(NICENESS) {
        log::debug!("a thread keeps its priority: {error}");
    }
    let mut writer = Chunks {
        reader: reader.clone(),
        began: Instant::now(),
        buffer: Vec::with_capacity(CHUNK),
    };
    // An error means as a rule that nobody reads any more; whoever does misses the end.
    let made = write(&mut writer, &reader);
    if made.and_then(|()| writer.flush()).is_ok() {
        let _ = writer.send(Bytes::new());
    }
    drop((writer, reader));
    os::give_back_memory();
}

/// What the system shows for the threads.
const NAME: &str = "body";
/// How much the threads stand back: with 10, updates hardly notice a listing (`t/bench/listing.py`), and
/// more gains nothing; the threads still get a tenth of a processor that is wanted by others.
const NICENESS: i32 = 10;

const CHUNK: usize = 32 * 1024;
const CHUNKS_AHEAD: usize = 4;
/// So many bodies are made at a time.
const MOST_MAKERS: usize = 16;

static MAKERS: Gate = Gate::of(MOST_MAKERS);
/// Of those that anybody may ask for, as many.
static PUBLIC: Gate = Gate::of(MOST_MAKERS);
/// Of those that take much, one.
static TURNS: Gate = Gate::of(1);

/// Of those that walk first, one: several would only share what one of them has of a processor.
static LONE: Gate = Gate::of(1);

/// Lets so many through at a time.
#[derive(Debug)]
struct Gate {
    permits: Semaphore,
    waiting: AtomicUsize,
}

impl Gate {
    const fn of(permits: usize) -> Self {
        Self {
            permits: Semaphore::const_new(permits),
            waiting: AtomicUsize::new(0),
        }
    }

    async fn acquire(&'static self) -> Option<SemaphorePermit<'static>> {
        let _waiting = Waiting::begin(&self.waiting);
        self.permits.acquire().await.ok()
    }
}

/// One more that waits, until this is dropped.
struct Waiting(&'static AtomicUsize);

impl Waiting {
    fn begin(count: &'static AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long a client may take nothing while others wait.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a body may take while others wait.
const LONGEST: Duration = Duration::from_secs(30);
/// How soon a body looks again whether its client has taken something.
const MOMENT: Duration = Duration::from_micros(100);
/// How often, at least, it looks whether it is time to break off.
const GLANCE: Duration = Duration::from_millis(50);

struct Chunks {
    reader: Reader,
    began: Instant,
    buffer: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        if full.is_empty() {
            return Ok(());
        }
        self.send(full.into())
    }
}

impl Chunks {
    fn send(&self, mut chunk: Bytes) -> io::Result<()> {
        let blocked = Instant::now();
        let mut waited = 0;
        loop {
            chunk = match self.reader.sender.try_send(chunk) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(_)) => return Err(io::ErrorKind::BrokenPipe.into()),
                Err(TrySendError::Full(chunk)) => chunk,
            };
            let is_late = blocked.elapsed() > PATIENCE || self.began.elapsed() > LONGEST;
            if is_late && self.reader.has_rivals() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(GLANCE.min(blocked.elapsed() + MOMENT));
            let now = u64::try_from(blocked.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.reader
                .waited
                .fetch_add(now - waited, Ordering::Relaxed);
            waited = now;
        }
    }
}

/// A buffer that refuses to grow beyond a limit, for trying whether something is short.
pub struct Short {
    bytes: Vec<u8>,
    limit: usize,
}

impl Short {
    /// Room for `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
        }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Write for Short {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_buffer_refuses_to_grow() {
        let mut short = Short::new(3);
        assert!(short.write_all(b"abc").is_ok());
        assert!(short.write_all(b"d").is_err());
        assert_eq!(short.into_bytes(), b"abc");
    }

    #[test]
    fn a_stream_gives_what_was_written() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let length = 300_000;
        let read = runtime.block_on(async {
            let mut stream =
                Stream::begin(move |out, _| out.write_all(&vec![b'x'; length])).unwrap();
            let mut read = 0;
            while let Some(chunk) = stream.next().await.unwrap() {
                read += chunk.len();
            }
            read
        });
        assert_eq!(read, length);
    }

    #[test]
    fn a_body_that_broke_off_is_not_taken_for_a_whole_one() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let broken = |out: &mut dyn Write, _: &Reader| {
                out.write_all(b"x").and_then(|()| out.flush())?;
                Err(io::ErrorKind::Other.into())
            };
            let mut stream = Stream::begin(broken).unwrap();
            assert_eq!(stream.next().await.unwrap().as_deref(), Some(&b"x"[..]));
            assert!(stream.next().await.is_err());
        });
    }

    #[test]
    fn streams_that_nobody_reads_leave_threads_to_others() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .enable_time()
            .build()
            .unwrap();
        let pieces = |out: &mut dyn Write, _: &Reader| {
            (0..2 * CHUNKS_AHEAD).try_for_each(|_| out.write_all(&[b'x'; CHUNK]))
        };
        let begin = |_| Stream::begin(pieces).unwrap();
        runtime.block_on(async {
            let mut unread: Vec<Stream> = (0..3 * MOST_MAKERS).map(begin).collect();
            let other = tokio::task::spawn_blocking(|| 7);
            let limit = std::time::Duration::from_secs(20);
            let answer = tokio::time::timeout(limit, other).await;
            assert_eq!(answer.unwrap().unwrap(), 7);
            // The last one gets its turn once the others have gone.
            let mut last = unread.pop().unwrap();
            drop(unread);
            assert!(last.next().await.unwrap().is_some());
        });
    }

    #[test]
    fn clients_that_take_nothing_make_room_for_others() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let pieces = |out: &mut dyn Write, _: &Reader| {
            (0..2 * CHUNKS_AHEAD).try_for_each(|_| out.write_all(&[b'x'; CHUNK]))
        };
        runtime.block_on(async {
            let unread: Vec<Stream> = (0..MOST_MAKERS)
                .map(|_| Stream::begin(pieces).unwrap())
                .collect();
            let mut other = Stream::begin(pieces).unwrap();
            let first = tokio::time::timeout(10 * PATIENCE, other.next()).await;
            assert!(first.unwrap().unwrap().is_some());
            let mut broken = 0;
            for mut late in unread {
                broken += loop {
                    match late.next().await {
                        Ok(Some(_)) => {}
                        Ok(None) => break 0,
                        Err(_) => break 1,
                    }
                };
            }
            assert!(broken > 0);
        });
    }

    #[test]
    fn who_takes_nothing_of_what_anybody_may_ask_for_keeps_no_other_body_waiting() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let pieces = |out: &mut dyn Write, _: &Reader| {
            (0..2 * CHUNKS_AHEAD).try_for_each(|_| out.write_all(&[b'x'; CHUNK]))
        };
        runtime.block_on(async {
            let begin = |_| Stream::begin_public(pieces).unwrap();
            let unread: Vec<Stream> = (0..40 * MOST_MAKERS).map(begin).collect();
            let mut other = Stream::begin(pieces).unwrap();
            // Behind the others it would be four times as long.
            let first = tokio::time::timeout(10 * PATIENCE, other.next()).await;
            assert!(first.unwrap().unwrap().is_some());
            drop(unread);
        });
    }

    #[test]
    fn one_body_at_a_time_has_the_turn() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let (told, heard) = std::sync::mpsc::channel();
        let pieces = move |out: &mut dyn Write, reader: &Reader| {
            let wrote = (0..2 * CHUNKS_AHEAD).try_for_each(|_| out.write_all(&[b'x'; CHUNK]));
            let _ = told.send(reader.waited());
            wrote
        };
        runtime.block_on(async {
            let turn = Turn::wait(PATIENCE).await;
            let unread = Stream::begin_in(Some(turn.unwrap()), pieces).unwrap();
            assert!(Turn::wait(Duration::from_millis(100)).await.is_none());
            // A client that takes nothing has to let it go.
            assert!(Turn::wait(20 * PATIENCE).await.is_some());
            assert!(heard.try_recv().unwrap() >= PATIENCE);
            drop(unread);
        });
    }

    #[test]
    fn a_maker_hears_that_its_client_has_left() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let (told, heard) = std::sync::mpsc::channel();
        let silent = move |_: &mut dyn Write, reader: &Reader| {
            let _ = told.send(());
            while !reader.has_left() {
                thread::sleep(MOMENT);
            }
            let _ = told.send(());
            Ok(())
        };
        runtime.block_on(async {
            let stream = Stream::begin(silent).unwrap();
            while heard.try_recv().is_err() {
                tokio::time::sleep(GLANCE).await;
            }
            drop(stream);
            heard.recv_timeout(20 * PATIENCE).unwrap();
        });
    }
}

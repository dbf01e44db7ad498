//! Bodies that are made while they are sent.
//!
//! A long listing is written by a thread of its own, a few chunks ahead of the client and no more:
//! it never holds up the other requests of the worker, and memory does not grow with the listing.
//! When the client goes away, the next write fails and the thread ends. Few bodies are made at a
//! time, and others wait: clients that read slowly must not take all the threads that files need.

use std::io::{self, Write};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;

/// The receiving end of a body that is being made.
#[derive(Debug)]
pub struct Stream {
    chunks: mpsc::Receiver<Bytes>,
}

impl Stream {
    /// Has `write` make the body on a thread of its own. `None` outside a runtime.
    pub fn begin(
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> Option<Self> {
        let handle = Handle::try_current().ok()?;
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        handle.spawn(async move {
            // The semaphore is never closed.
            let Ok(permit) = MAKERS.acquire().await else {
                return;
            };
            if sender.is_closed() {
                return;
            }
            spawn_blocking(move || {
                let mut writer = Chunks {
                    sender,
                    buffer: Vec::with_capacity(CHUNK),
                };
                // An error means that nobody reads any more, and there is nothing left to do.
                let _ = write(&mut writer).and_then(|()| writer.flush());
                drop(permit);
            });
        });
        Some(Self { chunks })
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.chunks.recv().await
    }
}

const CHUNK: usize = 32 * 1024;
const CHUNKS_AHEAD: usize = 4;
/// So many bodies are made at a time.
const MOST_MAKERS: usize = 32;

static MAKERS: Semaphore = Semaphore::const_new(MOST_MAKERS);

struct Chunks {
    sender: mpsc::Sender<Bytes>,
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
        self.sender
            .blocking_send(full.into())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
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
            let mut stream = Stream::begin(move |out| out.write_all(&vec![b'x'; length])).unwrap();
            let mut read = 0;
            while let Some(chunk) = stream.next().await {
                read += chunk.len();
            }
            read
        });
        assert_eq!(read, length);
    }

    #[test]
    fn streams_that_nobody_reads_leave_threads_to_others() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(MOST_MAKERS + 1)
            .enable_time()
            .build()
            .unwrap();
        let pieces = |out: &mut dyn Write| {
            (0..2 * CHUNKS_AHEAD).try_for_each(|_| out.write_all(&[b'x'; CHUNK]))
        };
        let begin = |_| Stream::begin(pieces).unwrap();
        runtime.block_on(async {
            let mut unread: Vec<Stream> = (0..3 * MOST_MAKERS).map(begin).collect();
            let other = spawn_blocking(|| 7);
            let limit = std::time::Duration::from_secs(20);
            let answer = tokio::time::timeout(limit, other).await;
            assert_eq!(answer.unwrap().unwrap(), 7);
            // The last one gets its turn once the others have gone.
            let mut last = unread.pop().unwrap();
            drop(unread);
            assert!(last.next().await.is_some());
        });
    }
}

//! What pages cost, by template: counted by all workers together, and kept over reloads.
//!
//! What making it took is told apart from how long that stood still: until it was its turn, and while the
//! client took nothing of what was made.
//!
//! A page counts whether it was made to its end or broke off because the client left; the last one is one that
//! was made to its end.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::http::build::memory::Memory;
use crate::http::message::stream::Reader;
use crate::os::SharedMemory;
use crate::status::prometheus::Summary;
use crate::status::{Field, Fields, Node};

/// The counts of one template.
#[derive(Clone)]
pub(super) struct Scrapes(Arc<SharedMemory>);

#[derive(Clone, Copy)]
enum Count {
    Pages,
    Nanoseconds,
    Bytes,
    Refused,
    LastNanoseconds,
    LastBytes,
    LastLines,
    LastSkipped,
    Waiting,
    LastWaiting,
}

const WORDS: usize = Count::LastWaiting as usize + 1;

impl Scrapes {
    /// Those of the template called `name`.
    pub(super) fn open(memory: &mut dyn Memory, name: &str) -> io::Result<Self> {
        memory.counters("scrapes", name, WORDS * 8).map(Self)
    }

    /// A page of so many bytes was begun at this moment and is made now.
    pub(super) fn count(&self, began: Instant, bytes: usize, summary: Summary) {
        let mut nowhere = io::sink();
        let mut counted = self.page(None, began, &mut nowhere);
        counted.bytes = bytes as u64;
        counted.complete(summary);
    }

    /// A page that was asked for at this moment is being made, until what this gives is dropped.
    pub(super) fn begin<'a>(
        &'a self,
        reader: &'a Reader,
        asked: Instant,
        out: &'a mut dyn Write,
    ) -> Page<'a> {
        let mut page = self.page(Some(reader), Instant::now(), out);
        page.stood = page.began.saturating_duration_since(asked);
        page
    }

    fn page<'a>(
        &'a self,
        reader: Option<&'a Reader>,
        began: Instant,
        out: &'a mut dyn Write,
    ) -> Page<'a> {
        Page {
            scrapes: self,
            reader,
            began,
            stood: Duration::ZERO,
            out,
            bytes: 0,
        }
    }

    /// The counts, for the status tree.
    pub(super) fn node(&self) -> Node<'_> {
        Node::branch(Fields::new(self, SCRAPES))
    }

    fn value(&self, count: Count) -> u64 {
        self.word(count).load(Ordering::Relaxed)
    }

    fn seconds(&self, count: Count) -> f64 {
        Duration::from_nanos(self.value(count)).as_secs_f64()
    }

    fn add(&self, count: Count, amount: u64) {
        self.word(count).fetch_add(amount, Ordering::Relaxed);
    }

    fn set(&self, count: Count, value: u64) {
        self.word(count).store(value, Ordering::Relaxed);
    }

    fn word(&self, count: Count) -> &AtomicU64 {
        &self.0.words()[count as usize]
    }
}

/// A page that is being made: passes it on and takes its measure.
pub(super) struct Page<'a> {
    scrapes: &'a Scrapes,
    reader: Option<&'a Reader>,
    began: Instant,
    /// How long it took until it was begun.
    stood: Duration,
    out: &'a mut dyn Write,
    bytes: u64,
}

impl Page<'_> {
    /// It was made to its end.
    pub(super) fn complete(self, summary: Summary) {
        let scrapes = self.scrapes;
        let (making, waiting) = self.times();
        scrapes.add(Count::Refused, summary.refused.total());
        scrapes.set(Count::LastNanoseconds, nanoseconds(making));
        scrapes.set(Count::LastWaiting, nanoseconds(waiting));
        scrapes.set(Count::LastBytes, self.bytes);
        scrapes.set(Count::LastLines, summary.lines);
        scrapes.set(Count::LastSkipped, summary.skipped);
    }

    /// How long it has been made, and how long that has stood still.
    fn times(&self) -> (Duration, Duration) {
        let waited = self.reader.map(Reader::waited).unwrap_or_default();
        let making = self.began.elapsed().saturating_sub(waited);
        (making, self.stood + waited)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        let (making, waiting) = self.times();
        self.scrapes.add(Count::Pages, 1);
        self.scrapes.add(Count::Nanoseconds, nanoseconds(making));
        self.scrapes.add(Count::Waiting, nanoseconds(waiting));
        self.scrapes.add(Count::Bytes, self.bytes);
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

const SCRAPES: &[Field<Scrapes>] = &[
    Field {
        name: "pages",
        read: |scrapes| Some(Node::from(scrapes.value(Count::Pages))),
    },
    Field {
        name: "seconds",
        read: |scrapes| Some(Node::from(scrapes.seconds(Count::Nanoseconds))),
    },
    Field {
        name: "waiting",
        read: |scrapes| Some(Node::from(scrapes.seconds(Count::Waiting))),
    },
    Field {
        name: "bytes",
        read: |scrapes| Some(Node::from(scrapes.value(Count::Bytes))),
    },
    Field {
        name: "refused",
        read: |scrapes| Some(Node::from(scrapes.value(Count::Refused))),
    },
    Field {
        name: "last",
        read: |scrapes| {
            Some(Node::object(vec![
                (
                    "seconds",
                    Node::from(scrapes.seconds(Count::LastNanoseconds)),
                ),
                ("waiting", Node::from(scrapes.seconds(Count::LastWaiting))),
                ("bytes", Node::from(scrapes.value(Count::LastBytes))),
                ("lines", Node::from(scrapes.value(Count::LastLines))),
                ("skipped", Node::from(scrapes.value(Count::LastSkipped))),
            ]))
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::build::memory::Unshared;
    use crate::status::prometheus::Refused;

    #[test]
    fn a_page_that_broke_off_is_not_the_last() {
        let scrapes = Scrapes::open(&mut Unshared, "a").unwrap();
        let mut out = Vec::new();
        let mut page = scrapes.page(None, Instant::now(), &mut out);
        page.write_all(b"a 1\nb 2\n").unwrap();
        page.complete(Summary {
            lines: 2,
            refused: Refused {
                samples: 3,
                ..Refused::default()
            },
            skipped: 0,
        });
        let mut page = scrapes.page(None, Instant::now(), &mut out);
        page.write_all(b"a 1\n").unwrap();
        drop(page);
        let counts = [Count::Pages, Count::Bytes, Count::Refused, Count::LastBytes];
        assert_eq!(counts.map(|count| scrapes.value(count)), [2, 12, 3, 8]);
        assert_eq!(scrapes.value(Count::LastLines), 2);
        assert!(scrapes.seconds(Count::Nanoseconds) >= scrapes.seconds(Count::LastNanoseconds));
    }
}

//! FastCGI on a connection to a peer: what the peer says comes in records, and the response is put together out of them
//! where it was received.
//!
//! Whoever reads the connection sees the response alone, and its end as that of a connection; what the peer says beside it
//! (its standard error) is kept apart. One request is under way at a time.

mod messages;
mod record;

use std::io;
use std::task::{Context, Poll, ready};

use pingora_core::protocols::Stream;

use self::messages::Messages;
use self::record::Record;
pub use self::record::{Kind, MAX_CONTENT, begin_request, header, write};
use super::fault::{Fault, Kind as Meaning};
use super::received::Received;

/// The response to one request after the other, out of records.
#[derive(Debug, Default)]
pub struct Records {
    record: Record,
    stage: Stage,
    /// Whether the connection is to be used again, so that the end of the request has to come.
    keeps: bool,
    /// Whether something of the response has come, and whether anything at all has.
    has_content: bool,
    has_come: bool,
    /// Whether the peer has said that the response is over.
    is_closed: bool,
    messages: Messages,
    /// Bytes that came beside the response and were not told.
    beside: u64,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing is asked.
    #[default]
    Idle,
    /// A request is under way.
    Asked,
    /// It is over, which nobody was told so far.
    Over,
}

/// So often a connection is read at once for nothing that belongs to a response.
const MOST_READS: usize = 16;

impl Records {
    /// A request is sent next.
    pub fn begin(&mut self, keeps: bool) {
        *self = Self {
            keeps,
            stage: Stage::Asked,
            ..Self::default()
        };
    }

    /// What the peer wrote to its standard error since this was asked, if it wrote anything.
    pub fn take_messages(&mut self) -> Option<Vec<u8>> {
        self.messages.take()
    }

    /// How many bytes came beside the response since this was asked.
    pub fn take_beside(&mut self) -> u64 {
        std::mem::take(&mut self.beside)
    }

    /// Whether nothing is under way, and nothing came that nobody asked for.
    pub(super) fn is_idle(&self) -> bool {
        self.stage == Stage::Idle && self.fault.is_none()
    }

    /// Receives more of the response; 0 at its end, or at the end of a connection that said nothing.
    pub(super) fn poll_read(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut Stream,
        received: &mut Received,
    ) -> Poll<io::Result<usize>> {
        for _ in 0..MOST_READS {
            if self.stage == Stage::Over {
                return Poll::Ready(self.end());
            }
            if let Some(fault) = self.fault.take() {
                return Poll::Ready(Err(io::Error::other(fault)));
            }
            let before = received.len();
            let amount = ready!(received.poll_read(task, stream))?;
            if amount == 0 {
                return Poll::Ready(self.closed());
            }
            let content = self.decode(&mut received.bytes_mut()[before..]);
            received.truncate(before + content);
            if content > 0 {
                return Poll::Ready(Ok(content));
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether the response is over, all of which was received; nobody is told of its end any more.
    pub(super) fn take_end(&mut self) -> bool {
        let is_over = self.stage == Stage::Over && self.has_content;
        if is_over {
            self.stage = Stage::Idle;
        }
        is_over
    }

    /// Whether the connection is open, silent, and with nothing of the last request to come.
    pub(super) fn poll_quiet(
        &mut self,
        task: &mut Context<'_>,
        stream: &mut Stream,
        received: &mut Received,
    ) -> Poll<bool> {
        if self.stage == Stage::Over {
            self.stage = Stage::Idle;
        }
        let was_asked = self.stage == Stage::Asked;
        let mut polled = self.poll_read(task, stream, received);
        if was_asked && self.is_idle() && matches!(polled, Poll::Ready(Ok(0))) {
            // The end of the last request has come just now.
            polled = self.poll_read(task, stream, received);
        }
        Poll::Ready(polled.is_pending() && self.is_idle())
    }

    /// The end of a response.
    fn end(&mut self) -> io::Result<usize> {
        self.stage = Stage::Idle;
        match self.has_content {
            true => Ok(0),
            false => Err(bad("upstream prematurely closed FastCGI stdout")),
        }
    }

    /// The end of the connection.
    fn closed(&self) -> io::Result<usize> {
        match self.has_come && !self.is_closed && self.stage == Stage::Asked {
            true => Err(Fault::error(
                Meaning::Cut,
                "upstream prematurely closed connection",
            )),
            false => Ok(0),
        }
    }

    /// Moves what belongs to the response to the front of `bytes`; how much that is.
    fn decode(&mut self, bytes: &mut [u8]) -> usize {
        let (mut at, mut kept) = (0, 0);
        while at < bytes.len() && self.stage == Stage::Asked && self.fault.is_none() {
            if !self.record.is_begun() {
                at += self.take_header(&bytes[at..]);
                continue;
            }
            let content = self.record.content.min(bytes.len() - at);
            match self.record.kind {
                Kind::STDOUT => {
                    bytes.copy_within(at..at + content, kept);
                    kept += content;
                }
                Kind::STDERR => self.messages.add(&bytes[at..at + content]),
                _ => {}
            }
            at += content;
            self.record.content -= content;
            let padding = self.record.padding.min(bytes.len() - at);
            at += padding;
            self.record.padding -= padding;
            self.end_record();
        }
        self.has_content |= kept > 0;
        self.beside += (bytes.len() - kept) as u64;
        let is_unasked = at < bytes.len() && (self.keeps || self.stage == Stage::Idle);
        if is_unasked && self.fault.is_none() {
            self.fail("upstream sent data behind the end of a FastCGI request");
        }
        kept
    }

    /// Takes what belongs to the header of a record; how much that was.
    fn take_header(&mut self, bytes: &[u8]) -> usize {
        self.has_come = true;
        let taken = self.record.take_header(bytes);
        if self.record.is_begun() {
            if let Some(problem) = self.record.problem() {
                self.fail(problem);
            } else if self.record.kind == Kind::STDOUT && self.is_closed {
                self.fail("upstream sent FastCGI stdout behind its end");
            }
            self.is_closed |= self.record.kind == Kind::STDOUT && self.record.content == 0;
            self.end_record();
        }
        taken
    }

    /// What the end of a record means, if it has come.
    fn end_record(&mut self) {
        if self.record.content > 0 || self.record.padding > 0 {
            return;
        }
        let kind = std::mem::take(&mut self.record).kind;
        let is_over = kind == Kind::END_REQUEST || self.is_closed && !self.keeps;
        if is_over && self.fault.is_none() {
            self.stage = Stage::Over;
        }
    }

    fn fail(&mut self, problem: &str) {
        self.fault = Some(Fault {
            kind: Meaning::BadRecords,
            text: problem.to_owned(),
        });
    }
}

fn bad(problem: &str) -> io::Error {
    Fault::error(Meaning::BadRecords, problem)
}

#[cfg(test)]
mod tests;

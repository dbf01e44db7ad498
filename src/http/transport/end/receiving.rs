//! What is received at one end of an exchange: as it comes, or out of the records that it stands in where FastCGI is spoken.

use std::io;
use std::task::{Context, Poll};

use super::super::fastcgi::Records;
use super::{End, Line};

impl End {
    /// Receives more; 0 at the end of the stream.
    pub fn poll_receive(&mut self, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match (&mut self.line, &mut self.records) {
            (Line::Wire(stream), None) => self.received.poll_read(task, stream),
            (Line::Wire(stream), Some(records)) => {
                records.poll_read(task, stream, &mut self.received)
            }
            (Line::Stream(half), _) => half.poll_receive(task, &mut self.received),
        }
    }

    /// Receives more; 0 at the end of the stream.
    pub async fn receive(&mut self) -> io::Result<usize> {
        std::future::poll_fn(|task| self.poll_receive(task)).await
    }

    /// A request of FastCGI is sent next: what is received from now on is the response in its records.
    pub fn expect_records(&mut self, keeps: bool) {
        self.records.get_or_insert_default().begin(keeps);
    }

    /// The records that responses come in, where FastCGI is spoken.
    pub fn records(&mut self) -> Option<&mut Records> {
        self.records.as_deref_mut()
    }

    /// Whether what was received is the last of a response, whose end would be received next.
    pub fn take_end(&mut self) -> bool {
        self.records().is_some_and(Records::take_end)
    }

    /// Whether what ended was a response alone, so that the connection goes on.
    pub fn goes_on(&self) -> bool {
        self.records
            .as_ref()
            .is_some_and(|records| records.is_idle())
    }

    /// Whether it is open and silent, and nothing of the last response is to come.
    pub fn poll_quiet(&mut self, task: &mut Context<'_>) -> Poll<bool> {
        if let (Line::Wire(stream), Some(records)) = (&mut self.line, &mut self.records) {
            return records.poll_quiet(task, stream, &mut self.received);
        }
        Poll::Ready(self.poll_receive(task).is_pending())
    }
}

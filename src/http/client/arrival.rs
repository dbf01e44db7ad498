//! Waiting for the head of the next request.

use std::io;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use super::cut_off::skip_empty_lines;
use super::leaving::Leaving;
use crate::http::course::request::Request;
use crate::http::message::head::Progress;
use crate::http::plan::runtime::Runtime;
use crate::http::transport::end::End;
use crate::http::transport::timer::{Timer, deadline};

/// An idle connection is given this long to be used once more when the worker is to end: a
/// request may be on its way already.
const LAST_CHANCE: Duration = Duration::from_millis(1500);

/// What waiting for a head came to.
pub(super) enum Arrival {
    /// A whole head of this length.
    Head,
    /// One that is refused with this status.
    Refused(u16),
    /// The client left, or was silent, in the middle of one.
    BrokenOff(u16),
    /// Nothing more comes.
    End,
}

/// Waits for a head of which the first bytes are there.
pub(super) async fn head(client: &mut End, timer: &mut Timer, request: &mut Request) -> Arrival {
    request.arrive();
    let settings = &request.server.settings;
    let mut until = None;
    let mut searched = 0;
    loop {
        skip_empty_lines(client);
        let buffered = client.received();
        if searched == 0 || ends_head(buffered, searched) {
            match request.head.read(buffered) {
                Ok(Progress::Complete(_)) => {
                    let head = request.head.bytes();
                    return too_large(head, settings.longest_line, settings.longest_head)
                        .map_or(Arrival::Head, Arrival::Refused);
                }
                Ok(Progress::Partial) => {}
                Err(fault) => return Arrival::Refused(fault.status()),
            }
        }
        searched = buffered.len();
        if let Some(status) = too_large(buffered, settings.longest_line, settings.longest_head) {
            return Arrival::Refused(status);
        }
        let is_first = buffered.is_empty();
        let until = *until.get_or_insert_with(|| deadline(settings.header_timeout));
        match receive(client, timer, until).await {
            Some(Ok(received)) if received > 0 && is_first => request.arrive(),
            Some(Ok(received)) if received > 0 => {}
            Some(_) if client.received().is_empty() => return Arrival::End,
            Some(_) => return Arrival::BrokenOff(400),
            None => return Arrival::BrokenOff(408),
        }
    }
}

/// Waits for the first bytes of a request; true when there are some.
pub(super) async fn first_bytes(
    leaving: &mut Leaving,
    client: &mut End,
    timer: &mut Timer,
    patience: Duration,
) -> bool {
    let mut until = deadline(patience);
    let mut is_last_chance = false;
    std::future::poll_fn(|task| {
        if let Poll::Ready(received) = client.poll_receive(task) {
            return Poll::Ready(matches!(received, Ok(1..)));
        }
        if !is_last_chance && leaving.poll(task).is_ready() {
            is_last_chance = true;
            until = until.min(deadline(LAST_CHANCE));
        }
        ready!(timer.poll(task, until));
        Poll::Ready(false)
    })
    .await
}

/// Counts a connection that waits for its next request.
pub(super) struct Idle(&'static Runtime);

impl Idle {
    pub(super) fn begin(runtime: &'static Runtime) -> Self {
        runtime.connections.begin_idle();
        Self(runtime)
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.connections.end_idle();
    }
}

/// Receives more; `None` when nothing has come by then.
async fn receive(client: &mut End, timer: &mut Timer, until: Instant) -> Option<io::Result<usize>> {
    std::future::poll_fn(|task| {
        if let Poll::Ready(received) = client.poll_receive(task) {
            return Poll::Ready(Some(received));
        }
        ready!(timer.poll(task, until));
        Poll::Ready(None)
    })
    .await
}

fn ends_head(buffered: &[u8], searched: usize) -> bool {
    let tail = &buffered[searched.saturating_sub(3)..];
    tail.windows(2).any(|two| two == b"\n\n") || tail.windows(3).any(|three| three == b"\n\r\n")
}

/// The status for a head whose lines, or which itself, is too long.
pub(super) fn too_large(head: &[u8], longest_line: usize, longest_head: usize) -> Option<u16> {
    if head.len() <= longest_line {
        return None;
    }
    let mut lines = head.split(|byte| *byte == b'\n');
    if lines.next().is_some_and(|line| line.len() > longest_line) {
        return Some(414);
    }
    (head.len() > longest_head || lines.any(|line| line.len() > longest_line)).then_some(494)
}

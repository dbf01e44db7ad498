//! Connections to peers: one that is in use, and those that are idle.
//!
//! Idle ones lie in the order of their use, without a timer or a task of their own: whether one was
//! closed meanwhile, or says something unasked, is seen when it is taken. The last one used
//! is taken first, and when there are too many, the one that is idle for longest is closed.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use pingora_core::protocols::Stream;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use super::traffic::Traffic;
use crate::os;

/// A connection to a peer.
#[derive(Debug)]
pub struct Link {
    /// The connection.
    pub stream: Stream,
    /// What went over it.
    pub traffic: Arc<Traffic>,
    /// Since when it is open.
    pub opened: Instant,
    /// How many requests it has carried.
    pub requests: u64,
    /// Whether it is closed after the request at hand.
    pub is_last_use: bool,
}

impl Link {
    /// A fresh connection.
    pub fn new(stream: Stream) -> Self {
        Self {
            stream,
            traffic: Arc::default(),
            opened: Instant::now(),
            requests: 0,
            is_last_use: true,
        }
    }
}

/// The idle connections to a group of peers.
#[derive(Debug, Default)]
pub struct IdleLinks(Mutex<Vec<Idle>>);

#[derive(Debug)]
struct Idle {
    peer: usize,
    link: Link,
    since: Instant,
}

impl IdleLinks {
    /// The last one to this peer that was used, if it is still good and was not idle for longer
    /// than `timeout`.
    pub fn take(&self, peer: usize, timeout: Duration) -> Option<Link> {
        let mut idle = self.0.lock();
        loop {
            let place = idle.iter().rposition(|one| one.peer == peer)?;
            let mut taken = idle.remove(place);
            if taken.is_good(timeout) {
                return Some(taken.link);
            }
        }
    }

    /// Keeps a connection, and no more than `most` of them.
    pub fn keep(&self, peer: usize, link: Link, most: usize) {
        let mut idle = self.0.lock();
        if idle.len() >= most && !idle.is_empty() {
            idle.remove(0);
        }
        if idle.len() < most {
            let since = Instant::now();
            idle.push(Idle { peer, link, since });
        }
    }

    /// Closes those that were idle for longer than `timeout`, and those that peers have closed.
    pub fn sweep(&self, timeout: Duration) {
        self.0.lock().retain_mut(|one| one.is_good(timeout));
    }
}

impl Idle {
    fn is_good(&mut self, timeout: Duration) -> bool {
        let idle_for = self.since.elapsed();
        let is_news_known = idle_for > TURN || !os::has_input(self.link.stream.id());
        idle_for < timeout && is_quiet(&mut self.link.stream) && is_news_known
    }
}

/// What came meanwhile is known of only after the event loop's next turn, which takes no longer than this.
const TURN: Duration = Duration::from_millis(20);

/// Whether a connection is open and silent; no system call is made unless there was an event.
fn is_quiet(stream: &mut Stream) -> bool {
    let mut byte = [0; 1];
    let mut buffer = ReadBuf::new(&mut byte);
    let mut task = Context::from_waker(Waker::noop());
    // A task that has done its share for now would be told to wait whatever there is.
    let look = tokio::task::unconstrained(poll_fn(|task| {
        Pin::new(&mut *stream).poll_read(task, &mut buffer)
    }));
    pin!(look).poll(&mut task).is_pending()
}

//! Connections to peers: one that is in use, and those that are idle.
//!
//! Idle ones lie in the order of their use, without a timer or a task of their own: whether one was
//! closed meanwhile, or says something unasked, is seen when it is taken. The last one used
//! is taken first, and when there are too many, the one that is idle for longest is closed.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use pingora_core::protocols::Stream;

use super::end::End;
use super::secure::{self, Secure};
use crate::metric::Moment;

/// What is spoken with a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// HTTP/1.
    Http,
    /// HTTP/2.
    Http2,
    /// FastCGI.
    FastCgi,
    /// uwsgi or SCGI: a list of parameters, and an answer up to the end of the connection.
    Parameters,
}

impl Language {
    /// Whether a request says beforehand how long its body is, as programs want to know.
    pub fn needs_length(self) -> bool {
        matches!(self, Self::FastCgi | Self::Parameters)
    }

    /// Whether a response may change to another protocol.
    pub fn can_switch(self) -> bool {
        self != Self::FastCgi
    }
}

/// A connection to a peer. It goes from hand to hand with each request, so it stays where it is.
#[derive(Debug)]
pub struct Link {
    /// The connection, with counts of what went over it.
    pub end: End,
    /// Since when it is open.
    pub opened: Moment,
    /// How many requests it has carried.
    pub requests: u64,
    /// Whether it is closed after the request at hand.
    pub is_last_use: bool,
    /// How it is encrypted, if it is.
    pub secure: Option<Arc<Secure>>,
    /// What is spoken on it.
    pub language: Language,
    /// The address of ours that it was to come from.
    pub from: Option<SocketAddr>,
}

/// Which of the connections to a peer a request may use.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// How they are encrypted, if they are.
    pub secure: Option<&'a Arc<Secure>>,
    /// What is spoken on them.
    pub language: Language,
    /// The address of ours that they come from, if that is said.
    pub from: Option<SocketAddr>,
}

impl Link {
    /// A fresh connection.
    pub fn new(stream: Stream, now: Moment) -> Box<Self> {
        Box::new(Self {
            end: End::new(stream, Arc::default()),
            opened: now,
            requests: 0,
            is_last_use: true,
            secure: None,
            language: Language::Http,
            from: None,
        })
    }

    /// Whether it is open and silent, as far as the event loop knows; no system call is made unless there
    /// was an event. What comes from now on wakes the task.
    pub async fn is_quiet(&mut self) -> bool {
        // A task that has done its share for now would be told to wait whatever there is.
        tokio::task::unconstrained(poll_fn(|task| self.end.poll_quiet(task))).await
    }
}

/// The idle connections to a group of peers.
#[derive(Debug, Default)]
pub struct IdleLinks(Mutex<Vec<Idle>>);

#[derive(Debug)]
struct Idle {
    peer: usize,
    link: Box<Link>,
    since: Moment,
}

impl IdleLinks {
    /// The last one to this peer that was used and is what a request may use, unless it was idle for longer than
    /// `timeout`. Whether it is still good is to be seen.
    pub fn take(
        &self,
        peer: usize,
        way: Way<'_>,
        now: Moment,
        timeout: Duration,
    ) -> Option<Box<Link>> {
        let mut idle = self.0.lock();
        let fits = |one: &Idle| {
            one.peer == peer
                && one.link.language == way.language
                && one.link.from == way.from
                && secure::is_same(one.link.secure.as_ref(), way.secure)
        };
        loop {
            let place = idle.iter().rposition(fits)?;
            let taken = idle.remove(place);
            if taken.is_young(now, timeout) {
                return Some(taken.link);
            }
        }
    }

    /// Keeps a connection, and no more than `most` of them.
    pub fn keep(&self, peer: usize, link: Box<Link>, now: Moment, most: usize) {
        let mut idle = self.0.lock();
        if idle.len() >= most && !idle.is_empty() {
            idle.remove(0);
        }
        if idle.len() < most {
            let since = now;
            idle.push(Idle { peer, link, since });
        }
    }

    /// Gives all away; `peer` says which peer one belongs to there, those of none are closed.
    pub fn move_to(&self, other: &Self, peer: impl Fn(usize) -> Option<usize>) {
        let idle = std::mem::take(&mut *self.0.lock());
        let moved = idle.into_iter().filter_map(|one| {
            let peer = peer(one.peer)?;
            Some(Idle { peer, ..one })
        });
        other.0.lock().extend(moved);
    }

    /// Closes those that were idle for longer than `timeout`, and those that peers have closed.
    pub fn sweep(&self, now: Moment, timeout: Duration) {
        let mut task = Context::from_waker(Waker::noop());
        let mut is_good = |one: &mut Idle| {
            let looked = pin!(one.link.is_quiet()).poll(&mut task);
            one.is_young(now, timeout) && looked == Poll::Ready(true)
        };
        self.0.lock().retain_mut(|one| is_good(one));
    }
}

impl Idle {
    fn is_young(&self, now: Moment, timeout: Duration) -> bool {
        let idle_for = now.0.saturating_sub(self.since.0);
        Duration::from_nanos(idle_for) < timeout
    }
}

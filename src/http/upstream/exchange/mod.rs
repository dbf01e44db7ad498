//! One attempt with a peer: a request is written to it, its response is passed on.
//!
//! Both directions go on in one function, each as far as it can, so that neither waits for the
//! other: a peer may answer before it has read the request, and a client may send while it reads.
//! Nothing is read that nobody has room for, which is the back-pressure. Each wait has a deadline
//! of its own, and the connection one timer.

mod around;
mod client;
mod failing;
mod filtered;
mod heard;
mod request;
mod response;
mod teed;
mod unwanted;

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use self::unwanted::Unwanted;
use super::addition::Addition;
use crate::http::course::circumstances::{Circumstances, Passing};
use crate::http::course::request::Request;
use crate::http::course::request_body::BodyError;
use crate::http::course::session::Session;
use crate::http::message::framing::Framing;
use crate::http::plan::body_filter::BodyFilters;
use crate::http::plan::origin::{Failure, Origin, Received, Rules};
use crate::http::plan::outcome::{InternalTarget, Outcome};
use crate::http::plan::tee::{Tee, Verdict};
use crate::http::transport::fastcgi::Records;
use crate::http::transport::link::{Language, Link};
use crate::http::transport::pace::Pace;
use crate::http::transport::timer::deadline;

/// Why an attempt ended before the client had the response.
pub(super) enum Broken {
    /// The peer failed.
    Peer(Failure),
    /// Another peer is to be asked.
    Another,
    /// A peer is to be asked once more when this is over.
    Later(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// The request fails with this status.
    Status(u16),
    /// The request is answered from another place.
    Redirect(InternalTarget),
    /// This is answered instead.
    Instead(Outcome),
    /// Nobody can be asked, which would be answered with this status.
    Nobody(u16),
    /// The client has left, or takes nothing.
    Client,
    /// The client has left within the body.
    Cut,
}

impl Broken {
    /// The client's body cannot be read on.
    pub(super) fn body(request: &Request, error: &BodyError) -> Self {
        match error {
            BodyError::Cut => return Self::Cut,
            BodyError::File(error) => {
                log::error!("a temporary file failed: {error}{}", Circumstances(request));
            }
            BodyError::Filter(error) => {
                log::error!("a filter failed: {error}{}", Circumstances(request));
            }
            _ => {}
        }
        Self::Status(error.status())
    }
}

/// One attempt with a peer.
pub(super) struct Exchange<'a> {
    request: &'a mut Request,
    session: &'a mut Session,
    origin: &'static dyn Origin,
    rules: &'static Rules,
    peer: Option<Peer>,
    stage: Stage,
    deadlines: Deadlines,
    /// What has come from the peer, and whether the origin knows.
    received: Received,
    is_received_told: bool,
    to_peer_sent: usize,
    is_peer_flushed: bool,
    /// Whether the client gets nothing more of the body.
    is_discarding: bool,
    /// Whether the client has left, which did not end it.
    has_left: bool,
    /// Whether the response's body is read ahead of a slow client.
    reads_ahead: bool,
    /// How fast the response's body is read.
    pace: Option<Box<Pace>>,
    /// What the response's body goes through.
    filters: BodyFilters,
    /// What is being added ahead of the response's body, or behind it.
    addition: Option<Box<Addition>>,
    /// Who else has the response's body.
    tee: Option<Box<dyn Tee>>,
    /// Who says whether the body was right that is kept no more.
    verdict: Option<Box<dyn Verdict>>,
    /// Whether filters had work to do since others had their turn.
    has_filtered: bool,
    /// Whether more than the body was received with its last piece.
    has_surplus: bool,
    /// Who had nothing to say when asked in this turn: whoever has will wake the task.
    quiet: Quiet,
}

#[derive(Clone, Copy, Default)]
struct Quiet {
    peer: bool,
    client: bool,
}

struct Peer {
    link: Box<Link>,
    /// Whether it takes no more of the request.
    is_deaf: bool,
}

enum Stage {
    /// The head of the response is awaited; so many informational ones have come.
    Head(u32),
    /// Its body is passed on.
    Body { framing: Framing, persistent: bool },
    /// Nobody gets its body.
    Unwanted(Unwanted),
    /// All of it has come. Something is added behind it, and then these trailers.
    After { trailers: Vec<u8> },
    /// Both sides speak another protocol.
    Tunnel,
    /// Everything has come; the client gets the rest.
    Rest { whole: bool },
}

/// When each wait is over, as far as there is one.
#[derive(Default)]
struct Deadlines {
    peer_read: Option<Instant>,
    peer_write: Option<Instant>,
    client_read: Option<Instant>,
    client_write: Option<Instant>,
}

impl<'a> Exchange<'a> {
    /// An exchange over a connection; `session.to_peer` holds the request's head.
    pub(super) fn new(
        request: &'a mut Request,
        session: &'a mut Session,
        origin: &'static dyn Origin,
        link: Box<Link>,
    ) -> Self {
        let was_asked = link.requests > 1 && link.language != Language::Http2;
        let peer = Peer {
            link,
            is_deaf: false,
        };
        Self {
            request,
            session,
            origin,
            rules: origin.rules(),
            peer: Some(peer),
            stage: Stage::Head(0),
            deadlines: Deadlines::default(),
            received: Received::default(),
            is_received_told: true,
            to_peer_sent: 0,
            is_peer_flushed: false,
            is_discarding: false,
            has_left: false,
            reads_ahead: false,
            pace: None,
            filters: BodyFilters::default(),
            addition: None,
            tee: None,
            verdict: None,
            has_filtered: false,
            has_surplus: false,
            // One that was idle has just been asked.
            quiet: Quiet {
                peer: was_asked,
                client: false,
            },
        }
    }

    /// Goes on to the end of the response; whether the client got all of it.
    pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<Result<bool, Broken>> {
        self.request.time_passed();
        let polled = self.poll_both(task);
        self.quiet = Quiet::default();
        polled
    }

    fn poll_both(&mut self, task: &mut Context<'_>) -> Poll<Result<bool, Broken>> {
        loop {
            // What it does opens no way that the others, who come after it, do not see.
            self.poll_request(task)?;
            let mut moved = self.poll_response(task)?;
            moved |= self.poll_client(task)?;
            if let Stage::Rest { whole } = self.stage
                && self.session.outbox.is_empty()
            {
                return Poll::Ready(Ok(whole));
            }
            if !moved {
                break;
            }
            if std::mem::take(&mut self.has_filtered) {
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        self.poll_time(task)
    }

    /// Nothing moves: the first deadline decides.
    fn poll_time(&mut self, task: &mut Context<'_>) -> Poll<Result<bool, Broken>> {
        let Some(first) = self.deadlines.first() else {
            return Poll::Pending;
        };
        ready!(self.session.timer.poll(task, first));
        let over = |deadline: Option<Instant>| deadline.is_some_and(|one| one <= first);
        if over(self.deadlines.client_write) {
            self.client_left()?;
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        if over(self.deadlines.client_read) {
            self.body_failed(&BodyError::Late)?;
        } else if let Err(broken) = self.peer_is_late(over(self.deadlines.peer_read)) {
            return Poll::Ready(Err(broken));
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }

    fn peer_is_late(&mut self, is_reading: bool) -> Result<(), Broken> {
        match self.stage {
            Stage::Head(_) => {
                let doing = match is_reading {
                    true => "reading response header from upstream",
                    false => "sending request to upstream",
                };
                self.complain(&format!("upstream timed out while {doing}"));
                return Err(Broken::Peer(Failure::Timeout));
            }
            Stage::Tunnel => self.stage = Stage::Rest { whole: true },
            Stage::Unwanted(_) => return Err(self.end_unwanted()),
            Stage::Body { .. } | Stage::After { .. } | Stage::Rest { .. } => {
                self.broke("upstream timed out");
            }
        }
        Ok(())
    }

    /// Whether more of the response's body may be read now; if not, the task is woken when it may.
    fn is_in_time(&mut self, task: &mut Context<'_>) -> bool {
        let pace = self.pace.as_mut();
        pace.is_none_or(|pace| pace.poll_room(task).is_ready())
    }

    /// More has come from the peer.
    fn count_received(&mut self, amount: usize) {
        self.received.bytes += amount as u64;
        if let Some(pace) = &mut self.pace {
            pace.spend(amount);
        }
        self.is_received_told = false;
        if self.rules.language == Language::FastCgi
            && let Some(records) = self.records()
        {
            self.received.bytes += records.take_beside();
        }
    }

    /// The records that the response comes in, where FastCGI is spoken.
    fn records(&mut self) -> Option<&mut Records> {
        self.peer.as_mut()?.link.end.records()
    }

    /// Tells the origin what has come, before it hears of the end.
    fn tell_received(&mut self) {
        if !std::mem::replace(&mut self.is_received_told, true) {
            self.origin.received(self.request, self.received);
        }
    }

    fn complain(&mut self, problem: &str) {
        let peer = self.origin.peer_name(self.request);
        log::error!("{problem}{}", Passing(self.request, &peer));
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        self.tell_received();
        // What it comes to has been decided.
        let _ = self.hear();
    }
}

impl Deadlines {
    fn first(&self) -> Option<Instant> {
        let all = [
            self.peer_read,
            self.peer_write,
            self.client_read,
            self.client_write,
        ];
        all.into_iter().flatten().min()
    }
}

/// A wait begins, unless it has begun already.
fn begin(wait: &mut Option<Instant>, patience: Duration) {
    if wait.is_none() {
        *wait = Some(deadline(patience));
    }
}

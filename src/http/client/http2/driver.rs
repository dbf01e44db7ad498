//! What drives a connection of HTTP/2: takes in its streams, has gathered answers leave, and sees to its limits.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request as Message};
use tokio::time::Instant;

use super::super::arrival::Idle;
use super::super::leaving::Leaving;
use super::super::spare;
use super::Counted;
use super::stream::{self, Asked};
use crate::http::course::connection_facts::ConnectionFacts;
use crate::http::course::engine;
use crate::http::course::identify::salvage_message;
use crate::http::course::request::Request;
use crate::http::message::head::BadHead;
use crate::http::plan::http2_counters::Http2Count;
use crate::http::plan::runtime::{Listener, Runtime, Server};
use crate::http::plan::settings::ConnectionSettings;
use crate::http::transport::clock;
use crate::http::transport::half::Half;
use crate::http::transport::streams::{Rejected, Taken};
use crate::http::transport::timer::{Timer, deadline};
use crate::http::transport::wire::{Shared, Wire};

/// What drives a connection.
pub(super) struct Driver {
    pub(super) h2: Connection<Wire, Bytes>,
    pub(super) shared: Shared,
    pub(super) runtime: &'static Runtime,
    pub(super) listener: &'static Listener,
    pub(super) server: &'static Server,
    pub(super) facts: Box<ConnectionFacts>,
    pub(super) leaving: Leaving,
    pub(super) timer: Timer,
    /// Counted as long as nothing is asked, but before the first request.
    pub(super) idle: Option<Idle>,
    pub(super) idle_until: Option<Instant>,
    /// The client was told that no more requests are taken; when that is over, if nothing goes on.
    pub(super) leaves_at: Option<Instant>,
    /// The client was told that the connection ends for what it did.
    pub(super) is_condemned: bool,
}

type Stream = (Message<RecvStream>, SendResponse<Bytes>);

/// More streams than this are not taken in at once: others have their turn.
const AT_ONCE: usize = 64;
/// The heads of requests under way take no more memory than this.
const MOST_HELD: usize = 512 * 1024;
/// A client that was told of the end is given this long for requests that are on their way.
const LAST_CHANCE: Duration = Duration::from_millis(1500);
/// One that is closed for what it did is given this long to take the reason.
const FAREWELL: Duration = Duration::from_secs(1);

impl Driver {
    /// Goes on to the end of the connection.
    pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<()> {
        if self.leaves_at.is_none() && self.leaving.poll(task).is_ready() {
            self.leave();
        }
        let is_over = self.poll_streams(task);
        self.take_news();
        match self.shared.poll_push(task) {
            Poll::Ready(Err(_)) => return Poll::Ready(()),
            Poll::Ready(Ok(())) if is_over => return Poll::Ready(()),
            _ => {}
        }
        self.shared.wake_when_idle(task.waker());
        self.poll_time(task)
    }

    /// Takes in what streams there are; true once there will be no more.
    fn poll_streams(&mut self, task: &mut Context<'_>) -> bool {
        // They are taken in before anybody answers one: h2 sends what there is at each look.
        let mut streams: Vec<Stream> = Vec::new();
        let mut is_over = false;
        loop {
            if streams.len() == AT_ONCE {
                task.waker().wake_by_ref();
                break;
            }
            match self.h2.poll_accept(task) {
                Poll::Ready(Some(Ok(stream))) => streams.push(stream),
                Poll::Ready(Some(Err(error))) => {
                    self.fail(&error);
                    is_over = true;
                    break;
                }
                Poll::Ready(None) => {
                    is_over = true;
                    break;
                }
                Poll::Pending if self.must_look_again() => {}
                Poll::Pending => break,
            }
        }
        for stream in streams {
            self.begin(stream);
        }
        if self.leaves_at.is_none() && self.is_used_up() {
            self.leave();
            task.waker().wake_by_ref();
        }
        is_over
    }

    /// The connection ends for what h2 found on it.
    fn fail(&self, error: &h2::Error) {
        self.tell(&error.to_string());
        let is_flood = error.reason() == Some(Reason::ENHANCE_YOUR_CALM);
        match error.is_io() || error.is_remote() || self.is_condemned {
            true => {}
            false if is_flood => self.runtime.http2.flooded(self.shared.suspected()),
            false => self.runtime.http2.add(Http2Count::Mistakes, 1),
        }
    }

    /// Something has been noticed for which the connection ends, and the client has not been told.
    fn must_look_again(&mut self) -> bool {
        let reason = match self.shared.flood() {
            _ if self.is_condemned => return false,
            Some(flood) => {
                self.runtime.http2.flooded(flood);
                self.tell(&format!("the client sends too many {flood}"));
                Reason::ENHANCE_YOUR_CALM
            }
            None if self.shared.is_damaged() => {
                self.runtime.http2.add(Http2Count::Mistakes, 1);
                self.tell("client sent a header block that cannot be decompressed");
                Reason::COMPRESSION_ERROR
            }
            None => return false,
        };
        self.is_condemned = true;
        self.h2.abrupt_shutdown(reason);
        self.leaves_at = Some(deadline(FAREWELL));
        true
    }

    /// The client is told that no more requests are taken.
    fn leave(&mut self) {
        self.h2.graceful_shutdown();
        self.shared.leave();
        self.leaves_at = Some(deadline(LAST_CHANCE));
    }

    fn is_used_up(&self) -> bool {
        let settings = &self.runtime.location(self.server.own).settings;
        let requests = self.facts.requests;
        requests >= settings.keepalive_requests
            || requests > 0
                && (settings.keepalive_timeout.is_zero()
                    || self.facts.age() >= settings.keepalive_time)
    }

    /// A request has come: a task of its own answers it.
    fn begin(&mut self, (message, mut out): Stream) {
        let id = out.stream_id().as_u32();
        let (parts, body) = message.into_parts();
        let (answered, held) = self.shared.load();
        let most = 2 * self.server.settings.http2.streams as usize;
        let taken = match answered < most && held < MOST_HELD {
            true => self.shared.take(id),
            false => None,
        };
        let Some(taken) = taken else {
            self.shared.forget(id);
            return out.send_reset(Reason::REFUSED_STREAM);
        };
        let mut request = self.request(&taken);
        request
            .head
            .read_message(&parts, body.is_end_stream(), taken.head);
        let settings = &self.server.settings;
        let head = request.head.bytes();
        match too_large(&parts.headers, head, settings) {
            Some(414) => request.head.refuse(BadHead::LongLine),
            Some(_) => request.head.refuse(BadHead::TooLarge),
            None => {}
        }
        request.begin();
        self.runtime.http2.add(Http2Count::Streams, 1);
        request.came_by_stream(taken.began);
        let held = request.head.bytes().len();
        // It moves several times before it runs.
        tokio::spawn(Box::pin(stream::serve(Asked {
            answering: self.shared.answering(held),
            _counted: Counted::begin(self.runtime, Http2Count::ActiveStreams),
            half: Half::new(out, body, self.shared.clone()),
            request,
        })));
    }

    /// What has happened is counted, and requests that nobody was told of end here.
    pub(super) fn take_news(&mut self) {
        let news = self.shared.news();
        let counters = &self.runtime.http2;
        counters.add(Http2Count::Refused, news.refused);
        counters.add(Http2Count::ResetsReceived, news.resets_received);
        counters.add(Http2Count::ResetsSent, news.resets_sent);
        let is_received = u64::from(news.is_goaway_received);
        counters.add(Http2Count::GoawaysReceived, is_received);
        counters.add(Http2Count::GoawaysSent, u64::from(news.is_goaway_sent));
        counters.add(Http2Count::Rejected, news.rejected.len() as u64);
        for fault in news.faults {
            self.tell(&format!("client sent {fault}"));
        }
        for rejected in news.rejected {
            self.reject(rejected);
        }
    }

    /// A request that h2 has refused by itself ends like any other that could not be understood.
    fn reject(&mut self, rejected: Rejected) {
        let Rejected { taken, status, .. } = rejected;
        let mut request = self.request(&taken);
        match rejected.malformed.as_deref() {
            Some(known) => {
                let (method, path) = (&known.method, &known.path);
                salvage_message(&mut request, method, path);
                let line = request.head.request_line().escape_ascii();
                self.tell(&format!("client sent {} in \"{line}\"", known.fault));
            }
            None => salvage_message(&mut request, b"", b""),
        }
        request.came_by_stream(taken.began);
        request.response.status = status;
        engine::finish(&mut request);
    }

    fn request(&mut self, taken: &Taken) -> Box<Request> {
        let mut facts = self.facts.clone();
        facts.traffic = taken.traffic.clone();
        self.facts.requests += 1;
        spare::take(self.runtime, self.listener, &mut facts)
    }

    /// Waits for the first of all deadlines.
    fn poll_time(&mut self, task: &mut Context<'_>) -> Poll<()> {
        let (until, is_end) = self.first_deadline();
        if self.timer.poll(task, until).is_pending() {
            return Poll::Pending;
        }
        if is_end {
            return Poll::Ready(());
        }
        self.leave();
        task.waker().wake_by_ref();
        Poll::Pending
    }

    /// The first deadline, and whether the connection ends then and not only begins to.
    fn first_deadline(&mut self) -> (Instant, bool) {
        let settings = &self.runtime.location(self.server.own).settings;
        let stalled = self.shared.stalled_since();
        let stalled = stalled.and_then(|since| since.checked_add(settings.send_timeout));
        let unfinished = self.shared.unfinished_since().map(|since| {
            let passed = clock::moment().0.saturating_sub(since.0);
            let patience = self.server.settings.header_timeout;
            deadline(patience.saturating_sub(Duration::from_nanos(passed)))
        });
        let is_idle = self.shared.load().0 == 0 && !self.h2.has_streams();
        let ends = match self.leaves_at {
            Some(at) if is_idle || self.is_condemned => Some(at),
            _ => None,
        };
        let ends = [stalled, unfinished, ends].into_iter().flatten().min();
        let idle = self
            .idle_until(is_idle)
            .filter(|_| self.leaves_at.is_none());
        match (ends, idle) {
            (Some(end), Some(idle)) if idle < end => (idle, false),
            (Some(end), _) => (end, true),
            (None, Some(idle)) => (idle, false),
            (None, None) => (deadline(Duration::MAX), false),
        }
    }

    /// Until when nothing may be asked; `None` while something goes on.
    fn idle_until(&mut self, is_idle: bool) -> Option<Instant> {
        if !is_idle {
            self.idle = None;
            self.idle_until = None;
            return None;
        }
        let is_first = self.facts.requests == 0;
        let settings = &self.runtime.location(self.server.own).settings;
        let patience = match is_first {
            true => self.server.settings.header_timeout,
            false => settings.keepalive_timeout,
        };
        if self.idle_until.is_none() {
            self.shared.rest();
            self.idle_until = Some(deadline(patience));
        }
        if self.idle.is_none() && !is_first {
            self.idle = Some(Idle::begin(self.runtime));
        }
        self.idle_until
    }

    fn tell(&self, problem: &str) {
        let name = &self.server.name;
        match self.facts.client {
            Some(client) => {
                log::info!("{problem}, client: {}, server: {name}", client.ip());
            }
            None => log::info!("{problem}, client: unix:, server: {name}"),
        }
    }
}

/// The status for a head in which something is too long: a field as it came, while a cookie may have come in pieces
/// that are one line by now.
fn too_large(fields: &HeaderMap, head: &[u8], settings: &ConnectionSettings) -> Option<u16> {
    let longest = settings.longest_line;
    if head.len() <= longest {
        return None;
    }
    let line = head.split(|byte| *byte == b'\n').next();
    if line.is_some_and(|line| line.len() > longest) {
        return Some(414);
    }
    let mut fields = fields.iter();
    let is_long = |(name, value): (&HeaderName, &HeaderValue)| {
        name.as_str().len() + ": \r".len() + value.len() > longest
    };
    (head.len() > settings.longest_head || fields.any(is_long)).then_some(494)
}

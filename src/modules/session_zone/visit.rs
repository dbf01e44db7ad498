//! A request's part in a session: counts its bytes while it is under way.
//!
//! The bytes that go over a connection are counted to all sessions of its request at once; their visits hang on each other,
//! the newest first, so that nothing changes once it is counted to. A session may end meanwhile: it was idle for
//! its time, or another request said so. Then the visit resumes it with the next bytes, if it knows what is said of it,
//! which costs something and is found out where one has to wait for more: for the request's body, for what follows
//! behind the first bytes of a response, or for a client that takes no more for now. Else the request does, when its
//! response's head leaves late or it is over, and what went meanwhile is counted then.
//!
//! The memory of a visit serves one request after another.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::tracker::Tracker;
use crate::http::course::request::Request;
use crate::http::transport::clock;
use crate::http::transport::meter::{Meter, Then};
use crate::http::transport::traffic::Traffic;
use crate::metric::Moment;
use crate::sessions::{Attributes, Bytes, Estimate, Handle};

/// How long after something that failed it is tried again, in nanoseconds.
const TRY_AGAIN: u64 = 1_000_000_000;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Visit {
    tracker: &'static Tracker,
    pub handle: Handle,
    /// Whether the first byte of a body activates the session.
    is_waiting: AtomicBool,
    /// Whether the request activates its session whatever bytes go.
    activates: AtomicBool,
    /// Whether nothing more is counted.
    is_over: AtomicBool,
    /// Before when what failed is not tried again, in nanoseconds.
    next_try: AtomicU64,
    begun: Moment,
    /// What the connection had received and sent when the request began, and how long its head is.
    before: Bytes,
    head: u64,
    /// What is said of the session, and what it was expected to be sent, where that is known.
    said: OnceLock<(Box<[u8]>, Estimate)>,
    /// Bytes that went when the session had ended.
    uncounted: [AtomicU64; 2],
    /// The next one.
    next: Option<Arc<dyn Meter>>,
}

impl Visit {
    /// One that is to begin.
    pub(super) fn new(tracker: &'static Tracker) -> Self {
        Self {
            tracker,
            handle: Handle::default(),
            is_waiting: AtomicBool::new(false),
            activates: AtomicBool::new(false),
            is_over: AtomicBool::new(true),
            next_try: AtomicU64::new(0),
            begun: Moment::default(),
            before: Bytes::default(),
            head: 0,
            said: OnceLock::new(),
            uncounted: [const { AtomicU64::new(0) }; 2],
            next: None,
        }
    }

    /// It is a request's from now on, whose session has all bytes that went so far. Whatever it was before is over.
    pub(super) fn begin(&mut self, tracker: &'static Tracker, request: &mut Request, now: Moment) {
        let traffic = &request.connection.traffic;
        self.before = Bytes {
            rx: load(&traffic.received).saturating_sub(request.bytes_consumed()),
            tx: load(&traffic.sent).saturating_sub(request.bytes_sent()),
        };
        self.tracker = tracker;
        let is_waiting = tracker.activate.is_none() && !self.handle.is_active();
        self.is_waiting = AtomicBool::new(is_waiting);
        self.activates = AtomicBool::new(false);
        self.is_over = AtomicBool::new(false);
        self.next_try = AtomicU64::new(0);
        self.begun = now;
        self.head = request.head.received_length() as u64;
        self.said.take();
        self.uncounted = [const { AtomicU64::new(0) }; 2];
        self.next = request.meter.take();
    }

    /// The request activates its session, also one that it resumes.
    pub(super) fn activate(&self, now: Moment) {
        self.activates.store(true, Ordering::Relaxed);
        self.tracker.activate(&self.handle, now);
    }

    /// Whether its session may have ended for want of bytes.
    pub(super) fn is_old(&self, now: Moment) -> bool {
        now.0.saturating_sub(self.begun.0) >= TRY_AGAIN
    }

    /// The head of an old request's response leaves: the last moment at which the request is asked before it is over.
    pub(super) fn respond(&self, request: &mut Request, now: Moment) {
        if !self.tracker.entry.sessions.is_there(&self.handle, now) {
            self.resume_by(request, now);
        }
    }

    /// The request is over, and nothing more is counted.
    pub(super) fn leave(&self, request: &mut Request) {
        if self.has_uncounted() {
            let now = request.moment();
            self.resume_by(request, now);
        }
        self.stop();
    }

    /// Nothing more is counted.
    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Whether bytes went for which there was no session.
    pub(super) fn has_uncounted(&self) -> bool {
        self.uncounted.iter().any(|bytes| load(bytes) > 0)
    }

    /// Remembers what is said of the session, so that it can be resumed.
    pub(super) fn find_out(&self, now: Moment) {
        if self.said.get().is_none()
            && let Some(said) = self.tracker.entry.sessions.said(&self.handle, now)
        {
            // It is set here alone.
            let _ = self.said.set(said);
        }
    }

    fn count(&self, bytes: Bytes, traffic: &Traffic) {
        if self.is_over.load(Ordering::Relaxed) {
            return;
        }
        let now = clock::moment();
        if self.is_waiting.load(Ordering::Relaxed) && self.has_body_begun(traffic) {
            self.try_to_activate(now);
        }
        let sessions = &self.tracker.entry.sessions;
        if !sessions.count(&self.handle, bytes, now) {
            self.count_later(bytes, traffic, now);
        }
    }

    /// Counts bytes for which there is no session any more, as soon as it can be resumed.
    #[cold]
    fn count_later(&self, bytes: Bytes, traffic: &Traffic, now: Moment) {
        for (uncounted, bytes) in self.uncounted.iter().zip([bytes.rx, bytes.tx]) {
            uncounted.fetch_add(bytes, Ordering::Relaxed);
        }
        if let Some((said, expected)) = self.said.get() {
            let expected = self.tracker.estimate.as_ref().map(|_| *expected);
            self.resume(Attributes::read(said), expected, traffic, now);
        }
    }

    /// Resumes the session by what the request says of it.
    #[cold]
    fn resume_by(&self, request: &mut Request, now: Moment) {
        let traffic = Arc::clone(&request.connection.traffic);
        let said = self.tracker.say_of(request);
        let expected = self.tracker.estimate_of(request);
        self.resume(said.attributes(), expected, &traffic, now);
    }

    fn resume(
        &self,
        attributes: Attributes<'_>,
        expected: Option<Estimate>,
        traffic: &Traffic,
        now: Moment,
    ) {
        if self.is_over.load(Ordering::Relaxed) || now.0 < load(&self.next_try) {
            return;
        }
        let sessions = &self.tracker.entry.sessions;
        match sessions.resume(&self.handle, attributes, expected, now) {
            Ok(true) => {}
            Ok(false) => {
                self.stop();
                return self.tracker.tell_full(now);
            }
            Err(error) => {
                self.tracker.complain(&error);
                return self.wait(now);
            }
        }
        let bytes = self.uncounted.each_ref();
        let [rx, tx] = bytes.map(|bytes| bytes.swap(0, Ordering::Relaxed));
        let activates = self.activates.load(Ordering::Relaxed);
        let may_wait = !self.handle.is_active() && (self.tracker.activate.is_none() || activates);
        self.is_waiting.store(may_wait, Ordering::Relaxed);
        if may_wait && (activates || self.has_body_begun(traffic)) {
            self.try_to_activate(now);
        }
        sessions.count(&self.handle, Bytes { rx, tx }, now);
    }

    /// Activates the session. Where that fails it is tried again with bytes that go a second later.
    #[cold]
    fn try_to_activate(&self, now: Moment) {
        if now.0 < load(&self.next_try) {
            return;
        }
        match self.tracker.activate(&self.handle, now) {
            true => self.is_waiting.store(false, Ordering::Relaxed),
            false => self.wait(now),
        }
    }

    fn wait(&self, now: Moment) {
        let next = now.0.saturating_add(TRY_AGAIN);
        self.next_try.store(next, Ordering::Relaxed);
    }

    /// Whether more than heads went over the connection.
    fn has_body_begun(&self, traffic: &Traffic) -> bool {
        load(&traffic.received) > self.before.rx + self.head
            || load(&traffic.sent) > self.before.tx + load(&traffic.head)
    }
}

fn load(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}

impl Meter for Visit {
    fn received(&self, bytes: u64, traffic: &Traffic) {
        self.count(Bytes { rx: bytes, tx: 0 }, traffic);
        if let Some(next) = &self.next {
            next.received(bytes, traffic);
        }
    }

    fn sent(&self, bytes: u64, then: Then, traffic: &Traffic) {
        if bytes > 0 {
            self.count(Bytes { rx: 0, tx: bytes }, traffic);
        }
        if then == Then::More && !self.is_over.load(Ordering::Relaxed) {
            self.find_out(clock::moment());
        }
        if let Some(next) = &self.next {
            next.sent(bytes, then, traffic);
        }
    }
}

//! What a request knows of its sessions.
//!
//! A request has at most one session in each zone. The bytes that go over its connection are counted to all of them
//! at once; they hang on each other, the newest first, so that nothing changes once it is counted to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::tracker::Tracker;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::http::transport::clock;
use crate::http::transport::meter::Meter;
use crate::http::transport::traffic::Traffic;
use crate::metric::Moment;
use crate::sessions::{Bytes, Handle, Limit, Session};

/// Where a request keeps its visits.
pub(super) type State = StateIndex<Visits>;

/// The sessions of a request.
#[derive(Default)]
pub(super) struct Visits {
    /// What was found out, in order: one for each zone. Most requests have one.
    first: Option<Seen>,
    more: Vec<Seen>,
    /// The session that a line of a zone's log is about.
    pub closed: Option<Box<Session>>,
}

/// What became of a request in a zone.
pub(super) struct Seen {
    pub tracker: &'static Tracker,
    pub outcome: Outcome,
    pub visit: Option<Arc<Visit>>,
}

/// What became of a request, as `$session_status` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    New,
    Known,
    Skipped,
    /// It found no room for its session, and does not look again.
    Untracked,
    Rejected(Limit),
    RejectedDryRun(Limit),
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Known => "KNOWN",
            Self::Skipped | Self::Untracked => "SKIPPED",
            Self::Rejected(Limit::Sessions) => "REJECTED_SESSIONS",
            Self::Rejected(Limit::Bitrate) => "REJECTED_BITRATE",
            Self::RejectedDryRun(Limit::Sessions) => "REJECTED_SESSIONS_DRY_RUN",
            Self::RejectedDryRun(Limit::Bitrate) => "REJECTED_BITRATE_DRY_RUN",
        }
    }
}

impl Visits {
    /// All of them, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Seen> {
        self.first.iter().chain(&self.more)
    }

    /// The one that variables tell of: the first that belongs to a session, else the first.
    pub(super) fn main(&self) -> Option<&Seen> {
        let tracked = self.all().find(|seen| seen.visit.is_some());
        tracked.or(self.first.as_ref())
    }

    /// Takes in what was found out about a zone, in the place of what was known before.
    pub(super) fn add(&mut self, seen: Seen) {
        let is_same = |other: &&mut Seen| other.tracker.number == seen.tracker.number;
        let mut known = self.first.iter_mut().chain(&mut self.more);
        if let Some(known) = known.find(is_same) {
            *known = seen;
        } else if self.first.is_none() {
            self.first = Some(seen);
        } else {
            self.more.push(seen);
        }
    }
}

/// How long after an activation that failed the next one is tried, in nanoseconds.
const TRY_AGAIN: u64 = 1_000_000_000;

/// A request's part in a session: counts its bytes while it is under way.
#[derive(Debug)]
pub(super) struct Visit {
    tracker: &'static Tracker,
    pub handle: Handle,
    /// Whether the first byte of a body activates the session.
    is_waiting: AtomicBool,
    /// Before when an activation that failed is not tried again, in nanoseconds.
    next_try: AtomicU64,
    /// What the connection had received and sent when the request began, and how long its head is.
    before: Bytes,
    head: u64,
    /// The next one.
    next: Option<Arc<dyn Meter>>,
}

impl Visit {
    /// A visit of a request whose bytes are counted from now on; `so_far` are counted already.
    pub(super) fn begin(
        tracker: &'static Tracker,
        handle: Handle,
        request: &mut Request,
        so_far: Bytes,
    ) -> Arc<Self> {
        let traffic = &request.connection.traffic;
        let load = |total: &std::sync::atomic::AtomicU64| total.load(Ordering::Relaxed);
        let before = Bytes {
            rx: load(&traffic.received).saturating_sub(so_far.rx),
            tx: load(&traffic.sent).saturating_sub(so_far.tx),
        };
        let visit = Arc::new(Self {
            is_waiting: AtomicBool::new(tracker.activate.is_none() && !handle.is_active()),
            next_try: AtomicU64::new(0),
            tracker,
            handle,
            before,
            head: request.head.received_length() as u64,
            next: request.meter.take(),
        });
        request.meter = Some(Arc::clone(&visit) as Arc<dyn Meter>);
        visit
    }

    fn count(&self, bytes: Bytes, traffic: &Traffic) {
        let now = clock::moment();
        let sessions = &self.tracker.entry.sessions;
        if self.is_waiting.load(Ordering::Relaxed) && self.has_body_begun(traffic) {
            self.try_to_activate(now);
        }
        sessions.count(&self.handle, bytes, now);
    }

    /// Activates the session. Where that fails it is tried again with bytes that go a second later.
    #[cold]
    fn try_to_activate(&self, now: Moment) {
        if now.0 < self.next_try.load(Ordering::Relaxed) {
            return;
        }
        match self.tracker.activate(&self.handle, now) {
            true => self.is_waiting.store(false, Ordering::Relaxed),
            false => {
                let next = now.0.saturating_add(TRY_AGAIN);
                self.next_try.store(next, Ordering::Relaxed);
            }
        }
    }

    /// Whether more than heads went over the connection.
    fn has_body_begun(&self, traffic: &Traffic) -> bool {
        let load = |total: &std::sync::atomic::AtomicU64| total.load(Ordering::Relaxed);
        load(&traffic.received) > self.before.rx + self.head
            || load(&traffic.sent) > self.before.tx + load(&traffic.head)
    }
}

impl Meter for Visit {
    fn received(&self, bytes: u64, traffic: &Traffic) {
        self.count(Bytes { rx: bytes, tx: 0 }, traffic);
        if let Some(next) = &self.next {
            next.received(bytes, traffic);
        }
    }

    fn sent(&self, bytes: u64, traffic: &Traffic) {
        self.count(Bytes { rx: 0, tx: bytes }, traffic);
        if let Some(next) = &self.next {
            next.sent(bytes, traffic);
        }
    }
}

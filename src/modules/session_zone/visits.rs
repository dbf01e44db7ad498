//! What a request knows of its sessions.
//!
//! A request has at most one session in each zone. The memory for it serves one request after another.

use std::cell::RefCell;
use std::sync::Arc;

use super::tracker::Tracker;
use super::visit::Visit;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::sessions::{Limit, Session};

/// Where a request keeps its visits.
pub(super) type State = StateIndex<Visits>;

/// The sessions of a request.
#[derive(Default)]
pub(super) struct Visits {
    /// What was found out, in order: one for each zone. Most requests have one.
    first: Option<Seen>,
    more: Vec<Seen>,
    /// Of an earlier request.
    pub spare: Option<Arc<Visit>>,
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
    /// Its session was taken back, because another zone refused the request.
    Withdrawn,
    Rejected(Limit),
    RejectedDryRun(Limit),
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Known => "KNOWN",
            Self::Skipped | Self::Untracked | Self::Withdrawn => "SKIPPED",
            Self::Rejected(Limit::Sessions) => "REJECTED_SESSIONS",
            Self::Rejected(Limit::Bitrate) => "REJECTED_BITRATE",
            Self::RejectedDryRun(Limit::Sessions) => "REJECTED_SESSIONS_DRY_RUN",
            Self::RejectedDryRun(Limit::Bitrate) => "REJECTED_BITRATE_DRY_RUN",
        }
    }
}

thread_local! {
    #[expect(clippy::vec_box, reason = "the state of a request holds them boxed")]
    static SPARE: RefCell<Vec<Box<Visits>>> = const { RefCell::new(Vec::new()) };
}

/// So many are kept for later requests.
const MOST_SPARE: usize = 64;

impl Visits {
    /// Those of a request, which has none yet at first.
    pub(super) fn of(request: &mut Request, state: State) -> &mut Self {
        let spare = || SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        request.state_or(state, spare)
    }

    /// A request is over, and nothing of it is counted any more.
    pub(super) fn end(request: &mut Request, state: State) {
        request.meter = None;
        let mut visits = request.take_state(state);
        visits.all_mut().for_each(|seen| {
            seen.visit.as_ref().inspect(|visit| visit.stop());
        });
        let first = visits.first.take().and_then(|seen| seen.visit);
        visits.spare = first.or(visits.spare.take());
        visits.more.clear();
        visits.closed = None;
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < MOST_SPARE {
                spare.push(visits);
            }
        });
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Seen> {
        self.first.iter().chain(&self.more)
    }

    /// The one that variables tell of: the first that belongs to a session, else the first.
    pub(super) fn main(&self) -> Option<&Seen> {
        let tracked = self.all().find(|seen| seen.visit.is_some());
        tracked.or(self.first.as_ref())
    }

    /// The one that says what became of the request: the first that refused it, else the main one.
    pub(super) fn verdict(&self) -> Option<&Seen> {
        let refused = |seen: &&Seen| matches!(seen.outcome, Outcome::Rejected(_));
        self.all().find(refused).or_else(|| self.main())
    }

    /// What the trackers of a location have found out, to be changed.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Seen> {
        self.first.iter_mut().chain(&mut self.more)
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

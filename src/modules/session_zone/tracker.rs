//! What a location's `session` does to a request: finds its session, or lets a new one in, or refuses it; and ends it
//! with the request where that is wanted.

use std::sync::Arc;

use super::bitrate;
use super::closing;
use super::visit::Visit;
use super::visits::{Outcome, Seen, State, Visits};
use super::zones::Entry;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::head::BodyFraming;
use crate::http::plan::phase::{Preaccess, PreaccessHandler};
use crate::http::plan::template::Template;
use crate::http::transport::clock;
use crate::http::transport::meter::Meter;
use crate::metric::Moment;
use crate::modules::log_level::LogLevel;
use crate::sessions::{Admission, Attributes, Bytes, Estimate, Handle, Limit, Newcomer, Status};

/// One `session` of a location.
pub(super) struct Tracker {
    pub entry: Arc<Entry>,
    /// Which zone of the configuration.
    pub number: usize,
    pub state: State,
    pub id: Template,
    pub reference: Option<Template>,
    pub location: Option<Template>,
    pub peer: Option<Template>,
    pub extra: Option<Template>,
    pub activate: Option<Template>,
    pub estimate: Option<Template>,
    pub close: Option<Template>,
    pub condition: Option<Template>,
    pub status: u16,
    pub level: LogLevel,
    pub is_dry_run: bool,
}

impl std::fmt::Debug for Tracker {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Tracker").field(&self.entry).finish()
    }
}

/// All of a location: what one of them refuses, none of them lets in.
#[derive(Debug)]
pub(super) struct Trackers(pub Vec<Tracker>);

impl PreaccessHandler for Trackers {
    fn run(&'static self, request: &mut Request) -> Preaccess {
        for tracker in &self.0 {
            if let Outcome::Rejected(_) = tracker.look(request) {
                self.withdraw(request, tracker.state);
                return Preaccess::Refuse(tracker.status);
            }
        }
        Preaccess::Pass
    }

    fn take_back(&'static self, request: &mut Request) {
        if let Some(first) = self.0.first() {
            self.withdraw(request, first.state);
        }
    }

    fn let_in(&'static self, request: &mut Request) {
        for tracker in &self.0 {
            tracker.activate_if_due(request);
        }
    }
}

impl Trackers {
    /// Takes back what was let in of a request that is refused. A session that was there keeps the request, and the bytes
    /// of its answer.
    #[cold]
    fn withdraw(&'static self, request: &mut Request, state: State) {
        let now = request.moment();
        for seen in request.state(state).all_mut() {
            let is_own = self.0.iter().any(|own| std::ptr::eq(own, seen.tracker));
            let is_new = matches!(seen.outcome, Outcome::New | Outcome::RejectedDryRun(_));
            if let Some(visit) = seen.visit.take_if(|_| is_own && is_new) {
                visit.stop();
                seen.outcome = Outcome::Withdrawn;
                let withdrawn = seen.tracker.entry.sessions.withdraw(&visit.handle, now);
                if let Err(error) = withdrawn {
                    seen.tracker.complain(&error);
                }
            }
        }
    }
}

/// What a request says of its session.
pub(super) struct Said {
    reference: Vec<u8>,
    location: Vec<u8>,
    peer: Vec<u8>,
    extra: Vec<u8>,
}

impl Said {
    pub(super) fn attributes(&self) -> Attributes<'_> {
        Attributes {
            reference: &self.reference,
            location: &self.location,
            peer: &self.peer,
            extra: &self.extra,
        }
    }
}

impl Tracker {
    /// Finds or enters the session of a request, if it has not looked here yet; what becomes of it now.
    fn look(&'static self, request: &mut Request) -> Outcome {
        let before = self.seen(request);
        if before.is_some_and(|outcome| outcome != Outcome::Skipped) {
            return Outcome::Skipped;
        }
        let now = clock::moment();
        let mut id = request.buffer();
        self.id.append(request, &mut id);
        let is_wanted = !id.is_empty()
            && self
                .condition
                .as_ref()
                .is_none_or(|one| is_set(one, request));
        let (outcome, visit) = match is_wanted {
            true => self.enter(request, &id, now),
            false => (Outcome::Skipped, None),
        };
        request.recycle(id);
        if !is_wanted && before.is_none() {
            self.entry.sessions.skip(now);
        }
        let tracker = self;
        let seen = Seen {
            tracker,
            outcome,
            visit,
        };
        Visits::of(request, self.state).add(seen);
        outcome
    }

    /// Activates the session of a request that is to.
    fn activate_if_due(&'static self, request: &mut Request) {
        let Some(activate) = &self.activate else {
            return;
        };
        let visit = request.state_if_any(self.state).and_then(|visits| {
            let own = visits.all().find(|seen| std::ptr::eq(seen.tracker, self))?;
            own.visit.clone()
        });
        let Some(visit) = visit else {
            return;
        };
        if is_set(activate, request) {
            visit.activate(request.moment());
        }
    }

    /// What is known of the request in this zone.
    fn seen(&self, request: &Request) -> Option<Outcome> {
        let visits = request.state_if_any(self.state)?;
        let seen = visits.all().find(|seen| seen.tracker.number == self.number);
        seen.map(|seen| seen.outcome)
    }

    /// Finds the session of an id, or enters it; with the request's visit of it, if there is one then.
    fn enter(
        &'static self,
        request: &mut Request,
        id: &[u8],
        now: Moment,
    ) -> (Outcome, Option<Arc<Visit>>) {
        let spare = Visits::of(request, self.state).spare.take();
        let mut visit = spare.unwrap_or_else(|| Arc::new(Visit::new(self)));
        let (outcome, is_tracked) = match Arc::get_mut(&mut visit) {
            Some(own) => self.admit(request, id, now, own),
            None => {
                let mut own = Visit::new(self);
                let admitted = self.admit(request, id, now, &mut own);
                visit = Arc::new(own);
                admitted
            }
        };
        if !is_tracked {
            Visits::of(request, self.state).spare = Some(visit);
            return (outcome, None);
        }
        if request.head.body() != BodyFraming::None {
            visit.find_out(now);
        }
        request.meter = Some(Arc::clone(&visit) as Arc<dyn Meter>);
        (outcome, Some(visit))
    }

    /// What becomes of a request with an id, and whether `visit` is its visit of a session from now on.
    fn admit(
        &'static self,
        request: &mut Request,
        id: &[u8],
        now: Moment,
        visit: &mut Visit,
    ) -> (Outcome, bool) {
        let sessions = &self.entry.sessions;
        // The head is there, whether it was taken in or not.
        let so_far = Bytes {
            rx: request.bytes_received(),
            tx: request.bytes_sent(),
        };
        if sessions.find(&mut visit.handle, id, so_far, now) {
            if let Some(extra) = &self.extra {
                self.replace_extra(request, extra, &visit.handle, now);
            }
            visit.begin(self, request, now);
            return (Outcome::Known, true);
        }
        let admission = self.register(request, id, now);
        let outcome = self.outcome(request, admission.status, now);
        let Some(handle) = admission.handle else {
            return (outcome, false);
        };
        sessions.count(&handle, so_far, now);
        visit.handle = handle;
        visit.begin(self, request, now);
        (outcome, true)
    }

    fn outcome(&self, request: &Request, status: Status, now: Moment) -> Outcome {
        match status {
            Status::New => Outcome::New,
            Status::Known => Outcome::Known,
            Status::Rejected(limit) => {
                self.say(request, limit, "");
                Outcome::Rejected(limit)
            }
            Status::RejectedDryRun(limit) => {
                self.say(request, limit, ", dry run,");
                Outcome::RejectedDryRun(limit)
            }
            Status::Untracked => {
                self.tell_full(now);
                Outcome::Untracked
            }
        }
    }

    /// What a request says of its session.
    pub(super) fn say_of(&self, request: &mut Request) -> Said {
        let mut evaluate = |template: &Option<Template>| match template {
            Some(template) => template.evaluate(request),
            None => Vec::new(),
        };
        Said {
            reference: evaluate(&self.reference),
            location: evaluate(&self.location),
            peer: evaluate(&self.peer),
            extra: evaluate(&self.extra),
        }
    }

    /// What a request says its session is expected to use.
    pub(super) fn estimate_of(&self, request: &mut Request) -> Option<Estimate> {
        let estimate = self.estimate.as_ref()?.evaluate(request);
        match bitrate::pair(&estimate) {
            [None, None] => None,
            [tx, rx] => Some(Estimate {
                tx: tx.unwrap_or(0),
                rx: rx.unwrap_or(0),
            }),
        }
    }

    #[cold]
    fn register(&self, request: &mut Request, id: &[u8], now: Moment) -> Admission {
        let said = self.say_of(request);
        let newcomer = Newcomer {
            id,
            attributes: said.attributes(),
            estimate: self.estimate_of(request),
            companions: self.entry.companions(),
            is_dry_run: self.is_dry_run,
        };
        self.entry.sessions.register(&newcomer, now)
    }

    fn replace_extra(&self, request: &mut Request, extra: &Template, handle: &Handle, now: Moment) {
        let mut text = request.buffer();
        extra.append(request, &mut text);
        let replaced = self.entry.sessions.replace_extra(handle, &text, now);
        request.recycle(text);
        if let Err(error) = replaced {
            self.complain(&error);
        }
    }

    /// Activates a session; false if that could not be done, and was told.
    pub(super) fn activate(&self, handle: &Handle, now: Moment) -> bool {
        let activated = self.entry.sessions.activate(handle, now);
        if let Err(error) = &activated {
            self.complain(error);
        }
        activated.is_ok()
    }

    /// Tells that there is no room for a session, now and then.
    #[cold]
    pub(super) fn tell_full(&self, now: Moment) {
        if self.entry.may_tell_full(now) {
            let name = &self.entry.name;
            log::warn!(
                "session zone \"{name}\" has no room: new sessions are served and not counted; a larger zone has, or \
                 one with \"expire=on\", whose history makes room"
            );
        }
    }

    #[cold]
    pub(super) fn complain(&self, error: &dyn std::fmt::Display) {
        log::error!("session zone \"{}\": {error}", self.entry.name);
    }

    /// Tells of a session that is refused, or would be.
    #[cold]
    fn say(&self, request: &Request, limit: Limit, how: &str) {
        let what = match limit {
            Limit::Sessions => "sessions",
            Limit::Bitrate => "bitrate",
        };
        let (name, request) = (&self.entry.name, Circumstances(request));
        self.level.log(format_args!(
            "limiting {what}{how} by zone \"{name}\"{request}"
        ));
    }

    /// Ends the session of a request.
    pub(super) fn end(&self, request: &mut Request, visit: &Visit) {
        let now = request.moment();
        match self.entry.sessions.close(&visit.handle, now) {
            Ok(Some(closed)) => closing::write(&self.entry, &closed, request.runtime),
            Ok(None) => {}
            Err(error) => self.complain(&error),
        }
    }
}

/// Whether a text is neither empty nor `0`.
pub(super) fn is_set(template: &Template, request: &mut Request) -> bool {
    let mut text = request.buffer();
    template.append(request, &mut text);
    let is_set = !matches!(&*text, b"" | b"0");
    request.recycle(text);
    is_set
}

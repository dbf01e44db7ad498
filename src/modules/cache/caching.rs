//! The cache of a location, as the handler sees it that passes its requests on: asked before an origin is, told what the
//! origin answers, and asked again when it fails.

use std::sync::Arc;

use super::given::{self, Given};
use super::settings::Settings;
use super::visit::{Answer, State, Visit};
use super::zones::Entry;
use crate::cache::index::Outcome as Had;
use crate::cache::{self, Vary};
use crate::http::course::request::Request;
use crate::http::message::head::BodyFraming;
use crate::http::message::response;
use crate::http::message::response_head::ResponseHead;
use crate::http::plan::origin::Failure;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::wait::Wait;
use crate::os;

/// One cache on the terms of a location.
pub(in crate::modules) struct Caching {
    pub(super) entry: Arc<Entry>,
    pub(super) settings: Arc<Settings>,
    pub(super) state: State,
}

/// What a request is to do.
pub(in crate::modules) enum Look {
    /// Ask the origin.
    Ask,
    /// Give this.
    Give(Box<Given>),
    /// This is the answer.
    Answer(Outcome),
    /// Ask the cache again after this.
    Wait(Wait),
}

/// Whoever passes requests on, who knows what an origin is asked for.
pub(in crate::modules) trait Addressed: Send + Sync {
    /// The URL that the origin is asked for; nothing if there is none.
    fn address(&'static self, request: &mut Request) -> Option<Vec<u8>>;

    /// The part of it that the configuration has the origin asked for, whatever the client wants; nothing for all of it.
    fn range(&'static self, request: &mut Request) -> Option<Vec<u8>>;

    /// Whether the origin is asked by HEAD.
    fn wants_head(&'static self, request: &mut Request) -> bool;
}

/// How a head differs that asks for something to be kept.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::modules) struct Asking<'a> {
    /// Whether everything is asked for, whatever the client wants of it.
    pub is_for_all: bool,
    /// The conditions under which something is sent.
    pub conditions: Option<&'a Conditions>,
}

/// The conditions by which an origin is asked whether an entry still holds.
#[derive(Clone, Debug, Default)]
pub(in crate::modules) struct Conditions(pub(super) Vec<u8>);

impl Conditions {
    /// As lines of fields.
    pub(in crate::modules) fn lines(&self) -> &[u8] {
        &self.0
    }

    /// Their names and values.
    pub(in crate::modules) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        given::fields(&self.0)
    }
}

/// Fields of requests that are about a part or a state of what is asked for.
const PARTIAL: [&[u8]; 6] = [
    b"range",
    b"if-range",
    b"if-match",
    b"if-none-match",
    b"if-modified-since",
    b"if-unmodified-since",
];

impl Asking<'_> {
    /// Whether the origin does not get the client's field of this name.
    pub(in crate::modules) fn hides(&self, name: &[u8]) -> bool {
        let is = |own: &&[u8]| name.eq_ignore_ascii_case(own);
        self.is_for_all
            && matches!(name.first(), Some(b'r' | b'R' | b'i' | b'I'))
            && PARTIAL.iter().any(is)
    }
}

impl Caching {
    /// Decides what becomes of a request that is to be passed on to `origin`.
    pub(super) fn look(
        &'static self,
        request: &mut Request,
        origin: &'static dyn Addressed,
    ) -> Look {
        let turn = request.state(self.state).turn_with(self);
        match turn.map(|turn| turn.is_asking) {
            Some(true) => Look::Ask,
            Some(false) => self.decide(request),
            None => self.begun(request, origin),
        }
    }

    fn begun(&'static self, request: &mut Request, origin: &'static dyn Addressed) -> Look {
        if request.state(self.state).repeats.is_some() {
            return Look::Ask;
        }
        if self.awaits_body(request) {
            return Look::Wait(Wait::Body(Arc::clone(&self.settings.temporary)));
        }
        if let Some(look) = self.purge(request, origin) {
            return look;
        }
        match self.begin(request, origin) {
            true => self.decide(request),
            false => Look::Ask,
        }
    }

    /// Whether what decides here may be about the request's body, which was not read.
    fn awaits_body(&self, request: &Request) -> bool {
        let is_asked = self.settings.takes(request.method()) || !self.settings.purge.is_empty();
        is_asked
            && request.runtime.variables.reads_body
            && !matches!(request.head.body(), BodyFraming::None)
            && !request.is_subrequest()
            && !request.bodies.has_waited()
    }

    /// The origin is not asked under conditions of ours, because the configuration says others.
    pub(in crate::modules) fn drop_conditions(&'static self, request: &mut Request) {
        if let Some(turn) = request.state(self.state).turn_with(self) {
            turn.conditions = None;
        }
    }

    /// What the answer is kept under.
    pub(super) fn key(&self, request: &mut Request, origin: &'static dyn Addressed) -> Vec<u8> {
        match &self.settings.key {
            Some(key) => key.evaluate(request),
            None => origin.address(request).unwrap_or_default(),
        }
    }

    /// How the head that asks the origin differs from the client's.
    pub(in crate::modules) fn asking<'r>(&'static self, request: &'r Request) -> Asking<'r> {
        let visit = request.state_if_any(self.state);
        if let Some(repeats) = visit.and_then(|visit| visit.repeats.as_ref()) {
            return Asking {
                is_for_all: false,
                conditions: repeats.asking(),
            };
        }
        let turn = visit.and_then(|visit| visit.turn.as_deref());
        match turn.filter(|turn| std::ptr::eq(turn.caching, self)) {
            Some(turn) => Asking {
                is_for_all: turn.claim.is_some(),
                conditions: turn.conditions.as_ref(),
            },
            None => Asking::default(),
        }
    }

    /// The head of an answer has come.
    pub(in crate::modules) fn answered(
        &'static self,
        request: &mut Request,
        head: &ResponseHead<'_>,
    ) {
        let visit = request.state(self.state);
        if let Some(repeats) = &visit.repeats {
            repeats.judge(head);
        }
        let Some(turn) = visit.turn_with(self) else {
            return;
        };
        if turn.claim.is_none() && turn.conditions.is_none() {
            return;
        }
        let origin = turn.origin;
        let range = match head.status {
            206 | 416 => origin.range(request),
            _ => None,
        };
        let head_of = origin.wants_head(request).then_some(head.content_length);
        if let Some(turn) = request.state(self.state).turn_with(self) {
            turn.answer = Some(Answer {
                range,
                head_of,
                ..self.note(head)
            });
        }
    }

    /// What is kept of a head.
    fn note(&self, head: &ResponseHead<'_>) -> Answer {
        let ignored = self.settings.ignored;
        let fields = || head.fields().map(|field| (field.name, field.value));
        let terms = (&self.settings.valid, ignored.times);
        let lines = head
            .fields()
            .filter(|field| field.name.eq_ignore_ascii_case(b"vary"));
        let vary = match ignored.vary {
            true => Some(Vary::default()),
            false => Vary::of_lines(lines.map(|field| field.value)).ok(),
        };
        let mut kept = match response::reason(head.status) == head.reason {
            true => Vec::new(),
            false => given::with_words(head.reason, b""),
        };
        for field in head.fields().filter(|field| !head.is_of_connection(field)) {
            for part in [field.name, b": ", field.value, b"\r\n"] {
                kept.extend_from_slice(part);
            }
        }
        Answer {
            status: head.status,
            verdict: cache::judge(head.status, fields(), terms, os::seconds()),
            vary,
            last_modified: head.field(b"last-modified").and_then(os::http_date),
            etag: head.field(b"etag").unwrap_or_default().to_vec(),
            fields: kept,
            range: None,
            head_of: None,
        }
    }

    /// What is given instead of an answer with this status, if anything.
    pub(in crate::modules) fn instead_of(
        &'static self,
        request: &mut Request,
        status: u16,
    ) -> Option<Box<Given>> {
        let turn = request.state(self.state).turn_with(self)?;
        if status == 304 && turn.conditions.is_some() {
            let renewed = turn.old.take()?;
            let answer = turn.answer.take();
            let renewed = self.renewed(renewed, answer);
            return Some(self.give_old(request, renewed, Had::Revalidated));
        }
        if !self.settings.use_stale.has_status(status) {
            return None;
        }
        let old = turn.old.take()?;
        Some(self.give_old(request, old, Had::Stale))
    }

    /// What is given instead of failing, if anything.
    pub(in crate::modules) fn after(
        &'static self,
        request: &mut Request,
        failure: Failure,
    ) -> Option<Box<Given>> {
        let turn = request.state(self.state).turn_with(self)?;
        let freshness = turn.old.as_ref()?.opened.entry.freshness;
        let says_so = os::seconds() <= freshness.error;
        if !says_so && !self.settings.use_stale.has_failure(failure) {
            return None;
        }
        let old = turn.old.take()?;
        Some(self.give_old(request, old, Had::Stale))
    }

    /// So much of a body has come from an origin.
    pub(in crate::modules) fn received(&'static self, request: &mut Request, content: u64) {
        if let Some(told) = &mut request.state(self.state).told {
            told.received = content;
        }
    }

    /// The request is answered, or goes elsewhere.
    pub(in crate::modules) fn finished(&'static self, request: &mut Request) {
        let visit: &mut Visit = request.state(self.state);
        if visit.turn_with(self).is_none() {
            return;
        }
        visit.turn = None;
    }

    /// Whether the answer is to be kept, so that it is awaited although the client has left.
    pub(in crate::modules) fn is_filling(&'static self, request: &Request) -> bool {
        self.asking(request).is_for_all
    }
}

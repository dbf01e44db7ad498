//! `proxy_pass`: hands requests to the peers of a group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::accel;
use super::attempts::Attempts;
use super::choice::{OpenConnection, note_response};
use super::group::Ending;
use super::headers::Fields;
use super::ignored::Ignored;
use super::names::Course;
use super::program::Program;
use super::replies::Changes;
use super::settings::Settings;
use super::ssl::Ssl;
use super::target::Destination;
use crate::http::course::request::Request;
use crate::http::message::response_head::ResponseHead;
use crate::http::plan::origin::{Body, Failure, Origin, Received, Reply, Rules, SentBody};
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::state::StateIndex;
use crate::http::plan::tee::{Coming, Tee};
use crate::http::plan::wait::Wait;
use crate::http::transport::dial::Dial;
use crate::http::transport::link::{Link, Way};
use crate::http::transport::pace::Pace;
use crate::http::transport::secure::Secure;
use crate::modules::auth_challenge::Answering;
use crate::modules::cache::{Caches, ForcedRanges};

/// One `proxy_pass`.
pub(super) struct Pass {
    pub(super) destination: Destination,
    /// The length of the location's name, which a URI in the URL stands for.
    pub(super) location: usize,
    pub(super) settings: Settings,
    pub(super) rules: Rules,
    /// For targets that are spoken to in TLS.
    pub(super) ssl: Option<Ssl>,
    pub(super) fields: Fields,
    /// What makes parameters of requests, for peers that are no servers of HTTP.
    pub(super) program: Option<Box<dyn Program>>,
    /// Who answers when peers ask who we are.
    pub(super) answering: Option<Answering>,
    pub(super) changes: Changes,
    pub(super) ignored: Ignored,
    /// Where answers are kept, if they are.
    pub(super) cache: Option<Caches>,
    /// Whether others have parts as well.
    pub(super) ranges: ForcedRanges,
    pub(super) state: StateIndex<Attempts>,
    /// Whether a variable asks for a field of a peer's response.
    pub(super) keeps_fields: Arc<AtomicBool>,
}

impl ContentHandler for Pass {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        if let Some(outcome) = self.stored(request) {
            return Some(outcome);
        }
        let waited = request.state(self.state).pending.take();
        let target = match self.destination.course(request, waited) {
            Course::Go(target) => target,
            Course::Fail(status) => {
                let instead = self.after_failure(request, Failure::Connect);
                self.leave_cache(request);
                return Some(instead.unwrap_or(Outcome::Status(status)));
            }
            Course::Wait(pending) => {
                let over = pending.over();
                request.state(self.state).pending = Some(pending);
                return Some(Outcome::Wait(Wait::Until(over)));
            }
        };
        let now = request.moment();
        let attempts = request.state(self.state);
        let encrypted = target.is_encrypted.then(|| Arc::clone(&target));
        attempts.begin(target, self.settings.next_tries, now);
        if let Some(target) = encrypted {
            let ssl = self.ssl.as_ref();
            let Some(secure) = ssl.and_then(|ssl| ssl.secure(request, &target)) else {
                return Some(Outcome::Status(500));
            };
            request.state(self.state).secure = Some(secure);
        }
        if let Some(answering) = &self.answering {
            answering.begin(request);
        }
        Some(Outcome::Proxy(self))
    }
}

impl Origin for Pass {
    fn choose(&self, request: &mut Request) -> Result<(), u16> {
        if let Some(answering) = &self.answering {
            answering.settled(request)?;
        }
        // Choosing may evaluate variables, so the attempts are set aside meanwhile.
        let mut attempts = request.take_state(self.state);
        let chosen = self.next_peer(request, &mut attempts);
        request.put_state(self.state, attempts);
        chosen
    }

    fn idle(&self, request: &mut Request) -> Option<Box<Link>> {
        let now = request.moment();
        let may_repeat = self.may_repeat(request);
        // Whoever keeps none is not asked what would fit.
        self.present_peer(request)?.0.keepalive?;
        if !self.settings.reuses {
            return None;
        }
        let from = self.settings.local_address(request);
        let attempts = request.state(self.state);
        let secure = attempts.secure.clone();
        let way = Way {
            secure: secure.as_ref(),
            language: self.rules.language,
            from,
        };
        let attempt = attempts.current()?;
        let (group, peer) = (&attempt.group, attempt.peer?);
        let keepalive = group.keepalive?;
        loop {
            let link = group.idle.take(peer, way, now, keepalive.timeout)?;
            // The event loop learns of a connection's end in its next turn. That is soon enough for a request
            // that may be sent again.
            if may_repeat || !link.end.has_input() {
                return Some(link);
            }
        }
    }

    fn dial(&self, request: &mut Request) -> Option<Dial> {
        let from = self.settings.local_address(request);
        let (group, number) = self.present_peer(request)?;
        let peer = &group.peers[number];
        Some(Dial {
            address: peer.address.clone(),
            patience: self.settings.connect_timeout,
            from,
            asks_if_alive: self.settings.asks_if_alive,
            presence: Box::new(OpenConnection(peer.record.clone())),
        })
    }

    fn secure(&self, request: &mut Request) -> Option<Arc<Secure>> {
        request.state(self.state).secure.clone()
    }

    fn connected(&self, request: &mut Request, link: &mut Link) {
        let now = request.moment();
        let attempts = request.state(self.state);
        let Some(attempt) = attempts.current() else {
            return;
        };
        attempt.connect_ms = Some(attempt.elapsed_ms(now));
        let keepalive = attempt.group.keepalive.filter(|_| self.settings.reuses);
        link.is_last_use = keepalive.is_none_or(|keepalive| {
            link.requests >= keepalive.requests
                || Duration::from_nanos(now.0.saturating_sub(link.opened.0)) >= keepalive.time
        });
        attempts.last_use = link.is_last_use;
    }

    fn write_head(&'static self, request: &mut Request, body: SentBody, out: &mut Vec<u8>) -> bool {
        match &self.program {
            Some(program) => self.write_parameters(request, &**program, body, out),
            None => {
                self.write_http_head(request, body, out);
                true
            }
        }
    }

    fn is_fatal(&self, message: &[u8]) -> bool {
        let program = self.program.as_ref();
        program.is_some_and(|program| program.is_fatal(message))
    }

    fn rules(&'static self) -> &'static Rules {
        &self.rules
    }

    fn takes_trailer(&self, request: &Request, name: &[u8]) -> bool {
        self.settings.passes_fields && self.fields.takes_trailer(request, name)
    }

    fn sent(&self, request: &mut Request, bytes: usize) {
        if let Some(attempt) = request.state(self.state).current() {
            attempt.sent += bytes as u64;
        }
    }

    fn failed(&self, request: &mut Request, failure: Failure, body: Body) -> bool {
        let safe = self.may_repeat(request);
        let now = request.moment();
        let attempts = request.state(self.state);
        let is_untouched = matches!(failure, Failure::Leaving | Failure::Refused);
        let is_late = match failure {
            Failure::Stale => safe,
            failure => failure == Failure::Leaving,
        };
        if is_late && body == Body::Kept {
            attempts.forget_last();
            return true;
        }
        let Some(attempt) = attempts.current() else {
            return false;
        };
        let unsent = attempt.connect_ms.is_none() || is_untouched;
        attempt.status = failure.status();
        let ending = match failure {
            Failure::Unsayable => Ending::Neutral,
            _ => Ending::Failed,
        };
        attempt.end(ending, now);
        self.settings.next.has_failure(failure)
            && (unsent || safe)
            && body == Body::Kept
            && self.may_go_on(attempts)
    }

    fn answered(&'static self, request: &mut Request, head: &ResponseHead<'_>) {
        let now = request.moment();
        let attempts = request.state(self.state);
        if self.keeps_fields.load(Ordering::Relaxed) {
            attempts.keep_fields(head);
        }
        attempts.redirect = accel::target(head, self.ignored);
        if let Some(attempt) = attempts.current() {
            note_response(attempt, head, now);
        }
        accel::set_rate(request, head.field(accel::RATE), self.ignored);
        if let Some(cache) = self.cache_of(request) {
            cache.answered(request, head);
        }
    }

    fn reads_ahead(&self, head: &ResponseHead<'_>) -> bool {
        accel::buffering(head, self.ignored).unwrap_or(self.rules.buffers_response)
    }

    fn pace(&self, request: &mut Request) -> Option<Pace> {
        request.pace_by(self.settings.rate.as_ref()?)
    }

    fn hides(&self, name: &[u8]) -> bool {
        self.changes.hides(name)
    }

    fn asks_for_head(&'static self, request: &mut Request) -> bool {
        if let Some(program) = &self.program {
            return program.asks_for_head(request);
        }
        match &self.settings.method {
            Some(method) => method.evaluate(request).eq_ignore_ascii_case(b"head"),
            None => self.asked_method(request) == b"HEAD",
        }
    }

    fn response(&'static self, request: &mut Request, body: Body) -> Reply {
        let status = request.response.status;
        if status == 401
            && let Some(reply) = self.answer(request, body)
        {
            return reply;
        }
        let safe = self.may_repeat(request);
        let now = request.moment();
        let attempts = request.state(self.state);
        let is_named = self.settings.next.has_status(status);
        if is_named && safe && body == Body::Kept && self.may_go_on(attempts) {
            let ending = match status {
                403 | 404 => Ending::Fine,
                _ => Ending::Failed,
            };
            if let Some(attempt) = attempts.current() {
                attempt.end(ending, now);
            }
            return Reply::Another;
        }
        if let Some(attempt) = attempts.current() {
            attempt.is_failure = is_named && !matches!(status, 403 | 404);
        }
        let redirect = attempts.redirect.take();
        if let Some(outcome) = self.instead_of(request, status) {
            return Reply::Instead(outcome);
        }
        if let Some(reply) = self.intercept(request, status) {
            return reply;
        }
        if let Some(target) = redirect {
            self.finished(request);
            return accel::redirect(request, &target);
        }
        self.changes.apply(request);
        self.refuse(request).unwrap_or(Reply::Send)
    }

    fn tee(&'static self, request: &mut Request, coming: Coming) -> Option<Box<dyn Tee>> {
        let cache = self.cache_of(request);
        if !cache.is_some_and(|cache| cache.is_judged_here(request)) {
            self.ranges.narrow(request, coming.length);
        }
        cache?.tee(request, coming)
    }

    fn is_kept(&'static self, request: &Request) -> bool {
        let cache = self.cache_of(request);
        cache.is_some_and(|cache| cache.is_filling(request))
    }

    fn stand_in(&'static self, request: &mut Request, failure: Failure) -> Option<Outcome> {
        self.after_failure(request, failure)
    }

    fn received(&'static self, request: &mut Request, sizes: Received) {
        if let Some(attempt) = request.state(self.state).current() {
            attempt.length = sizes.content;
            attempt.received = sizes.bytes;
        }
        if let Some(cache) = self.cache_of(request) {
            cache.received(request, sizes.content);
        }
    }

    fn keep(&self, request: &mut Request, link: Box<Link>) {
        let now = request.moment();
        let attempts = request.state(self.state);
        if attempts.last_use {
            return;
        }
        // The attempt is over by now.
        if let Some(attempt) = attempts.list.last()
            && let Some(peer) = attempt.peer
            && let Some(keepalive) = attempt.group.keepalive
        {
            attempt.group.idle.keep(peer, link, now, keepalive.most);
        }
    }

    fn peer_name(&self, request: &mut Request) -> String {
        let attempts = request.state(self.state);
        let (target, name) = (attempts.target.clone(), attempts.peer_name().to_owned());
        self.url_told(request, target.as_deref(), &name)
    }

    fn finished(&'static self, request: &mut Request) {
        self.leave_cache(request);
        if !request.state(self.state).has_something_to_end() {
            return;
        }
        let now = request.moment();
        let attempts = request.state(self.state);
        if let Some(attempt) = attempts.current() {
            let ending = match attempt.status {
                0 => Ending::Neutral,
                _ if attempt.is_failure => Ending::Failed,
                _ => Ending::Fine,
            };
            attempt.end(ending, now);
        }
        if attempts.has_left_out() {
            let mut attempts = request.take_state(self.state);
            attempts.tell_left_out(self, request);
            request.put_state(self.state, attempts);
        }
    }
}

//! Answers out of a cache, which is asked before a peer is, and when none of them answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::accel;
use super::attempts::KeptField;
use super::instead::carry_challenges;
use super::pass::Pass;
use super::target::Destination;
use crate::http::course::request::Request;
use crate::http::message::response::ResponseHead;
use crate::http::message::response_fields::Fields;
use crate::http::plan::origin::{Failure, Origin};
use crate::http::plan::outcome::Outcome;
use crate::modules::cache::{Addressed, Asking, Caching, Given, Look};

impl Pass {
    /// The cache that a request asks, if it asks one.
    pub(super) fn cache_of(&'static self, request: &Request) -> Option<&'static Caching> {
        self.cache.as_ref()?.of_request(request)
    }

    /// What becomes of a request before a peer is asked; nothing if one is to be asked.
    pub(super) fn stored(&'static self, request: &mut Request) -> Option<Outcome> {
        let caches = self.cache.as_ref()?;
        self.name(request);
        match caches.look(request, self) {
            Look::Ask => None,
            Look::Give(given) => Some(self.give(request, *given)),
            Look::Answer(outcome) => Some(outcome),
            Look::Wait(wait) => Some(Outcome::Wait(wait)),
        }
    }

    /// Makes known where the request goes, which keys of caches are made of.
    fn name(&self, request: &mut Request) {
        let named = match &self.destination {
            Destination::Fixed(target, _) => {
                request.state(self.state).target = Some(Arc::clone(target));
                None
            }
            Destination::Evaluated(evaluated) => {
                let url = evaluated.url(request).ok();
                url.map(|url| url.host_and_port())
            }
        };
        request.state(self.state).named = named;
    }

    /// What is given instead of failing, if anything; that it failed may be kept.
    pub(super) fn after_failure(
        &'static self,
        request: &mut Request,
        failure: Failure,
    ) -> Option<Outcome> {
        let cache = self.cache_of(request)?;
        let Some(given) = cache.after(request, failure) else {
            let status = failure.status();
            if matches!(status, 502 | 504) {
                cache.failed(request, status);
            }
            return None;
        };
        Some(self.give(request, *given))
    }

    /// What is given instead of a peer's answer with this status, if anything.
    pub(super) fn instead_of(&'static self, request: &mut Request, status: u16) -> Option<Outcome> {
        let given = self.cache_of(request)?.instead_of(request, status)?;
        Some(self.give(request, *given))
    }

    /// The answer that an entry makes.
    fn give(&'static self, request: &mut Request, given: Given) -> Outcome {
        let Some(cache) = self.cache_of(request) else {
            return Outcome::Status(500);
        };
        if self.keeps_fields.load(Ordering::Relaxed) {
            let keep = |(name, value): (&[u8], &[u8])| KeptField {
                name: name.into(),
                value: value.into(),
            };
            request.state(self.state).fields = Some(given.fields().map(keep).collect());
        }
        request.response = ResponseHead {
            status: given.status(),
            words: given.words().map(|words| (given.status(), words.into())),
            fields: Fields::default(),
        };
        for (name, value) in given.fields() {
            if name.eq_ignore_ascii_case(accel::RATE) {
                accel::set_rate(request, Some(value), self.ignored);
            }
            if !self.changes.hides(name) {
                request.response.fields.add(name, value);
            }
        }
        self.changes.apply(request);
        if given.is_status() {
            let status = given.status();
            carry_challenges(request, status);
            return Outcome::Status(status);
        }
        let head = std::mem::take(&mut request.response);
        cache.answer(request, head, given)
    }

    /// The method that a peer is asked by.
    pub(super) fn asked_method<'r>(&'static self, request: &'r Request) -> &'r [u8] {
        match request.is_head() && self.program.is_none() && self.asking(request).is_for_all {
            true => b"GET",
            false => request.method(),
        }
    }

    /// How the head that a peer gets differs from the client's.
    pub(super) fn asking<'r>(&'static self, request: &'r Request) -> Asking<'r> {
        let cache = self.cache_of(request);
        cache.map_or(Asking::default(), |cache| cache.asking(request))
    }

    pub(super) fn leave_cache(&'static self, request: &mut Request) {
        if let Some(cache) = self.cache_of(request) {
            cache.finished(request);
        }
    }
}

impl Addressed for Pass {
    fn address(&'static self, request: &mut Request) -> Option<Vec<u8>> {
        let attempts = request.state(self.state);
        let target = match &self.destination {
            Destination::Fixed(target, _) => Some(Arc::clone(target)),
            // Once it was asked, variables may say something else.
            Destination::Evaluated(_) => {
                attempts.target.clone().filter(|_| attempts.named.is_none())
            }
        };
        let (is_encrypted, host, uri) = match (target, &self.destination) {
            (Some(target), _) => (target.is_encrypted, target.host.clone(), target.uri.clone()),
            (None, Destination::Evaluated(evaluated)) => {
                let url = evaluated.url(request).ok()?;
                let (host, _) = url.host_and_port();
                (url.is_encrypted, host, url.uri.map(String::into_bytes))
            }
            (None, Destination::Fixed(..)) => return None,
        };
        let mut address = match is_encrypted {
            true => b"https://".to_vec(),
            false => b"http://".to_vec(),
        };
        address.extend_from_slice(host.as_bytes());
        self.destination
            .uri(request, uri.as_deref(), self.location, &mut address);
        Some(address)
    }

    fn range(&'static self, request: &mut Request) -> Option<Vec<u8>> {
        match &self.program {
            Some(program) => program.range(request),
            None => self.fields.range(request),
        }
    }

    fn wants_head(&'static self, request: &mut Request) -> bool {
        self.asks_for_head(request)
    }
}

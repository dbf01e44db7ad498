//! Answers out of a cache, which is asked before a peer is, and when none of them answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::attempts::KeptField;
use super::pass::Pass;
use super::target::{Destination, Url};
use crate::http::course::request::Request;
use crate::http::message::response_fields::Fields;
use crate::http::plan::origin::Failure;
use crate::http::plan::outcome::Outcome;
use crate::modules::cache::{Asking, Given, Look};

impl Pass {
    /// What becomes of a request before a peer is asked; nothing if one is to be asked.
    pub(super) fn stored(&'static self, request: &mut Request) -> Option<Outcome> {
        let cache = self.cache.as_ref()?;
        self.name(request);
        match cache.look(request) {
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
                let text = evaluated.url.evaluate(request);
                let url = Url::parse(&String::from_utf8_lossy(&text), evaluated.is_grpc);
                url.ok().map(|url| url.host_and_port())
            }
        };
        request.state(self.state).named = named;
    }

    /// What is given instead of failing, if anything.
    pub(super) fn after_failure(
        &'static self,
        request: &mut Request,
        failure: Failure,
    ) -> Option<Outcome> {
        let given = self.cache.as_ref()?.after(request, failure)?;
        Some(self.give(request, *given))
    }

    /// What is given instead of a peer's answer with this status, if anything.
    pub(super) fn instead_of(&'static self, request: &mut Request, status: u16) -> Option<Outcome> {
        let given = self.cache.as_ref()?.instead_of(request, status)?;
        Some(self.give(request, *given))
    }

    /// The answer that an entry makes.
    fn give(&'static self, request: &mut Request, given: Given) -> Outcome {
        let Some(cache) = &self.cache else {
            return Outcome::Status(500);
        };
        if self.keeps_fields.load(Ordering::Relaxed) {
            let keep = |(name, value): (&[u8], &[u8])| KeptField {
                name: name.into(),
                value: value.into(),
            };
            request.state(self.state).fields = Some(given.fields().map(keep).collect());
        }
        request.response.status = given.status();
        request.response.fields = Fields::default();
        for (name, value) in given.fields().filter(|(name, _)| !self.changes.hides(name)) {
            request.response.fields.add(name, value);
        }
        self.changes.apply(request);
        let head = std::mem::take(&mut request.response);
        cache.answer(request, head, given)
    }

    /// The method that a peer is asked by.
    pub(super) fn asked_method<'r>(&'static self, request: &'r Request) -> &'r [u8] {
        match request.is_head() && self.asking(request).is_for_all {
            true => b"GET",
            false => request.method(),
        }
    }

    /// How the head that a peer gets differs from the client's.
    pub(super) fn asking<'r>(&'static self, request: &'r Request) -> Asking<'r> {
        let cache = self.cache.as_ref();
        cache.map_or(Asking::default(), |cache| cache.asking(request))
    }

    pub(super) fn leave_cache(&'static self, request: &mut Request) {
        if let Some(cache) = &self.cache {
            cache.finished(request);
        }
    }
}

//! Answers in the place of a peer's response.

use super::pass::Pass;
use crate::http::course::request::Request;
use crate::http::plan::origin::{Origin, Reply};

impl Pass {
    /// Has a page of ours stand for a response with this status, if there is one and `proxy_intercept_errors` is on.
    pub(super) fn intercept(&'static self, request: &mut Request, status: u16) -> Option<Reply> {
        let pages = &request.location.settings.error_pages;
        let is_known = || pages.iter().any(|page| page.codes.contains(&status));
        if !self.settings.intercepts || status < 300 || !is_known() {
            return None;
        }
        if let Some(cache) = self.cache_of(request) {
            cache.intercepted(request);
        }
        self.finished(request);
        carry_challenges(request, status);
        Some(Reply::Fail(status))
    }

    /// Refuses what the client wants of a response, if it does not have that.
    pub(super) fn refuse(&'static self, request: &mut Request) -> Option<Reply> {
        let cache = self.cache_of(request);
        let outcome = match cache.filter(|cache| cache.is_judged_here(request)) {
            Some(cache) => cache.refusal(request)?,
            None => self.ranges.refusal(request)?,
        };
        self.finished(request);
        Some(Reply::Instead(outcome))
    }
}

/// An answer of 401 that takes the place of a peer's says what the peer wants to know.
pub(super) fn carry_challenges(request: &mut Request, status: u16) {
    if status == 401 {
        let challenges = request.response.fields.all("www-authenticate");
        let challenges: Vec<Vec<u8>> = challenges.map(<[u8]>::to_vec).collect();
        for challenge in challenges {
            request.carry("WWW-Authenticate", &challenge);
        }
    }
}

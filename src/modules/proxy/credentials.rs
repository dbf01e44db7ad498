//! Who we are for peers that ask: what `proxy_auth_challenge` has to say in a request and about a response.

use std::sync::Arc;

use super::pass::Pass;
use crate::http::course::request::Request;
use crate::http::message::head::BodyFraming;
use crate::http::plan::origin::{Body, Reply};
use crate::modules::auth_challenge::{Asking, Reaction};

impl Pass {
    /// What `Authorization` says in a request for this URI, if that is for us to say.
    pub(super) fn credentials(&self, request: &mut Request, uri: &[u8]) -> Option<Arc<[u8]>> {
        let answering = self.answering.as_ref()?;
        self.with_peer(request, |request, asking| {
            answering.authorization(request, asking, uri)
        })?
    }

    /// Asks again where there is an answer to the challenge of a 401.
    pub(super) fn answer(&self, request: &mut Request, body: Body) -> Option<Reply> {
        let answering = self.answering.as_ref()?;
        if body != Body::Kept || request.head.body() != BodyFraming::None {
            return None;
        }
        let react =
            |request: &mut Request, asking: &Asking<'_>| answering.challenged(request, asking);
        let reply = match self.with_peer(request, react)? {
            Reaction::Pass => return None,
            Reaction::Again => Reply::Another,
            Reaction::Later(wait) => Reply::Later(wait),
        };
        let now = request.moment();
        request.state(self.state).ask_again(now);
        Some(reply)
    }

    /// Calls `ask` with the peer that the request is with.
    fn with_peer<T>(
        &self,
        request: &mut Request,
        ask: impl FnOnce(&mut Request, &Asking<'_>) -> T,
    ) -> Option<T> {
        let attempts = request.state(self.state);
        let (target, peer) = (attempts.target.clone()?, attempts.peer_name().to_owned());
        let url = |request: &Request| self.url_told(request, Some(&target), &peer);
        let asking = Asking {
            host: &target.host,
            peer: &peer,
            url: &url,
            is_encrypted: target.is_encrypted,
        };
        Some(ask(request, &asking))
    }
}

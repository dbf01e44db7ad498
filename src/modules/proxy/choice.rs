//! Which peer a request is given to, whether to another one after that, and what is counted with it.

use std::sync::Arc;
use std::time::Duration;

use super::attempts::{Attempt, Attempts};
use super::group::Group;
use super::pass::Pass;
use super::tally::{Count, Gauge, Record};
use super::target::Target;
use crate::http::course::circumstances::Passing;
use crate::http::course::request::Request;
use crate::http::message::response_head::ResponseHead;
use crate::http::plan::failures::Failures;
use crate::http::transport::dial::Presence;
use crate::metric::Moment;

impl Pass {
    pub(super) fn present_peer<'r>(
        &self,
        request: &'r mut Request,
    ) -> Option<(&'r Arc<Group>, usize)> {
        let attempt = request.state(self.state).current()?;
        Some((&attempt.group, attempt.peer?))
    }

    pub(super) fn next_peer(
        &self,
        request: &mut Request,
        attempts: &mut Attempts,
    ) -> Result<(), u16> {
        attempts.tell_left_out(self, request);
        let Some(target) = &attempts.target else {
            return Err(500);
        };
        let group = Arc::clone(&target.group);
        let chosen = group.select(request, &mut attempts.tried);
        attempts.push(group, chosen, request.moment());
        if chosen.is_some() {
            return Ok(());
        }
        let target = attempts.target.clone();
        let Some(attempt) = attempts.list.last_mut() else {
            return Err(500);
        };
        let url = self.url_told(request, target.as_deref(), &attempt.group.name);
        log::error!(
            "no live upstreams while connecting to upstream{}",
            Passing(request, &url)
        );
        attempt.status = 502;
        Err(502)
    }

    /// The URL that a peer of this address is asked for, as logs tell it.
    pub(super) fn url_told(
        &self,
        request: &Request,
        target: Option<&Target>,
        peer: &str,
    ) -> String {
        let Some(target) = target else {
            return peer.to_owned();
        };
        let colon = if peer.starts_with("unix:") { ":" } else { "" };
        if self.program.is_some() {
            return format!("{}://{peer}{colon}", target.scheme);
        }
        let mut uri = Vec::new();
        let own = target.uri.as_deref();
        self.destination.uri(request, own, self.location, &mut uri);
        format!("{}://{peer}{colon}{}", target.scheme, uri.escape_ascii())
    }

    /// Whether there is a peer left, and time.
    pub(super) fn may_go_on(&self, attempts: &Attempts) -> bool {
        let limit = self.settings.next_timeout;
        let in_time = limit.is_zero() || Duration::from_millis(attempts.elapsed_ms()) < limit;
        attempts.left > 0 && in_time
    }

    /// Whether a request may be sent a second time.
    pub(super) fn may_repeat(&self, request: &Request) -> bool {
        let changes = matches!(request.method(), b"POST" | b"LOCK" | b"PATCH");
        !changes || self.settings.next.has(Failures::NON_IDEMPOTENT)
    }
}

pub(super) fn note_response(attempt: &mut Attempt, head: &ResponseHead<'_>, now: Moment) {
    let elapsed = attempt.elapsed_ms(now);
    attempt.status = head.status;
    attempt.header_ms = Some(elapsed);
    if let Some(peer) = attempt.peer {
        let record = &attempt.group.peers[peer].record;
        record.respond(head.status);
        // Times are far below the largest whole number that a float holds.
        record.average(Count::HeaderTime, elapsed as f64);
    }
}

/// Counts an open connection to a peer.
#[derive(Debug)]
pub(super) struct OpenConnection(pub(super) Record);

impl Presence for OpenConnection {
    fn begin(&self) {
        self.0.begin(Gauge::Open);
    }

    fn end(&self) {
        self.0.end(Gauge::Open);
    }
}

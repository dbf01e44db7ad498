//! `proxy_pass`: hands requests to the peers of a group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use pingora::http::{RequestHeader, ResponseHeader};
use pingora_core::Result;
use pingora_core::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy, Tracer, Tracing};

use super::attempts::{Attempt, Attempts};
use super::group::{Ending, Group, PeerAddress};
use super::headers::{Fields, Outline, head_length};
use super::odd_fields;
use super::replies::Changes;
use super::settings::{HttpVersion, Settings};
use super::tally::{Count, Gauge, Record};
use super::target::Destination;
use crate::http::origin::{Body, Failure, Origin, Reply};
use crate::http::outcome::Outcome;
use crate::http::phase::ContentHandler;
use crate::http::request::Request;
use crate::http::state::StateIndex;

/// One `proxy_pass`.
pub(super) struct Pass {
    pub(super) destination: Destination,
    /// The length of the location's name, which a URI in the URL stands for.
    pub(super) location: usize,
    pub(super) settings: Settings,
    pub(super) fields: Fields,
    pub(super) changes: Changes,
    pub(super) state: StateIndex<Attempts>,
    /// Whether a variable asks for a field of a peer's response.
    pub(super) keeps_fields: Arc<AtomicBool>,
}

impl ContentHandler for Pass {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        let target = match self.destination.target(request) {
            Ok(target) => target,
            Err(status) => return Some(Outcome::Status(status)),
        };
        let attempts = request.state(self.state);
        attempts.begin(target, self.settings.next_tries);
        Some(Outcome::Proxy(self))
    }
}

impl Origin for Pass {
    fn peer(&self, request: &mut Request) -> Result<Box<HttpPeer>, u16> {
        // Choosing may evaluate variables, so the attempts are set aside meanwhile.
        let mut attempts = std::mem::take(request.state(self.state));
        let peer = self.next_peer(request, &mut attempts);
        *request.state(self.state) = attempts;
        peer
    }

    fn connected(&self, request: &mut Request, socket: i32, reused: bool) {
        let attempts = request.state(self.state);
        let Some(attempt) = attempts.current() else {
            return;
        };
        attempt.connect_ms = Some(attempt.elapsed_ms());
        attempts.last_use = match &attempts.target {
            // One that is for a single request has no number.
            Some(target) if socket >= 0 => target.group.count_use(socket, reused),
            _ => true,
        };
    }

    fn request(&self, request: &mut Request) -> Result<RequestHeader> {
        let attempts = request.state(self.state);
        let (target, last_use) = (attempts.target.clone(), attempts.last_use);
        let version = self.settings.version;
        let mut outline = Outline {
            method: Vec::new(),
            uri: Vec::new(),
            host: Vec::new(),
            version,
            closes: last_use || version == HttpVersion::Http10,
            passes_fields: self.settings.passes_fields,
            passes_body: self.settings.passes_body,
        };
        if let Some(target) = &target {
            outline.uri = self.destination.uri(request, target, self.location);
            outline.host = target.host.clone().into_bytes();
        }
        outline.method = match &self.settings.method {
            Some(method) => method.evaluate(request).to_ascii_uppercase(),
            None => request.method().to_vec(),
        };
        let head = self.fields.head(request, &outline)?;
        let line = outline.method.len() + outline.uri.len() + "  HTTP/1.1\r\n".len();
        if let Some(attempt) = request.state(self.state).current() {
            attempt.sent += head_length(line, &head.headers);
        }
        Ok(head)
    }

    fn sends_body(&self, _request: &Request) -> bool {
        self.settings.passes_body
    }

    fn outlives_client(&self) -> bool {
        self.settings.ignores_abort
    }

    fn sending(&self, request: &mut Request, bytes: usize) {
        if let Some(attempt) = request.state(self.state).current() {
            attempt.sent += bytes as u64;
        }
    }

    fn failed(&self, request: &mut Request, failure: Failure, body: Body) -> bool {
        let safe = self.may_repeat(request);
        let attempts = request.state(self.state);
        if failure == Failure::Stale && safe && body == Body::Kept {
            attempts.forget_last();
            return true;
        }
        let Some(attempt) = attempts.current() else {
            return false;
        };
        let unsent = attempt.connect_ms.is_none();
        attempt.status = failure.status();
        attempt.end(Ending::Failed);
        self.settings.next.after(failure)
            && (unsent || safe)
            && body == Body::Kept
            && self.may_go_on(attempts)
    }

    fn answered(&self, request: &mut Request, head: &ResponseHeader) {
        let attempts = request.state(self.state);
        if self.keeps_fields.load(Ordering::Relaxed) {
            attempts.fields = Some(head.headers.clone());
        }
        if let Some(attempt) = attempts.current() {
            note_response(attempt, head);
        }
    }

    fn response(&self, request: &mut Request, head: &mut ResponseHeader, body: Body) -> Reply {
        let status = head.status.as_u16();
        let safe = self.may_repeat(request);
        let attempts = request.state(self.state);
        if self.settings.next.after_status(status)
            && safe
            && body == Body::Kept
            && self.may_go_on(attempts)
        {
            let ending = match status {
                403 | 404 => Ending::Neutral,
                _ => Ending::Failed,
            };
            if let Some(attempt) = attempts.current() {
                attempt.end(ending);
            }
            return Reply::Another;
        }
        let pages = &request.location.settings.error_pages;
        let known = || pages.iter().any(|page| page.codes.contains(&status));
        if self.settings.intercepts && status >= 300 && known() {
            if let Some(attempt) = request.state(self.state).current() {
                attempt.end(Ending::Fine);
            }
            return Reply::Fail(status);
        }
        self.changes.apply(request, head);
        Reply::Send
    }

    fn received(&self, request: &mut Request, bytes: usize) {
        if let Some(attempt) = request.state(self.state).current() {
            attempt.length += bytes as u64;
            attempt.received += bytes as u64;
        }
    }

    fn finished(&self, request: &mut Request) {
        if let Some(attempt) = request.state(self.state).current() {
            let ending = match attempt.status {
                0 => Ending::Neutral,
                _ => Ending::Fine,
            };
            attempt.end(ending);
        }
    }
}

impl Pass {
    fn next_peer(
        &self,
        request: &mut Request,
        attempts: &mut Attempts,
    ) -> Result<Box<HttpPeer>, u16> {
        let Some(target) = attempts.target.clone() else {
            return Err(500);
        };
        let group = &target.group;
        let chosen = group.select(request, &mut attempts.tried);
        attempts.push(group, chosen);
        let Some(number) = chosen else {
            log::error!("no live upstreams in \"{}\"", group.name);
            if let Some(attempt) = attempts.list.last_mut() {
                attempt.status = 502;
            }
            return Err(502);
        };
        let odd = match self.settings.passes_fields {
            true => odd_fields::connector(request, limited(self.settings.connect_timeout)),
            false => None,
        };
        let mut peer = self.http_peer(group, number).ok_or(502u16)?;
        if odd.is_some() {
            peer.options.custom_l4 = odd;
            unshare(&mut peer);
        }
        Ok(peer)
    }

    fn http_peer(&self, group: &Group, number: usize) -> Option<Box<HttpPeer>> {
        let peer = &group.peers[number];
        let mut made = match &peer.address {
            PeerAddress::Inet(address) => HttpPeer::new(*address, false, String::new()),
            PeerAddress::Unix(path) => {
                HttpPeer::new_uds(path.to_str()?, false, String::new()).ok()?
            }
        };
        let options = &mut made.options;
        options.connection_timeout = limited(self.settings.connect_timeout);
        options.read_timeout = limited(self.settings.read_timeout);
        options.write_timeout = limited(self.settings.send_timeout);
        options.http_upstream_request_policy = HttpUpstreamRequestPolicy::preserve();
        match group.keepalive {
            Some(keepalive) => {
                made.group_key = group.number;
                options.idle_timeout = limited(keepalive.timeout);
                let record = peer.record.clone();
                options.tracer = Some(Tracer(Box::new(OpenConnection(record))));
            }
            None => unshare(&mut made),
        }
        Some(Box::new(made))
    }

    /// Whether there is a peer left, and time.
    fn may_go_on(&self, attempts: &Attempts) -> bool {
        let limit = self.settings.next_timeout;
        let in_time = limit.is_zero() || Duration::from_millis(attempts.elapsed_ms()) < limit;
        attempts.left > 0 && in_time
    }

    /// Whether a request may be sent a second time.
    fn may_repeat(&self, request: &Request) -> bool {
        let changes = matches!(request.head.method(), b"POST" | b"LOCK" | b"PATCH");
        !changes || self.settings.next.repeats_anything()
    }
}

/// Sees to it that nobody else is given the connection: nobody else has this key.
fn unshare(peer: &mut HttpPeer) {
    peer.group_key = UNSHARED | NEXT_KEY.fetch_add(1, Ordering::Relaxed);
    peer.options.idle_timeout = Some(Duration::ZERO);
}

static NEXT_KEY: AtomicU64 = AtomicU64::new(0);
const UNSHARED: u64 = 1 << 63;

fn note_response(attempt: &mut Attempt, head: &ResponseHeader) {
    let status = head.status.as_u16();
    let elapsed = attempt.elapsed_ms();
    attempt.status = status;
    attempt.header_ms = Some(elapsed);
    let reason = head.get_reason_phrase().map_or(0, str::len);
    attempt.received += head_length("HTTP/1.1 200 \r\n".len() + reason, &head.headers);
    if let Some(peer) = attempt.peer {
        let record = &attempt.group.peers[peer].record;
        record.respond(status);
        // Times are far below the largest whole number that a float holds.
        record.average(Count::HeaderTime, elapsed as f64);
    }
}

/// Pingora takes no time at all for a timeout that is over at once.
fn limited(time: Duration) -> Option<Duration> {
    Some(time.max(Duration::from_millis(1)))
}

/// Counts an open connection to a peer.
#[derive(Clone, Debug)]
struct OpenConnection(Record);

impl Tracing for OpenConnection {
    fn on_connected(&self) {
        self.0.begin(Gauge::Open);
    }

    fn on_disconnected(&self) {
        self.0.end(Gauge::Open);
    }

    fn boxed_clone(&self) -> Box<dyn Tracing> {
        Box::new(self.clone())
    }
}

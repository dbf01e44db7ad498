//! What a request has been through: every attempt with a peer, with its times and sizes.
//!
//! Attempts of one `proxy_pass` are a round; an internal redirect to another begins a new one.

use std::sync::Arc;

use super::group::{Ending, Group, Tried};
use super::names::Pending;
use super::pass::Pass;
use super::tally::Count;
use super::target::Target;
use crate::http::course::circumstances::Passing;
use crate::http::course::request::Request;
use crate::http::message::response_head::{Field, ResponseHead};
use crate::http::transport::secure::Secure;
use crate::metric::Moment;
use crate::os;

/// The attempts of one request.
#[derive(Default)]
pub(super) struct Attempts {
    pub(super) list: Vec<Attempt>,
    pub(super) target: Option<Arc<Target>>,
    /// The host and port that are asked, where no target is known yet.
    pub(super) named: Option<(String, String)>,
    /// How connections to its peers are encrypted, if they are.
    pub(super) secure: Option<Arc<Secure>>,
    pub(super) tried: Tried,
    /// How many more may be made.
    pub(super) left: usize,
    /// Whether the connection of the present one is not to be used again.
    pub(super) last_use: bool,
    /// The fields of the last response, if anything asks for them.
    pub(super) fields: Option<Vec<KeptField>>,
    /// `X-Accel-Redirect` of the last response.
    pub(super) redirect: Option<Vec<u8>>,
    /// A host that is being looked up before the next round.
    pub(super) pending: Option<Pending>,
    round: u32,
    round_began: u64,
}

/// A field of a peer's response.
pub(super) struct KeptField {
    pub(super) name: Box<[u8]>,
    pub(super) value: Box<[u8]>,
}

/// One attempt.
pub(super) struct Attempt {
    pub(super) round: u32,
    pub(super) group: Arc<Group>,
    /// `None` when there was no peer to ask.
    pub(super) peer: Option<usize>,
    /// 0 before there is one.
    pub(super) status: u16,
    /// Times in milliseconds since it began.
    pub(super) connect_ms: Option<u64>,
    pub(super) header_ms: Option<u64>,
    pub(super) response_ms: Option<u64>,
    /// Bytes of the response's body.
    pub(super) length: u64,
    pub(super) sent: u64,
    pub(super) received: u64,
    /// Whether its response counts against the peer although the client gets it.
    pub(super) is_failure: bool,
    began: u64,
    open: bool,
    /// It made its peer be left out for a while, which the log has not been told yet.
    gave_up: bool,
}

impl Attempts {
    /// A new round: another `proxy_pass` takes over.
    pub(super) fn begin(&mut self, target: Arc<Target>, most_tries: u64, now: Moment) {
        let tries = target.group.most_tries();
        self.left = match usize::try_from(most_tries) {
            Ok(0) | Err(_) => tries,
            Ok(most) => most.min(tries),
        };
        self.target = Some(target);
        self.named = None;
        self.secure = None;
        self.tried = Tried::default();
        self.round += 1;
        self.round_began = now.0;
        self.fields = None;
    }

    /// Keeps the fields of a response.
    pub(super) fn keep_fields(&mut self, head: &ResponseHead<'_>) {
        let keep = |field: Field<'_>| KeptField {
            name: field.name.into(),
            value: field.value.into(),
        };
        self.fields = Some(head.fields().map(keep).collect());
    }

    /// One more attempt.
    pub(super) fn push(&mut self, group: Arc<Group>, peer: Option<usize>, now: Moment) {
        self.left = self.left.saturating_sub(1);
        self.last_use = false;
        self.list.push(Attempt {
            round: self.round,
            group,
            peer,
            status: 0,
            connect_ms: None,
            header_ms: None,
            response_ms: None,
            length: 0,
            sent: 0,
            received: 0,
            is_failure: false,
            began: now.0,
            open: peer.is_some(),
            gave_up: false,
        });
    }

    /// The attempt that is being made.
    pub(super) fn current(&mut self) -> Option<&mut Attempt> {
        self.list.last_mut().filter(|attempt| attempt.open)
    }

    /// The last attempt never was one: the peer may be asked again.
    pub(super) fn forget_last(&mut self) {
        if let Some(mut attempt) = self.list.pop() {
            attempt.end(Ending::Neutral, Moment(os::monotonic()));
            self.left += 1;
            if let Some(peer) = attempt.peer {
                self.tried.remove(peer);
            }
        }
    }

    /// Ends the present attempt well; its peer may be asked again.
    pub(super) fn ask_again(&mut self, now: Moment) {
        self.left += 1;
        if let Some(attempt) = self.current() {
            attempt.end(Ending::Fine, now);
            if let Some(peer) = attempt.peer {
                self.tried.remove(peer);
            }
        }
    }

    /// Whether an attempt is being made, or the log is to be told of a peer.
    pub(super) fn has_something_to_end(&self) -> bool {
        self.list
            .iter()
            .any(|attempt| attempt.open || attempt.gave_up)
    }

    /// Whether the log is to be told of a peer.
    pub(super) fn has_left_out(&self) -> bool {
        self.list.iter().any(|attempt| attempt.gave_up)
    }

    /// The address of the last peer, as it is written.
    pub(super) fn peer_name(&self) -> &str {
        self.list.last().map_or("", Attempt::peer_name)
    }

    /// Tells the log of peers that are left out from now on because of this request.
    pub(super) fn tell_left_out(&mut self, pass: &Pass, request: &Request) {
        let target = self.target.as_deref();
        for attempt in self.list.iter_mut().filter(|attempt| attempt.gave_up) {
            attempt.gave_up = false;
            let url = pass.url_told(request, target, attempt.peer_name());
            log::warn!(
                "upstream \"{}\": a server is temporarily left out{}",
                attempt.group.name,
                Passing(request, &url)
            );
        }
    }

    /// Milliseconds since the round began.
    pub(super) fn elapsed_ms(&self) -> u64 {
        os::monotonic().saturating_sub(self.round_began) / 1_000_000
    }
}

impl Attempt {
    /// The address of its peer, as it is written.
    pub(super) fn peer_name(&self) -> &str {
        self.peer.map_or("", |peer| &self.group.peers[peer].name)
    }

    /// Milliseconds since it began.
    pub(super) fn elapsed_ms(&self, now: Moment) -> u64 {
        now.0.saturating_sub(self.began) / 1_000_000
    }

    /// Its end, once.
    pub(super) fn end(&mut self, ending: Ending, now: Moment) {
        let Some(peer) = self.peer.filter(|_| self.open) else {
            return;
        };
        self.open = false;
        let elapsed = self.elapsed_ms(now);
        self.response_ms = Some(elapsed);
        let record = &self.group.peers[peer].record;
        record.add(Count::Sent, self.sent);
        record.add(Count::Received, self.received);
        if ending == Ending::Fine {
            // Times are far below the largest whole number that a float holds.
            record.average(Count::ResponseTime, elapsed as f64);
        }
        self.gave_up = self.group.release(peer, ending);
    }
}

impl Drop for Attempt {
    /// A request that got lost must not count as under way for ever.
    fn drop(&mut self) {
        if self.open {
            self.end(Ending::Neutral, Moment(os::monotonic()));
        }
    }
}

//! The response on its way from the peer into the outbox.

use std::io;
use std::task::{Context, Poll};

use super::super::head::{self, Taken};
use super::failing::{failure, sentence};
use super::{Broken, Exchange, Stage, begin};
use crate::http::course::{engine, message, respond};
use crate::http::message::framing::{Decoded, Framing};
use crate::http::message::response::Response;
use crate::http::message::response_head::{self, Source};
use crate::http::plan::origin::Failure;
use crate::http::plan::outcome::Outcome;
use crate::http::transport::link::Language;
use crate::http::transport::spill::ReadAhead;
use crate::http::transport::start::Start;

/// More informational responses than this before the final one are a fault.
const MAX_INFORMATIONAL: u32 = 16;

impl Exchange<'_> {
    /// Reads the response as far as there is room for it; whether anything was done.
    pub(super) fn poll_response(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        match self.stage {
            Stage::Head(_) => self.poll_head(task),
            Stage::Unwanted(_) => self.poll_unwanted(task),
            Stage::Body { .. } | Stage::After { .. } if self.addition.is_some() => {
                Ok(self.poll_addition(task)?)
            }
            Stage::Body { .. } | Stage::Tunnel => self.poll_content(task),
            Stage::After { .. } | Stage::Rest { .. } => Ok(false),
        }
    }

    fn poll_head(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let Some(peer) = &mut self.peer else {
            return Ok(false);
        };
        let received = match self.quiet.peer {
            true => Poll::Pending,
            false => peer.link.end.poll_receive(task),
        };
        self.quiet.peer = received.is_pending();
        match received {
            Poll::Ready(Ok(amount @ 1..)) => {
                self.count_received(amount);
                self.tell_received();
                self.hear()?;
                self.deadlines.peer_read = None;
                while matches!(self.stage, Stage::Head(_)) && self.read_head()? {}
                Ok(true)
            }
            Poll::Ready(ended) => {
                let silent = peer.link.end.received().is_empty();
                let is_reused = peer.link.requests > 1;
                let is_at_first = is_reused && silent && matches!(self.stage, Stage::Head(0));
                let failure = failure(&ended, is_at_first);
                self.hear()?;
                if !matches!(failure, Failure::Stale | Failure::Leaving) {
                    let how = sentence(&ended);
                    let when = match failure {
                        Failure::Unsayable => "sending request to upstream",
                        _ => "reading response header from upstream",
                    };
                    self.complain(&format!("{how} while {when}"));
                }
                Err(Broken::Peer(failure))
            }
            Poll::Pending => {
                if self.is_request_sent() {
                    begin(&mut self.deadlines.peer_read, self.rules.read_timeout);
                }
                Ok(false)
            }
        }
    }

    pub(super) fn is_request_sent(&self) -> bool {
        let deaf = self.peer.as_ref().is_none_or(|peer| peer.is_deaf);
        let sent = self.to_peer_sent == self.session.to_peer.len();
        deaf || (sent && (!self.rules.sends_body || self.session.body.is_given()))
    }

    /// Takes a head from what was received; whether there was one, and another may follow.
    fn read_head(&mut self) -> Result<bool, Broken> {
        let (is_request_sent, rules) = (self.is_request_sent(), self.rules);
        let max_head = rules.max_head;
        let Some(peer) = &mut self.peer else {
            return Ok(false);
        };
        let (request, origin) = (&mut *self.request, self.origin);
        let state = self.session.body.state();
        let received = peer.link.end.received();
        let size = received.len();
        let source = match peer.link.language {
            Language::Http => Source::Peer,
            Language::Http2 => Source::Stream,
            Language::FastCgi => Source::FastCgi,
            Language::Parameters => Source::Program,
        };
        let read = response_head::read(received, source, |head| {
            if head.length > max_head {
                return None;
            }
            let is_early = !is_request_sent || !rules.language.can_switch();
            let taken = match head.status == head::SWITCHING && is_early {
                true => Ok(Taken::Unasked),
                false => head::take(request, origin, state, head),
            };
            // What is to come of a response in whose place a peer is asked once more.
            let left = match &taken {
                Err(Broken::Another | Broken::Later(_)) if head.persistent => {
                    Some(head.framing(origin.asks_for_head(request)))
                }
                _ => None,
            };
            Some((head.length, taken, left))
        });
        let problem = match read {
            Ok(Some(Some((length, taken, left)))) => {
                peer.link.end.consume(length);
                return match (taken, left) {
                    (Err(broken), Some(framing)) => self.leave_body(framing, broken),
                    (taken, _) => self.head_taken(taken?),
                };
            }
            Ok(None) if size < max_head => return Ok(false),
            Ok(_) => "upstream sent too big header while reading response header from upstream, \
                 \"proxy_buffer_size\" says how long it may be"
                .to_owned(),
            Err(bad) => format!("upstream sent {bad} while reading response header from upstream"),
        };
        self.complain(&problem);
        Err(Broken::Peer(Failure::Invalid))
    }

    /// A head was understood: the client's is written.
    fn head_taken(&mut self, taken: Taken) -> Result<bool, Broken> {
        let (mut framing, persistent, reason, reads_ahead) = match taken {
            Taken::Informational(start) => return self.pass_informational(start),
            Taken::Unasked => {
                self.complain("upstream changed to another protocol unasked");
                return Err(Broken::Peer(Failure::Invalid));
            }
            Taken::Final {
                framing,
                persistent,
                reason,
                reads_ahead,
                tee,
            } => {
                self.tee = tee;
                (framing, persistent, reason, reads_ahead)
            }
        };
        self.reads_ahead = reads_ahead;
        if reads_ahead {
            self.pace = self.origin.pace(self.request).map(Box::new);
        }
        if self.has_left && self.tee.is_none() && !self.rules.outlives_client {
            return Err(Broken::Client);
        }
        if self.rules.passes_trailers {
            framing.keep_trailers();
        }
        if self.request.is_subrequest() && !self.request.is_addition() {
            return self.head_is_enough(framing, persistent);
        }
        let is_length_known = matches!(framing, Framing::Length(_))
            || self.request.response.field("content-length").is_some();
        self.push_head(is_length_known, &reason)?;
        self.stage = match self.request.response.status {
            101 => Stage::Tunnel,
            _ => Stage::Body {
                framing,
                persistent,
            },
        };
        if !self.begins_before() {
            self.pass_content()?;
        }
        Ok(false)
    }

    /// Has the head sent that stands in the request, unless it is only the body that is wanted.
    fn push_head(&mut self, is_length_known: bool, reason: &str) -> Result<(), Broken> {
        let session = &mut *self.session;
        let request = &mut *self.request;
        request.keep_alive &= session.body.is_done();
        let Some(passed) = respond::pass(request, is_length_known) else {
            let page = Response::page(request.response.status);
            return Err(Broken::Instead(Outcome::Respond(page)));
        };
        match session.client.is_stream() {
            _ if request.is_addition() => {}
            true => session.outbox.push_start(message::passed(request)),
            false => session
                .outbox
                .push_head(|out| respond::proxied_head(request, reason, passed, out)),
        }
        if !request.is_addition() && request.response.status != 101 {
            session.client.set_pace(request.pace());
        }
        session.outbox.set_chunked(passed.chunked);
        self.is_discarding |= !passed.with_body;
        self.filters = std::mem::take(&mut request.bodies.response);
        Ok(())
    }

    /// Nobody waits for the body of a response to a subrequest. The connection is of use if it came with
    /// the head.
    fn head_is_enough(&mut self, framing: Framing, persistent: bool) -> Result<bool, Broken> {
        let switches = self.request.response.status == 101;
        self.request.head_sent = true;
        engine::head_point(self.request);
        self.is_discarding = true;
        if !switches {
            self.stage = Stage::Body {
                framing,
                persistent,
            };
            self.pass_content()?;
        }
        if self.tee.is_some() {
            return Ok(true);
        }
        if self.peer.take().is_some() {
            self.tell_received();
            self.origin.finished(self.request);
        }
        self.stage = Stage::Rest { whole: true };
        Ok(true)
    }

    fn pass_informational(&mut self, start: Option<Start>) -> Result<bool, Broken> {
        let Stage::Head(seen) = &mut self.stage else {
            return Ok(false);
        };
        *seen += 1;
        if *seen > MAX_INFORMATIONAL {
            self.complain("upstream sent too many informational responses");
            return Err(Broken::Peer(Failure::Invalid));
        }
        if let Some(start) = start {
            self.session.push_start(start);
        }
        Ok(true)
    }

    /// How far the response is read ahead of the client; another protocol is not.
    pub(super) fn read_ahead(&self) -> Option<&'static ReadAhead> {
        let is_tunnel = matches!(self.stage, Stage::Tunnel);
        let ahead = match &self.tee {
            Some(_) => &self.rules.read_ahead_of_kept,
            None => &self.rules.read_ahead,
        };
        (self.reads_ahead && !is_tunnel).then_some(ahead)
    }

    fn poll_content(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        if self.filters.has_more() {
            return Ok(self.pass_more());
        }
        let ahead = self.read_ahead();
        // Whoever keeps it takes it at once, and the client later.
        let is_kept = self.tee.is_some();
        let has_room = self.is_discarding || is_kept || self.session.outbox.has_room(ahead);
        let has_room = has_room && self.is_in_time(task);
        let Some(peer) = self.peer.as_mut().filter(|_| has_room) else {
            self.deadlines.peer_read = None;
            return Ok(false);
        };
        let received = match self.quiet.peer {
            true => Poll::Pending,
            false => peer.link.end.poll_receive(task),
        };
        self.quiet.peer = received.is_pending();
        match received {
            Poll::Ready(Ok(amount @ 1..)) => {
                self.count_received(amount);
                self.hear()?;
                self.deadlines.peer_read = None;
                self.pass_content()?;
                Ok(true)
            }
            Poll::Ready(ended) => {
                self.content_ended(ended);
                Ok(true)
            }
            Poll::Pending => {
                begin(&mut self.deadlines.peer_read, self.rules.read_timeout);
                Ok(self.filters.is_holding() && self.source_pauses())
            }
        }
    }

    /// Nothing more is at hand: filters give what they held back, if that is anything.
    pub(super) fn source_pauses(&mut self) -> bool {
        self.pause().unwrap_or_else(|problem| {
            self.lost(&problem);
            true
        })
    }

    /// Passes on what was received of the response's body.
    pub(super) fn pass_content(&mut self) -> Result<(), Broken> {
        let Some(peer) = &mut self.peer else {
            return Ok(());
        };
        let size = peer.link.end.received().len();
        let decoded = match &mut self.stage {
            Stage::Body { framing, .. } => framing.decode(peer.link.end.received_mut()),
            _ => Ok(Decoded {
                consumed: size,
                content: size,
            }),
        };
        let Ok(decoded) = decoded else {
            self.broke("upstream sent invalid chunked response");
            return Ok(());
        };
        let content = peer.link.end.take(decoded.consumed);
        self.received.content += decoded.content as u64;
        self.has_surplus = decoded.consumed < size;
        self.is_received_told &= decoded.content == 0;
        let is_teed = self.tee.is_some();
        let is_kept = self.keep(&content.bytes()[..decoded.content]);
        if (is_kept || self.verdict.is_some()) && self.is_over() && !self.keep_end() {
            self.break_off();
            return Ok(());
        }
        if is_teed && !is_kept && self.is_discarding && !self.rules.outlives_client {
            self.nobody_takes_it();
            return Ok(());
        }
        if !self.is_discarding {
            let pushed = match self.filters.is_empty() {
                true if is_kept => self.push_kept(content, decoded.content),
                true => self.push(content, decoded.content),
                false => self.push_filtered(content, decoded.content),
            };
            if let Err(problem) = pushed {
                self.lost(&problem);
                return Ok(());
            }
        }
        self.content_passed();
        Ok(())
    }

    /// Whether the body has come to its end, which it tells itself.
    fn is_over(&self) -> bool {
        matches!(&self.stage, Stage::Body { framing, .. } if framing.is_done())
    }

    /// The peer has closed, or its connection failed.
    pub(super) fn content_ended(&mut self, ended: io::Result<usize>) {
        match (&self.stage, ended) {
            (Stage::Tunnel, _) => self.stage = Stage::Rest { whole: true },
            (
                Stage::Body {
                    framing: Framing::UntilClose,
                    persistent,
                },
                Ok(_),
            ) => {
                let peer = self.peer.as_ref();
                let persistent = *persistent && peer.is_some_and(|peer| peer.link.end.goes_on());
                self.doubt_end();
                self.peer_is_done(persistent);
            }
            (_, ended) => self.broke(&sentence(&ended)),
        }
    }

    /// The whole response has come: the peer is free for others.
    pub(super) fn peer_is_done(&mut self, persistent: bool) {
        if !self.keep_end() {
            return self.break_off();
        }
        if let Err(problem) = self.begin_after() {
            return self.lost(&problem);
        }
        self.deadlines.peer_read = None;
        self.deadlines.peer_write = None;
        let is_request_sent = self.is_request_sent();
        self.tell_received();
        self.origin.finished(self.request);
        let Some(peer) = self.peer.take() else { return };
        if persistent && is_request_sent && !peer.is_deaf && peer.link.end.is_clean() {
            self.origin.keep(self.request, peer.link);
        }
    }
}

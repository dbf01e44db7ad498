//! A proxied request from its decision to its end: attempts with peers, one after the other, and
//! what comes instead when all have failed.

mod handshake;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use super::exchange::{Broken, Exchange};
use super::wait;
use super::whole_body;
use crate::conf::reason;
use crate::http::course::circumstances::Passing;
use crate::http::course::engine::{self, Answer};
use crate::http::course::request::Request;
use crate::http::course::session::Session;
use crate::http::message::response::Response;
use crate::http::plan::origin::{Body, Failure, Origin, Rules, SentBody};
use crate::http::transport::end::End;
use crate::http::transport::link::{Language, Link};
use crate::http::transport::received::PIECE;
use crate::http::transport::timer::deadline;

/// What became of a proxied request.
#[derive(Debug)]
pub enum Proxied {
    /// The response went out; `whole` unless it broke off.
    Sent {
        /// Whether the client got all of it.
        whole: bool,
    },
    /// This is to be sent instead.
    Instead(Response),
    /// Nothing more is to be said.
    Close,
}

/// More attempts at one request than this are not made, whatever the configuration says.
const MAX_ATTEMPTS: usize = 256;
/// What a head may grow by on its way to a peer, usually.
const ADDED: usize = 256;

/// Proxies the request whose head has been consumed.
pub async fn run(
    request: &mut Request,
    session: &mut Session,
    origin: &'static dyn Origin,
) -> Proxied {
    session.outbox.begin();
    let mut journey = Journey {
        request,
        session,
        origin,
    };
    match journey.run().await {
        Proxied::Instead(_) if !journey.send_hints().await => Proxied::Close,
        proxied => proxied,
    }
}

struct Journey<'a> {
    request: &'a mut Request,
    session: &'a mut Session,
    /// Whom the request was given to last.
    origin: &'static dyn Origin,
}

impl Drop for Journey<'_> {
    /// Also when the connection's task is dropped or unwinds.
    fn drop(&mut self) {
        self.request.time_passed();
        self.session.client.stop_watching();
        let _ = catch_unwind(AssertUnwindSafe(|| self.origin.finished(self.request)));
    }
}

impl Journey<'_> {
    async fn run(&mut self) -> Proxied {
        self.tell_to_continue();
        for _ in 0..MAX_ATTEMPTS {
            let origin = self.origin;
            let broken = match self.attempt(origin).await {
                Ok(whole) => {
                    self.request.complete = whole;
                    return Proxied::Sent { whole };
                }
                Err(broken) => broken,
            };
            self.request.time_passed();
            let broken = match broken {
                Broken::Later(wait) => Box::pin(self.waited(wait)).await,
                broken => broken,
            };
            let mut answer = match broken {
                Broken::Another | Broken::Later(_) => continue,
                Broken::Client | Broken::Cut => {
                    if !self.request.head_sent {
                        // A stream that is reset is a client that left, wherever it was.
                        let client = &self.session.client;
                        let is_cut = matches!(broken, Broken::Cut) && !client.is_stream()
                            || client.is_refused();
                        self.request.response.status = if is_cut { 400 } else { 499 };
                    }
                    return Proxied::Close;
                }
                Broken::Peer(failure) => {
                    let state = self.session.body.state();
                    if origin.failed(self.request, failure, state) {
                        continue;
                    }
                    self.failed(failure, failure.status())
                }
                Broken::Nobody(status) => self.failed(Failure::Connect, status),
                Broken::Instead(outcome) => engine::answer(self.request, outcome),
                Broken::Status(status) => engine::fail(self.request, status),
                Broken::Redirect(target) => engine::redirect_internally(self.request, target),
            };
            origin.finished(self.request);
            if let Answer::Wait(paused) = answer {
                let settled = wait::settle(self.request, self.session, paused);
                answer = Box::pin(settled).await;
            }
            match answer {
                Answer::Proxy(next) if self.session.body.state() == Body::Kept => {
                    self.origin = next
                }
                Answer::Local(response) => return Proxied::Instead(response),
                Answer::Close => return Proxied::Close,
                _ => return Proxied::Instead(Response::page(502)),
            }
        }
        Proxied::Instead(Response::page(502))
    }

    /// What it comes to when an attempt asks for a wait.
    async fn waited(&mut self, wait: Pin<Box<dyn Future<Output = ()> + Send>>) -> Broken {
        let stays = stays(self.request, self.session, self.origin);
        let left = left(&mut self.session.client, stays);
        let waited = tokio::select! {
            biased;
            () = wait => Broken::Another,
            () = left => Broken::Client,
        };
        self.session.client.stop_watching();
        self.request.time_passed();
        waited
    }

    /// What is answered when nobody has answered.
    fn failed(&mut self, failure: Failure, status: u16) -> Answer {
        match self.origin.stand_in(self.request, failure) {
            Some(outcome) => engine::answer(self.request, outcome),
            None => engine::fail(self.request, status),
        }
    }

    /// What the client was told before the response must not be cut by it.
    async fn send_hints(&mut self) -> bool {
        let patience = self.request.location.settings.send_timeout;
        let sent = self.session.send_outbox(patience).await;
        if !sent {
            self.request.response.status = 499;
        }
        sent
    }

    /// A client that waits for it is told to send the body.
    fn tell_to_continue(&mut self) {
        let body = &self.session.body;
        if !body.is_taken() && body.is_awaited(self.request) {
            self.session.push_continue();
        }
    }

    async fn attempt(&mut self, origin: &'static dyn Origin) -> Result<bool, Broken> {
        let link = self.begin(origin).await?;
        // It is large, and stays where it is made.
        let mut exchange = Exchange::new(self.request, self.session, origin, link);
        std::future::poll_fn(|task| exchange.poll(task)).await
    }

    /// Finds a connection to a peer, and has the beginning of the request ready for it.
    async fn begin(&mut self, origin: &'static dyn Origin) -> Result<Box<Link>, Broken> {
        self.session.follow(self.request);
        let rules = origin.rules();
        if self.reads_body_first(rules) && !self.session.body.is_taken() {
            let read = whole_body::read(self.request, self.session, &rules.temporary);
            let read = read.await;
            read.map_err(|error| Broken::body(self.request, &error))?;
            if let SentBody::Length(length) = self.session.body.sent_as() {
                self.request.bodies.length = Some(length);
            }
            self.request.time_passed();
        }
        origin.choose(self.request).map_err(Broken::Nobody)?;
        let mut link = match self.idle(origin).await {
            Some(link) => link,
            None => self.connect(origin).await?,
        };
        link.requests += 1;
        origin.connected(self.request, &mut link);
        if rules.language == Language::FastCgi {
            link.end.expect_records(!link.is_last_use);
        }
        let session = &mut *self.session;
        session.body.start_over(origin);
        session.to_peer.clear();
        let at_hand = session.client.received().len().min(PIECE);
        let length = self.request.head.bytes().len();
        session.to_peer.reserve(length + at_hand + ADDED);
        let sent_as = session.body.sent_as();
        if !origin.write_head(self.request, sent_as, &mut session.to_peer) {
            return Err(Broken::Peer(Failure::Unsayable));
        }
        if rules.sends_body {
            let (client, out) = (&mut session.client, &mut session.to_peer);
            let given = session.body.give_at_hand(self.request, client, out);
            let given = given.map_err(|error| Broken::body(self.request, &error))?;
            if given > 0 {
                origin.sent(self.request, given);
            }
        }
        Ok(link)
    }

    /// Whether a peer is asked only once the body is there as a whole.
    fn reads_body_first(&self, rules: &Rules) -> bool {
        let has_no_length = self.session.body.sent_as() == SentBody::Chunked;
        let needs_length = rules.language.needs_length() && has_no_length;
        rules.sends_body && (rules.buffers_request || needs_length)
    }

    /// An idle connection to the peer that is still good.
    async fn idle(&mut self, origin: &'static dyn Origin) -> Option<Box<Link>> {
        loop {
            let mut link = origin.idle(self.request)?;
            if link.is_quiet().await {
                return Some(link);
            }
        }
    }

    async fn connect(&mut self, origin: &'static dyn Origin) -> Result<Box<Link>, Broken> {
        let dial = origin.dial(self.request);
        let dial = dial.ok_or(Broken::Peer(Failure::Connect))?;
        let (until, from) = (deadline(dial.patience), dial.from);
        let stays = stays(self.request, self.session, origin);
        let Session { client, timer, .. } = &mut *self.session;
        let left = left(client, stays);
        // Most requests find a connection: they have no place set aside for this.
        let connecting = Box::pin(dial.connect(timer));
        let made = tokio::select! {
            biased;
            made = connecting => made,
            () = left => return Err(Broken::Client),
        };
        self.request.time_passed();
        let stream = made.map_err(|error| {
            self.complain(origin, &error);
            Broken::Peer(match error.kind() {
                io::ErrorKind::TimedOut => Failure::Timeout,
                _ => Failure::Connect,
            })
        })?;
        let link = match origin.secure(self.request) {
            Some(secure) => Box::pin(self.encrypt(origin, secure, stream, until)).await?,
            None => Link::new(stream, self.request.moment()),
        };
        let language = origin.rules().language;
        let mut link = match language {
            Language::Http2 => Box::pin(self.speak_http2(origin, link, until)).await?,
            _ => link,
        };
        link.language = language;
        link.from = from;
        Ok(link)
    }

    fn complain(&mut self, origin: &'static dyn Origin, error: &io::Error) {
        let peer = origin.peer_name(self.request);
        let request = Passing(self.request, &peer);
        let what = match error.kind() {
            io::ErrorKind::TimedOut => "upstream timed out".to_owned(),
            _ => format!("connect() failed ({})", reason(error)),
        };
        log::error!("{what} while connecting to upstream{request}");
    }
}

/// Whether the attempt goes on although the client leaves.
fn stays(request: &Request, session: &Session, origin: &'static dyn Origin) -> bool {
    let may_end_unread = session.client.is_stream();
    let is_body_due = !session.body.is_done();
    let outlives = origin.rules().outlives_client || (!is_body_due && origin.is_kept(request));
    (is_body_due && !may_end_unread) || outlives
}

/// Waits until the client has left, if its leaving ends the attempt.
fn left(client: &mut End, stays: bool) -> impl Future<Output = ()> + '_ {
    std::future::poll_fn(move |task| match stays {
        true => Poll::Pending,
        false => client.poll_left(task),
    })
}

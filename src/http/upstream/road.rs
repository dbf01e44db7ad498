//! A proxied request from its decision to its end: attempts with peers, one after the other, and
//! what comes instead when all have failed.

mod handshake;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::task::Poll;

use pingora_core::connectors::{ConnectorOptions, TransportConnector};
use pingora_core::{Error, ErrorType};

use super::exchange::{Broken, Exchange};
use super::wait;
use crate::conf::reason;
use crate::http::course::circumstances::Passing;
use crate::http::course::engine::{self, Answer};
use crate::http::course::request::Request;
use crate::http::course::request_body::{BodyError, CONTINUE};
use crate::http::course::session::Session;
use crate::http::message::response::Response;
use crate::http::plan::origin::{Body, Failure, Origin};
use crate::http::transport::link::Link;
use crate::http::transport::received::PIECE;
use crate::http::transport::timer::deadline;

/// Makes connections to peers.
pub struct Road {
    connector: TransportConnector,
}

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

impl Default for Road {
    /// The roads of one worker.
    fn default() -> Self {
        let mut options = ConnectorOptions::new(1);
        // Handshakes with peers are not the connector's. The certificates of the system would be read by each
        // worker, and one that cannot be read would end it.
        options.ca_file = Some("/dev/null".to_owned());
        Self {
            connector: TransportConnector::new(Some(options)),
        }
    }
}

impl Road {
    /// Proxies the request whose head has been consumed.
    pub async fn run(
        &self,
        request: &mut Request,
        session: &mut Session,
        origin: &'static dyn Origin,
    ) -> Proxied {
        session.outbox.begin();
        let mut journey = Journey {
            road: self,
            request,
            session,
            origin,
        };
        match journey.run().await {
            Proxied::Instead(_) if !journey.send_hints().await => Proxied::Close,
            proxied => proxied,
        }
    }
}

struct Journey<'a> {
    road: &'a Road,
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
            let mut answer = match broken {
                Broken::Another => continue,
                Broken::Client | Broken::Cut => {
                    if !self.request.head_sent {
                        let is_cut = matches!(broken, Broken::Cut);
                        self.request.response.status = if is_cut { 400 } else { 499 };
                    }
                    return Proxied::Close;
                }
                Broken::Peer(failure) => {
                    let state = self.session.body.state();
                    if origin.failed(self.request, failure, state) {
                        continue;
                    }
                    engine::fail(self.request, failure.status())
                }
                Broken::Status(status) => engine::fail(self.request, status),
                Broken::Redirect(target) => engine::redirect_internally(self.request, target),
            };
            origin.finished(self.request);
            if let Answer::Wait(paused) = answer {
                let settled = wait::settle(self.road, self.request, self.session, paused);
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
        let waits = self.session.body.is_awaited(self.request);
        if waits {
            self.session.client.traffic().count_head(CONTINUE.len());
            let write = |out: &mut Vec<u8>| out.extend_from_slice(CONTINUE);
            self.session.outbox.push_head(write);
        }
    }

    async fn attempt(&mut self, origin: &'static dyn Origin) -> Result<bool, Broken> {
        let mut exchange = self.begin(origin).await?;
        std::future::poll_fn(|task| exchange.poll(task)).await
    }

    /// Finds a connection to a peer, and has the beginning of the request ready for it.
    async fn begin(&mut self, origin: &'static dyn Origin) -> Result<Exchange<'_>, Broken> {
        self.session.follow(self.request);
        let rules = origin.rules();
        if rules.buffers_request && rules.sends_body && !self.session.body.is_done() {
            self.read_body(&rules.temporary).await?;
            self.request.time_passed();
        }
        origin.choose(self.request).map_err(Broken::Status)?;
        let mut link = match self.idle(origin).await {
            Some(link) => link,
            None => self.connect(origin).await?,
        };
        link.requests += 1;
        origin.connected(self.request, &mut link);
        let session = &mut *self.session;
        session.body.start_over();
        session.to_peer.clear();
        let at_hand = session.client.received().len().min(PIECE);
        let length = self.request.head.bytes().len();
        session.to_peer.reserve(length + at_hand + ADDED);
        let sent_as = session.body.sent_as();
        origin.write_head(self.request, sent_as, &mut session.to_peer);
        if rules.sends_body {
            let (client, out) = (&mut session.client, &mut session.to_peer);
            let given = session.body.give_at_hand(self.request, client, out);
            let given = given.map_err(|error| Broken::body(self.request, &error))?;
            if given > 0 {
                origin.sent(self.request, given);
            }
        }
        Ok(Exchange::new(self.request, self.session, origin, link))
    }

    /// Reads the body as a whole; what a waiting client is told leaves meanwhile.
    async fn read_body(&mut self, directory: &Path) -> Result<(), Broken> {
        let session = &mut *self.session;
        let settings = &self.request.location.settings;
        let patience = settings.body_timeout;
        let mut until = deadline(patience);
        let mut seen = 0;
        let read = std::future::poll_fn(|task| {
            while !session.outbox.is_empty() {
                match session.outbox.poll_send(task, &mut session.client) {
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(BodyError::Cut)),
                    Poll::Pending => break,
                }
            }
            let (body, client) = (&mut session.body, &mut session.client);
            if let Poll::Ready(read) = body.poll_all(self.request, task, client, directory) {
                return Poll::Ready(read);
            }
            if session.body.length() > seen {
                seen = session.body.length();
                until = deadline(patience);
            }
            std::task::ready!(session.timer.poll(task, until));
            Poll::Ready(Err(BodyError::Late))
        })
        .await;
        read.map_err(|error| Broken::body(self.request, &error))
    }

    /// An idle connection to the peer that is still good.
    async fn idle(&mut self, origin: &'static dyn Origin) -> Option<Link> {
        loop {
            let mut link = origin.idle(self.request)?;
            if link.is_quiet().await {
                return Some(link);
            }
        }
    }

    async fn connect(&mut self, origin: &'static dyn Origin) -> Result<Link, Broken> {
        let session = &mut *self.session;
        let address = origin.address(self.request);
        let address = address.ok_or(Broken::Peer(Failure::Connect))?;
        let until = deadline(origin.rules().connect_timeout);
        let outlives = origin.rules().outlives_client;
        let left = left(session, outlives);
        // It is large, and most requests find a connection: they have no place set aside for it.
        let connecting = Box::pin(self.road.connector.new_stream(&*address));
        let made = tokio::select! {
            biased;
            made = connecting => made,
            () = left => return Err(Broken::Client),
        };
        self.request.time_passed();
        let stream = made.map_err(|error| {
            self.complain(origin, &error);
            Broken::Peer(match error.etype() {
                ErrorType::ConnectTimedout => Failure::Timeout,
                _ => Failure::Connect,
            })
        })?;
        match origin.secure(self.request) {
            Some(secure) => Box::pin(self.encrypt(origin, secure, stream, until)).await,
            None => Ok(Link::new(stream, self.request.moment())),
        }
    }

    fn complain(&mut self, origin: &'static dyn Origin, error: &Error) {
        let peer = origin.peer_name(self.request);
        let request = Passing(self.request, &peer);
        let what = match of_the_system(error) {
            _ if *error.etype() == ErrorType::ConnectTimedout => "upstream timed out".to_owned(),
            Some(error) => format!("connect() failed ({})", reason(error)),
            None => format!("connect() failed ({})", error.etype().as_str()),
        };
        log::error!("{what} while connecting to upstream{request}");
    }
}

/// Waits until the client has left, if its leaving ends the attempt.
fn left(session: &mut Session, outlives: bool) -> impl Future<Output = ()> + '_ {
    let body_done = session.body.is_done();
    let client = &mut session.client;
    std::future::poll_fn(move |task| match body_done && !outlives {
        true => client.poll_left(task),
        false => Poll::Pending,
    })
}

/// What the system said, if that is behind an error.
fn of_the_system(error: &Error) -> Option<&io::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.root_cause());
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

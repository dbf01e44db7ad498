//! The connections of clients: reads heads, has each request decided, and has it answered, by what is
//! made here or by an origin.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::{Shutdown, Stream};
use pingora_core::server::ShutdownWatch;

use super::arrival::{self, Arrival, Idle};
use super::body::{self, Rest};
use super::cut_off::{Arriving, skip_empty_lines};
use super::handshake;
use super::leaving::Leaving;
use super::send;
use super::spare;
use crate::http::course::client_certificate;
use crate::http::course::encryption::Encryption;
use crate::http::course::engine::{self, Answer};
use crate::http::course::identify::{self, salvage};
use crate::http::course::request::{ConnectionFacts, Request};
use crate::http::course::session::Session;
use crate::http::message::response::Response;
use crate::http::message::response_fields::Fields;
use crate::http::plan::origin::Origin;
use crate::http::plan::runtime::{Listener, Runtime};
use crate::http::transport::clock;
use crate::http::transport::end::End;
use crate::http::transport::timer::Timer;
use crate::http::upstream::copies::Copying;
use crate::http::upstream::road::{self, Proxied};
use crate::http::upstream::wait;

/// Serves the connections of one address.
pub struct Application {
    runtime: &'static Runtime,
    listener: &'static Listener,
}

/// Numbers the connections of a worker.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

impl Application {
    /// Serves `listener`.
    pub fn new(runtime: &'static Runtime, listener: &'static Listener) -> Self {
        Self { runtime, listener }
    }

    fn facts(&self, stream: &Stream) -> ConnectionFacts {
        let socket = stream.get_socket_digest();
        let socket = socket.as_deref();
        ConnectionFacts {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            since: clock::moment(),
            requests: 0,
            pipelined: false,
            client: socket.and_then(|one| one.peer_addr()?.as_inet().copied()),
            local: socket.and_then(|one| one.local_addr()?.as_inet().copied()),
            traffic: Arc::default(),
            encryption: Encryption::None,
        }
    }
}

#[async_trait]
impl ServerApp for Application {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        self.runtime.connections.open();
        let _closing = Closing(self.runtime);
        let mut facts = self.facts(&stream);
        let mut stream = stream;
        if self.listener.encrypted {
            // It is done before requests come, and an idle connection keeps nothing of it.
            let begun = handshake::begin(stream, self.runtime, self.listener, &facts, shutdown);
            let (encrypted, encryption) = Box::pin(begun).await?;
            (stream, facts.encryption) = (encrypted, encryption);
        }
        let traffic = Arc::clone(&facts.traffic);
        let server = self.runtime.server(self.listener.names.default());
        let mut connection = Connection {
            application: self,
            session: Some(Box::new(Session::new(End::new(stream, traffic)))),
            facts: Box::new(facts),
            patience: server.settings.header_timeout,
            leaving: Leaving::new(shutdown.clone()),
            copying: None,
        };
        {
            let mut serving = pin!(connection.serve());
            poll_fn(|task| clock::turn(|| serving.as_mut().poll(task))).await;
        }
        if let Some(mut copying) = connection.copying {
            copying.end().await;
        }
        None
    }
}

struct Closing(&'static Runtime);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.connections.close();
    }
}

struct Connection<'a> {
    application: &'a Application,
    session: Option<Box<Session>>,
    /// What is known of it; a request that is under way has them.
    facts: Box<ConnectionFacts>,
    /// How long the next request may take to begin.
    patience: Duration,
    leaving: Leaving,
    copying: Option<Box<Copying>>,
}

impl Connection<'_> {
    async fn serve(&mut self) {
        while let Some(mut session) = self.session.take() {
            session.rest();
            let Session { client, timer, .. } = &mut *session;
            if !self.is_asked(client, timer).await {
                return part(&self.facts, client).await;
            }
            let Application {
                runtime, listener, ..
            } = *self.application;
            let mut request = spare::take(runtime, listener, &mut self.facts);
            let arriving = Arriving::new(client, &mut request);
            let arrival = arrival::head(arriving.client, timer, arriving.request).await;
            arriving.arrived();
            let answer = match arrival {
                Arrival::End => return part(&request.connection, client).await,
                Arrival::Head => self.understand(&mut request),
                Arrival::Refused(status) => refuse(&mut request, &mut session.client, status),
                Arrival::BrokenOff(status) => {
                    salvage(&mut request, session.client.received());
                    session.client.consume(session.client.received().len());
                    request.response.status = status;
                    Answer::Close
                }
            };
            self.answer(answer, request, session).await;
        }
    }

    /// Waits for the next request to begin; false when none does.
    async fn is_asked(&mut self, client: &mut End, timer: &mut Timer) -> bool {
        let is_first = self.facts.requests == 0;
        let waiting = skip_empty_lines(client);
        self.facts.pipelined = waiting > 0 && !is_first;
        if waiting > 0 {
            // What it had sent on beforehand was for answers that nobody will read.
            return !client.is_gone();
        }
        let _idle = (!is_first).then(|| Idle::begin(self.application.runtime));
        arrival::first_bytes(&mut self.leaving, client, timer, self.patience).await
    }

    /// Finds out what is asked of whom, and decides the answer.
    fn understand(&self, request: &mut Request) -> Answer {
        request.begin();
        request.keep_alive = self.may_continue(request);
        match identify::identify(request) {
            Ok(()) => match client_certificate::objection(request) {
                None => engine::decide(request),
                Some(status) => {
                    request.keep_alive = false;
                    engine::fail(request, status)
                }
            },
            Err(status) => {
                request.keep_alive = false;
                without_origin(engine::fail(request, status), status)
            }
        }
    }

    fn may_continue(&self, request: &Request) -> bool {
        let head = &request.head;
        let wanted = head.minor_version() == 1 || head.connection_lists(b"keep-alive");
        wanted && !head.connection_lists(b"close") && !self.leaving.is_so()
    }

    async fn answer(
        &mut self,
        mut answer: Answer,
        mut request: Box<Request>,
        mut session: Box<Session>,
    ) {
        session.follow(&request);
        session.client.consume(request.head.bytes().len());
        if let Answer::Wait(paused) = answer {
            let settled = wait::settle(&mut request, &mut session, paused);
            answer = Box::pin(settled).await;
        }
        let settings = &request.location.settings;
        request.keep_alive &= !settings.keepalive_timeout.is_zero()
            && request.connection.requests < settings.keepalive_requests
            && request.connection.age() < settings.keepalive_time;
        body::begin(&mut request, &mut session);
        if request.bodies.copies.is_some() {
            answer = self.copy(answer, &mut request, &mut session).await;
        }
        match answer {
            Answer::Wait(_) | Answer::Close => engine::finish(&mut request),
            Answer::Local(response) => self.respond(request, session, response).await,
            Answer::Receive(receiver) => {
                let received = body::receive(&mut request, &mut session, receiver);
                match Box::pin(received).await {
                    Answer::Local(response) => self.respond(request, session, response).await,
                    _ => engine::finish(&mut request),
                }
            }
            Answer::Proxy(origin) => {
                // It is large: an idle connection has no place set aside for it.
                Box::pin(self.proxy(request, session, origin)).await;
            }
        }
    }

    /// Has copies of a request made; the answer is another where its body cannot be read.
    async fn copy(
        &mut self,
        answer: Answer,
        request: &mut Request,
        session: &mut Session,
    ) -> Answer {
        if !matches!(answer, Answer::Local(_) | Answer::Proxy(_)) {
            return answer;
        }
        let copying = self.copying.get_or_insert_default();
        match Box::pin(copying.begin(request, session)).await {
            Ok(()) => answer,
            Err(error) => body::unreadable(request, &error),
        }
    }

    /// Sends an answer that was made here, then gets the rest of the body out of the way.
    async fn respond(
        &mut self,
        mut request: Box<Request>,
        mut session: Box<Session>,
        response: Response,
    ) {
        let response = body::judge(&mut request, &mut session, response);
        session.follow(&request);
        let sent = send::send(&mut request, &mut session, response).await;
        let rest = match sent && request.keep_alive {
            true => Some(body::drain(&mut session).await),
            false => None,
        };
        engine::finish(&mut request);
        match rest {
            Some(Rest::Gone) => {
                // The next response made here brings its own.
                request.response.fields = Fields::default();
                self.go_on(request, session);
            }
            Some(Rest::Malformed) | None if sent => {
                let is_read = session.body.is_done() && request.head.fault().is_none();
                send::linger(&mut session.client, is_read).await;
            }
            _ => {}
        }
    }

    async fn proxy(
        &mut self,
        mut request: Box<Request>,
        mut session: Box<Session>,
        origin: &'static dyn Origin,
    ) {
        match road::run(&mut request, &mut session, origin).await {
            Proxied::Instead(response) => {
                // What a proxied request usually takes is half as large without it.
                Box::pin(self.respond(request, session, response)).await;
            }
            Proxied::Close => engine::finish(&mut request),
            Proxied::Sent { whole } => {
                engine::finish(&mut request);
                if whole && request.keep_alive {
                    self.go_on(request, session);
                } else {
                    // What came before a break-off must not be lost to a reset either.
                    let is_read = whole && session.body.is_done();
                    send::linger(&mut session.client, is_read).await;
                }
            }
        }
    }

    /// The connection may serve another request.
    fn go_on(&mut self, request: Box<Request>, session: Box<Session>) {
        self.patience = request.location.settings.keepalive_timeout;
        spare::keep(request, &mut self.facts);
        self.session = Some(session);
    }
}

/// Nothing more comes: on an encrypted connection that is said to the client, too.
async fn part(facts: &ConnectionFacts, client: &mut End) {
    if facts.encryption.is_on() {
        Shutdown::shutdown(&mut **client.stream_mut()).await;
    }
}

/// A request whose head is refused: what can be read of it is kept for logs and metrics.
fn refuse(request: &mut Request, client: &mut End, status: u16) -> Answer {
    salvage(request, client.received());
    client.consume(client.received().len());
    without_origin(engine::fail(request, status), status)
}

/// A refused request has no head that an origin could be given, and no body.
fn without_origin(answer: Answer, status: u16) -> Answer {
    match answer {
        Answer::Proxy(_) | Answer::Receive(_) | Answer::Wait(_) => {
            Answer::Local(Response::page(status))
        }
        answer => answer,
    }
}

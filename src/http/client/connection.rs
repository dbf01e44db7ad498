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

use super::answering::{self, After};
use super::arrival::{self, Arrival, Idle};
use super::cut_off::{Arriving, skip_empty_lines};
use super::handshake;
use super::http2;
use super::leaving::Leaving;
use super::proxied;
use super::send;
use super::spare;
use crate::http::course::encryption::Encryption;
use crate::http::course::engine::{self, Answer};
use crate::http::course::identify::salvage;
use crate::http::course::request::{ConnectionFacts, Request};
use crate::http::course::session::Session;
use crate::http::plan::runtime::{Listener, Runtime};
use crate::http::transport::clock;
use crate::http::transport::end::End;
use crate::http::transport::received::Received;
use crate::http::transport::timer::{Timer, deadline};
use crate::http::upstream::copies::Copying;

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
            stands_in: None,
            proxied: None,
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
        let (mut stream, mut received) = (stream, Received::default());
        if self.listener.proxied {
            let site = (self.runtime, self.listener);
            let header = proxied::receive(&mut stream, &mut facts, site, shutdown);
            received = Box::pin(header).await?;
        }
        if self.listener.encrypted {
            // It is done before requests come, and an idle connection keeps nothing of it.
            let arrived = (stream, received);
            let begun = handshake::begin(arrived, self.runtime, self.listener, &facts, shutdown);
            (stream, received, facts.encryption) = Box::pin(begun).await?;
        }
        let traffic = Arc::clone(&facts.traffic);
        let server = self.runtime.server(self.listener.names.default());
        let mut connection = Connection {
            application: self,
            session: Some(Box::new(Session::new(End::with(stream, received, traffic)))),
            facts: Box::new(facts),
            patience: server.settings.header_timeout,
            leaving: Leaving::new(shutdown.clone()),
            copying: None,
        };
        {
            let mut serving = pin!(connection.serve_any());
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
    async fn serve_any(&mut self) {
        match self.is_http2().await {
            Some(true) => self.serve_http2().await,
            // Those of HTTP/2 have no place set aside for it.
            Some(false) => Box::pin(self.serve()).await,
            None => {}
        }
    }

    /// Whether the client speaks HTTP/2; `None` when it says nothing that would tell.
    async fn is_http2(&mut self) -> Option<bool> {
        if let Some(agreed) = self.facts.encryption.agreed() {
            return Some(agreed.application.as_deref() == Some(b"h2"));
        }
        let Application {
            runtime, listener, ..
        } = *self.application;
        let server = runtime.server(listener.names.default());
        let is_offered = listener.http2 || server.settings.http2.is_on;
        let Some(session) = self.session.as_mut().filter(|_| is_offered) else {
            return Some(false);
        };
        if let Encryption::Missing = self.facts.encryption {
            return Some(false);
        }
        let Session { client, timer, .. } = &mut **session;
        let until = deadline(self.patience);
        loop {
            if let Some(is_so) = http2::begins(client.received()) {
                return Some(is_so);
            }
            let left = until.saturating_duration_since(clock::now());
            if !arrival::first_bytes(&mut self.leaving, client, timer, left).await {
                // Half of it is a request of HTTP/1 that was broken off.
                return (!client.received().is_empty()).then_some(false);
            }
        }
    }

    async fn serve_http2(&mut self) {
        let watch = self.leaving.again();
        let session = self.session.take();
        let Some((stream, received)) = session.and_then(|one| one.client.into_wire()) else {
            return;
        };
        let Application {
            runtime, listener, ..
        } = *self.application;
        let met = http2::Met {
            runtime,
            listener,
            facts: self.facts.clone(),
            leaving: watch,
            stream,
            received,
        };
        // Connections of HTTP/1 have no place set aside for it.
        Box::pin(http2::serve(met)).await;
    }

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
                Arrival::Head => {
                    request.begin();
                    answering::understand(&mut request, self.leaving.is_so())
                }
                Arrival::Refused(status) => refuse(&mut request, &mut session.client, status),
                Arrival::BrokenOff(status) => {
                    salvage(&mut request, session.client.received());
                    session.client.consume(session.client.received().len());
                    request.response.status = status;
                    Answer::Close
                }
            };
            match answering::answer(answer, &mut request, &mut session, &mut self.copying).await {
                After::Next => self.go_on(request, session),
                After::Linger { is_read, .. } => send::linger(&mut session.client, is_read).await,
                After::Close => {}
            }
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

    /// The connection may serve another request.
    fn go_on(&mut self, request: Box<Request>, session: Box<Session>) {
        self.patience = request.location.settings.keepalive_timeout;
        spare::keep(request, &mut self.facts);
        self.session = Some(session);
    }
}

/// Nothing more comes: on an encrypted connection that is said to the client, too.
async fn part(facts: &ConnectionFacts, client: &mut End) {
    if facts.encryption.is_on()
        && let Some(wire) = client.wire_mut()
    {
        Shutdown::shutdown(&mut **wire).await;
    }
}

/// A request whose head is refused: what can be read of it is kept for logs and metrics.
fn refuse(request: &mut Request, client: &mut End, status: u16) -> Answer {
    salvage(request, client.received());
    client.consume(client.received().len());
    answering::without_origin(engine::fail(request, status), status)
}

//! The beginning of a connection where encrypted ones are expected.
//!
//! It takes place in the connection's own task and within `client_header_timeout`, so a client that
//! is slow or silent costs nothing but its socket. The name that the client asks for decides whose
//! certificate it sees; a name of nobody's gets the default server's. A client that speaks plain
//! HTTP is noticed by its first byte, and told.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use rustls::server::{Accepted, Acceptor, UnbufferedServerConnection};
use tokio::io::AsyncWriteExt;

use crate::http::course::connection_facts::ConnectionFacts;
use crate::http::course::encryption::{Agreed, Encryption, Offer, Terms};
use crate::http::course::request::Request;
use crate::http::plan::handshakes::Handshake;
use crate::http::plan::runtime::{Listener, Runtime, Server};
use crate::http::transport::encrypted::Encrypted;
use crate::http::transport::received::Received;

/// The type of the record that every TLS connection begins with.
const HANDSHAKE_RECORD: u8 = 22;

/// Once the worker is to end, a handshake must end within this time.
const LAST_CHANCE: Duration = Duration::from_millis(1500);

/// A connection that is ready, with what a client that spoke plain HTTP has sent.
pub(in crate::http) type Begun = (Stream, Received, Encryption);

const CUT: &str = "tls handshake eof";

/// Makes a fresh connection of `listener`, with what has been received of it, ready for requests. `None` when it came to
/// nothing.
pub(in crate::http) async fn begin(
    arrived: (Stream, Received),
    runtime: &'static Runtime,
    listener: &'static Listener,
    facts: &ConnectionFacts,
    shutdown: &ShutdownWatch,
) -> Option<Begun> {
    let default = runtime.server(listener.names.default());
    let mut asked = Asked {
        facts,
        runtime,
        listener,
        server: default,
        name: None,
        begun: false,
    };
    let work = asked.meet(arrived);
    let result = within(default.settings.header_timeout, shutdown.clone(), work).await;
    asked.note(&result);
    result?.ok()
}

/// Who was asked for so far.
struct Asked<'a> {
    facts: &'a ConnectionFacts,
    runtime: &'static Runtime,
    listener: &'static Listener,
    server: &'static Server,
    /// The name that the client asked for.
    name: Option<String>,
    begun: bool,
}

impl Asked<'_> {
    async fn meet(&mut self, arrived: (Stream, Received)) -> io::Result<Begun> {
        let (mut stream, mut received) = arrived;
        let Some(hello) = self.hello(&mut stream, &mut received).await? else {
            return Ok((stream, received, Encryption::Missing));
        };
        self.begun = true;
        let (stream, encryption) = self.shake(stream, received, hello).await?;
        Ok((stream, Received::default(), encryption))
    }

    /// Reads what a client begins with; `None` when that is plain HTTP.
    async fn hello(
        &mut self,
        stream: &mut Stream,
        received: &mut Received,
    ) -> io::Result<Option<Accepted>> {
        let mut acceptor = Acceptor::default();
        let mut told = 0;
        loop {
            if received.len() == told
                && poll_fn(|task| received.poll_read(task, stream)).await? == 0
            {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, CUT));
            }
            if received.bytes()[0] != HANDSHAKE_RECORD {
                return Ok(None);
            }
            self.begun = true;
            let mut fresh = &received.bytes()[told..];
            told = received.len();
            while !fresh.is_empty() && acceptor.read_tls(&mut fresh)? > 0 {
                match acceptor.accept() {
                    Ok(None) => {}
                    Ok(accepted) => return Ok(accepted),
                    Err((error, mut alert)) => {
                        let mut records = Vec::new();
                        alert.write_all(&mut records)?;
                        stream.write_all(&records).await?;
                        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                    }
                }
            }
        }
    }

    async fn shake(
        &mut self,
        stream: Stream,
        received: Received,
        accepted: Accepted,
    ) -> io::Result<(Stream, Encryption)> {
        let default = self.server;
        let hello = accepted.client_hello();
        if let Some(name) = hello.server_name() {
            let name = name.to_ascii_lowercase();
            let found = self.listener.names.find_quietly(name.as_bytes());
            self.server = self.runtime.server(found);
            self.name = Some(name);
        }
        let offers = match terms(self.server, default) {
            Some(Terms::Accept(offers)) => offers.clone(),
            Some(Terms::Choose(choice)) => match choice.choose(&mut self.request(self.unmet())) {
                Ok(offers) => offers,
                Err(problem) => {
                    log::error!("{problem} while SSL handshaking{}", self.who());
                    return refuse(stream, INTERNAL_ERROR).await;
                }
            },
            Some(Terms::Refuse) => return refuse(stream, UNRECOGNIZED_NAME).await,
            None => return refuse(stream, HANDSHAKE_FAILURE).await,
        };
        let config = offers.config(self.offers_http2());
        let key = config.cert_resolver.resolve(hello);
        let offer = Offer::of(&accepted.client_hello());
        drop(accepted);
        let side = UnbufferedServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        let stream = Encrypted::begin(side, stream, received).await?;
        let mut agreed = Agreed::of(stream.side(), key.as_deref(), self.name.clone(), offer);
        agreed.meet(stream.side(), self.server.clients.as_ref());
        Ok((Box::new(stream), Encryption::On(Arc::new(agreed))))
    }

    /// Whether HTTP/2 is spoken with whoever asks for this server.
    fn offers_http2(&self) -> bool {
        self.listener.http2 || self.server.settings.http2.is_on
    }

    /// Counts and logs how it ended.
    fn note(&self, result: &Option<io::Result<Begun>>) {
        let end = match result {
            Some(Ok((_, _, Encryption::On(agreed)))) => Handshake::Done {
                resumed: agreed.resumed,
            },
            Some(Ok(_)) => return,
            // Nothing was said: a connection that was opened for later, or a look at the port.
            _ if !self.begun => return,
            Some(Err(error)) => {
                self.tell(&format!("failed: {error}"));
                Handshake::Failed
            }
            None => {
                self.tell("timed out");
                Handshake::TimedOut
            }
        };
        if self.server.handshakes.is_empty() {
            return;
        }
        let mut request = self.request(match result {
            Some(Ok((_, _, encryption))) => encryption.clone(),
            _ => self.unmet(),
        });
        for counter in &self.server.handshakes {
            counter.count(end, &mut request);
        }
    }

    /// What stands for a request as long as there is none.
    fn request(&self, encryption: Encryption) -> Request {
        let mut facts = self.facts.clone();
        facts.encryption = encryption;
        let mut request = Request::new(self.runtime, self.listener, facts);
        request.server = self.server;
        request.location = self.runtime.location(self.server.own);
        request
    }

    /// What is known of a client while there is no agreement.
    fn unmet(&self) -> Encryption {
        Encryption::On(Arc::new(Agreed::asked_for(self.name.clone())))
    }

    fn tell(&self, how: &str) {
        log::info!("TLS handshake {how}{}", self.who());
    }

    /// The end of a line of the log: who it is about.
    fn who(&self) -> String {
        let name = &self.server.name;
        match self.facts.client {
            Some(client) => format!(", client: {}, server: {name}", client.ip()),
            None => format!(", client: unix:, server: {name}"),
        }
    }
}

/// A server without a certificate leaves the handshake to the default one.
fn terms(server: &'static Server, default: &'static Server) -> Option<&'static Terms> {
    server.encryption.as_ref().or(default.encryption.as_ref())
}

/// Tells the client why there will be no connection.
async fn refuse<T>(mut stream: Stream, alert: u8) -> io::Result<T> {
    const FATAL: u8 = 2;
    stream
        .write_all(&[ALERT_RECORD, 3, 3, 0, 2, FATAL, alert])
        .await?;
    stream.flush().await?;
    let error = match alert {
        UNRECOGNIZED_NAME => "handshakes are rejected",
        INTERNAL_ERROR => "the certificate cannot be had",
        _ => "there is no certificate",
    };
    Err(io::Error::other(error))
}

/// The type of a record that tells what went wrong, and two things that can.
const ALERT_RECORD: u8 = 21;
const HANDSHAKE_FAILURE: u8 = 40;
const INTERNAL_ERROR: u8 = 80;
const UNRECOGNIZED_NAME: u8 = 112;

/// Does `work` within `patience`, or soon once the worker is to end.
pub(super) async fn within<F: Future>(
    patience: Duration,
    mut shutdown: ShutdownWatch,
    work: F,
) -> Option<F::Output> {
    let deadline = Instant::now() + patience;
    tokio::pin!(work);
    if !*shutdown.borrow() {
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            () = tokio::time::sleep_until(deadline.into()) => return None,
            _ = shutdown.changed() => {}
        }
    }
    let last = deadline.min(Instant::now() + LAST_CHANCE);
    tokio::time::timeout_at(last.into(), work).await.ok()
}

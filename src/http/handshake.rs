//! The beginning of a connection where encrypted ones are expected.
//!
//! It takes place in the connection's own task and within `client_header_timeout`, so a client that
//! is slow or silent costs nothing but its socket. The name that the client asks for decides whose
//! certificate it sees; a name of nobody's gets the default server's. A client that speaks plain
//! HTTP is noticed by its first byte, and told.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use rustls::server::Acceptor;
use tokio::io::AsyncWriteExt;
use tokio_rustls::LazyConfigAcceptor;

use super::encryption::{Encrypted, Encryption, Terms};
use super::runtime::{Listener, Runtime, Server};

/// The end of a handshake, for whoever counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// It succeeded.
    Done {
        /// An earlier session was taken up.
        resumed: bool,
    },
    /// The client took too long.
    TimedOut,
    /// It failed.
    Failed,
}

/// Counts the handshakes of a server.
pub trait HandshakeCounter: Send + Sync {
    /// One has ended.
    fn count(&self, handshake: Handshake);
}

/// The type of the record that every TLS connection begins with.
const HANDSHAKE_RECORD: u8 = 22;

/// Once the worker is to end, a handshake must end within this time.
const LAST_CHANCE: Duration = Duration::from_millis(1500);

/// Makes a fresh connection of `listener` ready for requests. `None` when it came to nothing.
pub(super) async fn begin(
    stream: Stream,
    runtime: &'static Runtime,
    listener: &'static Listener,
    shutdown: &ShutdownWatch,
) -> Option<(Stream, Encryption)> {
    let default = runtime.server(listener.names.default());
    let socket = stream.get_socket_digest();
    let mut asked = Asked {
        client: socket.and_then(|socket| socket.peer_addr()?.as_inet().copied()),
        server: default,
        begun: false,
    };
    let work = asked.meet(stream, runtime, listener);
    let result = within(default.settings.header_timeout, shutdown.clone(), work).await;
    asked.note(&result);
    result?.ok()
}

/// Who was asked for so far.
struct Asked {
    client: Option<SocketAddr>,
    server: &'static Server,
    begun: bool,
}

impl Asked {
    async fn meet(
        &mut self,
        mut stream: Stream,
        runtime: &'static Runtime,
        listener: &'static Listener,
    ) -> io::Result<(Stream, Encryption)> {
        let mut first = [0];
        if stream.try_peek(&mut first).await? && first[0] != HANDSHAKE_RECORD {
            return Ok((stream, Encryption::Missing));
        }
        self.begun = true;
        shake(stream, runtime, listener, &mut self.server).await
    }

    /// Counts and logs how it ended.
    fn note(&self, result: &Option<io::Result<(Stream, Encryption)>>) {
        let end = match result {
            Some(Ok((_, Encryption::On(agreed)))) => Handshake::Done {
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
        for counter in &self.server.handshakes {
            counter.count(end);
        }
    }

    fn tell(&self, how: &str) {
        let name = &self.server.name;
        match self.client {
            Some(client) => {
                log::info!(
                    "TLS handshake {how}, client: {}, server: {name}",
                    client.ip()
                );
            }
            None => log::info!("TLS handshake {how}, client: unix:, server: {name}"),
        }
    }
}

async fn shake(
    stream: Stream,
    runtime: &'static Runtime,
    listener: &'static Listener,
    server: &mut &'static Server,
) -> io::Result<(Stream, Encryption)> {
    let default = *server;
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    if let Some(name) = start.client_hello().server_name() {
        let name = name.to_ascii_lowercase();
        let found = listener.names.find_quietly(name.as_bytes());
        *server = runtime.server(found);
    }
    let config = match terms(server, default) {
        Some(Terms::Accept(config)) => config,
        Some(Terms::Refuse) => return refuse(start.io, UNRECOGNIZED_NAME).await,
        None => return refuse(start.io, HANDSHAKE_FAILURE).await,
    };
    let stream = start.into_stream(Arc::clone(config)).await?;
    let (stream, agreed) = Encrypted::new(stream);
    Ok((Box::new(stream), Encryption::On(Arc::new(agreed))))
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
        _ => "there is no certificate",
    };
    Err(io::Error::other(error))
}

/// The type of a record that tells what went wrong, and two things that can.
const ALERT_RECORD: u8 = 21;
const HANDSHAKE_FAILURE: u8 = 40;
const UNRECOGNIZED_NAME: u8 = 112;

/// Does `work` within `patience`, or soon once the worker is to end.
async fn within<F: Future>(
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

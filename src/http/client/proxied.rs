//! The header of the PROXY protocol, before anything else of a connection: who is behind the proxy that it comes from.
//!
//! It is received within `client_header_timeout`. What begins in another way is told in the log, and closed.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;

use super::handshake::within;
use crate::http::course::connection_facts::ConnectionFacts;
use crate::http::plan::runtime::{Listener, Runtime};
use crate::http::transport::proxy_header::{self, Broken, Progress, Proxied};
use crate::http::transport::received::Received;

/// Receives the header of a fresh connection; what has come behind it is left. `None` when there is none.
pub(super) async fn receive(
    stream: &mut Stream,
    facts: &mut ConnectionFacts,
    (runtime, listener): (&'static Runtime, &'static Listener),
    shutdown: &ShutdownWatch,
) -> Option<Received> {
    let server = runtime.server(listener.names.default());
    let mut received = Received::default();
    let work = header(stream, &mut received);
    let came = within(server.settings.header_timeout, shutdown.clone(), work).await;
    let problem = match came {
        Some(Ok(Ok(proxied))) => {
            facts.proxied = proxied.map(Arc::new);
            return Some(received);
        }
        // Nothing was said: a look at the port, as those make who see whether it is open.
        _ if received.is_empty() => return None,
        Some(Ok(Err(broken))) => told(broken, received.bytes()),
        Some(Err(_)) => "client closed connection".to_owned(),
        None => "client timed out".to_owned(),
    };
    let address = &listener.address;
    match facts.client {
        Some(client) => {
            let client = client.ip();
            log::error!(
                "{problem} while reading PROXY protocol, client: {client}, server: {address}"
            );
        }
        None => {
            log::error!("{problem} while reading PROXY protocol, client: unix:, server: {address}");
        }
    }
    None
}

type Header = Result<Option<Proxied>, Broken>;

async fn header(stream: &mut Stream, received: &mut Received) -> io::Result<Header> {
    loop {
        if poll_fn(|task| received.poll_read(task, stream)).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match proxy_header::read(received.bytes()) {
            Ok(Progress::Partial) => {}
            Ok(Progress::Whole(length, proxied)) => {
                received.consume(length);
                return Ok(Ok(proxied));
            }
            Err(broken) => return Ok(Err(broken)),
        }
    }
}

/// So much of what came instead of a header is told.
const TOLD: usize = 107;

fn told(broken: Broken, received: &[u8]) -> String {
    match broken {
        Broken::Line => {
            let begin = &received[..received.len().min(TOLD)];
            format!("{broken}: \"{}\"", begin.escape_ascii())
        }
        _ => broken.to_string(),
    }
}

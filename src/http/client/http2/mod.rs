//! Connections of HTTP/2: one task drives h2, and each stream has one of its own that answers it.

mod driver;
mod stream;

use std::future::poll_fn;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, Connection};
use pingora_core::protocols::Stream;

use self::driver::Driver;
use super::leaving::Leaving;
use super::send;
use crate::http::course::connection_facts::ConnectionFacts;
use crate::http::course::encryption::Encryption;
use crate::http::plan::http2_counters::Http2Count;
use crate::http::plan::runtime::{Listener, Runtime, Server};
use crate::http::plan::settings::ConnectionSettings;
use crate::http::transport::end::End;
use crate::http::transport::received::Received;
use crate::http::transport::timer::{Timer, deadline};
use crate::http::transport::wire::{PREFACE, Shared, Wire};

/// A connection on which HTTP/2 is spoken.
pub(super) struct Met {
    pub(super) runtime: &'static Runtime,
    pub(super) listener: &'static Listener,
    pub(super) facts: Box<ConnectionFacts>,
    pub(super) leaving: Leaving,
    pub(super) stream: Stream,
    /// What the client has sent so far.
    pub(super) received: Received,
}

/// Whether a connection begins as those of HTTP/2 do; `None` when more bytes are needed.
pub(super) fn begins(received: &[u8]) -> Option<bool> {
    let length = received.len().min(PREFACE.len());
    match received[..length] == PREFACE[..length] {
        true if length < PREFACE.len() => None,
        is_preface => Some(is_preface),
    }
}

/// Whose settings a connection has: those of the server that was asked for by name, or of the default one.
pub(super) fn server_of(
    runtime: &'static Runtime,
    listener: &'static Listener,
    encryption: &Encryption,
) -> &'static Server {
    let name = encryption.agreed().and_then(|one| one.server_name.as_ref());
    let found = name.map(|name| listener.names.find_quietly(name.as_bytes()));
    runtime.server(found.unwrap_or_else(|| listener.names.default()))
}

/// Something that is counted as long as it is there.
pub(super) struct Counted(&'static Runtime, Http2Count);

impl Counted {
    fn begin(runtime: &'static Runtime, count: Http2Count) -> Self {
        runtime.http2.add(count, 1);
        Self(runtime, count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.http2.end(self.1);
    }
}

/// Serves a connection to its end.
pub(super) async fn serve(met: Met) {
    let _counted = Counted::begin(met.runtime, Http2Count::ActiveConnections);
    met.runtime.http2.add(Http2Count::Connections, 1);
    let server = server_of(met.runtime, met.listener, &met.facts.encryption);
    let shared = Shared::new(met.stream, met.received, list(&server.settings));
    let patience = server.settings.header_timeout;
    let mut timer = Timer::default();
    if let Some(h2) = shake(&shared, &mut timer, &server.settings, patience).await {
        let mut driver = Driver {
            h2,
            shared: shared.clone(),
            runtime: met.runtime,
            listener: met.listener,
            server,
            facts: met.facts,
            leaving: met.leaving,
            timer,
            idle: None,
            idle_until: None,
            leaves_at: None,
            is_condemned: false,
        };
        poll_fn(|task| driver.poll(task)).await;
        // It tells the streams first, and has nothing more to say then.
        shared.end();
        driver.take_news();
        drop(driver);
    }
    if let Some(stream) = shared.clone().into_stream() {
        // A client that takes in what has left says so: that must not reset what it has not taken in yet.
        send::linger(&mut End::new(stream, Default::default()), false).await;
    }
    poll_fn(|task| {
        shared.wake_when_idle(task.waker());
        match shared.load() {
            (0, _) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
}

/// Both sides say what they want; `None` when that comes to nothing.
async fn shake(
    shared: &Shared,
    timer: &mut Timer,
    settings: &ConnectionSettings,
    patience: Duration,
) -> Option<Connection<Wire, Bytes>> {
    let mut shaking = Box::pin(terms(settings).handshake(shared.wire()));
    let until = deadline(patience);
    poll_fn(|task| {
        let shaken = shaking.as_mut().poll(task);
        if let Poll::Ready(Err(_)) = shared.poll_push(task) {
            return Poll::Ready(None);
        }
        if let Poll::Ready(shaken) = shaken {
            return Poll::Ready(shaken.ok());
        }
        ready!(timer.poll(task, until));
        Poll::Ready(None)
    })
    .await
}

/// How large a list of fields may be. Our own limits are to speak first: h2 adds 32 bytes to each of the thousand
/// fields that are let in.
fn list(settings: &ConnectionSettings) -> usize {
    settings.longest_head.saturating_add(32 * 1024)
}

/// What clients are told, and what h2 puts up with.
fn terms(settings: &ConnectionSettings) -> Builder {
    let window = settings.http2.window;
    let of_connection = window.saturating_mul(16).clamp(1 << 20, (1 << 31) - 1);
    let list = list(settings);
    let mut terms = Builder::new();
    terms
        .max_concurrent_streams(settings.http2.streams)
        .initial_window_size(window)
        .initial_connection_window_size(of_connection)
        .max_header_list_size(u32::try_from(list).unwrap_or(u32::MAX))
        .max_concurrent_reset_streams(32)
        .reset_stream_duration(Duration::from_secs(1))
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(Some(256))
        .max_send_buffer_size(64 * 1024);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preface_is_told_from_a_request() {
        assert_eq!(begins(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0"), Some(true));
        for partial in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r"] {
            assert_eq!(begins(partial), None);
        }
        for other in [&b"G"[..], b"PUT / HTTP/1.1", b"PRI * HTTP/2.0\r\n\r\nSN"] {
            assert_eq!(begins(other), Some(false));
        }
    }
}

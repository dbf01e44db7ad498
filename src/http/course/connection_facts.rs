//! What is known of a connection, and the bytes that went over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::encryption::Encryption;
use crate::http::transport::clock;
use crate::http::transport::proxy_header::Proxied;
use crate::http::transport::traffic::Traffic;
use crate::metric::Moment;

/// What is known of a connection.
#[derive(Clone)]
pub struct ConnectionFacts {
    /// A number of its own, while the worker lives.
    pub number: u64,
    /// When it was accepted.
    pub since: Moment,
    /// How many requests it has carried, this one included.
    pub requests: u64,
    /// Whether this request came before the one before it was answered.
    pub pipelined: bool,
    /// The client: who is at the other end, or whom that one speaks for; `None` for a Unix socket.
    pub client: Option<SocketAddr>,
    /// Who is at the other end, where that is not the client of the request.
    pub stands_in: Option<Option<SocketAddr>>,
    /// What a header of the PROXY protocol said of it.
    pub proxied: Option<Arc<Proxied>>,
    /// The address it came to; `None` for a Unix socket.
    pub local: Option<SocketAddr>,
    /// Bytes received and sent.
    pub traffic: Arc<Traffic>,
    /// Whether and how it is encrypted.
    pub encryption: Encryption,
}

impl ConnectionFacts {
    /// Who is at the other end, whoever the client is; `None` for a Unix socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.stands_in.unwrap_or(self.client)
    }

    /// The request that is under way comes from `client`, for whom the other end speaks.
    pub fn speak_for(&mut self, client: SocketAddr) {
        self.stands_in = Some(self.peer());
        self.client = Some(client);
    }

    /// Another request begins, of whom the other end has said nothing so far.
    pub(in crate::http) fn begin_request(&mut self) {
        self.requests += 1;
        if let Some(peer) = self.stands_in.take() {
            self.client = peer;
        }
    }

    /// How long ago it was accepted.
    pub fn age(&self) -> Duration {
        Duration::from_nanos(clock::moment().0.saturating_sub(self.since.0))
    }

    /// What stands in for those of a connection where there is none.
    pub(in crate::http) fn of_none() -> Self {
        Self {
            number: 0,
            since: clock::moment(),
            requests: 0,
            pipelined: false,
            client: None,
            stands_in: None,
            proxied: None,
            local: None,
            traffic: Arc::default(),
            encryption: Encryption::None,
        }
    }
}

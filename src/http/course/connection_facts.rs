//! What is known of a connection, and the bytes that went over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::encryption::Encryption;
use crate::http::transport::clock;
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
    /// The client; `None` for a Unix socket.
    pub client: Option<SocketAddr>,
    /// The address it came to; `None` for a Unix socket.
    pub local: Option<SocketAddr>,
    /// Bytes received and sent.
    pub traffic: Arc<Traffic>,
    /// Whether and how it is encrypted.
    pub encryption: Encryption,
}

impl ConnectionFacts {
    /// How long ago it was accepted.
    pub(in crate::http) fn age(&self) -> Duration {
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
            local: None,
            traffic: Arc::default(),
            encryption: Encryption::None,
        }
    }
}

//! What is known of a connection, and the bytes that went over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::encryption::Encryption;

/// What is known of a connection.
#[derive(Clone)]
pub struct ConnectionFacts {
    /// A number of its own, while the worker lives.
    pub number: u64,
    /// How many requests it has carried, this one included.
    pub requests: u64,
    /// The client; `None` for a Unix socket.
    pub client: Option<SocketAddr>,
    /// The address it came to; `None` for a Unix socket.
    pub local: Option<SocketAddr>,
    /// Bytes received and sent.
    pub traffic: Arc<Traffic>,
    /// Whether and how it is encrypted.
    pub encryption: Encryption,
}

/// Bytes that went over a connection.
#[derive(Debug, Default)]
pub struct Traffic {
    /// From the client, as far as it was consumed by a request.
    pub received: AtomicU64,
    /// To the client.
    pub sent: AtomicU64,
    /// Of the present request's response, its head, and whatever came before that.
    pub head: AtomicU64,
}

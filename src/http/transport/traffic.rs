//! Bytes that went over a connection.

use std::sync::atomic::AtomicU64;

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

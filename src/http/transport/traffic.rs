//! Bytes that went over a connection.

use std::sync::atomic::{AtomicU64, Ordering};

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

impl Traffic {
    /// So many bytes of a response's head, or of what comes before it, are about to leave.
    pub fn count_head(&self, bytes: usize) {
        self.head.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

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
    /// Of its body, what says where chunks begin and end.
    pub framing: AtomicU64,
}

impl Traffic {
    /// So many bytes of a response's head, or of what comes before it, are about to leave.
    pub fn count_head(&self, bytes: usize) {
        add(&self.head, bytes);
    }

    /// So many bytes of a response's body were the framing of chunks, and have been sent.
    pub fn count_framing(&self, bytes: usize) {
        add(&self.framing, bytes);
    }

    /// So many bytes were consumed.
    pub fn count_received(&self, bytes: usize) {
        add(&self.received, bytes);
    }

    /// So many bytes were sent.
    pub fn count_sent(&self, bytes: usize) {
        add(&self.sent, bytes);
    }
}

/// Only the task of the connection counts, so nothing is lost between load and store, and no other processor
/// need hear of it.
fn add(total: &AtomicU64, bytes: usize) {
    let before = total.load(Ordering::Relaxed);
    total.store(before.wrapping_add(bytes as u64), Ordering::Relaxed);
}

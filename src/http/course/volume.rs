//! How much went over the wire for a request.

use std::sync::atomic::Ordering;

use super::request::Request;

impl Request {
    /// Bytes received for this request: head and body.
    pub fn bytes_received(&self) -> u64 {
        self.bytes_consumed()
            .max(self.head.received_length() as u64)
    }

    /// Bytes sent for this request: head and body.
    pub fn bytes_sent(&self) -> u64 {
        self.connection
            .traffic
            .sent
            .load(Ordering::Relaxed)
            .saturating_sub(self.sent_before)
    }

    /// Bytes of the body that were sent, in chunks or not: all that followed the head.
    pub fn body_bytes_sent(&self) -> u64 {
        let head = self.connection.traffic.head.load(Ordering::Relaxed);
        self.bytes_sent().saturating_sub(head)
    }

    /// The same without the framing of chunks: bytes of content.
    pub fn content_bytes_sent(&self) -> u64 {
        let framing = self.connection.traffic.framing.load(Ordering::Relaxed);
        self.body_bytes_sent().saturating_sub(framing)
    }

    /// Bytes received for this request that were understood so far: none before its answer is decided.
    pub fn bytes_consumed(&self) -> u64 {
        let received = self.connection.traffic.received.load(Ordering::Relaxed);
        received.saturating_sub(self.received_before)
    }
}

//! Connections as streams of bytes: what was received and not consumed, what was sent, counted.

use std::time::Duration;

pub mod departure;
pub mod endpoint;
pub mod first_piece;
pub mod sent_head;
pub mod traffic;

/// So long a client may take to receive the last record.
pub(in crate::http) const FAREWELL: Duration = Duration::from_secs(5);

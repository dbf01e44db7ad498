//! Connections as streams of bytes: what was received and not consumed, what was sent, counted.

use std::time::Duration;

pub mod behind;
pub mod clock;
pub mod departure;
pub mod dial;
pub mod encrypted;
pub mod end;
pub mod fastcgi;
pub mod fault;
pub mod flood;
mod frame;
pub mod half;
#[cfg(test)]
mod half_tests;
pub mod hpack;
pub mod http2;
pub mod link;
pub mod meter;
pub mod nowhere;
pub mod outbox;
pub mod pace;
pub mod proxy_header;
mod purse;
pub mod received;
mod records;
mod screen;
pub mod secure;
pub(in crate::http) mod side;
pub mod socket;
pub mod spill;
pub mod start;
pub mod streams;
pub mod timer;
pub mod traffic;
mod turn;
pub mod wire;

/// So long the other side may take to receive the last record.
pub(in crate::http) const FAREWELL: Duration = Duration::from_secs(5);

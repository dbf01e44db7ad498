//! The side that asks: its connections, TLS, heads as they come, responses as they leave.

mod answering;
mod arrival;
pub mod body;
pub mod connection;
pub mod cut_off;
pub mod handshake;
mod http2;
mod leaving;
mod proxied;
pub mod send;
mod spare;

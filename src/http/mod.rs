//! A request's life, on Pingora's streams: rooms that use only those behind them, see the map
//! in `src/README.md`. No feature is named here: modules bring directives, variables and handlers, and
//! everything is known by index before the first request.
#![forbid(unsafe_code)]

pub mod build;
pub mod client;
pub mod course;
pub mod message;
pub mod plan;
pub mod transport;
pub mod upstream;

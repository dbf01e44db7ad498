//! Backpressure: what limits requests by how the server and its origins are doing.

pub mod signal;

//! A request's life, on Pingora.
//!
//! `connection` reads a request's head, `engine` takes it through the phases to an answer,
//! `respond` writes what is made here, `bridge` hands the rest to Pingora's proxy. `builder` makes
//! the `runtime` they work on out of a configuration. No feature is named here: modules bring
//! directives, variables and handlers, and everything is known by index before the first request.
#![forbid(unsafe_code)]

pub mod build;
pub mod client;
pub mod course;
pub mod message;
pub mod plan;
pub mod transport;
pub mod upstream;

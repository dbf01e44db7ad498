//! A request's life, on Pingora.
//!
//! `connection` reads a request's head, `engine` takes it through the phases to an answer,
//! `respond` writes what is made here, `bridge` hands the rest to Pingora's proxy. `builder` makes
//! the `runtime` they work on out of a configuration. No feature is named here: modules bring
//! directives, variables and handlers, and everything is known by index before the first request.
#![forbid(unsafe_code)]

pub mod bridge;
pub mod builder;
pub mod chore;
pub mod circumstances;
pub mod connection;
pub mod connection_facts;
pub mod content;
pub mod encryption;
pub mod engine;
pub mod handshake;
pub mod lifecycle;
pub mod memory;
pub mod module;
mod nesting;
pub mod origin;
pub mod outcome;
pub mod pattern;
pub mod phase;
pub mod provision;
pub mod receiver;
pub mod request;
pub mod response;
pub mod runtime;
pub mod settings;
pub mod state;
pub mod stream;
pub mod template;
pub mod uri;
pub mod variable;
pub mod written;

mod body;
mod chunks;
pub mod client;
pub mod counters;
mod departure;
mod exchange;
mod fields;
mod framing;
pub mod head;
mod hooks;
mod host;
mod identify;
mod listeners;
mod location;
mod location_tree;
mod reading;
mod respond;
mod send;
mod sent_head;
mod server_name;
mod share;

pub use identify::identify;
pub use location::{Kind, Location, LocationIndex, Locations};
pub use respond::server as server_field;

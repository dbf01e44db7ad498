//! A request on its way: its state, the phases, the one exit for responses.

mod access;
pub mod bodies;
pub mod circumstances;
pub mod client_certificate;
pub mod connection_facts;
mod cut_off;
pub mod encryption;
pub mod engine;
mod held;
pub mod identify;
pub mod message;
pub mod nesting;
mod nobody;
pub mod partial;
mod preaccess;
pub mod request;
pub mod request_body;
pub mod respond;
pub mod session;
mod settle;
mod states;
pub mod subrequest;
mod value;
mod volume;

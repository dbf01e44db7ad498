//! What running a request's phases comes to.

use super::origin::Origin;
use super::receiver::Receiver;
use super::wait::Wait;
use crate::http::message::response::Response;

/// The decision of a rewrite step or a content handler.
pub enum Outcome {
    /// This response.
    Respond(Response),
    /// A response with this status and the standard page, unless `error_page` says otherwise.
    Status(u16),
    /// The client is to ask elsewhere, unless `error_page` says otherwise.
    Elsewhere {
        /// Of the redirect.
        status: u16,
        /// Where, as the client is told.
        location: Vec<u8>,
    },
    /// The same request at another URI of ours.
    Redirect(InternalTarget),
    /// Ask an origin.
    Proxy(&'static dyn Origin),
    /// Read the body; this makes the answer then.
    Receive(&'static dyn Receiver),
    /// Run this content handler again when something is over. Rewrite steps cannot wait.
    Wait(Wait),
    /// Close the connection without a word; the status is for the log.
    Close(u16),
}

/// Where an internal redirect leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InternalTarget {
    /// A path of the same server.
    Uri {
        /// Decoded.
        path: Vec<u8>,
        /// The query; without one it is empty.
        arguments: Option<Vec<u8>>,
    },
    /// A named location (`@name`).
    Named(String),
}

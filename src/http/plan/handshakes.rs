//! Handshakes of encrypted connections, for whoever counts them.

use crate::http::course::request::Request;

/// The end of a handshake, for whoever counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// It succeeded.
    Done {
        /// An earlier session was taken up.
        resumed: bool,
    },
    /// The client took too long.
    TimedOut,
    /// It failed.
    Failed,
}

/// Counts the handshakes of a server.
pub trait HandshakeCounter: Send + Sync {
    /// One has ended. There is no request yet; this one knows the connection and the server.
    fn count(&self, handshake: Handshake, request: &mut Request);
}

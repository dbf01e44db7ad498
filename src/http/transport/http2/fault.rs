//! Why an exchange over HTTP/2 failed.

use std::fmt;
use std::io;

use h2::Reason;

/// Why an exchange over HTTP/2 failed.
#[derive(Debug)]
pub struct Fault {
    /// What that means for the request.
    pub kind: Kind,
    text: String,
}

/// What a failure means for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The peer says that it has not touched it.
    Untouched,
    /// The peer gave it up.
    Reset,
    /// The peer does not keep to HTTP/2.
    Invalid,
    /// The request cannot be said in HTTP/2: the peer has not heard of it.
    Unsayable,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

/// The fault that an error of a connection is, if it is one of HTTP/2.
pub fn of(error: &io::Error) -> Option<&Fault> {
    error.get_ref()?.downcast_ref()
}

/// An error that means the request is wrong.
pub(super) fn unsayable(what: &str) -> io::Error {
    io::Error::other(Fault {
        kind: Kind::Unsayable,
        text: format!("the request's {what} cannot be said in HTTP/2"),
    })
}

/// An error that means the peer is wrong.
pub(super) fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::other(Fault {
        kind: Kind::Invalid,
        text: text.into(),
    })
}

/// What an error of the crate is for whoever uses a connection.
pub(super) fn error(error: h2::Error) -> io::Error {
    let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
    let (kind, text) = match (error.is_remote(), error.is_reset()) {
        // Streams hear of a GOAWAY only if they are beyond the last one that it says was looked at.
        (true, false) => (Kind::Untouched, format!("the peer sent GOAWAY: {reason:?}")),
        (true, true) => {
            let kind = match reason {
                Reason::REFUSED_STREAM => Kind::Untouched,
                _ => Kind::Reset,
            };
            (kind, format!("the peer reset the stream: {reason:?}"))
        }
        (false, _) if error.is_library() => (
            Kind::Invalid,
            format!("the peer broke a rule of HTTP/2: {reason:?}"),
        ),
        (false, _) if error.is_io() => return of_io(error),
        (false, _) => (Kind::Invalid, format!("HTTP/2: {error}")),
    };
    io::Error::other(Fault { kind, text })
}

fn of_io(error: h2::Error) -> io::Error {
    let error = error.into_io();
    let error = error.unwrap_or_else(|| io::ErrorKind::BrokenPipe.into());
    match error.kind() {
        // Only what was read can be invalid, and the crate keeps nothing of it but its text.
        io::ErrorKind::InvalidData => invalid(error.to_string()),
        _ => error,
    }
}

//! Why an exchange over HTTP/2 failed.

use std::io;

use h2::Reason;

use crate::http::transport::fault::{Fault, Kind};

/// An error that means the request is wrong.
pub(super) fn unsayable(what: &str) -> io::Error {
    let text = format!("the request's {what} cannot be said in HTTP/2");
    Fault::error(Kind::Unsayable, text)
}

/// An error that means the peer is wrong.
pub(super) fn invalid(text: impl Into<String>) -> io::Error {
    Fault::error(Kind::Invalid, text)
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
    Fault::error(kind, text)
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

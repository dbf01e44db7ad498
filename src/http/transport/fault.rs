//! What is wrong with a peer, or with a request for it, beside a connection that fails.

use std::fmt;
use std::io;

/// Why an exchange failed over what is spoken with the peer.
#[derive(Debug)]
pub struct Fault {
    /// What that means for the request.
    pub kind: Kind,
    pub(super) text: String,
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
    /// The peer does not keep to FastCGI.
    BadRecords,
    /// The peer ended within a response of FastCGI.
    Cut,
}

impl Kind {
    /// Whether the text of such a fault is the whole sentence for the log.
    pub fn is_told_by_text(self) -> bool {
        matches!(self, Self::Unsayable | Self::BadRecords | Self::Cut)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// The error of a connection that such a fault is.
    pub(super) fn error(kind: Kind, text: impl Into<String>) -> io::Error {
        let text = text.into();
        io::Error::other(Self { kind, text })
    }
}

/// The fault that an error of a connection is, if it is one.
pub fn of(error: &io::Error) -> Option<&Fault> {
    error.get_ref()?.downcast_ref()
}

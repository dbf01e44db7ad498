//! The version of HTTP that a request came by.

/// The version of HTTP that a request came by; later ones are greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0, or an earlier one.
    #[default]
    Http10,
    /// HTTP/1.1, or a later one of HTTP/1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl Version {
    /// As a request line ends.
    pub fn text(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2.0",
        }
    }
}

//! The doors by which blocks ask a server: the same requests in HTTP/1.1, or in HTTP/2.

use std::io;
use std::net::SocketAddr;

use super::PATIENCE;
use super::client::{self, Response};
use super::http2;

/// The version of HTTP that a block is asked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Door {
    #[default]
    Http1,
    Http2,
}

impl Door {
    /// The mark of sections that are for this door only.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Http1 => "http1:",
            Self::Http2 => "http2:",
        }
    }

    /// `$server_protocol` of what is asked by it.
    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2.0",
        }
    }
}

/// Fields that belong to a connection of HTTP/1 and do not exist in HTTP/2.
pub(crate) const OF_CONNECTION: [&str; 5] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// A request that is to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> Ask<'a> {
    /// A GET with no fields of its own.
    pub(crate) fn get(target: &'a str) -> Self {
        Self {
            method: "GET",
            target,
            headers: &[],
            body: None,
        }
    }
}

/// A connection that requests are sent over, one after another.
pub(crate) enum Connection {
    Http1(client::Connection),
    Http2(http2::Connection),
}

impl Connection {
    /// Connects by a door.
    pub(crate) fn open(door: Door, address: SocketAddr) -> io::Result<Self> {
        Ok(match door {
            Door::Http1 => Self::Http1(client::Connection::open(address, PATIENCE)?),
            Door::Http2 => Self::Http2(http2::Connection::open(address, PATIENCE)?),
        })
    }

    /// Whether nothing more can be asked over it.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_closed(),
            Self::Http2(connection) => connection.is_closed(),
        }
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, ask: &Ask<'_>) -> io::Result<Response> {
        match self {
            Self::Http1(connection) => {
                let bytes = client::head(ask.method, ask.target, ask.headers, ask.body);
                connection.send(&bytes)?;
                connection.receive(ask.method)
            }
            Self::Http2(connection) => connection.ask(ask),
        }
    }
}

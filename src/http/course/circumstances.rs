//! Which request a line of the error log is about, in nginx's words.
//!
//! Written behind the message. What clients sent is escaped, so that it cannot look like anything else.

use std::fmt;

use super::request::Request;

/// The end of a line: client, server, request and host.
pub struct Circumstances<'a>(pub &'a Request);

impl fmt::Display for Circumstances<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.0;
        match request.connection.client {
            Some(client) => write!(out, ", client: {}", client.ip())?,
            None => out.write_str(", client: unix:")?,
        }
        write!(out, ", server: {}", request.server.name)?;
        let line = request.head.request_line().escape_ascii();
        write!(out, ", request: \"{line}\"")?;
        match request.head.field(b"host") {
            Some(host) => write!(out, ", host: \"{}\"", host.escape_ascii()),
            None => Ok(()),
        }
    }
}

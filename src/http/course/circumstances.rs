//! Which request a line of the error log is about, in nginx's words.
//!
//! Written behind the message. What clients sent is escaped, so that it cannot look like anything else.

use std::fmt;

use super::request::Request;

/// The end of a line: client, server, request, host, and who referred to it.
pub struct Circumstances<'a>(pub &'a Request);

impl fmt::Display for Circumstances<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, None, out)
    }
}

/// The end of a line about an origin, which is named too.
pub struct Passing<'a>(pub &'a Request, pub &'a dyn fmt::Display);

impl fmt::Display for Passing<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, Some(self.1), out)
    }
}

fn write(
    request: &Request,
    upstream: Option<&dyn fmt::Display>,
    out: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match request.connection.client {
        Some(client) => write!(out, ", client: {}", client.ip())?,
        None => out.write_str(", client: unix:")?,
    }
    write!(out, ", server: {}", request.server.name)?;
    let line = request.head.request_line().escape_ascii();
    write!(out, ", request: \"{line}\"")?;
    if request.is_subrequest() {
        let path = request.path.escape_ascii();
        write!(out, ", subrequest: \"{path}\"")?;
    }
    if let Some(upstream) = upstream {
        write!(out, ", upstream: \"{upstream}\"")?;
    }
    for (called, name) in [("host", &b"host"[..]), ("referrer", b"referer")] {
        if let Some(value) = request.head.field(name) {
            write!(out, ", {called}: \"{}\"", value.escape_ascii())?;
        }
    }
    Ok(())
}

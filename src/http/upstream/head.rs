//! A response's head on its way from the peer to the client.

use std::borrow::Cow;

use super::exchange::Broken;
use crate::http::course::message;
use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;
use crate::http::message::framing::Framing;
use crate::http::message::response;
use crate::http::message::response_head::ResponseHead;
use crate::http::message::version::Version;
use crate::http::plan::origin::{Body, Origin, Reply};
use crate::http::plan::tee::{Coming, Tee};
use crate::http::transport::start::Start;

/// What a peer's head comes to.
pub(super) enum Taken {
    /// Another one follows. What the client is told meanwhile, if anything.
    Informational(Option<Start>),
    /// A change to another protocol that nobody has asked for.
    Unasked,
    /// The response.
    Final {
        framing: Framing,
        /// Whether the peer keeps its connection open.
        persistent: bool,
        reason: Cow<'static, str>,
        /// Whether the body is read ahead of a slow client.
        reads_ahead: bool,
        /// Who else has it.
        tee: Option<Box<dyn Tee>>,
    },
}

pub(super) const SWITCHING: u16 = 101;

/// Has a head judged by whoever passed the request on; the response's fields are in the request then.
pub(super) fn take(
    request: &mut Request,
    origin: &'static dyn Origin,
    body: Body,
    head: &ResponseHead<'_>,
) -> Result<Taken, Broken> {
    if head.status < 200 && head.status != SWITCHING {
        return Ok(Taken::Informational(informational(request, head)));
    }
    if head.status == SWITCHING && !asks_to_switch(request) {
        return Ok(Taken::Unasked);
    }
    origin.answered(request, head);
    request.response.status = head.status;
    copy_fields(request, origin, head);
    match origin.response(request, body) {
        Reply::Send => {}
        Reply::Another => return Err(Broken::Another),
        Reply::Later(wait) => return Err(Broken::Later(wait)),
        Reply::Fail(status) => return Err(Broken::Status(status)),
        Reply::Instead(response) => return Err(Broken::Instead(response)),
        Reply::Redirect(target) => return Err(Broken::Redirect(target)),
    }
    let asks_for_head = origin.asks_for_head(request);
    let reads_ahead = origin.reads_ahead(head);
    let tee = origin.tee(request, coming(head, asks_for_head, reads_ahead));
    let is_had = request.response.status == 304 && head.status != 304;
    let is_unwanted = (request.is_head() || is_had) && tee.is_none();
    let framing = head.framing(asks_for_head || is_unwanted);
    if asks_for_head && !request.is_head() && head.content_length.is_some() {
        request.response.set("Content-Length", b"0");
    }
    Ok(Taken::Final {
        framing,
        // A body that nobody wants is not read.
        persistent: head.persistent && (asks_for_head || !is_unwanted),
        reads_ahead,
        tee,
        reason: match response::reason(request.response.status) {
            usual if usual == head.reason || request.response.status != head.status => usual.into(),
            _ => head.reason.to_owned().into(),
        },
    })
}

/// What is known of the body that follows; none does where a head was asked for.
fn coming(head: &ResponseHead<'_>, asks_for_head: bool, is_read_ahead: bool) -> Coming {
    let length = match head.framing(false) {
        _ if asks_for_head => Some(0),
        Framing::Length(length) => Some(length),
        _ => None,
    };
    Coming {
        length,
        is_read_ahead,
    }
}

/// Whether the client wants to speak another protocol. One of HTTP/1.0 cannot ask for it (RFC 9110 §7.8), and
/// nobody does in the middle of a body.
fn asks_to_switch(request: &Request) -> bool {
    let is_possible = request.head.version() == Version::Http11 && !request.is_addition();
    is_possible && request.head.field(b"upgrade").is_some()
}

/// The fields that go on to the client. How the body ends is told by a field of our own.
fn copy_fields(request: &mut Request, origin: &'static dyn Origin, head: &ResponseHead<'_>) {
    let switches = head.status == SWITCHING;
    request.response.fields.clear();
    for field in head.fields() {
        let is_passed = match head.is_of_connection(&field) {
            true => {
                switches && is_of_upgrade(field.name) || tells_upgrade(request, head, field.name)
            }
            false => !origin.hides(field.name),
        };
        if is_passed {
            request.response.fields.add(field.name, field.value);
        }
    }
    let says_length = !matches!(head.status, 100..200 | 204);
    if let Some(length) = head.content_length.filter(|_| says_length) {
        let digits = Decimal::new(length);
        request.response.add("Content-Length", digits.bytes());
    }
}

/// Whether a field tells the client of HTTP/1 which protocol it has to change to.
fn tells_upgrade(request: &Request, head: &ResponseHead<'_>, name: &[u8]) -> bool {
    let is_told = head.status == 426 && request.head.version() < Version::Http2;
    is_told && name.eq_ignore_ascii_case(b"upgrade")
}

fn is_of_upgrade(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"upgrade") || name.eq_ignore_ascii_case(b"connection")
}

/// What a client is told before the response, unless its HTTP is too old. It was told to go on already.
fn informational(request: &Request, head: &ResponseHead<'_>) -> Option<Start> {
    let version = request.head.version();
    if head.status == 100 || version < Version::Http11 || request.is_subrequest() {
        return None;
    }
    let fields = head.fields().filter(|field| !head.is_of_connection(field));
    if version == Version::Http2 {
        return message::informational(head.status, fields.map(|one| (one.name, one.value)));
    }
    let mut out = Vec::new();
    out.extend_from_slice(format!("HTTP/1.1 {} {}\r\n", head.status, head.reason).as_bytes());
    for field in fields {
        out.extend_from_slice(field.name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(field.value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    Some(Start::Bytes(out))
}

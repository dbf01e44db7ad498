//! The one exit for responses made here: what a response's head looks like on the wire.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use super::engine;
use super::request::Request;
use super::response::{Body, Field, Response, reason};
use pingora::http::ResponseHeader;

/// Takes a response to the point where its head leaves, and runs what is due there.
pub(super) fn take(request: &mut Request, response: &mut Response) {
    std::mem::swap(&mut request.response, &mut response.head);
    if let Some(length) = response.body.length() {
        let length = length.to_string();
        request.response.set("Content-Length", length.as_bytes());
    }
    engine::head_point(request);
    if is_bodiless(request.response.status) {
        let is_length = |field: &Field| field.name.eq_ignore_ascii_case("content-length");
        request.response.fields.retain(|field| !is_length(field));
    }
    request.keep_alive &= !closes(request.response.status);
    request.keep_alive &= response.body.length().is_some() || is_chunked(request, &response.body);
    tell_patience(request);
}

/// Tells the client how long its connection will be kept (`keepalive_timeout`).
fn tell_patience(request: &mut Request) {
    let told = request.location.settings.keepalive_told;
    if let Some(seconds) = told.filter(|_| request.keep_alive) {
        let value = format!("timeout={seconds}");
        request.response.set("Keep-Alive", value.as_bytes());
    }
}

/// Whether the body goes out in chunks; a client that does not know them reads to the end.
pub(super) fn is_chunked(request: &Request, body: &Body) -> bool {
    body.length().is_none() && request.head.minor_version() == 1
}

/// Whether the body follows the head.
pub(super) fn sends_body(request: &Request) -> bool {
    !is_bodiless(request.response.status) && !request.is_head()
}

/// The head of a taken response as it is sent, with the empty line.
pub(super) fn head(request: &Request, body: &Body) -> Vec<u8> {
    let status = request.response.status;
    let mut out = Vec::with_capacity(256);
    status_line(&mut out, status);
    if let Some(server) = server(request) {
        field(&mut out, "Server", server.as_bytes());
    }
    date_field(&mut out);
    for one in request
        .response
        .fields
        .iter()
        .filter(|one| !one.value.is_empty())
    {
        field(&mut out, &one.name, &one.value);
    }
    if !is_bodiless(status) && is_chunked(request, body) {
        field(&mut out, "Transfer-Encoding", b"chunked");
    }
    let connection: &[u8] = if request.keep_alive {
        b"keep-alive"
    } else {
        b"close"
    };
    field(&mut out, "Connection", connection);
    out.extend_from_slice(b"\r\n");
    out
}

/// The same head for Pingora's session, which sees to `Connection` itself.
pub(super) fn pingora_head(request: &Request, body: &Body) -> pingora_core::Result<ResponseHeader> {
    let status = request.response.status;
    let mut head = ResponseHeader::build(status, Some(8))?;
    head.set_reason_phrase(Some(reason(status)))?;
    if let Some(server) = server(request) {
        head.append_header("Server", server)?;
    }
    head.append_header("Date", date())?;
    for one in request
        .response
        .fields
        .iter()
        .filter(|one| !one.value.is_empty())
    {
        head.append_header(one.name.clone(), one.value.as_slice())?;
    }
    if !is_bodiless(status) && body.length().is_none() {
        head.append_header("Transfer-Encoding", "chunked")?;
    }
    Ok(head)
}

/// Takes a peer's response to the point where its head leaves, and gives the head that does.
pub(super) fn proxied_head(
    request: &mut Request,
    head: &ResponseHeader,
) -> pingora_core::Result<ResponseHeader> {
    let original = head.status.as_u16();
    let switches = original == 101;
    request.response.status = original;
    request.response.fields.clear();
    for (name, value) in head.case_header_iter() {
        let hops = name.as_slice().eq_ignore_ascii_case(b"connection")
            || name.as_slice().eq_ignore_ascii_case(b"keep-alive");
        if !hops || switches {
            request.response.fields.push(Field {
                name: String::from_utf8_lossy(name.as_slice()).into_owned(),
                value: value.as_bytes().to_vec(),
            });
        }
    }
    engine::head_point(request);
    if switches {
        // Both sides speak another protocol from here on, whatever an error page has in mind.
        request.response.status = original;
    } else {
        tell_patience(request);
    }
    request.head_sent = true;
    let status = request.response.status;
    if status != original && is_bodiless(status) {
        let frames = |name: &str| {
            name.eq_ignore_ascii_case("content-length")
                || name.eq_ignore_ascii_case("transfer-encoding")
        };
        request.response.fields.retain(|one| !frames(&one.name));
    }
    let mut out = ResponseHeader::build(status, Some(request.response.fields.len() + 3))?;
    out.set_reason_phrase(match status == original {
        true => head.get_reason_phrase(),
        false => Some(reason(status)),
    })?;
    if !switches
        && request.response.field("server").is_none()
        && let Some(server) = server(request)
    {
        out.append_header("Server", server)?;
    }
    for one in request
        .response
        .fields
        .iter()
        .filter(|one| !one.value.is_empty())
    {
        out.append_header(one.name.clone(), one.value.as_slice())?;
    }
    Ok(out)
}

/// What the `Server` field says, if there is to be one.
pub fn server(request: &Request) -> Option<&str> {
    let text = &*request.location.settings.server_tokens;
    (!text.is_empty()).then_some(text)
}

fn is_bodiless(status: u16) -> bool {
    status < 200 || status == 204 || status == 304
}

/// Whether a response with this status ends its connection: the request may not have been
/// understood to its end.
pub(super) fn closes(status: u16) -> bool {
    matches!(status, 400 | 408 | 413 | 414 | 494 | 497 | 500 | 501 | 505)
}

/// The present time as a `Date` field has it.
pub(super) fn date() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}

fn status_line(out: &mut Vec<u8>, status: u16) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason(status).as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn date_field(out: &mut Vec<u8>) {
    thread_local! {
        static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let second = since.unwrap_or(Duration::ZERO).as_secs();
    LAST.with_borrow_mut(|(last, text)| {
        if *last != second || text.is_empty() {
            *last = second;
            *text = date();
        }
        field(out, "Date", text.as_bytes());
    });
}

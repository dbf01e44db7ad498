//! The one exit for responses made here: what a response's head looks like on the wire.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use super::engine;
use super::request::Request;
use crate::http::message::decimal::Decimal;
use crate::http::message::response::{Body, Response, reason};
use crate::http::message::version::Version;
use crate::http::transport::clock;
use crate::metric::Moment;
use crate::os;

/// Takes a response to the point where its head leaves, and runs what is due there.
pub(in crate::http) fn take(request: &mut Request, response: &mut Response) {
    std::mem::swap(&mut request.response, &mut response.head);
    if let Some(length) = response.body.length() {
        let length = Decimal::new(length);
        request.response.set("Content-Length", length.bytes());
    }
    engine::head_point(request);
    if is_bodiless(request.response.status) {
        request.bodies.response.clear();
        request.response.remove("content-length");
    }
    request.keep_alive &= !closes(request.response.status);
    request.keep_alive &=
        request.head.version() == Version::Http11 || is_length_known(request, &response.body);
    tell_patience(request);
}

/// Tells the client how long its connection will be kept (`keepalive_timeout`).
fn tell_patience(request: &mut Request) {
    let told = request.location.settings.keepalive_told;
    let is_http1 = request.head.version() < Version::Http2;
    if let Some(seconds) = told.filter(|_| request.keep_alive && is_http1) {
        let value = format!("timeout={seconds}");
        request.response.set("Keep-Alive", value.as_bytes());
    }
}

/// Whether the body goes out in chunks; a client that does not know them reads to the end.
pub(in crate::http) fn is_chunked(request: &Request, body: &Body) -> bool {
    !is_length_known(request, body) && request.head.version() == Version::Http11
}

fn is_length_known(request: &Request, body: &Body) -> bool {
    body.length().is_some() && !request.bodies.response.change_length()
}

/// Whether the body follows the head.
pub(in crate::http) fn sends_body(request: &Request) -> bool {
    !is_bodiless(request.response.status) && !request.is_head()
}

/// Appends the head of a taken response as it is sent, with the empty line; `chunked` if its body goes out so.
pub(in crate::http) fn head(request: &Request, chunked: bool, out: &mut Vec<u8>) {
    let status = request.response.status;
    out.reserve(USUAL);
    status_line(out, status, reason(status));
    out.extend_from_slice(server_line(request));
    date_field(out);
    request.response.fields.write(out);
    if chunked {
        field(out, "Transfer-Encoding", b"chunked");
    }
    connection_field(request, out);
    out.extend_from_slice(b"\r\n");
}

/// Most heads have room in so many bytes, with a short body behind them.
const USUAL: usize = 512;

/// How a peer's response is passed on.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// Whether both sides speak another protocol from here on.
    switches: bool,
    /// Whether its status is still that of the peer.
    is_original: bool,
    /// Whether its body goes out in chunks.
    pub chunked: bool,
    /// Whether its body goes out at all.
    pub with_body: bool,
}

/// Takes a peer's response, whose status and fields are those of `request.response`, to the point
/// where its head leaves.
pub fn pass(request: &mut Request, is_length_known: bool) -> Passed {
    let original = request.response.status;
    let switches = original == 101;
    engine::head_point(request);
    if switches {
        // Both sides speak another protocol from here on, whatever an error page has in mind.
        request.response.status = original;
    }
    let status = request.response.status;
    let with_body = switches || sends_body(request);
    if !with_body || switches {
        request.bodies.response.clear();
    }
    let is_length_known = is_length_known && !request.bodies.response.change_length();
    let is_framed = is_length_known || !with_body || switches;
    let takes_chunks = request.head.version() == Version::Http11 && !request.is_subrequest();
    let chunked = !is_framed && takes_chunks;
    request.keep_alive &= !switches && (is_framed || chunked);
    if status != original && is_bodiless(status) {
        request.response.remove("content-length");
    }
    tell_patience(request);
    request.head_sent = true;
    Passed {
        switches,
        is_original: status == original,
        chunked,
        with_body,
    }
}

/// Appends the head of a peer's response as it is passed on, with the phrase that the peer's status has.
pub fn proxied_head(request: &Request, phrase: &str, passed: Passed, out: &mut Vec<u8>) {
    let start = out.len();
    let (status, switches) = (request.response.status, passed.switches);
    let phrase = match passed.is_original {
        true => phrase,
        false => reason(status),
    };
    status_line(out, status, phrase);
    if !switches && request.response.field("server").is_none() {
        out.extend_from_slice(server_line(request));
    }
    if request.response.field("date").is_none() {
        date_field(out);
    }
    request.response.fields.write(out);
    if passed.chunked {
        field(out, "Transfer-Encoding", b"chunked");
    }
    if !switches {
        connection_field(request, out);
    }
    out.extend_from_slice(b"\r\n");
    request.connection.traffic.count_head(out.len() - start);
}

fn server_line(request: &Request) -> &[u8] {
    request.location.settings.server_line.as_bytes()
}

fn is_bodiless(status: u16) -> bool {
    status < 200 || status == 204 || status == 304
}

/// Whether a response with this status ends its connection: the request may not have been
/// understood to its end.
pub(in crate::http) fn closes(status: u16) -> bool {
    matches!(status, 400 | 408 | 413 | 414 | 494..=497 | 500 | 501 | 505)
}

fn status_line(out: &mut Vec<u8>, status: u16, phrase: &str) {
    let mut line = *b"HTTP/1.1 000 ";
    let mut rest = status;
    for digit in line[9..12].iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    out.extend_from_slice(&line);
    out.extend_from_slice(phrase.as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn connection_field(request: &Request, out: &mut Vec<u8>) {
    out.extend_from_slice(match request.keep_alive {
        true => b"Connection: keep-alive\r\n",
        false => b"Connection: close\r\n",
    });
}

/// So many nanoseconds the line is used without another look at the calendar: its seconds begin this late.
const DATE_HOLDS: u64 = 10_000_000;

fn date_field(out: &mut Vec<u8>) {
    with_date_line(|line| out.extend_from_slice(line));
}

/// Gives the value of the `Date` field.
pub(super) fn with_date(give: impl FnOnce(&[u8])) {
    with_date_line(|line| give(&line[b"Date: ".len()..line.len() - b"\r\n".len()]));
}

fn with_date_line(give: impl FnOnce(&[u8])) {
    thread_local! {
        static LAST: RefCell<(Moment, Vec<u8>)> = const { RefCell::new((Moment(0), Vec::new())) };
    }
    let moment = clock::moment();
    LAST.with_borrow_mut(|(last, line)| {
        if moment.0.abs_diff(last.0) > DATE_HOLDS || line.is_empty() {
            *last = moment;
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(os::seconds());
            line.clear();
            field(line, "Date", httpdate::fmt_http_date(now).as_bytes());
        }
        give(line);
    });
}

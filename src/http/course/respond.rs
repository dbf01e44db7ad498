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
    take_head(request, response);
    request.keep_alive &= takes_chunks(request) || is_length_known(request, &response.body);
    tell_patience(request);
}

/// The same where the response says nothing of a connection.
pub(in crate::http) fn take_head(request: &mut Request, response: &mut Response) {
    put_head(request, response);
    let is_bodiless_already = is_bodiless(request.response.status);
    if is_bodiless_already {
        request.response.remove("content-type");
    }
    engine::head_point(request);
    if request.response_refused {
        *response = Response::page(request.response.status);
        put_head(request, response);
    }
    if is_bodiless(request.response.status) {
        request.bodies.response.clear();
        request.response.remove("content-length");
        // One that was added since is meant.
        if !is_bodiless_already {
            request.response.remove("content-type");
        }
    }
}

fn put_head(request: &mut Request, response: &mut Response) {
    std::mem::swap(&mut request.response, &mut response.head);
    if let Some(length) = response.body.length() {
        let length = Decimal::new(length);
        request.response.set("Content-Length", length.bytes());
    }
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
    !is_length_known(request, body) && takes_chunks(request)
}

/// Whether the client knows chunks and is to get them.
fn takes_chunks(request: &Request) -> bool {
    request.head.version() == Version::Http11 && request.location.settings.responses.chunks
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
    out.reserve(USUAL);
    let words = request.response.reason();
    status_line(out, request.response.status, words);
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
/// where its head leaves; `None` when a filter refuses it.
pub fn pass(request: &mut Request, is_length_known: bool) -> Option<Passed> {
    let original = request.response.status;
    let switches = original == 101;
    if original == 204 {
        request.response.remove("content-type");
    }
    engine::head_point(request);
    if request.response_refused {
        return None;
    }
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
    let chunked = !is_framed && takes_chunks(request) && !request.is_subrequest();
    request.keep_alive &= !switches && (is_framed || chunked);
    if status != original && is_bodiless(status) {
        request.response.remove("content-length");
    }
    if status != original && status == 204 {
        request.response.remove("content-type");
    }
    tell_patience(request);
    request.head_sent = true;
    Some(Passed {
        switches,
        is_original: status == original,
        chunked,
        with_body,
    })
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
    with_date_line(|_, line| out.extend_from_slice(line));
}

/// Gives the value of the `Date` field.
pub(super) fn with_date(give: impl FnOnce(&[u8])) {
    with_date_line(|_, line| give(&line[b"Date: ".len()..line.len() - b"\r\n".len()]));
}

/// The time that the `Date` field tells, in seconds since 1970: what other fields say of the time fits it.
pub fn date() -> u64 {
    with_date_line(|seconds, _| seconds)
}

fn with_date_line<T>(give: impl FnOnce(u64, &[u8]) -> T) -> T {
    thread_local! {
        static LAST: RefCell<(Moment, u64, Vec<u8>)> =
            const { RefCell::new((Moment(0), 0, Vec::new())) };
    }
    let moment = clock::moment();
    LAST.with_borrow_mut(|(last, seconds, line)| {
        if moment.0.abs_diff(last.0) > DATE_HOLDS || line.is_empty() {
            (*last, *seconds) = (moment, os::seconds());
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(*seconds);
            line.clear();
            field(line, "Date", httpdate::fmt_http_date(now).as_bytes());
        }
        give(*seconds, line)
    })
}

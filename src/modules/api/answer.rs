//! Answers in JSON: how the client wants them, made at once where that is short work and by a thread where it is not.

use std::io::{self, Write};

use crate::http::course::request::Request;
use crate::http::message::response::{Body, Response};
use crate::http::message::stream::{Short, Stream};
use crate::http::message::uri;
use crate::status::Node;
use crate::status::json::{self, Dates, Format, Rows};
use crate::status::path;

/// An answer up to this length is made at once and has a `Content-Length`.
const SHORT: usize = 64 * 1024;

/// So many places, where there are keys or none, are looked at for it: half a millisecond.
pub(super) const SHORT_PLACES: u64 = 1 << 15;

/// An answer in JSON, made while it is sent if it is long. `write` fails if it had to look at more places
/// than it is given. `None` when there is nothing to write.
pub(in crate::modules) fn answer(
    write: impl Fn(&mut dyn Write, u64) -> Option<io::Result<()>> + Send + 'static,
) -> Option<Response> {
    let mut short = Short::new(SHORT);
    if write(&mut short, SHORT_PLACES)?.is_ok() {
        return Some(whole(short));
    }
    let gone = || Err(io::ErrorKind::NotFound.into());
    let stream = Stream::begin(move |out, _| write(out, u64::MAX).unwrap_or_else(gone));
    Some(streamed(stream))
}

/// The same for what takes a walk before the first byte; `write` is told, too, by what it asks whether to go on.
pub(super) fn answer_after_walk(
    request: &Request,
    write: impl Fn(&mut dyn Write, u64, &dyn Fn() -> bool) -> io::Result<()> + Send + 'static,
) -> Response {
    let mut short = Short::new(SHORT);
    if write(&mut short, SHORT_PLACES, &|| true).is_ok() {
        return whole(short);
    }
    // Nobody walks for an answer that is not sent.
    if request.is_head() {
        return streamed(Stream::begin(|_, _| Ok(())));
    }
    streamed(Stream::begin_alone(move |out, reader| {
        write(out, u64::MAX, &|| !reader.has_left())
    }))
}

fn whole(short: Short) -> Response {
    Response::new(200, "application/json", short.into_bytes()).uncached()
}

pub(super) fn streamed(stream: Option<Stream>) -> Response {
    let Some(stream) = stream else {
        let description = "The request could not be processed, see the error log.";
        return refusal(500, "InternalError", description);
    };
    let mut response = Response::new(200, "application/json", "").uncached();
    response.body = Body::Stream(stream);
    response
}

/// The arguments of a request, decoded. One without `=` has an empty value.
pub(super) fn arguments(request: &Request) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = request.arguments.split(|byte| *byte == b'&');
    let pair = |pair: &[u8]| {
        let end = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let value = path::decode(pair.get(end + 1..).unwrap_or_default());
        (pair[..end].to_vec(), value)
    };
    pairs.filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// How the client wants its JSON.
pub(in crate::modules) fn format(request: &Request) -> Format {
    let is = |name: &[u8], value: &[u8]| uri::argument(&request.arguments, name) == Some(value);
    let dates = if is(b"date", b"epoch") {
        Dates::Epoch
    } else {
        Dates::Iso
    };
    Format {
        pretty: !is(b"pretty", b"off"),
        dates,
        rows: Rows::Shown,
    }
}

/// So many rows of each table at most, where tables are shown with their first rows.
const MOST_FIRST_ROWS: usize = 10;

/// Which rows of tables the client wants.
///
/// # Errors
/// With what is wrong.
pub(super) fn rows(request: &Request) -> Result<Rows, String> {
    match uri::argument(&request.arguments, b"rows") {
        None | Some(b"on") => Ok(Rows::Shown),
        Some(b"off") => Ok(Rows::LeftOut),
        Some(text) => {
            let most = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            let most = most.filter(|most| (1..=MOST_FIRST_ROWS).contains(most));
            most.map(Rows::First).ok_or_else(|| {
                format!("\"rows\" is \"on\", \"off\" or a number from 1 to {MOST_FIRST_ROWS}.")
            })
        }
    }
}

/// The answer to a request that cannot be served.
pub(in crate::modules) fn refusal(status: u16, error: &'static str, description: &str) -> Response {
    let text = |text: &str| Node::text(text.as_bytes().to_vec());
    let node = Node::object(vec![
        ("error", text(error)),
        ("description", text(description)),
    ]);
    let mut body = Vec::new();
    // Writing to memory does not fail.
    let _ = json::serialize(
        &node,
        Format {
            pretty: true,
            dates: Dates::Iso,
            rows: Rows::Shown,
        },
        &mut body,
    );
    Response::new(status, "application/json", body)
}

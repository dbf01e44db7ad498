//! The head of an origin's response, read flat: nothing is copied, every rule about framing is
//! applied once.
//!
//! What is contradictory is refused, because whoever stands behind us might understand it the
//! other way (RFC 9112 §6.3): two lengths, a length beside a coding, a coding that is not
//! `chunked`, a coding in HTTP/1.0.

use std::cell::Cell;

use super::framing::{Chunks, Framing};
use super::names::is_same;
use super::response_fields::NameLengths;
use super::response_lines::{self as lines, Malformed, Place, StatusLine};

/// The head of a response as an origin sent it.
#[derive(Debug)]
pub struct ResponseHead<'h> {
    /// 100 to 999.
    pub status: u16,
    /// The reason phrase; may be empty.
    pub reason: &'h str,
    /// 0 or 1 of `HTTP/1.x`.
    pub minor_version: u8,
    /// How many bytes it takes.
    pub length: usize,
    /// `Content-Length`.
    pub content_length: Option<u64>,
    /// `Transfer-Encoding: chunked`.
    pub chunked: bool,
    /// Whether the connection serves another request after this one.
    pub persistent: bool,
    input: &'h [u8],
    /// Each with whether it concerns the connection alone.
    places: &'h [(Place, bool)],
    /// How long the names of the fields are.
    lengths: NameLengths,
    /// Whether `Connection` names fields, beside saying how long it lasts.
    names_fields: bool,
}

/// A field of a response as an origin sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'h> {
    /// A token.
    pub name: &'h [u8],
    /// Without the blanks around it.
    pub value: &'h [u8],
    /// Whether it is known to concern the connection alone.
    is_of_connection: bool,
}

/// Why some bytes are no head of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadResponse {
    /// They are not HTTP/1.
    #[error("invalid header")]
    Malformed,
    /// The end of the body is told in two ways, or in one that is not understood.
    #[error("contradictory or unknown framing")]
    Framing,
}

impl From<Malformed> for BadResponse {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

thread_local! {
    /// Memory for the next head.
    static PLACES: Cell<Vec<(Place, bool)>> = const { Cell::new(Vec::new()) };
}

/// Memory for so many fields is kept for the next head.
const MANY_FIELDS: usize = 256;

/// Who has written a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A peer. Its length beside chunks is an attack (RFC 9112 §6.3).
    Peer,
    /// `transport::http2`, for a stream that may say its length and have trailers as well: both stand in the head.
    Stream,
    /// A peer of FastCGI: the head says its status in a field (RFC 3875 §6.3.3), and nothing of the connection.
    FastCgi,
    /// A program behind uwsgi or SCGI: the same, or a status line before the fields. The connection ends with the response.
    Program,
}

impl Source {
    /// Whether the head follows CGI (RFC 3875).
    fn is_program(self) -> bool {
        matches!(self, Self::FastCgi | Self::Program)
    }
}

/// Reads the head at the beginning of `input` and gives it to `take`; `None` when more bytes are
/// needed.
///
/// # Errors
/// When it is none, or contradicts itself.
pub fn read<T>(
    input: &[u8],
    source: Source,
    take: impl FnOnce(&ResponseHead<'_>) -> T,
) -> Result<Option<T>, BadResponse> {
    let mut places = PLACES.take();
    places.clear();
    let taken = parse(input, source, &mut places).map(|head| head.map(|head| take(&head)));
    if places.capacity() <= MANY_FIELDS {
        PLACES.set(places);
    }
    taken
}

fn parse<'h>(
    input: &'h [u8],
    source: Source,
    places: &'h mut Vec<(Place, bool)>,
) -> Result<Option<ResponseHead<'h>>, BadResponse> {
    let line = match source {
        Source::Peer | Source::Stream => lines::status_line(input)?,
        Source::Program if lines::may_have_status_line(input) => lines::status_line(input)?,
        Source::FastCgi | Source::Program => Some(StatusLine::NONE),
    };
    let Some(mut line) = line else {
        return Ok(None);
    };
    let (mut facts, mut lengths) = (Facts::default(), NameLengths::default());
    let mut at = line.end;
    while !matches!(input.get(at), Some(b'\r' | b'\n')) {
        let Some((place, next)) = lines::field(input, at)? else {
            return Ok(None);
        };
        lengths.add(place.name.len());
        let is_own = facts.take(&input[place.name.clone()], &input[place.value.clone()]);
        places.push((place, is_own));
        at = next;
    }
    let Some(length) = lines::line_end(input, at)? else {
        return Ok(None);
    };
    facts.judge(line.minor_version, source)?;
    if line.status == 0 {
        (line.status, line.reason) = told_status(input, places)?;
    }
    let persistent = match source {
        Source::FastCgi => true,
        Source::Program => false,
        Source::Peer | Source::Stream => {
            !facts.close && (line.minor_version == 1 || facts.keep_alive)
        }
    };
    Ok(Some(ResponseHead {
        status: line.status,
        reason: line.reason,
        minor_version: line.minor_version,
        length,
        content_length: facts.content_length,
        chunked: facts.chunked && !source.is_program(),
        persistent,
        input,
        places,
        lengths,
        names_fields: facts.names_fields,
    }))
}

/// The status that a field says, and its reason; where none does, a place that is named is a redirect.
fn told_status<'h>(
    input: &'h [u8],
    places: &[(Place, bool)],
) -> Result<(u16, &'h str), BadResponse> {
    let find = |name: &[u8]| {
        let mut all = places.iter();
        let found = all.find(|(place, _)| is_same(&input[place.name.clone()], name));
        found.map(|(place, _)| &input[place.value.clone()])
    };
    let Some(text) = find(b"status") else {
        let is_redirect = find(b"location").is_some();
        return Ok(if is_redirect {
            (302, "Found")
        } else {
            (200, "OK")
        });
    };
    let (digits, rest) = text.split_at_checked(3).ok_or(BadResponse::Malformed)?;
    let status = number(digits).and_then(|status| u16::try_from(status).ok());
    let is_whole = matches!(rest.first(), None | Some(b' ' | b'\t'));
    let status = status.filter(|status| is_whole && *status >= 100);
    let reason = std::str::from_utf8(rest.trim_ascii()).unwrap_or_default();
    let reason = if reason.is_ascii() { reason } else { "" };
    Ok((status.ok_or(BadResponse::Malformed)?, reason))
}

/// What the fields say about the connection, and about the end of the body.
#[derive(Default)]
struct Facts {
    close: bool,
    keep_alive: bool,
    names_fields: bool,
    content_length: Option<u64>,
    chunked: bool,
    /// Whether a length is told twice, or is none.
    is_bad_length: bool,
    /// Whether the end of the body is told twice, or in a way that is not understood.
    is_bad: bool,
}

impl Facts {
    /// Takes a field in; whether it is one that concerns the connection alone.
    fn take(&mut self, name: &[u8], value: &[u8]) -> bool {
        let is = |known: &[u8]| is_same(name, known);
        match name.len() {
            2 => return is(b"te"),
            7 => return is(b"upgrade"),
            10 if is(b"keep-alive") => {}
            10 if is(b"connection") => self.take_connection(value),
            14 if is(b"content-length") => {
                let length = number(value);
                self.is_bad_length |= length.is_none() || self.content_length.is_some();
                self.content_length = length;
            }
            16 => return is(b"proxy-connection"),
            17 if is(b"transfer-encoding") => {
                self.is_bad |= self.chunked || !is_same(value, b"chunked");
                self.chunked = true;
            }
            _ => return false,
        }
        true
    }

    fn take_connection(&mut self, value: &[u8]) {
        if is_same(value, b"keep-alive") {
            self.keep_alive = true;
            return;
        }
        for token in tokens(value) {
            match token.len() {
                5 if is_same(token, b"close") => self.close = true,
                10 if is_same(token, b"keep-alive") => self.keep_alive = true,
                _ => self.names_fields = true,
            }
        }
    }

    fn judge(&self, minor_version: u8, source: Source) -> Result<(), BadResponse> {
        if source.is_program() {
            // A coding says nothing there (RFC 3875 §6.3).
            return match self.is_bad_length {
                true => Err(BadResponse::Framing),
                false => Ok(()),
            };
        }
        let is_unknown = self.chunked && minor_version == 0;
        let is_told_twice = source == Source::Peer && self.chunked && self.content_length.is_some();
        match self.is_bad || self.is_bad_length || is_unknown || is_told_twice {
            true => Err(BadResponse::Framing),
            false => Ok(()),
        }
    }
}

impl<'h> ResponseHead<'h> {
    /// Every field, in order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'h>> + use<'h> {
        let input = self.input;
        self.places.iter().map(move |(place, is_own)| Field {
            name: &input[place.name.clone()],
            value: &input[place.value.clone()],
            is_of_connection: *is_own,
        })
    }

    /// How the body ends that follows; `bodiless` when the request was HEAD.
    pub fn framing(&self, bodiless: bool) -> Framing {
        if bodiless || matches!(self.status, 100..200 | 204 | 304) {
            return Framing::NONE;
        }
        match self.content_length {
            _ if self.chunked => Framing::Chunked(Chunks::default()),
            Some(length) => Framing::Length(length),
            None => Framing::UntilClose,
        }
    }

    /// The first field of this name.
    pub fn field(&self, name: &[u8]) -> Option<&'h [u8]> {
        if !self.lengths.have(name.len()) {
            return None;
        }
        let mut fields = self.fields();
        let found = fields.find(|field| is_same(field.name, name))?;
        Some(found.value)
    }

    /// Whether a field concerns the connection alone and is not passed on: one that is known for
    /// that, or that `Connection` names (RFC 9110 §7.6.1).
    pub fn is_of_connection(&self, field: &Field<'_>) -> bool {
        field.is_of_connection || (self.names_fields && self.names_in_connection(field.name))
    }

    fn names_in_connection(&self, name: &[u8]) -> bool {
        let is_connection = |field: &Field<'_>| is_same(field.name, b"connection");
        let mut connection = self.fields().filter(is_connection);
        connection.any(|field| lists(field.value, name))
    }
}

/// Whether a list of tokens has one.
pub fn lists(value: &[u8], token: &[u8]) -> bool {
    tokens(value).any(|one| is_same(one, token))
}

fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Digits and nothing else.
fn number(text: &[u8]) -> Option<u64> {
    let add = |number: u64, byte: &u8| {
        let digit = u64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        number.checked_mul(10)?.checked_add(digit)
    };
    text.first()?;
    text.iter().try_fold(0, add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framing(head: &str) -> Result<Option<String>, BadResponse> {
        read(head.as_bytes(), Source::Peer, |head| {
            format!("{:?} {}", head.framing(false), head.persistent)
        })
    }

    fn of(fields: &str) -> Result<Option<String>, BadResponse> {
        framing(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"))
    }

    fn some(text: &str) -> Result<Option<String>, BadResponse> {
        Ok(Some(text.to_owned()))
    }

    #[test]
    fn the_end_of_the_body_is_told_in_one_way() {
        assert_eq!(of("Content-Length: 5\r\n"), some("Length(5) true"));
        assert_eq!(of(""), some("UntilClose true"));
        assert!(of("Transfer-Encoding: chunked\r\n").is_ok());
        for fields in [
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: \r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ] {
            assert_eq!(of(fields), Err(BadResponse::Framing), "{fields:?}");
        }
        let old = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(framing(old), Err(BadResponse::Framing));
    }

    #[test]
    fn some_responses_have_no_body_whatever_they_say() {
        for status in [100, 204, 304] {
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n");
            assert_eq!(framing(&head), some("Length(0) true"), "{status}");
        }
    }

    #[test]
    fn heads_are_read_when_they_are_whole() {
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nA: b\r\n\r\n";
        for end in 0..head.len() {
            assert_eq!(read(&head[..end], Source::Peer, |_| ()), Ok(None), "{end}");
        }
        assert_eq!(
            read(head, Source::Peer, |head| (head.length, head.persistent)),
            Ok(Some((head.len(), false)))
        );
        for bad in [
            "x",
            "HTTP/1.1 99 X\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
        ] {
            assert_eq!(
                read(bad.as_bytes(), Source::Peer, |_| ()),
                Err(BadResponse::Malformed),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn programs_say_their_status_in_a_field() {
        let of = |head: &str, source| {
            read(head.as_bytes(), source, |head| {
                let framing = format!("{:?}", head.framing(false));
                (
                    head.status,
                    head.reason.to_owned(),
                    framing,
                    head.persistent,
                )
            })
        };
        let some = |status, reason: &str, framing: &str, persistent| {
            Ok(Some((
                status,
                reason.to_owned(),
                framing.to_owned(),
                persistent,
            )))
        };
        let (fast, other) = (Source::FastCgi, Source::Program);
        let close = "UntilClose";
        assert_eq!(of("A: b\r\n\r\n", fast), some(200, "OK", close, true));
        assert_eq!(of("A: b\n\n", other), some(200, "OK", close, false));
        assert_eq!(of("\r\n", fast), some(200, "OK", close, true));
        assert_eq!(
            of("Location: /\r\n\r\n", fast),
            some(302, "Found", close, true)
        );
        assert_eq!(
            of("status: 404 Not here\nLocation: /\n\n", fast),
            some(404, "Not here", close, true)
        );
        assert_eq!(
            of("Status: 500\nContent-Length: 3\n\n", fast),
            some(500, "", "Length(3)", true)
        );
        assert_eq!(
            of("Transfer-Encoding: chunked\nConnection: close\n\n", fast),
            some(200, "OK", close, true)
        );
        assert_eq!(
            of("HTTP/1.0 404 No\r\nA: b\r\n\r\n", other),
            some(404, "No", close, false)
        );
        for end in 0.."HTTP/1.1 2".len() {
            assert_eq!(of(&"HTTP/1.1 2"[..end], other), Ok(None), "{end}");
        }
    }

    #[test]
    fn what_no_program_should_say_is_refused() {
        let of = |head: &str| read(head.as_bytes(), Source::FastCgi, |_| ());
        for bad in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "Status: 99\n\n",
            "Status: 1000\n\n",
            "Status: x\n\n",
            "Status: \n\n",
            "x\n\n",
        ] {
            assert_eq!(of(bad), Err(BadResponse::Malformed), "{bad:?}");
        }
        for bad in [
            "Content-Length: 1\nContent-Length: 1\n\n",
            "Content-Length: -1\n\n",
        ] {
            assert_eq!(of(bad), Err(BadResponse::Framing), "{bad:?}");
        }
    }

    #[test]
    fn there_may_be_many_fields() {
        let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a:\r\n".repeat(1000));
        assert_eq!(
            read(head.as_bytes(), Source::Peer, |head| head.fields().count()),
            Ok(Some(1000))
        );
    }

    proptest! {
        #[test]
        fn more_bytes_change_nothing_that_was_understood(
            start in "(HTTP/1\\.[01]|HTTP/2|ICY) [0-9]{1,4}( [ -~\t]{0,9})?(\r\n|\n)",
            lines in prop::collection::vec("[A-Za-z-]{1,4} ?:[ -~\\x00\r\x7f\u{e9}]{0,9}(\r\n|\n)", 0..5),
            framing in "(Content-Length: ?[0-9+]{0,3}\r\n|Transfer-Encoding: (chunked|gzip)\r\n){0,2}",
            end in "(\r\n|\n)?(HTTP|x)?",
        ) {
            let text = format!("{start}{}{framing}{end}", lines.concat());
            let length = |bytes: &[u8]| read(bytes, Source::Peer, |head| {
                let values = head.fields().flat_map(|field| field.value);
                let mut written = values.chain(head.reason.as_bytes());
                assert!(!written.any(|byte| matches!(byte, 0 | b'\r' | b'\n')));
                assert!(!head.chunked || head.content_length.is_none() && head.minor_version == 1);
                head.length
            });
            let whole = length(text.as_bytes());
            for end in 0..text.len() {
                match length(&text.as_bytes()[..end]) {
                    Ok(None) => {}
                    Ok(early) => prop_assert_eq!(whole, Ok(early)),
                    Err(_) => prop_assert!(whole.is_err()),
                }
            }
        }
    }
}

//! The head of an HTTP/1 request: where it ends, what its fields are, and whether it may be
//! understood in one way only.
//!
//! The rules that keep two readers of one connection from disagreeing about where a request ends
//! (RFC 9112 §6.3) are checked before anything else sees the request. What is no head at all is
//! refused at once; one whose fields contradict each other is kept with its fault, so that it is
//! refused by the server it was for.

use std::ops::Range;

use super::fields::{self, Place};
use super::names::is_same;
use super::scan;
use super::version::Version;

/// A parsed head; the bytes are kept and the fields are ranges of them.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub(super) bytes: Vec<u8>,
    /// How many bytes it came in.
    pub(super) received: usize,
    pub(super) method: Range<usize>,
    pub(super) target: Range<usize>,
    pub(super) version: Version,
    pub(super) fields: Vec<Place>,
    pub(super) are_names_plain: bool,
    /// The value of the first `Host`.
    pub(super) host: Option<Range<usize>>,
    pub(super) has_connection: bool,
    pub(super) has_length: bool,
    pub(super) has_conditions: bool,
    pub(super) body: BodyFraming,
    pub(super) fault: Option<BadHead>,
}

/// How the end of the request's body is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is none.
    #[default]
    None,
    /// So many bytes.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// Everything up to the end of the stream.
    ToEnd,
}

/// What reading a head came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The head ends before this many bytes.
    Complete(usize),
    /// More bytes are needed.
    Partial,
}

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHead {
    /// 400
    Malformed,
    /// A transfer coding that is not known: 501
    Coding,
    /// 505
    Version,
    /// The request line is too long: 414
    LongLine,
    /// The head or one of its lines is too long: 494
    TooLarge,
}

impl BadHead {
    /// The status that it is refused with.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Coding => 501,
            Self::Version => 505,
            Self::LongLine => 414,
            Self::TooLarge => 494,
        }
    }
}

impl Head {
    /// Reads a head from the beginning of `input`, which must hold no leading empty lines.
    pub fn read(&mut self, input: &[u8]) -> Result<Progress, BadHead> {
        let Some(line) = RequestLine::read(input)? else {
            return Ok(Progress::Partial);
        };
        let Some(fields::Whole {
            end,
            are_names_plain,
        }) = fields::read(input, line.length, &mut self.fields)?
        else {
            return Ok(Progress::Partial);
        };
        self.method = line.method;
        self.target = line.target;
        self.version = line.version;
        self.are_names_plain = are_names_plain;
        self.bytes.clear();
        self.bytes.extend_from_slice(&input[..end]);
        self.received = end;
        self.understand();
        Ok(Progress::Complete(end))
    }

    /// Keeps what could be read of a head that is refused: the request line as it came, and what it
    /// says if it is one.
    pub fn salvage(&mut self, input: &[u8]) {
        let line = input
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .next()
            .unwrap_or(input);
        self.bytes = line.to_vec();
        self.received = line.len();
        self.fields.clear();
        self.host = None;
        self.has_connection = false;
        self.has_length = false;
        self.has_conditions = false;
        self.body = BodyFraming::None;
        self.fault = None;
        (self.method, self.target, self.version) = match RequestLine::read(input) {
            Ok(Some(line)) => (line.method, line.target, line.version),
            _ => (0..0, 0..0, Version::default()),
        };
    }

    /// Keeps what is known of a request of HTTP/2 whose head is none.
    pub fn salvage_message(&mut self, method: &[u8], target: &[u8]) {
        self.salvage(b"");
        self.version = Version::Http2;
        if method.is_empty() && target.is_empty() {
            return;
        }
        self.bytes = [method, b" ", target, b" ", self.version.text().as_bytes()].concat();
        self.method = 0..method.len();
        self.target = method.len() + 1..method.len() + 1 + target.len();
    }

    /// The bytes as received, with the empty line at the end.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes it took on its way here.
    pub fn received_length(&self) -> usize {
        self.received
    }

    /// The method.
    pub fn method(&self) -> &[u8] {
        &self.bytes[self.method.clone()]
    }

    /// The target as received.
    pub fn target(&self) -> &[u8] {
        &self.bytes[self.target.clone()]
    }

    /// The request line, without its end.
    pub fn request_line(&self) -> &[u8] {
        let end = self
            .bytes
            .iter()
            .position(|byte| matches!(byte, b'\r' | b'\n'));
        &self.bytes[..end.unwrap_or(self.bytes.len())]
    }

    /// The version of HTTP that it came by.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How its body ends.
    pub fn body(&self) -> BodyFraming {
        self.body
    }

    /// Why its fields cannot be acted on; it has no body then that could be found.
    pub fn fault(&self) -> Option<BadHead> {
        self.fault
    }

    /// The first field called `name`, in any case.
    pub fn field(&self, name: &[u8]) -> Option<&[u8]> {
        self.fields()
            .find(|(own, _)| is_same(own, name))
            .map(|(_, value)| value)
    }

    /// The `Host` field.
    pub fn host(&self) -> Option<&[u8]> {
        Some(&self.bytes[self.host.clone()?])
    }

    /// Whether a `Connection` field may name other fields: it says more than `keep-alive`.
    pub fn connection_names_fields(&self) -> bool {
        let says_more = |(name, value): (&[u8], &[u8])| {
            is_same(name, b"connection") && !is_same(value, b"keep-alive")
        };
        self.has_connection && self.fields().any(says_more)
    }

    /// Whether there is a `Content-Length`.
    pub fn has_length(&self) -> bool {
        self.has_length
    }

    /// Whether the `Connection` fields hold `token`.
    pub fn connection_lists(&self, token: &[u8]) -> bool {
        self.has_connection && self.lists(b"connection", token)
    }

    /// Whether it makes conditions: `If-Match` and the like.
    pub fn has_conditions(&self) -> bool {
        self.has_conditions
    }

    /// How much memory it holds on to.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity() + self.fields.capacity() * size_of::<Place>()
    }

    /// Forgets the fields whose names are not as wanted. How the body ends stays as it is.
    pub fn keep_fields(&mut self, wanted: impl Fn(&[u8]) -> bool) {
        let bytes = &self.bytes;
        self.fields.retain(|(name, _)| wanted(&bytes[name.clone()]));
    }

    /// Whether the names of all fields it came with are letters, digits and hyphens.
    pub fn are_names_plain(&self) -> bool {
        self.are_names_plain
    }

    /// All fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let bytes = &self.bytes;
        self.fields
            .iter()
            .map(move |(name, value)| (&bytes[name.clone()], &bytes[value.clone()]))
    }

    /// Appends the lines of the fields whose names are wanted. Those that are written as usual and stand together
    /// are copied together.
    pub fn write_fields(&self, wanted: impl Fn(&[u8]) -> bool, out: &mut Vec<u8>) {
        let mut run = 0..0;
        for (name, value) in &self.fields {
            if !wanted(&self.bytes[name.clone()]) {
                continue;
            }
            let line = name.start..value.end + LINE_END.len();
            if !self.is_usual(name, value) {
                out.extend_from_slice(&self.bytes[run]);
                run = 0..0;
                for part in [
                    &self.bytes[name.clone()],
                    SEPARATOR,
                    &self.bytes[value.clone()],
                    LINE_END,
                ] {
                    out.extend_from_slice(part);
                }
            } else if run.end == line.start {
                run.end = line.end;
            } else {
                out.extend_from_slice(&self.bytes[run]);
                run = line;
            }
        }
        out.extend_from_slice(&self.bytes[run]);
    }

    /// Whether nothing but what belongs there stands around a value.
    fn is_usual(&self, name: &Range<usize>, value: &Range<usize>) -> bool {
        let between = &self.bytes[name.end..value.start];
        between == SEPARATOR && self.bytes[value.end..].starts_with(LINE_END)
    }

    /// Whether a list-valued field `name` holds `token`.
    pub fn lists(&self, name: &[u8], token: &[u8]) -> bool {
        self.fields()
            .filter(|(own, _)| is_same(own, name))
            .any(|(_, value)| {
                value
                    .split(|byte| *byte == b',')
                    .any(|item| is_same(item.trim_ascii(), token))
            })
    }
}

/// What usually stands between a field's name and its value, and behind that.
pub(super) const SEPARATOR: &[u8] = b": ";
pub(super) const LINE_END: &[u8] = b"\r\n";

/// `METHOD TARGET HTTP/1.x`; a target is any bytes that clients send.
struct RequestLine {
    method: Range<usize>,
    target: Range<usize>,
    version: Version,
    /// With its end.
    length: usize,
}

impl RequestLine {
    /// `None` when more bytes are needed.
    fn read(input: &[u8]) -> Result<Option<Self>, BadHead> {
        let is_of_method = |byte: &&u8| is_method_byte(**byte);
        let method = input.iter().take_while(is_of_method).count();
        match input.get(method) {
            Some(b' ') if method > 0 => {}
            Some(_) => return Err(BadHead::Malformed),
            None => return Ok(None),
        }
        if input.get(method + 1) == Some(&b'*') && &input[..method] != b"OPTIONS" {
            return Err(BadHead::Malformed);
        }
        let Some(version) = scan::blank_or_control(input, method + 1) else {
            return Ok(None);
        };
        if version == method + 1 || input[version] != b' ' {
            return Err(BadHead::Malformed);
        }
        let Some((version_read, length)) = version_line(&input[version + 1..])? else {
            return Ok(None);
        };
        Ok(Some(Self {
            method: 0..method,
            target: method + 1..version,
            version: version_read,
            length: version + 1 + length,
        }))
    }
}

/// The version of what a request line ends with, and the length of that; `None` when more bytes are needed.
fn version_line(rest: &[u8]) -> Result<Option<(Version, usize)>, BadHead> {
    if let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor, end @ ..] = rest
        && minor.is_ascii_digit()
    {
        // A later minor version is read as the latest that is known (RFC 9110 §2.5).
        let version = match minor {
            b'0' => Version::Http10,
            _ => Version::Http11,
        };
        return match end {
            [b'\r', b'\n', ..] => Ok(Some((version, 10))),
            [b'\n', ..] => Ok(Some((version, 9))),
            [] | [b'\r'] => Ok(None),
            _ => Err(BadHead::Malformed),
        };
    }
    let Some(end) = memchr::memchr(b'\n', rest) else {
        return Ok(None);
    };
    match rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]) {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if matches!(major, b'1'..=b'9') && minor.is_ascii_digit() =>
        {
            Err(BadHead::Version)
        }
        _ => Err(BadHead::Malformed),
    }
}

pub(super) fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fields::MOST_FIELDS;
    use super::*;

    fn read(text: &str) -> Result<Head, BadHead> {
        let mut head = Head::default();
        head.read(text.as_bytes()).map(|_| head)
    }

    #[test]
    fn a_head_is_taken_apart() {
        let head = read("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").unwrap();
        assert_eq!(head.method(), b"POST");
        assert_eq!(head.target(), b"/a?b");
        assert_eq!(head.field(b"host"), Some(&b"x"[..]));
        assert_eq!(head.body(), BodyFraming::Length(3));
        assert_eq!(head.request_line(), b"POST /a?b HTTP/1.1");
    }

    #[test]
    fn a_target_is_any_bytes() {
        let mut head = Head::default();
        let text = b"GET /\xff?\xc3 HTTP/1.0\r\n\r\n";
        assert_eq!(head.read(text), Ok(Progress::Complete(text.len())));
        assert_eq!(head.target(), b"/\xff?\xc3");
        assert_eq!(head.read(b"GET / HT"), Ok(Progress::Partial));
    }

    #[test]
    fn many_fields_are_read_and_too_many_are_refused() {
        let text = |count| format!("GET / HTTP/1.2\r\n{}\r\n", "A: b\r\n".repeat(count));
        for count in [0, 1, MOST_FIELDS] {
            let head = read(&text(count)).unwrap();
            assert_eq!(head.fields().count(), count);
            assert!(head.fields().all(|field| field == (b"A", b"b")));
            assert_eq!(head.version(), Version::Http11);
        }
        assert_eq!(read(&text(MOST_FIELDS + 1)).err(), Some(BadHead::Malformed));
    }

    #[test]
    fn what_is_no_request_line_is_refused() {
        for text in [
            "get / HTTP/1.1",
            "GET  / HTTP/1.1",
            "GET /",
            "GET / HTTP/1.1 ",
            "GET /a b HTTP/1.1",
        ] {
            let text = format!("{text}\r\n\r\n");
            assert_eq!(read(&text).err(), Some(BadHead::Malformed), "{text}");
        }
        assert_eq!(read("GET / HTTP/2.0\r\n\r\n").err(), Some(BadHead::Version));
        for malformed in ["GET / HTTP/0.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n"] {
            assert_eq!(
                read(malformed).err(),
                Some(BadHead::Malformed),
                "{malformed}"
            );
        }
        assert_eq!(read("\x16\x03\x01").err(), Some(BadHead::Malformed));
    }

    #[test]
    fn lists_are_searched_by_token() {
        let head = read("GET / HTTP/1.1\r\nConnection: a, Close\r\n\r\n").unwrap();
        assert!(head.lists(b"connection", b"close"));
        assert!(!head.lists(b"connection", b"clos"));
    }

    proptest! {
        #[test]
        fn fields_are_written_one_by_one_or_together(
            lines in prop::collection::vec("[AB]:[ \t]{0,2}[x-z]{0,2}[ \t]{0,2}(\r\n|\n)|[AB](\r\n|\n)|[AB]: x\r\n", 0..12),
            kept in any::<bool>(),
        ) {
            let mut head = Head::default();
            head.read(format!("GET / HTTP/1.1\r\n{}\r\n", lines.concat()).as_bytes()).unwrap();
            if kept {
                head.keep_fields(|name| name == b"A");
            }
            for wanted in [&b"AB"[..], b"A", b""] {
                let is_wanted = |name: &[u8]| wanted.contains(&name[0]);
                let mut expected = Vec::new();
                for (name, value) in head.fields().filter(|(name, _)| is_wanted(name)) {
                    expected.extend_from_slice(&[name, b": ", value, b"\r\n"].concat());
                }
                let mut out = Vec::new();
                head.write_fields(is_wanted, &mut out);
                prop_assert_eq!(out, expected);
            }
        }

        #[test]
        fn more_bytes_change_nothing_that_was_understood(
            line in "[A-Z]{1,4}  ?/[!-~\u{e9}]{0,5} HTTP/(1\\.[012]|2\\.0|x)(\r\n|\n)",
            lines in prop::collection::vec("[A-Za-z_()-]{1,4} ?:[ -~\\x00\r\x7f\u{e9}]{0,9}(\r\n|\n)", 0..5),
            end in "(\r\n|\n)?(GET|x)?",
        ) {
            let text = format!("{line}{}{end}", lines.concat()).into_bytes();
            let mut head = Head::default();
            let whole = head.read(&text);
            let broken = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
            if whole.is_ok_and(|whole| whole != Progress::Partial) {
                let mut fields = head.fields();
                prop_assert!(fields.all(|(name, value)| !name.iter().chain(value).any(broken)));
                let mut storage = [httparse::EMPTY_HEADER; 16];
                let mut other = httparse::Request::new(&mut storage);
                if let Ok(httparse::Status::Complete(length)) = other.parse(&text) {
                    prop_assert_eq!(whole, Ok(Progress::Complete(length)));
                    let others = other.headers.iter().map(|one| (one.name.as_bytes(), one.value));
                    prop_assert!(head.fields().eq(others));
                }
            }
            let mut early = Head::default();
            for end in 0..text.len() {
                match early.read(&text[..end]) {
                    Ok(Progress::Partial) => {}
                    Ok(complete) => prop_assert_eq!(whole, Ok(complete)),
                    Err(_) => prop_assert!(whole.is_err()),
                }
            }
        }
    }
}

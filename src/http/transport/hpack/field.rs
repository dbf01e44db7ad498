//! A field of a block, and what is wrong with it.

use std::fmt;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, Method};

/// What is wrong with a request, or with the fields behind its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The name of a field is empty, in capitals, or has bytes that no name has.
    Name,
    /// The value of a field has a control character.
    Value,
    /// A pseudo-header field is not one of requests.
    Unknown,
    /// The method, or what else stands for a part of the request line, has bytes that it cannot have.
    Part,
    /// A pseudo-header field comes twice.
    Repeated,
    /// A pseudo-header field comes behind other fields.
    Misplaced,
    /// A field says something of a connection, which is not HTTP/2's way.
    OfConnection,
    /// The method, the scheme or the path is not said.
    Missing,
    /// The stream depends on itself.
    Dependency,
    /// The body is not as long as its head says.
    Body,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Name => "an invalid header name",
            Self::Value => "a header value with a control character",
            Self::Unknown => "an unknown pseudo-header",
            Self::Part => "an invalid pseudo-header",
            Self::Repeated => "a pseudo-header twice",
            Self::Misplaced => "a pseudo-header behind other headers",
            Self::OfConnection => "a header that belongs to connections of HTTP/1",
            Self::Missing => "no \":method\", \":scheme\" or \":path\"",
            Self::Body => "a body that does not agree with \"Content-Length\"",
            Self::Dependency => "a stream that depends on itself",
        })
    }
}

/// What the name of a field makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Method,
    Scheme,
    Path,
    Authority,
    Protocol,
    /// It speaks of a connection.
    OfConnection,
    Te,
    Plain,
}

/// A field that may be referred to later.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) kind: Result<Kind, Fault>,
    pub(super) fault: Option<Fault>,
    /// Whether h2 has something else in its place.
    pub(super) is_replaced: bool,
    /// The value of a pseudo-header, the name of anything else.
    text: Box<[u8]>,
    name: usize,
    value: usize,
}

impl Field {
    pub(super) fn new(
        (kind, fault): (Result<Kind, Fault>, Option<Fault>),
        name: &[u8],
        value: &[u8],
        is_replaced: bool,
    ) -> Self {
        let is_pseudo = kind.is_ok_and(Kind::is_pseudo);
        Self {
            kind,
            fault,
            is_replaced,
            text: if is_pseudo { value } else { name }.into(),
            name: name.len(),
            value: value.len(),
        }
    }

    pub(super) fn name(&self) -> &[u8] {
        let name = self.kind.ok().and_then(Kind::name);
        name.map_or(&self.text, str::as_bytes)
    }

    /// Its value, if it is a pseudo-header.
    pub(super) fn value(&self) -> &[u8] {
        let name = self.kind.ok().and_then(Kind::name);
        name.map_or(b"", |_| &self.text)
    }

    /// How long name and value are.
    pub(super) fn length(&self) -> usize {
        self.name + self.value
    }

    /// What it takes of the table.
    pub(super) fn size(&self) -> usize {
        self.length() + 32
    }
}

impl Kind {
    /// What such a pseudo-header is called.
    fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Method => ":method",
            Self::Scheme => ":scheme",
            Self::Path => ":path",
            Self::Authority => ":authority",
            Self::Protocol => ":protocol",
            Self::OfConnection | Self::Te | Self::Plain => return None,
        })
    }

    pub(super) fn is_pseudo(self) -> bool {
        self.name().is_some()
    }

    /// The kind of the field that the standard gives this number, from 0.
    pub(super) fn of_number(number: usize) -> Result<Self, Fault> {
        Ok(match number {
            0 => Self::Authority,
            1..=2 => Self::Method,
            3..=4 => Self::Path,
            5..=6 => Self::Scheme,
            7..=13 => return Err(Fault::Unknown),
            TRANSFER_ENCODING => Self::OfConnection,
            _ => Self::Plain,
        })
    }
}

const TRANSFER_ENCODING: usize = 56;

/// What a name makes of a field.
pub(super) fn kind(name: &[u8]) -> Result<Kind, Fault> {
    Ok(match name {
        b":method" => Kind::Method,
        b":scheme" => Kind::Scheme,
        b":path" => Kind::Path,
        b":authority" => Kind::Authority,
        b":protocol" => Kind::Protocol,
        [b':', ..] => return Err(Fault::Unknown),
        b"te" => Kind::Te,
        b"connection" | b"transfer-encoding" | b"upgrade" | b"keep-alive" | b"proxy-connection" => {
            Kind::OfConnection
        }
        _ if HeaderName::from_lowercase(name).is_err() => return Err(Fault::Name),
        _ => Kind::Plain,
    })
}

/// What is wrong with such a field of this value, all by itself.
pub(super) fn fault(kind: Result<Kind, Fault>, value: &[u8]) -> Option<Fault> {
    let kind = match kind {
        Ok(kind) => kind,
        Err(fault) => return Some(fault),
    };
    let (is_good, fault) = match kind {
        Kind::Method => (Method::from_bytes(value).is_ok(), Fault::Part),
        Kind::Scheme => (Scheme::try_from(value).is_ok(), Fault::Part),
        Kind::Authority => (Authority::try_from(value).is_ok(), Fault::Part),
        Kind::Path => (is_path(value), Fault::Part),
        Kind::Protocol => (std::str::from_utf8(value).is_ok(), Fault::Part),
        Kind::OfConnection => (false, Fault::OfConnection),
        Kind::Te if value != b"trailers" => (false, Fault::OfConnection),
        Kind::Te | Kind::Plain => (value.iter().all(|byte| is_of_value(*byte)), Fault::Value),
    };
    (!is_good).then_some(fault)
}

/// Whether h2 takes it for a path with its query. An empty one is as none.
fn is_path(value: &[u8]) -> bool {
    let is_simple = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-._~%?&=+,:;".contains(byte);
    let is_usual = value.first().is_none_or(|first| *first == b'/') && value.iter().all(is_simple);
    is_usual || PathAndQuery::try_from(value).is_ok()
}

fn is_of_value(byte: u8) -> bool {
    byte == b'\t' || byte >= b' ' && byte != 0x7f
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_h2_takes_for_a_value_is_one() {
        for byte in 0..=255 {
            let value = HeaderValue::from_bytes(&[b'a', byte]);
            assert_eq!(is_of_value(byte), value.is_ok(), "{byte}");
        }
    }

    #[test]
    fn numbers_and_names_say_the_same() {
        for (number, (name, _)) in super::super::table::STATIC.iter().enumerate() {
            assert_eq!(Kind::of_number(number), kind(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn fields_are_refused_for_their_names_and_values() {
        let fault = |name: &str, value: &str| fault(kind(name.as_bytes()), value.as_bytes());
        for (name, value, wanted) in [
            ("x-a", "b c\té", None),
            ("te", "trailers", None),
            (":method", "GET", None),
            ("te", "gzip", Some(Fault::OfConnection)),
            ("keep-alive", "5", Some(Fault::OfConnection)),
            ("X-a", "b", Some(Fault::Name)),
            ("x a", "b", Some(Fault::Name)),
            ("", "b", Some(Fault::Name)),
            ("x-a", "b\0", Some(Fault::Value)),
            ("x-a", "b\r\nc: d", Some(Fault::Value)),
            (":method", "", Some(Fault::Part)),
            (":method", "G T", Some(Fault::Part)),
            (":status", "200", Some(Fault::Unknown)),
            (":x", "", Some(Fault::Unknown)),
        ] {
            assert_eq!(fault(name, value), wanted, "{name}: {value}");
        }
    }
}

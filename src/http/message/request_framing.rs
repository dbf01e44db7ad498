//! What the fields of a head must agree on before anybody acts on it: how its body ends, and which
//! fields may be there only once.

use std::ops::Range;

use super::fields::Place;
use super::head::{BadHead, BodyFraming};
use super::names::is_same;
use super::version::Version;

/// Fields that a request has once or not at all, as in nginx: two readers that each took another
/// one of them would see different requests.
const SINGLE: &[&[u8]] = &[
    b"host",
    b"content-length",
    b"transfer-encoding",
    b"authorization",
    b"content-range",
    b"expect",
    b"if-match",
    b"if-modified-since",
    b"if-none-match",
    b"if-range",
    b"if-unmodified-since",
];

/// Where the length is in [`SINGLE`].
const LENGTH: usize = 1;

/// Where the conditions begin in [`SINGLE`], to its end.
const FIRST_CONDITION: usize = 6;

/// What the fields of a head say of its request and its connection.
pub(in crate::http) struct Said {
    /// How the body ends; refused when they leave any doubt.
    pub(in crate::http) framing: Result<BodyFraming, BadHead>,
    /// The value of the first `Host`.
    pub(in crate::http) host: Option<Range<usize>>,
    /// Whether there is a `Connection`.
    pub(in crate::http) has_connection: bool,
    /// Whether there is a `Content-Length`.
    pub(in crate::http) has_length: bool,
    /// Whether there is a condition: an `If-Match`, or the like.
    pub(in crate::http) has_conditions: bool,
}

/// Looks at all fields of a head.
pub(in crate::http) fn of(bytes: &[u8], fields: &[Place], version: Version) -> Said {
    let (mut length, mut coding, mut host) = (None, None, None);
    let (mut seen, mut is_doubtful, mut has_connection) = (0_u16, false, false);
    for (name, value) in fields {
        let name = &bytes[name.clone()];
        if !is_initial(name) {
            continue;
        }
        let same = |one: &&[u8]| is_same(name, one);
        let Some(place) = SINGLE.iter().position(same) else {
            has_connection |= is_same(name, b"connection");
            continue;
        };
        is_doubtful |= seen & 1 << place != 0;
        seen |= 1 << place;
        match SINGLE[place] {
            b"host" => host = host.or(Some(value.clone())),
            b"content-length" => {
                length = parse_length(&bytes[value.clone()]);
                is_doubtful |= length.is_none();
            }
            b"transfer-encoding" => coding = Some(&bytes[value.clone()]),
            _ => {}
        }
    }
    let framing = match (coding, length) {
        _ if is_doubtful => Err(BadHead::Malformed),
        (Some(_), _) if version != Version::Http11 => Err(BadHead::Malformed),
        (Some(coding), _) if !coding.eq_ignore_ascii_case(b"chunked") => Err(BadHead::Coding),
        (Some(_), Some(_)) => Err(BadHead::Malformed),
        (Some(_), None) => Ok(BodyFraming::Chunked),
        (None, None | Some(0)) => Ok(BodyFraming::None),
        (None, Some(length)) => Ok(BodyFraming::Length(length)),
    };
    Said {
        framing,
        host,
        has_connection,
        has_length: seen & 1 << LENGTH != 0,
        has_conditions: seen >> FIRST_CONDITION != 0,
    }
}

/// Whether one of `SINGLE`, or `Connection`, begins and is as long as this: most fields need no closer look.
fn is_initial(name: &[u8]) -> bool {
    match name.first().map(u8::to_ascii_lowercase) {
        Some(b'h') => name.len() == 4,
        Some(b'c' | b'a' | b't') => name.len() >= 10,
        Some(b'e') => name.len() == 6,
        Some(b'i') => name.len() >= 8,
        _ => false,
    }
}

fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::head::Head;
    use super::*;

    fn framing(version: &str, fields: &str) -> Result<BodyFraming, BadHead> {
        let mut head = Head::default();
        let text = format!("POST / HTTP/{version}\r\n{fields}\r\n\r\n");
        head.read(text.as_bytes())?;
        head.fault().map_or(Ok(head.body()), Err)
    }

    #[test]
    fn ambiguous_framing_is_refused() {
        for fields in [
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: +1",
            "Content-Length: 1, 1",
            "Content-Length: ",
            "Content-Length",
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        ] {
            assert_eq!(framing("1.1", fields), Err(BadHead::Malformed), "{fields}");
        }
        let old = "Transfer-Encoding: chunked";
        assert_eq!(framing("1.0", old), Err(BadHead::Malformed));
        assert_eq!(framing("1.1", old), Ok(BodyFraming::Chunked));
    }

    #[test]
    fn an_unknown_coding_is_not_implemented() {
        for coding in ["foo", "gzip, chunked", "identity", "", "chunked, chunked"] {
            for more in ["", "\r\nContent-Length: 1"] {
                let fields = format!("Transfer-Encoding: {coding}{more}");
                assert_eq!(framing("1.1", &fields), Err(BadHead::Coding), "{fields}");
            }
        }
    }

    #[test]
    fn conditions_are_noticed() {
        for (place, name) in SINGLE.iter().enumerate() {
            let (mut head, name) = (Head::default(), std::str::from_utf8(name).unwrap());
            let text = format!(
                "GET / HTTP/1.1\r\nA: b\r\n{}: 1\r\n\r\n",
                name.to_uppercase()
            );
            head.read(text.as_bytes()).unwrap();
            assert_eq!(head.has_conditions(), name.starts_with("if-"), "{name}");
            assert_eq!(head.host().is_some(), place == 0);
            assert_eq!(head.has_length(), name == "content-length");
        }
    }

    #[test]
    fn what_may_be_there_once_is_refused_twice() {
        for name in SINGLE {
            let name = std::str::from_utf8(name).unwrap();
            let twice = format!("{name}: 1\r\nX: y\r\n{}: 1", name.to_uppercase());
            assert_eq!(framing("1.1", &twice), Err(BadHead::Malformed), "{name}");
        }
        let others = "Range: a\r\nRange: a\r\nCookie: a\r\nCookie: b\r\nAccept: a\r\nAccept: b";
        assert_eq!(framing("1.1", others), Ok(BodyFraming::None));
    }
}

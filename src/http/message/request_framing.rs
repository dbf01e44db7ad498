//! What the fields of a head must agree on before anybody acts on it: how its body ends, and which
//! fields may be there only once.

use super::head::{BadHead, BodyFraming, Head};

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

/// How the body of a request ends; refused when its fields leave any doubt.
pub(in crate::http) fn of(head: &Head) -> Result<BodyFraming, BadHead> {
    let (mut length, mut coding) = (None, None);
    let mut seen = 0_u16;
    for (name, value) in head.fields() {
        if !is_initial(name) {
            continue;
        }
        let same = |one: &&[u8]| one.len() == name.len() && one.eq_ignore_ascii_case(name);
        let Some(place) = SINGLE.iter().position(same) else {
            continue;
        };
        if seen & 1 << place != 0 {
            return Err(BadHead::Malformed);
        }
        seen |= 1 << place;
        match SINGLE[place] {
            b"content-length" => length = Some(parse_length(value).ok_or(BadHead::Malformed)?),
            b"transfer-encoding" => coding = Some(value),
            _ => {}
        }
    }
    match (coding, length) {
        (Some(_), _) if head.minor_version() == 0 => Err(BadHead::Malformed),
        (Some(coding), _) if !coding.eq_ignore_ascii_case(b"chunked") => Err(BadHead::Coding),
        (Some(_), Some(_)) => Err(BadHead::Malformed),
        (Some(_), None) => Ok(BodyFraming::Chunked),
        (None, None | Some(0)) => Ok(BodyFraming::None),
        (None, Some(length)) => Ok(BodyFraming::Length(length)),
    }
}

/// Whether one of `SINGLE` begins and is as long as this: most fields need no closer look.
fn is_initial(name: &[u8]) -> bool {
    match name.first().map(u8::to_ascii_lowercase) {
        Some(b'h') => name.len() == 4,
        Some(b'c' | b'a' | b't') => name.len() >= 13,
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

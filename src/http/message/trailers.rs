//! Fields behind a body (RFC 9110 §6.5): which of them may be passed on.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Fields that must be known before the body, or that concern one connection.
const TOO_LATE: &[&[u8]] = &[
    b"age",
    b"authorization",
    b"cache-control",
    b"connection",
    b"content-encoding",
    b"content-length",
    b"content-range",
    b"content-type",
    b"cookie",
    b"date",
    b"expect",
    b"expires",
    b"forwarded",
    b"host",
    b"keep-alive",
    b"location",
    b"max-forwards",
    b"pragma",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"range",
    b"retry-after",
    b"set-cookie",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"vary",
    b"warning",
    b"www-authenticate",
    b"x-real-ip",
];
/// The same for whatever begins like this.
const TOO_LATE_BEGINNINGS: &[&[u8]] = &[b"if-", b"x-forwarded-"];

/// The lines of trailers that may be passed on, each with its end; those that `hides` names are not.
pub fn passable(lines: &[u8], hides: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut passed = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        let name = &line[..colon];
        let is_name = HeaderName::from_bytes(name).is_ok();
        if is_name && !is_late(name) && !hides(name) {
            passed.extend_from_slice(name);
            passed.extend_from_slice(b": ");
            passed.extend_from_slice(line[colon + 1..].trim_ascii());
            passed.extend_from_slice(b"\r\n");
        }
    }
    passed
}

/// Whether a field of this name may come behind a body.
pub fn may_follow(name: &[u8]) -> bool {
    HeaderName::from_bytes(name).is_ok() && !is_late(name)
}

fn is_late(name: &[u8]) -> bool {
    let is = |late: &&[u8]| late.eq_ignore_ascii_case(name);
    let begins_like = |late: &&[u8]| {
        name.get(..late.len())
            .is_some_and(|start| is_same(start, late))
    };
    TOO_LATE.iter().any(is) || TOO_LATE_BEGINNINGS.iter().any(begins_like)
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The lines of fields.
pub fn lines(fields: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in fields {
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value.as_bytes());
        lines.extend_from_slice(b"\r\n");
    }
    lines
}

/// The same lines as fields.
pub fn fields(lines: &[u8]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            fields.append(name, value);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_about_the_body_does_not_come_behind_it() {
        let lines = b"grpc-status: 0\r\nContent-Length: 5\r\nX: a\r\nHost: b\r\nno field\r\nx y: z\r\n: e\r\ngrpc-message:\r\n folded: z\r\n";
        let passed = passable(lines, |name| name.eq_ignore_ascii_case(b"x"));
        assert_eq!(passed, b"grpc-status: 0\r\ngrpc-message: \r\n");
        let fields = fields(&passed);
        assert_eq!(
            (fields.len(), &fields["grpc-status"]),
            (2, &HeaderValue::from_static("0"))
        );
    }
}

//! What a request asks for.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::clock::write;
use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;
use crate::http::message::head::BodyFraming;
use crate::http::message::uri;
use crate::os;

/// Empty when the target was read and is no path; of a line that was not read there is none.
pub(super) fn path(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(&request.path);
    !request.path.is_empty() || !request.head.target().is_empty()
}

pub(super) fn arguments(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(&request.arguments);
    !request.arguments.is_empty()
}

pub(super) fn set_arguments(request: &mut Request, value: &[u8]) {
    request.arguments = value.to_vec();
    request.unchanged = false;
}

pub(super) fn argument(request: &mut Request, name: &str, out: &mut Vec<u8>) -> bool {
    append(argument_text(request, name), out)
}

pub(super) fn argument_text<'r>(request: &'r Request, name: &str) -> Option<&'r [u8]> {
    uri::argument(&request.arguments, name.as_bytes())
}

pub(super) fn question_mark(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    if !request.arguments.is_empty() {
        out.push(b'?');
    }
    true
}

pub(super) fn body(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(&request.bodies.kept);
    let is_missing = request.bodies.kept.is_empty();
    request.bodies.was_missed |= is_missing && request.head.body() != BodyFraming::None;
    !is_missing
}

/// Path and query as received; of an absolute target what follows the authority.
pub(super) fn target(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let target = request.head.target();
    if target.is_empty() {
        return false;
    }
    let authority = target.windows(3).position(|three| three == b"://");
    let local = match authority.filter(|_| !target.starts_with(b"/")) {
        Some(scheme) => {
            let rest = &target[scheme + 3..];
            let start = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
            &rest[start.unwrap_or(rest.len())..]
        }
        None => target,
    };
    if !local.starts_with(b"/") && authority.is_some() {
        out.push(b'/');
    }
    out.extend_from_slice(local);
    true
}

pub(super) fn line(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(request.head.request_line());
    !request.head.request_line().is_empty()
}

pub(super) fn method(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(request.client_method());
    !request.client_method().is_empty()
}

pub(super) fn protocol(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let is_read = !request.head.method().is_empty();
    out.extend_from_slice(match is_read {
        true => request.head.version().text().as_bytes(),
        false => b"",
    });
    is_read
}

pub(super) fn length(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(Decimal::new(request.bytes_received()).bytes());
    true
}

pub(super) fn host(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    append(host_text(request, ""), out)
}

pub(super) fn host_text<'r>(request: &'r Request, _: &str) -> Option<&'r [u8]> {
    match request.host.is_empty() {
        true => Some(request.server.name.as_bytes()),
        false => Some(&request.host),
    }
}

pub(super) fn server_name(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(request.server.name.as_bytes());
    true
}

pub(super) fn identity(_: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    match (os::random(), os::random()) {
        (Ok(high), Ok(low)) => write(out, format_args!("{high:016x}{low:016x}")),
        _ => false,
    }
}

pub(super) fn field(request: &Request, name: &[u8], out: &mut Vec<u8>) -> bool {
    append(request.head.field(name), out)
}

pub(super) fn content_length(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    if field(request, b"content-length", out) {
        return true;
    }
    let length = request.bodies.length.map(Decimal::new);
    append(length.as_ref().map(|digits| digits.bytes()), out)
}

/// Fields that come several times are one list.
pub(super) fn named_field(request: &mut Request, name: &str, out: &mut Vec<u8>) -> bool {
    let separator: &[u8] = if name == "cookie" { b"; " } else { b", " };
    let mut found = false;
    for (own, value) in request.head.fields() {
        if is_named(own, name) {
            if found {
                out.extend_from_slice(separator);
            }
            out.extend_from_slice(value);
            found = true;
        }
    }
    found
}

/// Whether a field's name is the one that a variable's name stands for.
pub(super) fn is_named(field: &[u8], name: &str) -> bool {
    let folded = |byte: &u8| match byte {
        b'-' => b'_',
        byte => byte.to_ascii_lowercase(),
    };
    field.len() == name.len() && field.iter().map(folded).eq(name.bytes())
}

pub(super) fn cookie(request: &mut Request, name: &str, out: &mut Vec<u8>) -> bool {
    let fields = request
        .head
        .fields()
        .filter(|(own, _)| own.eq_ignore_ascii_case(b"cookie"));
    let mut pairs = fields.flat_map(|(_, value)| value.split(|byte| *byte == b';'));
    append(pairs.find_map(|pair| cookie_value(pair, name)), out)
}

fn cookie_value<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let own = pair[..equals].trim_ascii();
    own.eq_ignore_ascii_case(name.as_bytes())
        .then(|| pair[equals + 1..].trim_ascii())
}

/// The user of `Authorization: Basic`, decoded.
pub(super) fn user(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    append(basic_user(request).as_deref(), out)
}

fn basic_user(request: &Request) -> Option<Vec<u8>> {
    let value = request.head.field(b"authorization")?;
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let mut decoded = from_base64(rest.trim_ascii())?;
    let colon = decoded.iter().position(|byte| *byte == b':');
    let colon = colon.filter(|length| *length > 0)?;
    decoded.truncate(colon);
    Some(decoded)
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = &text[..text.len() - padding.min(2)];
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}

pub(super) fn document_root(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let directory = request.location.settings.root.directory(request);
    out.extend_from_slice(&directory);
    true
}

pub(super) fn real_root(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let directory = request.location.settings.root.directory(request);
    let path = Path::new(OsStr::from_bytes(&directory)).canonicalize();
    path.is_ok_and(|path| append(Some(path.as_os_str().as_bytes()), out))
}

pub(super) fn file(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let location = request.location;
    let path = request.path.clone();
    let file = location.settings.root.file(request, &path);
    out.extend_from_slice(&file);
    true
}

fn append(value: Option<&[u8]>, out: &mut Vec<u8>) -> bool {
    match value {
        Some(value) => {
            out.extend_from_slice(value);
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        assert_eq!(
            from_base64(b"YWxpY2U6c2VjcmV0"),
            Some(b"alice:secret".to_vec())
        );
        assert_eq!(from_base64(b"YTo="), Some(b"a:".to_vec()));
        assert_eq!(from_base64(b"YQ=="), Some(b"a".to_vec()));
        assert_eq!(from_base64(b"===="), None);
        assert_eq!(from_base64(b"\xff"), None);
    }

    #[test]
    fn cookies_are_pairs() {
        assert_eq!(cookie_value(b" a=b=c ", "a"), Some(&b"b=c"[..]));
        assert_eq!(cookie_value(b"Ab=1", "ab"), Some(&b"1"[..]));
        assert_eq!(cookie_value(b"a", "a"), None);
    }

    #[test]
    fn field_names_fold() {
        assert!(is_named(b"User-Agent", "user_agent"));
        assert!(is_named(b"x_y", "x_y"));
        assert!(!is_named(b"x-y", "x_yz"));
    }
}

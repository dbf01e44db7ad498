//! What a request is answered.

use super::request::is_named;
use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;
use crate::http::message::version::Version;
use crate::http::plan::settings::ErrorStatus;

pub(super) fn status(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let number = Decimal::new(u64::from(status_now(request)));
    out.extend(std::iter::repeat_n(b'0', 3 - number.bytes().len().min(3)));
    out.extend_from_slice(number.bytes());
    true
}

/// The status that is told; zero while there is none.
pub(super) fn status_now(request: &Request) -> u16 {
    match request.error_page {
        Some((original, ErrorStatus::Original)) => original,
        Some((_, ErrorStatus::Fixed(status))) => status,
        _ => request.response.status,
    }
}

pub(super) fn bytes_sent(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(Decimal::new(request.bytes_sent()).bytes());
    true
}

pub(super) fn body_bytes_sent(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(Decimal::new(request.body_bytes_sent()).bytes());
    true
}

pub(super) fn completion(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    if request.complete {
        out.extend_from_slice(b"OK");
    }
    true
}

/// Fields that come several times are one list.
pub(super) fn named_field(request: &mut Request, name: &str, out: &mut Vec<u8>) -> bool {
    let is_http1 = request.head.version() < Version::Http2;
    if name == "connection" && is_http1 && request.response.status > 0 {
        let kept = request.keep_alive;
        out.extend_from_slice(if kept { b"keep-alive" } else { b"close" });
        return true;
    }
    let mut found = false;
    for field in request.response.fields.iter() {
        if is_named(field.name, name) && !field.value.is_empty() {
            if found {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(field.value);
            found = true;
        }
    }
    found
}

//! What a request is answered.

use super::clock::write;
use super::request::is_named;
use crate::http::course::request::Request;
use crate::http::message::version::Version;
use crate::http::plan::settings::ErrorStatus;

pub(super) fn status(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let status = match request.error_page {
        Some((original, ErrorStatus::Original)) => original,
        Some((_, ErrorStatus::Fixed(status))) => status,
        _ => request.response.status,
    };
    write(out, format_args!("{status:03}"))
}

pub(super) fn bytes_sent(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    write(out, format_args!("{}", request.bytes_sent()))
}

pub(super) fn body_bytes_sent(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    write(out, format_args!("{}", request.body_bytes_sent()))
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

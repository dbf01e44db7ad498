//! Which parts of a body a request asks for, judged by the head that will leave.

use super::engine;
use super::request::Request;
use crate::http::message::ranges::{self, Wanted};
use crate::http::message::response::ResponseHead;
use crate::http::message::validators;
use crate::http::plan::outcome::Outcome;

/// What a client wants of a body of this length that would be sent with this head, and of which media type that will
/// be.
pub fn wanted(request: &mut Request, head: &ResponseHead, length: u64) -> (Wanted, Vec<u8>) {
    if !are_offered(request) {
        return (Wanted::Whole, Vec::new());
    }
    let Some(sent) = as_sent(request, head, length) else {
        return (Wanted::Whole, Vec::new());
    };
    let wanted = match request.head.field(b"range") {
        Some(ranges) if validators::is_of_state(&request.head, &sent) => {
            within(request, ranges::read(ranges, length))
        }
        _ => Wanted::Whole,
    };
    (
        wanted,
        sent.field("content-type").unwrap_or_default().to_vec(),
    )
}

/// What is wanted, or everything where that would be too many parts.
fn within(request: &Request, wanted: Wanted) -> Wanted {
    match wanted {
        Wanted::Parts(parts) if parts.len() > request.location.settings.responses.most_ranges => {
            Wanted::Whole
        }
        wanted => wanted,
    }
}

/// Whether clients may have parts of bodies at all.
fn are_offered(request: &Request) -> bool {
    request.location.settings.responses.most_ranges > 0
}

/// Says in a head that the client may have parts, if it may.
pub fn offer_with(request: &Request, head: &mut ResponseHead) {
    if are_offered(request) {
        head.add("Accept-Ranges", b"bytes");
    }
}

/// Tells the client that it may have parts, if it may, and not if it may not.
pub fn offer(request: &mut Request) {
    match are_offered(request) {
        true => request.response.set("Accept-Ranges", b"bytes"),
        false => request.response.remove("accept-ranges"),
    }
}

/// A head as it will be with what the location adds, if ranges are asked for and there are some:
/// not of a body that is changed on its way. Scripts are not asked what they will change.
fn as_sent(request: &mut Request, head: &ResponseHead, length: u64) -> Option<ResponseHead> {
    request.head.field(b"range")?;
    let mut head = head.clone();
    let length = length.to_string();
    head.set("Content-Length", length.as_bytes());
    std::mem::swap(&mut request.response, &mut head);
    engine::filter_head(request, |filter| !filter.has_effects());
    std::mem::swap(&mut request.response, &mut head);
    let changes = request.bodies.response.change_length();
    request.bodies.response.clear();
    (!changes).then_some(head)
}

/// The answer to one who wants nothing of what there is.
pub fn unsatisfiable(request: &mut Request, length: u64) -> Outcome {
    let range = format!("bytes */{length}");
    request.carry("Content-Range", range.as_bytes());
    Outcome::Status(416)
}

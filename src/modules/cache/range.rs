//! What a client wants of an answer that is being kept as it comes: a part of it, or nothing, if it has it already.

use std::io;
use std::ops::Range;

use super::caching::Caching;
use super::given::not_modified;
use crate::http::course::partial;
use crate::http::course::request::Request;
use crate::http::message::ranges::{self, Wanted};
use crate::http::message::validators::{Judgement, Validators};
use crate::http::plan::body_filter::{BodyFilter, Passed};

impl Caching {
    /// Makes of a response that is kept what its client wants of it. How long its body is, is known if the origin said so.
    pub(super) fn narrow(&self, request: &mut Request, length: Option<u64>) {
        if request.response.status != 200 || request.is_subrequest() {
            return;
        }
        match Validators::of(&request.response).judge(&request.head) {
            Judgement::Send => {}
            Judgement::NotModified => return not_modified(&mut request.response),
            Judgement::Failed => return refuse(request, 412, length),
        }
        let (true, Some(length)) = (self.has_ranges(&request.response), length) else {
            return;
        };
        let head = request.response.clone();
        match partial::wanted(request, &head, length) {
            (Wanted::Parts(parts), _) => {
                if let [part] = &*parts {
                    cut(request, part.clone(), length);
                }
            }
            (Wanted::Unsatisfiable, _) => {
                let range = format!("bytes */{length}");
                refuse(request, 416, Some(length));
                request.response.set("Content-Range", range.as_bytes());
            }
            (Wanted::Whole, _) => {}
        }
        if request.response.status == 200 {
            request.response.set("Accept-Ranges", b"bytes");
        }
    }
}

/// The client gets this part alone.
fn cut(request: &mut Request, part: Range<u64>, length: u64) {
    let head = &mut request.response;
    head.status = 206;
    head.remove("accept-ranges");
    ranges::tell(head, &part, length);
    head.set(
        "Content-Length",
        (part.end - part.start).to_string().as_bytes(),
    );
    request.bodies.response.add(Cut { part, place: 0 });
}

/// The client gets nothing but a status.
fn refuse(request: &mut Request, status: u16, length: Option<u64>) {
    let head = &mut request.response;
    head.status = status;
    head.fields.clear();
    if length.is_some() {
        head.add("Content-Length", b"0");
    }
    request.bodies.response.add(Cut {
        part: 0..0,
        place: 0,
    });
}

/// Passes a part of a body on.
struct Cut {
    part: Range<u64>,
    /// Where in the body the next piece begins.
    place: u64,
}

impl BodyFilter for Cut {
    fn piece(&mut self, _: &mut Request, piece: &[u8], out: &mut Vec<u8>) -> io::Result<Passed> {
        let place = |at: u64| {
            let inside = at.saturating_sub(self.place);
            usize::try_from(inside)
                .unwrap_or(usize::MAX)
                .min(piece.len())
        };
        let wanted = place(self.part.start)..place(self.part.end);
        out.extend_from_slice(&piece[wanted]);
        self.place = self.place.saturating_add(piece.len() as u64);
        Ok(Passed::Changed)
    }

    fn keeps_length(&self) -> bool {
        true
    }
}

/// Whether a request is for a range that begins at this place or behind it, or is counted from the end.
pub(super) fn begins_beyond(request: &Request, most: u64) -> bool {
    let field = request.head.field(b"range").unwrap_or_default();
    let Some((unit, list)) = field.split_at_checked(UNIT.len()) else {
        return false;
    };
    let mut starts = list.split(|byte| *byte == b',').map(|range| {
        let digits = range.split(|byte| *byte == b'-').next();
        let digits = std::str::from_utf8(digits.unwrap_or_default()).ok()?;
        digits.trim().parse::<u64>().ok()
    });
    let is_far = |start: Option<u64>| start.is_none_or(|start| start >= most);
    unit.eq_ignore_ascii_case(UNIT) && starts.any(is_far)
}

const UNIT: &[u8] = b"bytes=";

//! What a client wants of an answer that its origin was asked for as a whole: a part of it, or nothing, if it has it already.

use std::io;
use std::ops::Range;

use super::caching::Caching;
use super::given::not_modified;
use super::settings::ForceRangesWritten;
use crate::http::course::partial;
use crate::http::course::request::Request;
use crate::http::message::ranges::{self, Wanted};
use crate::http::message::validators::{Judgement, Validators};
use crate::http::plan::body_filter::{BodyFilter, Passed};
use crate::http::plan::outcome::Outcome;
use crate::modules::family::{Family, Levels};

/// `proxy_force_ranges`, for answers that no cache has asked for as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::modules) struct ForcedRanges(bool);

impl ForcedRanges {
    /// What holds in the innermost block.
    pub(in crate::modules) fn of<F: Family>(levels: &Levels<'_, '_, F>) -> Self {
        Self(levels.nearest().is_some_and(|ForceRangesWritten(on)| *on))
    }

    /// What is answered instead of a response that has no such part as its client wants.
    pub(in crate::modules) fn refusal(self, request: &mut Request) -> Option<Outcome> {
        if !self.apply_to(request) {
            return None;
        }
        let length = told_length(request)?;
        let head = request.response.clone();
        match partial::wanted(request, &head, length).0 {
            Wanted::Unsatisfiable => Some(partial::unsatisfiable(request, length)),
            _ => None,
        }
    }

    /// Makes of a response the part that its client wants.
    pub(in crate::modules) fn narrow(self, request: &mut Request, length: Option<u64>) {
        let length = match request.is_head() {
            true => told_length(request),
            false => length,
        };
        let Some(length) = length.filter(|_| self.apply_to(request)) else {
            return;
        };
        let head = request.response.clone();
        match partial::wanted(request, &head, length).0 {
            Wanted::Parts(parts) if parts.len() == 1 => {
                cut(request, parts[0].clone(), length, false);
            }
            _ => partial::offer(request),
        }
    }

    fn apply_to(self, request: &Request) -> bool {
        self.0 && request.response.status == 200 && !request.is_subrequest()
    }
}

/// How long a response says that its body is.
fn told_length(request: &Request) -> Option<u64> {
    let length = request.response.field("content-length")?;
    std::str::from_utf8(length).ok()?.parse().ok()
}

impl Caching {
    /// What is answered instead of a response that does not hold what its client wants: its conditions fail, or there is no
    /// such part. Both were not passed on, so that it is here where they are judged.
    pub(in crate::modules) fn refusal(&'static self, request: &mut Request) -> Option<Outcome> {
        if !self.is_judged_here(request) {
            return None;
        }
        if let Judgement::Failed = Validators::of(&request.response)
            .judge(&request.head, request.location.settings.responses.since)
        {
            return Some(Outcome::Status(412));
        }
        if self.is_head_alone(request) {
            return None;
        }
        let length = told_length(request)?;
        match self.wanted(request, length) {
            Some(Wanted::Unsatisfiable) => Some(partial::unsatisfiable(request, length)),
            _ => None,
        }
    }

    /// Makes of a response what its client wants of it. How long its body is, is known if the origin said so.
    pub(super) fn narrow(&'static self, request: &mut Request, length: Option<u64>) {
        if let Judgement::NotModified = Validators::of(&request.response)
            .judge(&request.head, request.location.settings.responses.since)
        {
            return not_modified(&mut request.response);
        }
        let Some(length) = length else {
            request.response.remove("accept-ranges");
            return;
        };
        match self.wanted(request, length) {
            Some(Wanted::Parts(parts)) => {
                if let [part] = &*parts {
                    cut(
                        request,
                        part.clone(),
                        length,
                        self.settings.digest.is_some(),
                    );
                }
            }
            Some(_) => {}
            None => return,
        }
        if request.response.status == 200 {
            partial::offer(request);
        }
    }

    /// Whether the origin was not told what its client wants of a response that could be that.
    pub(in crate::modules) fn is_judged_here(&'static self, request: &Request) -> bool {
        let is_whole = request.response.status == 200 && !request.is_subrequest();
        is_whole && self.asking(request).is_for_all
    }

    /// The part that a client wants of a response with a body of this length; nothing if it has no parts.
    fn wanted(&self, request: &mut Request, length: u64) -> Option<Wanted> {
        if !self.has_ranges(&request.response) {
            return None;
        }
        let head = request.response.clone();
        Some(partial::wanted(request, &head, length).0)
    }
}

/// The client gets this part alone, and where it is known what the body must be, its end after that.
fn cut(request: &mut Request, part: Range<u64>, length: u64, holds_last: bool) {
    let head = &mut request.response;
    head.status = 206;
    head.remove("accept-ranges");
    ranges::tell(head, &part, length);
    head.set(
        "Content-Length",
        (part.end - part.start).to_string().as_bytes(),
    );
    request.bodies.response.add(Cut {
        part,
        place: 0,
        holds_last,
        held: None,
    });
}

/// Passes a part of a body on.
struct Cut {
    part: Range<u64>,
    /// Where in the body the next piece begins.
    place: u64,
    /// Whether its last byte waits for the end of the body.
    holds_last: bool,
    held: Option<u8>,
}

impl BodyFilter for Cut {
    fn piece(&mut self, _: &mut Request, piece: &[u8], out: &mut Vec<u8>) -> io::Result<Passed> {
        let place = |at: u64| {
            let inside = at.saturating_sub(self.place);
            usize::try_from(inside)
                .unwrap_or(usize::MAX)
                .min(piece.len())
        };
        let wanted = &piece[place(self.part.start)..place(self.part.end)];
        self.place = self.place.saturating_add(piece.len() as u64);
        match wanted.split_last() {
            Some((last, others)) if self.holds_last && self.place >= self.part.end => {
                out.extend_from_slice(others);
                self.held = Some(*last);
            }
            _ => out.extend_from_slice(wanted),
        }
        Ok(Passed::Changed)
    }

    fn end(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend(self.held.take());
        Ok(())
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

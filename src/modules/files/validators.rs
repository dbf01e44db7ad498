//! What of a file a client wants to have: all of it, a part, or nothing because it has it already
//! (RFC 9110 §13, §14).
//!
//! A date is compared for equality, not for order, so that an older file put back in place of a
//! newer one is noticed. Of several ranges none is picked: the whole file is sent, as is allowed.

use std::time::{Duration, SystemTime};

use crate::http::message::head::Head;
use crate::http::message::response::ResponseHead;

/// What tells one state of a file from another.
pub(super) struct Validators {
    length: u64,
    /// Seconds since 1970.
    modified: u64,
    tag: String,
}

/// What a client says it wants.
pub(super) struct Wanted<'a> {
    pub head: &'a Head,
    pub is_get: bool,
}

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything.
    Whole,
    /// From `start` up to but not including `end`.
    Range { start: u64, end: u64 },
    /// The client has it.
    NotModified,
    /// A precondition does not hold.
    Failed,
    /// A range beyond the end.
    Unsatisfiable,
}

impl Validators {
    /// Those of a file of this length, modified at this second since 1970.
    pub(super) fn new(length: u64, modified: u64) -> Self {
        Self {
            length,
            modified,
            tag: format!("\"{modified:x}-{length:x}\""),
        }
    }

    /// Adds them to a response.
    pub(super) fn tell(&self, head: &mut ResponseHead) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.modified.min(LATEST));
        let date = httpdate::fmt_http_date(time);
        head.add("Last-Modified", date.as_bytes());
        head.add("ETag", self.tag.as_bytes());
    }

    /// Decides what to send.
    pub(super) fn judge(&self, wanted: Wanted<'_>) -> Part {
        let field = |name: &str| wanted.head.field(name.as_bytes());
        if let Some(tags) = field("if-match") {
            if !self.is_listed(tags, Comparison::Strong) {
                return Part::Failed;
            }
        } else if let Some(date) = field("if-unmodified-since").and_then(seconds)
            && self.modified > date
        {
            return Part::Failed;
        }
        if let Some(tags) = field("if-none-match") {
            if self.is_listed(tags, Comparison::Weak) {
                return Part::NotModified;
            }
        } else if field("if-modified-since").and_then(seconds) == Some(self.modified) {
            return Part::NotModified;
        }
        match field("range").filter(|_| wanted.is_get) {
            Some(range) if field("if-range").is_none_or(|state| self.is_state(state)) => {
                self.range(range)
            }
            _ => Part::Whole,
        }
    }

    fn is_listed(&self, tags: &[u8], comparison: Comparison) -> bool {
        tags.split(|byte| *byte == b',').any(|tag| {
            let tag = tag.trim_ascii();
            let plain = match comparison {
                Comparison::Weak => tag.strip_prefix(b"W/").unwrap_or(tag),
                Comparison::Strong => tag,
            };
            tag == b"*" || plain == self.tag.as_bytes()
        })
    }

    /// Whether `If-Range` names this very state.
    fn is_state(&self, state: &[u8]) -> bool {
        state == self.tag.as_bytes() || seconds(state) == Some(self.modified)
    }

    fn range(&self, text: &[u8]) -> Part {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let Some(("bytes", ranges)) = text.split_once('=') else {
            return Part::Whole;
        };
        if ranges.contains(',') {
            return Part::Whole;
        }
        self.one_range(ranges.trim()).unwrap_or(Part::Unsatisfiable)
    }

    fn one_range(&self, range: &str) -> Option<Part> {
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().unwrap_or(u64::MAX))
        };
        let (start, end) = if first.is_empty() {
            (self.length.saturating_sub(number(last)?), self.length)
        } else if last.is_empty() {
            (number(first)?, self.length)
        } else {
            let (first, last) = (number(first)?, number(last)?);
            let end = last.saturating_add(1).min(self.length);
            (Some(first).filter(|first| *first <= last)?, end)
        };
        (start < end).then_some(Part::Range { start, end })
    }
}

#[derive(Clone, Copy)]
enum Comparison {
    Weak,
    Strong,
}

/// The end of the year 9999: later dates cannot be written.
const LATEST: u64 = 253_402_300_799;

fn seconds(date: &[u8]) -> Option<u64> {
    let time = httpdate::parse_http_date(std::str::from_utf8(date).ok()?).ok()?;
    Some(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(fields: &str) -> Part {
        let mut head = Head::default();
        let text = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        head.read(text.as_bytes()).unwrap();
        Validators::new(10, 784_111_777).judge(Wanted {
            head: &head,
            is_get: true,
        })
    }

    fn ranged(range: &str) -> Part {
        judged(&format!("Range: {range}\r\n"))
    }

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const TAG: &str = "\"2ebc98a1-a\"";

    #[test]
    fn a_tag_is_made_of_time_and_length() {
        let mut head = ResponseHead::default();
        Validators::new(10, 784_111_777).tell(&mut head);
        assert_eq!(head.field("etag"), Some(TAG.as_bytes()));
        assert_eq!(head.field("last-modified"), Some(DATE.as_bytes()));
    }

    #[test]
    fn what_the_client_has_is_not_sent() {
        assert_eq!(judged(""), Part::Whole);
        assert_eq!(judged("If-None-Match: *\r\n"), Part::NotModified);
        let weak = format!("If-None-Match: \"x\", W/{TAG}\r\n");
        assert_eq!(judged(&weak), Part::NotModified);
        assert_eq!(judged("If-None-Match: \"x\"\r\n"), Part::Whole);
        let date = format!("If-Modified-Since: {DATE}\r\n");
        assert_eq!(judged(&date), Part::NotModified);
        let both = format!("If-None-Match: \"x\"\r\n{date}");
        assert_eq!(judged(&both), Part::Whole);
        let later = "If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
        assert_eq!(judged(later), Part::Whole);
        assert_eq!(judged("If-Modified-Since: soon\r\n"), Part::Whole);
    }

    #[test]
    fn preconditions_are_kept() {
        assert_eq!(judged(&format!("If-Match: {TAG}\r\n")), Part::Whole);
        assert_eq!(judged(&format!("If-Match: W/{TAG}\r\n")), Part::Failed);
        let unmodified = |second| {
            judged(&format!(
                "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:{second} GMT\r\n"
            ))
        };
        assert_eq!(unmodified(37), Part::Whole);
        assert_eq!(unmodified(36), Part::Failed);
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        let range = |start, end| Part::Range { start, end };
        assert_eq!(ranged("bytes=2-4"), range(2, 5));
        assert_eq!(ranged("bytes=2-"), range(2, 10));
        assert_eq!(ranged("bytes=-3"), range(7, 10));
        assert_eq!(ranged("bytes=-30"), range(0, 10));
        assert_eq!(ranged("bytes=9-99999999999999999999"), range(9, 10));
        for bad in [
            "10-",
            "4-2",
            "-0",
            "-",
            "a-b",
            "5",
            "+1-2",
            "99999999999999999999-",
        ] {
            assert_eq!(
                ranged(&format!("bytes={bad}")),
                Part::Unsatisfiable,
                "{bad}"
            );
        }
        for whole in ["bytes=0-1,3-4", "lines=1-2", "bytes"] {
            assert_eq!(ranged(whole), Part::Whole, "{whole}");
        }
    }

    #[test]
    fn a_range_of_another_state_is_not_cut() {
        let range = "Range: bytes=0-0\r\n";
        let part = Part::Range { start: 0, end: 1 };
        assert_eq!(judged(&format!("{range}If-Range: {TAG}\r\n")), part);
        assert_eq!(judged(&format!("{range}If-Range: {DATE}\r\n")), part);
        assert_eq!(
            judged(&format!("{range}If-Range: W/{TAG}\r\n")),
            Part::Whole
        );
        assert_eq!(judged(&format!("{range}If-Range: \"x\"\r\n")), Part::Whole);
    }
}

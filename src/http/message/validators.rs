//! Whether a client has an answer already, or not the state of it that it counts on (RFC 9110 §13).
//!
//! A date is compared for equality, not for order, so that an older file put back in place of a
//! newer one is noticed.

use std::io::{Cursor, Write};
use std::time::{Duration, SystemTime};

use httpdate::HttpDate;

use super::head::Head;
use super::response::ResponseHead;
use crate::os::http_date;

/// What tells one state of an answer from another.
#[derive(Clone, Debug, Default)]
pub struct Validators {
    /// Seconds since 1970.
    modified: Option<u64>,
    /// Nothing where there is none.
    tag: Vec<u8>,
}

/// When an answer counts as unchanged since a date that a client tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// Never.
    Off,
    /// When it was changed just then.
    #[default]
    Exact,
    /// When it was changed then or earlier.
    Before,
}

/// What a client's conditions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It gets what it asked for.
    Send,
    /// It has it.
    NotModified,
    /// One of them does not hold.
    Failed,
}

impl Validators {
    /// Those of a file of this length, modified at this second since 1970.
    pub fn new(length: u64, modified: u64) -> Self {
        Self {
            modified: Some(modified),
            tag: tag(modified, length),
        }
    }

    /// That of what changed last at this second since 1970 and has no tag.
    pub fn of_time(modified: u64) -> Self {
        Self {
            modified: Some(modified),
            tag: Vec::new(),
        }
    }

    /// Those that a response tells.
    pub fn of(sent: &ResponseHead) -> Self {
        Self {
            modified: sent.field("last-modified").and_then(http_date),
            tag: sent.field("etag").unwrap_or_default().to_vec(),
        }
    }

    /// Adds them to a response; the time only if it is that of what is sent.
    pub fn tell(&self, head: &mut ResponseHead, with_time: bool) {
        if with_time {
            self.tell_time(head);
        }
        head.add("ETag", &self.tag);
    }

    fn tell_time(&self, head: &mut ResponseHead) {
        if let Some(modified) = self.modified {
            head.add("Last-Modified", &date(modified));
        }
    }

    /// The same without a tag.
    #[must_use]
    pub fn without_tag(self) -> Self {
        Self {
            tag: Vec::new(),
            ..self
        }
    }

    /// Judges the conditions of a request.
    pub fn judge(&self, head: &Head, since: Since) -> Judgement {
        if !head.has_conditions() {
            return Judgement::Send;
        }
        let field = |name: &str| head.field(name.as_bytes());
        if let Some(tags) = field("if-match") {
            if !self.is_listed(tags, Comparison::Strong) {
                return Judgement::Failed;
            }
        } else if let Some(date) = field("if-unmodified-since").and_then(http_date)
            && self.modified.is_none_or(|modified| modified > date)
        {
            return Judgement::Failed;
        }
        if let Some(tags) = field("if-none-match") {
            if self.is_listed(tags, Comparison::Weak) {
                return Judgement::NotModified;
            }
        } else if let Some(date) = field("if-modified-since").and_then(http_date)
            && self.is_unchanged(date, since)
        {
            return Judgement::NotModified;
        }
        Judgement::Send
    }

    fn is_unchanged(&self, date: u64, since: Since) -> bool {
        self.modified.is_some_and(|modified| match since {
            Since::Off => false,
            Since::Exact => modified == date,
            Since::Before => modified <= date,
        })
    }

    fn is_listed(&self, tags: &[u8], comparison: Comparison) -> bool {
        if tags.trim_ascii() == b"*" {
            return true;
        }
        !self.tag.is_empty()
            && tags.split(|byte| *byte == b',').any(|tag| {
                let tag = tag.trim_ascii();
                match comparison {
                    Comparison::Weak => strong(tag) == strong(&self.tag),
                    Comparison::Strong => tag == self.tag,
                }
            })
    }
}

/// Whether the `If-Range` of a request, if there is one, names the state that `sent` tells.
pub fn is_of_state(head: &Head, sent: &ResponseHead) -> bool {
    let Some(state) = head.field(b"if-range") else {
        return true;
    };
    match state {
        [_, .., b'"'] => sent.field("etag") == Some(state),
        date => {
            let modified = sent.field("last-modified").and_then(http_date);
            modified.is_some() && http_date(date) == modified
        }
    }
}

/// A tag without the mark of weak ones.
fn strong(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// A second since 1970 as fields say it.
pub fn date(seconds: u64) -> [u8; DATE] {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(LATEST));
    let mut date = Cursor::new([0; DATE]);
    // It has room for every date.
    let _ = write!(date, "{}", HttpDate::from(time));
    date.into_inner()
}

/// A tag made of two numbers.
fn tag(modified: u64, length: u64) -> Vec<u8> {
    let mut tag = Vec::with_capacity(2 * 16 + 3);
    tag.push(b'"');
    hexadecimal(modified, &mut tag);
    tag.push(b'-');
    hexadecimal(length, &mut tag);
    tag.push(b'"');
    tag
}

/// Appends a number in hexadecimal digits.
fn hexadecimal(number: u64, out: &mut Vec<u8>) {
    let digits = (u64::BITS - number.leading_zeros()).div_ceil(4).max(1);
    let digit = |place: u32| b"0123456789abcdef"[(number >> (4 * place) & 15) as usize];
    out.extend((0..digits).rev().map(digit));
}

#[derive(Clone, Copy)]
enum Comparison {
    Weak,
    Strong,
}

/// The length of a date, as `Thu, 01 Jan 1970 00:00:00 GMT`.
pub const DATE: usize = 29;

/// The end of the year 9999: later dates cannot be written.
const LATEST: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(fields: &str) -> Judgement {
        let mut head = Head::default();
        let text = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        head.read(text.as_bytes()).unwrap();
        Validators::new(10, 784_111_777).judge(&head, Since::Exact)
    }

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const TAG: &str = "\"2ebc98a1-a\"";

    #[test]
    fn a_tag_is_made_of_time_and_length() {
        let mut head = ResponseHead::default();
        Validators::new(10, 784_111_777).tell(&mut head, true);
        assert_eq!(head.field("etag"), Some(TAG.as_bytes()));
        assert_eq!(head.field("last-modified"), Some(DATE.as_bytes()));
    }

    #[test]
    fn what_the_client_has_is_not_sent() {
        assert_eq!(judged(""), Judgement::Send);
        assert_eq!(judged("If-None-Match: *\r\n"), Judgement::NotModified);
        assert_eq!(judged("If-None-Match: \"a\", *\r\n"), Judgement::Send);
        let weak = format!("If-None-Match: \"x\", W/{TAG}\r\n");
        assert_eq!(judged(&weak), Judgement::NotModified);
        assert_eq!(judged("If-None-Match: \"x\"\r\n"), Judgement::Send);
        let date = format!("If-Modified-Since: {DATE}\r\n");
        assert_eq!(judged(&date), Judgement::NotModified);
        let both = format!("If-None-Match: \"x\"\r\n{date}");
        assert_eq!(judged(&both), Judgement::Send);
        let later = "If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
        assert_eq!(judged(later), Judgement::Send);
        assert_eq!(judged("If-Modified-Since: soon\r\n"), Judgement::Send);
        // Whichever day of the week it says that was.
        let monday = date.replace("Sun", "Mon");
        assert_eq!(judged(&monday), Judgement::NotModified);
    }

    #[test]
    fn what_counts_as_unchanged_can_be_said() {
        let judged = |date: &str, since| {
            let mut head = Head::default();
            let text = format!("GET / HTTP/1.1\r\nIf-Modified-Since: {date}\r\n\r\n");
            head.read(text.as_bytes()).unwrap();
            Validators::of_time(784_111_777).judge(&head, since)
        };
        let later = "Sun, 06 Nov 1994 08:49:38 GMT";
        let earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
        assert_eq!(judged(DATE, Since::Off), Judgement::Send);
        assert_eq!(judged(DATE, Since::Before), Judgement::NotModified);
        assert_eq!(judged(later, Since::Before), Judgement::NotModified);
        assert_eq!(judged(earlier, Since::Before), Judgement::Send);
    }

    #[test]
    fn preconditions_are_kept() {
        assert_eq!(judged(&format!("If-Match: {TAG}\r\n")), Judgement::Send);
        assert_eq!(judged(&format!("If-Match: W/{TAG}\r\n")), Judgement::Failed);
        let unmodified = |second| {
            judged(&format!(
                "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:{second} GMT\r\n"
            ))
        };
        assert_eq!(unmodified(37), Judgement::Send);
        assert_eq!(unmodified(36), Judgement::Failed);
    }

    #[test]
    fn a_range_of_another_state_is_not_cut() {
        let is_of_state = |state: &str, sent: &[(&str, &str)]| {
            let (mut head, mut answer) = (Head::default(), ResponseHead::default());
            let text = format!("GET / HTTP/1.1\r\nIf-Range: {state}\r\n\r\n");
            head.read(text.as_bytes()).unwrap();
            for (name, value) in sent {
                answer.add(name, value.as_bytes());
            }
            is_of_state(&head, &answer)
        };
        let sent = [("ETag", TAG), ("Last-Modified", DATE)];
        assert!(is_of_state(TAG, &sent) && is_of_state(DATE, &sent));
        for other in [&format!("W/{TAG}"), "\"x\"", "\"", "soon", ""] {
            assert!(!is_of_state(other, &sent), "{other}");
            assert!(!is_of_state(other, &[]), "{other}");
        }
        assert!(!is_of_state("Sun, 06 Nov 1994 08:49:38 GMT", &sent));
        assert!(!is_of_state(TAG, &sent[1..]) && !is_of_state(DATE, &sent[..1]));
    }
}

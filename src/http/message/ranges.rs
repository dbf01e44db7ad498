//! Ranges of a body that a client asks for (RFC 9110 §14), and the body that they make.

use std::collections::VecDeque;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::response::{Body, Piece, ResponseHead};
use crate::os;

/// A body in a file.
#[derive(Debug)]
pub struct Whole {
    /// Open for reading.
    pub file: Arc<File>,
    /// Where it begins.
    pub start: u64,
    /// How long it is.
    pub length: u64,
}

/// What of a body is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything.
    Whole,
    /// These parts, none of which is empty.
    Parts(Vec<Range<u64>>),
    /// Nothing of what is there.
    Unsatisfiable,
}

/// Reads a `Range` field for a body of this length. One of another unit asks for nothing in particular,
/// and neither does one for more than there is.
pub fn read(field: &[u8], length: u64) -> Wanted {
    let Some((unit, list)) = field.split_at_checked(UNIT.len()) else {
        return Wanted::Whole;
    };
    if list.is_empty() || !unit.eq_ignore_ascii_case(UNIT) {
        return Wanted::Whole;
    }
    let mut parts = Vec::new();
    let mut total = 0u64;
    for text in list.split(|byte| *byte == b',') {
        match read_one(text, length) {
            None => return Wanted::Unsatisfiable,
            Some(range) if range.start < range.end => {
                total = total.saturating_add(range.end - range.start);
                parts.push(range);
            }
            // From the very beginning, of a file that is empty.
            Some(range) if range.start == 0 => return Wanted::Whole,
            Some(_) => {}
        }
    }
    match parts.is_empty() {
        true => Wanted::Unsatisfiable,
        false if total > length => Wanted::Whole,
        false => Wanted::Parts(parts),
    }
}

const UNIT: &[u8] = b"bytes=";

/// A range cut to the file; `None` when it is malformed.
fn read_one(text: &[u8], length: u64) -> Option<Range<u64>> {
    let dash = text.iter().position(|byte| *byte == b'-')?;
    let (first, last) = (number(&text[..dash])?, number(&text[dash + 1..])?);
    match (first, last) {
        (None, None) => None,
        (None, Some(last)) => Some(length.saturating_sub(last)..length),
        (Some(first), None) => Some(first..length),
        (Some(first), Some(last)) => Some(first..last.saturating_add(1).min(length)),
    }
}

/// A number between blanks, if there is one; `None` for anything else.
fn number(text: &[u8]) -> Option<Option<u64>> {
    let digits = text.trim_ascii();
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(digits).ok()?;
    Some((!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX)))
}

/// Makes a response with a whole file into one with these parts of it, which are of a media type.
pub fn cut(
    head: &mut ResponseHead,
    media_type: &[u8],
    whole: Whole,
    mut parts: Vec<Range<u64>>,
) -> Body {
    head.status = 206;
    if parts.len() > 1 {
        return several(head, media_type, whole, &parts);
    }
    let part = parts.pop().unwrap_or(0..whole.length);
    tell(head, &part, whole.length);
    Body::File {
        file: whole.file,
        offset: whole.start.saturating_add(part.start),
        length: part.end - part.start,
    }
}

/// Says in a head which part of a body of this length follows.
pub fn tell(head: &mut ResponseHead, part: &Range<u64>, length: u64) {
    let last = part.end.saturating_sub(1);
    let range = format!("bytes {}-{last}/{length}", part.start);
    head.set("Content-Range", range.as_bytes());
}

fn several(head: &mut ResponseHead, media_type: &[u8], whole: Whole, parts: &[Range<u64>]) -> Body {
    let length = whole.length;
    // Nobody can put the line into a file beforehand.
    let boundary = format!("{:020}", os::random().unwrap_or_default());
    let media_type = match media_type {
        b"" => Vec::new(),
        media_type => [b"Content-Type: ", media_type, b"\r\n"].concat(),
    };
    let mut pieces = VecDeque::with_capacity(parts.len() * 2 + 1);
    for Range { start, end } in parts {
        let mut text = format!("\r\n--{boundary}\r\n").into_bytes();
        text.extend_from_slice(&media_type);
        let range = format!("Content-Range: bytes {start}-{}/{length}\r\n\r\n", end - 1);
        text.extend_from_slice(range.as_bytes());
        pieces.push_back(Piece::Bytes(text.into()));
        let place = |at: u64| whole.start.saturating_add(at);
        pieces.push_back(Piece::Range(place(*start)..place(*end)));
    }
    pieces.push_back(Piece::Bytes(Bytes::from(format!("\r\n--{boundary}--\r\n"))));
    let media_type = format!("multipart/byteranges; boundary={boundary}");
    head.set("Content-Type", media_type.as_bytes());
    Body::Pieces {
        file: whole.file,
        pieces,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(ranges: &[(u64, u64)]) -> Wanted {
        Wanted::Parts(ranges.iter().map(|(start, end)| *start..*end).collect())
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        for (field, expected) in [
            ("bytes=2-4", parts(&[(2, 5)])),
            ("Bytes=2-4", parts(&[(2, 5)])),
            ("BYTES=2-", parts(&[(2, 10)])),
            ("bytes=-3", parts(&[(7, 10)])),
            ("bytes=-30", parts(&[(0, 10)])),
            ("bytes=9-99999999999999999999", parts(&[(9, 10)])),
            ("bytes= 0 - 1 , 4 - 5 ", parts(&[(0, 2), (4, 6)])),
            ("bytes=0-1,3-4", parts(&[(0, 2), (3, 5)])),
            ("bytes=3-4,0-1", parts(&[(3, 5), (0, 2)])),
            ("bytes=20-,3-4", parts(&[(3, 5)])),
            ("bytes=0-4,4-", Wanted::Whole),
            ("bytes=0-9,-1", Wanted::Whole),
            ("bytes=0-8,-1", parts(&[(0, 9), (9, 10)])),
            ("lines=1-2", Wanted::Whole),
            ("bytes", Wanted::Whole),
            ("bytes =1-2", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(read(field.as_bytes(), 10), expected, "{field}");
        }
        for bad in [
            "10-",
            "4-2",
            "-0",
            "-",
            "a-b",
            "5",
            "+1-2",
            "1-2,",
            "1-2,x",
            "1-2-3",
            "1 2-3",
            "99999999999999999999-",
        ] {
            let field = format!("bytes={bad}");
            assert_eq!(read(field.as_bytes(), 10), Wanted::Unsatisfiable, "{bad}");
        }
    }

    #[test]
    fn of_an_empty_file_all_is_sent() {
        for (range, expected) in [
            ("0-", Wanted::Whole),
            ("0-0", Wanted::Whole),
            ("-5", Wanted::Whole),
            ("-0", Wanted::Whole),
            ("1-", Wanted::Unsatisfiable),
            ("1-2", Wanted::Unsatisfiable),
        ] {
            assert_eq!(
                read(format!("bytes={range}").as_bytes(), 0),
                expected,
                "{range}"
            );
        }
    }
}

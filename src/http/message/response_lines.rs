//! The lines of a response's head, each read in one pass: what the first one says, and where the name and
//! the value of a field are.
//!
//! A name is a token right before its colon, a value has no control character but the tab, and a line
//! that goes on in the next one is none (RFC 9112 §5.1, §5.2). A lone line feed ends a line as well.

use std::ops::Range;

/// A line that no response has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// `HTTP/1.x STATUS REASON`
#[derive(Debug)]
pub(super) struct StatusLine<'h> {
    /// 0 or 1.
    pub(super) minor_version: u8,
    /// 100 to 999; 0 where there is no such line.
    pub(super) status: u16,
    /// Empty when there is none, or one that is not ASCII.
    pub(super) reason: &'h str,
    /// Where the next line begins.
    pub(super) end: usize,
}

impl StatusLine<'_> {
    /// That of a head without one: fields say what the status is.
    pub(super) const NONE: Self = Self {
        minor_version: 1,
        status: 0,
        reason: "",
        end: 0,
    };
}

/// Whether `input` begins as a status line does, as far as it has come; a name cannot.
pub(super) fn may_have_status_line(input: &[u8]) -> bool {
    let known = input.len().min(5);
    input[..known] == VERSION[..known]
}

/// Where the name and the value of a field are.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

const VERSION: &[u8] = b"HTTP/1.";

/// Reads the first line of a head; `None` when more bytes are needed.
pub(super) fn status_line(input: &[u8]) -> Result<Option<StatusLine<'_>>, Malformed> {
    let Some(start) = first_line(input)? else {
        return Ok(None);
    };
    let line = &input[start..];
    let known = line.len().min(VERSION.len());
    if line[..known] != VERSION[..known] {
        return Err(Malformed);
    }
    let Some(&[minor, b' ', a, b, c]) = line.get(7..12) else {
        return is_beginning(&line[known..])
            .then_some(None)
            .ok_or(Malformed);
    };
    let is_status = matches!((minor, a), (b'0' | b'1', b'1'..=b'9'));
    if !is_status || !b.is_ascii_digit() || !c.is_ascii_digit() {
        return Err(Malformed);
    }
    let digit = |byte: u8| u16::from(byte - b'0');
    let mut reason = start + 12;
    match input.get(reason) {
        Some(b' ') => reason += 1,
        None | Some(b'\r' | b'\n') => {}
        Some(_) => return Err(Malformed),
    }
    let reason_end = next_control(input, reason);
    let text = std::str::from_utf8(&input[reason..reason_end]).unwrap_or_default();
    Ok(line_end(input, reason_end)?.map(|end| StatusLine {
        minor_version: minor - b'0',
        status: digit(a) * 100 + digit(b) * 10 + digit(c),
        reason: if text.is_ascii() { text } else { "" },
        end,
    }))
}

/// Whether a status line may begin like this behind `HTTP/1.`.
fn is_beginning(text: &[u8]) -> bool {
    let fits = |(place, byte): (usize, &u8)| match place {
        0 => matches!(byte, b'0' | b'1'),
        1 => *byte == b' ',
        2 => matches!(byte, b'1'..=b'9'),
        _ => byte.is_ascii_digit(),
    };
    text.iter().enumerate().all(fits)
}

/// Where the first line begins that is not empty; `None` when more bytes are needed.
fn first_line(input: &[u8]) -> Result<Option<usize>, Malformed> {
    let mut start = 0;
    while let Some(b'\r' | b'\n') = input.get(start) {
        match line_end(input, start)? {
            Some(next) => start = next,
            None => return Ok(None),
        }
    }
    Ok(Some(start))
}

/// Reads the field that begins at `start`, and where the line behind it does; `None` when more bytes
/// are needed.
pub(super) fn field(input: &[u8], start: usize) -> Result<Option<(Place, usize)>, Malformed> {
    let line = input.get(start..).unwrap_or_default();
    let is_other = |byte: &u8| !IS_TOKEN[usize::from(*byte)];
    let Some(length) = line.iter().position(is_other) else {
        return Ok(None);
    };
    if length == 0 || line[length] != b':' {
        return Err(Malformed);
    }
    let name = start + length;
    let mut value = name + 1;
    while let Some(b' ' | b'\t') = input.get(value) {
        value += 1;
    }
    let mut end = next_control(input, value);
    let Some(next) = line_end(input, end)? else {
        return Ok(None);
    };
    while end > value && matches!(input[end - 1], b' ' | b'\t') {
        end -= 1;
    }
    let place = Place {
        name: start..name,
        value: value..end,
    };
    Ok(Some((place, next)))
}

/// Where the line behind the end of a line begins that is at `at`; `None` when more bytes are needed.
pub(super) fn line_end(input: &[u8], at: usize) -> Result<Option<usize>, Malformed> {
    match input.get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => Ok(Some(at + 2)),
        [b'\n', ..] => Ok(Some(at + 1)),
        [] | [b'\r'] => Ok(None),
        _ => Err(Malformed),
    }
}

static IS_TOKEN: [bool; 256] = {
    let mut are = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let value = byte as u8;
        are[byte] = value.is_ascii_alphanumeric()
            || matches!(
                value,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    are
};

/// Where the first control character other than a tab is, from `at` on.
fn next_control(input: &[u8], mut at: usize) -> usize {
    loop {
        at += before_control(input.get(at..).unwrap_or_default());
        match input.get(at) {
            Some(b'\t') => at += 1,
            _ => return at,
        }
    }
}

/// How many bytes stand before the first control character. Looks at eight of them at a time.
fn before_control(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 0x80;
    let (words, rest) = text.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let deletes = word ^ (ONES * 0x7f);
        // A borrow marks bytes wrongly, but only behind one that is marked rightly.
        let marks =
            (word.wrapping_sub(ONES * 0x20) & !word) | (deletes.wrapping_sub(ONES) & !deletes);
        let marks = marks & HIGHS;
        if marks != 0 {
            return number * 8 + (marks.trailing_zeros() / 8) as usize;
        }
    }
    let before = rest.iter().take_while(|byte| !byte.is_ascii_control());
    words.len() * 8 + before.count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_status_line_is_known_as_soon_as_it_is_wrong() {
        let wrong = |text: &[u8]| status_line(text).is_err();
        let whole = b"HTTP/1.1 200 OK\r\n";
        for end in 0..whole.len() {
            let mut text = whole[..end].to_vec();
            assert!(!wrong(&text), "{end}");
            text.push(0);
            assert!(wrong(&text), "{end}");
        }
        for text in [
            "HTTP/1.2",
            "HTTP/1.1\t",
            "HTTP/1.1 0",
            "HTTP/1.1 200x",
            "HTTP/1.1 200\rx",
        ] {
            assert!(wrong(text.as_bytes()), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_first_control_character_is_found(
            text in prop::collection::vec(
                prop_oneof![9 => 0x20_u8..0x7f, 1 => 0x80_u8.., 1 => any::<u8>()], 0..40),
        ) {
            let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
            let expected = text.iter().position(is_control).unwrap_or(text.len());
            prop_assert_eq!(next_control(&text, 0), expected);
        }

        /// What another parser makes of the same bytes.
        #[test]
        fn another_parser_reads_the_same(
            start in "(\r?\n)?(HTTP/1\\.[01]|HTTP/2|ICY) [0-9]{1,4}( [ -~\t\u{e9}]{0,9})?\r?\n",
            lines in prop::collection::vec("[!-~]{0,4}[ \t]?[:;][ -~\\x00-\\x1f\x7f\u{e9}]{0,20}(\r\n|\n)", 0..4),
            end in "(\r?\n)?[ -~]{0,3}",
        ) {
            let text = format!("{start}{}{end}", lines.concat()).into_bytes();
            let mut storage = [httparse::EMPTY_HEADER; 9];
            let mut other = httparse::Response::new(&mut storage);
            let parsed = other.parse(&text).map_err(|_| Malformed);
            let parsed = parsed.map(|status| match status {
                httparse::Status::Complete(length) => Some(length),
                httparse::Status::Partial => None,
            });
            let (fields, read) = read(&text);
            match read {
                Ok(Some(end)) => prop_assert_eq!(parsed, Ok(Some(end))),
                Ok(None) => prop_assert!(!matches!(parsed, Ok(Some(_)))),
                // A status below 100, or a part of one, is refused only by us.
                Err(Malformed) => prop_assert!(parsed.is_err() || start.contains(" 0")),
            }
            if let Ok(Some(_)) = read {
                let others = other.headers.iter().map(|one| (one.name.as_bytes(), one.value));
                prop_assert!(fields.into_iter().eq(others));
            }
        }
    }

    type Fields<'h> = Vec<(&'h [u8], &'h [u8])>;

    fn read(text: &[u8]) -> (Fields<'_>, Result<Option<usize>, Malformed>) {
        let mut fields = Vec::new();
        let mut next = || {
            let Some(mut at) = status_line(text)?.map(|line| line.end) else {
                return Ok(None);
            };
            while !matches!(text.get(at), None | Some(b'\r' | b'\n')) {
                let Some((place, end)) = field(text, at)? else {
                    return Ok(None);
                };
                fields.push((&text[place.name], &text[place.value]));
                at = end;
            }
            line_end(text, at)
        };
        let read = next();
        (fields, read)
    }
}

//! The lines of a head behind its first: where each field's name and value are.
//!
//! A name is whatever stands before the colon, as in nginx; what becomes of an odd one is decided
//! later (`ignore_invalid_headers`). Refused is what two readers could take for different fields:
//! blanks and control characters in a name, lines that go on in the next one, control characters
//! in a value.

use std::ops::Range;

use super::head::BadHead;
use super::scan;

/// Where a field's name and value are.
pub(in crate::http) type Place = (Range<usize>, Range<usize>);

/// More fields than this are refused, however short they are.
pub(in crate::http) const MOST_FIELDS: usize = 1000;

/// All fields of a head have been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Whole {
    /// Where the empty line behind them ends.
    pub(in crate::http) end: usize,
    /// Whether their names are letters, digits and hyphens.
    pub(in crate::http) are_names_plain: bool,
}

/// Reads the fields of `input` from `start` on; `None` when more bytes are needed.
pub(in crate::http) fn read(
    input: &[u8],
    start: usize,
    fields: &mut Vec<Place>,
) -> Result<Option<Whole>, BadHead> {
    fields.clear();
    let (mut start, mut seen) = (start, 0);
    loop {
        let (name, of_name) = name(input, start);
        let Some(stop) = input.get(name) else {
            return Ok(None);
        };
        if name == start && *stop != b':' {
            let whole = |end| Whole {
                end,
                are_names_plain: seen & ODD == 0,
            };
            return Ok(line_end(input, name)?.map(whole));
        }
        seen |= of_name;
        if name == start || fields.len() == MOST_FIELDS {
            return Err(BadHead::Malformed);
        }
        let behind = match stop {
            b':' => name + 1,
            // A line without a colon is a name alone.
            b'\r' | b'\n' => name,
            _ => return Err(BadHead::Malformed),
        };
        let Some((value, next)) = value(input, behind)? else {
            return Ok(None);
        };
        fields.push((start..name, value));
        start = next;
    }
}

/// What a byte makes of a name: `ODD` where others may read it in another way, `STOP` where the name is over.
const ODD: u8 = 1;
const STOP: u8 = 2;
static IN_NAME: [u8; 256] = {
    let mut kinds = [ODD; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let value = byte as u8;
        if value <= b' ' || value == 0x7f || value == b':' {
            kinds[byte] = STOP;
        } else if value.is_ascii_alphanumeric() || value == b'-' {
            kinds[byte] = 0;
        }
        byte += 1;
    }
    kinds
};

/// Where the name that begins at `start` is over, and what its bytes are.
fn name(input: &[u8], start: usize) -> (usize, u8) {
    let (mut place, mut seen) = (start, 0);
    while let Some(byte) = input.get(place) {
        let kind = IN_NAME[usize::from(*byte)];
        if kind == STOP {
            break;
        }
        seen |= kind;
        place += 1;
    }
    (place, seen)
}

/// Where the value is that begins at `start` with its blanks, and where the next line begins; `None` when
/// more bytes are needed.
fn value(input: &[u8], start: usize) -> Result<Option<(Range<usize>, usize)>, BadHead> {
    let mut stop = scan::control(input, start);
    while let Some(place) = stop.filter(|place| input[*place] == b'\t') {
        stop = scan::control(input, place + 1);
    }
    let Some(end) = stop else {
        return Ok(None);
    };
    let Some(next) = line_end(input, end)? else {
        return Ok(None);
    };
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let before = input[start..end].iter().take_while(is_blank).count();
    let start = start + before;
    let after = input[start..end].iter().rev().take_while(is_blank).count();
    Ok(Some((start..end - after, next)))
}

/// Where the next line begins if one ends at `place`; `None` when more bytes are needed.
fn line_end(input: &[u8], place: usize) -> Result<Option<usize>, BadHead> {
    match &input[place..] {
        [b'\n', ..] => Ok(Some(place + 1)),
        [b'\r', b'\n', ..] => Ok(Some(place + 2)),
        [b'\r'] => Ok(None),
        _ => Err(BadHead::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Result<Option<Vec<(&str, &str)>>, BadHead> {
        let mut places = Vec::new();
        let end = read(text.as_bytes(), 0, &mut places)?;
        let shown = |(name, value): Place| (&text[name], &text[value]);
        Ok(end.map(|_| places.into_iter().map(shown).collect()))
    }

    #[test]
    fn names_are_what_stands_before_the_colon() {
        for name in ["A", "X(Y)", "X/Y", "@", "é", "=", "\"q\"", "a_b"] {
            let text = format!("{name}: v\r\n\r\n");
            assert_eq!(fields(&text), Ok(Some(vec![(name, "v")])), "{name}");
        }
    }

    #[test]
    fn values_lose_the_blanks_around_them() {
        for (line, value) in [
            ("A:b", "b"),
            ("A: \t b c \t", "b c"),
            ("A:", ""),
            ("A:  ", ""),
            ("A", ""),
            ("A: b:c", "b:c"),
        ] {
            for end in ["\r\n", "\n"] {
                let text = format!("{line}{end}{end}");
                assert_eq!(fields(&text), Ok(Some(vec![("A", value)])), "{line:?}");
            }
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for line in [
            " A: b", "\tA: b", "A : b", "A b: c", ": v", "A\x01: b", "A\x7f: b", "A: b\rc",
            "A: b\0", "A: b\x0b", "A: b\r\r",
        ] {
            let text = format!("B: c\r\n{line}\r\n\r\n");
            assert_eq!(fields(&text), Err(BadHead::Malformed), "{line:?}");
        }
        assert_eq!(fields("A: b\r\nC"), Ok(None));
    }
}

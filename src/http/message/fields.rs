//! The lines of a head behind its first: where each field's name and value are.
//!
//! A name is whatever stands before the colon, as in nginx; what becomes of an odd one is decided
//! later (`ignore_invalid_headers`). Refused is what two readers could take for different fields:
//! blanks and control characters in a name, lines that go on in the next one, control characters
//! in a value.

use std::ops::Range;

use super::head::BadHead;

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
    while let Some(length) = memchr::memchr(b'\n', &input[start..]) {
        let line = &input[start..start + length];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let next = start + length + 1;
        if line.is_empty() {
            return Ok(Some(Whole {
                end: next,
                are_names_plain: seen & ODD == 0,
            }));
        }
        if fields.len() == MOST_FIELDS {
            return Err(BadHead::Malformed);
        }
        let (name, value) = split(line, &mut seen)?;
        fields.push((start..start + name, start + value.start..start + value.end));
        start = next;
    }
    Ok(None)
}

/// What a byte makes of a name: `ODD` where others may read it in another way, `REFUSED` where it is none.
const ODD: u8 = 1;
const REFUSED: u8 = 2;
static IN_NAME: [u8; 256] = {
    let mut kinds = [ODD; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let value = byte as u8;
        if value <= b' ' || value == 0x7f {
            kinds[byte] = REFUSED;
        } else if value.is_ascii_alphanumeric() || value == b'-' {
            kinds[byte] = 0;
        }
        byte += 1;
    }
    kinds
};

/// The length of the name, and where the value is. A line without a colon is a name alone. Adds to `seen`
/// what the bytes of the name are.
fn split(line: &[u8], seen: &mut u8) -> Result<(usize, Range<usize>), BadHead> {
    let mut name = 0;
    while let Some(byte) = line.get(name).filter(|byte| **byte != b':') {
        *seen |= IN_NAME[usize::from(*byte)];
        name += 1;
    }
    let rest = line.get(name + 1..).unwrap_or_default();
    if name == 0 || *seen & REFUSED != 0 || has_control(rest) {
        return Err(BadHead::Malformed);
    }
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let before = rest.iter().take_while(is_blank).count();
    let after = rest[before..].iter().rev().take_while(is_blank).count();
    let end = line.len() - after;
    Ok((name, (name + 1 + before).min(end)..end))
}

/// Whether there is a control character other than a tab. Looks at every byte, many at a time.
pub(in crate::http) fn has_control(text: &[u8]) -> bool {
    let is_control = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    text.iter()
        .fold(false, |found, byte| found | is_control(*byte))
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

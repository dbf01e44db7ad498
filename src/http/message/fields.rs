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

/// Reads the fields of `input` from `start` on; gives where the empty line behind them ends, or
/// `None` when more bytes are needed.
pub(in crate::http) fn read(
    input: &[u8],
    start: usize,
    fields: &mut Vec<Place>,
) -> Result<Option<usize>, BadHead> {
    fields.clear();
    let mut start = start;
    while let Some(length) = memchr::memchr(b'\n', &input[start..]) {
        let line = &input[start..start + length];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let next = start + length + 1;
        if line.is_empty() {
            return Ok(Some(next));
        }
        if fields.len() == MOST_FIELDS {
            return Err(BadHead::Malformed);
        }
        let (name, value) = split(line)?;
        fields.push((start..start + name, start + value.start..start + value.end));
        start = next;
    }
    Ok(None)
}

/// The length of the name, and where the value is. A line without a colon is a name alone.
fn split(line: &[u8]) -> Result<(usize, Range<usize>), BadHead> {
    let name = memchr::memchr(b':', line).unwrap_or(line.len());
    let is_odd = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    if name == 0 || line[..name].iter().any(is_odd) {
        return Err(BadHead::Malformed);
    }
    let rest = line.get(name + 1..).unwrap_or_default();
    let is_control = |byte: &u8| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f;
    if rest.iter().any(is_control) {
        return Err(BadHead::Malformed);
    }
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let before = rest.iter().take_while(is_blank).count();
    let after = rest[before..].iter().rev().take_while(is_blank).count();
    let end = line.len() - after;
    Ok((name, (name + 1 + before).min(end)..end))
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

//! Texts of a page: values as `$p8s_value` gives them, and what is escaped where.

use std::borrow::Cow;

use super::super::Value;
use crate::metric;

/// Writes a value as `$p8s_value` shows it: numbers as in JSON, 1 or 0 for a boolean, whole seconds
/// since 1970 for a date, text as it is. An unknown value gives a text that is no number.
pub fn value_text(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Integer(number) => whole(*number, out),
        Value::Signed(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Float(number) if number.is_finite() => metric::number(*number, out),
        Value::Float(number) => out.extend_from_slice(special(*number).as_bytes()),
        Value::Text(text) => out.extend_from_slice(text),
        Value::Boolean(truth) => out.push(b'0' + u8::from(*truth)),
        Value::Time { seconds, .. } => out.extend_from_slice(seconds.to_string().as_bytes()),
        Value::Null => out.extend_from_slice(b"(null)"),
    }
}

/// Most values are these, on pages of a million lines.
fn whole(mut number: u64, out: &mut Vec<u8>) {
    let (mut digits, mut start) = ([b'0'; 20], 20);
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return out.extend_from_slice(&digits[start..]);
        }
    }
}

/// Writes text substituted into a label value: backslash, quote and line end escaped; ill-formed UTF-8,
/// and each character that some readers take for the end of a line, replaced by U+FFFD. The template's
/// own text is not to be escaped.
pub fn escape_label(text: &[u8], out: &mut Vec<u8>) {
    escape(text, br#"\""#, out);
}

/// Writes the text of a HELP line: backslash and line end escaped, the same replaced.
pub fn escape_help(text: &[u8], out: &mut Vec<u8>) {
    escape(text, br"\", out);
}

/// Whether no other text is written like this one: nothing of it is replaced, nor looks so.
pub fn is_exact(text: &[u8]) -> bool {
    let is_replacement = |place: usize| text[place..].starts_with(REPLACEMENT);
    let is_odd = |place| is_replacement(place) || line_break(&text[place..]).is_some();
    let is_plain = |byte: u8| (0x20..0x80).contains(&byte);
    text.iter().all(|byte| is_plain(*byte))
        || str::from_utf8(text).is_ok() && !(0..text.len()).any(is_odd)
}

/// The same text in which nothing ends a line but `\n`.
pub fn unbroken(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if !(0..bytes.len()).any(|place| line_break(&bytes[place..]).is_some()) {
        return text.into();
    }
    let is_break = |letter: char| line_break(letter.encode_utf8(&mut [0; 4]).as_bytes()).is_some();
    text.replace(is_break, "\u{fffd}").into()
}

/// The length of the character at the beginning of well-formed text that, beside `\n`, some readers take
/// for the end of a line, as Python's `splitlines` does.
fn line_break(text: &[u8]) -> Option<usize> {
    match text {
        [0x0b..=0x0d | 0x1c..=0x1e, ..] => Some(1),
        [0xc2, 0x85, ..] => Some(2),
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => Some(3),
        _ => None,
    }
}

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

fn escape(text: &[u8], special: &[u8], out: &mut Vec<u8>) {
    match str::from_utf8(text) {
        Ok(text) => escape_valid(text, special, out),
        Err(_) => escape_valid(&String::from_utf8_lossy(text), special, out),
    }
}

fn escape_valid(text: &str, special: &[u8], out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    let is_looked_at = |byte: &u8| {
        matches!(byte, 0x0a..=0x0d | 0x1c..=0x1e | 0xc2 | 0xe2) || special.contains(byte)
    };
    while let Some(place) = rest.iter().position(is_looked_at) {
        let (before, from) = rest.split_at(place);
        out.extend_from_slice(before);
        let length = line_break(from);
        match (from[0], length) {
            (_, Some(_)) => out.extend_from_slice(REPLACEMENT),
            (b'\n', None) => out.extend_from_slice(b"\\n"),
            (byte @ 0x80.., None) => out.push(byte),
            (byte, None) => out.extend_from_slice(&[b'\\', byte]),
        }
        rest = &from[length.unwrap_or(1)..];
    }
    out.extend_from_slice(rest);
}

fn special(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "+Inf",
        f64::NEG_INFINITY => "-Inf",
        _ => "NaN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: impl Into<Value<'static>>) -> String {
        let mut out = Vec::new();
        value_text(&value.into(), &mut out);
        String::from_utf8(out).expect("test values are UTF-8")
    }

    #[test]
    fn values_are_shown_as_text() {
        assert_eq!(text(u64::MAX), "18446744073709551615");
        assert_eq!(text(-5i64), "-5");
        assert_eq!(text(1e21), "1e+21");
        assert_eq!(text(f64::NEG_INFINITY), "-Inf");
        assert_eq!(text(f64::NAN), "NaN");
        assert_eq!(text("1.13.0"), "1.13.0");
        assert_eq!([text(true), text(false)], ["1", "0"]);
        assert_eq!(
            text(Value::Time {
                seconds: 12,
                milliseconds: 999
            }),
            "12"
        );
        assert_eq!(text(Value::Null), "(null)");
    }

    #[test]
    fn escapes() {
        let mut out = Vec::new();
        escape_label(b"q\"u\\o\nx\xff\xc3\xa9\t", &mut out);
        assert_eq!(out, "q\\\"u\\\\o\\nx\u{fffd}é\t".as_bytes());
        out.clear();
        escape_help(b"say \"a\\b\"\n\xff", &mut out);
        assert_eq!(out, "say \"a\\\\b\"\\n\u{fffd}".as_bytes());
    }

    #[test]
    fn what_ends_a_line_for_some_is_replaced() {
        let breaks = "\u{b}\u{c}\r\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}";
        for letter in breaks.chars() {
            let text = format!("a{letter}é\u{a0}\u{2027}\u{1f}");
            let expected = "a\u{fffd}é\u{a0}\u{2027}\u{1f}";
            for escape in [escape_label, escape_help] {
                let mut out = Vec::new();
                escape(text.as_bytes(), &mut out);
                assert_eq!(String::from_utf8_lossy(&out), expected, "{letter:?}");
            }
            assert_eq!(unbroken(&text), expected);
            assert!(!is_exact(text.as_bytes()));
        }
        assert!(!is_exact(b"\xff") && !is_exact("\u{fffd}".as_bytes()));
        assert!(is_exact("aé\u{2027}\n\t\u{1f}\u{a0}".as_bytes()) && is_exact(b""));
    }
}

//! Texts of a page: values as `$p8s_value` gives them, and what is escaped where.

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

/// Writes text substituted into a label value: backslash, quote and line end escaped, ill-formed
/// UTF-8 replaced by U+FFFD. The template's own text is not to be escaped.
pub fn escape_label(text: &[u8], out: &mut Vec<u8>) {
    escape(text, br#"\""#, out);
}

/// Writes the text of a HELP line: backslash and line end escaped, ill-formed UTF-8 replaced.
pub fn escape_help(text: &[u8], out: &mut Vec<u8>) {
    escape(text, br"\", out);
}

fn escape(text: &[u8], special: &[u8], out: &mut Vec<u8>) {
    match str::from_utf8(text) {
        Ok(text) => escape_valid(text, special, out),
        Err(_) => escape_valid(&String::from_utf8_lossy(text), special, out),
    }
}

fn escape_valid(text: &str, special: &[u8], out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    let is_escaped = |byte: &u8| *byte == b'\n' || special.contains(byte);
    while let Some(place) = rest.iter().position(is_escaped) {
        out.extend_from_slice(&rest[..place]);
        let byte = if rest[place] == b'\n' {
            b'n'
        } else {
            rest[place]
        };
        out.extend_from_slice(&[b'\\', byte]);
        rest = &rest[place + 1..];
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
        escape_label(b"q\"u\\o\nx\xff\xc3\xa9\r", &mut out);
        assert_eq!(out, "q\\\"u\\\\o\\nx\u{fffd}é\r".as_bytes());
        out.clear();
        escape_help(b"say \"a\\b\"\n\xff", &mut out);
        assert_eq!(out, "say \"a\\\\b\"\\n\u{fffd}".as_bytes());
    }
}

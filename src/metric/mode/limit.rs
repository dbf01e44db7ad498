//! Reads a bucket's limit, which may be anything C takes for a number, as long as it is nothing else.
//!
//! Unlike a sample's value this comes from the configuration, so infinite limits have a meaning (`+Inf`),
//! and what is out of range is an error instead of being bent.

use crate::metric::sample::is_space;

/// The number `text` is from end to end: blanks, sign, then decimal, hexadecimal, `inf` or `nan`.
pub(super) fn parse_limit(text: &str) -> Option<f64> {
    let text =
        text.trim_start_matches(|character: char| u8::try_from(character).is_ok_and(is_space));
    let (negative, magnitude) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = magnitude_of(magnitude)?;
    Some(if negative { -value } else { value })
}

fn magnitude_of(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "inf" | "infinity" => Some(f64::INFINITY),
        "nan" => Some(f64::NAN),
        _ => match lower.strip_prefix("0x") {
            Some(digits) => hexadecimal(digits),
            None => decimal(&lower),
        },
    }
}

fn decimal(text: &str) -> Option<f64> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    let mantissa = text.split('e').next().unwrap_or(text);
    in_range(
        value,
        mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9')),
    )
}

/// Hexadecimal digits with a point, and an exponent of two after `p`.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once('p') {
        Some((mantissa, exponent)) => (mantissa, signed(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0u64;
    let mut exponent = exponent.saturating_sub(4 * fraction.len() as i64);
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = u64::from(digit.to_digit(16)?);
        if value >> 60 == 0 {
            value = value << 4 | digit;
        } else {
            // Digits beyond the 60th bit only tell whether the value lies above what is kept.
            value |= u64::from(digit != 0);
            exponent = exponent.saturating_add(4);
        }
    }
    in_range(scaled(value as f64, exponent), value != 0)
}

/// An exponent's digits; one too large for any double stays as large as it can be written.
fn signed(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
    Some(if text.starts_with('-') { -size } else { size })
}

/// `value` times two to the power of `exponent`, in steps that a double can hold.
fn scaled(mut value: f64, exponent: i64) -> f64 {
    let mut left = exponent.clamp(-4000, 4000) as i32;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        value *= 2f64.powi(step);
        left -= step;
    }
    value
}

/// Refuses what overflowed, and what became zero without having been zero.
fn in_range(value: f64, is_nonzero: bool) -> Option<f64> {
    (value.is_finite() && (value != 0.0 || !is_nonzero)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_c_reads_is_read() {
        for (text, value) in [
            ("1", 1.0),
            ("-1.5", -1.5),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1E-3", 0.001),
            (" \t7", 7.0),
            ("0x10", 16.0),
            ("0X1P4", 16.0),
            ("0x.8", 0.5),
            ("0x1.8p1", 3.0),
            ("-0x10", -16.0),
            ("0x123456789abcdef01", 20988295479420645121.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("+INF", f64::INFINITY),
            ("0e999999999999999999999", 0.0),
            ("0x0p-99999", 0.0),
        ] {
            assert_eq!(parse_limit(text), Some(value), "{text}");
        }
        assert!(parse_limit("-nan").unwrap().is_nan());
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            " ",
            "x",
            "2x",
            "1 ",
            "+",
            "--1",
            "+-1",
            ".",
            "e5",
            "1e",
            "1e+",
            "0x",
            "0x.",
            "0xg",
            "0x1p",
            "0x1p+",
            "0x1p1x",
            "1e999",
            "-1e999",
            "1e-999",
            "0x1p9999",
            "0x1p-9999",
            "infi",
            "nanx",
            "1_0",
            "١",
            "\u{a0}1",
        ] {
            assert_eq!(parse_limit(text), None, "{text:?}");
        }
    }
}

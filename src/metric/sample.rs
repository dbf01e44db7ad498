//! One sample as it arrives: a key of at most 255 stored bytes, and a value that is any text.
//!
//! The text of a value becomes a number by rules that never fail: empty is 0, a decimal prefix is that
//! number, anything else is 1. What C would read as hexadecimal, infinite or not-a-number is "anything
//! else" here, and too large a number becomes the largest one, so that a zone only ever holds finite values.

/// Bytes of a key that are kept.
pub const KEY_LIMIT: usize = 255;

/// Bytes of a value's text that are looked at.
pub const VALUE_LIMIT: usize = 255;

/// What is shown after a key that was cut.
pub const ELLIPSIS: &[u8] = b"...";

/// The part of `key` that a zone keeps.
pub fn stored_key(key: &[u8]) -> &[u8] {
    &key[..key.len().min(KEY_LIMIT)]
}

/// Whether a zone keeps less than the whole of `key`.
pub fn is_truncated(key: &[u8]) -> bool {
    key.len() > KEY_LIMIT
}

/// Splits `key=value` at its last `=`; without one, all is key and the value is empty.
pub fn split_pair(pair: &[u8]) -> (&[u8], &[u8]) {
    match pair.iter().rposition(|byte| *byte == b'=') {
        Some(place) => (&pair[..place], &pair[place + 1..]),
        None => (pair, &[]),
    }
}

/// The number a text stands for; always finite.
pub fn parse_value(text: &[u8]) -> f64 {
    let text = &text[..text.len().min(VALUE_LIMIT)];
    if text.is_empty() {
        return 0.0;
    }
    if let Some(number) = short_decimal(text) {
        return number;
    }
    let blanks = text.iter().take_while(|byte| is_space(**byte)).count();
    let text = &text[blanks..];
    let length = decimal_prefix(text);
    if length == 0 || is_hexadecimal(text) {
        return 1.0;
    }
    let parsed = std::str::from_utf8(&text[..length])
        .ok()
        .and_then(|text| text.parse().ok());
    parsed.map_or(1.0, |value: f64| value.clamp(f64::MIN, f64::MAX))
}

/// The number of a text of a few digits, with a point or without, as most values are; nothing for any other.
/// Both parts of the quotient are exact, so that it is rounded once, like that of the long way.
fn short_decimal(text: &[u8]) -> Option<f64> {
    if text.len() > EXACT_DIGITS {
        return None;
    }
    let (mut number, mut divisor, mut has_point) = (0_u64, 1_u64, false);
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + u64::from(byte - b'0');
                divisor *= if has_point { 10 } else { 1 };
            }
            b'.' if !has_point => has_point = true,
            _ => return None,
        }
    }
    let has_digits = text.len() > usize::from(has_point);
    has_digits.then(|| number as f64 / divisor as f64)
}

/// So many digits make a number below 2^53.
const EXACT_DIGITS: usize = 15;

/// What C calls white space.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// Length of the longest decimal number `text` begins with: sign, digits with a point, exponent.
fn decimal_prefix(text: &[u8]) -> usize {
    let sign = sign_length(text);
    let whole = digits(&text[sign..]);
    let mut end = sign + whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        fraction = digits(&text[end + 1..]);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return 0;
    }
    end + exponent(&text[end..])
}

fn exponent(text: &[u8]) -> usize {
    if !matches!(text.first(), Some(b'e' | b'E')) {
        return 0;
    }
    let sign = sign_length(&text[1..]);
    match digits(&text[1 + sign..]) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

fn sign_length(text: &[u8]) -> usize {
    usize::from(matches!(text.first(), Some(b'+' | b'-')))
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn is_hexadecimal(text: &[u8]) -> bool {
    let text = &text[sign_length(text)..];
    let rest = text
        .strip_prefix(b"0x")
        .or_else(|| text.strip_prefix(b"0X"));
    let digits = rest.map(|rest| rest.strip_prefix(b".").unwrap_or(rest));
    digits
        .and_then(<[u8]>::first)
        .is_some_and(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_row_of_the_value_table() {
        for (text, value) in [
            ("", 0.0),
            ("5", 5.0),
            ("+5", 5.0),
            ("007", 7.0),
            ("5.", 5.0),
            ("-3.5", -3.5),
            (".5", 0.5),
            ("1.10", 1.1),
            ("1e3", 1000.0),
            ("1E-3", 0.001),
            ("1e", 1.0),
            ("1e+", 1.0),
            ("2e+", 2.0),
            (" ", 1.0),
            (" 5", 5.0),
            ("\t\r\n5", 5.0),
            ("5 ", 5.0),
            ("-0", 0.0),
            ("1e-400", 0.0),
            ("5e-324", 5e-324),
            ("abc", 1.0),
            ("-", 1.0),
            ("+", 1.0),
            (".", 1.0),
            ("--5", 1.0),
            ("true", 1.0),
            ("12abc", 12.0),
            ("1-2", 1.0),
            ("1,5", 1.0),
            ("1_000", 1.0),
            ("0.001, 0.002", 0.001),
            ("0x10", 1.0),
            ("-0x1p4", 1.0),
            ("0x.8", 1.0),
            ("0x", 0.0),
            ("0xg", 0.0),
            ("inf", 1.0),
            ("info", 1.0),
            ("-inf", 1.0),
            ("nan", 1.0),
            ("nancy", 1.0),
            ("1e400", f64::MAX),
            ("-1e400", f64::MIN),
            ("9007199254740993", 9007199254740992.0),
            ("1e99999999999999999999", f64::MAX),
        ] {
            assert_eq!(parse_value(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn only_the_first_255_bytes_count() {
        let text = format!("1{}", "0".repeat(300));
        assert_eq!(parse_value(text.as_bytes()), 1e254);
    }

    #[test]
    fn pairs_split_at_the_last_sign() {
        assert_eq!(split_pair(b"k=e=y==2"), (&b"k=e=y="[..], &b"2"[..]));
        assert_eq!(split_pair(b"key"), (&b"key"[..], &b""[..]));
        assert_eq!(split_pair(b"=5"), (&b""[..], &b"5"[..]));
    }

    #[test]
    fn keys_are_cut_at_255_bytes() {
        let key = [b'k'; 300];
        assert_eq!(stored_key(&key).len(), 255);
        assert!(is_truncated(&key));
        assert!(!is_truncated(&key[..255]));
    }

    #[test]
    fn short_decimals_are_what_the_long_way_makes_of_them() {
        for text in [
            "0",
            "5",
            "5.",
            ".5",
            "0.001",
            "12.345",
            "999999999999999",
            "0.0000000000001",
            "1.10",
        ] {
            let short = short_decimal(text.as_bytes());
            assert_eq!(short, text.parse().ok(), "{text}");
            assert!(short.is_some());
        }
        for text in [".", "1.2.3", "-1", "1e3", " 1", "1234567890123456", "abc"] {
            assert_eq!(short_decimal(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn short_decimals_are_rounded_right(whole in 0_u64..10_000_000, places in 0_usize..8, rest in any::<u32>()) {
            let rest = format!("{rest:010}");
            let text = format!("{whole}.{}", &rest[..places]);
            if let Some(short) = short_decimal(text.as_bytes()) {
                prop_assert_eq!(short, text.parse::<f64>().unwrap());
            }
        }

        #[test]
        fn any_text_is_a_finite_number(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(parse_value(&text).is_finite());
        }

        #[test]
        fn a_printed_number_is_read_as_itself(value in proptest::num::f64::NORMAL) {
            let mut text = Vec::new();
            crate::metric::number(value, &mut text);
            prop_assert_eq!(parse_value(&text), value);
        }
    }
}

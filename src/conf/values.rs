//! Readers of values: sizes, times, numbers, flags.
//!
//! The units are those nginx users know. Anything ambiguous is refused rather than guessed, and
//! every product and sum is checked: a value that does not fit is an error, never a small number.

/// Why a text is not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Not in the expected form.
    Malformed,
    /// In the expected form but beyond the largest value.
    TooLarge,
}

/// Bytes, with `k` or `m` for powers of 1024.
///
/// # Errors
/// Anything but digits and one unit, or more than 2^63 − 1.
pub fn size(text: &str) -> Result<u64, Invalid> {
    scaled(text, &[('k', 10), ('m', 20)])
}

/// Bytes of a file or body, with `k`, `m` or `g`.
///
/// # Errors
/// As for [`size`].
pub fn offset(text: &str) -> Result<u64, Invalid> {
    scaled(text, &[('k', 10), ('m', 20), ('g', 30)])
}

/// A whole number without sign.
///
/// # Errors
/// Anything but digits, or more than 2^63 − 1.
pub fn number(text: &str) -> Result<u64, Invalid> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Invalid::Malformed);
    }
    limited(text.parse().ok())
}

/// A time with the resolution of a second: `y M w d h m s`, or no unit for seconds.
///
/// # Errors
/// Unknown, repeated or ascending units, a unit without digits, or more than 2^63 − 1 seconds.
pub fn seconds(text: &str) -> Result<u64, Invalid> {
    time(text, SECOND_UNITS, 1)
}

/// A time in milliseconds: `w d h m s ms`, or no unit for seconds.
///
/// # Errors
/// As for [`seconds`].
pub fn milliseconds(text: &str) -> Result<u64, Invalid> {
    time(text, MILLISECOND_UNITS, 1000)
}

/// `on` or `off` in any letter case.
///
/// # Errors
/// Anything else.
pub fn flag(text: &str) -> Result<bool, Invalid> {
    if text.eq_ignore_ascii_case("on") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("off") {
        Ok(false)
    } else {
        Err(Invalid::Malformed)
    }
}

fn scaled(text: &str, units: &[(char, u32)]) -> Result<u64, Invalid> {
    let unit = units
        .iter()
        .find(|(letter, _)| text.ends_with([*letter, letter.to_ascii_uppercase()]));
    let (digits, shift) = unit.map_or((text, 0), |(_, shift)| (&text[..text.len() - 1], *shift));
    limited(number(digits)?.checked_mul(1 << shift))
}

fn limited(value: Option<u64>) -> Result<u64, Invalid> {
    value
        .filter(|value| *value <= LARGEST)
        .ok_or(Invalid::TooLarge)
}

/// Units from the largest to the smallest; each may follow only larger ones.
fn time(text: &str, units: &[(&str, u64)], second: u64) -> Result<u64, Invalid> {
    let (mut rest, mut allowed, mut total) = (text, units, 0_u64);
    if rest.is_empty() {
        return Err(Invalid::Malformed);
    }
    while !rest.is_empty() {
        let (digits, behind) = split(rest, |byte| byte.is_ascii_digit());
        let (unit, behind) = split(behind, |byte| byte.is_ascii_alphabetic());
        let value = number(digits)?;
        let scale = if unit.is_empty() {
            // Seconds, and nothing smaller may follow them.
            let place = allowed.iter().position(|(name, _)| *name == "s");
            place.ok_or(Invalid::Malformed)?;
            allowed = &[];
            second
        } else {
            let place = allowed.iter().position(|(name, _)| *name == unit);
            let place = place.ok_or(Invalid::Malformed)?;
            let scale = allowed[place].1;
            allowed = &allowed[place + 1..];
            scale
        };
        total = limited(
            value
                .checked_mul(scale)
                .and_then(|part| total.checked_add(part)),
        )?;
        rest = behind.trim_start_matches(' ');
    }
    Ok(total)
}

fn split(text: &str, belongs: fn(&u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().take_while(belongs).count())
}

const LARGEST: u64 = i64::MAX as u64;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const SECOND_UNITS: &[(&str, u64)] = &[
    ("y", 365 * DAY),
    ("M", 30 * DAY),
    ("w", 7 * DAY),
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", 1),
];

const MILLISECOND_UNITS: &[(&str, u64)] = &[
    ("w", 7 * DAY * 1000),
    ("d", DAY * 1000),
    ("h", HOUR * 1000),
    ("m", MINUTE * 1000),
    ("s", 1000),
    ("ms", 1),
];

#[cfg(test)]
mod tests {
    use super::Invalid::{Malformed, TooLarge};
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("128k"), Ok(128 << 10));
        assert_eq!(size("1M"), Ok(1 << 20));
        assert_eq!(size("1g"), Err(Malformed));
        assert_eq!(offset("2G"), Ok(2 << 30));
        for text in ["", "k", "-1", "+1", "1 k", "1kk", "1.5m", "é", "1é", "٣"] {
            assert_eq!(size(text), Err(Malformed), "{text}");
        }
        assert_eq!(size("9223372036854775807"), Ok(i64::MAX as u64));
        assert_eq!(size("9223372036854775808"), Err(TooLarge));
        assert_eq!(size("99999999999999999999999"), Err(TooLarge));
        assert_eq!(offset("9007199254740993k"), Err(TooLarge));
        assert_eq!(offset("99999999999g"), Err(TooLarge));
    }

    #[test]
    fn times() {
        assert_eq!(seconds("5"), Ok(5));
        assert_eq!(seconds("1h 30m"), Ok(5400));
        assert_eq!(
            seconds("1y1M1w1d1h1m1s"),
            Ok((365 + 30 + 7 + 1) * 86400 + 3661)
        );
        assert_eq!(seconds("1h  30 "), Ok(3630));
        assert_eq!(milliseconds("5"), Ok(5000));
        assert_eq!(milliseconds("500ms"), Ok(500));
        assert_eq!(milliseconds("1m30s"), Ok(90_000));
        assert_eq!(milliseconds("1w2d"), Ok(9 * 86_400_000));
        assert_eq!(milliseconds("1s 500ms"), Ok(1500));
    }

    #[test]
    fn malformed_times() {
        for text in [
            "", " ", " 5", "s", "1x", "5s1m", "1m1m", "500ms", "1.5h", "1h-", "1ss", "5 5",
        ] {
            assert_eq!(seconds(text), Err(Malformed), "{text}");
        }
        for text in ["1y", "1M", "500ms1s", "5 500ms", "1mss", "1H", "1hm"] {
            assert_eq!(milliseconds(text), Err(Malformed), "{text}");
        }
        assert_eq!(seconds("300000000000y"), Err(TooLarge));
        assert_eq!(milliseconds("9223372036854776"), Err(TooLarge));
        assert_eq!(milliseconds("9223372036854775807ms1"), Err(Malformed));
    }

    #[test]
    fn flags() {
        assert_eq!(flag("ON"), Ok(true));
        assert_eq!(flag("Off"), Ok(false));
        assert_eq!(flag("1"), Err(Malformed));
    }
}

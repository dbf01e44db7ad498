//! Dates as messages of HTTP write them, which the calendar of this machine has no part in.

use std::time::UNIX_EPOCH;

/// The days of the week; their short names are the first three letters.
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const SHORT: usize = 3;
/// No date is longer.
const LONGEST: usize = 40;

/// A date in one of the three forms of HTTP, in seconds since 1970. It may name another day of the week than it falls on:
/// whoever writes dates by hand is often wrong there, and others do not look.
pub fn http_date(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    seconds(text).or_else(|| {
        let day = text.find(|letter: char| !letter.is_ascii_alphabetic())?;
        let rest = text
            .get(day..)
            .filter(|_| text.len() <= LONGEST && day >= SHORT)?;
        let names = DAYS.iter().flat_map(|day| [&day[..SHORT], day]);
        names
            .into_iter()
            .find_map(|name| seconds(&[name, rest].concat()))
    })
}

fn seconds(text: &str) -> Option<u64> {
    let time = httpdate::parse_http_date(text).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_whichever_day_it_names() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Friday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sat Nov  6 08:49:37 1994",
        ] {
            assert_eq!(http_date(text.as_bytes()), Some(784_111_777), "{text}");
        }
        for text in [
            "",
            "Mon",
            "Mon, ",
            "soon",
            "0",
            "Mon, 31 Feb 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 UTC",
            "Mon, 06 Nov 1994 24:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT and more of that",
            ", 06 Nov 1994 08:49:37 GMT",
            "\u{e4}\u{e4}, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text.as_bytes()), None, "{text}");
        }
        assert_eq!(http_date(b"\xff, 06 Nov 1994 08:49:37 GMT"), None);
    }
}

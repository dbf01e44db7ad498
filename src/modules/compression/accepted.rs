//! What an `Accept-Encoding` says of a coding, read as nginx reads it.

/// What a coding weighs, in thousandths; 0 where it is not named, refused, or weighed with nonsense. The first mention
/// counts, and `*` names nothing.
pub(super) fn weight(accepted: &[u8], coding: &str) -> u16 {
    let coding = coding.as_bytes();
    let mut start = 0;
    while let Some(at) = accepted[start..]
        .windows(coding.len())
        .position(|word| word.eq_ignore_ascii_case(coding))
    {
        let (begin, end) = (start + at, start + at + coding.len());
        let before = accepted[..begin].last();
        if matches!(before, None | Some(b',' | b' '))
            && let Some(weight) = weight_behind(&accepted[end..])
        {
            return weight;
        }
        start = end;
    }
    0
}

/// `None` where a name goes on that only begins so.
fn weight_behind(behind: &[u8]) -> Option<u16> {
    let parameter = match behind.first() {
        None | Some(b',' | b' ' | b';') => behind.trim_ascii_start(),
        Some(_) => return None,
    };
    let parameter = match parameter {
        [] | [b',', ..] => return Some(WHOLE),
        [b';', rest @ ..] => rest.trim_ascii_start(),
        _ => return Some(0),
    };
    Some(match parameter {
        [] => WHOLE,
        [b'q' | b'Q', b'=', weight @ ..] => number(weight).unwrap_or(0),
        _ => 0,
    })
}

const WHOLE: u16 = 1000;

/// A number up to 1, with at most three places.
fn number(text: &[u8]) -> Option<u16> {
    let end = text.iter().position(|byte| matches!(byte, b',' | b' '));
    let text = &text[..end.unwrap_or(text.len())];
    let (whole, places) = match text {
        [whole @ (b'0' | b'1')] => (whole, &b""[..]),
        [whole @ (b'0' | b'1'), b'.', places @ ..] => (whole, places),
        _ => return None,
    };
    if places.len() > 3 {
        return None;
    }
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = places.get(place).unwrap_or(&b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        thousandths = thousandths * 10 + u16::from(digit - b'0');
    }
    match whole {
        b'0' => Some(thousandths),
        _ => (thousandths == 0).then_some(WHOLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_codings_weigh() {
        for (accepted, expected) in [
            ("", 0),
            ("gzip", 1000),
            ("GZip", 1000),
            ("deflate, gzip", 1000),
            ("gzip, deflate, br", 1000),
            ("x-gzip", 0),
            ("x-gzip, gzip", 1000),
            ("gzipped", 0),
            ("*", 0),
            ("gzip;q=0", 0),
            ("gzip;q=0.000", 0),
            ("gzip; q=0.001", 1),
            ("gzip ; q=1.000", 1000),
            ("gzip;q=1.001", 0),
            ("gzip;q=0.0001", 0),
            ("gzip;q=0.5x", 0),
            ("gzip;q=0.x", 0),
            ("gzip;q=2", 0),
            ("gzip;q=", 0),
            ("gzip;x=1", 0),
            ("gzip;q=0, deflate", 0),
            ("gzip;q=0, gzip", 0),
            ("gzip;q=0.5,deflate", 500),
            ("gzip;q=0.25", 250),
            ("gzip;", 1000),
            ("gzip x, gzip", 0),
            ("gzipped, gzip;q=0.1", 100),
        ] {
            assert_eq!(weight(accepted.as_bytes(), "gzip"), expected, "{accepted}");
        }
    }

    #[test]
    fn short_names_are_found_within_no_others() {
        assert_eq!(weight(b"brotli, xbr", "br"), 0);
        assert_eq!(weight(b"brotli, br;q=0.3", "br"), 300);
        assert_eq!(weight(b"gzip, br", "br"), 1000);
    }
}

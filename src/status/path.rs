//! From a request path to the names that address a node.
//!
//! The path is split while still percent-encoded and each segment is decoded afterwards, so a key
//! containing `/` is addressed as `%2F`. Names are bytes: nothing here asks for UTF-8, and a key
//! that is not UTF-8 is addressed by its bytes, never by the U+FFFD that listings show for them.

/// The names in a raw path, in order. Empty segments are skipped. A `%` that is not followed by two
/// hexadecimal digits stands for itself.
pub fn segments(raw: &[u8]) -> Vec<Vec<u8>> {
    raw.split(|byte| *byte == b'/')
        .filter(|segment| !segment.is_empty())
        .map(decode)
        .collect()
}

/// What of a raw path follows `prefix`, a decoded path such as a location's name. Runs of slashes
/// in the raw path count as one. `None` if the raw path does not begin so; it may still do once
/// `.` and `..` are resolved, which is the caller's business.
pub fn after<'a>(raw: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let mut rest = raw;
    let mut slash = false;
    for wanted in prefix {
        while slash && rest.first() == Some(&b'/') {
            rest = &rest[1..];
        }
        let (byte, length) = next(rest)?;
        if byte != *wanted {
            return None;
        }
        slash = byte == b'/';
        rest = &rest[length..];
    }
    Some(rest)
}

/// What a percent-encoded text is. A `%` that is not followed by two hexadecimal digits stands for itself.
pub fn decode(segment: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(segment.len());
    let mut rest = segment;
    while let Some((byte, length)) = next(rest) {
        name.push(byte);
        rest = &rest[length..];
    }
    name
}

/// The first decoded byte and how many raw bytes it takes.
fn next(raw: &[u8]) -> Option<(u8, usize)> {
    let first = *raw.first()?;
    let digit = |index: usize| {
        raw.get(index)
            .and_then(|byte| char::from(*byte).to_digit(16))
    };
    match (first, digit(1), digit(2)) {
        // Two hexadecimal digits are at most 255.
        (b'%', Some(high), Some(low)) => Some(((high * 16 + low) as u8, 3)),
        _ => Some((first, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_split_before_they_are_decoded() {
        assert_eq!(
            segments(b"//a%2Fb///c%22%5c/"),
            [b"a/b".to_vec(), b"c\"\\".to_vec()]
        );
        assert_eq!(segments(b"%ff%00"), [vec![0xff, 0]]);
        assert_eq!(segments(b"100%/%4/%zz"), [&b"100%"[..], b"%4", b"%zz"]);
        assert_eq!(segments(b"/"), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn the_rest_after_a_location() {
        assert_eq!(after(b"/api/x%2Fy", b"/api/"), Some(&b"x%2Fy"[..]));
        assert_eq!(after(b"//%61pi///x", b"/api/"), Some(&b"//x"[..]));
        assert_eq!(after(b"/a%2fx", b"/a/"), Some(&b"x"[..]));
        assert_eq!(after(b"/apx", b"/api"), None);
        assert_eq!(after(b"/ap", b"/api"), None);
        assert_eq!(after(b"/api", b""), Some(&b"/api"[..]));
    }
}

//! The charset that a media type tells.

/// A media type without its charset, and the charset.
pub(super) fn split(media_type: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut end = 0;
    for part in media_type.split(|byte| *byte == b';') {
        let parameter = part.trim_ascii();
        let name = parameter.get(..NAME.len()).unwrap_or_default();
        if end > 0 && name.eq_ignore_ascii_case(NAME) {
            let value = parameter[NAME.len()..].trim_ascii();
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            let value = value.strip_suffix(b"\"").unwrap_or(value);
            return (media_type[..end - 1].trim_ascii_end(), Some(value));
        }
        end += part.len() + 1;
    }
    (media_type.trim_ascii_end(), None)
}

const NAME: &[u8] = b"charset=";

/// Whether this can be the name of a charset: it may come from a variable, and clients may have a say in that.
pub(super) fn is_charset(name: &[u8]) -> bool {
    let may_stand = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+()".contains(byte);
    !name.is_empty() && name.len() <= LONGEST && name.iter().all(may_stand)
}

/// No registered name is longer.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_are_found_behind_types() {
        for (text, bare, charset) in [
            ("text/html", "text/html", None),
            ("text/html; charset=utf-8", "text/html", Some("utf-8")),
            ("text/html ;Charset=\"koi8-r\"", "text/html", Some("koi8-r")),
            ("text/html; a=b; charset=x; c", "text/html; a=b", Some("x")),
            ("text/html; a=b", "text/html; a=b", None),
            ("text/html;charset=", "text/html", Some("")),
            ("charset=x", "charset=x", None),
            ("", "", None),
        ] {
            let found = split(text.as_bytes());
            let expected = (bare.as_bytes(), charset.map(str::as_bytes));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn names_hold_nothing_that_ends_them() {
        assert!(is_charset(b"utf-8") && is_charset(b"ISO_8859-1:1987"));
        let long = [b'x'; LONGEST + 1];
        for name in [&b""[..], b"a b", b"x;y", b"x\r\n", b"\"", &long] {
            assert!(!is_charset(name), "{name:?}");
        }
    }
}

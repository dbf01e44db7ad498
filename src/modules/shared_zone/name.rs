//! How ids and other names that clients choose are shown: as they are, but where others could be shown alike.
//!
//! What is no UTF-8 would be shown with a replacement, as others would, and formats have their own ideas of control
//! characters. Such names are shown escaped as in a C string, and so is whatever has a backslash, which only an escaped
//! name has otherwise.

use std::borrow::Cow;

/// A name as it is shown.
pub(in crate::modules) fn shown(name: &[u8]) -> Cow<'_, [u8]> {
    match str::from_utf8(name) {
        Ok(text) if !text.contains(is_told_apart) => Cow::Borrowed(name),
        _ => Cow::Owned(name.escape_ascii().collect()),
    }
}

fn is_told_apart(character: char) -> bool {
    character == '\\' || character.is_control()
}

/// The name that is shown like this, where it is shown escaped.
pub(in crate::modules) fn read(shown: &[u8]) -> Option<Vec<u8>> {
    if !shown.contains(&b'\\') {
        return None;
    }
    let mut name = Vec::with_capacity(shown.len());
    let mut rest = shown.iter().copied();
    while let Some(byte) = rest.next() {
        name.push(match byte {
            b'\\' => escaped(&mut rest)?,
            byte => byte,
        });
    }
    Some(name)
}

/// The byte that an escape stands for, of which the backslash is gone.
fn escaped(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    Some(match rest.next()? {
        b'x' => {
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            // Two hexadecimal digits are at most 255.
            (high * 16 + low) as u8
        }
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        byte @ (b'\\' | b'"' | b'\'') => byte,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_is_shown_as_one_name_that_is_found() {
        let mut all = HashSet::new();
        for byte in 0..=u8::MAX {
            for name in [
                vec![byte],
                vec![byte, b'a'],
                format!("\\x{byte:02x}").into_bytes(),
            ] {
                let shown = shown(&name).into_owned();
                assert!(str::from_utf8(&shown).is_ok());
                assert!(all.insert(shown.clone()), "{}", name.escape_ascii());
                assert_eq!(read(&shown).unwrap_or(shown), name);
            }
        }
        assert_eq!(shown("grün".as_bytes()), "grün".as_bytes());
        for bad in [&b"\\"[..], b"\\x1", b"\\xgg", b"\\q"] {
            assert_eq!(read(bad), None);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_shown_is_found(name in prop::collection::vec(any::<u8>(), 0..20)) {
            let shown = shown(&name).into_owned();
            prop_assert_eq!(read(&shown).unwrap_or(shown), name);
        }
    }
}

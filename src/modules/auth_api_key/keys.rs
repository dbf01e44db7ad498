//! The keys of a file: its lines, and who a key belongs to.
//!
//! Only digests are kept. A key is found by comparing its digest with all of them, each in constant
//! time, so that the time an answer takes tells nothing about the keys that would be right. The text
//! of a line never gets into a message.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// What a file says: digests and the names of their owners.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    digest: Digest,
    name: Arc<[u8]>,
}

/// A SHA-256 in the words it is compared by.
type Digest = [u64; 4];

/// A line that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InvalidLine {
    /// Counted from 1.
    pub(super) number: usize,
    /// What it should be.
    pub(super) expected: &'static str,
}

impl Keys {
    /// Reads a file's text.
    ///
    /// # Errors
    /// Every invalid line.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Vec<InvalidLine>> {
        let (mut keys, mut invalid) = (Vec::new(), Vec::new());
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match Key::parse(line) {
                Ok(key) => keys.push(key),
                Err(expected) => invalid.push(InvalidLine {
                    number: index + 1,
                    expected,
                }),
            }
        }
        if invalid.is_empty() {
            Ok(Self(keys))
        } else {
            Err(invalid)
        }
    }

    /// The name of the first line whose key this is.
    pub(super) fn owner(&self, key: &[u8]) -> Option<Arc<[u8]>> {
        if key.is_empty() || key.len() > LONGEST_KEY {
            return None;
        }
        let wanted = digest_of(key);
        let mut found = u32::MAX;
        // From the end, so that the first line is the last one taken.
        for (number, key) in self.0.iter().enumerate().rev() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            found.conditional_assign(&number, wanted.ct_eq(&key.digest));
        }
        let key = self.0.get(usize::try_from(found).ok()?)?;
        Some(Arc::clone(&key.name))
    }
}

impl Key {
    fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let colon = line.iter().position(|byte| *byte == b':').ok_or(SHAPE)?;
        let (name, key) = (line[..colon].trim_ascii_end(), &line[colon + 1..]);
        let key = key.trim_ascii();
        if name.is_empty() || key.is_empty() {
            return Err(SHAPE);
        }
        if name.len() > LONGEST_NAME {
            return Err("a name has at most 255 bytes");
        }
        if line.iter().any(u8::is_ascii_control) {
            return Err("a line holds no control characters");
        }
        let digest = match key.strip_prefix(b"{SHA256}") {
            Some(encoded) => {
                decode(encoded).ok_or("\"{SHA256}\" is followed by 44 characters of base64")?
            }
            None if key.starts_with(b"{") => {
                return Err("\"{SHA256}\" is the only scheme there is");
            }
            None if key.len() > LONGEST_KEY => return Err("a key has at most 1024 bytes"),
            None => digest_of(key),
        };
        Ok(Self {
            digest,
            name: name.into(),
        })
    }
}

fn decode(encoded: &[u8]) -> Option<Digest> {
    Some(words(&STANDARD.decode(encoded).ok()?.try_into().ok()?))
}

fn digest_of(key: &[u8]) -> Digest {
    let digest = digest(&SHA256, key);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    words(&bytes)
}

fn words(bytes: &[u8; 32]) -> Digest {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_ne_bytes(*bytes);
    }
    words
}

/// What a line looks like.
const SHAPE: &str = "a line is \"NAME:KEY\" or \"NAME:{SHA256}BASE64\", or begins with \"#\"";
/// Bytes of a key; a client's longer one is refused unseen.
const LONGEST_KEY: usize = 1024;
const LONGEST_NAME: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(text: &str, key: &[u8]) -> Option<String> {
        let name = Keys::parse(text.as_bytes()).unwrap().owner(key)?;
        Some(String::from_utf8_lossy(&name).into_owned())
    }

    fn invalid(text: &[u8]) -> Vec<(usize, &'static str)> {
        let lines = Keys::parse(text).err().unwrap_or_default();
        lines
            .iter()
            .map(|line| (line.number, line.expected))
            .collect()
    }

    #[test]
    fn keys_are_found_by_what_they_are() {
        let text = "# who may push\n\n ann : first key \r\nbob:b:c\nann:other\n\
                    eve:{SHA256}LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\n";
        for (key, name) in [
            ("first key", Some("ann")),
            ("other", Some("ann")),
            ("b:c", Some("bob")),
            ("hello", Some("eve")),
            ("first", None),
            ("First key", None),
            ("", None),
            ("# who may push", None),
            ("{SHA256}LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", None),
        ] {
            assert_eq!(owner(text, key.as_bytes()).as_deref(), name, "{key}");
        }
        assert_eq!(owner("", b"x"), None);
        assert_eq!(owner("a:x\nb:x", b"x").as_deref(), Some("a"));
        assert_eq!(owner("a:\u{fe}", "\u{fe}".as_bytes()).as_deref(), Some("a"));
        assert_eq!(owner("a:x", &[0xff; 3]), None);
    }

    #[test]
    fn the_empty_key_opens_nothing() {
        let text = "a:{SHA256}47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(owner(text, b""), None);
    }

    #[test]
    fn a_long_key_has_a_limit() {
        let key = vec![b'k'; LONGEST_KEY];
        let line = [b"a:", &*key].concat();
        assert!(Keys::parse(&line).unwrap().owner(&key).is_some());
        assert!(
            Keys::parse(&line)
                .unwrap()
                .owner(&[&*key, b"k"].concat())
                .is_none()
        );
        let expected = "a key has at most 1024 bytes";
        assert_eq!(invalid(&[&*line, b"k"].concat()), [(1, expected)]);
    }

    #[test]
    fn what_is_no_line() {
        let base64 = "\"{SHA256}\" is followed by 44 characters of base64";
        for (text, expected) in [
            ("key", SHAPE),
            (":key", SHAPE),
            ("name:", SHAPE),
            ("name: \t", SHAPE),
            ("a:\0b", "a line holds no control characters"),
            ("a:{SHA256}", base64),
            ("a:{SHA256}aGVsbG8=", base64),
            (
                "a:{SHA256}LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ",
                base64,
            ),
            (
                "a:{SHA}aGVsbG8=",
                "\"{SHA256}\" is the only scheme there is",
            ),
        ] {
            assert_eq!(invalid(text.as_bytes()), [(1, expected)], "{text}");
        }
        let long = format!("{}:k", "n".repeat(256));
        assert_eq!(
            invalid(long.as_bytes()),
            [(1, "a name has at most 255 bytes")]
        );
        assert_eq!(invalid(b"a:b\n\nx\n#\n:y"), [(3, SHAPE), (5, SHAPE)]);
    }
}

//! Names of entries: the MD5 of their cache key, which is also the name of their file, in the folders that the end of
//! it says. Those who purge files by `md5sum` of the key, as they do with nginx, find them here as well. That two keys
//! can be made to have one name is why a file says its key, and whoever opens it compares.

use std::fmt;
use std::path::{Path, PathBuf};

use md5::Context;

/// The name of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub [u8; Self::BYTES]);

impl Name {
    /// How long it is.
    pub const BYTES: usize = 16;

    /// The name of what a cache key leads to.
    pub fn of_key(key: &[u8]) -> Self {
        Self(md5::compute(key).0)
    }

    /// The name of the answer to requests of this variant.
    pub fn of_variant(self, variant: &[u8]) -> Self {
        let mut digest = Context::new();
        digest.consume(self.0);
        digest.consume(variant);
        Self(digest.finalize().0)
    }

    /// Out of the name of a file.
    pub fn from_file_name(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::BYTES];
        if name.len() != 2 * Self::BYTES {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(name.chunks_exact(2)) {
            *byte = hexadecimal(digits[0])? << 4 | hexadecimal(digits[1])?;
        }
        Some(Self(bytes))
    }
}

/// A name as files have it.
struct Digits([u8; 2 * Name::BYTES]);

impl Digits {
    fn of(name: Name) -> Self {
        let mut digits = [0; 2 * Name::BYTES];
        for (two, byte) in digits.chunks_exact_mut(2).zip(name.0) {
            two[0] = HEXADECIMAL[usize::from(byte >> 4)];
            two[1] = HEXADECIMAL[usize::from(byte & 15)];
        }
        Self(digits)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Digits::of(*self).text())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// How many digits of a name each folder above its file has (`levels`); at most three folders of one or two digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    digits: [u8; Self::MOST],
}

impl Levels {
    /// More folders are not made.
    pub const MOST: usize = 3;

    /// Reads `1:2`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut levels = Self::default();
        for (place, digits) in text.split(':').enumerate() {
            *levels.digits.get_mut(place)? = match digits {
                "1" => 1,
                "2" => 2,
                _ => return None,
            };
        }
        Some(levels)
    }

    /// How many folders there are above a file.
    pub fn depth(self) -> usize {
        self.digits.iter().filter(|digits| **digits > 0).count()
    }

    /// Whether below so many folders there is one with a name of so many digits.
    pub fn have(self, above: usize, digits: usize) -> bool {
        digits > 0 && self.digits.get(above).copied().map(usize::from) == Some(digits)
    }

    /// Whether a folder of these or of other levels could have this name.
    pub fn could_name(name: &[u8]) -> bool {
        matches!(name.len(), 1 | 2) && name.iter().all(|digit| hexadecimal(*digit).is_some())
    }

    /// The folder of an entry below `directory`.
    pub fn folder(self, directory: &Path, name: Name) -> PathBuf {
        let digits = Digits::of(name);
        let digits = digits.text();
        let mut folder = PathBuf::with_capacity(directory.as_os_str().len() + BELOW);
        folder.push(directory);
        let mut end = digits.len();
        for count in self.digits.into_iter().filter(|count| *count > 0) {
            let start = end - usize::from(count);
            folder.push(&digits[start..end]);
            end = start;
        }
        folder
    }

    /// The file of an entry below `directory`.
    pub fn file(self, directory: &Path, name: Name) -> PathBuf {
        let mut file = self.folder(directory, name);
        file.push(Digits::of(name).text());
        file
    }
}

/// Below the directory, the path of a file is no longer than this.
const BELOW: usize = 3 * Levels::MOST + 2 * Name::BYTES + 1;

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits.iter().filter(|digits| **digits > 0);
        let digits: Vec<String> = digits.map(u8::to_string).collect();
        f.write_str(&digits.join(":"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_lies_where_nginx_has_it() {
        let name = Name::from_file_name(b"b7f54b2df7773722d382f4809d65029c").unwrap();
        let file = |levels| {
            let levels = Levels::parse(levels).unwrap();
            let file = levels.file(Path::new("/c"), name);
            (levels.depth(), file.to_str().unwrap().to_owned())
        };
        assert_eq!(Levels::parse("2:2:1").unwrap().to_string(), "2:2:1");
        let plain = "b7f54b2df7773722d382f4809d65029c";
        assert_eq!(file("1:2"), (2, format!("/c/c/29/{plain}")));
        assert_eq!(file("2:2:1"), (3, format!("/c/9c/02/5/{plain}")));
        let none = Levels::default().file(Path::new("/c"), name);
        assert_eq!(none.to_str().unwrap(), format!("/c/{plain}"));
        for wrong in ["", "3", "1:", "1:2:3", "1:1:1:1", "01", ":1"] {
            assert_eq!(Levels::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_digests_of_keys() {
        let name = Name::of_key(b"/rv/k19").to_string();
        assert_eq!(name, "09b6337ef87d2e1f508a0194205d3b12");
        let main = Name::of_key(b"a");
        assert_ne!(main.of_variant(b"x"), main.of_variant(b"y"));
    }

    proptest! {
        #[test]
        fn a_name_is_found_again_by_its_file(bytes: [u8; 16], other in "[0-9a-fA-F]{30,34}") {
            let name = Name(bytes);
            prop_assert_eq!(Name::from_file_name(name.to_string().as_bytes()), Some(name));
            if let Some(read) = Name::from_file_name(other.as_bytes()) {
                prop_assert_eq!(read.to_string(), other);
            }
        }
    }
}

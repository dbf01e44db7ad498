//! The syntax of PCRE, as far as the engine of patterns reads it otherwise.
//!
//! Patterns are made of bytes, not of letters, so what is not ASCII becomes escapes, byte by byte.
//! `\Q…\E`, `\h`, `\v`, `\101`, `\<` and the marks within classes are put in words that mean to the engine what
//! PCRE means by them. Everything else is left as it is written.

use std::fmt::Write;

/// The pattern `text` in the engine's words.
pub(in crate::http) fn translate(text: &str) -> String {
    let mut translation = Translation {
        rest: text.as_bytes(),
        out: String::with_capacity(text.len() + 8),
    };
    while let Some(byte) = translation.next() {
        match byte {
            b'\\' => translation.escape(),
            b'[' => translation.class(),
            b'(' if translation.rest.starts_with(b"?#") => translation.comment(),
            byte => translation.plain(byte),
        }
    }
    translation.out
}

struct Translation<'t> {
    rest: &'t [u8],
    out: String,
}

/// What stands in a class, as far as it says what a hyphen behind it means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    /// The beginning, or the end of a range.
    Start,
    /// One byte, with which a range may begin.
    Byte,
    /// Many bytes, as `\w`.
    Set,
    /// The hyphen of a range.
    Hyphen,
}

const BLANKS: &str = r"\t\x20\xa0";
const LINE_ENDS: &str = r"\n\x0b\f\r\x85";

impl Translation<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Takes what is up to `end`, and `end`; everything when it does not come.
    fn until(&mut self, end: &[u8]) -> Vec<u8> {
        let place = self
            .rest
            .windows(end.len())
            .position(|window| window == end);
        let (taken, rest) = match place {
            Some(place) => (&self.rest[..place], &self.rest[place + end.len()..]),
            None => (self.rest, &self.rest[self.rest.len()..]),
        };
        self.rest = rest;
        taken.to_vec()
    }

    fn plain(&mut self, byte: u8) {
        match byte.is_ascii() {
            true => self.out.push(char::from(byte)),
            false => self.byte(byte),
        }
    }

    /// Just this byte, whatever it means elsewhere.
    fn byte(&mut self, byte: u8) {
        if byte.is_ascii_alphanumeric() {
            self.out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(self.out, "\\x{byte:02x}");
        }
    }

    /// A byte of a class that is no mark in it.
    fn member(&mut self, byte: u8) {
        match b"[]&~-^\\# \t\r\n".contains(&byte) {
            true => self.byte(byte),
            false => self.plain(byte),
        }
    }

    fn comment(&mut self) {
        self.until(b")");
    }

    fn escape(&mut self) {
        if let Some(byte) = self.coded() {
            return self.byte(byte);
        }
        match self.next() {
            None => self.out.push('\\'),
            Some(b'Q') => self.quoted(),
            Some(b'E') => {}
            Some(b'h') => self.set("[", BLANKS),
            Some(b'H') => self.set("[^", BLANKS),
            Some(b'C') => self.set("[", r"\x00-\xff"),
            Some(b'R') => self.line_end(),
            Some(b'v') => self.set("[", LINE_ENDS),
            Some(b'V') => self.set("[^", LINE_ENDS),
            Some(byte @ (b'<' | b'>')) => self.byte(byte),
            Some(byte) if !byte.is_ascii() => self.byte(byte),
            Some(byte) => {
                self.out.push('\\');
                self.out.push(char::from(byte));
            }
        }
    }

    /// The byte that an escape tells by its number (`\0`, `\33`, `\101`) or as a control (`\cA`), if it is
    /// one of those.
    fn coded(&mut self) -> Option<u8> {
        let is_octal = |byte: &&u8| matches!(byte, b'0'..=b'7');
        let digits = self.rest.iter().take(3).take_while(is_octal).count();
        let (byte, length) = match self.rest {
            [b'c', letter, ..] if letter.is_ascii_graphic() => {
                (letter.to_ascii_uppercase() ^ 0x40, 2)
            }
            // Fewer digits refer to a group.
            [first, ..] if *first == b'0' && digits > 0 || digits == 3 && *first < b'4' => {
                let number = |sum: u8, digit: &u8| sum * 8 + (digit - b'0');
                (self.rest[..digits].iter().fold(0, number), digits)
            }
            _ => return None,
        };
        self.rest = &self.rest[length..];
        Some(byte)
    }

    fn line_end(&mut self) {
        self.out.push_str(r"(?:\r\n|");
        self.set("[", LINE_ENDS);
        self.out.push(')');
    }

    fn set(&mut self, start: &str, bytes: &str) {
        self.out.push_str(start);
        self.out.push_str(bytes);
        self.out.push(']');
    }

    fn quoted(&mut self) {
        for byte in self.until(b"\\E") {
            self.byte(byte);
        }
    }

    /// A class, behind its opening bracket.
    fn class(&mut self) {
        self.out.push('[');
        if self.rest.first() == Some(&b'^') {
            self.next();
            self.out.push('^');
        }
        let mut before = Item::Start;
        let mut is_first = true;
        while let Some(byte) = self.next() {
            if byte == b']' && !is_first {
                self.out.push(']');
                return;
            }
            before = self.item(byte, before);
            is_first = false;
        }
    }

    /// One item of a class.
    fn item(&mut self, byte: u8, before: Item) -> Item {
        match byte {
            b'\\' => return self.class_escape(before),
            b'[' if self.rest.first() == Some(&b':') => {
                if let Some(end) = self.rest.windows(2).position(|two| two == b":]") {
                    let name = String::from_utf8_lossy(&self.rest[..end + 2]).into_owned();
                    self.rest = &self.rest[end + 2..];
                    self.out.push('[');
                    self.out.push_str(&name);
                    return Item::Set;
                }
                self.member(byte);
            }
            b'-' if before == Item::Byte && self.continues_range() => {
                self.out.push('-');
                return Item::Hyphen;
            }
            byte => self.member(byte),
        }
        Self::after_byte(before)
    }

    fn after_byte(before: Item) -> Item {
        match before {
            Item::Hyphen => Item::Start,
            _ => Item::Byte,
        }
    }

    /// Whether what follows a hyphen can be the end of a range.
    fn continues_range(&self) -> bool {
        match self.rest {
            [] | [b']', ..] | [b'[', b':', ..] => false,
            [b'\\', letter, ..] => !b"dDwWsShHvVQE".contains(letter),
            _ => true,
        }
    }

    fn class_escape(&mut self, before: Item) -> Item {
        if let Some(byte) = self.coded() {
            self.member(byte);
            return Self::after_byte(before);
        }
        match self.next() {
            None => self.out.push('\\'),
            Some(b'Q') => self.quoted(),
            Some(b'E') => return before,
            Some(b'h') => {
                self.out.push_str(BLANKS);
                return Item::Set;
            }
            Some(b'v') => {
                self.out.push_str(LINE_ENDS);
                return Item::Set;
            }
            Some(byte) if byte.is_ascii_alphanumeric() => {
                self.out.push('\\');
                self.out.push(char::from(byte));
                if b"dDwWsS".contains(&byte) {
                    return Item::Set;
                }
                self.digits(byte);
            }
            Some(byte) => self.member(byte),
        }
        Self::after_byte(before)
    }

    /// The digits that belong to an escape, so that they are no items of their own.
    fn digits(&mut self, letter: u8) {
        if letter != b'x' {
            return;
        }
        let end = match self.rest {
            [b'{', ..] => self.rest.iter().position(|byte| *byte == b'}'),
            _ => None,
        };
        let hexadecimal = self.rest.iter().take(2);
        let count = end.map_or_else(
            || {
                hexadecimal
                    .take_while(|byte| byte.is_ascii_hexdigit())
                    .count()
            },
            |end| end + 1,
        );
        let (digits, rest) = self.rest.split_at(count);
        digits.iter().for_each(|byte| self.plain(*byte));
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn what_the_engine_reads_alike_is_left_alone() {
        for same in [
            "",
            r"^/a(?<id>\d+)\.(?:png|jpe?g)$",
            r"^[a-z0-9.\x41-\x5a]+[^/]$",
            r"(?i)a{2,3}?(?!b)\bc\\",
            "[[:alpha:]_]",
            r"[\w]-",
        ] {
            assert_eq!(translate(same), same);
        }
    }

    #[test]
    fn what_it_reads_otherwise_is_put_in_its_words() {
        for (written, expected) in [
            ("\u{e9}+", r"\xc3\xa9+"),
            ("[\u{e9}]", r"[\xc3\xa9]"),
            ("\\\u{e9}", r"\xc3\xa9"),
            (r"\Qa.b\E+c", r"a\x2eb+c"),
            (r"\Q[", r"\x5b"),
            (r"a\E", "a"),
            (r"[\Q]\E]", r"[\x5d]"),
            (r"\101\0\033x\cA\c[", r"A\x00\x1bx\x01\x1b"),
            (r"(a)\1\12[\101-\103]\400", r"(a)\1\12[A-C]\400"),
            (r"\C\R", r"[\x00-\xff](?:\r\n|[\n\x0b\f\r\x85])"),
            (r"\h\V", r"[\t\x20\xa0][^\n\x0b\f\r\x85]"),
            (r"[^\v]", r"[^\n\x0b\f\r\x85]"),
            (r"\<a\>", r"\x3ca\x3e"),
            ("[]a]", r"[\x5da]"),
            ("[^]]", r"[^\x5d]"),
            ("[a[b]", r"[a\x5bb]"),
            ("[a&&b~~c]", r"[a\x26\x26b\x7e\x7ec]"),
            (r"[\w-.]", r"[\w\x2d.]"),
            (r"[.-\d]", r"[.\x2d\d]"),
            (r"[a\.\-b]", r"[a.\x2db]"),
            ("[+--a]", r"[+-\x2da]"),
            ("[a-c-e]", r"[a-c\x2de]"),
            ("[a-]", r"[a\x2d]"),
            ("[-a]", r"[\x2da]"),
            ("[[:digit:]-z]", r"[[:digit:]\x2dz]"),
            ("[[:digit]", r"[\x5b:digit]"),
            (r"[\x{41}-\x5A]", r"[\x{41}-\x5A]"),
            ("a(?#[)b", "ab"),
            ("[a", "[a"),
            ("\\", "\\"),
        ] {
            assert_eq!(translate(written), expected, "{written}");
        }
    }
}

//! Text that others wrote, for a terminal: nothing in it moves the cursor, changes colours, or turns the
//! direction of what stands beside it.

use std::io::{self, Write};

/// A message on one line.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| if is_safe(character) { character } else { ' ' })
        .collect()
}

/// A name or a key on one line, with what cannot be shown as `\x1b` or `\u{202e}`.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            character if is_safe(character) => shown.push(character),
            '\0'..='\u{7f}' => shown.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ => shown.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
        }
    }
    shown
}

/// Whether a character only takes its place. Those that turn or join text, hide or break lines do more.
fn is_safe(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Writes JSON so that it can be looked at in a terminal: characters that do more than take their place
/// become `\uXXXX`, which means the same within JSON. Lines end in LF; a carriage return is white space there.
pub(super) struct Json<W> {
    out: W,
    /// The beginning of a character whose end is still to come.
    begun: Vec<u8>,
    ends_line: bool,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            begun: Vec::new(),
            ends_line: false,
        }
    }

    /// Ends the document, and its last line.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if !self.begun.is_empty() {
            self.text("\u{fffd}")?;
        }
        if !self.ends_line {
            self.out.write_all(b"\n")?;
        }
        self.out.flush()
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, character) in text.char_indices() {
            if is_safe(character) || matches!(character, '\n' | '\t') {
                continue;
            }
            self.out.write_all(&text.as_bytes()[plain..at])?;
            plain = at + character.len_utf8();
            if character == '\r' {
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(self.out, "\\u{unit:04x}")?;
            }
        }
        self.ends_line = text.ends_with('\n');
        self.out.write_all(&text.as_bytes()[plain..])
    }
}

impl<W: Write> Write for Json<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.begun);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let (valid, invalid) = match std::str::from_utf8(rest) {
                Ok(text) => (text, None),
                Err(error) => {
                    let valid = &rest[..error.valid_up_to()];
                    (std::str::from_utf8(valid).unwrap_or_default(), Some(error))
                }
            };
            self.text(valid)?;
            rest = &rest[valid.len()..];
            match invalid.map(|error| error.error_len()) {
                None => {}
                Some(Some(length)) => {
                    self.text("\u{fffd}")?;
                    rest = &rest[length..];
                }
                Some(None) => {
                    self.begun = rest.to_vec();
                    break;
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_show_what_they_hold() {
        assert_eq!(visible("a b/ü漢"), "a b/ü漢");
        assert_eq!(
            visible("\x1b[31m\r\n\0\x7f"),
            "\\x1b[31m\\x0d\\x0a\\x00\\x7f"
        );
        assert_eq!(visible("a\u{202e}b\u{9b}c"), "a\\u{202e}b\\u{9b}c");
        assert_eq!(one_line("a\nb\x1b[c"), "a b [c");
    }

    fn json(pieces: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut writer = Json::new(&mut out);
        for piece in pieces {
            writer.write_all(piece).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_means_the_same_and_moves_nothing() {
        let text = "{\n\t\"a\u{9b}\u{202e}\u{e0041}ü\": 1\n}";
        let shown = json(&[text.as_bytes()]);
        assert_eq!(shown, "{\n\t\"a\\u009b\\u202e\\udb40\\udc41ü\": 1\n}\n");
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&shown), parse(text));
        assert_eq!(json(&[b"7\n"]), "7\n");
        assert_eq!(json(&[b"{\r", b"\n}\r\n"]), "{\n}\n");
        assert_eq!(json(&[b"\x1b[2J\x07"]), "\\u001b[2J\\u0007\n");
    }

    #[test]
    fn characters_may_come_in_pieces() {
        let text = "\"漢\u{9b}𝄞\"\n".as_bytes();
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(json(&bytes), "\"漢\\u009b𝄞\"\n");
        assert_eq!(
            json(&[b"a\xff\xe2\x82", b"b\xe2"]),
            "a\u{fffd}\u{fffd}b\u{fffd}\n"
        );
    }
}

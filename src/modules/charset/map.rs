//! `charset_map`: which characters of two charsets are the same.

use std::sync::Arc;

use crate::conf::{Diagnostic, Diagnostics, Directive, Word};

/// Two charsets, and how texts of each become texts of the other.
#[derive(Clone, Debug)]
pub(super) struct Map {
    names: [Box<str>; 2],
    there: Conversion,
    back: Conversion,
}

/// How the characters of one charset are written in another.
#[derive(Clone, Debug)]
pub(super) enum Conversion {
    /// A byte for each.
    Bytes(Arc<[u8; 256]>),
    /// From bytes to UTF-8.
    ToUtf8(Arc<[char; 256]>),
    /// From UTF-8 to bytes: tables by the upper and the lower byte of a character's number, where 0 is none.
    FromUtf8(Arc<Planes>),
}

/// For each upper byte the table of lower ones.
pub(super) type Planes = [Option<Box<[u8; 256]>>; 256];

/// What stands for a character that has no counterpart.
pub(super) const UNKNOWN: u8 = b'?';

impl Conversion {
    /// Whether each byte stays in its place, and what stands around parts of a body is as it was.
    pub(super) fn keeps_places(&self) -> bool {
        let is_itself = |(place, byte): (usize, &u8)| usize::from(*byte) == place;
        matches!(self, Self::Bytes(table) if table[..0x80].iter().enumerate().all(is_itself))
    }
}

/// How texts of one charset become texts of another.
pub(super) fn between(maps: &[Map], from: &[u8], to: &[u8]) -> Option<Conversion> {
    maps.iter().find_map(|map| {
        let is =
            |number: usize, name: &[u8]| map.names[number].as_bytes().eq_ignore_ascii_case(name);
        if is(0, from) && is(1, to) {
            return Some(map.there.clone());
        }
        (is(1, from) && is(0, to)).then(|| map.back.clone())
    })
}

impl Map {
    /// Reads the lines of a map; what is wrong with them is told.
    pub(super) fn read(names: [&str; 2], lines: &[&Directive], problems: &mut Diagnostics) -> Self {
        let is_utf8 = names[1].eq_ignore_ascii_case("utf-8");
        let mut codes = Vec::new();
        for line in lines {
            match pair(line, is_utf8) {
                Ok(pair) => codes.push(pair),
                Err(problem) => problems.push(problem),
            }
        }
        let (there, back) = match is_utf8 {
            true => with_utf8(&codes),
            false => of_bytes(&codes),
        };
        let names = names.map(Box::from);
        Self { names, there, back }
    }
}

/// A byte and the character that it is in the other charset; of a charset of bytes, that of its code.
fn pair(line: &Directive, is_utf8: bool) -> Result<(u8, char), Diagnostic> {
    let [other] = line.arguments.as_slice() else {
        let help = "a line has the code of a character in either charset, as C1 D0B0;";
        return Err(Diagnostic::error(line.span, "invalid parameters number").with_help(help));
    };
    let byte = u8::from_str_radix(&line.name.text, 16).map_err(|_| invalid(&line.name, BYTE))?;
    let other = match is_utf8 {
        true => character(other).ok_or_else(|| invalid(other, CHARACTER))?,
        false => match u8::from_str_radix(&other.text, 16) {
            Ok(code) => char::from(code),
            Err(_) => return Err(invalid(other, BYTE)),
        },
    };
    Ok((byte, other))
}

/// A character of the first plane of Unicode, by its bytes in UTF-8.
fn character(word: &Word) -> Option<char> {
    let text = word.text.as_bytes();
    if !text.len().is_multiple_of(2) || !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let bytes: Result<Vec<u8>, _> = (0..text.len() / 2)
        .map(|number| u8::from_str_radix(&word.text[2 * number..2 * number + 2], 16))
        .collect();
    let decoded = String::from_utf8(bytes.ok()?).ok()?;
    let mut characters = decoded.chars();
    let character = characters.next().filter(|one| u32::from(*one) <= 0xffff);
    character.filter(|_| characters.next().is_none())
}

const BYTE: &str = "expected a byte as two hexadecimal digits, 00 to FF";
const CHARACTER: &str = "expected the bytes of one character in UTF-8, as D0B0, up to EFBFBF";

fn invalid(word: &Word, help: &str) -> Diagnostic {
    Diagnostic::error(word.span, format!("invalid value \"{}\"", word.text)).with_help(help)
}

fn of_bytes(codes: &[(u8, char)]) -> (Conversion, Conversion) {
    let (mut there, mut back) = (itself(), itself());
    for (byte, other) in codes {
        // It was read as one byte.
        let other = u8::try_from(u32::from(*other)).unwrap_or(UNKNOWN);
        there[usize::from(*byte)] = other;
        back[usize::from(other)] = *byte;
    }
    (
        Conversion::Bytes(Arc::new(there)),
        Conversion::Bytes(Arc::new(back)),
    )
}

/// What ASCII is stands for itself.
fn itself() -> [u8; 256] {
    let mut table = [UNKNOWN; 256];
    for byte in 0..0x80 {
        table[usize::from(byte)] = byte;
    }
    table
}

fn with_utf8(codes: &[(u8, char)]) -> (Conversion, Conversion) {
    let mut there = itself().map(char::from);
    let mut back: Planes = [const { None }; 256];
    for (byte, character) in codes {
        there[usize::from(*byte)] = *character;
        let number = u32::from(*character) as usize;
        let plane = back[number >> 8 & 0xff].get_or_insert_with(|| Box::new([0; 256]));
        plane[number & 0xff] = *byte;
    }
    (
        Conversion::ToUtf8(Arc::new(there)),
        Conversion::FromUtf8(Arc::new(back)),
    )
}

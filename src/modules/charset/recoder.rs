//! The filter of bodies: a text of one charset becomes one of another.

use std::io::{self, Write};

use super::map::{Conversion, Planes, UNKNOWN};
use crate::http::course::request::Request;
use crate::http::plan::body_filter::{BodyFilter, Passed};

/// Recodes a body.
pub(super) struct Recoder {
    conversion: Conversion,
    /// The beginning of a character of UTF-8 whose end has not come.
    begun: Vec<u8>,
}

impl Recoder {
    pub(super) fn new(conversion: Conversion) -> Self {
        let begun = Vec::new();
        Self { conversion, begun }
    }

    fn recode(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match &self.conversion {
            Conversion::Bytes(table) => {
                out.extend(piece.iter().map(|byte| table[usize::from(*byte)]));
            }
            Conversion::ToUtf8(table) => {
                let mut room = [0; 4];
                for byte in piece {
                    let text = table[usize::from(*byte)].encode_utf8(&mut room);
                    out.extend_from_slice(text.as_bytes());
                }
            }
            Conversion::FromUtf8(planes) => from_utf8(planes, &mut self.begun, piece, out),
        }
    }
}

/// Recodes what is whole of a text; of a character whose end is missing the beginning is kept.
fn from_utf8(planes: &Planes, begun: &mut Vec<u8>, mut piece: &[u8], out: &mut Vec<u8>) {
    // A character has at most four bytes, so that few of the piece belong to the one that is begun.
    while !begun.is_empty() {
        let Some((byte, rest)) = piece.split_first() else {
            return;
        };
        begun.push(*byte);
        match std::str::from_utf8(begun) {
            Ok(text) => {
                put(planes, text, out);
                piece = rest;
            }
            Err(error) if error.error_len().is_none() => {
                piece = rest;
                continue;
            }
            // The byte does not belong to it, and is looked at by itself.
            Err(_) => out.push(UNKNOWN),
        }
        begun.clear();
    }
    let length = piece.len();
    let mut passed = 0;
    for chunk in piece.utf8_chunks() {
        put(planes, chunk.valid(), out);
        passed += chunk.valid().len() + chunk.invalid().len();
        match std::str::from_utf8(chunk.invalid()) {
            Ok(_) => {}
            Err(error) if error.error_len().is_none() && passed == length => {
                begun.extend_from_slice(chunk.invalid());
            }
            Err(_) => out.push(UNKNOWN),
        }
    }
}

fn put(planes: &Planes, text: &str, out: &mut Vec<u8>) {
    for character in text.chars() {
        let number = u32::from(character);
        let plane = planes.get((number >> 8) as usize).and_then(Option::as_ref);
        match plane.map_or(0, |plane| plane[(number & 0xff) as usize]) {
            0 if number < 0x80 => out.push(number as u8),
            // Writing to memory does not fail.
            0 => drop(write!(out, "&#{number};")),
            byte => out.push(byte),
        }
    }
}

impl BodyFilter for Recoder {
    fn piece(&mut self, _: &mut Request, piece: &[u8], out: &mut Vec<u8>) -> io::Result<Passed> {
        self.recode(piece, out);
        Ok(Passed::Changed)
    }

    fn end(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        if !self.begun.is_empty() {
            self.begun.clear();
            out.push(UNKNOWN);
        }
        Ok(())
    }

    fn keeps_length(&self) -> bool {
        self.conversion.keeps_places()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn recoder() -> Recoder {
        let mut planes: Planes = [const { None }; 256];
        let mut plane = Box::new([0; 256]);
        plane[0x4e] = 0xc0;
        planes[0x04] = Some(plane);
        Recoder::new(Conversion::FromUtf8(Arc::new(planes)))
    }

    /// Wherever it is cut, a text is recoded alike.
    #[test]
    fn pieces_may_end_within_characters() {
        let text = "aю<\u{20ac}\u{1f600}я".as_bytes();
        for broken in [
            text,
            b"\xff\xd1\x8e\xd1",
            b"\xf0\x9f\xd1\x8ex",
            b"\xd1\xd1\x8e\x80\xe2\x82",
            b"\xe0\x80\xf5\xd1",
        ] {
            let whole = run(&[broken]);
            for first in 0..=broken.len() {
                let (one, rest) = broken.split_at(first);
                assert_eq!(run(&[one, rest]), whole, "{broken:?} at {first}");
                for second in 0..=rest.len() {
                    let (two, three) = rest.split_at(second);
                    assert_eq!(
                        run(&[one, two, three]),
                        whole,
                        "{broken:?} at {first}, {second}"
                    );
                }
            }
        }
        assert_eq!(run(&[text]), b"a\xc0<&#8364;&#128512;&#1103;");
        assert_eq!(run(&[b"\xff\xd1\x8e\xd1"]), b"?\xc0?");
    }

    fn run(pieces: &[&[u8]]) -> Vec<u8> {
        let (mut recoder, mut out) = (recoder(), Vec::new());
        for piece in pieces {
            recoder.recode(piece, &mut out);
        }
        if !recoder.begun.is_empty() {
            out.push(UNKNOWN);
        }
        out
    }
}

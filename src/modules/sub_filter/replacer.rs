//! The filter. It holds back what may be the beginning of a string, which is shorter than the
//! longest of them; so it does not matter how a body is cut into pieces.

use std::io;
use std::sync::Arc;

use super::Pair;
use crate::http::course::request::Request;
use crate::http::plan::body_filter::{BodyFilter, Passed};

/// Replaces strings.
pub(super) struct Replacer {
    pairs: Arc<[Pair]>,
    once: bool,
    /// In the order of the configuration; those that are still to be found.
    wanted: Vec<Wanted>,
    /// Which bytes a wanted string begins with.
    beginnings: [bool; 256],
    held: Vec<u8>,
}

struct Wanted {
    pair: usize,
    string: Vec<u8>,
    /// Known once the string was found.
    replacement: Option<Vec<u8>>,
}

/// What is at one place of a body.
enum Here {
    Nothing,
    /// The string of this number in `wanted`.
    Found(usize),
    /// What may become one.
    Beginning,
}

impl Replacer {
    /// One for the response of a request; `None` when all strings are empty.
    pub(super) fn new(request: &mut Request, pairs: &Arc<[Pair]>, once: bool) -> Option<Self> {
        let mut wanted = Vec::with_capacity(pairs.len());
        for (pair, written) in pairs.iter().enumerate() {
            let string = written.string.evaluate(request);
            if !string.is_empty() {
                wanted.push(Wanted {
                    pair,
                    string,
                    replacement: None,
                });
            }
        }
        if wanted.is_empty() {
            return None;
        }
        let mut replacer = Self {
            pairs: Arc::clone(pairs),
            once,
            wanted,
            beginnings: [false; 256],
            held: Vec::new(),
        };
        replacer.note_beginnings();
        Some(replacer)
    }

    fn note_beginnings(&mut self) {
        self.beginnings = [false; 256];
        for byte in self
            .wanted
            .iter()
            .filter_map(|wanted| wanted.string.first())
        {
            self.beginnings[usize::from(byte.to_ascii_lowercase())] = true;
            self.beginnings[usize::from(byte.to_ascii_uppercase())] = true;
        }
    }

    /// Looks at the beginning of `bytes`, behind which nothing follows at the end.
    fn look(&self, bytes: &[u8], is_end: bool) -> Here {
        for (number, wanted) in self.wanted.iter().enumerate() {
            let length = wanted.string.len().min(bytes.len());
            if !bytes[..length].eq_ignore_ascii_case(&wanted.string[..length]) {
                continue;
            }
            if length == wanted.string.len() {
                return Here::Found(number);
            }
            if !is_end {
                return Here::Beginning;
            }
        }
        Here::Nothing
    }

    /// Appends what becomes of `bytes`; how many of them, at their end, are to be looked at again
    /// with what follows.
    fn replace(
        &mut self,
        request: &mut Request,
        bytes: &[u8],
        is_end: bool,
        out: &mut Vec<u8>,
    ) -> usize {
        let (mut at, mut copied) = (0, 0);
        while let Some(skipped) = bytes[at..]
            .iter()
            .position(|byte| self.beginnings[usize::from(*byte)])
        {
            at += skipped;
            match self.look(&bytes[at..], is_end) {
                Here::Nothing => at += 1,
                Here::Beginning => {
                    out.extend_from_slice(&bytes[copied..at]);
                    return bytes.len() - at;
                }
                Here::Found(number) => {
                    out.extend_from_slice(&bytes[copied..at]);
                    at += self.wanted[number].string.len();
                    copied = at;
                    self.put(request, number, out);
                }
            }
        }
        out.extend_from_slice(&bytes[copied..]);
        0
    }

    fn put(&mut self, request: &mut Request, number: usize, out: &mut Vec<u8>) {
        let wanted = &mut self.wanted[number];
        let written = &self.pairs[wanted.pair].replacement;
        let replacement = wanted
            .replacement
            .get_or_insert_with(|| written.evaluate(request));
        out.extend_from_slice(replacement);
        if self.once {
            self.wanted.remove(number);
            self.note_beginnings();
        }
    }
}

impl BodyFilter for Replacer {
    fn piece(
        &mut self,
        request: &mut Request,
        piece: &[u8],
        out: &mut Vec<u8>,
    ) -> io::Result<Passed> {
        if self.held.is_empty() {
            if self.wanted.is_empty() {
                return Ok(Passed::AsItIs);
            }
            let left = self.replace(request, piece, false, out);
            self.held.extend_from_slice(&piece[piece.len() - left..]);
            return Ok(Passed::Changed);
        }
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        let left = self.replace(request, &bytes, false, out);
        bytes.drain(..bytes.len() - left);
        self.held = bytes;
        Ok(Passed::Changed)
    }

    fn end(&mut self, request: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.held);
        self.replace(request, &bytes, true, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::plan::body_filter::BodyFilters;
    use crate::modules::core::trial::{begin, load, server};

    fn pair(string: &str, replacement: &str) -> Pair {
        let literal = |text: &str| {
            use crate::http::plan::template::{Part, Template};
            Template::new(vec![Part::Literal(text.as_bytes().into())])
        };
        Pair {
            string: literal(string),
            replacement: literal(replacement),
        }
    }

    fn replaced(pairs: &[(&str, &str)], once: bool, pieces: &[&[u8]]) -> String {
        let mut request = begin(server(""), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let pairs = pairs
            .iter()
            .map(|(string, new)| pair(string, new))
            .collect();
        let mut filters = BodyFilters::default();
        filters.add(Replacer::new(&mut request, &pairs, once).unwrap());
        let mut out = Vec::new();
        for piece in pieces {
            let passed = filters.piece(&mut request, piece).unwrap();
            out.extend_from_slice(passed.unwrap_or(piece));
            out.extend_from_slice(filters.pause(&mut request).unwrap());
        }
        out.extend_from_slice(filters.end(&mut request).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_are_replaced() {
        for (pairs, once, body, expected) in [
            (&[("a", "b")][..], true, "aaa", "baa"),
            (&[("a", "b")], false, "aAx", "bbx"),
            (&[("ab", "")], false, "aabb", "ab"),
            (&[("aab", "x")], false, "aaaab", "aax"),
            (&[("abab", "x")], false, "abaabab", "abax"),
            (&[("a", "b"), ("b", "c")], true, "ab ab", "bc ab"),
            (&[("a", "1"), ("abc", "2")], false, "abc", "1bc"),
            (&[("abc", "2"), ("a", "1")], false, "abc ab", "2 1b"),
            (&[("abc", "2")], false, "ab", "ab"),
        ] {
            assert_eq!(
                replaced(pairs, once, &[body.as_bytes()]),
                expected,
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn how_a_body_is_cut_does_not_matter(
            body in "[abAB]{0,40}",
            strings in prop::collection::vec("[ab]{1,4}", 1..4),
            once in any::<bool>(),
            size in 1..5usize,
        ) {
            let pairs: Vec<_> = strings.iter().map(|string| (&**string, "<x>")).collect();
            let pieces: Vec<_> = body.as_bytes().chunks(size).collect();
            let whole = replaced(&pairs, once, &[body.as_bytes()]);
            prop_assert_eq!(replaced(&pairs, once, &pieces), whole);
        }
    }

    #[test]
    fn what_is_written_wrongly() {
        let problems = load("events {} http { sub_filter '' x; server { listen 8080; } }".into());
        assert_eq!(problems.err().unwrap(), ["empty search pattern"]);
    }
}

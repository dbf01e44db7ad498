//! What is said of a session when it is registered, as the text that is kept with it.
//!
//! Three lengths (u16), a check (u32) of all the rest, then reference, location, peer and extra. Each is cut to what there is room
//! for. What does not fit its check says nothing: it might be about somebody else.

use xxhash_rust::xxh3::Xxh3;

use super::keys::NAME_LIMIT;

/// What is said of a session. All of it may be any bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// What it is about: a stream, a file.
    pub reference: &'a [u8],
    /// Where it began.
    pub location: &'a [u8],
    /// From where it came.
    pub peer: &'a [u8],
    /// Anything else.
    pub extra: &'a [u8],
}

/// What stands for a location or peer that is not said.
const UNKNOWN: &[u8] = b"unknown";
const LENGTHS: usize = 6;
const HEAD: usize = LENGTHS + 4;
/// The longest text that a zone keeps, and so what is left for the extra.
const LONGEST: usize = 1104;
/// The longest extra, in bytes.
pub(super) const EXTRA_LIMIT: usize = LONGEST - HEAD - 3 * NAME_LIMIT;

impl<'a> Attributes<'a> {
    /// The same as they are kept: cut, and a location and peer that are not said are "unknown".
    pub(super) fn kept(self) -> Self {
        fn known(text: &[u8]) -> &[u8] {
            let text = if text.is_empty() { UNKNOWN } else { text };
            cut(text, NAME_LIMIT)
        }
        Self {
            reference: cut(self.reference, NAME_LIMIT),
            location: known(self.location),
            peer: known(self.peer),
            extra: cut(self.extra, EXTRA_LIMIT),
        }
    }

    /// As text.
    pub(super) fn write(self) -> Vec<u8> {
        let Self {
            reference,
            location,
            peer,
            extra,
        } = self.kept();
        let mut out = Vec::with_capacity(LONGEST);
        for part in [reference, location, peer] {
            out.extend((part.len() as u16).to_le_bytes());
        }
        out.extend([0; HEAD - LENGTHS]);
        for part in [reference, location, peer, extra] {
            out.extend_from_slice(part);
        }
        let check = check(&out[..LENGTHS], &out[HEAD..]);
        out[LENGTHS..HEAD].copy_from_slice(&check);
        out
    }

    /// Whether a text is as it was written.
    pub(super) fn are_whole(text: &[u8]) -> bool {
        let parts = text.split_at_checked(LENGTHS);
        let parts = parts.and_then(|(lengths, rest)| Some((lengths, rest.split_first_chunk()?)));
        parts.is_some_and(|(lengths, (noted, rest))| check(lengths, rest) == *noted)
    }

    /// Out of the text of a session ([`Sessions::said`](super::Sessions::said)); of one that was damaged, nothing.
    pub fn read(text: &'a [u8]) -> Self {
        let text = if Self::are_whole(text) { text } else { &[] };
        let (head, mut rest) = text.split_at(text.len().min(HEAD));
        let mut lengths = head.as_chunks().0.iter();
        let mut part = || {
            let length = lengths
                .next()
                .map_or(0, |length| u16::from_le_bytes(*length));
            let (part, left) = rest.split_at(usize::from(length).min(rest.len()));
            rest = left;
            part
        };
        let (reference, location, peer) = (part(), part(), part());
        let extra = rest;
        Self {
            reference,
            location,
            peer,
            extra,
        }
        .kept()
    }
}

fn check(lengths: &[u8], rest: &[u8]) -> [u8; HEAD - LENGTHS] {
    let mut hash = Xxh3::new();
    hash.update(lengths);
    hash.update(rest);
    (hash.digest() as u32).to_le_bytes()
}

fn cut(text: &[u8], limit: usize) -> &[u8] {
    &text[..text.len().min(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_cut_to_fit() {
        let long = [b'l'; 25_000];
        for text in [&b""[..], b"a", &long] {
            let all = Attributes {
                reference: text,
                location: text,
                peer: text,
                extra: text,
            };
            let written = all.write();
            assert!(written.len() <= LONGEST);
            let read = Attributes::read(&written);
            assert_eq!(read, all.kept());
            let known = if text.is_empty() {
                UNKNOWN
            } else {
                cut(text, NAME_LIMIT)
            };
            assert_eq!((read.location, read.peer), (known, known));
            let nothing = Attributes::default().kept();
            for end in 0..written.len() {
                assert_eq!(Attributes::read(&written[..end]), nothing);
            }
            for place in 0..written.len() {
                let mut other = written.clone();
                other[place] ^= 1 << (place % 8);
                assert_eq!(Attributes::read(&other), nothing, "{place}");
            }
        }
        Attributes::read(&[255; 20]);
    }
}

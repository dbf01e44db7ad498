//! What is said of a session when it is registered, as the text that is kept with it.
//!
//! Three lengths (u16), then reference, location, peer and extra. Each is cut to what there is room for.

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
const HEAD: usize = 6;
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
        for part in [reference, location, peer, extra] {
            out.extend_from_slice(part);
        }
        out
    }

    /// Out of the text of a session ([`Sessions::said`](super::Sessions::said)); of one that was damaged, what can be.
    pub fn read(text: &'a [u8]) -> Self {
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
            for end in 0..written.len() {
                Attributes::read(&written[..end]);
            }
        }
        Attributes::read(&[255; 20]);
    }
}

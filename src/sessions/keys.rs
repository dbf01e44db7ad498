//! The keys of a zone of sessions: a byte that says the kind, then what it is about, cut to fit.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::cells::ROW;
use crate::metric::KEY_LIMIT;

/// The longest name that a key has room for, in bytes.
pub(super) const NAME_LIMIT: usize = KEY_LIMIT - 1;

pub(super) const TOTALS: &[u8] = b"\x00";
pub(super) const GAUGE: &[u8] = b"\x01";
pub(super) const SESSION: u8 = 2;
pub(super) const PEER: u8 = 3;
/// A location of one peer.
pub(super) const PAIR: u8 = 4;
pub(super) const LOCATION: u8 = 5;
pub(super) const REFERENCE: u8 = 6;
/// A session that was found when a server started: its serial, and as much of its id as fits.
pub(super) const FOUND: u8 = 7;

/// Bytes that stand for a peer in the keys of its locations.
pub(super) const PEER_BYTES: usize = 16;

/// A key, without allocation. One byte more than is kept says that it was cut.
#[derive(Clone, Debug)]
pub(super) struct Key {
    bytes: [u8; KEY_LIMIT + 1],
    length: u16,
}

impl Default for Key {
    fn default() -> Self {
        Self {
            bytes: [0; KEY_LIMIT + 1],
            length: 0,
        }
    }
}

impl Key {
    /// What is called `name`, of a kind.
    pub(super) fn of(kind: u8, name: &[u8]) -> Self {
        let mut key = Self::default();
        key.become_of(kind, name);
        key
    }

    /// The same in the place of what it was.
    pub(super) fn become_of(&mut self, kind: u8, name: &[u8]) {
        self.length = 0;
        self.push(&[kind]);
        self.push(name);
    }

    /// A location of a peer.
    pub(super) fn of_pair(peer: &[u8], location: &[u8]) -> Self {
        let mut key = Self::of(PAIR, &peer_id(peer));
        key.push(&location[..location.len().min(NAME_LIMIT - PEER_BYTES)]);
        key
    }

    fn push(&mut self, bytes: &[u8]) {
        let start = usize::from(self.length);
        let end = (start + bytes.len()).min(self.bytes.len());
        self.bytes[start..end].copy_from_slice(&bytes[..end - start]);
        self.length = end as u16;
    }

    /// As it is given to the zone.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// As it is kept.
    pub(super) fn kept(&self) -> &[u8] {
        &self.bytes()[..self.bytes().len().min(KEY_LIMIT)]
    }

    /// What the first cell of a row with this key is.
    pub(super) fn row_name(&self) -> u64 {
        xxh3_64(self.bytes()) | ROW
    }
}

/// What stands for a peer in the keys of its locations.
pub(super) fn peer_id(peer: &[u8]) -> [u8; PEER_BYTES] {
    xxh3_128(&peer[..peer.len().min(NAME_LIMIT)]).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_fits_and_says_that_it_was_cut() {
        for length in [0, 1, 254, 255, 256, 25_000] {
            let key = Key::of(SESSION, &vec![b'x'; length]);
            assert_eq!(key.bytes().len(), 1 + length.min(KEY_LIMIT));
            assert_eq!(key.bytes().len() > KEY_LIMIT, length > NAME_LIMIT);
            let pair = Key::of_pair(&vec![b'p'; length], &vec![b'l'; length]);
            assert!(pair.bytes().len() <= KEY_LIMIT);
            assert!(pair.row_name() & ROW != 0);
        }
        assert_ne!(
            Key::of_pair(b"a", b"x").bytes(),
            Key::of_pair(b"b", b"x").bytes()
        );
    }
}

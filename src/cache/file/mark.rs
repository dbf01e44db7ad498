//! The mark behind a body, by which a file says that it is whole.

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

use super::words::number;

/// What stands behind a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How long the body is.
    pub length: u64,
    /// The digest of the body.
    pub digest: u64,
    /// Which boot of the machine it was written in: what another one left may not all have reached the disk.
    pub boot: u64,
}

const MAGIC: u64 = u64::from_le_bytes(*b"pgwhole1");
const SUMMED: usize = Mark::BYTES - 8;

impl Mark {
    /// How long it is in a file.
    pub const BYTES: usize = 40;

    /// The mark of the file whose head has this nonce.
    pub fn written(self, nonce: u64) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let numbers = [MAGIC, self.length, self.digest, self.boot];
        for (word, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            word.copy_from_slice(&number.to_le_bytes());
        }
        let sum = xxh3_64_with_seed(&bytes[..SUMMED], nonce);
        bytes[SUMMED..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads one; nothing if it is none of that file.
    pub fn read(bytes: &[u8; Self::BYTES], nonce: u64) -> Option<Self> {
        let sum = xxh3_64_with_seed(&bytes[..SUMMED], nonce);
        let is_mark = number(bytes, 0) == MAGIC && number(bytes, SUMMED) == sum;
        is_mark.then(|| Self {
            length: number(bytes, 8),
            digest: number(bytes, 16),
            boot: number(bytes, 24),
        })
    }
}

/// Makes the digest of a body piece by piece, to notice what a disk did not keep; it is no proof against anybody.
pub struct BodyDigest(Box<Xxh3>);

impl Default for BodyDigest {
    fn default() -> Self {
        Self(Box::new(Xxh3::new()))
    }
}

impl BodyDigest {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces so far.
    pub fn value(&self) -> u64 {
        self.0.digest()
    }
}

impl std::fmt::Debug for BodyDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.value())
    }
}

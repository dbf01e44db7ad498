//! What a body can be packed with: the table that everything else goes by.

use std::io;

use super::{brotli, gzip, zstd};

/// One of them.
pub(super) struct Coding {
    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub(super) name: &'static str,
    /// What the names of files end in that are packed with it.
    pub(super) suffix: &'static str,
    /// Begins to pack a body.
    pub(super) begin: fn(Effort) -> io::Result<Box<dyn Encoder>>,
}

/// Their places in the table: directives and settings of each are told apart by them.
pub(super) const BROTLI: usize = 0;
pub(super) const ZSTD: usize = 1;
pub(super) const GZIP: usize = 2;

/// All of them; the first is taken where a client weighs several alike.
pub(super) static CODINGS: [Coding; 3] = [
    Coding {
        name: "br",
        suffix: ".br",
        begin: brotli::begin,
    },
    Coding {
        name: "zstd",
        suffix: ".zst",
        begin: zstd::begin,
    },
    Coding {
        name: "gzip",
        suffix: ".gz",
        begin: gzip::begin,
    },
];

/// How hard an encoder tries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// From hasty to slow.
    pub(super) level: u32,
    /// How far it looks back: the logarithm of the bytes, to the base of 2.
    pub(super) window: u32,
    /// How long the body is, where that is known.
    pub(super) length: Option<u64>,
}

impl Effort {
    /// The same for a body of which this length is known: nothing is won by a window, and the memory for it, that is
    /// longer than the body. `least` is the shortest there is.
    pub(super) fn for_length(self, length: Option<u64>, least: u32) -> Self {
        let needed = length.map_or(self.window, |length| {
            u64::BITS - length.saturating_add(MARGIN).leading_zeros()
        });
        Self {
            window: self.window.min(needed.max(least)),
            length,
            ..self
        }
    }
}

/// Encoders do not look back over their whole window; the widest gap is that of deflate.
const MARGIN: u64 = 262;

/// Packs a body piece by piece.
pub(super) trait Encoder: Send + Sync {
    /// Takes a piece; what has come of it is appended to `out`.
    fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) -> io::Result<()>;
    /// Appends what a decoder still needs for all that was taken.
    fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()>;
    /// Appends the rest.
    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()>;
}

/// Encoders are given so much room at a time.
pub(super) const ROOM: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_no_longer_than_bodies() {
        let effort = Effort {
            level: 1,
            window: 15,
            length: None,
        };
        let window = |length| effort.for_length(length, 9).window;
        assert_eq!(window(None), 15);
        assert_eq!(window(Some(u64::MAX)), 15);
        assert_eq!(window(Some(32 << 10)), 15);
        assert_eq!(window(Some((1 << 14) - 263)), 14);
        assert_eq!(window(Some((1 << 14) - 262)), 15);
        assert_eq!(window(Some(0)), 9);
    }

    #[test]
    fn each_has_its_place() {
        assert_eq!(CODINGS[BROTLI].name, "br");
        assert_eq!(CODINGS[ZSTD].name, "zstd");
        assert_eq!(CODINGS[GZIP].name, "gzip");
    }
}

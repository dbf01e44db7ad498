//! How much of a connection belongs to the request that is being served.

use super::chunks::Chunks;

/// How much of what comes may be read for a request.
#[derive(Debug)]
pub enum Share {
    /// So many bytes; then only the end of the stream is seen.
    Bytes(u64),
    /// A body in chunks, to its end; then only the end of the stream is seen.
    Chunks(Chunks),
    /// Everything: the connection has changed to another protocol.
    All,
}

impl Share {
    /// How many of so many bytes may be had at once.
    pub(super) fn most(&self, wanted: usize) -> usize {
        match self {
            Self::Bytes(left) => usize::try_from(*left).map_or(wanted, |left| left.min(wanted)),
            Self::Chunks(_) | Self::All => wanted,
        }
    }

    /// Takes as much of `bytes` as belongs to the share; `content` is given what is not framing.
    pub(super) fn take(&mut self, bytes: &[u8], content: &mut dyn FnMut(&[u8])) -> usize {
        let amount = self.most(bytes.len());
        match self {
            Self::Chunks(chunks) => return chunks.take(bytes, content),
            Self::Bytes(left) => *left -= amount as u64,
            Self::All => {}
        }
        content(&bytes[..amount]);
        amount
    }

    /// Whether all of it was taken.
    pub(super) fn is_used_up(&self) -> bool {
        match self {
            Self::Bytes(left) => *left == 0,
            Self::Chunks(chunks) => chunks.is_complete(),
            Self::All => false,
        }
    }

    /// Whether what comes next cannot be a part of it.
    pub(super) fn is_malformed(&self) -> bool {
        matches!(self, Self::Chunks(chunks) if chunks.is_malformed())
    }
}

//! Where a body ends, and which of its bytes are content.
//!
//! Both sides are judged by this one reader: the requests of clients and the responses of origins.

pub use super::chunks::{Chunks, Decoded};

/// How the end of a body is found, and how far it has been read.
#[derive(Debug)]
pub enum Framing {
    /// So many bytes are left.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked(Chunks),
    /// Everything up to the end of the connection; responses only.
    UntilClose,
}

/// The bytes are no body of this framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFraming;

impl Framing {
    /// A message without a body.
    pub const NONE: Self = Self::Length(0);

    /// Whether the body has been read to its end.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunks) => chunks.is_complete(),
            Self::UntilClose => false,
        }
    }

    /// Whether something came that does not belong into such a body.
    pub fn is_malformed(&self) -> bool {
        matches!(self, Self::Chunked(chunks) if chunks.is_malformed())
    }

    /// How much content a chunk has announced that has not come.
    pub fn announced(&self) -> u64 {
        match self {
            Self::Chunked(chunks) => chunks.announced(),
            _ => 0,
        }
    }

    /// Has the trailers kept that may come behind a body in chunks.
    pub fn keep_trailers(&mut self) {
        if let Self::Chunked(chunks) = self {
            chunks.keep_trailers();
        }
    }

    /// The lines of trailers that were kept.
    pub fn trailers(&self) -> &[u8] {
        match self {
            Self::Chunked(chunks) => chunks.trailers(),
            _ => &[],
        }
    }

    /// Takes the part of `bytes` that belongs to the body, and moves its content to the front.
    ///
    /// # Errors
    /// When the bytes break the rules of chunks.
    pub fn decode(&mut self, bytes: &mut [u8]) -> Result<Decoded, BadFraming> {
        let all = |amount| Decoded {
            consumed: amount,
            content: amount,
        };
        match self {
            Self::Length(left) => {
                let amount = at_most(*left, bytes.len());
                *left -= amount as u64;
                Ok(all(amount))
            }
            Self::Chunked(chunks) => {
                let decoded = chunks.decode(bytes);
                match chunks.is_malformed() && decoded.content == 0 {
                    true => Err(BadFraming),
                    false => Ok(decoded),
                }
            }
            Self::UntilClose => Ok(all(bytes.len())),
        }
    }
}

fn at_most(left: u64, available: usize) -> usize {
    usize::try_from(left).map_or(available, |left| left.min(available))
}

/// Room that [`chunk_size`] takes at most: sixteen digits and the end of the line.
pub const MAX_CHUNK_SIZE_LINE: usize = 18;

/// Appends the line that a chunk of `length` bytes begins with.
pub fn chunk_size(length: usize, out: &mut Vec<u8>) {
    let digits = (usize::BITS - length.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        let digit = (length >> (4 * place)) & 15;
        out.push(b"0123456789abcdef"[digit]);
    }
    out.extend_from_slice(b"\r\n");
}

/// The last chunk.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(
        framing: &mut Framing,
        text: &[u8],
        step: usize,
    ) -> Result<(usize, Vec<u8>), BadFraming> {
        let (mut consumed, mut content) = (0, Vec::new());
        for piece in text.chunks(step) {
            let mut piece = piece.to_vec();
            let decoded = framing.decode(&mut piece)?;
            consumed += decoded.consumed;
            content.extend_from_slice(&piece[..decoded.content]);
            if decoded.consumed < piece.len() {
                break;
            }
        }
        Ok((consumed, content))
    }

    fn chunked() -> Framing {
        Framing::Chunked(Chunks::default())
    }

    proptest! {
        #[test]
        fn what_is_written_in_chunks_is_read_again(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..9),
            step in 1usize..400,
        ) {
            let mut text = Vec::new();
            for piece in &pieces {
                chunk_size(piece.len(), &mut text);
                text.extend_from_slice(piece);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(LAST_CHUNK);
            let mut framing = chunked();
            let read = decode(&mut framing, &text, step);
            prop_assert_eq!(read, Ok((text.len(), pieces.concat())));
            prop_assert!(framing.is_done());
        }
    }
}

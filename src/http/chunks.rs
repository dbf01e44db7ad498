//! Where a body in chunks ends.
//!
//! Pingora's session reads such a body and judges it. This only watches the bytes go by, so that
//! the session is given none of the request that follows. If the two ever disagreed, one would
//! find bytes left over, or too few, and the connection would end: it is never reused then.

/// Follows a body in chunks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chunks {
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// In the digits of a size.
    #[default]
    Start,
    Size(u64),
    /// Behind a size, up to the end of its line.
    Extension(u64),
    /// In a chunk, with so many bytes left of it.
    Content(u64),
    /// Behind a chunk, up to the end of the line.
    ContentEnd,
    /// At the beginning of a line behind the last chunk.
    Trailer,
    /// In such a line.
    TrailerLine,
    Complete,
    /// What came is no chunk: whoever reads it will say so.
    Lost,
}

impl Chunks {
    /// Whether the body has ended.
    pub fn is_complete(&self) -> bool {
        self.place == Place::Complete
    }

    /// How many of `bytes` belong to the body.
    pub fn take(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match &mut self.place {
                Place::Complete => return at,
                Place::Lost => return bytes.len(),
                Place::Content(left) => {
                    let rest = (bytes.len() - at) as u64;
                    let step = rest.min(*left);
                    *left -= step;
                    // No more than the length of a slice.
                    at += step as usize;
                    if *left == 0 {
                        self.place = Place::ContentEnd;
                    }
                }
                place => {
                    *place = place.after(*byte);
                    at += 1;
                }
            }
        }
        at
    }
}

impl Place {
    /// The place behind one byte that is not content.
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start | Self::Size(_), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = u64::from(char::from(byte).to_digit(16).unwrap_or(0));
                let size = if let Self::Size(size) = self { size } else { 0 };
                let larger = size
                    .checked_mul(16)
                    .and_then(|size| size.checked_add(digit));
                larger.map_or(Self::Lost, Self::Size)
            }
            (Self::Size(0) | Self::Extension(0), b'\n') => Self::Trailer,
            (Self::Size(size) | Self::Extension(size), b'\n') => Self::Content(size),
            (Self::Size(size) | Self::Extension(size), _) => Self::Extension(size),
            (Self::ContentEnd, b'\r') => Self::ContentEnd,
            (Self::ContentEnd, b'\n') => Self::Start,
            (Self::Trailer, b'\n') => Self::Complete,
            (Self::Trailer, b'\r') => Self::Trailer,
            (Self::TrailerLine, b'\n') => Self::Trailer,
            (Self::Trailer | Self::TrailerLine, _) => Self::TrailerLine,
            _ => Self::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str, step: usize) -> (usize, bool) {
        let mut chunks = Chunks::default();
        let mut taken = 0;
        for piece in text.as_bytes().chunks(step) {
            let now = chunks.take(piece);
            taken += now;
            if now < piece.len() {
                break;
            }
        }
        (taken, chunks.is_complete())
    }

    #[test]
    fn the_end_is_found_wherever_the_bytes_are_cut() {
        let bodies = [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "a;x=1\r\n0\r\n\r\n01234\r\n1F\r\n0123456789012345678901234567890\r\n000\r\n\r\n",
            "1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        ];
        for body in bodies {
            let text = format!("{body}GET / HTTP/1.1\r\n\r\n");
            for step in 1..text.len() {
                assert_eq!(
                    length(&text, step),
                    (body.len(), true),
                    "{body:?} by {step}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_chunk_is_handed_on() {
        for body in ["x\r\n", "\r\n", "1\r\nabc", "11111111111111111\r\n"] {
            assert_eq!(length(body, 1), (body.len(), false), "{body:?}");
        }
    }
}

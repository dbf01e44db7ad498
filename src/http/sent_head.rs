//! Where the head of a response ends, for a response that somebody else writes.

/// Watches the bytes of a response go by.
#[derive(Debug, Default)]
pub(super) struct SentHead {
    /// How much of the empty line behind the head was seen.
    matched: usize,
}

const END: &[u8] = b"\r\n\r\n";

impl SentHead {
    /// How many of `bytes` belong to the head.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            if self.matched == END.len() {
                return at;
            }
            self.matched = match *byte {
                byte if byte == END[self.matched] => self.matched + 1,
                b'\r' => 1,
                _ => 0,
            };
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_wherever_the_bytes_are_cut() {
        let head = "HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n";
        let text = format!("{head}\r\n\r\nbody\r\n\r\n");
        for step in 1..text.len() {
            let mut watch = SentHead::default();
            let pieces = text.as_bytes().chunks(step);
            let length: usize = pieces.map(|piece| watch.take(piece)).sum();
            assert_eq!(length, head.len(), "by {step}");
        }
    }
}

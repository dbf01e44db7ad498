//! A body in chunks (RFC 9112 §7.1): what of it is content, and where it ends.
//!
//! A byte that may not stand where it does is not taken, nor is anything behind it. Lines end in CR LF
//! alone, because readers disagree about anything else. Both sides are judged by this one reader: the
//! requests of clients and the responses of origins.

/// What came out of some bytes of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// So many bytes belong to the body, framing included.
    pub consumed: usize,
    /// So many of them are content; they stand at the beginning now.
    pub content: usize,
}

/// Follows a body in chunks.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    place: Place,
    /// Bytes that are neither content nor the framing it needs.
    idle: usize,
    /// Whether trailers are kept, and those that came.
    keeps_trailers: bool,
    trailers: Vec<u8>,
}

/// Extensions and trailers may take so many bytes more than there is content.
const MOST_IDLE: usize = 16 * 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before the first digit of a size.
    #[default]
    Start,
    /// In the digits.
    Size(u64),
    /// In blanks behind a size.
    Blank(u64),
    /// In an extension behind a size.
    Extension(u64),
    /// Between the CR and the LF behind a size.
    SizeEnd(u64),
    /// In a chunk, with so many bytes left of it.
    Content(u64),
    /// Behind a chunk.
    ContentEnd,
    /// Between the CR and the LF there.
    ContentEndLf,
    /// At the beginning of a line behind the last chunk.
    Trailer,
    /// In such a line.
    TrailerLine,
    /// Between the CR and the LF behind it.
    TrailerLineLf,
    /// Between the CR and the LF that end the body.
    EndLf,
    Complete,
    /// What came is no chunk.
    Malformed,
}

impl Chunks {
    /// Has the lines kept that come behind the last chunk.
    pub fn keep_trailers(&mut self) {
        self.keeps_trailers = true;
    }

    /// Those that have come, each with its end.
    pub fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// Whether the body has ended.
    pub fn is_complete(&self) -> bool {
        self.place == Place::Complete
    }

    /// Whether something came that does not belong into such a body.
    pub fn is_malformed(&self) -> bool {
        self.place == Place::Malformed
    }

    /// How much content is announced and has not come.
    pub fn announced(&self) -> u64 {
        match self.place {
            Place::SizeEnd(left) | Place::Content(left) => left,
            _ => 0,
        }
    }

    /// Takes the part of `bytes` that belongs to the body, and moves its content to the front.
    pub fn decode(&mut self, bytes: &mut [u8]) -> Decoded {
        let mut decoded = Decoded::default();
        while let Some(byte) = bytes.get(decoded.consumed) {
            let at = decoded.consumed;
            match &mut self.place {
                Place::Complete | Place::Malformed => break,
                Place::Content(left) => {
                    let rest = bytes.len() - at;
                    let step = usize::try_from(*left).map_or(rest, |left| left.min(rest));
                    if at != decoded.content {
                        bytes.copy_within(at..at + step, decoded.content);
                    }
                    decoded.consumed += step;
                    decoded.content += step;
                    *left -= step as u64;
                    self.idle = self.idle.saturating_sub(step);
                    if *left == 0 {
                        self.place = Place::ContentEnd;
                    }
                }
                _ => {
                    self.pass(*byte);
                    decoded.consumed += usize::from(!self.is_malformed());
                }
            }
        }
        decoded
    }

    /// Goes on by one byte that is not content.
    fn pass(&mut self, byte: u8) {
        self.idle += usize::from(self.place.is_idle());
        let was_kept = self.keeps_trailers && self.place.is_in_trailer();
        self.place = self.place.after(byte);
        if was_kept && self.place.is_in_trailer() {
            self.trailers.push(byte);
        }
        if self.idle > MOST_IDLE {
            self.place = Place::Malformed;
        }
    }
}

impl Place {
    /// Whether what comes here is more than what framing needs.
    fn is_idle(self) -> bool {
        self.is_in_trailer() || matches!(self, Self::Size(0) | Self::Blank(_) | Self::Extension(_))
    }

    fn is_in_trailer(self) -> bool {
        matches!(
            self,
            Self::Trailer | Self::TrailerLine | Self::TrailerLineLf
        )
    }

    /// The place behind one byte that is not content.
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => Self::Size(0).larger(byte),
            (Self::Size(_), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.larger(byte),
            (Self::Size(size) | Self::Blank(size) | Self::Extension(size), b'\r') => {
                Self::SizeEnd(size)
            }
            (Self::Size(size) | Self::Blank(size), b' ' | b'\t') => Self::Blank(size),
            (Self::Size(size) | Self::Blank(size), b';') => Self::Extension(size),
            (Self::Extension(_), byte) if is_text(byte) => self,
            (Self::SizeEnd(0), b'\n') => Self::Trailer,
            (Self::SizeEnd(size), b'\n') => Self::Content(size),
            (Self::ContentEnd, b'\r') => Self::ContentEndLf,
            (Self::ContentEndLf, b'\n') => Self::Start,
            (Self::Trailer, b'\r') => Self::EndLf,
            (Self::EndLf, b'\n') => Self::Complete,
            (Self::TrailerLine, b'\r') => Self::TrailerLineLf,
            (Self::TrailerLineLf, b'\n') => Self::Trailer,
            (Self::Trailer | Self::TrailerLine, byte) if is_text(byte) => Self::TrailerLine,
            _ => Self::Malformed,
        }
    }

    /// A size with one digit more.
    fn larger(self, digit: u8) -> Self {
        let Self::Size(size) = self else {
            return Self::Malformed;
        };
        let digit = char::from(digit).to_digit(16).map(u64::from);
        let larger = size.checked_mul(16).zip(digit);
        let larger = larger.and_then(|(size, digit)| size.checked_add(digit));
        let larger = larger.filter(|size| i64::try_from(*size).is_ok());
        larger.map_or(Self::Malformed, Self::Size)
    }
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How much belongs to the body, its content, and how it stands.
    fn read(text: &str, step: usize) -> (usize, String, Place) {
        let (mut chunks, mut content) = (Chunks::default(), Vec::new());
        let mut taken = 0;
        for piece in text.as_bytes().chunks(step) {
            let mut piece = piece.to_vec();
            let now = chunks.decode(&mut piece);
            content.extend_from_slice(&piece[..now.content]);
            taken += now.consumed;
            if now.consumed < piece.len() {
                break;
            }
        }
        (taken, String::from_utf8(content).unwrap(), chunks.place)
    }

    #[test]
    fn the_end_is_found_wherever_the_bytes_are_cut() {
        for (body, content) in [
            ("0\r\n\r\n", ""),
            ("5\r\nhello\r\n0\r\n\r\n", "hello"),
            (
                "5;x=1\r\n0\r\n\r\n\r\nB \t\r\n01234567890\r\n000\r\n\r\n",
                "0\r\n\r\n01234567890",
            ),
            ("1 ;a\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", "x"),
        ] {
            let text = format!("{body}GET / HTTP/1.1\r\n\r\n");
            for step in 1..text.len() {
                let expected = (body.len(), content.to_owned(), Place::Complete);
                assert_eq!(read(&text, step), expected, "{body:?} by {step}");
            }
        }
    }

    #[test]
    fn nothing_is_taken_from_the_first_wrong_byte_on() {
        for (good, bad) in [
            ("", "x\r\n"),
            ("", "\r\n"),
            ("", ";x=y\r\n\r\n"),
            ("", " 1\r\n"),
            ("", "-1\r\n"),
            ("0", "x3\r\nabc\r\n"),
            ("3", "\nabc\n0\n\n"),
            ("3\r", "abc\r\n"),
            ("3 ", "3\r\nabc\r\n"),
            ("3;a", "\nb\r\nabc\r\n"),
            ("3;a", "\0\r\nabc\r\n"),
            ("1\r\na", "bc"),
            ("1\r\na", "\n0\r\n\r\n"),
            ("3\r\nabc\r\n", "\r\n\r\n"),
            ("3\r\nabc\r\n", ";\r\n"),
            ("1111111111111111", "1\r\n"),
            ("800000000000000", "0\r\n"),
            ("0\r\n", "\n"),
            ("0\r\nA: b", "\n\r\n"),
            ("0\r\nA: b\r", "C: d\r\n\r\n"),
        ] {
            let text = format!("{good}{bad}");
            for step in [1, 2, text.len()] {
                let (taken, _, place) = read(&text, step);
                assert_eq!((taken, place), (good.len(), Place::Malformed), "{text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_content_is_bounded() {
        let long = |count| "x".repeat(count);
        for (text, is_taken) in [
            (format!("1;{}\r\n", long(MOST_IDLE - 10)), true),
            (format!("1;{}\r\n", long(MOST_IDLE)), false),
            (format!("{}1\r\n", "0".repeat(MOST_IDLE + 2)), false),
            (format!("0\r\n{}", "A: b\r\n".repeat(MOST_IDLE / 8)), true),
            (format!("0\r\n{}", "A: b\r\n".repeat(MOST_IDLE / 5)), false),
            ("1;abcdefgh\r\nx\r\n".repeat(MOST_IDLE / 7), false),
            (
                format!("100;abcdefgh\r\n{}\r\n", long(256)).repeat(MOST_IDLE),
                true,
            ),
        ] {
            let (taken, _, place) = read(&text, 1000);
            assert_eq!(taken == text.len(), is_taken, "{:?}", &text[..20]);
            assert_eq!(place != Place::Malformed, is_taken, "{:?}", &text[..20]);
        }
    }

    proptest! {
        #[test]
        fn what_was_put_into_chunks_comes_out(
            pieces in proptest::collection::vec(("[a-z]{1,300}", "(;[ -~]{0,20})?"), 0..20),
            trailer in "([A-Z]: [ -~]{0,20}\r\n){0,3}",
            step in 1_usize..400,
        ) {
            let chunk = |(text, extension): &(String, String)| {
                format!("{:x}{extension}\r\n{text}\r\n", text.len())
            };
            let chunks: String = pieces.iter().map(chunk).collect();
            let content: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
            let body = format!("{chunks}0\r\n{trailer}\r\n");
            let text = format!("{body}GET");
            prop_assert_eq!(read(&text, step), (body.len(), content, Place::Complete));
        }

        #[test]
        fn it_does_not_matter_where_bytes_are_cut(
            text in "([0-3]|a|;|\r\n|\n|\r| ){0,60}",
            step in 1_usize..20,
        ) {
            prop_assert_eq!(read(&text, step), read(&text, text.len().max(1)));
        }
    }
}

//! Frames of HTTP/2 as they go by, cut in any way: of each its header, and how much of it is content.

/// The header of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) length: usize,
}

/// The kinds of frames that somebody here asks for.
pub(super) mod kind {
    pub(in super::super) const DATA: u8 = 0;
    pub(in super::super) const HEADERS: u8 = 1;
    pub(in super::super) const RST_STREAM: u8 = 3;
    pub(in super::super) const SETTINGS: u8 = 4;
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const GOAWAY: u8 = 7;
    pub(in super::super) const WINDOW_UPDATE: u8 = 8;
    pub(in super::super) const CONTINUATION: u8 = 9;
}

/// How long every header is.
pub(super) const HEADER: usize = 9;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

impl Header {
    fn read(bytes: &[u8; HEADER]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = *bytes;
        Self {
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & !(1 << 31),
            length: usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c),
        }
    }

    /// The header that these bytes begin with.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(Self::read)
    }

    /// A frame of a block, the last or not, as bytes.
    pub(super) fn of_block(&self, is_last: bool, ends_stream: bool) -> [u8; HEADER] {
        let mut flags = if is_last { END_HEADERS } else { 0 };
        if ends_stream && self.kind == kind::HEADERS {
            flags |= END_STREAM;
        }
        let [_, a, b, c] = (self.length as u32).to_be_bytes();
        let [d, e, f, g] = self.stream.to_be_bytes();
        [a, b, c, self.kind, flags, d, e, f, g]
    }

    /// Of the content of a HEADERS frame the fields, and the stream that it depends on.
    pub(super) fn fields<'b>(&self, content: &'b [u8]) -> Option<(&'b [u8], Option<u32>)> {
        let mut fields = content;
        if self.is_padded() {
            let (padding, rest) = fields.split_first()?;
            fields = rest.get(..rest.len().checked_sub(usize::from(*padding))?)?;
        }
        if self.flags & PRIORITY == 0 {
            return Some((fields, None));
        }
        let (dependency, rest) = fields.split_at_checked(5)?;
        let on = u32::from_be_bytes(*dependency.first_chunk()?) & !(1 << 31);
        Some((rest, Some(on)))
    }

    /// Whether its stream's side ends with it.
    pub(super) fn ends_stream(&self) -> bool {
        matches!(self.kind, kind::DATA | kind::HEADERS) && self.flags & END_STREAM != 0
    }

    /// Whether a block of fields ends with it.
    pub(super) fn ends_block(&self) -> bool {
        self.is_of_block() && self.flags & END_HEADERS != 0
    }

    /// Whether it holds fields.
    pub(super) fn is_of_block(&self) -> bool {
        matches!(self.kind, kind::HEADERS | kind::CONTINUATION)
    }

    /// Whether it only confirms one of ours.
    pub(super) fn is_ack(&self) -> bool {
        matches!(self.kind, kind::SETTINGS | kind::PING) && self.flags & ACK != 0
    }

    fn is_padded(&self) -> bool {
        matches!(self.kind, kind::DATA | kind::HEADERS) && self.flags & PADDED != 0
    }
}

/// What is told of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its header is there.
    Begin(Header),
    /// So many bytes more of it are there, without padding.
    Payload(Header, usize),
    /// All of it is there; its first four bytes are these, if it has as many.
    End(Header, [u8; 4]),
}

/// Reads frames as they go by.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Bytes before the first frame.
    skipped: usize,
    header: [u8; HEADER],
    filled: usize,
    frame: Header,
    /// How much of the frame is still to come, and how much of that is no padding.
    left: usize,
    counted: usize,
    first: [u8; 4],
}

impl Frames {
    /// So many bytes come before the first frame.
    pub(super) fn behind(skipped: usize) -> Self {
        Self {
            skipped,
            ..Self::default()
        }
    }

    /// Whether a frame has begun and is not over.
    pub(super) fn is_within(&self) -> bool {
        self.skipped > 0 || self.filled > 0
    }

    /// The frame that has begun, once its header is known.
    pub(super) fn current(&self) -> Option<Header> {
        (self.filled == HEADER).then_some(self.frame)
    }

    /// More bytes go by.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Step)) {
        let skipped = self.skipped.min(bytes.len());
        self.skipped -= skipped;
        bytes = &bytes[skipped..];
        while !bytes.is_empty() {
            if self.filled < HEADER {
                let taken = (HEADER - self.filled).min(bytes.len());
                self.header[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
                self.filled += taken;
                bytes = &bytes[taken..];
                if self.filled < HEADER {
                    return;
                }
                self.begin(&mut tell);
            } else {
                let taken = self.left.min(bytes.len());
                self.payload(&bytes[..taken], &mut tell);
                bytes = &bytes[taken..];
            }
            if self.left == 0 {
                self.filled = 0;
                tell(Step::End(self.frame, self.first));
            }
        }
    }

    fn begin(&mut self, tell: &mut impl FnMut(Step)) {
        self.frame = Header::read(&self.header);
        self.left = self.frame.length;
        self.counted = self.frame.length;
        self.first = [0; 4];
        tell(Step::Begin(self.frame));
    }

    fn payload(&mut self, bytes: &[u8], tell: &mut impl FnMut(Step)) {
        let seen = self.frame.length - self.left;
        for (place, byte) in self.first.iter_mut().skip(seen).zip(bytes) {
            *place = *byte;
        }
        let mut content = bytes.len();
        if seen == 0 && self.frame.is_padded() {
            // The first byte says how much padding there is.
            let padding = 1 + usize::from(bytes[0]);
            self.counted = self.frame.length.saturating_sub(padding);
            content -= 1;
        }
        self.left -= bytes.len();
        let content = content.min(self.counted);
        self.counted -= content;
        if content > 0 {
            tell(Step::Payload(self.frame, content));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], kind, flags];
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// What is told of bytes that come in pieces, with the content of a frame put together.
    fn told(bytes: &[u8], cuts: &[usize]) -> Vec<Step> {
        let (mut frames, mut steps) = (Frames::behind(3), Vec::<Step>::new());
        let (mut rest, mut turn) = (bytes, 0);
        while !rest.is_empty() {
            let length = cuts[turn % cuts.len()].min(rest.len());
            frames.feed(&rest[..length], |step| match (steps.last_mut(), step) {
                (Some(Step::Payload(_, sum)), Step::Payload(_, more)) => *sum += more,
                _ => steps.push(step),
            });
            (rest, turn) = (&rest[length..], turn + 1);
        }
        assert!(!frames.is_within());
        steps
    }

    #[test]
    fn padding_is_no_content() {
        let bytes = [b"PRI".to_vec(), frame(0, 9, 1 << 31 | 5, b"\x02abc\0\0")].concat();
        let header = Header {
            kind: 0,
            flags: 9,
            stream: 5,
            length: 6,
        };
        assert_eq!(
            told(&bytes, &[100]),
            [
                Step::Begin(header),
                Step::Payload(header, 3),
                Step::End(header, *b"\x02abc")
            ]
        );
        assert!(header.ends_stream() && !header.ends_block());
        // More padding than there is room for: the other side will be told so.
        let bytes = [b"PRI".to_vec(), frame(0, 8, 1, b"\xffab")].concat();
        assert_eq!(told(&bytes, &[1]).len(), 2);
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            frames in prop::collection::vec((0_u8..11, any::<u8>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..40)), 0..12),
            cuts in prop::collection::vec(1_usize..20, 1..6),
        ) {
            let mut bytes = b"PRI".to_vec();
            for (kind, flags, stream, payload) in &frames {
                bytes.extend(frame(*kind, *flags, *stream, payload));
            }
            let whole = told(&bytes, &[usize::MAX]);
            prop_assert_eq!(&whole, &told(&bytes, &cuts));
            let ends = whole.iter().filter(|step| matches!(step, Step::End(..))).count();
            prop_assert_eq!(ends, frames.len());
        }
    }
}

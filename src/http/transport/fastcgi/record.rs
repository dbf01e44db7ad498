//! The records that FastCGI is made of.

/// What a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kind(u8);

impl Kind {
    /// A request begins.
    pub const BEGIN_REQUEST: Self = Self(1);
    /// A request is over.
    pub const END_REQUEST: Self = Self(3);
    /// Parameters of a request; an empty record ends them.
    pub const PARAMS: Self = Self(4);
    /// The body of a request; an empty record ends it.
    pub const STDIN: Self = Self(5);
    /// The response; an empty record ends it.
    pub const STDOUT: Self = Self(6);
    /// What the peer has to say beside that.
    pub const STDERR: Self = Self(7);
}

/// The length of a header.
pub(super) const HEADER: usize = 8;
/// The most that a record holds.
pub const MAX_CONTENT: usize = 0xffff;

const VERSION: u8 = 1;
/// The number of every request: there is one at a time.
const REQUEST: u8 = 1;
/// The peer makes a response.
const RESPONDER: u8 = 1;
const KEEP_CONNECTION: u8 = 1;

/// The header of a record that holds `length` bytes, at most [`MAX_CONTENT`].
pub fn header(kind: Kind, length: usize) -> [u8; 8] {
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [VERSION, kind.0, 0, REQUEST, length[0], length[1], 0, 0]
}

/// Appends the record that a request begins with.
pub fn begin_request(keeps_connection: bool, out: &mut Vec<u8>) {
    let flags = if keeps_connection { KEEP_CONNECTION } else { 0 };
    write(
        Kind::BEGIN_REQUEST,
        &[0, RESPONDER, flags, 0, 0, 0, 0, 0],
        out,
    );
}

/// Appends as many records as it takes to hold `content`, and one if it is empty.
pub fn write(kind: Kind, content: &[u8], out: &mut Vec<u8>) {
    if content.is_empty() {
        out.extend_from_slice(&header(kind, 0));
    }
    for piece in content.chunks(MAX_CONTENT) {
        out.extend_from_slice(&header(kind, piece.len()));
        out.extend_from_slice(piece);
    }
}

/// A record as it comes.
#[derive(Debug, Default)]
pub(super) struct Record {
    header: [u8; HEADER],
    /// How much of the header has come.
    held: usize,
    pub(super) kind: Kind,
    /// What is to come of it.
    pub(super) content: usize,
    pub(super) padding: usize,
}

impl Record {
    /// Whether its header has come.
    pub(super) fn is_begun(&self) -> bool {
        self.held == HEADER
    }

    /// Takes what belongs to its header; how much that was.
    pub(super) fn take_header(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(HEADER - self.held);
        self.header[self.held..self.held + taken].copy_from_slice(&bytes[..taken]);
        self.held += taken;
        if self.is_begun() {
            let [_, kind, _, _, high, low, padding, _] = self.header;
            self.kind = Kind(kind);
            self.content = usize::from(u16::from_be_bytes([high, low]));
            self.padding = usize::from(padding);
        }
        taken
    }

    /// What is wrong with its header, if something is.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let [version, _, high, low, ..] = self.header;
        let is_known = matches!(self.kind, Kind::STDOUT | Kind::STDERR | Kind::END_REQUEST);
        match (version, [high, low]) {
            (VERSION, [0, REQUEST]) if is_known => None,
            (VERSION, [0, REQUEST]) => Some("upstream sent unexpected FastCGI record type"),
            (VERSION, _) => Some("upstream sent unexpected FastCGI request id"),
            _ => Some("upstream sent unsupported FastCGI protocol version"),
        }
    }
}

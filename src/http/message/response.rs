//! A response made here: status, fields, body.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

use super::response_fields::Fields;
use super::source::Source;
use super::stream::Stream;

/// The status and fields that leave, whoever made them.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// 0 until it is known.
    pub status: u16,
    /// Fields in order, beside those that every response has.
    pub fields: Fields,
    /// The words that an origin had for a status, where they are not the usual ones.
    pub words: Option<(u16, Box<str>)>,
}

impl ResponseHead {
    /// Adds a field, unless its value is empty.
    pub fn add(&mut self, name: &str, value: &[u8]) {
        if !value.is_empty() {
            self.fields.add(name.as_bytes(), value);
        }
    }

    /// Replaces every field of this name; there is none afterwards if the value is empty.
    pub fn set(&mut self, name: &str, value: &[u8]) {
        self.fields.remove(name);
        self.add(name, value);
    }

    /// The words behind the status.
    pub fn reason(&self) -> &str {
        match &self.words {
            Some((status, words)) if *status == self.status => words,
            _ => reason(self.status),
        }
    }

    /// Whether the body consists of several ranges of what was asked for.
    pub fn is_in_parts(&self) -> bool {
        let media_type = self.field("content-type").unwrap_or_default();
        self.status == 206 && media_type.starts_with(b"multipart/byteranges")
    }

    /// Forgets every field of this name.
    pub fn remove(&mut self, name: &str) {
        self.fields.remove(name);
    }

    /// The body is changed on its way: drops what was said of its bytes and no longer holds.
    pub fn change_body(&mut self) {
        self.remove("content-length");
        self.remove("accept-ranges");
        let tag = match self.field("etag") {
            Some(tag) if tag.starts_with(b"W/") => tag.to_vec(),
            Some(tag) if tag.starts_with(b"\"") => [b"W/", tag].concat(),
            Some(_) => Vec::new(),
            None => return,
        };
        match tag.is_empty() {
            true => self.remove("etag"),
            false => self.set("ETag", &tag),
        }
    }

    /// Whether a field of this name lists `token`.
    pub fn lists(&self, name: &str, token: &[u8]) -> bool {
        let is_token = |item: &[u8]| item.trim_ascii().eq_ignore_ascii_case(token);
        let mut values = self.fields.all(name);
        values.any(|value| value.split(|byte| *byte == b',').any(is_token))
    }

    /// The first field of this name.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.get(name)
    }
}

/// A response made here.
#[derive(Debug, Default)]
pub struct Response {
    /// Status and fields.
    pub head: ResponseHead,
    /// What follows the head.
    pub body: Body,
}

/// The body of a response made here.
#[derive(Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// `length` bytes of a file from `offset`.
    File {
        /// Open for reading.
        file: Arc<File>,
        /// Where to begin.
        offset: u64,
        /// How much.
        length: u64,
    },
    /// These pieces, one behind the other.
    Pieces {
        /// Open for reading.
        file: Arc<File>,
        /// In order; ranges of the file are not empty.
        pieces: VecDeque<Piece>,
    },
    /// What a thread is making; its length is not known.
    Stream(Stream),
    /// What comes from elsewhere while it is sent.
    Source(Source),
}

/// A piece of a body.
#[derive(Clone, Debug)]
pub enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// These of the file.
    Range(Range<u64>),
}

impl Body {
    /// How many bytes it has, if that is known before they are sent.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File { length, .. } => Some(*length),
            Self::Pieces { pieces, .. } => Some(pieces.iter().map(Piece::length).sum()),
            Self::Stream(_) => None,
            Self::Source(source) => source.length(),
        }
    }
}

impl Body {
    /// Whether the next piece, or the end, is there without waiting.
    pub fn is_at_hand(&self) -> bool {
        match self {
            Self::Stream(stream) => stream.is_at_hand(),
            Self::Source(source) => source.is_at_hand(),
            _ => true,
        }
    }

    /// Whether all of it is there, as bytes.
    pub fn is_in_memory(&self) -> bool {
        matches!(self, Self::Empty | Self::Bytes(_))
    }

    /// All of it, where it is bytes.
    pub fn in_memory(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// The next piece; `None` at the end.
    pub async fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        match std::mem::take(self) {
            Self::Empty => Ok(None),
            Self::Bytes(bytes) => Ok(Some(bytes).filter(|bytes| !bytes.is_empty())),
            Self::Stream(mut stream) => {
                let chunk = stream.next().await?;
                *self = Self::Stream(stream);
                Ok(chunk)
            }
            Self::Source(mut source) => {
                let chunk = source.next().await?;
                *self = Self::Source(source);
                Ok(chunk)
            }
            Self::File { length: 0, .. } => Ok(None),
            Self::File {
                file,
                offset,
                length,
            } => {
                let chunk = read_chunk(&file, offset, length)?;
                let read = chunk.len() as u64;
                *self = Self::File {
                    file,
                    offset: offset + read,
                    length: length - read,
                };
                Ok(Some(chunk))
            }
            Self::Pieces { file, mut pieces } => {
                let chunk = match pieces.pop_front() {
                    None => return Ok(None),
                    Some(Piece::Bytes(bytes)) => bytes,
                    Some(Piece::Range(Range { start, end })) => {
                        let chunk = read_chunk(&file, start, end - start)?;
                        let start = start + chunk.len() as u64;
                        if start < end {
                            pieces.push_front(Piece::Range(start..end));
                        }
                        chunk
                    }
                };
                *self = Self::Pieces { file, pieces };
                Ok(Some(chunk))
            }
        }
    }
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Range(range) => range.end - range.start,
        }
    }
}

fn read_chunk(file: &File, offset: u64, length: u64) -> io::Result<Bytes> {
    let mut chunk = vec![0; usize::try_from(length).map_or(CHUNK, |length| length.min(CHUNK))];
    let read = file.read_at(&mut chunk, offset)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    chunk.truncate(read);
    Ok(chunk.into())
}

/// Files are sent in pieces of this size.
const CHUNK: usize = 32 * 1024;

impl Response {
    /// A response with a body of this type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut response = Self::empty(status);
        if !content_type.is_empty() {
            response.head.add("Content-Type", content_type.as_bytes());
        }
        response.body = Body::Bytes(body.into());
        response
    }

    /// A response without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            head: ResponseHead {
                status,
                ..ResponseHead::default()
            },
            body: Body::Empty,
        }
    }

    /// A redirect to `location`, with the page that browsers of old would show.
    pub fn redirect(status: u16, location: &[u8]) -> Self {
        let mut response = Self::page(status);
        // Also one that is empty: whoever wrote that wants it.
        response.head.fields.add(b"Location", location);
        response
    }

    /// The standard page of a status; some have none.
    pub fn page(status: u16) -> Self {
        if !has_page(status) {
            return Self::empty(status);
        }
        let title = title_of(status);
        let (heading, detail) = match status {
            494..=497 => (
                title_of(400),
                format!("<center>{}</center>\r\n", reason(status)),
            ),
            _ => (title.clone(), String::new()),
        };
        let body = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{heading}</h1>\
             </center>\r\n{detail}<hr><center>pingauge</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::new(status, "text/html", body)
    }

    /// Tells caches to ask again each time, as every page of live figures does.
    pub fn uncached(mut self) -> Self {
        self.head.add("Expires", b"Thu, 01 Jan 1970 00:00:01 GMT");
        self.head.add("Cache-Control", b"no-cache");
        self
    }
}

/// Whether nginx has a page for a status.
fn has_page(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308 | 400..=406 | 408..=416 | 421 | 429)
        || matches!(status, 494..=498 | 500..=505 | 507)
}

/// What the page of a status is called, which for some is not what its status line says.
fn title_of(status: u16) -> String {
    let (shown, words) = match status {
        302 => (302, "Found"),
        401 => (401, "Authorization Required"),
        494..=497 => (400, reason(status)),
        status => (status, reason(status)),
    };
    match words {
        "" => shown.to_string(),
        words => format!("{shown} {words}"),
    }
}

/// The phrase that goes with a status, empty for an unknown one.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        494 => "Request Header Or Cookie Too Large",
        495 => "The SSL certificate error",
        496 => "No required SSL certificate was sent",
        497 => "The plain HTTP request was sent to HTTPS port",
        302 => "Moved Temporarily",
        405 => "Not Allowed",
        408 => "Request Time-out",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        416 => "Requested Range Not Satisfiable",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        _ => {
            let known = http::StatusCode::from_u16(status).ok();
            known
                .and_then(|status| status.canonical_reason())
                .unwrap_or("")
        }
    }
}

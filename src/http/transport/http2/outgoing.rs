//! A request of HTTP/1.1, as this server writes it, on its way into a stream of HTTP/2.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::SendStream;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};

use super::fault::{self, unsayable};
use crate::http::message::framing::{Chunks, Framing};
use crate::http::message::trailers;
use crate::http::transport::received::PIECE;

/// How far a request has been taken in.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// Its head, as far as it has come.
    Head(Vec<u8>),
    /// Its body.
    Body {
        stream: SendStream<Bytes>,
        framing: Framing,
    },
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

const END: &[u8] = b"\r\n\r\n";

impl Outgoing {
    /// Whether what comes next belongs to a head.
    pub(super) fn is_head(&self) -> bool {
        match self {
            Self::Head(_) => true,
            Self::Body { framing, .. } => framing.is_done(),
        }
    }

    /// Takes what belongs to a head; how much that was, and the head once it is whole.
    pub(super) fn take_head(&mut self, bytes: &[u8]) -> (usize, Option<Vec<u8>>) {
        let mut head = match std::mem::take(self) {
            Self::Head(head) => head,
            Self::Body { .. } => Vec::new(),
        };
        let before = head.len();
        let from = before.saturating_sub(END.len() - 1);
        head.extend_from_slice(bytes);
        match memchr::memmem::find(&head[from..], END) {
            Some(at) => {
                let end = from + at + END.len();
                head.truncate(end);
                (end - before, Some(head))
            }
            None => {
                *self = Self::Head(head);
                (bytes.len(), None)
            }
        }
    }

    /// Takes what belongs to a body, as much as the peer lets in.
    pub(super) fn poll_body(
        &mut self,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self::Body { stream, framing } = self else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let room = room(stream, bytes.len().min(PIECE));
        let amount = match (room, &*framing) {
            // The framing of chunks does not get as far as the peer.
            (0, Framing::Chunked(chunks)) if chunks.announced() == 0 => bytes.len().min(1),
            (0, _) => ready!(poll_room(stream, task))?.min(bytes.len()),
            (room, _) => room,
        };
        let mut piece = bytes[..amount].to_vec();
        let decoded = framing.decode(&mut piece);
        let decoded = decoded.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        piece.truncate(decoded.content);
        let (is_over, lines) = (framing.is_done(), framing.trailers());
        let ends = is_over && lines.is_empty();
        if ends || !piece.is_empty() {
            let sent = stream.send_data(piece.into(), ends);
            sent.map_err(fault::error)?;
        }
        if is_over && !ends {
            let sent = stream.send_trailers(trailers::fields(lines));
            sent.map_err(fault::error)?;
        }
        Poll::Ready(Ok(decoded.consumed))
    }
}

/// How much of `wanted` bytes the peer lets in now.
fn room(stream: &mut SendStream<Bytes>, wanted: usize) -> usize {
    stream.reserve_capacity(wanted);
    stream.capacity().min(wanted)
}

/// How much the peer lets in, once it is something.
fn poll_room(stream: &mut SendStream<Bytes>, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
    loop {
        match ready!(stream.poll_capacity(task)) {
            Some(Ok(0)) => {}
            Some(room) => return Poll::Ready(room.map_err(fault::error)),
            None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

/// What a head comes to.
pub(super) struct Outline {
    pub(super) request: Request<()>,
    pub(super) framing: Framing,
}

impl Outline {
    pub(super) fn is_head(&self) -> bool {
        self.request.method() == Method::HEAD
    }
}

/// Reads a head that this server wrote.
///
/// # Errors
/// When it cannot be said in HTTP/2.
pub(super) fn read(head: &[u8], scheme: &Scheme) -> io::Result<Outline> {
    let mut lines = head
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let mut line = lines.next().unwrap_or_default().split(|byte| *byte == b' ');
    let method = Method::from_bytes(line.next().unwrap_or_default());
    let method = method.map_err(|_| unsayable("method"))?;
    let path = path(line.next().unwrap_or_default()).ok_or_else(|| unsayable("path"))?;
    let mut fields = Fields::default();
    for line in lines.filter(|line| !line.is_empty()) {
        fields.take(line).ok_or_else(|| unsayable("fields"))?;
    }
    let host = fields.host.take().unwrap_or_default();
    let mut uri = Uri::builder().path_and_query(path);
    let mut version = Version::HTTP_2;
    match Authority::try_from(host.as_slice()) {
        Ok(authority) => uri = uri.scheme(scheme.clone()).authority(authority),
        // Without an authority, the crate asks for the version that a request may come from (RFC 9113 §8.3.1).
        Err(_) => {
            version = Version::HTTP_11;
            fields.keep_host(&host).ok_or_else(|| unsayable("host"))?;
        }
    }
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri.build().map_err(|_| unsayable("path"))?;
    *request.version_mut() = version;
    *request.headers_mut() = fields.kept;
    Ok(Outline {
        request,
        framing: fields.framing.unwrap_or(Framing::NONE),
    })
}

/// The fields of a head.
#[derive(Default)]
struct Fields {
    host: Option<Vec<u8>>,
    framing: Option<Framing>,
    kept: HeaderMap,
}

impl Fields {
    /// Has a host that is no authority sent as the field that it came in; `None` when it is no value of one.
    fn keep_host(&mut self, host: &[u8]) -> Option<()> {
        if !host.is_empty() {
            self.kept.insert(HOST, HeaderValue::from_bytes(host).ok()?);
        }
        Some(())
    }

    /// Takes a line in; `None` when it is no field.
    fn take(&mut self, line: &[u8]) -> Option<()> {
        let colon = memchr::memchr(b':', line)?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        let name = HeaderName::from_bytes(name).ok()?;
        match name.as_str() {
            "host" => {
                self.host.get_or_insert_with(|| value.to_vec());
                return Some(());
            }
            "transfer-encoding" => {
                let mut framing = Framing::Chunked(Chunks::default());
                framing.keep_trailers();
                self.framing = Some(framing);
                return Some(());
            }
            "content-length" => {
                let length = std::str::from_utf8(value).ok()?.parse().ok()?;
                self.framing = Some(Framing::Length(length));
            }
            "te" if !value.eq_ignore_ascii_case(b"trailers") => return Some(()),
            "connection" | "keep-alive" | "proxy-connection" | "upgrade" => return Some(()),
            _ => {}
        }
        let value = HeaderValue::from_bytes(value).ok()?;
        self.kept.try_append(name, value).ok()?;
        Some(())
    }
}

/// A path and query; bytes that may not stand in one are encoded.
fn path(written: &[u8]) -> Option<PathAndQuery> {
    if let Ok(path) = PathAndQuery::try_from(written) {
        return Some(path);
    }
    let mut encoded = Vec::with_capacity(written.len() + 32);
    for byte in written {
        match byte {
            b'"'
            | b'#'
            | b'<'
            | b'>'
            | b'\\'
            | b'^'
            | b'`'
            | b'{'
            | b'|'
            | b'}'
            | 0x7f..
            | ..=b' ' => {
                encoded.extend_from_slice(format!("%{byte:02X}").as_bytes());
            }
            _ => encoded.push(*byte),
        }
    }
    PathAndQuery::try_from(encoded.as_slice()).ok()
}

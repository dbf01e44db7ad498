//! Pieces of bodies as they go over the wire.

use std::io;

use super::Outgoing;
use crate::http::course::request::Request;
use crate::http::message::trailers;
use crate::http::transport::end::End;

impl Outgoing {
    /// Adds the next piece of the body, or its end, as filters leave it; false when one fails.
    pub(super) fn add(&mut self, request: &mut Request, chunk: Option<&[u8]>) -> bool {
        if self.filters.is_empty() {
            self.framing += frame(&mut self.bytes, chunk, self.chunked);
            return true;
        }
        let filtered = match chunk {
            Some(chunk) => self
                .filters
                .piece(request, chunk)
                .map(|passed| passed.unwrap_or(chunk)),
            None => self.filters.end(request),
        };
        let is_right = put_filtered(&mut self.bytes, &mut self.framing, filtered, self.chunked);
        if is_right && chunk.is_none() {
            self.trailers = request.trailers();
            self.framing += frame_end(&mut self.bytes, &self.trailers, self.chunked);
        }
        is_right
    }

    /// Has a stream end with what comes behind the body; in chunks it is sent already.
    pub(super) fn give_trailers(&self, client: &mut End) {
        if client.is_stream() && !self.trailers.is_empty() {
            client.put_trailers(trailers::fields(&self.trailers));
        }
    }
}

/// Appends a piece of a body as it goes over the wire; `None` is its end. Returns how much of that is the framing of chunks.
fn frame(bytes: &mut Vec<u8>, chunk: Option<&[u8]>, chunked: bool) -> usize {
    let before = bytes.len() + chunk.map_or(0, <[u8]>::len);
    if chunked {
        let length = chunk.map_or(0, <[u8]>::len);
        bytes.extend_from_slice(format!("{length:x}\r\n").as_bytes());
    }
    bytes.extend_from_slice(chunk.unwrap_or_default());
    if chunked {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.len() - before
}

/// Appends the end of a body, with these lines of trailers. Returns how much of that is the framing of chunks.
fn frame_end(bytes: &mut Vec<u8>, trailers: &[u8], chunked: bool) -> usize {
    if !chunked {
        return 0;
    }
    let before = bytes.len();
    bytes.extend_from_slice(b"0\r\n");
    bytes.extend_from_slice(trailers);
    bytes.extend_from_slice(b"\r\n");
    bytes.len() - before
}

/// The same for what filters passed on, which may be nothing; false when one failed.
pub(super) fn put_filtered(
    bytes: &mut Vec<u8>,
    framing: &mut usize,
    filtered: io::Result<&[u8]>,
    chunked: bool,
) -> bool {
    match filtered {
        Ok(b"") => true,
        Ok(passed) => {
            *framing += frame(bytes, Some(passed), chunked);
            true
        }
        Err(error) => {
            log::error!("a filter failed while a response was sent: {error}");
            false
        }
    }
}

//! Pieces of bodies as they go over the wire.

use std::io;

/// Appends a piece of a body as it goes over the wire; `None` is its end. Returns how much of that is the framing of chunks.
pub(super) fn frame(bytes: &mut Vec<u8>, chunk: Option<&[u8]>, chunked: bool) -> usize {
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

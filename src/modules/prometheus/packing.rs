//! Pages packed with gzip: scrapers ask for it each time, and names repeat so much that a tenth is left.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http::message::response::Body;
use crate::http::message::stream::Stream;

/// Whether a request's `Accept-Encoding` allows gzip. Of several fields the values are joined with commas.
pub(super) fn takes_gzip(accepted: &[u8]) -> bool {
    let codings = accepted.split(|byte| *byte == b',').map(coding);
    let quality = |wanted: &[u8]| {
        let mut same = codings
            .clone()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        same.next().map(|(_, quality)| quality)
    };
    let named = quality(b"gzip").or_else(|| quality(b"x-gzip"));
    let plain = quality(b"identity").unwrap_or(0.0);
    named
        .or_else(|| quality(b"*"))
        .is_some_and(|packed| packed > 0.0 && packed >= plain)
}

/// The name of a coding and how much it is wanted.
fn coding(text: &[u8]) -> (&[u8], f64) {
    let mut parts = text.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| {
        let value = part
            .strip_prefix(b"q=")
            .or_else(|| part.strip_prefix(b"Q="))?;
        str::from_utf8(value).ok()?.trim().parse().ok()
    });
    (name, quality.unwrap_or(1.0))
}

/// A page, packed: at once, or by a thread if that would hold up other requests.
pub(super) fn packed(page: Vec<u8>) -> Option<Body> {
    if page.len() > SHORT {
        let stream = Stream::begin(move |out, _| pack(out, |out| out.write_all(&page)));
        return stream.map(Body::Stream);
    }
    let mut out = Vec::new();
    // Writing to memory does not fail.
    pack(&mut out, |out| out.write_all(&page)).ok()?;
    Some(Body::Bytes(out.into()))
}

/// This much is packed within a millisecond.
const SHORT: usize = 64 * 1024;

/// Packs what `write` writes.
pub(super) fn pack(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut encoder = GzEncoder::new(out, Compression::fast());
    write(&mut encoder)?;
    encoder.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_gzip() {
        for (accepted, takes) in [
            ("", false),
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, *", false),
            ("*", true),
            ("*;q=0", false),
            ("identity", false),
            ("gzip;q=0.1, identity;q=0.9", false),
            ("gzip, identity", true),
            ("x-gzip", true),
            ("gzip;q=nonsense", true),
        ] {
            assert_eq!(takes_gzip(accepted.as_bytes()), takes, "{accepted}");
        }
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let mut out = Vec::new();
        pack(&mut out, |out| out.write_all(b"a 1\n")).unwrap();
        let mut text = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&*out);
        io::Read::read_to_string(&mut decoder, &mut text).unwrap();
        assert_eq!(text, "a 1\n");
    }
}

//! Bodies in chunks, and of a length: the same bytes come to the same content and the same end, wherever they
//! are cut; and what is behind the end is left alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::http::message::framing::{Chunks, Framing};

/// Content, bytes taken unless it is none, whether it is over, whether it is none.
type Read = (Vec<u8>, usize, bool, bool);

fn read(mut framing: Framing, bytes: &[u8], cuts: &[u8]) -> Read {
    let (mut content, mut taken) = (Vec::new(), 0);
    let mut cuts = cuts.iter().cycle();
    let mut rest = bytes;
    while !rest.is_empty() && !framing.is_done() {
        let cut = cuts.next().map_or(rest.len(), |cut| usize::from(*cut) + 1);
        let (piece, behind) = rest.split_at(cut.min(rest.len()));
        let mut piece = piece.to_vec();
        let mut at = 0;
        while at < piece.len() && !framing.is_done() {
            let Ok(decoded) = framing.decode(&mut piece[at..]) else {
                return (content, 0, false, true);
            };
            assert!(decoded.content <= decoded.consumed && at + decoded.consumed <= piece.len());
            content.extend_from_slice(&piece[at..at + decoded.content]);
            at += decoded.consumed;
            taken += decoded.consumed;
            if decoded.consumed == 0 {
                break;
            }
        }
        rest = behind;
    }
    if framing.is_malformed() {
        return (content, 0, false, true);
    }
    (content, taken, framing.is_done(), false)
}

fuzz_target!(|input: (&[u8], &[u8], u16)| {
    let (bytes, cuts, length) = input;
    let chunked = || Framing::Chunked(Chunks::default());
    assert_eq!(read(chunked(), bytes, &[]), read(chunked(), bytes, cuts));
    let sized = || Framing::Length(length.into());
    let whole = read(sized(), bytes, &[]);
    assert_eq!(whole, read(sized(), bytes, cuts));
    assert_eq!(whole.0, &bytes[..bytes.len().min(length.into())]);
});

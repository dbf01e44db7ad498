//! `gunzip`: responses unpacked for clients that do not take them packed.
//!
//! What a few packed bytes unpack to may be huge: it is given in portions, and no more is taken before the last one is on
//! its way.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::choice::Varied;
use super::coding::GZIP;
use super::conditions::{GzipRules, length, weights};
use super::place;
use crate::conf::{Arity, Chain, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::body_filter::{BodyFilter, Passed};
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::state::StateIndex;

/// The feature.
pub static MODULE: Module = Module {
    name: "gunzip",
    about: "responses unpacked for who does not take them packed",
    directives: &[DirectiveSpec {
        name: "gunzip",
        contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "gunzip on | off;",
            default: "gunzip off;",
            text: "Unpacks responses whose `Content-Encoding` is `gzip` for clients that do not get gzip: answers of \
                   origins, of a cache that keeps them packed, and files of `gzip_static always`. They have no \
                   `Content-Length`, no ranges, and a weak `ETag`; a part (206) stays as it is. However much it \
                   unpacks to, a body takes about 100 kB of memory: no more is read before the client has taken \
                   what there is. A body that is broken breaks off.",
            example: "gunzip on;\nproxy_set_header Accept-Encoding gzip;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(Written(on));
            Ok(())
        },
        ..SPEC
    }],
    location,
    ..module::MODULE
};

/// `gunzip`
struct Written(bool);

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    if let Some(Written(true)) = chain.nearest() {
        parts.body_filters.push(Box::new(Gunzip {
            rules: GzipRules::of(builder, chain),
            varied: place(builder),
        }));
    }
}

/// Has responses unpacked.
struct Gunzip {
    rules: GzipRules,
    varied: StateIndex<Varied>,
}

impl PhaseHandler for Gunzip {
    fn run(&self, request: &mut Request) {
        let head = &request.response;
        let coding = head.field("content-encoding").unwrap_or_default();
        let is_empty = length(head) == Some(0);
        if !coding.eq_ignore_ascii_case(b"gzip") || head.status == 206 || is_empty {
            return;
        }
        request.state(self.varied).0 = true;
        if weights(request, &self.rules)[GZIP] > 0 {
            return;
        }
        let head = &mut request.response;
        head.remove("content-encoding");
        head.change_body();
        request.bodies.response.add(Unpacker::default());
    }

    fn is_for_subrequests(&self) -> bool {
        true
    }
}

/// Unpacks a body.
#[derive(Default)]
struct Unpacker {
    /// The member that goes on; none before the first and behind a whole one.
    member: Option<Decompress>,
    /// Whether what came is whole, unless more comes.
    is_whole: bool,
    /// What was taken and not unpacked, from `place` on.
    taken: Vec<u8>,
    place: usize,
    /// Whether the last portion was a full one, so that more may be ready.
    is_full: bool,
}

/// So much is unpacked at a time.
const PORTION: usize = 32 * 1024;

impl Unpacker {
    /// Unpacks a portion of what was taken.
    fn unpack(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let start = out.len();
        out.resize(start + PORTION, 0);
        let unpacked = self.fill(&mut out[start..]);
        out.truncate(start + *unpacked.as_ref().unwrap_or(&0));
        self.is_full = unpacked? == PORTION;
        if self.place == self.taken.len() {
            self.taken.clear();
            self.place = 0;
        }
        Ok(())
    }

    /// How many bytes were unpacked into `portion`: less than there is room for when nothing more is at hand.
    fn fill(&mut self, portion: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        loop {
            let rest = &self.taken[self.place..];
            if rest.is_empty() && self.member.is_none() {
                return Ok(filled);
            }
            let member = self
                .member
                .get_or_insert_with(|| Decompress::new_gzip(WINDOW));
            self.is_whole = false;
            let before = (member.total_in(), member.total_out());
            let status = member.decompress(rest, &mut portion[filled..], FlushDecompress::Sync)?;
            let moved = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(0);
            let (used, given) = (
                moved(member.total_in(), before.0),
                moved(member.total_out(), before.1),
            );
            self.place += used;
            filled += given;
            let is_at_rest = used + given == 0;
            match status {
                Status::StreamEnd => {
                    self.member = None;
                    self.is_whole = true;
                }
                _ if filled == portion.len() => return Ok(filled),
                _ if is_at_rest && self.place < self.taken.len() => {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                _ if is_at_rest => return Ok(filled),
                _ => {}
            }
        }
    }
}

/// The longest that gzip has.
const WINDOW: u8 = 15;

impl BodyFilter for Unpacker {
    fn piece(&mut self, _: &mut Request, piece: &[u8], out: &mut Vec<u8>) -> io::Result<Passed> {
        self.taken.extend_from_slice(piece);
        self.unpack(out)?;
        Ok(Passed::Changed)
    }

    fn has_more(&self) -> bool {
        self.is_full || !self.taken.is_empty()
    }

    fn more(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        self.unpack(out)
    }

    fn end(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        while self.has_more() {
            self.unpack(out)?;
        }
        match self.is_whole {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "what is packed ends too early",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;
    use crate::http::plan::body_filter::BodyFilters;
    use crate::modules::core::trial;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// What comes of a body in these pieces, and how much at a time at most.
    fn unpacked<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> io::Result<(Vec<u8>, usize)> {
        let mut request = trial::begin(trial::server(""), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut filters = BodyFilters::default();
        filters.add(Unpacker::default());
        let (mut all, mut most) = (Vec::new(), 0);
        let mut take = |bytes: &[u8]| {
            most = most.max(bytes.len());
            all.extend_from_slice(bytes);
        };
        for piece in pieces {
            take(filters.piece(&mut request, piece)?.unwrap_or_default());
            while filters.has_more() {
                take(filters.more(&mut request)?);
            }
        }
        take(filters.end(&mut request)?);
        Ok((all, most))
    }

    #[test]
    fn members_follow_each_other() {
        let two = [packed(b"one "), packed(b""), packed(b"two")].concat();
        assert_eq!(unpacked([&*two]).unwrap().0, b"one two");
        let bytes: Vec<&[u8]> = two.chunks(1).collect();
        assert_eq!(unpacked(bytes).unwrap().0, b"one two");
    }

    #[test]
    fn bombs_go_off_in_portions() {
        let bomb = packed(&vec![0; 64 << 20]);
        assert!(bomb.len() < 70_000);
        let (all, most) = unpacked([&*bomb]).unwrap();
        assert_eq!(all.len(), 64 << 20);
        assert!(most <= PORTION, "{most} at once");
        let many = packed(b"").repeat(50_000);
        assert_eq!(unpacked([&*many]).unwrap().0, b"");
    }

    #[test]
    fn what_is_broken_is_told() {
        let whole = packed(b"a text that is not too short");
        for broken in [
            &whole[..whole.len() - 1],
            &whole[..11],
            &whole[..1],
            b"",
            b"no gzip",
            &[&*whole, b"garbage"].concat(),
            &[&whole[..whole.len() - 8], &[0; 8]].concat(),
        ] {
            assert!(unpacked([broken]).is_err(), "{}", broken.escape_ascii());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn however_it_is_cut(texts in prop::collection::vec((".{0,20}", 0_usize..9000), 1..6), size in 1_usize..5000) {
            let texts: Vec<String> = texts.iter().map(|(text, times)| text.repeat(*times)).collect();
            let body: Vec<u8> = texts.iter().flat_map(|text| packed(text.as_bytes())).collect();
            let (all, most) = unpacked(body.chunks(size)).unwrap();
            prop_assert_eq!(all, texts.concat().into_bytes());
            prop_assert!(most <= PORTION);
        }

        #[test]
        fn garbage_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = unpacked([&*bytes]);
            let _ = unpacked([&*[&packed(b"x")[..], &bytes].concat()]);
        }
    }
}

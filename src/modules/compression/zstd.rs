//! Zstandard.

use std::io;

use zstd::stream::raw::{CParameter, InBuffer, Operation, OutBuffer};

use super::coding::{Effort, Encoder, ROOM};

struct Zstd(zstd::stream::raw::Encoder<'static>);

/// The shortest window there is.
pub(super) const LEAST_WINDOW: u32 = 10;

/// From this level on, tables are longer than the window.
const HIGH: u32 = 10;

/// Begins a body.
pub(super) fn begin(effort: Effort) -> io::Result<Box<dyn Encoder>> {
    let level = i32::try_from(effort.level).unwrap_or(i32::MAX);
    let mut encoder = zstd::stream::raw::Encoder::new(level)?;
    // The first level has no use for more.
    let window = effort.window.min(18 + effort.level);
    encoder.set_parameter(CParameter::WindowLog(window))?;
    match effort.length {
        // Its tables are no larger than the body then.
        Some(length) => encoder.set_pledged_src_size(Some(length))?,
        // The tables of high levels are made for windows of up to 128 MiB.
        None if effort.level >= HIGH => {
            encoder.set_parameter(CParameter::HashLog(window + 1))?;
            encoder.set_parameter(CParameter::ChainLog(window + 1))?;
        }
        None => {}
    }
    Ok(Box::new(Zstd(encoder)))
}

impl Zstd {
    /// Takes steps until one leaves nothing behind.
    fn run(
        &mut self,
        out: &mut Vec<u8>,
        mut step: impl FnMut(
            &mut zstd::stream::raw::Encoder<'static>,
            &mut OutBuffer<'_, Vec<u8>>,
        ) -> io::Result<bool>,
    ) -> io::Result<()> {
        loop {
            out.reserve(ROOM);
            let place = out.len();
            let mut room = OutBuffer::around_pos(out, place);
            if step(&mut self.0, &mut room)? {
                return Ok(());
            }
        }
    }
}

impl Encoder for Zstd {
    fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let mut piece = InBuffer::around(piece);
        self.run(out, |encoder, room| {
            encoder.run(&mut piece, room)?;
            Ok(piece.pos() == piece.src.len())
        })
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.run(out, |encoder, room| Ok(encoder.flush(room)? == 0))
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.run(out, |encoder, room| Ok(encoder.finish(room, true)? == 0))
    }
}

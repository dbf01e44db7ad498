//! gzip: deflate with a frame that tells of errors.

use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::coding::{Effort, Encoder, ROOM};

struct Gzip(Compress);

/// The shortest window there is.
pub(super) const LEAST_WINDOW: u32 = 9;

/// Begins a body.
pub(super) fn begin(effort: Effort) -> io::Result<Box<dyn Encoder>> {
    let window = u8::try_from(effort.window.clamp(LEAST_WINDOW, 15)).unwrap_or(15);
    let stream = Compress::new_gzip(Compression::new(effort.level), window);
    Ok(Box::new(Gzip(stream)))
}

impl Gzip {
    fn run(&mut self, piece: &[u8], how: FlushCompress, out: &mut Vec<u8>) -> io::Result<()> {
        let mut rest = piece;
        loop {
            out.reserve(ROOM);
            let before = self.0.total_in();
            let status = self.0.compress_vec(rest, out, how)?;
            let taken = usize::try_from(self.0.total_in() - before).unwrap_or(rest.len());
            rest = &rest[taken..];
            let is_over = match how {
                FlushCompress::Finish => matches!(status, Status::StreamEnd),
                // Room that is left says that nothing is left to give.
                _ => rest.is_empty() && out.len() < out.capacity(),
            };
            if is_over {
                return Ok(());
            }
        }
    }
}

impl Encoder for Gzip {
    fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        self.run(piece, FlushCompress::None, out)
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.run(b"", FlushCompress::Sync, out)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.run(b"", FlushCompress::Finish, out)
    }
}

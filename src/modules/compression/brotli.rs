//! Brotli.

use std::io::{self, Write};

use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;

use super::coding::{Effort, Encoder, ROOM};

/// `None` once it is finished.
struct Brotli(Option<CompressorWriter<Vec<u8>>>);

/// The shortest window there is.
pub(super) const LEAST_WINDOW: u32 = 10;

/// Begins a body.
pub(super) fn begin(effort: Effort) -> io::Result<Box<dyn Encoder>> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let parameters = BrotliEncoderParams {
        quality: number(effort.level),
        lgwin: number(effort.window),
        ..BrotliEncoderParams::default()
    };
    let writer = CompressorWriter::with_params(Vec::new(), ROOM, &parameters);
    Ok(Box::new(Brotli(Some(writer))))
}

impl Brotli {
    fn writer(&mut self) -> io::Result<&mut CompressorWriter<Vec<u8>>> {
        self.0.as_mut().ok_or(io::ErrorKind::InvalidInput.into())
    }
}

impl Encoder for Brotli {
    fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let writer = self.writer()?;
        writer.write_all(piece)?;
        out.append(writer.get_mut());
        Ok(())
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let writer = self.writer()?;
        writer.flush()?;
        out.append(writer.get_mut());
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.writer()?;
        if let Some(writer) = self.0.take() {
            out.append(&mut writer.into_inner());
        }
        Ok(())
    }
}

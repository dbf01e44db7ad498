//! The filter, and what it tells afterwards.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http::course::request::Request;
use crate::http::plan::body_filter::{BodyFilter, Passed};
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::Variable;

/// Packs a body.
pub(super) struct Packer {
    level: u32,
    /// Large, so it is made when there is something to pack.
    encoder: Option<GzEncoder<Vec<u8>>>,
    sums: Totals,
    totals: StateIndex<Totals>,
}

/// How much of a body was packed, once all of it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    taken: u64,
    given: u64,
}

impl Packer {
    /// One that begins.
    pub(super) fn new(level: u32, totals: StateIndex<Totals>) -> Self {
        Self {
            level,
            encoder: None,
            sums: Totals::default(),
            totals,
        }
    }

    fn encoder(&mut self) -> &mut GzEncoder<Vec<u8>> {
        let level = Compression::new(self.level);
        self.encoder
            .get_or_insert_with(|| GzEncoder::new(Vec::new(), level))
    }

    fn give(&mut self, out: &mut Vec<u8>) {
        let packed = self.encoder().get_mut();
        let length = packed.len();
        out.append(packed);
        self.sums.given += length as u64;
    }
}

impl BodyFilter for Packer {
    fn piece(&mut self, _: &mut Request, piece: &[u8], out: &mut Vec<u8>) -> io::Result<Passed> {
        self.encoder().write_all(piece)?;
        self.sums.taken += piece.len() as u64;
        self.give(out);
        Ok(Passed::Changed)
    }

    fn pause(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        self.encoder().flush()?;
        self.give(out);
        Ok(())
    }

    fn end(&mut self, request: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        self.encoder().try_finish()?;
        self.give(out);
        *request.state(self.totals) = self.sums;
        Ok(())
    }
}

/// `$gzip_ratio`
pub(super) struct Ratio(pub(super) StateIndex<Totals>);

impl Variable for Ratio {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let Some(totals) = request.state_if_any(self.0) else {
            return false;
        };
        if totals.given == 0 {
            return false;
        }
        write!(out, "{}", ratio(*totals)).is_ok()
    }
}

/// Rounded to two places, as nginx does.
fn ratio(totals: Totals) -> String {
    let thousandths = totals.taken.saturating_mul(1000) / totals.given;
    let hundredths = thousandths / 10 + u64::from(thousandths % 10 > 4);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_have_two_places() {
        for (taken, given, expected) in [
            (100, 50, "2.00"),
            (1, 3, "0.33"),
            (2, 3, "0.67"),
            (1999, 1000, "2.00"),
            (u64::MAX, 1, "18446744073709551.62"),
        ] {
            assert_eq!(ratio(Totals { taken, given }), expected);
        }
    }
}

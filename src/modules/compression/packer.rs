//! The filter, and what it tells afterwards.

use std::io::{self, Write};

use super::coding::{Coding, Effort, Encoder};
use crate::http::course::request::Request;
use crate::http::plan::body_filter::{BodyFilter, Passed};
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::Variable;

/// Packs a body.
pub(super) struct Packer {
    coding: &'static Coding,
    effort: Effort,
    /// Large, so it is made when there is something to pack.
    encoder: Option<Box<dyn Encoder>>,
    sums: Totals,
    totals: StateIndex<Totals>,
}

/// How much of a body was packed, once all of it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// By which coding.
    coding: &'static str,
    taken: u64,
    given: u64,
}

impl Packer {
    /// One that begins.
    pub(super) fn new(coding: &'static Coding, effort: Effort, totals: StateIndex<Totals>) -> Self {
        let sums = Totals {
            coding: coding.name,
            ..Totals::default()
        };
        Self {
            coding,
            effort,
            encoder: None,
            sums,
            totals,
        }
    }

    /// Has the encoder do something, and counts what it gives.
    fn give(
        &mut self,
        out: &mut Vec<u8>,
        work: impl FnOnce(&mut dyn Encoder, &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let before = out.len();
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert((self.coding.begin)(self.effort)?),
        };
        work(&mut **encoder, out)?;
        self.sums.given += (out.len() - before) as u64;
        Ok(())
    }
}

impl BodyFilter for Packer {
    fn piece(&mut self, _: &mut Request, piece: &[u8], out: &mut Vec<u8>) -> io::Result<Passed> {
        self.give(out, |encoder, out| encoder.write(piece, out))?;
        self.sums.taken += piece.len() as u64;
        Ok(Passed::Changed)
    }

    fn pause(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        self.give(out, |encoder, out| encoder.flush(out))
    }

    fn end(&mut self, request: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        self.give(out, |encoder, out| encoder.finish(out))?;
        *request.state(self.totals) = self.sums;
        // Its memory is of no use while the client takes what is left.
        self.encoder = None;
        Ok(())
    }
}

/// `$gzip_ratio` and its like.
pub(super) struct Ratio {
    /// Of bodies packed by it.
    pub(super) coding: &'static str,
    pub(super) totals: StateIndex<Totals>,
}

impl Variable for Ratio {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let totals = request.state_if_any(self.totals);
        match totals.filter(|totals| totals.coding == self.coding && totals.given > 0) {
            Some(totals) => write!(out, "{}", ratio(*totals)).is_ok(),
            None => false,
        }
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
            let totals = Totals {
                coding: "gzip",
                taken,
                given,
            };
            assert_eq!(ratio(totals), expected);
        }
    }
}

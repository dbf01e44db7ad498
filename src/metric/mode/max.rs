//! How high? The largest sample.

use super::cell;
use super::{Mode, ModeSpec, Moment, Problem};
use crate::metric::Reading;
use crate::os::atomic::AtomicU64;

pub(super) const SPEC: ModeSpec = ModeSpec {
    name: "max",
    syntax: "max",
    question: "How high?",
    doc: "The largest value.",
    parse,
};

#[derive(Debug)]
struct Max;

fn parse(parameters: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    Problem::unless_empty(parameters)?;
    Ok(Box::new(Max))
}

impl Mode for Max {
    fn cells(&self) -> usize {
        1
    }

    fn identity(&self) -> String {
        SPEC.name.into()
    }

    fn words(&self) -> Vec<String> {
        vec![SPEC.name.into()]
    }

    fn initial(&self, _cell: usize) -> u64 {
        cell::UNSET
    }

    fn record(&self, cells: &[AtomicU64], value: f64, _now: Moment) {
        cell::update(&cells[0], |greatest| match greatest {
            Some(greatest) if greatest >= value => None,
            _ => Some(value),
        });
    }

    fn fold(&self, into: &[AtomicU64], discarded: &[u64], now: Moment) {
        if let Some(value) = cell::value(discarded[0]) {
            self.record(into, value, now);
        }
    }

    fn read<'a>(&'a self, cells: &'a [u64], _now: Moment) -> Reading<'a> {
        cell::value(cells[0]).map_or(Reading::Unset, Reading::Float)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;

    #[test]
    fn it_keeps_the_largest() {
        assert_eq!(Bench::new(&["max"]).text(0), "");
        assert_eq!(Bench::fed(&["max"], &[-5.0, -2.5, -7.0]).text(0), "-2.5");
        assert_eq!(
            Bench::fed(&["max"], &[f64::MIN]).text(0),
            "-1.7976931348623157e+308"
        );
    }

    #[test]
    fn folding_keeps_the_larger() {
        let max = Bench::new(&["max"]);
        max.fold(&Bench::new(&["max"]), 1);
        assert_eq!(max.text(0), "");
        max.fold(&Bench::fed(&["max"], &[10.0]), 1);
        max.fold(&Bench::fed(&["max"], &[40.0]), 1);
        max.fold(&Bench::fed(&["max"], &[5.0]), 1);
        assert_eq!(max.text(0), "40");
    }
}

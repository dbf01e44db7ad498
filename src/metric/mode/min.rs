//! How low? The smallest sample.

use super::cell;
use super::{Mode, ModeSpec, Moment, Problem};
use crate::metric::Reading;
use crate::os::atomic::AtomicU64;

pub(super) const SPEC: ModeSpec = ModeSpec {
    name: "min",
    syntax: "min",
    question: "How low?",
    doc: "The smallest value.",
    parse,
};

#[derive(Debug)]
struct Min;

fn parse(parameters: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    Problem::unless_empty(parameters)?;
    Ok(Box::new(Min))
}

impl Mode for Min {
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
        cell::update(&cells[0], |least| match least {
            Some(least) if least <= value => None,
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
    fn it_keeps_the_smallest() {
        assert_eq!(Bench::new(&["min"]).text(0), "");
        assert_eq!(
            Bench::fed(&["min"], &[42.999, -512.0, 1.0, 0.0]).text(0),
            "-512"
        );
        assert_eq!(
            Bench::fed(&["min"], &[f64::MAX]).text(0),
            "1.7976931348623157e+308"
        );
    }

    #[test]
    fn folding_keeps_the_smaller() {
        let min = Bench::new(&["min"]);
        min.fold(&Bench::new(&["min"]), 1);
        assert_eq!(min.text(0), "");
        min.fold(&Bench::fed(&["min"], &[10.0]), 1);
        min.fold(&Bench::fed(&["min"], &[4.0]), 1);
        min.fold(&Bench::fed(&["min"], &[5.0]), 1);
        assert_eq!(min.text(0), "4");
    }
}

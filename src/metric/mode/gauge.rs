//! How much in all? The sum of the samples, positive and negative.

use super::cell;
use super::{Assignment, Mode, ModeSpec, Moment, Problem};
use crate::metric::Reading;
use crate::os::atomic::AtomicU64;

pub(super) const SPEC: ModeSpec = ModeSpec {
    name: "gauge",
    syntax: "gauge",
    question: "How much in all? Or, with `=1` at the start and `=-1` at the end: how many now?",
    doc: "The sum of all values; a negative value makes it smaller.",
    parse,
};

#[derive(Debug)]
struct Gauge;

fn parse(parameters: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    Problem::unless_empty(parameters)?;
    Ok(Box::new(Gauge))
}

impl Mode for Gauge {
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
        0
    }

    fn record(&self, cells: &[AtomicU64], value: f64, _now: Moment) {
        cell::add(&cells[0], value);
    }

    fn fold(&self, into: &[AtomicU64], discarded: &[u64], _now: Moment) {
        cell::add(&into[0], cell::value(discarded[0]).unwrap_or(0.0));
    }

    fn since(&self, now: &[u64], before: &[u64]) -> Vec<u64> {
        vec![cell::sum_since(now[0], before[0])]
    }

    fn assign(&self, cells: &mut [u64], assignment: Assignment) -> bool {
        cell::assign(&mut cells[0], assignment);
        true
    }

    fn read<'a>(&'a self, cells: &'a [u64], _now: Moment) -> Reading<'a> {
        Reading::Float(cell::value(cells[0]).unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;

    #[test]
    fn it_adds_in_doubles() {
        assert_eq!(Bench::new(&["gauge"]).text(0), "0");
        assert_eq!(
            Bench::fed(&["gauge"], &[0.0, 5.0, -5.0, 8.0, -0.5]).text(0),
            "7.5"
        );
        assert_eq!(
            Bench::fed(&["gauge"], &[0.1, 0.2]).text(0),
            "0.30000000000000004"
        );
        assert_eq!(
            Bench::fed(&["gauge"], &[1e16, 1.0]).text(0),
            "10000000000000000"
        );
    }

    #[test]
    fn it_stays_finite() {
        let gauge = Bench::fed(&["gauge"], &[f64::MAX, f64::MAX]);
        assert_eq!(gauge.text(0), "1.7976931348623157e+308");
    }

    #[test]
    fn it_can_be_set_and_changed() {
        let mut gauge = Bench::fed(&["gauge"], &[30.0]);
        assert_eq!(gauge.assigned(Assignment::Set(-2.5)), "-2.5");
        assert_eq!(gauge.assigned(Assignment::Add(5.0)), "2.5");
        assert_eq!(gauge.assigned(Assignment::Increment), "3.5");
        assert_eq!(
            gauge.assigned(Assignment::Set(f64::MAX)),
            "1.7976931348623157e+308"
        );
        assert_eq!(
            gauge.assigned(Assignment::Add(f64::MAX)),
            "1.7976931348623157e+308"
        );
    }

    #[test]
    fn folding_adds() {
        let gauge = Bench::fed(&["gauge"], &[30.0]);
        gauge.fold(&Bench::fed(&["gauge"], &[4.0]), 1);
        assert_eq!(gauge.text(0), "34");
    }
}

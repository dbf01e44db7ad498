//! What was the latest? The value of the newest sample.

use super::cell;
use super::{Assignment, Mode, ModeSpec, Moment, Problem};
use crate::metric::Reading;
use crate::os::atomic::AtomicU64;

pub(super) const SPEC: ModeSpec = ModeSpec {
    name: "last",
    syntax: "last",
    question: "What was it the last time?",
    doc: "The newest value.",
    parse,
};

#[derive(Debug)]
struct Last;

fn parse(parameters: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    Problem::unless_empty(parameters)?;
    Ok(Box::new(Last))
}

impl Mode for Last {
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
        cell::update(&cells[0], |_| Some(value));
    }

    fn fold(&self, into: &[AtomicU64], discarded: &[u64], now: Moment) {
        if let Some(value) = cell::value(discarded[0]) {
            self.record(into, value, now);
        }
    }

    fn assign(&self, cells: &mut [u64], assignment: Assignment) -> bool {
        cell::assign(&mut cells[0], assignment);
        true
    }

    fn read<'a>(&'a self, cells: &'a [u64], _now: Moment) -> Reading<'a> {
        cell::value(cells[0]).map_or(Reading::Unset, Reading::Float)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;

    #[test]
    fn it_keeps_the_newest() {
        assert_eq!(Bench::new(&["last"]).text(0), "");
        assert_eq!(Bench::fed(&["last"], &[8000.0, 37.0, -3.5]).text(0), "-3.5");
        assert_eq!(Bench::fed(&["last"], &[-0.0]).text(0), "0");
    }

    #[test]
    fn it_can_be_set_and_changed() {
        let mut last = Bench::new(&["last"]);
        assert_eq!(last.assigned(Assignment::Add(-2.0)), "-2");
        assert_eq!(last.assigned(Assignment::Increment), "-1");
        assert_eq!(last.assigned(Assignment::Set(8.5)), "8.5");
    }

    #[test]
    fn folding_takes_over_the_discarded_value() {
        let last = Bench::fed(&["last"], &[20.0]);
        last.fold(&Bench::new(&["last"]), 1);
        assert_eq!(last.text(0), "20");
        last.fold(&Bench::fed(&["last"], &[4.0]), 1);
        assert_eq!(last.text(0), "4");
    }
}

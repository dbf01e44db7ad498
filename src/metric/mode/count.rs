//! How often? Adds one per sample, whatever the value.

use super::cell;
use super::{Assignment, Mode, ModeSpec, Moment, Problem};
use crate::metric::Reading;
use crate::os::atomic::{AtomicU64, Ordering::Relaxed};

pub(super) const SPEC: ModeSpec = ModeSpec {
    name: "count",
    syntax: "count",
    question: "How often?",
    doc: "The number of samples; their values do not matter.",
    parse,
};

#[derive(Debug)]
struct Count;

fn parse(parameters: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    Problem::unless_empty(parameters)?;
    Ok(Box::new(Count))
}

/// Counts a sample, for modes that do no more.
#[inline]
pub(in crate::metric) fn add_one(cells: &[AtomicU64]) {
    cells[0].fetch_add(1, Relaxed);
}

impl Mode for Count {
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

    fn record(&self, cells: &[AtomicU64], _value: f64, _now: Moment) {
        add_one(cells);
    }

    fn only_counts(&self) -> bool {
        true
    }

    fn fold(&self, into: &[AtomicU64], discarded: &[u64], _now: Moment) {
        into[0].fetch_add(discarded[0], Relaxed);
    }

    fn since(&self, now: &[u64], before: &[u64]) -> Vec<u64> {
        cell::counts_since(now, before)
    }

    /// A count only ever goes up.
    fn assign(&self, cells: &mut [u64], assignment: Assignment) -> bool {
        if assignment == Assignment::Increment {
            cells[0] = cells[0].saturating_add(1);
        }
        assignment == Assignment::Increment
    }

    fn read<'a>(&'a self, cells: &'a [u64], _now: Moment) -> Reading<'a> {
        Reading::Integer(cells[0])
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;

    #[test]
    fn it_counts_samples_and_folds_by_adding() {
        let count = Bench::new(&["count"]);
        assert_eq!(count.text(0), "0");
        for value in [0.0, 23.0, -32.0, f64::MAX] {
            count.record(value, 1);
        }
        assert_eq!(count.text(0), "4");
        count.fold(&Bench::fed(&["count"], &[1.0, 1.0]), 1);
        assert_eq!(count.text(0), "6");
    }
    #[test]
    fn it_can_only_go_up_by_one() {
        let mut count = Bench::fed(&["count"], &[1.0]);
        assert_eq!(count.assigned(Assignment::Increment), "2");
        for refused in [Assignment::Set(5.0), Assignment::Add(1.0)] {
            assert!(!count.mode.assign(&mut [2], refused));
        }
    }
}

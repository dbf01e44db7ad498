//! How are the values spread? Counts, for each of some limits, the values up to it.
//!
//! A sample adds one to a single cell: that of the smallest limit it does not exceed. The cumulative
//! counts people see are summed when read, so a reading is always cumulative, whatever is being recorded
//! meanwhile. The cells lie in ascending order of the limits, after one that holds the sum of all values, and
//! before one for values above the largest limit, unless that is infinity. Names and output keep the order of
//! the configuration; what is above all limits shows in the totals alone.

use std::collections::HashSet;

use super::cell;
use super::limit::parse_limit;
use super::{Mode, ModeSpec, Moment, Problem};
use crate::metric::{Buckets, Number, Reading};
use crate::os::atomic::{AtomicU64, Ordering::Relaxed};

pub(super) const SPEC: ModeSpec = ModeSpec {
    name: "histogram",
    syntax: "histogram limit ...",
    question: "How are the values spread?",
    doc: "For every limit, the number of values not above it; `+Inf` counts all. Without `+Inf`, values above \
          the largest limit are counted only in what Prometheus pages have besides: `+Inf`, `_count` and `_sum`.",
    parse,
};

/// The mode; public to the readings, which borrow its names.
#[derive(Debug)]
pub(crate) struct Histogram {
    /// In configured order.
    buckets: Vec<Bucket>,
    /// In ascending order; not-a-number, which no value reaches, is left out.
    limits: Vec<f64>,
}

#[derive(Debug)]
struct Bucket {
    name: String,
    limit: f64,
    /// How many cells, from the smallest limit on, its count is the sum of.
    reach: usize,
}

fn parse(parameters: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    let mut buckets = Vec::with_capacity(parameters.len());
    let mut seen = HashSet::new();
    for (place, name) in parameters.iter().enumerate() {
        let limit = parse_limit(name).ok_or_else(|| bad_bucket(place, name))?;
        // Adding zero makes one of the two zeros; not-a-number equals nothing, itself included, so
        // several are told apart by their names.
        let is_known = match limit.is_nan() {
            true => buckets.iter().any(|one: &Bucket| one.name == **name),
            false => !seen.insert((limit + 0.0).to_bits()),
        };
        if is_known {
            return Err(Problem::at(place, format!("duplicated bucket \"{name}\"")));
        }
        buckets.push(Bucket {
            name: (*name).into(),
            limit,
            reach: 0,
        });
    }
    if buckets.is_empty() {
        return Err(Problem::of_the_mode("empty histogram".into())
            .with_help("expected limits, such as \"histogram 0.1 0.5 1 +Inf\""));
    }
    Ok(Box::new(Histogram::new(buckets)))
}

fn bad_bucket(place: usize, name: &str) -> Problem {
    Problem::at(place, format!("bad bucket value \"{name}\""))
        .with_help("expected a number, or +Inf")
}

impl Histogram {
    fn new(mut buckets: Vec<Bucket>) -> Self {
        let real = buckets
            .iter()
            .map(|bucket| bucket.limit)
            .filter(|limit| !limit.is_nan());
        let mut limits: Vec<f64> = real.collect();
        limits.sort_by(f64::total_cmp);
        for bucket in &mut buckets {
            bucket.reach = limits
                .iter()
                .filter(|limit| **limit <= bucket.limit)
                .count();
        }
        Self { buckets, limits }
    }

    /// Whether the largest limit is infinity, which nothing is above.
    fn is_open(&self) -> bool {
        self.limits.last() == Some(&f64::INFINITY)
    }

    /// The buckets' names in configured order.
    pub(in crate::metric) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.buckets.iter().map(|bucket| bucket.name.as_str())
    }

    /// The cumulative count of the bucket at `place` in configured order.
    pub(in crate::metric) fn count(&self, cells: &[u64], place: usize) -> u64 {
        total(&cells[1..=self.buckets[place].reach])
    }

    /// The limits in ascending order, each with its cumulative count.
    pub(in crate::metric) fn ascending(
        &self,
        cells: &[u64],
    ) -> impl Iterator<Item = (f64, u64)> + Clone {
        let counts = cells[1..].iter().scan(0u64, |sum, count| {
            *sum = sum.wrapping_add(*count);
            Some(*sum)
        });
        self.limits.iter().copied().zip(counts)
    }

    /// How many values there were.
    pub(in crate::metric) fn total(&self, cells: &[u64]) -> u64 {
        total(&cells[1..])
    }

    /// Their sum.
    pub(in crate::metric) fn sum(&self, cells: &[u64]) -> f64 {
        cell::value(cells[0]).unwrap_or(0.0)
    }
}

fn total(cells: &[u64]) -> u64 {
    cells.iter().fold(0, |sum, count| sum.wrapping_add(*count))
}

impl Mode for Histogram {
    fn cells(&self) -> usize {
        1 + self.limits.len() + usize::from(!self.is_open())
    }

    /// Of the limits alone: neither their names nor their order have a part in the cells.
    fn identity(&self) -> String {
        let mut text = String::from(SPEC.name);
        for limit in &self.limits {
            text.push(' ');
            text.push_str(Number::new().format(limit + 0.0));
        }
        text
    }

    fn former_cells(&self) -> usize {
        1 + self.limits.len()
    }

    fn words(&self) -> Vec<String> {
        let names = self.names().map(str::to_owned);
        std::iter::once(SPEC.name.to_owned()).chain(names).collect()
    }

    fn initial(&self, _cell: usize) -> u64 {
        0
    }

    fn record(&self, cells: &[AtomicU64], value: f64, _now: Moment) {
        let place = self.limits.partition_point(|limit| *limit < value);
        cells[1 + place].fetch_add(1, Relaxed);
        cell::add(&cells[0], value);
    }

    fn fold(&self, into: &[AtomicU64], discarded: &[u64], _now: Moment) {
        for (cell, count) in into.iter().zip(discarded).skip(1) {
            cell.fetch_add(*count, Relaxed);
        }
        cell::add(&into[0], self.sum(discarded));
    }

    fn since(&self, now: &[u64], before: &[u64]) -> Vec<u64> {
        let is_new = now[1..]
            .iter()
            .zip(&before[1..])
            .any(|(now, before)| now < before);
        if is_new {
            return now.to_vec();
        }
        let mut cells = cell::counts_since(now, before);
        cells[0] = cell::sum_since(now[0], before[0]);
        cells
    }

    fn read<'a>(&'a self, cells: &'a [u64], _now: Moment) -> Reading<'a> {
        Reading::Buckets(Buckets {
            histogram: self,
            cells,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;

    #[test]
    fn buckets_count_up_to_their_limit_in_any_order() {
        let values = [0.5, 0.50001, 1.0, 5.0, 6.0, 1000.0, 1001.0, -1.0];
        let histogram = Bench::fed(&["histogram", "5", "1", "inf", "0.5", "1e3"], &values);
        assert_eq!(histogram.text(0), "5 4 8 2 7");
    }

    #[test]
    fn names_are_kept_as_written() {
        let histogram = Bench::fed(&["histogram", "0x10", "1e3", "+Inf"], &[16.0]);
        let cells = histogram.copy();
        let Reading::Buckets(buckets) = histogram.mode.read(&cells, Moment(0)) else {
            panic!()
        };
        let all: Vec<_> = buckets.iter().collect();
        assert_eq!(all, [("0x10", 1), ("1e3", 1), ("+Inf", 1)]);
        assert_eq!(buckets.find(b"1e3"), Some(1));
        assert_eq!(buckets.find(b"1000"), None);
        assert_eq!(
            (buckets.sum(), buckets.total(), buckets.len()),
            (16.0, 1, 3)
        );
    }

    #[test]
    fn a_value_above_all_limits_counts_in_the_totals_alone() {
        let histogram = Bench::fed(&["histogram", "2", "1"], &[99.0]);
        assert_eq!(histogram.text(0), "0 0");
        histogram.record(2.0, 0);
        assert_eq!(histogram.text(0), "1 0");
        histogram.fold(&Bench::fed(&["histogram", "2", "1"], &[7.0, 0.5]), 0);
        assert_eq!(histogram.text(0), "2 1");
        let cells = histogram.copy();
        let Reading::Buckets(buckets) = histogram.mode.read(&cells, Moment(0)) else {
            panic!()
        };
        assert_eq!((buckets.total(), buckets.sum()), (4, 108.5));
        let ascending: Vec<_> = buckets.ascending().collect();
        assert_eq!(ascending, [(1.0, 1), (2.0, 2)]);
    }

    #[test]
    fn the_same_limits_are_the_same_histogram() {
        let identity = |words: &[&str]| Bench::new(words).mode.identity();
        let first = identity(&["histogram", "0", "1e3", "2"]);
        assert_eq!(first, identity(&["histogram", "2.0", "-0", "nan", "1000"]));
        assert_ne!(first, identity(&["histogram", "0", "1e3", "2", "+Inf"]));
    }

    #[test]
    fn odd_limits_are_allowed_and_mean_what_they_say() {
        let histogram = Bench::fed(&["histogram", "nan", "-inf", "NaN", "3"], &[3.0, f64::MIN]);
        assert_eq!(histogram.text(0), "0 0 0 2");
        assert_eq!(histogram.mode.cells(), 4);
    }

    #[test]
    fn folding_adds_bucket_by_bucket() {
        let words = &["histogram", "1", "10", "inf"];
        let histogram = Bench::fed(words, &[10.0, 20.0]);
        histogram.fold(&Bench::fed(words, &[4.0]), 0);
        histogram.fold(&Bench::fed(words, &[-2.0]), 0);
        assert_eq!(histogram.text(0), "1 3 4");
        let cells = histogram.copy();
        assert_eq!(f64::from_bits(cells[0]), 32.0);
    }

    #[test]
    fn what_came_between_is_a_difference() {
        let words = &["histogram", "1", "10"];
        let histogram = Bench::fed(words, &[0.5, 4.0]);
        let before = histogram.copy();
        histogram.record(7.0, 1);
        histogram.record(70.0, 1);
        let between = histogram.mode.since(&histogram.copy(), &before);
        assert_eq!(
            (between[1..].to_vec(), f64::from_bits(between[0])),
            (vec![0, 1, 1], 77.0)
        );
        let anew = Bench::fed(words, &[0.5]).copy();
        assert_eq!(histogram.mode.since(&anew, &before), anew);
    }

    #[test]
    fn its_parameters_are_checked() {
        for (words, message) in [
            (&[][..], "empty histogram"),
            (&["2x"], "bad bucket value \"2x\""),
            (&[""], "bad bucket value \"\""),
            (&["1", "1e999"], "bad bucket value \"1e999\""),
            (&["1", "1.0"], "duplicated bucket \"1.0\""),
            (&["0", "-0"], "duplicated bucket \"-0\""),
            (&["inf", "+Inf"], "duplicated bucket \"+Inf\""),
            (&["nan", "nan"], "duplicated bucket \"nan\""),
        ] {
            assert_eq!(parse(words).unwrap_err().message, message);
        }
    }
}

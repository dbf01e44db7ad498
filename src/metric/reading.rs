//! A metric's value as reported. JSON, variables and Prometheus all print the same reading.

use super::mode::Histogram;
use super::number::number;

/// What a metric of one key reads as.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'a> {
    /// A counter.
    Integer(u64),
    /// Any other single value; finite.
    Float(f64),
    /// A histogram.
    Buckets(Buckets<'a>),
    /// No sample yet: the metric was added to a zone whose keys were there before it.
    Unset,
}

impl Reading<'_> {
    /// Appends the text a variable shows: a number, or a histogram's counts separated by blanks.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Float(value) => number(*value, out),
            Self::Buckets(buckets) => {
                for (place, (_, count)) in buckets.iter().enumerate() {
                    if place > 0 {
                        out.push(b' ');
                    }
                    out.extend_from_slice(count.to_string().as_bytes());
                }
            }
            Self::Unset => {}
        }
    }
}

/// A histogram's buckets in configured order, each with the count of all values up to its limit.
#[derive(Clone, Copy, Debug)]
pub struct Buckets<'a> {
    pub(super) histogram: &'a Histogram,
    pub(super) cells: &'a [u64],
}

impl<'a> Buckets<'a> {
    /// Names as configured, with cumulative counts.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, u64)> + use<'a> {
        let Self { histogram, cells } = *self;
        histogram
            .names()
            .enumerate()
            .map(move |(place, name)| (name, histogram.count(cells, place)))
    }

    /// How many buckets there are.
    pub fn len(&self) -> usize {
        self.histogram.names().len()
    }

    /// Whether there is none, which no configuration allows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The count of the bucket called `name`.
    pub fn find(&self, name: &[u8]) -> Option<u64> {
        self.iter()
            .find(|(own, _)| own.as_bytes() == name)
            .map(|(_, count)| count)
    }

    /// Limits in ascending order with cumulative counts; limits that are no numbers have no bucket here.
    pub fn ascending(&self) -> impl Iterator<Item = (f64, u64)> + Clone {
        self.histogram.ascending(self.cells)
    }

    /// The sum of all values, also of those above every limit.
    pub fn sum(&self) -> f64 {
        self.histogram.sum(self.cells)
    }

    /// How many values there were, also above every limit.
    pub fn total(&self) -> u64 {
        self.histogram.total(self.cells)
    }
}

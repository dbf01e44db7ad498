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

    /// The value that a part of all values, from 0 to 1, is not above: as Prometheus has it, evenly between two limits,
    /// the largest limit but infinity for what is above that. `None` without values.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let total = Some(self.total()).filter(|total| *total > 0)?;
        let rank = part * total as f64;
        let (mut below, mut least) = (None, 0);
        for (limit, count) in self.ascending() {
            if limit == f64::INFINITY {
                break;
            }
            if count as f64 >= rank && count > least {
                let from = below.unwrap_or(limit.min(0.0));
                let inside = (rank - least as f64) / (count - least) as f64;
                return Some(from + (limit - from) * inside.max(0.0));
            }
            (below, least) = (Some(limit), count);
        }
        below
    }

    /// How many values there were, also above every limit.
    pub fn total(&self) -> u64 {
        self.histogram.total(self.cells)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mode::parse_words;
    use super::Reading;
    use crate::metric::Moment;
    use crate::os::atomic::AtomicU64;

    fn quantile(words: &[&str], values: &[f64], part: f64) -> Option<f64> {
        let mode = parse_words(words).unwrap();
        let initial = (0..mode.cells()).map(|cell| AtomicU64::new(mode.initial(cell)));
        let cells: Vec<AtomicU64> = initial.collect();
        for value in values {
            mode.record(&cells, *value, Moment(1));
        }
        let copy: Vec<u64> = cells.into_iter().map(AtomicU64::into_inner).collect();
        match mode.read(&copy, Moment(1)) {
            Reading::Buckets(buckets) => buckets.quantile(part),
            _ => None,
        }
    }

    #[test]
    fn quantiles_lie_evenly_between_limits() {
        let words = &["histogram", "+Inf", "10", "20"];
        assert_eq!(quantile(words, &[], 0.5), None);
        assert_eq!(quantile(words, &[1.0, 2.0], 0.5), Some(5.0));
        assert_eq!(quantile(words, &[1.0, 2.0], 1.0), Some(10.0));
        assert_eq!(
            quantile(words, &[5.0, 15.0, 15.0, 15.0, 15.0], 0.6),
            Some(15.0)
        );
        assert_eq!(quantile(words, &[15.0], 0.0), Some(10.0));
    }

    #[test]
    fn what_is_above_the_limits_counts_as_the_last_of_them() {
        for words in [
            &["histogram", "1", "2"][..],
            &["histogram", "1", "2", "inf"],
        ] {
            assert_eq!(quantile(words, &[9.0, 9.0, 1.5], 0.99), Some(2.0));
        }
        assert_eq!(quantile(&["histogram", "inf"], &[9.0], 0.5), None);
        assert_eq!(
            quantile(&["histogram", "-10", "0"], &[-20.0], 0.5),
            Some(-10.0)
        );
    }
}

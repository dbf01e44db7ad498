//! The ways samples aggregate: one file per mode, and the table of all of them.
//!
//! A mode sees its own cells only: no slot, lock, key, clock or output format. It changes them by single
//! atomic operations, so that several processes may record into one key at once, and any of them may die
//! between two of them without leaving a value that never was.

mod average_exp;
mod average_mean;
mod cell;
mod count;
mod gauge;
mod histogram;
mod last;
mod limit;
mod max;
mod min;
mod parse;
mod words;

use std::fmt;

use super::Moment;
use super::reading::Reading;
use crate::os::atomic::AtomicU64;

pub(super) use count::add_one;
pub(super) use histogram::Histogram;
pub(super) use parse::parse_words;
pub use parse::{Problem, parse_mode};
pub(super) use words::Words;

/// Every mode there is.
pub const MODES: &[&ModeSpec] = &[
    &count::SPEC,
    &gauge::SPEC,
    &last::SPEC,
    &min::SPEC,
    &max::SPEC,
    &average_exp::SPEC,
    &average_mean::SPEC,
    &histogram::SPEC,
];

/// The mode that a stored schema says, which may be one that no configuration can name.
///
/// # Errors
/// What is wrong, and with which word.
pub(super) fn stored_mode(words: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    match Words::stored(words) {
        Some(words) => Ok(Box::new(words)),
        None => parse_words(words),
    }
}

/// One row of [`MODES`].
#[derive(Debug)]
pub struct ModeSpec {
    /// The word, or the two words, that name it.
    pub name: &'static str,
    /// Its parameters as the reference shows them.
    pub syntax: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// What it answers, in a sentence.
    pub doc: &'static str,
    /// Reads the parameters after the name.
    #[expect(
        clippy::type_complexity,
        reason = "the plain signature says more than a name for it"
    )]
    pub parse: fn(&[&str]) -> Result<Box<dyn Mode>, Problem>,
}

/// A change of a stored value that is not a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Assignment {
    /// Exactly this, from now on.
    Set(f64),
    /// What is stored and this.
    Add(f64),
    /// What is stored and one.
    Increment,
}

/// How the samples of one key aggregate. `cells` are always exactly [`Mode::cells`] many.
pub trait Mode: fmt::Debug + Send + Sync {
    /// How many cells a key needs.
    fn cells(&self) -> usize;

    /// How many a key had in files of the first version, which were the first of those it has now.
    fn former_cells(&self) -> usize {
        self.cells()
    }

    /// What the cells mean, as text: equal texts may share values.
    fn identity(&self) -> String;

    /// The configuration words that make this mode again, its name as the first.
    fn words(&self) -> Vec<String>;

    /// What a cell holds before the first sample.
    fn initial(&self, cell: usize) -> u64;

    /// Adds a sample; `value` is finite.
    fn record(&self, cells: &[AtomicU64], value: f64, now: Moment);

    /// Merges the cells of a discarded key into those of the discard key, `into`.
    fn fold(&self, into: &[AtomicU64], discarded: &[u64], now: Moment);

    /// The cells of what came after `before`, to be merged into others that have had that; where nothing better can
    /// be said, all of it.
    fn since(&self, now: &[u64], _before: &[u64]) -> Vec<u64> {
        now.to_vec()
    }

    /// Changes a copy of the cells as told; false, and nothing done, where a value is more than a number
    /// that could be changed so. `assignment` is finite.
    fn assign(&self, _cells: &mut [u64], _assignment: Assignment) -> bool {
        false
    }

    /// Whether all that a sample does is to be counted in the first cell, which then needs no call.
    fn only_counts(&self) -> bool {
        false
    }

    /// Whether the cells belong to a feature that uses them by itself.
    fn is_words(&self) -> bool {
        false
    }

    /// What a copy of the cells says.
    fn read<'a>(&'a self, cells: &'a [u64], now: Moment) -> Reading<'a>;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    /// A mode with cells of its own, for the tests of every mode.
    pub(super) struct Bench {
        pub(super) mode: Box<dyn Mode>,
        pub(super) cells: Vec<AtomicU64>,
    }

    impl Bench {
        pub(super) fn new(words: &[&str]) -> Self {
            let mode = parse_words(words).unwrap();
            let cells = (0..mode.cells())
                .map(|cell| AtomicU64::new(mode.initial(cell)))
                .collect();
            Self { mode, cells }
        }

        pub(super) fn fed(words: &[&str], values: &[f64]) -> Self {
            let bench = Self::new(words);
            for value in values {
                bench.record(*value, 1);
            }
            bench
        }

        pub(super) fn record(&self, value: f64, now: u64) {
            self.mode.record(&self.cells, value, Moment(now));
        }

        pub(super) fn fold(&self, other: &Self, now: u64) {
            self.mode.fold(&self.cells, &other.copy(), Moment(now));
        }

        /// What it reads as after a change.
        pub(super) fn assigned(&mut self, assignment: Assignment) -> String {
            let mut cells = self.copy();
            assert!(self.mode.assign(&mut cells, assignment));
            self.cells = cells.into_iter().map(AtomicU64::new).collect();
            self.text(1)
        }

        pub(super) fn copy(&self) -> Vec<u64> {
            self.cells.iter().map(|cell| cell.load(Relaxed)).collect()
        }

        pub(super) fn text(&self, now: u64) -> String {
            let copy = self.copy();
            let mut out = Vec::new();
            self.mode.read(&copy, Moment(now)).write_text(&mut out);
            String::from_utf8(out).unwrap()
        }
    }

    #[test]
    fn names_and_words_lead_back_to_the_mode() {
        for spec in MODES {
            let parameters: &[&str] = if spec.name == "histogram" {
                &["1", "2"]
            } else {
                &[]
            };
            let mode = (spec.parse)(parameters).unwrap();
            let words = mode.words();
            assert_eq!(words[0], spec.name);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let again = parse_words(&words).unwrap();
            assert_eq!(again.identity(), mode.identity());
            assert!(mode.identity().starts_with(spec.name));
        }
    }

    #[test]
    fn any_cells_read_as_finite_values() {
        for words in [
            &["min"][..],
            &["average exp"],
            &["average mean", "window=1"],
            &["gauge"],
        ] {
            let mode = parse_words(words).unwrap();
            for bits in [u64::MAX, f64::INFINITY.to_bits(), f64::NAN.to_bits(), 1] {
                let cells = vec![bits; mode.cells()];
                if let Reading::Float(value) = mode.read(&cells, Moment(5)) {
                    assert!(value.is_finite());
                }
            }
        }
    }
}

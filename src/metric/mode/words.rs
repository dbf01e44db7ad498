//! Words that whoever owns the zone uses by himself: no samples, no reading. No configuration can name it.

use super::{Mode, Moment};
use crate::metric::Reading;
use crate::os::atomic::AtomicU64;

/// What a stored schema calls it.
const NAME: &str = "words";
/// More words than anybody has; so much a damaged schema may ask for at most.
const MOST: usize = 1 << 16;

/// So many words.
#[derive(Debug)]
pub(in crate::metric) struct Words(pub(in crate::metric) usize);

impl Words {
    /// Out of what a stored schema says; nothing if that is another mode.
    pub(super) fn stored(words: &[&str]) -> Option<Self> {
        match words {
            [NAME, count] => {
                let count = count.parse().ok().filter(|count| *count <= MOST);
                count.map(Self)
            }
            _ => None,
        }
    }
}

impl Mode for Words {
    fn cells(&self) -> usize {
        self.0
    }

    fn identity(&self) -> String {
        format!("{NAME} {}", self.0)
    }

    fn words(&self) -> Vec<String> {
        vec![NAME.into(), self.0.to_string()]
    }

    fn initial(&self, _cell: usize) -> u64 {
        0
    }

    fn record(&self, _cells: &[AtomicU64], _value: f64, _now: Moment) {}

    fn fold(&self, _into: &[AtomicU64], _discarded: &[u64], _now: Moment) {}

    fn is_words(&self) -> bool {
        true
    }

    fn read<'a>(&'a self, _cells: &'a [u64], _now: Moment) -> Reading<'a> {
        Reading::Unset
    }
}

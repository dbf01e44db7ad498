//! How values change over a window of time: pure, told the time with each look.
//!
//! A look is everything that a path shows at one moment. Of each series there is kept how much it has
//! changed in all, at moments that lie apart far enough that a window has at most [`SAMPLES`] of them; the
//! change over the window is the difference between now and the last moment that is a window ago, or the
//! oldest there is.

use std::collections::{HashMap, VecDeque};

/// What is told of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// By how much a counter grows in a second. One that falls began again at 0.
    Rate,
    /// The difference, which may be negative.
    Delta,
}

/// How often a window is divided.
const SAMPLES: u64 = 60;
/// So many series are told apart.
pub(super) const MOST_SERIES: usize = 4096;

/// The past of the series of a path.
#[derive(Debug)]
pub(super) struct History {
    change: Change,
    /// In milliseconds.
    window: u64,
    /// When there was a look that is remembered.
    moments: VecDeque<u64>,
    series: HashMap<Box<str>, Series>,
    looks: u64,
}

#[derive(Debug, Default)]
struct Series {
    last: f64,
    /// How much it has changed since it was first seen.
    total: f64,
    /// The same at the moments that are remembered; for the last of them, where it came later than the first.
    totals: VecDeque<f64>,
    /// The look that showed it last.
    seen: u64,
}

impl History {
    /// Nothing yet, for a window of so many milliseconds.
    pub(super) fn new(change: Change, window: u64) -> Self {
        Self {
            change,
            window,
            moments: VecDeque::new(),
            series: HashMap::new(),
            looks: 0,
        }
    }

    /// Begins a look; what it shows comes with [`History::show`].
    pub(super) fn begin(&mut self) {
        self.looks += 1;
    }

    /// A series has this value now; false if there are too many of them.
    pub(super) fn show(&mut self, path: &str, value: f64) -> bool {
        if let Some(series) = self.series.get_mut(path) {
            if series.seen == self.looks {
                // Of equal names the first counts.
                return true;
            }
            series.total += difference(self.change, series.last, value);
            series.last = value;
            series.seen = self.looks;
            return true;
        }
        if self.series.len() >= MOST_SERIES {
            return false;
        }
        // What was not there at the look before has come from nothing; what was there before the first
        // look has come from somewhere unknown.
        let total = if self.moments.is_empty() { 0.0 } else { value };
        let series = Series {
            last: value,
            total,
            totals: VecDeque::new(),
            seen: self.looks,
        };
        self.series.insert(path.into(), series);
        true
    }

    /// Ends a look: tells the change of each series; false as long as there was no look before.
    pub(super) fn end(&mut self, now: u64, tell: &mut dyn FnMut(f64)) -> bool {
        self.forget(now);
        let began = self.moments.front().copied().filter(|began| *began < now);
        if let Some(began) = began {
            let seconds = match self.change {
                Change::Rate => (now - began) as f64 / 1000.0,
                Change::Delta => 1.0,
            };
            let count = self.moments.len();
            for series in self.series.values() {
                tell((series.total - series.at_front(count)) / seconds);
            }
        }
        self.remember(now);
        began.is_some()
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.moments.clear();
        self.series.clear();
    }

    /// Whether anything was shown of late.
    pub(super) fn has_series(&self) -> bool {
        !self.series.is_empty()
    }

    /// Leaves out what is older than a window, but for the last of it, and series that are not shown any more:
    /// a counter for as long as it changed within the window, anything else at once.
    fn forget(&mut self, now: u64) {
        let is_old = |moment: &u64| moment.saturating_add(self.window) <= now;
        while self.moments.get(1).is_some_and(is_old) {
            self.moments.pop_front();
        }
        let (count, looks, change) = (self.moments.len(), self.looks, self.change);
        self.series.retain(|_, series| {
            while series.totals.len() > count {
                series.totals.pop_front();
            }
            let changed = series.total - series.at_front(count);
            series.seen == looks || change == Change::Rate && changed != 0.0
        });
    }

    fn remember(&mut self, now: u64) {
        let apart = self.window / SAMPLES;
        let last = self.moments.back();
        if last.is_some_and(|last| now < last.saturating_add(apart.max(1))) {
            return;
        }
        self.moments.push_back(now);
        for series in self.series.values_mut() {
            series.totals.push_back(series.total);
        }
    }
}

impl Series {
    /// What it had come to at the first of so many moments: nothing, if it came later.
    fn at_front(&self, moments: usize) -> f64 {
        let is_there = self.totals.len() >= moments;
        let first = self.totals.front().filter(|_| is_there);
        first.copied().unwrap_or(0.0)
    }
}

fn difference(change: Change, last: f64, value: f64) -> f64 {
    match change {
        // A counter that falls began again.
        Change::Rate if value < last => value,
        _ => value - last,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The changes at a look, in no order.
    fn look(history: &mut History, now: u64, shown: &[(&str, f64)]) -> Option<Vec<f64>> {
        history.begin();
        for (path, value) in shown {
            assert!(history.show(path, *value));
        }
        let mut told = Vec::new();
        let is_known = history.end(now, &mut |change| told.push(change));
        told.sort_by(f64::total_cmp);
        is_known.then_some(told)
    }

    fn rates(window: u64) -> History {
        History::new(Change::Rate, window)
    }

    #[test]
    fn a_rate_needs_two_looks() {
        let mut history = rates(10_000);
        assert_eq!(look(&mut history, 5000, &[("a", 100.0)]), None);
        assert_eq!(look(&mut history, 5000, &[("a", 110.0)]), None);
        assert_eq!(look(&mut history, 7000, &[("a", 120.0)]), Some(vec![10.0]));
    }

    #[test]
    fn the_window_slides() {
        let mut history = rates(10_000);
        // 100 each second for a minute, then nothing.
        for second in 0..60_u32 {
            look(
                &mut history,
                u64::from(second) * 1000,
                &[("a", f64::from(second) * 100.0)],
            );
        }
        let mut told = Vec::new();
        for second in 60..75_u64 {
            told.extend(look(&mut history, second * 1000, &[("a", 5900.0)]).unwrap());
        }
        assert_eq!(told[0], 90.0);
        assert!(told.windows(2).all(|pair| pair[1] <= pair[0]), "{told:?}");
        assert_eq!(told[9], 0.0);
    }

    #[test]
    fn a_counter_that_falls_began_again() {
        let mut history = rates(10_000);
        look(&mut history, 0, &[("a", 1000.0)]);
        assert_eq!(look(&mut history, 1000, &[("a", 4.0)]), Some(vec![4.0]));
        assert_eq!(look(&mut history, 2000, &[("a", 8.0)]), Some(vec![4.0]));
    }

    #[test]
    fn what_appears_has_come_from_nothing() {
        let mut history = rates(10_000);
        look(&mut history, 0, &[("a", 1000.0)]);
        let told = look(&mut history, 1000, &[("a", 1000.0), ("b", 7.0)]);
        assert_eq!(told, Some(vec![0.0, 7.0]));
        let told = look(&mut history, 2000, &[("a", 1000.0), ("b", 7.0)]);
        assert_eq!(told, Some(vec![0.0, 3.5]));
    }

    #[test]
    fn a_counter_that_vanishes_counts_for_as_long_as_it_changed() {
        let mut history = rates(3000);
        look(&mut history, 0, &[("a", 0.0)]);
        look(&mut history, 1000, &[("a", 6.0)]);
        assert_eq!(look(&mut history, 2000, &[]), Some(vec![3.0]));
        assert_eq!(look(&mut history, 3000, &[]), Some(vec![2.0]));
        assert_eq!(look(&mut history, 4000, &[]), Some(vec![]));
        assert!(history.series.is_empty());
        // It comes back, from 0 again.
        assert_eq!(look(&mut history, 5000, &[("a", 3.0)]), Some(vec![1.0]));
    }

    #[test]
    fn a_difference_may_be_negative() {
        let mut history = History::new(Change::Delta, 2000);
        look(&mut history, 0, &[("a", 10.0)]);
        assert_eq!(look(&mut history, 1000, &[("a", 4.0)]), Some(vec![-6.0]));
        assert_eq!(look(&mut history, 2000, &[("a", 5.0)]), Some(vec![-5.0]));
        assert_eq!(look(&mut history, 3000, &[("a", 5.0)]), Some(vec![1.0]));
        assert_eq!(look(&mut history, 4000, &[]), Some(vec![]));
    }

    #[test]
    fn a_window_shorter_than_the_time_between_looks_is_that_time() {
        let mut history = rates(10);
        look(&mut history, 0, &[("a", 0.0)]);
        assert_eq!(look(&mut history, 2000, &[("a", 6.0)]), Some(vec![3.0]));
        assert_eq!(look(&mut history, 4000, &[("a", 16.0)]), Some(vec![5.0]));
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut history = rates(3_600_000);
        for second in 0..20_000_u64 {
            look(&mut history, second * 1000, &[("a", second as f64)]);
        }
        let most = SAMPLES as usize + 2;
        assert!(history.moments.len() <= most);
        assert!(history.series["a"].totals.len() <= most);
        history.begin();
        let shown = (0..MOST_SERIES + 10).filter(|number| history.show(&number.to_string(), 1.0));
        assert_eq!(shown.count(), MOST_SERIES - 1);
    }

    proptest! {
        /// A counter that only grows has the rate that its own values tell, whatever the distances of looks.
        #[test]
        fn rates_are_what_the_values_say(
            window in 1_u64..20_000,
            steps in proptest::collection::vec((1_u64..4000, 0_u32..1000), 2..80),
        ) {
            let mut history = rates(window);
            let (mut now, mut value) = (0, 0.0);
            let mut past = Vec::new();
            for (wait, growth) in steps {
                now += wait;
                value += f64::from(growth);
                let told = look(&mut history, now, &[("a", value)]);
                past.push((now, value));
                let Some(told) = told else { continue };
                // The rate is that since some earlier look: not one younger than the window has room for.
                let rate = |(then, before): &(u64, f64)| (value - before) / ((now - then) as f64 / 1000.0);
                let earlier = &past[..past.len() - 1];
                let found = earlier.iter().find(|look| (rate(look) - told[0]).abs() < 1e-9 * told[0].max(1.0));
                prop_assert!(found.is_some(), "{told:?} of {past:?}");
            }
        }

        #[test]
        fn a_rate_is_never_negative(values in proptest::collection::vec(0.0..1e9_f64, 2..50)) {
            let mut history = rates(5000);
            for (second, value) in values.into_iter().enumerate() {
                let told = look(&mut history, second as u64 * 1000, &[("a", value)]);
                prop_assert!(told.is_none_or(|told| told[0] >= 0.0));
            }
        }
    }
}

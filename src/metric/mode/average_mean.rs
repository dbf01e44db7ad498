//! How much on average? The arithmetic mean of the last `count` samples, or of the young ones among them.
//!
//! The samples lie in a ring, after a cell that counts them. A place of the ring is valid or not by
//! itself: without a window an unwritten value is marked unset; with one, a value counts only if the stamp
//! before it is not zero, and the stamp is taken away before the value changes and written after it. So a
//! place never shows a value that was not recorded, whoever dies in between, and a longer window after a
//! reload finds no phantom zeros.

use super::cell;
use super::{Mode, ModeSpec, Moment, Problem};
use crate::conf::values;
use crate::metric::Reading;
use crate::os::atomic::{AtomicU64, Ordering};

pub(super) const SPEC: ModeSpec = ModeSpec {
    name: "average mean",
    syntax: "average mean [window=time|off] [count=number]",
    question: "How much on average?",
    doc: "The mean of the last values, at most `count` (10 by default) and not older than `window`.",
    parse,
};

const DEFAULT_COUNT: usize = 10;
/// More places than fit into any zone; keeps sizes from overflowing.
const MOST_COUNT: u64 = 1 << 31;
const NANOSECONDS: u64 = 1_000_000;

#[derive(Debug)]
struct AverageMean {
    count: usize,
    window: Option<Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    milliseconds: u64,
}

fn parse(parameters: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    let mut mean = AverageMean {
        count: DEFAULT_COUNT,
        window: None,
    };
    for (place, parameter) in parameters.iter().enumerate() {
        match parameter.split_once('=') {
            Some(("window", "off")) => mean.window = None,
            Some(("window", text)) => mean.window = Some(parse_window(place, text)?),
            Some(("count", text)) => mean.count = parse_count(place, text)?,
            _ => return Err(Problem::invalid_parameter(place, parameter, SPEC.syntax)),
        }
    }
    Ok(Box::new(mean))
}

fn parse_window(place: usize, text: &str) -> Result<Window, Problem> {
    match values::milliseconds(text) {
        Ok(0) => Err(Problem::at(place, "window cannot be zero".into())
            .with_help("\"window=off\" takes the last values whatever their age")),
        Ok(milliseconds) => Ok(Window { milliseconds }),
        Err(_) => Err(Problem::at(place, format!("bad window value \"{text}\""))
            .with_help("expected \"off\" or a time such as 500ms, 30s or 1m30s")),
    }
}

fn parse_count(place: usize, text: &str) -> Result<usize, Problem> {
    match values::number(text) {
        Ok(0) => Err(Problem::at(place, "count must be greater than 0".into())),
        Ok(number @ 1..=MOST_COUNT) => Ok(number as usize),
        _ => Err(Problem::at(place, format!("bad count value \"{text}\""))
            .with_help("expected how many values to remember, such as 10")),
    }
}

impl AverageMean {
    /// Cells of one place in the ring: the value, with a window after its stamp.
    fn width(&self) -> usize {
        if self.window.is_some() { 2 } else { 1 }
    }

    /// Writes one sample to the next place of the ring.
    fn push(&self, cells: &[AtomicU64], value: f64, stamp: u64) {
        let place = cells[0].fetch_add(1, Ordering::Relaxed) % self.count as u64;
        let first = 1 + place as usize * self.width();
        if self.window.is_none() {
            return cells[first].store(value.to_bits(), Ordering::Relaxed);
        }
        cells[first].store(0, Ordering::Release);
        cells[first + 1].store(value.to_bits(), Ordering::Release);
        cells[first].store(stamp.max(1), Ordering::Release);
    }

    /// The samples that count at `now`, in the order of the ring, each with its stamp.
    fn samples<'a>(&'a self, cells: &'a [u64], now: Moment) -> impl Iterator<Item = (f64, u64)> {
        let places = cells[1..].chunks_exact(self.width());
        places.filter_map(move |place| match (self.window, place) {
            (Some(window), &[stamp, value]) => {
                let young = now.0.saturating_sub(stamp) / NANOSECONDS < window.milliseconds;
                if stamp != 0 && young {
                    Some((cell::value(value)?, stamp))
                } else {
                    None
                }
            }
            (_, place) => Some((cell::value(place[0])?, 0)),
        })
    }

    fn mean(&self, cells: &[u64], now: Moment) -> Option<f64> {
        let number = self.samples(cells, now).count();
        if number == 0 {
            return None;
        }
        let number = number as f64;
        let sum: f64 = self.samples(cells, now).map(|(value, _)| value).sum();
        if sum.is_finite() {
            return Some(sum / number);
        }
        let mean = self
            .samples(cells, now)
            .map(|(value, _)| value / number)
            .sum();
        Some(cell::finite(mean))
    }
}

impl Mode for AverageMean {
    fn cells(&self) -> usize {
        1 + self.count * self.width()
    }

    fn identity(&self) -> String {
        let window = if self.window.is_some() { "on" } else { "off" };
        format!("{} count={} window={window}", SPEC.name, self.count)
    }

    fn words(&self) -> Vec<String> {
        let mut words = vec![SPEC.name.into(), format!("count={}", self.count)];
        words.extend(
            self.window
                .map(|window| format!("window={}ms", window.milliseconds)),
        );
        words
    }

    fn initial(&self, cell: usize) -> u64 {
        if cell == 0 || self.window.is_some() {
            0
        } else {
            cell::UNSET
        }
    }

    fn record(&self, cells: &[AtomicU64], value: f64, now: Moment) {
        self.push(cells, value, now.0);
    }

    /// The first discarded key is taken over whole; of later ones the mean becomes a sample, as old as
    /// the newest sample in it.
    fn fold(&self, into: &[AtomicU64], discarded: &[u64], now: Moment) {
        if into[0].load(Ordering::Relaxed) == 0 {
            for (cell, bits) in into.iter().zip(discarded) {
                cell.store(*bits, Ordering::Relaxed);
            }
        } else if let Some(mean) = self.mean(discarded, now) {
            let newest = self.samples(discarded, now).map(|(_, stamp)| stamp).max();
            self.push(into, mean, newest.unwrap_or(now.0));
        }
    }

    fn read<'a>(&'a self, cells: &'a [u64], now: Moment) -> Reading<'a> {
        match self.mean(cells, now) {
            Some(mean) => Reading::Float(mean),
            None if self.window.is_some() => Reading::Float(0.0),
            None => Reading::Unset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn it_is_the_mean_of_the_last_values() {
        assert_eq!(Bench::new(&["average", "mean"]).text(0), "");
        let twelve: Vec<f64> = (1..=12).map(f64::from).collect();
        assert_eq!(Bench::fed(&["average", "mean"], &twelve).text(0), "7.5");
        let three = &["average mean", "count=3"];
        assert_eq!(Bench::fed(three, &[1.0, 2.0]).text(0), "1.5");
        assert_eq!(
            Bench::fed(three, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).text(0),
            "5"
        );
        assert_eq!(
            Bench::fed(&["average mean", "count=1"], &[10.0, -4.0]).text(0),
            "-4"
        );
    }

    #[test]
    fn a_window_forgets_by_age_alone() {
        let mean = Bench::new(&["average", "mean", "window=1s", "count=3"]);
        assert_eq!(mean.text(0), "0");
        for (value, now) in [(1.0, 0), (2.0, 1), (3.0, 2), (4.0, 3)] {
            mean.record(value, now);
        }
        assert_eq!(mean.text(4), "3");
        assert_eq!(mean.text(SECOND), "3");
        assert_eq!(mean.text(SECOND + 3), "0");
        mean.record(10.0, 2 * SECOND);
        assert_eq!(mean.text(2 * SECOND), "10");
        mean.record(0.0, 2 * SECOND + 5);
        assert_eq!(mean.text(2 * SECOND + 5), "5");
    }

    #[test]
    fn a_sample_being_written_does_not_count() {
        let mean = Bench::new(&["average mean", "window=1s", "count=2"]);
        mean.record(6.0, 10);
        mean.record(8.0, 10);
        mean.cells[1].store(0, Ordering::Relaxed);
        mean.cells[2].store(99f64.to_bits(), Ordering::Relaxed);
        assert_eq!(mean.text(10), "8");
    }

    #[test]
    fn folding_takes_the_first_whole_and_then_means() {
        let words = &["average mean", "count=2"];
        let mean = Bench::new(words);
        mean.fold(&Bench::fed(words, &[10.0, 20.0]), 1);
        assert_eq!(mean.text(1), "15");
        mean.fold(&Bench::new(words), 1);
        assert_eq!(mean.text(1), "15");
        mean.fold(&Bench::fed(words, &[2.0, 6.0]), 1);
        assert_eq!(mean.text(1), "12");
    }

    #[test]
    fn folding_does_not_rejuvenate() {
        let words = &["average mean", "count=4", "window=1s"];
        let (mean, old) = (Bench::new(words), Bench::new(words));
        mean.record(1.0, SECOND);
        old.record(9.0, SECOND / 2);
        mean.fold(&old, SECOND);
        assert_eq!(mean.text(SECOND), "5");
        assert_eq!(mean.text(SECOND + SECOND / 2), "1");
    }

    #[test]
    fn huge_values_do_not_overflow() {
        let mean = Bench::fed(&["average mean"], &[f64::MAX, f64::MAX, f64::MAX, f64::MAX]);
        assert_eq!(mean.text(0), "1.7976931348623157e+308");
    }

    #[test]
    fn its_parameters_are_checked() {
        for (text, message) in [
            ("window=0", "window cannot be zero"),
            ("window=0s", "window cannot be zero"),
            ("window=1y", "bad window value \"1y\""),
            ("window=2M", "bad window value \"2M\""),
            ("window=", "bad window value \"\""),
            ("count=0", "count must be greater than 0"),
            ("count=abc", "bad count value \"abc\""),
            ("count=-1", "bad count value \"-1\""),
            ("count=", "bad count value \"\""),
            (
                "count=99999999999999999999",
                "bad count value \"99999999999999999999\"",
            ),
            ("factor=5", "invalid parameter \"factor=5\""),
            ("count", "invalid parameter \"count\""),
        ] {
            assert_eq!(parse(&[text]).unwrap_err().message, message);
        }
        for (text, milliseconds) in [("5", 5000), ("500ms", 500), ("1m30s", 90_000)] {
            let words = parse(&[&format!("window={text}")]).unwrap().words();
            assert_eq!(words[2], format!("window={milliseconds}ms"));
        }
    }
}

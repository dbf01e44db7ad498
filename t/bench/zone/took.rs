//! How long something took: on the wall, and on the processor, which other programs disturb less.

use std::fmt;
use std::fs;
use std::time::Instant;

/// Nanoseconds for one update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

/// A measurement that was begun.
pub(crate) struct Begun {
    wall: Instant,
    cpu: u64,
}

impl Took {
    pub(crate) fn begin() -> Begun {
        Begun {
            wall: Instant::now(),
            cpu: cpu(),
        }
    }

    pub(crate) fn mean(all: impl ExactSizeIterator<Item = Self>) -> Self {
        let number = all.len() as f64;
        let zero = Self {
            wall: 0.0,
            cpu: 0.0,
        };
        all.fold(zero, |sum, took| Self {
            wall: sum.wall + took.wall / number,
            cpu: sum.cpu + took.cpu / number,
        })
    }
}

impl Begun {
    pub(crate) fn end(self, updates: u64) -> Took {
        Took {
            wall: self.wall.elapsed().as_nanos() as f64 / updates as f64,
            cpu: (cpu() - self.cpu) as f64 / updates as f64,
        }
    }
}

/// Nanoseconds this thread has been on a processor.
fn cpu() -> u64 {
    let line = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    line.split(' ').next().unwrap().parse().unwrap()
}

/// The middle and the ends of several measurements.
pub(crate) struct Spread {
    pub(crate) median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Self {
            median: values[values.len() / 2],
            least: values[0],
            most: values[values.len() - 1],
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            least,
            most,
        } = self;
        match f.precision() {
            Some(digits) => write!(f, "{median:.digits$} ({least:.digits$} to {most:.digits$})"),
            None => write!(f, "{median:7.1} ns ({least:.1} to {most:.1})"),
        }
    }
}

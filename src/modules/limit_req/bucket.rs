//! A leaky bucket: requests fall in, and leave at a steady rate. It is arithmetic on a word, so that one
//! compare-and-swap counts a request, over all processes.
//!
//! In the word are how far the request that was counted last was beyond the rate, in thousandths of a request, and
//! when it came, in milliseconds. These go round every 49 days, so a second word says when that was without going round.

use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};

/// How many words a bucket has.
pub(super) const CELLS: usize = 2;
const LEVEL: usize = 0;
const USED: usize = 1;

/// A request, in the units of buckets.
pub(super) const REQUEST: u64 = 1000;

/// The largest burst, in requests.
pub(super) const MOST: u64 = 4_000_000;
const _: () = assert!((MOST + 1) * REQUEST <= u32::MAX as u64);

/// What was not used for so long, in milliseconds, is as if nothing had been counted.
const FORGOTTEN: u64 = 1 << 30;

/// The words of a bucket in which nothing was counted.
pub(super) fn fresh(now: Moment) -> [u64; CELLS] {
    [0, milliseconds(now)]
}

/// By how much a request that comes now is beyond `rate`, in thousandths; the rate is in thousandths a second.
pub(super) fn excess(cells: &[AtomicU64], rate: u64, now: Moment) -> u64 {
    let now = milliseconds(now);
    let level = match is_forgotten(cells, now) {
        true => Level::NONE,
        false => Level::of(cells[LEVEL].load(Ordering::Acquire)),
    };
    level.excess(rate, now)
}

/// Counts a request that is beyond the rate by no more than `most`, and gives by how much it is.
///
/// # Errors
/// By how much it is, if that is more; it is not counted then.
pub(super) fn count(cells: &[AtomicU64], rate: u64, most: u64, now: Moment) -> Result<u64, u64> {
    let now = milliseconds(now);
    let mut seen = cells[LEVEL].load(Ordering::Acquire);
    let mut level = match is_forgotten(cells, now) {
        true => Level::NONE,
        false => Level::of(seen),
    };
    let excess = loop {
        let excess = level.excess(rate, now);
        if excess > most {
            return Err(excess);
        }
        let next = level.after(excess, now);
        let swap =
            cells[LEVEL].compare_exchange(seen, next.packed(), Ordering::AcqRel, Ordering::Acquire);
        match swap {
            Ok(_) => break excess,
            // Somebody has counted this moment.
            Err(changed) => (seen, level) = (changed, Level::of(changed)),
        }
    };
    cells[USED].store(now, Ordering::Relaxed);
    Ok(excess)
}

fn is_forgotten(cells: &[AtomicU64], now: u64) -> bool {
    now.saturating_sub(cells[USED].load(Ordering::Relaxed)) > FORGOTTEN
}

fn milliseconds(now: Moment) -> u64 {
    now.0 / 1_000_000
}

/// What stands in the first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level {
    /// Of the request that was counted last.
    excess: u32,
    /// When it came; zero if there was none.
    last: u32,
}

impl Level {
    const NONE: Self = Self { excess: 0, last: 0 };

    fn of(word: u64) -> Self {
        Self {
            excess: (word >> 32) as u32,
            last: word as u32,
        }
    }

    fn packed(self) -> u64 {
        u64::from(self.excess) << 32 | u64::from(self.last)
    }

    /// By how much a request that comes now is beyond the rate.
    fn excess(self, rate: u64, now: u64) -> u64 {
        if self.last == 0 {
            return 0;
        }
        let left = rate.saturating_mul(self.passed(now)) / 1000;
        (u64::from(self.excess) + REQUEST).saturating_sub(left)
    }

    /// How long ago the last request came, in milliseconds. Clocks of processes may differ by a little.
    fn passed(self, now: u64) -> u64 {
        let passed = (now as u32).wrapping_sub(self.last).cast_signed();
        u64::try_from(passed).unwrap_or(0)
    }

    /// The level once such a request is counted.
    fn after(self, excess: u64, now: u64) -> Self {
        let is_later = self.last == 0 || self.passed(now) > 0;
        Self {
            excess: u32::try_from(excess).unwrap_or(u32::MAX),
            last: if is_later {
                (now as u32).max(1)
            } else {
                self.last
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn cells(now: Moment) -> [AtomicU64; CELLS] {
        fresh(now).map(AtomicU64::new)
    }

    fn at(milliseconds: u64) -> Moment {
        Moment(milliseconds * 1_000_000)
    }

    #[test]
    fn requests_leave_at_the_rate() {
        let bucket = cells(at(0));
        let try_at = |ms| count(&bucket, 2 * REQUEST, 0, at(ms));
        assert_eq!(try_at(5000), Ok(0));
        assert_eq!(try_at(5000), Err(1000));
        assert_eq!(try_at(5499), Err(2));
        assert_eq!(try_at(5500), Ok(0));
        assert_eq!(try_at(5500), Err(1000));
        assert_eq!(try_at(60_000), Ok(0));
    }

    #[test]
    fn a_burst_is_let_in_and_leaves_at_the_rate() {
        let bucket = cells(at(0));
        let try_at = |ms| count(&bucket, REQUEST, 2 * REQUEST, at(ms));
        for expected in [Ok(0), Ok(1000), Ok(2000), Err(3000)] {
            assert_eq!(try_at(1000), expected);
        }
        assert_eq!(excess(&bucket, REQUEST, at(1500)), 2500);
        assert_eq!(try_at(2000), Ok(2000));
        assert_eq!(try_at(2000), Err(3000));
    }

    #[test]
    fn a_clock_that_is_a_little_behind_takes_nothing_away() {
        let bucket = cells(at(0));
        assert_eq!(count(&bucket, REQUEST, REQUEST, at(5000)), Ok(0));
        assert_eq!(count(&bucket, REQUEST, REQUEST, at(4990)), Ok(1000));
        assert_eq!(count(&bucket, REQUEST, REQUEST, at(5000)), Err(2000));
        assert_eq!(count(&bucket, REQUEST, REQUEST, at(6000)), Ok(1000));
    }

    #[test]
    fn nobody_is_refused_for_what_was_long_ago_however_often_the_clock_has_gone_round() {
        let bucket = cells(at(7));
        assert_eq!(count(&bucket, 17, 0, at(1000)), Ok(0));
        let round = 1 << 32;
        for rounds in [1, 2, 9] {
            assert_eq!(excess(&bucket, 17, at(1000 + rounds * round)), 0);
        }
        assert_eq!(count(&bucket, 17, 0, at(1000 + round)), Ok(0));
        assert_eq!(count(&bucket, 17, 0, at(1001 + round)), Err(1000));
        // The moment that stands for none is none.
        assert_eq!(count(&bucket, 17, 0, at(9 * round)), Ok(0));
        assert!(count(&bucket, 17, 0, at(9 * round)).is_err());
    }

    #[test]
    fn another_rate_holds_at_once() {
        let bucket = cells(at(0));
        for _ in 0..=10 {
            count(&bucket, 17, 10 * REQUEST, at(1000)).unwrap();
        }
        assert_eq!(count(&bucket, 17, 10 * REQUEST, at(1001)), Err(11_000));
        assert_eq!(excess(&bucket, 1000 * REQUEST, at(1011)), 0);
    }

    #[test]
    fn the_largest_burst_has_room() {
        let bucket = cells(at(0));
        let most = MOST * REQUEST;
        bucket[LEVEL].store(
            Level {
                excess: most as u32,
                last: 1000,
            }
            .packed(),
            Ordering::Relaxed,
        );
        assert_eq!(count(&bucket, REQUEST, most, at(1000)), Err(most + REQUEST));
        assert_eq!(count(&bucket, REQUEST, most, at(2000)), Ok(most));
    }

    proptest! {
        /// However requests come, no more pass than rate and burst let in, and a bucket at rest refuses none.
        #[test]
        fn never_more_than_the_rate_and_the_burst(
            pauses in prop::collection::vec(0_u64..400, 1..200),
            rate in 1_u64..50,
            burst in 0_u64..20,
        ) {
            let (bucket, mut now, mut passed) = (cells(at(0)), 10_000, 0);
            for pause in pauses {
                now += pause;
                let asked = count(&bucket, rate * REQUEST, burst * REQUEST, at(now));
                passed += u64::from(asked.is_ok());
                prop_assert!(passed * 1000 <= (burst + 1) * 1000 + rate * (now - 10_000) + 1);
            }
            prop_assert_eq!(count(&bucket, rate * REQUEST, 0, Moment((now + 1000 * (burst + 1)) * 1_000_000 + SECOND)), Ok(0));
        }

        /// As nginx has it: whole thousandths, rounded down for the time that has passed.
        #[test]
        fn thousandths_are_rounded_as_nginx_does(first in 1_u64..100_000, pause in 0_u64..3000, rate in 17_u64..100_000) {
            let bucket = cells(at(0));
            count(&bucket, rate, 0, at(first)).unwrap();
            let expected = 1000_u64.saturating_sub(rate * pause / 1000);
            prop_assert_eq!(excess(&bucket, rate, at(first + pause)), expected);
        }
    }
}

//! The highest rate of late: it rises with the mean and goes down by a twentieth each second, worked out when it is read.
//!
//! One word holds the rate and the second from which on it goes down.

use super::window::{age, number, pack};
use crate::os::atomic::{AtomicU64, Ordering};

/// What is left of a top after a second.
const DECAY: f64 = 0.95;

/// What a top has come down to.
pub(super) fn decayed(word: u64, second: u64) -> u64 {
    match age(word, second) {
        ..=0 => number(word),
        seconds => {
            let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
            (number(word) as f64 * DECAY.powi(seconds)) as u64
        }
    }
}

/// The top at a second in which the mean is `mean`.
pub(super) fn read(word: u64, mean: u64, second: u64) -> u64 {
    decayed(word, second).max(mean)
}

/// Makes a top no lower than `mean`.
pub(super) fn raise(top: &AtomicU64, mean: u64, second: u64) {
    let mut word = top.load(Ordering::Acquire);
    while decayed(word, second) < number(mean_word(mean)) {
        let new = pack(mean, second);
        match top.compare_exchange(word, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return,
            Err(changed) => word = changed,
        }
    }
}

/// The mean as it would be stored, so that one too large to be is not stored again and again.
fn mean_word(mean: u64) -> u64 {
    pack(mean, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_at_once_and_goes_down_by_a_twentieth_each_second() {
        let top = AtomicU64::new(0);
        raise(&top, 1_000_000, 50);
        raise(&top, 900_000, 51);
        let at = |second| read(top.load(Ordering::Relaxed), 10, second);
        assert_eq!([at(50), at(51), at(52)], [1_000_000, 950_000, 902_500]);
        assert_eq!(at(60), (1e6 * 0.95f64.powi(10)) as u64);
        raise(&top, 950_000, 53);
        assert_eq!(at(53), 950_000);
        assert_eq!([at(100_000), at(10)], [10, 950_000]);
        raise(&top, u64::MAX, 60);
        raise(&top, u64::MAX, 60);
        assert!(at(60) > 100_000_000_000);
    }
}

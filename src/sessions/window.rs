//! Bytes of the last ten seconds, one word for each: which second, and how many bytes.
//!
//! Whoever counts adds to the word of its second; the first one of a second replaces what is ten seconds old.

use crate::os::atomic::{AtomicU64, Ordering};

/// Seconds that are remembered.
pub(super) const STEPS: usize = 10;
/// Bits of a word that hold a number; those above hold a second.
pub(super) const NUMBER_BITS: u32 = 38;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;
const SECOND_MASK: u64 = u64::MAX >> NUMBER_BITS;
pub(super) const NANOSECONDS: u64 = 1_000_000_000;

/// A number with the second it belongs to. Seconds are known for two years: what is older looks new, once.
pub(super) fn pack(number: u64, second: u64) -> u64 {
    number.min(NUMBER_MASK) | second << NUMBER_BITS
}

/// The number of a word.
pub(super) fn number(word: u64) -> u64 {
    word & NUMBER_MASK
}

/// How many seconds a process may be behind others that count into the same words.
const MOST_LATE: u64 = 60;

/// How many seconds before `second` a word is from; negative if it is later, by a minute at most. Whatever is further
/// away is old, and so is a word that nobody ever wrote.
pub(super) fn age(word: u64, second: u64) -> i64 {
    if word == 0 {
        return i64::MAX;
    }
    let since = second.wrapping_sub(word >> NUMBER_BITS) & SECOND_MASK;
    match since > SECOND_MASK - MOST_LATE {
        true => since as i64 - SECOND_MASK as i64 - 1,
        false => since as i64,
    }
}

/// The number of a word of the last ten seconds; nothing if it is of others, or of none.
fn recent(word: u64, second: u64) -> u64 {
    let since = second.wrapping_sub(word >> NUMBER_BITS) & SECOND_MASK;
    if since < STEPS as u64 {
        number(word)
    } else {
        0
    }
}

/// Which step of a window is that of a second.
pub(super) fn place(second: u64) -> usize {
    (second % STEPS as u64) as usize
}

/// Adds bytes of a second to its step; true if they are the first of it.
#[inline(always)]
pub(super) fn add(step: &AtomicU64, second: u64, bytes: u64) -> bool {
    let mut word = step.load(Ordering::Acquire);
    loop {
        match age(word, second) {
            0 => {
                step.fetch_add(bytes.min(NUMBER_MASK), Ordering::AcqRel);
                return false;
            }
            // Somebody is a round or more further on.
            ..0 => return false,
            _ => {}
        }
        let new = pack(bytes, second);
        match step.compare_exchange(word, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return true,
            Err(changed) => word = changed,
        }
    }
}

/// The mean of bits per second, at a time in nanoseconds, of what began at `begin`: over the ten steps, of which the
/// last one has only begun, or over the time since `begin`, but never over less than a second.
pub(super) fn mean(steps: impl Iterator<Item = u64>, begin: u64, now: u64) -> u64 {
    let second = now / NANOSECONDS;
    // Ten of them have no more than 42 bits.
    let bytes: u64 = steps.map(|word| recent(word, second)).sum();
    let whole = (STEPS as u64 - 1) * NANOSECONDS + now % NANOSECONDS;
    let span = whole.min(now.saturating_sub(begin)).max(NANOSECONDS);
    (bytes as f64 * 8.0 * NANOSECONDS as f64 / span as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Vec<AtomicU64> {
        (0..STEPS).map(|_| AtomicU64::new(0)).collect()
    }

    fn add(steps: &[AtomicU64], second: u64, bytes: u64) -> bool {
        super::add(&steps[place(second)], second, bytes)
    }

    fn mean_of(steps: &[AtomicU64], begin: u64, now: u64) -> u64 {
        mean(
            steps.iter().map(|step| step.load(Ordering::Relaxed)),
            begin,
            now,
        )
    }

    const TENTH: u64 = NANOSECONDS / 10;

    #[test]
    fn a_steady_flow_has_its_rate_at_every_moment_after_the_first_second() {
        for begin in [
            0,
            7 * TENTH,
            12_345 * NANOSECONDS + 3 * TENTH,
            (1 << 25) * NANOSECONDS,
            ((1 << 26) - 20) * NANOSECONDS,
            ((1 << 26) - 1) * NANOSECONDS + 3 * TENTH,
            (1 << 26) * NANOSECONDS,
            3 * (1 << 25) * NANOSECONDS,
            (1 << 27) * NANOSECONDS,
        ] {
            let steps = steps();
            for tenth in 1..400 {
                let now = begin + tenth * TENTH;
                add(&steps, now / NANOSECONDS, 1000);
                let rate = mean_of(&steps, begin, now);
                let expected = if tenth < 10 { tenth * 8000 } else { 80_000 };
                assert!(
                    rate.abs_diff(expected) <= 1000,
                    "{rate} at {begin} + {tenth}"
                );
            }
        }
    }

    #[test]
    fn what_stops_is_gone_after_ten_seconds() {
        let steps = steps();
        let second = 1000;
        for second in second..second + 10 {
            add(&steps, second, 1250);
        }
        let at = |later: u64| mean_of(&steps, 0, (second + 9 + later) * NANOSECONDS);
        let rates: Vec<u64> = (0..12).map(at).collect();
        assert_eq!((rates[0], rates[5], rates[9]), (11_111, 5_555, 1_111));
        assert_eq!(rates[10..], [0, 0]);
        assert!(rates.is_sorted_by(|left, right| left >= right));
    }

    #[test]
    fn the_first_of_a_second_is_told_and_who_comes_a_round_late_changes_nothing() {
        let steps = steps();
        let added = |second| add(&steps, second, 5);
        assert_eq!(
            [0, 0, 1, 11, 1, 11].map(added),
            [true, false, true, true, false, false]
        );
        assert_eq!(mean_of(&steps, 0, 11 * NANOSECONDS), 10 * 8 / 9);
    }

    #[test]
    fn what_is_not_of_the_last_minute_is_old_whenever_it_is_looked_at() {
        for second in (0..8).map(|eighth| 100 + (eighth << 23)) {
            assert_eq!(age(0, second), i64::MAX);
            let at = |late: u64| age(pack(1, second + late), second);
            assert_eq!([at(0), at(1), at(60)], [0, -1, -60]);
            assert!(at(61) > 10 && at(1 << 25) > 10 && at(3 << 24) > 10);
            let steps = steps();
            for before in [second, second.wrapping_sub(1 << 24), second + (1 << 25)] {
                steps[(second % 10) as usize].store(pack(7, before), Ordering::Relaxed);
                assert_eq!(add(&steps, second, 5), before != second);
                let expected = if before == second { 12 } else { 5 };
                let word = steps[(second % 10) as usize].load(Ordering::Relaxed);
                assert_eq!((number(word), age(word, second)), (expected, 0));
            }
        }
    }

    #[test]
    fn no_number_of_bytes_makes_it_panic() {
        let steps = steps();
        for second in [0, 1, u64::MAX / NANOSECONDS, u64::MAX] {
            for bytes in [u64::MAX, 0, NUMBER_MASK] {
                add(&steps, second, bytes);
                mean_of(&steps, u64::MAX, second);
                mean_of(&steps, 0, u64::MAX);
            }
        }
    }
}

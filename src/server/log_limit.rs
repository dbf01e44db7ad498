//! Keeps a log readable, and a disk from filling, when one place in the program has much to say.
//!
//! Each place may write so many lines in a second; the rest are counted, and the count is told once
//! the second is over. The table is of fixed size: places that share a slot of it share its limit.

use std::time::Duration;

use crate::metric::Moment;

/// What was written lately, by place.
pub(super) struct LogLimit {
    slots: [Slot; SLOTS],
}

#[derive(Clone, Copy)]
struct Slot {
    since: Moment,
    written: u32,
    left_out: u32,
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Write it, and before it, if there are any, how many lines were left out.
    Write { left_out: u32 },
    /// Leave it out.
    LeaveOut,
}

impl LogLimit {
    pub(super) const fn new() -> Self {
        let slot = Slot {
            since: Moment(0),
            written: 0,
            left_out: 0,
        };
        Self {
            slots: [slot; SLOTS],
        }
    }

    /// Judges a line of a place, which is known by a hash.
    pub(super) fn judge(&mut self, place: u64, now: Moment) -> Verdict {
        let slot = &mut self.slots[(place % SLOTS as u64) as usize];
        let mut left_out = 0;
        if slot.is_over(now) {
            left_out = slot.left_out;
            *slot = Slot {
                since: now,
                written: 0,
                left_out: 0,
            };
        }
        if slot.written >= MOST {
            slot.left_out = slot.left_out.saturating_add(1);
            return Verdict::LeaveOut;
        }
        slot.written += 1;
        Verdict::Write { left_out }
    }

    /// How many lines were left out in seconds that are over and that nothing was written after.
    pub(super) fn settle(&mut self, now: Moment) -> u32 {
        let mut total = 0_u32;
        let over = self.slots.iter_mut().filter(|slot| slot.is_over(now));
        for slot in over {
            total = total.saturating_add(std::mem::take(&mut slot.left_out));
        }
        total
    }
}

impl Slot {
    fn is_over(&self, now: Moment) -> bool {
        now.0.saturating_sub(self.since.0) >= SPAN.as_nanos() as u64
    }
}

/// How many lines of a place are written in one span.
const MOST: u32 = 10;
const SPAN: Duration = Duration::from_secs(1);
const SLOTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn ten_lines_a_second_and_then_their_number() {
        let mut limit = LogLimit::new();
        let start = 100 * SECOND;
        let verdicts: Vec<_> = (0..25)
            .map(|nth| limit.judge(7, Moment(start + nth)))
            .collect();
        assert!(
            verdicts[..10]
                .iter()
                .all(|one| *one == Verdict::Write { left_out: 0 })
        );
        assert!(verdicts[10..].iter().all(|one| *one == Verdict::LeaveOut));
        let next = limit.judge(7, Moment(start + SECOND));
        assert_eq!(next, Verdict::Write { left_out: 15 });
        assert_eq!(
            limit.judge(7, Moment(start + SECOND)),
            Verdict::Write { left_out: 0 }
        );
    }

    #[test]
    fn places_do_not_disturb_each_other() {
        let mut limit = LogLimit::new();
        let now = Moment(100 * SECOND);
        for _ in 0..50 {
            limit.judge(1, now);
        }
        assert_eq!(limit.judge(2, now), Verdict::Write { left_out: 0 });
    }

    #[test]
    fn what_was_left_out_is_told_once_even_when_silence_follows() {
        let mut limit = LogLimit::new();
        let now = Moment(100 * SECOND);
        for _ in 0..50 {
            limit.judge(1, now);
        }
        assert_eq!(limit.settle(now), 0);
        let later = Moment(now.0 + SECOND);
        assert_eq!(limit.settle(later), 40);
        assert_eq!(limit.settle(later), 0);
        assert_eq!(limit.judge(1, later), Verdict::Write { left_out: 0 });
    }
}

//! Keeps a log readable, and a disk from filling, when one place in the program has much to say.
//!
//! Each place may write so many lines in a second; the rest are counted, and the count is told once
//! the second is over, with the first of them as an example and at their level: whoever reads the lines
//! learns of those that are not there. The table is of fixed size: places that share a slot of it
//! share its limit.

use std::fmt;
use std::time::Duration;

use crate::metric::Moment;
use crate::modules::process::LogLevel;

/// What was written lately, by place.
pub(super) struct LogLimit {
    slots: [Slot; SLOTS],
}

struct Slot {
    since: Moment,
    written: u32,
    left_out: Option<LeftOut>,
}

/// A line that somebody wants to write.
#[derive(Clone, Copy)]
pub(super) struct Line<'l> {
    /// A hash of where in the program it comes from.
    pub(super) place: u64,
    pub(super) level: LogLevel,
    pub(super) message: fmt::Arguments<'l>,
}

/// Lines of one place that were not written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) count: u32,
    /// That of the first.
    pub(super) level: LogLevel,
    /// The message of the first.
    pub(super) example: String,
}

/// What to do with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Write it, and before it, if there are any, which lines were left out.
    Write { left_out: Option<LeftOut> },
    /// Leave it out.
    LeaveOut,
}

impl LogLimit {
    pub(super) const fn new() -> Self {
        Self {
            slots: [const { Slot::new(Moment(0)) }; SLOTS],
        }
    }

    /// Judges a line.
    pub(super) fn judge(&mut self, line: &Line<'_>, now: Moment) -> Verdict {
        let slot = &mut self.slots[(line.place % SLOTS as u64) as usize];
        let mut left_out = None;
        if slot.is_over(now) {
            left_out = std::mem::replace(slot, Slot::new(now)).left_out;
        }
        if slot.written >= MOST {
            slot.leave_out(line);
            return Verdict::LeaveOut;
        }
        slot.written += 1;
        Verdict::Write { left_out }
    }

    /// The lines left out in seconds that are over and that nothing was written after.
    pub(super) fn settle(&mut self, now: Moment) -> Vec<LeftOut> {
        let over = self.slots.iter_mut().filter(|slot| slot.is_over(now));
        over.filter_map(|slot| slot.left_out.take()).collect()
    }
}

impl Slot {
    const fn new(since: Moment) -> Self {
        Self {
            since,
            written: 0,
            left_out: None,
        }
    }

    fn is_over(&self, now: Moment) -> bool {
        now.0.saturating_sub(self.since.0) >= SPAN.as_nanos() as u64
    }

    fn leave_out(&mut self, line: &Line<'_>) {
        let first = || LeftOut {
            count: 0,
            level: line.level,
            example: line.message.to_string(),
        };
        let left_out = self.left_out.get_or_insert_with(first);
        left_out.count = left_out.count.saturating_add(1);
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

    fn judge(limit: &mut LogLimit, place: u64, now: u64) -> Verdict {
        let line = Line {
            place,
            level: LogLevel::Error,
            message: format_args!("line of {now}"),
        };
        limit.judge(&line, Moment(now))
    }

    fn left_out(count: u32, first: u64) -> LeftOut {
        LeftOut {
            count,
            level: LogLevel::Error,
            example: format!("line of {first}"),
        }
    }

    const WRITE: Verdict = Verdict::Write { left_out: None };

    #[test]
    fn ten_lines_a_second_and_then_their_number() {
        let mut limit = LogLimit::new();
        let start = 100 * SECOND;
        let verdicts: Vec<_> = (0..25)
            .map(|nth| judge(&mut limit, 7, start + nth))
            .collect();
        assert!(verdicts[..10].iter().all(|verdict| *verdict == WRITE));
        assert!(
            verdicts[10..]
                .iter()
                .all(|verdict| *verdict == Verdict::LeaveOut)
        );
        let next = judge(&mut limit, 7, start + SECOND);
        let left_out = Some(left_out(15, start + 10));
        assert_eq!(next, Verdict::Write { left_out });
        assert_eq!(judge(&mut limit, 7, start + SECOND), WRITE);
    }

    #[test]
    fn places_do_not_disturb_each_other() {
        let mut limit = LogLimit::new();
        let now = 100 * SECOND;
        for _ in 0..50 {
            judge(&mut limit, 1, now);
        }
        assert_eq!(judge(&mut limit, 2, now), WRITE);
    }

    #[test]
    fn what_was_left_out_is_told_once_even_when_silence_follows() {
        let mut limit = LogLimit::new();
        let now = 100 * SECOND;
        for place in [1, 1 + SLOTS as u64, 2] {
            for _ in 0..30 {
                judge(&mut limit, place, now);
            }
        }
        assert_eq!(limit.settle(Moment(now)), []);
        let later = now + SECOND;
        let both = [left_out(50, now), left_out(20, now)];
        assert_eq!(limit.settle(Moment(later)), both);
        assert_eq!(limit.settle(Moment(later)), []);
        assert_eq!(judge(&mut limit, 1, later), WRITE);
    }
}

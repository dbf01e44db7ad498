//! Updates that were put off by whatever process and are not over, for somebody who wants to read what came before.
//!
//! Each seat counts what its owner has put off, and what of it is over (see `marker`), in shared memory. What was put off at some moment is over
//! when the second number has come to what the first one was then; what a dead process has put off is over as well.

use super::Zone;
use super::marker::PutOff;
use crate::os::Condition;

/// The updates that were put off at some moment, as far as they are not over.
#[derive(Debug)]
pub struct Outstanding {
    seats: Vec<PutOff>,
    /// Whether there are some of this handle, which has no seat: those are waited for until there are none.
    has_own: bool,
}

/// What is to be expected of outstanding updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There are none any more.
    Over,
    /// They are about to be made.
    Underway,
    /// This process, which does not move, keeps them from being made.
    Stuck(u32),
}

impl Zone {
    /// The updates that are put off now, in all processes.
    pub fn outstanding(&self) -> Outstanding {
        Outstanding {
            seats: self.root.markers().put_off().collect(),
            has_own: self.seat.is_none() && self.later.is_any(),
        }
    }

    /// Whether outstanding updates are over.
    pub fn is_over(&self, outstanding: &mut Outstanding) -> bool {
        let markers = self.root.markers();
        outstanding
            .seats
            .retain(|put_off| !markers.is_over(put_off));
        outstanding.has_own &= self.later.is_any();
        outstanding.seats.is_empty() && !outstanding.has_own
    }

    /// The same with a look at those on whom it depends, which takes some microseconds for each.
    pub fn standing(&self, outstanding: &mut Outstanding) -> Standing {
        if self.is_over(outstanding) {
            return Standing::Over;
        }
        let lock = &self.root.mutex;
        if let Some(process) = lock.owner_process().filter(|_| !lock.is_owner_moving()) {
            return Standing::Stuck(process);
        }
        let (markers, mut stopped) = (self.root.markers(), None);
        outstanding
            .seats
            .retain(|put_off| match markers.condition_of(put_off) {
                Condition::Dead => false,
                Condition::Stopped => {
                    stopped = markers.process_of(put_off);
                    true
                }
                Condition::Moves | Condition::Unknown => true,
            });
        match (stopped, self.is_over(outstanding)) {
            (_, true) => Standing::Over,
            (Some(process), _) => Standing::Stuck(process),
            (None, _) => Standing::Underway,
        }
    }
}

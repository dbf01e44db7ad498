//! A zone: its windows in shared memory, and how requests get in and out.

use std::sync::Arc;
use std::time::Duration;

use super::area::{Area, Configuration, Count, Dead};
use super::gate::{self, State};
use super::kept::Kept;
use super::keyed::{Entered, Held, KIND, Room, Windows};
use super::rules::{Rules, Verdict};
use super::signal::{Plan, Stale, States};
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::os;

/// A zone of a configuration.
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) rules: Rules,
    /// How often the signals are looked at.
    pub(super) interval: Duration,
    pub(super) stale: Stale,
    pub(super) configuration: Configuration,
    pub(super) area: Area,
    /// Where each value of a key has a window of its own.
    pub(super) keyed: Option<Keyed>,
    /// Where its one window lasts.
    pub(super) lasting: Option<Arc<Kept>>,
    pub(super) plan: Arc<Plan>,
    pub(super) states: States,
}

/// The key of a zone, and the windows of its values.
pub(super) struct Keyed {
    pub(super) key: Template,
    pub(super) windows: Windows<Kept>,
}

/// Room that a request has in a zone, until this is dropped.
pub(super) struct Admission {
    zone: &'static Zone,
    /// Where it is, if not in the zone's one window.
    held: Option<Held>,
    was_in_use: bool,
    /// Whether the window may grow when it ends.
    is_done: bool,
    /// What held when it was let in.
    pub(super) seen: State,
}

/// What a zone says to a request.
pub(super) enum Answer {
    /// There is room.
    Room(Admission),
    /// There is none.
    Full(State),
    /// The request is none of the zone's business.
    Pass,
}

impl Zone {
    /// Lets a request in, if there is room.
    pub(super) fn enter(&'static self, request: &mut Request) -> Answer {
        let (held, seen) = match &self.keyed {
            None => match gate::enter(self.area.gate(), self.area.own_party()) {
                Ok(seen) => (None, seen),
                Err(seen) => return Answer::Full(seen),
            },
            Some(keyed) => match self.enter_by_key(keyed, request) {
                Some(Entered::In(held, seen)) => (Some(held), seen),
                Some(Entered::Full(seen)) => return Answer::Full(seen),
                Some(Entered::NoPlace) => {
                    self.area.count(Count::Exhausted);
                    return Answer::Pass;
                }
                None => {
                    self.area.count(Count::Skipped);
                    return Answer::Pass;
                }
            },
        };
        Answer::Room(Admission {
            zone: self,
            held,
            was_in_use: self.rules.is_in_use(seen.active, seen.window),
            is_done: false,
            seen,
        })
    }

    /// The same where the key decides; nothing if that is empty.
    fn enter_by_key(&self, keyed: &Keyed, request: &mut Request) -> Option<Entered> {
        let mut key = request.buffer();
        key.push(KIND);
        keyed.key.append(request, &mut key);
        let is_there = key.len() > 1;
        let room = Room {
            window: self.rules.min,
            most: u32::MAX,
        };
        let entered = is_there.then(|| keyed.windows.enter(&self.area, &key, room));
        request.recycle(key);
        entered
    }

    /// Sets all windows by what the signals came to, and gives back what the dead had in hand; to be called with the
    /// area's lock, which they were found with. False if something is still to be given back.
    pub(super) fn settle(&self, dead: &Dead, verdict: Verdict) -> bool {
        if let Some(Keyed { windows, .. }) = &self.keyed {
            windows.bury(&self.area, dead);
        }
        self.area.forget(dead);
        match &self.keyed {
            Some(Keyed { windows, .. }) => windows.settle(&self.area, |window| {
                self.rules.after_evaluation(window, verdict)
            }),
            None => {
                let is_settled = self.area.settle();
                self.area.resize(&self.rules, verdict);
                if let Some(kept) = &self.lasting {
                    kept.keep_window(self.area.state().window);
                }
                is_settled
            }
        }
    }

    /// Sets all windows by what the signals came to, as far as that can be done by several processes at once.
    pub(super) fn resize(&self, verdict: Verdict) {
        match &self.keyed {
            Some(Keyed { windows, .. }) => windows.resize(&self.rules, verdict),
            None => self.area.resize(&self.rules, verdict),
        }
    }

    /// What the signals come to at a moment, by what is known of them: what is too old by then counts as the zone says.
    pub(super) fn verdict(&self, now: u64) -> Verdict {
        let said = self.plan.verdict(&self.states, self.stale, now / 1_000_000);
        Verdict {
            allowance: said.allowance,
            is_firing: said.is_firing,
        }
    }

    /// Seconds until the window may be another, at least one.
    pub(super) fn retry_after(&self) -> u64 {
        let rest = self.area.due().saturating_sub(os::monotonic());
        rest.div_ceil(1_000_000_000).max(1)
    }
}

impl Admission {
    /// The request may go on: it is under way, and over when this is dropped.
    pub(super) fn confirm(&mut self) {
        self.is_done = true;
        self.zone.area.count(Count::Passed);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Zone { area, rules, .. } = self.zone;
        let verdict = area.verdict();
        let next = |window| match self.is_done {
            true => rules.after_completion(window, self.was_in_use, verdict),
            false => window,
        };
        match (self.held.take(), &self.zone.keyed) {
            (Some(held), Some(keyed)) => keyed.windows.leave(area, held, next),
            _ => gate::leave(area.gate(), area.own_party(), next),
        }
    }
}

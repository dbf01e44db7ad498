//! Has the requests of a location go on, wait, or be refused, by how fast they come.

use std::sync::Arc;
use std::time::Duration;

use super::counts::Count;
use super::zone::{Asked, Zone};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::phase::{Preaccess, PreaccessHandler};
use crate::http::plan::state::StateIndex;
use crate::http::plan::wait::Wait;
use crate::http::transport::clock;
use crate::metric::Moment;
use crate::modules::log_level::LogLevel;

/// What is kept with a request.
#[derive(Default)]
pub(super) struct State {
    /// What was decided.
    pub(super) outcome: Option<Outcome>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Delayed,
    Rejected,
    DelayedDryRun,
    RejectedDryRun,
}

impl Outcome {
    /// What `$limit_req_status` says.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Delayed => "DELAYED",
            Self::Rejected => "REJECTED",
            Self::DelayedDryRun => "DELAYED_DRY_RUN",
            Self::RejectedDryRun => "REJECTED_DRY_RUN",
        }
    }
}

/// The limits of a location.
pub(super) struct Limits {
    pub(super) limits: Box<[Limit]>,
    pub(super) status: u16,
    pub(super) level: LogLevel,
    pub(super) is_dry_run: bool,
    pub(super) state: StateIndex<State>,
}

/// One `limit_req`, in thousandths of requests.
pub(super) struct Limit {
    pub(super) zone: Arc<Zone>,
    pub(super) burst: u64,
    /// How far beyond the rate nobody waits.
    pub(super) delay: u64,
}

/// What the limits come to.
enum Judged<'a> {
    Pass,
    /// Because of one of them, by so much, for so many milliseconds.
    Delay(&'a Limit, u64, u64),
    Refuse(&'a Limit, Asked),
}

impl PreaccessHandler for Limits {
    fn run(&'static self, request: &mut Request) -> Preaccess {
        let state = request.state_if_any(self.state);
        if state.is_some_and(|state| state.outcome.is_some()) {
            return Preaccess::Pass;
        }
        let Some(judged) = self.judge(request) else {
            return Preaccess::Pass;
        };
        let (outcome, preaccess) = match judged {
            Judged::Pass => (Outcome::Passed, Preaccess::Pass),
            Judged::Delay(limit, excess, time) => self.delay(request, (limit, excess), time),
            Judged::Refuse(limit, asked) => self.refuse(request, limit, asked),
        };
        request.state(self.state).outcome = Some(outcome);
        preaccess
    }
}

impl Limits {
    /// Asks all limits; nothing if the request has a key for none of them. It is counted in all or in none: the last
    /// one decides, and the others count after it.
    fn judge<'a>(&'a self, request: &mut Request) -> Option<Judged<'a>> {
        let now = clock::moment();
        let (last, others) = self.limits.split_last()?;
        let mut counting = Vec::new();
        for limit in others {
            let Some(key) = limit.zone.key(request) else {
                continue;
            };
            match limit.zone.look(&key, limit.burst, now) {
                Asked::Within(_) => counting.push((limit, key)),
                refused => {
                    request.recycle(key);
                    return Some(Judged::Refuse(limit, refused));
                }
            }
        }
        let mut tally = Tally::default();
        if let Some(key) = last.zone.key(request) {
            let asked = last.zone.count(&key, last.burst, now);
            request.recycle(key);
            match asked {
                Asked::Within(excess) => tally.add(last, excess),
                refused => return Some(Judged::Refuse(last, refused)),
            }
        }
        for (limit, key) in counting {
            tally.add(limit, counted(limit, &key, now));
            request.recycle(key);
        }
        tally.judged()
    }

    fn delay(
        &self,
        request: &Request,
        (limit, excess): (&Limit, u64),
        time: u64,
    ) -> (Outcome, Preaccess) {
        let (excess, name) = (Thousandths(excess), limit.zone.name());
        let (dry, circumstances) = (self.dry(), Circumstances(request));
        self.level.below().log(format_args!(
            "delaying request{dry}, excess: {excess}, by zone \"{name}\"{circumstances}"
        ));
        if self.is_dry_run {
            return (Outcome::DelayedDryRun, Preaccess::Pass);
        }
        let sleep = tokio::time::sleep(Duration::from_millis(time));
        (
            Outcome::Delayed,
            Preaccess::Wait(Wait::Until(Box::pin(sleep))),
        )
    }

    fn refuse(&self, request: &Request, limit: &Limit, asked: Asked) -> (Outcome, Preaccess) {
        let (name, circumstances, dry) = (limit.zone.name(), Circumstances(request), self.dry());
        if let Asked::Beyond(excess) = asked {
            limit.zone.counts.add(Count::Rejected);
            let excess = Thousandths(excess);
            self.level.log(format_args!(
                "limiting requests{dry}, excess: {excess} by zone \"{name}\"{circumstances}"
            ));
        } else {
            limit.zone.counts.add(Count::Exhausted);
            self.level.log(format_args!(
                "limiting requests{dry}, there is no room for another key in zone \"{name}\"{circumstances}"
            ));
        }
        match self.is_dry_run {
            true => (Outcome::RejectedDryRun, Preaccess::Pass),
            false => (Outcome::Rejected, Preaccess::Refuse(self.status)),
        }
    }

    fn dry(&self) -> &'static str {
        if self.is_dry_run { ", dry run" } else { "" }
    }
}

/// Counts a request that no other limit has refused, and gives how far it is beyond the rate.
fn counted(limit: &Limit, key: &[u8], now: Moment) -> u64 {
    match limit.zone.count(key, u64::MAX, now) {
        Asked::Within(excess) | Asked::Beyond(excess) => excess,
        Asked::NoRoom => 0,
    }
}

/// The limits that have counted a request, and the one it waits longest for.
#[derive(Default)]
struct Tally<'a> {
    longest: Option<(&'a Limit, u64, u64)>,
    is_any: bool,
}

impl<'a> Tally<'a> {
    fn add(&mut self, limit: &'a Limit, excess: u64) {
        self.is_any = true;
        let time = excess.saturating_sub(limit.delay) * 1000 / limit.zone.rate.max(1);
        let mut passed = Some(limit);
        if time > self.longest.map_or(0, |(_, _, longest)| longest) {
            let shorter = self.longest.replace((limit, excess, time));
            passed = shorter.map(|(limit, ..)| limit);
        }
        if let Some(limit) = passed {
            limit.zone.counts.add(Count::Passed);
        }
    }

    fn judged(self) -> Option<Judged<'a>> {
        match self.longest {
            Some((limit, excess, time)) => {
                limit.zone.counts.add(Count::Delayed);
                Some(Judged::Delay(limit, excess, time))
            }
            None => self.is_any.then_some(Judged::Pass),
        }
    }
}

/// A number of thousandths, as in "1.500".
struct Thousandths(u64);

impl std::fmt::Display for Thousandths {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

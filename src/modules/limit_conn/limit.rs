//! Lets the requests of a location in, or refuses them, by how many are under way.

use std::sync::Arc;

use super::zone::{Admission, Asked, Zone};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::phase::{PhaseHandler, Preaccess, PreaccessHandler};
use crate::http::plan::state::StateIndex;
use crate::modules::backpressure::area::Count;
use crate::modules::log_level::LogLevel;

/// What is kept with a request.
#[derive(Default)]
pub(super) struct State {
    /// What was decided.
    pub(super) outcome: Option<Outcome>,
    /// Where it is counted.
    admissions: Vec<Admission>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Rejected,
    RejectedDryRun,
}

impl Outcome {
    /// What `$limit_conn_status` says.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Rejected => "REJECTED",
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

/// One `limit_conn`.
pub(super) struct Limit {
    pub(super) zone: Arc<Zone>,
    pub(super) most: u32,
}

impl PreaccessHandler for Limits {
    fn run(&'static self, request: &mut Request) -> Preaccess {
        let state = request.state_if_any(self.state);
        if state.is_some_and(|state| state.outcome.is_some()) {
            return Preaccess::Pass;
        }
        let mut admissions = Vec::new();
        let outcome = match self.enter(request, &mut admissions) {
            Some(refusing) => {
                self.refuse(request, refusing);
                admissions.clear();
                match self.is_dry_run {
                    true => Outcome::RejectedDryRun,
                    false => Outcome::Rejected,
                }
            }
            None if admissions.is_empty() => return Preaccess::Pass,
            None => Outcome::Passed,
        };
        admissions.iter().for_each(Admission::confirm);
        *request.state(self.state) = State {
            outcome: Some(outcome),
            admissions,
        };
        match outcome {
            Outcome::Rejected => Preaccess::Refuse(self.status),
            _ => Preaccess::Pass,
        }
    }
}

impl Limits {
    /// Counts a request in all zones, up to the first that refuses it, with what that says.
    fn enter(
        &'static self,
        request: &mut Request,
        admissions: &mut Vec<Admission>,
    ) -> Option<(&'static Zone, Count)> {
        for Limit { zone, most } in &self.limits {
            match zone.enter(request, *most) {
                Asked::In(admission) => admissions.push(admission),
                Asked::Skipped => zone.area.count(Count::Skipped),
                Asked::Full => return Some((zone, Count::Rejected)),
                Asked::NoRoom => return Some((zone, Count::Exhausted)),
            }
        }
        None
    }

    fn refuse(&self, request: &Request, (zone, why): (&Zone, Count)) {
        zone.area.count(why);
        let (name, circumstances) = (zone.name(), Circumstances(request));
        let dry = if self.is_dry_run { ", dry run," } else { "" };
        let why = match why {
            Count::Exhausted => " without room for another key in",
            _ => " by",
        };
        self.level.log(format_args!(
            "limiting connections{dry}{why} zone \"{name}\"{circumstances}"
        ));
    }
}

/// Takes a request out of the counts when it is over.
pub(super) struct GiveBack(pub(super) StateIndex<State>);

impl PhaseHandler for GiveBack {
    fn run(&self, request: &mut Request) {
        if request.state_if_any(self.0).is_some() {
            request.state(self.0).admissions.clear();
        }
    }
}

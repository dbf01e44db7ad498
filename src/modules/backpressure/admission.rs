//! Lets requests of a location in, or refuses them, before anything is asked of an origin.

use std::sync::Arc;

use super::area::Count;
use super::directives::{BypassWritten, DryRunWritten, LevelWritten, StatusWritten, ZonesWritten};
use super::find;
use super::state::{Decision, Outcome, State, is_any_true};
use super::zone::{Answer, Zone};
use crate::conf::Chain;
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::phase::{PhaseHandler, Preaccess, PreaccessHandler};
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::Template;
use crate::modules::log_level::LogLevel;

/// Asks for room for the requests of a location.
pub(super) struct Limit {
    zones: Box<[Arc<Zone>]>,
    bypass: Box<[Template]>,
    status: u16,
    level: LogLevel,
    is_dry_run: bool,
    state: StateIndex<State>,
}

/// What asks for room in a location; nothing where nobody has to.
pub(super) fn handler(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    state: StateIndex<State>,
) -> Option<Limit> {
    let bypass = bypass(builder, chain);
    let written = chain.nearest::<ZonesWritten>()?;
    let zones = written.names.iter();
    let zones: Box<[_]> = zones
        .filter_map(|(name, span)| find(builder, name, *span))
        .collect();
    (!zones.is_empty()).then(|| Limit {
        zones,
        bypass,
        status: chain.nearest().map_or(429, |StatusWritten(status)| *status),
        level: chain
            .nearest()
            .map_or(LogLevel::default(), |LevelWritten(level)| *level),
        is_dry_run: chain.nearest().is_some_and(|DryRunWritten(on)| *on),
        state,
    })
}

/// What lets requests in without being asked; whether zones are or not, its variables must be known.
pub(super) fn bypass(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Box<[Template]> {
    let written = chain.nearest::<BypassWritten>();
    let texts = written.iter().flat_map(|BypassWritten(texts)| texts);
    texts.map(|text| builder.template(text)).collect()
}

impl PreaccessHandler for Limit {
    fn run(&'static self, request: &mut Request) -> Preaccess {
        if request.state(self.state).decision.is_some() {
            return Preaccess::Pass;
        }
        let decision = match is_any_true(&self.bypass, request) {
            true => self.skip(),
            false => self.ask(request),
        };
        let state = request.state(self.state);
        state.decision = Some(decision);
        if decision.outcome == Outcome::Rejected {
            state.admissions.clear();
            return Preaccess::Refuse(self.status);
        }
        state.admissions.iter_mut().for_each(|one| one.confirm());
        Preaccess::Pass
    }
}

impl Limit {
    fn skip(&self) -> Decision {
        for zone in &self.zones {
            zone.area.count(Count::Skipped);
        }
        Decision {
            outcome: Outcome::Bypassed,
            seen: None,
            retry_after: None,
        }
    }

    /// Asks all zones, up to the first that has no room.
    fn ask(&'static self, request: &mut Request) -> Decision {
        let mut decision = Decision {
            outcome: Outcome::Passed,
            seen: None,
            retry_after: None,
        };
        for zone in &self.zones {
            match zone.enter(request) {
                Answer::Pass => {}
                Answer::Room(admission) => {
                    decision.seen.get_or_insert(admission.seen);
                    request.state(self.state).admissions.push(admission);
                }
                Answer::Full(seen) => {
                    self.refuse(zone, request);
                    decision.seen = Some(seen);
                    decision.outcome = Outcome::RejectedDryRun;
                    if !self.is_dry_run {
                        decision.outcome = Outcome::Rejected;
                        decision.retry_after = Some(zone.retry_after());
                    }
                    break;
                }
            }
        }
        decision
    }

    fn refuse(&self, zone: &Zone, request: &Request) {
        zone.area.count(Count::Rejected);
        let (name, circumstances) = (&zone.name, Circumstances(request));
        let dry = match self.is_dry_run {
            true => ", dry run,",
            false => "",
        };
        self.level.log(format_args!(
            "limiting requests{dry} by backpressure zone \"{name}\"{circumstances}"
        ));
    }
}

/// Gives the room of a request back when it is over.
pub(super) struct GiveBack(pub(super) StateIndex<State>);

impl PhaseHandler for GiveBack {
    fn run(&self, request: &mut Request) {
        if request.state_if_any(self.0).is_some() {
            request.state(self.0).admissions.clear();
        }
    }
}

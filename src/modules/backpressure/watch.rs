//! Looking after a zone: its signals are evaluated every interval, its windows set by what they say, and what the dead
//! had in hand is given back.
//!
//! One process does that for all: the keeper, and while the keeper does not move, a worker. When the next evaluation is due
//! stands in shared memory and is looked at under a lock: whoever comes to do this work goes on where the last one was.
//! Should somebody be stopped with the lock, the others evaluate without it, by single words, and only what the dead had
//! waits for him. Signals are read before the lock is taken, so that this is rare.
//! A reload is noticed by the configuration that the last evaluation was made by.

use std::sync::Arc;
use std::time::Duration;

use super::rules::Verdict;
use super::signal::Evaluator;
use super::zone::Zone;
use crate::os;
use crate::status::Tree;

/// Looks after a zone, in one process.
pub(super) struct Watch {
    zone: Arc<Zone>,
    duty: Duty,
    /// Nothing until it is needed.
    evaluator: Option<Evaluator>,
    /// When it was made.
    began: u64,
    /// How many workers had come when it looked last.
    arrivals: u64,
    /// Whether everything was given back then.
    is_settled: bool,
}

/// When a process looks after zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// From now on; what was evaluated by another configuration is evaluated anew.
    Begins,
    /// Always, unless somebody does by a newer configuration.
    Always,
    /// While nobody else does.
    Stands,
}

impl Watch {
    /// Of this zone.
    pub(super) fn new(zone: Arc<Zone>, duty: Duty) -> Self {
        Self {
            zone,
            duty,
            evaluator: None,
            began: os::monotonic(),
            arrivals: 0,
            is_settled: false,
        }
    }

    /// Does what is due, and gives how long there is nothing to do; nothing if that is somebody else's business.
    pub(super) fn go(&mut self, tree: &Tree) -> Option<Duration> {
        let zone = Arc::clone(&self.zone);
        let now = os::monotonic();
        if !self.is_called(now) {
            self.evaluator = None;
            return None;
        }
        if self.is_due(now) {
            self.evaluator().look(tree, now / 1_000_000);
        }
        let Ok(_guard) = zone.area.lock() else {
            self.look_alone(now);
            return Some(LOOK_AGAIN);
        };
        match self.is_called(os::monotonic()) {
            true => Some(self.look(now)),
            false => None,
        }
    }

    /// Whether the signals are to be evaluated at this moment.
    fn is_due(&self, now: u64) -> bool {
        let area = &self.zone.area;
        area.due() <= now || area.configuration().identity != self.zone.configuration.identity
    }

    /// Whether this process is to look after the zone now.
    fn is_called(&self, now: u64) -> bool {
        let area = &self.zone.area;
        let (last, own) = (area.configuration(), self.zone.configuration);
        let is_own = last.identity == own.identity;
        let watched = area.watched().max(self.began);
        let is_free = area.is_watcher() || now.saturating_sub(watched) > LATE;
        match self.duty {
            Duty::Begins => true,
            Duty::Always => is_own || is_free,
            // What belongs to a newer configuration is left to those who have it.
            Duty::Stands => is_free && (is_own || own.generation >= last.generation),
        }
    }

    /// The part that is done with the area's lock; the signals were read at this moment, if they were due.
    fn look(&mut self, now: u64) -> Duration {
        let zone = Arc::clone(&self.zone);
        let area = &zone.area;
        area.watch(os::monotonic());
        let dead = area.dead();
        let is_settled = self.is_settled && dead.places.is_empty();
        if let Some(verdict) = self.evaluate(now) {
            self.is_settled = zone.settle(&dead, verdict);
        } else if !is_settled || dead.arrivals != self.arrivals {
            self.is_settled = zone.settle(&dead, area.verdict().limits());
        }
        self.arrivals = dead.arrivals;
        if self.duty == Duty::Begins {
            self.duty = Duty::Always;
        }
        let now = os::monotonic();
        area.watch(now);
        Duration::from_nanos(area.due().saturating_sub(now)).min(LOOK)
    }

    /// The same where whoever has the lock does not move. Should he go on, what he writes of an evaluation that others
    /// have overtaken holds until the next one.
    fn look_alone(&mut self, now: u64) {
        let zone = Arc::clone(&self.zone);
        zone.area.watch(os::monotonic());
        match self.evaluate(now) {
            Some(verdict) => zone.resize(verdict),
            None => judge_by_age(&zone, os::monotonic()),
        }
    }

    /// Evaluates the signals as they were read at this moment, if that is due and nobody else does it; gives what the
    /// windows are to be set by.
    fn evaluate(&mut self, now: u64) -> Option<Verdict> {
        let zone = Arc::clone(&self.zone);
        let area = &zone.area;
        if !self.is_due(now) {
            return None;
        }
        let due = area.due();
        let is_step = due <= now;
        let rested = now + rest(nanoseconds(zone.interval), os::random().unwrap_or(0));
        // Steps are taken when they are due, limits hold at once.
        let next = if is_step { rested } else { rested.min(due) };
        if !area.claim(due, next) {
            return None;
        }
        self.evaluator().settle(now / 1_000_000);
        let verdict = zone.verdict(now);
        area.note(verdict);
        area.note_configuration(zone.configuration);
        Some(if is_step { verdict } else { verdict.limits() })
    }

    fn evaluator(&mut self) -> &mut Evaluator {
        let zone = &self.zone;
        self.evaluator.get_or_insert_with(|| {
            let (plan, states) = (Arc::clone(&zone.plan), zone.states.clone());
            Evaluator::new(&zone.name, plan, states)
        })
    }
}

/// Has what is too old count as the zone says, between evaluations.
fn judge_by_age(zone: &Zone, now: u64) {
    let verdict = zone.verdict(now);
    if verdict != zone.area.verdict() {
        zone.area.note(verdict);
        zone.resize(verdict.limits());
    }
}

/// How long the dead are not looked for at most.
const LOOK: Duration = Duration::from_millis(250);
/// How soon a lock is tried again that somebody has who does not move.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Who has not looked for so long, in nanoseconds, does not come back soon.
const LATE: u64 = 1_000_000_000;

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 4)
}

/// The interval give or take a tenth, so that servers that were started together do not stay so.
fn rest(interval: u64, random: u64) -> u64 {
    let tenth = interval / 10;
    interval - tenth + random % (2 * tenth + 1)
}

#[cfg(test)]
mod tests {
    use super::super::area::{Area, Configuration};
    use super::super::gate;
    use super::super::rules::{Decrease, Rules};
    use super::super::signal::{Plan, Stale, StaleRule, Standing, States};
    use super::*;
    use crate::http::build::memory::Unshared;

    #[test]
    fn intervals_differ_by_a_tenth() {
        assert_eq!(rest(1000, 0), 900);
        assert_eq!(rest(1000, 200), 1100);
        assert_eq!(rest(1000, 201), 900);
        assert_eq!(rest(0, 7), 0);
    }

    const HOUR: Duration = Duration::from_secs(3600);

    fn zone(stale: u64) -> Zone {
        let plan = Arc::new(Plan::watching("/none"));
        Zone {
            name: "a".into(),
            rules: Rules {
                min: 2,
                max: 8,
                increase: 1,
                decrease: 50,
                when: Decrease::OnEvaluation,
                utilization: 0,
            },
            interval: HOUR,
            stale: Stale {
                after: stale,
                rule: StaleRule::Close,
            },
            configuration: OWN,
            area: Area::open(&mut Unshared, "a", 2).unwrap(),
            keyed: None,
            lasting: None,
            states: States::open(&mut Unshared, "a", &plan).unwrap(),
            plan,
        }
    }

    fn evaluations(zone: &Zone) -> u64 {
        let stale = zone.stale;
        zone.states.of(0).read(None, stale, 0).evaluations
    }

    const OWN: Configuration = Configuration {
        identity: 1,
        generation: 5,
    };
    const NEWER: Configuration = Configuration {
        identity: 2,
        generation: 6,
    };

    /// One that was made long ago.
    fn watch(zone: &Arc<Zone>, duty: Duty) -> Watch {
        Watch {
            began: 0,
            ..Watch::new(Arc::clone(zone), duty)
        }
    }

    /// Another process looked after the zone at this moment.
    fn watched(zone: &Zone, at: u64) {
        zone.area.watch_as(0, at);
    }

    /// The last evaluation was made by this configuration, and the next one is due then.
    fn evaluated(zone: &Zone, due: u64, by: Configuration) {
        assert!(zone.area.claim(zone.area.due(), due));
        zone.area.note_configuration(by);
    }

    #[test]
    fn a_worker_looks_after_a_zone_while_nobody_else_does() {
        let (zone, tree) = (Arc::new(zone(1)), Tree::new());
        let mut worker = watch(&zone, Duty::Stands);
        watched(&zone, os::monotonic());
        assert_eq!(worker.go(&tree), None);
        watched(&zone, os::monotonic() - 2 * LATE);
        assert_eq!(worker.go(&tree), Some(LOOK));
        assert_eq!((evaluations(&zone), zone.area.configuration()), (1, OWN));
        // It goes on, until the keeper is back.
        evaluated(&zone, 0, OWN);
        assert_eq!(worker.go(&tree), Some(LOOK));
        assert_eq!(evaluations(&zone), 2);
        watched(&zone, os::monotonic());
        assert_eq!(worker.go(&tree), None);
        // Whatever a newer configuration does not, it does not either.
        watched(&zone, 0);
        evaluated(&zone, 0, NEWER);
        assert_eq!(worker.go(&tree), None);
        assert_eq!(evaluations(&zone), 2);
        // Who has just come has nothing to say yet.
        evaluated(&zone, 0, OWN);
        let mut newcomer = Watch::new(Arc::clone(&zone), Duty::Stands);
        assert_eq!(newcomer.go(&tree), None);
    }

    #[test]
    fn a_keeper_makes_way_for_the_next_one() {
        let (zone, tree) = (Arc::new(zone(1)), Tree::new());
        let mut keeper = watch(&zone, Duty::Begins);
        assert!(keeper.go(&tree).is_some());
        evaluated(&zone, u64::MAX, NEWER);
        watched(&zone, os::monotonic());
        assert_eq!(keeper.go(&tree), None);
        // The next one is gone, and so is its configuration.
        watched(&zone, os::monotonic() - 2 * LATE);
        assert!(keeper.go(&tree).is_some());
        assert_eq!((evaluations(&zone), zone.area.configuration()), (2, OWN));
    }

    #[test]
    fn limits_of_another_configuration_hold_at_once_and_steps_when_they_are_due() {
        let (zone, tree) = (Arc::new(zone(1)), Tree::new());
        let due = os::monotonic() + 10 * LATE;
        gate::resize(zone.area.gate(), |_| 20);
        evaluated(&zone, due, NEWER);
        watch(&zone, Duty::Begins).go(&tree);
        // The signal is absent, which counts as firing here; nothing is halved before it is due.
        assert!(zone.area.verdict().is_firing);
        assert_eq!((zone.area.state().window, zone.area.due()), (8, due));
        evaluated(&zone, 0, OWN);
        watch(&zone, Duty::Begins).go(&tree);
        assert_eq!(zone.area.state().window, 4);
        assert!(zone.area.due() > due);
    }

    #[test]
    fn somebody_who_is_stopped_with_the_lock_is_stood_in_for() {
        let (zone, tree) = (Arc::new(zone(1)), Tree::new());
        let mut worker = watch(&zone, Duty::Stands);
        watched(&zone, os::monotonic() - 2 * LATE);
        gate::resize(zone.area.gate(), |_| 8);
        let _guard = zone.area.lock().unwrap();
        assert_eq!(worker.go(&tree), Some(LOOK_AGAIN));
        assert_eq!((evaluations(&zone), zone.area.configuration()), (1, OWN));
        assert_eq!(zone.area.state().window, 4);
        // Another one who has come so far sees that it is done.
        let mut second = watch(&zone, Duty::Stands);
        assert_eq!(second.go(&tree), Some(LOOK_AGAIN));
        assert_eq!(zone.area.state().window, 4);
    }

    #[test]
    fn what_is_known_grows_old_while_nobody_can_evaluate() {
        let (zone, tree) = (Arc::new(zone(1000)), Tree::new());
        let mut keeper = watch(&zone, Duty::Begins);
        let _guard = zone.area.lock().unwrap();
        assert_eq!(keeper.go(&tree), Some(LOOK_AGAIN));
        let now = os::monotonic();
        let value = Standing {
            value: Some(0.0),
            since: now / 1_000_000,
            is_absent: false,
        };
        zone.states.of(0).write(&value);
        judge_by_age(&zone, now);
        assert!(!zone.area.verdict().is_firing);
        judge_by_age(&zone, now + 1_001_000_000);
        assert!(zone.area.verdict().is_firing);
    }
}

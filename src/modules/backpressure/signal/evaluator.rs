//! The one who evaluates the signals of a zone, again and again, for all processes.
//!
//! It waits for nobody: local signals are read at once, and what monitors answer is taken when it is there. What is found
//! out is settled in a step of its own, which is short: it is done with a lock.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::answer::Wanted;
use super::errand::Errand;
use super::local::{Found, Local};
use super::monitor::Monitor;
use super::plan::{Plan, Signal, Source, due};
use super::standing::{Finding, Standing};
use super::state::States;
use crate::status::{Node, Tree};

/// Evaluates the signals of a zone.
pub struct Evaluator {
    zone: String,
    plan: Arc<Plan>,
    states: States,
    /// One for each signal; nothing before the first round.
    courses: Vec<Course>,
}

/// A signal on its way.
struct Course {
    reader: Reader,
    /// What is known; nothing before that was settled for the first time.
    standing: Option<Standing>,
    /// What was found since the last time that this was settled, or why that failed; nothing if nobody looked.
    found: Option<Result<Finding, String>>,
    /// When it is due again, in milliseconds.
    next: u64,
    /// In milliseconds.
    interval: u64,
    /// Whether it was told that it fails.
    is_told: bool,
}

enum Reader {
    Local(Box<Local>),
    Query(Errand),
}

impl Evaluator {
    /// Evaluates the signals of a zone; what was known of them before holds.
    pub fn new(zone: &str, plan: Arc<Plan>, states: States) -> Self {
        Self {
            zone: zone.to_owned(),
            plan,
            states,
            courses: Vec::new(),
        }
    }

    /// Reads the signals that are due at this moment, in milliseconds of the machine's monotonic clock. Nothing is changed
    /// that other processes see.
    pub fn look(&mut self, tree: &Tree, now: u64) {
        if self.courses.is_empty() {
            self.begin(now);
        }
        let nothing = Node::object::<&str>(Vec::new());
        tree.find(&["status"], |root| {
            let root = root.as_ref().unwrap_or(&nothing);
            for course in &mut self.courses {
                course.found = course.look(root, now).or(course.found.take());
            }
        });
    }

    /// Puts down what was found at that moment, for all processes; only one at a time may do that.
    pub fn settle(&mut self, now: u64) {
        if self.courses.is_empty() {
            self.begin(now);
        }
        let signals = self.plan.signals().iter().enumerate();
        for ((place, signal), course) in signals.zip(&mut self.courses) {
            let state = self.states.of(place);
            let standing = course.standing.get_or_insert_with(|| state.standing(now));
            if let Some(found) = course.found.take() {
                if let Ok(Finding::Value(_)) = found {
                    state.update(since_1970());
                }
                state.count(found.is_err());
                tell(&found, &mut course.is_told, &self.zone, &signal.name);
                standing.take(found.unwrap_or(Finding::Nothing), now);
            }
            state.write(standing);
        }
    }

    fn begin(&mut self, now: u64) {
        let monitor = self.plan.monitor();
        let way = monitor.map(|written| Arc::new(Monitor::new(written)));
        let course = |signal: &Signal| {
            let reader = Reader::of(signal, way.as_ref())?;
            let by_default = match reader {
                Reader::Local(_) => 0,
                Reader::Query(_) => monitor.map_or(0, |monitor| monitor.interval),
            };
            Some(Course {
                reader,
                standing: None,
                found: None,
                next: now,
                interval: signal.interval.unwrap_or(by_default),
                is_told: false,
            })
        };
        self.courses = self.plan.signals().iter().filter_map(course).collect();
    }
}

impl Reader {
    fn of(signal: &Signal, monitor: Option<&Arc<Monitor>>) -> Option<Self> {
        let wanted = match signal.grade {
            Some(_) => Wanted::Value,
            None => Wanted::Presence,
        };
        Some(match &signal.source {
            Source::Local(written) => Self::Local(Box::new(Local::new(written))),
            Source::Query(query) => Self::Query(Errand::new(Arc::clone(monitor?), query, wanted)),
        })
    }
}

impl Course {
    /// What has been found out since the last round, or why that failed; nothing if nobody looked.
    fn look(&mut self, root: &Node<'_>, now: u64) -> Option<Result<Finding, String>> {
        let is_due = now >= self.next;
        match &mut self.reader {
            Reader::Local(local) if is_due => {
                self.next = due(now, self.interval);
                Some(finding(local.read(root, now)))
            }
            Reader::Local(_) => None,
            Reader::Query(errand) => {
                let answer = errand.collect();
                let sent = match is_due && !errand.is_under_way() {
                    true => {
                        self.next = due(now, self.interval);
                        errand.send()
                    }
                    false => Ok(()),
                };
                let answer = answer.map(|answer| answer.map(Finding::Value));
                answer.or(sent.err().map(Err))
            }
        }
    }
}

/// Puts into the log what fails, once until it goes well again.
fn tell(found: &Result<Finding, String>, is_told: &mut bool, zone: &str, signal: &str) {
    match found {
        Err(reason) if !*is_told => {
            log::warn!("backpressure zone \"{zone}\": no value for signal \"{signal}\": {reason}");
        }
        Ok(_) if *is_told => {
            log::info!("backpressure zone \"{zone}\": signal \"{signal}\" has a value again");
        }
        _ => {}
    }
    *is_told = found.is_err();
}

fn finding(found: Found) -> Result<Finding, String> {
    match found {
        Found::Value(value) => Ok(Finding::Value(value)),
        Found::Nothing => Ok(Finding::Absent),
        Found::Soon => Ok(Finding::Nothing),
        Found::TooMuch => Err("there is too much at its path".to_owned()),
    }
}

fn since_1970() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = elapsed.map_or(0, |elapsed| elapsed.as_millis());
    u64::try_from(milliseconds).unwrap_or(u64::MAX)
}

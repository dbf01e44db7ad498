//! The signals of a backpressure zone, as they were written and found to be in order.

use xxhash_rust::xxh3::xxh3_64;

use super::grade::Grade;
use super::local::LocalWritten;
use super::monitor::MonitorWritten;
use super::standing::{Stale, Verdict};
use super::state::States;
use crate::conf::{Diagnostic, Diagnostics, Scope, Span};

/// The signals of a zone.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    signals: Vec<Signal>,
    monitor: Option<MonitorWritten>,
}

/// A signal.
#[derive(Clone, Debug)]
pub struct Signal {
    /// What it is called.
    pub name: String,
    /// Where its value comes from.
    pub source: Source,
    /// How its value throttles; nothing for a plain signal, which fires or not.
    pub grade: Option<Grade>,
    /// How often it is evaluated at most, in milliseconds, where that is said.
    pub interval: Option<u64>,
    /// What was written, for telling it from another.
    pub text: String,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The status tree.
    Local(Box<LocalWritten>),
    /// A monitor, which is asked this.
    Query(String),
}

/// The signals of a block so far.
#[derive(Default)]
pub(super) struct Written {
    pub(super) signals: Vec<(Signal, Span)>,
    /// Whether others had errors.
    pub(super) is_incomplete: bool,
}

/// The monitor of a block; nothing in one that is not in order.
pub(super) struct WrittenMonitor {
    pub(super) monitor: Option<MonitorWritten>,
    pub(super) span: Span,
}

impl Plan {
    /// What the block of a zone says; nothing if that is not in order, which is told.
    pub fn of(diagnostics: &mut Diagnostics, scope: &Scope, zone: &str) -> Option<Self> {
        let Some(written) = scope.get::<Written>() else {
            let message = format!("backpressure zone \"{zone}\" has no signals");
            let help = "add a line such as \"signal busy path=/connections/active warn=500 emergency=1000;\"";
            diagnostics.push(Diagnostic::error(scope.span, message).with_help(help));
            return None;
        };
        let monitor = scope.get::<WrittenMonitor>();
        let is_query = |signal: &Signal| matches!(signal.source, Source::Query(_));
        let mut queries = written
            .signals
            .iter()
            .filter(|(signal, _)| is_query(signal))
            .peekable();
        let mut is_fine = !written.is_incomplete;
        match monitor {
            None => queries.for_each(|(_, span)| {
                is_fine = false;
                let problem = Diagnostic::error(*span, "\"query\" requires \"monitor\"");
                diagnostics
                    .push(problem.with_help("add \"monitor http://127.0.0.1:9090;\" to the zone"));
            }),
            Some(monitor) if queries.peek().is_none() && is_fine => {
                let message = "\"monitor\" is not asked by any signal";
                diagnostics.push(Diagnostic::warning(monitor.span, message));
            }
            Some(monitor) => is_fine &= monitor.monitor.is_some(),
        }
        is_fine.then(|| Self {
            signals: written
                .signals
                .iter()
                .map(|(signal, _)| signal.clone())
                .collect(),
            monitor: monitor.and_then(|written| written.monitor.clone()),
        })
    }

    /// The signals, in the order of the configuration.
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// Whom queries are for.
    pub fn monitor(&self) -> Option<&MonitorWritten> {
        self.monitor.as_ref()
    }

    /// What the signals say together at a moment, in milliseconds of the machine's monotonic clock.
    pub fn verdict(&self, states: &States, stale: Stale, now: u64) -> Verdict {
        let mut verdict = Verdict::FREE;
        for (place, signal) in self.signals.iter().enumerate() {
            let judgement = states
                .of(place)
                .judgement(signal.grade.as_ref(), stale, now);
            verdict.hear(judgement, signal.grade.is_some());
        }
        verdict
    }

    /// The signal whose values come most seldom, and what may pass between two of them, in a zone that is evaluated
    /// every so many milliseconds.
    pub fn slowest(&self, interval: u64) -> Option<(&str, u64)> {
        let gaps = self.signals.iter().map(|signal| {
            let monitor = self.monitor.as_ref();
            let gap = match (&signal.source, signal.interval) {
                (Source::Local(_), own) => gap(interval, own.unwrap_or(0)),
                (Source::Query(_), own) => {
                    let seldom = own.or(monitor.map(|monitor| monitor.interval));
                    // The answer is taken when the zone is evaluated next.
                    gap(interval, seldom.unwrap_or(0)) + longest(interval)
                }
            };
            (signal.name.as_str(), gap)
        });
        gaps.max_by_key(|(_, gap)| *gap)
    }

    /// The same for the same signals.
    pub fn identity(&self) -> u64 {
        let texts = self.signals.iter().map(|signal| signal.text.as_str());
        xxh3_64(texts.collect::<Vec<_>>().join("\n").as_bytes())
    }
}

/// What may pass between two looks at a signal that is looked at every `own` milliseconds at most.
fn gap(interval: u64, own: u64) -> u64 {
    let is_due_in = due(0, own);
    match is_due_in <= interval - interval / 10 {
        true => longest(interval),
        false => is_due_in + longest(interval),
    }
}

/// What may pass between two evaluations of a zone.
fn longest(interval: u64) -> u64 {
    interval + interval / 10
}

/// When a signal is due again. Rounds are a little early or late, which makes nobody wait for another one.
pub(super) fn due(now: u64, interval: u64) -> u64 {
    now + interval - interval / 5
}

#[cfg(test)]
impl Plan {
    /// A plan of these parts.
    pub(super) fn made_of(signals: Vec<Signal>, monitor: Option<MonitorWritten>) -> Self {
        Self { signals, monitor }
    }

    /// With one plain signal, which is read at this path.
    pub fn watching(path: &str) -> Self {
        let source = Source::Local(Box::new(LocalWritten::at(path)));
        let signal = Signal {
            name: "s".into(),
            source,
            grade: None,
            interval: None,
            text: path.into(),
        };
        Self::made_of(vec![signal], None)
    }
}

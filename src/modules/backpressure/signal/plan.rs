//! The signals of a backpressure zone, as they were written and found to be in order.

use xxhash_rust::xxh3::xxh3_64;

use super::grade::Grade;
use super::local::LocalWritten;
use super::monitor::MonitorWritten;
use super::standing::{Stale, Verdict};
use super::state::States;
use crate::conf::{Diagnostic, Diagnostics, Scope, Span};
use crate::modules::proxy::Hidden;

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
    /// Where it says what the value comes from.
    pub at: Span,
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
pub(super) struct Written(pub(super) Vec<Signal>);

/// The monitor of a block.
pub(super) struct WrittenMonitor {
    pub(super) monitor: MonitorWritten,
    pub(super) span: Span,
}

impl Plan {
    /// What the block of a zone says, whose head is at `span`; nothing if that is not in order, which is told.
    pub fn of(diagnostics: &mut Diagnostics, scope: &Scope, zone: (&str, Span)) -> Option<Self> {
        if scope.is_incomplete {
            return None;
        }
        let Some(Written(signals)) = scope.get() else {
            let message = format!("backpressure zone \"{}\" has no signals", zone.0);
            let help = "add a line such as \"signal busy path=/connections/active warn=500 emergency=1000;\"";
            diagnostics.push(Diagnostic::error(zone.1, message).with_help(help));
            return None;
        };
        let monitor = scope.get::<WrittenMonitor>();
        let is_query = |signal: &&Signal| matches!(signal.source, Source::Query(_));
        let mut queries = signals.iter().filter(is_query).peekable();
        match (monitor, queries.peek()) {
            (None, Some(_)) => {
                queries.for_each(|signal| {
                    let problem = Diagnostic::error(signal.at, "\"query\" requires \"monitor\"");
                    diagnostics.push(
                        problem.with_help("add \"monitor http://127.0.0.1:9090;\" to the zone"),
                    );
                });
                return None;
            }
            (Some(monitor), None) => {
                let message = "\"monitor\" is not asked by any signal";
                diagnostics.push(Diagnostic::warning(monitor.span, message));
            }
            _ => {}
        }
        Some(Self {
            signals: signals.clone(),
            monitor: monitor.map(|written| written.monitor.clone()),
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

    /// Tells of signals that would read an upstream which the status tree does not show: each worker has counts of its own.
    pub(in crate::modules) fn warn_of_upstreams(
        &self,
        diagnostics: &mut Diagnostics,
        hidden: &Hidden,
    ) {
        for signal in &self.signals {
            let Source::Local(local) = &signal.source else {
                continue;
            };
            let paths = [Some(&local.path), local.over.as_ref()];
            let reads = |name: &&String| {
                let place = format!("/http/upstreams/{name}/");
                let mut prefixes = paths.iter().flatten().map(|path| path.prefix());
                prefixes.any(|prefix| {
                    prefix.starts_with(&place) || hidden.are_all && prefix == "/http/upstreams/"
                })
            };
            if let Some(name) = hidden.names.iter().find(reads) {
                let message = format!("upstream \"{name}\" is not shown to signals");
                let help = format!("add a line such as \"zone {name} 64k;\" to the upstream");
                diagnostics.push(Diagnostic::warning(signal.at, message).with_help(help));
            }
        }
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
            at: Span::NOWHERE,
        };
        Self::made_of(vec![signal], None)
    }
}

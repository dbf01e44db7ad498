//! The signals of a backpressure zone, as they were written and found to be in order.

use xxhash_rust::xxh3::xxh3_64;

use super::grade::Grade;
use super::local::LocalWritten;
use super::monitor::MonitorWritten;
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

    /// The same for the same signals.
    pub(super) fn identity(&self) -> u64 {
        let texts = self.signals.iter().map(|signal| signal.text.as_str());
        xxh3_64(texts.collect::<Vec<_>>().join("\n").as_bytes())
    }
}

#[cfg(test)]
impl Plan {
    /// A plan of these parts.
    pub(super) fn made_of(signals: Vec<Signal>, monitor: Option<MonitorWritten>) -> Self {
        Self { signals, monitor }
    }
}

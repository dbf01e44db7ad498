//! `js_periodic`: a script that is called by itself, now and then.
//!
//! A worker does that beside its requests. A call that takes longer than the interval is not begun twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::handler::Handler;
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, values,
};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::http::course::request::Request;
use crate::http::plan::chore::Chore;
use crate::http::plan::runtime::Runtime;
use crate::os;

/// Every `js_periodic` of a location.
#[derive(Default)]
pub(super) struct PeriodicsWritten(pub Vec<PeriodicWritten>);

/// `js_periodic`
#[derive(Clone)]
pub(super) struct PeriodicWritten {
    pub name: String,
    pub span: Span,
    interval: Duration,
    jitter: Duration,
    affinity: Affinity,
}

/// Which workers call a script.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Affinity {
    First,
    All,
    /// Those whose place, counted from the right, has a 1.
    Mask(String),
}

pub(super) const ROWS: [DirectiveSpec; 1] = [DirectiveSpec {
    name: "js_periodic",
    contexts: Contexts::LOCATION,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "js_periodic MODULE.FUNCTION [interval=TIME] [jitter=TIME] [worker_affinity=MASK | all];",
        default: "",
        text: "A function is called every `interval` (5s unless it is said), beginning when a worker starts, each time up to \
               `jitter` later, by chance. It is given an object with `variables` and `rawVariables`, those of a \
               request that nobody made, and may be asynchronous; while a call goes on no other one begins. The first \
               worker calls it, or with `worker_affinity` all of them, or those with a 1 in the mask, whose last \
               digit stands for the first worker. What it throws is in the error log. A worker \
               that is to end because of a reload begins no more calls.",
        example: "location @refresh {\n    js_periodic main.refresh interval=60s;\n    js_fetch_trusted_certificate /etc/ssl/certs/ca-certificates.crt;\n}",
    },
    apply: read,
    ..SPEC
}];

fn read(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut written = PeriodicWritten {
        name: statement.text(1).to_owned(),
        span: statement.word(1).span,
        interval: Duration::from_secs(5),
        jitter: Duration::ZERO,
        affinity: Affinity::First,
    };
    for index in 2..=statement.arguments().len() {
        let text = statement.text(index);
        let wrong = || {
            let message = format!("invalid parameter \"{text}\" of \"js_periodic\"");
            let help =
                "expected interval=TIME, jitter=TIME, or worker_affinity=all or a mask of 0 and 1";
            statement.error(index, message).with_help(help)
        };
        let time = |value| values::milliseconds(value).map(Duration::from_millis);
        match text.split_once('=') {
            Some(("interval", value)) => {
                let interval = time(value).map_err(|_| wrong())?;
                written.interval = Some(interval)
                    .filter(|one| !one.is_zero())
                    .ok_or_else(wrong)?;
            }
            Some(("jitter", value)) => written.jitter = time(value).map_err(|_| wrong())?,
            Some(("worker_affinity", "all")) => written.affinity = Affinity::All,
            Some(("worker_affinity", mask))
                if !mask.is_empty() && mask.bytes().all(|digit| matches!(digit, b'0' | b'1')) =>
            {
                written.affinity = Affinity::Mask(mask.to_owned());
            }
            _ => return Err(wrong()),
        }
    }
    let all = statement.scope.get_or_default::<PeriodicsWritten>();
    all.0.push(written);
    Ok(())
}

impl Affinity {
    fn has(&self, worker: usize) -> bool {
        match self {
            Self::First => worker == 0,
            Self::All => true,
            Self::Mask(mask) => mask.bytes().rev().nth(worker) == Some(b'1'),
        }
    }
}

impl PeriodicWritten {
    /// Has the script called, if this process is to call it.
    pub(super) fn begin(&self, builder: &mut Builder<'_>, handler: Handler) {
        let is_worker = matches!(builder.memory.role(), Role::Worker(_));
        if is_worker && self.affinity.has(builder.memory.number()) {
            builder.worker_chores.push(Box::new(Periodic {
                every: self.interval,
                round: Arc::new(Round {
                    name: self.name.clone(),
                    handler,
                    jitter: self.jitter,
                    is_under_way: AtomicBool::new(false),
                    runtime: OnceLock::new(),
                }),
            }));
        }
    }
}

/// The script of one directive, as a worker calls it.
struct Periodic {
    every: Duration,
    round: Arc<Round>,
}

struct Round {
    /// What the directive calls.
    name: String,
    handler: Handler,
    jitter: Duration,
    is_under_way: AtomicBool,
    runtime: OnceLock<&'static Runtime>,
}

impl Chore for Periodic {
    fn every(&self) -> Option<Duration> {
        Some(self.every)
    }

    fn begin(&self, runtime: &'static Runtime) {
        // It is told once.
        let _ = self.round.runtime.set(runtime);
    }

    fn is_brief(&self) -> bool {
        true
    }

    fn run(&self) {
        let round = Arc::clone(&self.round);
        // Others do it by now where this one has but a few clients left.
        let serves = |runtime: &&'static Runtime| runtime.connections.accepts();
        if !round.runtime.get().is_some_and(serves) {
            return;
        }
        if !round.is_under_way.swap(true, Ordering::Relaxed) {
            tokio::spawn(async move {
                let over = Over(round);
                over.0.call().await;
            });
        }
    }
}

/// Ends a round, also one that has panicked.
struct Over(Arc<Round>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.is_under_way.store(false, Ordering::Relaxed);
    }
}

impl Round {
    async fn call(&self) {
        if let Some(most) = u64::try_from(self.jitter.as_millis())
            .ok()
            .filter(|most| *most > 0)
        {
            let chance = os::random().unwrap_or_default() % most;
            tokio::time::sleep(Duration::from_millis(chance)).await;
        }
        let runtime = self.runtime.get();
        let Some(mut request) = runtime.and_then(|runtime| Request::of_nobody(runtime)) else {
            return;
        };
        let mut result = self.handler.call(&mut request, |_, _| Ok(()));
        while result.is_ok() {
            let Some(wait) = self.handler.wait(&mut request) else {
                return;
            };
            wait.await;
            request.time_passed();
            result = self.handler.go_on(&mut request);
        }
        if let Err(fault) = result {
            log::error!("js exception: {fault} in js_periodic \"{}\"", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_counts_workers_from_the_right() {
        let workers =
            |affinity: Affinity| (0..4).filter(|one| affinity.has(*one)).collect::<Vec<_>>();
        assert_eq!(workers(Affinity::First), [0]);
        assert_eq!(workers(Affinity::All), [0, 1, 2, 3]);
        assert_eq!(workers(Affinity::Mask("0101".into())), [0, 2]);
        assert_eq!(workers(Affinity::Mask("1".into())), [0]);
    }
}

//! Signals as a whole: lines of configuration, a tree, a monitor that may be hostile, and what they come to.

mod addresses;
mod encryption;
mod monitors;
mod rounds;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::evaluator::Evaluator;
use super::grade::{CURVE, Grade};
use super::local::LocalWritten;
use super::monitor::MonitorWritten;
use super::plan::{Plan, Signal, Source};
use super::standing::{Stale, StaleRule};
use super::state::{Snapshot, States};
use crate::conf::Span;
use crate::http::build::memory::Unshared;
use crate::status::{Tree, Value};

const GRADE: Grade = Grade {
    warn: 10.0,
    emergency: 100.0,
    curve: CURVE,
};
const OPEN: Stale = Stale {
    after: 5000,
    rule: StaleRule::Open,
};

fn signal(name: &str, source: Source, grade: Option<Grade>) -> Signal {
    Signal {
        name: name.to_owned(),
        source,
        grade,
        interval: None,
        text: name.to_owned(),
        at: Span::NOWHERE,
    }
}

fn local(path: &str) -> Source {
    Source::Local(Box::new(LocalWritten::at(path)))
}

/// A zone under test: its signals, and a tree with one number in it.
struct Trial {
    plan: Arc<Plan>,
    states: States,
    stale: Stale,
    tree: Tree,
    load: Arc<AtomicU64>,
    evaluator: Evaluator,
    /// When there was a round last.
    now: u64,
}

impl Trial {
    fn new(signals: Vec<Signal>, monitor: Option<MonitorWritten>, stale: Stale) -> Self {
        let plan = Arc::new(Plan::made_of(signals, monitor));
        let states = States::open(&mut Unshared, "api", &plan).unwrap();
        let load = Arc::new(AtomicU64::new(ABSENT));
        let mut tree = Tree::new();
        let shown = Arc::clone(&load);
        tree.leaf(&["status", "load"], move || {
            let value = shown.load(Ordering::Relaxed);
            (value != ABSENT).then_some(Value::Integer(value))
        });
        let evaluator = Evaluator::new("api", Arc::clone(&plan), states.clone());
        Self {
            plan,
            states,
            stale,
            tree,
            load,
            evaluator,
            now: 0,
        }
    }

    fn at(&mut self, now: u64, load: u64) -> (f64, bool) {
        self.load.store(load, Ordering::Relaxed);
        self.round(now)
    }

    fn round(&mut self, now: u64) -> (f64, bool) {
        self.evaluator.look(&self.tree, now);
        self.evaluator.settle(now);
        self.now = now;
        self.said_at(now)
    }

    /// What the signals come to at a moment.
    fn said_at(&self, now: u64) -> (f64, bool) {
        let verdict = self.plan.verdict(&self.states, self.stale, now);
        (verdict.allowance, verdict.is_firing)
    }

    fn snapshot(&self, place: usize) -> Snapshot {
        let grade = self.plan.signals()[place].grade;
        let state = self.states.of(place);
        state.read(grade.as_ref(), self.stale, self.now)
    }

    /// Rounds until the first signal was evaluated so often.
    fn until(&mut self, evaluations: u64) -> Snapshot {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            self.round(
                u64::try_from(Instant::now().duration_since(self.began()).as_millis()).unwrap(),
            );
            let snapshot = self.snapshot(0);
            if snapshot.evaluations >= evaluations {
                return snapshot;
            }
            assert!(Instant::now() < end, "{snapshot:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn began(&self) -> Instant {
        static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *BEGAN.get_or_init(Instant::now)
    }
}

const ABSENT: u64 = u64::MAX;

/// An answer of a monitor with this body.
fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The body of an answer with these samples.
fn vector(result: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{result}]}}}}"#)
}

const SAMPLE: &str = r#"{"metric":{},"value":[1435781451.781,"30"]}"#;

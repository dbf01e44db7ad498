//! Who looks after zones: the keeper, on a thread for each zone, so that what else it does cannot delay that; and each
//! worker, for the case that the keeper does not move.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::watch::{Duty, Watch};
use super::zone::Zone;
use crate::http::plan::chore::Chore;
use crate::http::plan::runtime::Runtime;

/// Looks after a zone in the keeper.
pub(super) struct Evaluation {
    zone: Arc<Zone>,
    work: Mutex<Option<JoinHandle<()>>>,
    is_over: Arc<AtomicBool>,
}

impl Evaluation {
    /// Of this zone.
    pub(super) fn new(zone: Arc<Zone>) -> Self {
        Self {
            zone,
            work: Mutex::new(None),
            is_over: Arc::default(),
        }
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(work) = self.work.lock().take() {
            work.thread().unpark();
            // What it panicked over was logged.
            drop(work.join());
        }
    }
}

impl Chore for Evaluation {
    fn every(&self) -> Option<Duration> {
        None
    }

    fn begin(&self, runtime: &'static Runtime) {
        let is_over = Arc::clone(&self.is_over);
        let mut watch = Watch::new(Arc::clone(&self.zone), Duty::Begins);
        let work = move || {
            while !is_over.load(Ordering::Relaxed) {
                // A panic was reported, and ends this round only.
                let rest = catch_unwind(AssertUnwindSafe(|| watch.go(&runtime.tree)));
                thread::park_timeout(rest.ok().flatten().unwrap_or(IDLE));
            }
        };
        let name = &self.zone.name;
        match thread::Builder::new().spawn(work) {
            Ok(work) => *self.work.lock() = Some(work),
            Err(error) => {
                log::error!("backpressure zone \"{name}\": no thread for its signals: {error}");
            }
        }
    }

    fn run(&self) {}

    fn leave(&self) {
        self.end();
    }

    fn finish(&self) {
        self.end();
    }
}

/// Looks after a zone in a worker while the keeper does not.
pub(super) struct StandIn {
    watch: Mutex<Watch>,
    runtime: OnceLock<&'static Runtime>,
}

impl StandIn {
    /// Of this zone.
    pub(super) fn new(zone: Arc<Zone>) -> Self {
        Self {
            watch: Mutex::new(Watch::new(zone, Duty::Stands)),
            runtime: OnceLock::new(),
        }
    }
}

impl Chore for StandIn {
    fn every(&self) -> Option<Duration> {
        Some(IDLE)
    }

    fn begin(&self, runtime: &'static Runtime) {
        // A process has one.
        self.runtime.get_or_init(|| runtime);
    }

    /// Does one turn: while it looks after the zone, that is as long as the time until the next.
    fn run(&self) {
        let Some(runtime) = self.runtime.get() else {
            return;
        };
        let (mut watch, end) = (self.watch.lock(), Instant::now() + IDLE);
        while let Some(rest) = watch.go(&runtime.tree) {
            if Instant::now() + rest >= end {
                return;
            }
            thread::sleep(rest);
        }
    }
}

/// How often is looked whether there is something to do.
const IDLE: Duration = Duration::from_millis(500);

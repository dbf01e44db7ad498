//! What the keeper does for a zone each second: ends sessions that are idle; and when the server ends, all of them.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::closing;
use super::zones::Entry;
use crate::http::build::builder::Builder;
use crate::http::plan::chore::Chore;
use crate::http::plan::runtime::Runtime;
use crate::metric::Moment;
use crate::modules::shared_zone::Holder;
use crate::os;
use crate::sessions::{Session, Swept};

/// Adds what the keeper does for a zone.
pub(super) fn add_chore(builder: &mut Builder<'_>, entry: &Arc<Entry>) {
    builder.chores.push(Box::new(Sweep {
        entry: Arc::clone(entry),
        runtime: OnceLock::new(),
    }));
}

struct Sweep {
    entry: Arc<Entry>,
    /// What lines of the log are evaluated with.
    runtime: OnceLock<&'static Runtime>,
}

impl Sweep {
    /// Tells of sessions that an earlier server left.
    fn tell_found(&self, patience: Duration) {
        let told = self
            .runtime
            .get()
            .map(|runtime| closing::tell_found(&self.entry, runtime, patience));
        if let Some(Err(error)) = told {
            self.complain(&error);
        }
    }

    /// Tells of something that went wrong, once a minute at most.
    fn complain(&self, error: &dyn std::fmt::Display) {
        if self.entry.may_complain(Moment(os::monotonic())) {
            log::error!("session zone \"{}\": {error}", self.entry.name);
        }
    }

    /// Tells what a sweep has found that should not be.
    fn tell_problems(&self, swept: Swept) {
        let name = &self.entry.name;
        if swept.stuck > 0 {
            let stuck = swept.stuck;
            log::warn!(
                "session zone \"{name}\": {stuck} sessions are over and held by a process that does not move"
            );
        }
        if swept.broken > 0 {
            let broken = swept.broken;
            log::error!(
                "session zone \"{name}\": its memory was damaged: {broken} sessions or rows of the history are lost"
            );
        }
        if swept.is_mended {
            log::error!(
                "session zone \"{name}\": its memory was damaged: what sessions there are was counted anew"
            );
        }
    }

    fn tell(&self, closed: &Session) {
        if let Some(runtime) = self.runtime.get() {
            closing::write(&self.entry, closed, runtime);
        }
    }
}

impl Chore for Sweep {
    fn every(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn begin(&self, runtime: &'static Runtime) {
        // It is said once.
        let _ = self.runtime.set(runtime);
    }

    fn run(&self) {
        self.tell_found(SHARE);
        let now = Moment(os::monotonic());
        let sessions = &self.entry.sessions;
        match sessions.sweep(now, &mut |closed| self.tell(closed)) {
            Ok(swept) => self.tell_problems(swept.unwrap_or_default()),
            Err(error) => self.complain(&error),
        }
    }

    /// Nobody is there any more who could go on with a session. What is not told in time is closed when the next server
    /// starts, if the zone lasts.
    fn finish(&self) {
        let entry = &self.entry;
        if entry.log.is_none() && entry.lasting().is_none() {
            return;
        }
        let end = Instant::now() + LONGEST;
        self.tell_found(LONGEST);
        let now = Moment(os::monotonic());
        let closed = entry.sessions.close_while(now, &mut |closed| {
            self.tell(closed);
            match Instant::now() < end {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        let name = &entry.name;
        match closed {
            Ok(true) => {}
            Ok(false) if entry.lasting().is_some() => log::info!(
                "session zone \"{name}\": some sessions are closed when the server begins again: there are too many"
            ),
            Ok(false) => {
                log::warn!(
                    "session zone \"{name}\": some sessions have no line in the log: there are too many"
                );
            }
            Err(error) => log::error!("session zone \"{name}\": {error}"),
        }
    }
}

/// How much of each second is for sessions that an earlier server left.
const SHARE: Duration = Duration::from_millis(200);
/// How long they may keep a server from ending.
const LONGEST: Duration = Duration::from_secs(5);

//! What the keeper does for a zone each second: ends sessions that are idle; and when the server ends, all of them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::closing;
use super::zones::Entry;
use crate::http::build::builder::Builder;
use crate::http::plan::chore::Chore;
use crate::http::plan::runtime::Runtime;
use crate::metric::Moment;
use crate::os;
use crate::sessions::Session;

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
        let (name, sessions) = (&self.entry.name, &self.entry.sessions);
        let now = Moment(os::monotonic());
        match sessions.sweep(now, &mut |closed| self.tell(closed)) {
            Ok(Some(swept)) if swept.stuck > 0 => {
                let stuck = swept.stuck;
                log::warn!(
                    "session zone \"{name}\": {stuck} sessions are over and held by a process that does not move"
                );
            }
            Ok(_) => {}
            Err(error) => log::error!("session zone \"{name}\": {error}"),
        }
    }

    /// Nobody is there any more who could go on with a session.
    fn finish(&self) {
        let now = Moment(os::monotonic());
        let closed = self
            .entry
            .sessions
            .close_all(now, &mut |closed| self.tell(closed));
        if let Err(error) = closed {
            log::error!("session zone \"{}\": {error}", self.entry.name);
        }
    }
}

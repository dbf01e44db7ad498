//! Reloads: the next generation is built and started beside the one that serves.
//!
//! Only when every worker of it accepts does it take over, and the others finish. Until then nothing
//! has changed, and whatever goes wrong, the server goes on as it was.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::daemon;
use super::error_log;
use super::generation::Generation;
use super::hand_over::Duty;
use super::keeper::LEAVE;
use super::master::{Master, notice, start_worker};
use super::report::Audience;
use super::restart::Restart;
use super::workers::Which;
use crate::conf::Loader;
use crate::http::build::lifecycle::Reload;
use crate::modules::process::LogLevel;

/// The next generation, whose workers are starting.
pub(super) struct Coming {
    pub(super) generation: Generation,
    pub(super) deadline: Instant,
}

impl Master {
    /// Begins a reload; while one is under way, it is repeated after it.
    pub(super) fn reload(&mut self) {
        self.reload_from(self.source.files());
    }

    /// The same with a text that is elsewhere.
    pub(super) fn reload_from(&mut self, text: Box<dyn Loader>) {
        if self.end.is_some() {
            return;
        }
        if self.coming.is_some() {
            self.reload_again = true;
            return;
        }
        notice("reconfiguring");
        let before = Some(&self.current);
        let early_log = self.early_log.as_deref();
        let built = Generation::build(&self.source, text, before, early_log, Audience::Log);
        let Some(mut generation) = built else {
            error_log::write(LogLevel::Error, "the configuration was not reloaded");
            self.count_reload(Reload::Failed);
            return;
        };
        generation.tell();
        let deadline = Instant::now() + START_PATIENCE;
        let coming = self.coming.insert(Coming {
            generation,
            deadline,
        });
        for _ in 0..coming.generation.settings.workers {
            if let Err(error) = start_worker(&mut self.workers, &coming.generation, Duty::Serve) {
                self.abandon_reload(&error);
                return;
            }
        }
    }

    /// Gives the service to the next generation as soon as all of its workers accept.
    pub(super) fn finish_reload(&mut self) {
        let Some(coming) = self.coming.take() else {
            return;
        };
        let number = coming.generation.number;
        if self.workers.serving(number) < coming.generation.settings.workers {
            let is_late = coming.deadline <= Instant::now();
            self.coming = Some(coming);
            if is_late {
                self.abandon_reload("its workers do not become ready");
            }
            return;
        }
        self.current = coming.generation;
        self.count_reload(Reload::Successful);
        self.workers.dismiss(Which::NotOf(number), libc::SIGQUIT);
        self.workers.dismiss(Which::KeepersNotOf(number), LEAVE);
        self.is_serving = true;
        self.restart = Restart::default();
        self.move_pid();
        self.warn_of_lost_logs(Audience::Log);
        let sinks = self.sinks();
        if self.is_daemon
            && let Err(error) = daemon::leave_standard_error(&sinks)
        {
            log::warn!("standard error stays where it was: {error}");
        }
        error_log::change(sinks);
        self.reopen_own_logs();
        let whereabouts = self.current.whereabouts();
        notice(&format!("generation {number} is serving: {whereabouts}"));
    }

    /// Begins the reload that was asked for while another was under way, however that ended.
    pub(super) fn repeat_reload(&mut self) {
        if self.coming.is_none() && std::mem::take(&mut self.reload_again) {
            self.reload();
        }
    }

    /// Stays with the generation that serves.
    pub(super) fn abandon_reload(&mut self, why: &str) {
        let Some(coming) = self.coming.take() else {
            return;
        };
        let number = coming.generation.number;
        self.workers.dismiss(Which::Of(number), libc::SIGTERM);
        let message = format!("the configuration was not reloaded: {why}");
        error_log::write(LogLevel::Emerg, &message);
        self.count_reload(Reload::Failed);
    }

    fn count_reload(&self, reload: Reload) {
        self.current.lifecycle.count_reload(reload, now());
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// How long the workers of a new generation may take until they accept.
const START_PATIENCE: Duration = Duration::from_secs(60);

//! The master: one loop around everything that can happen to a server.
//!
//! It waits for signals and for news of workers, and brings what is nearer to what should be: enough
//! workers of the current generation, none of others but those that are finishing. Nothing in the loop
//! waits for a single thing, so a reload can be overtaken by a stop, and a worker dies at any time.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::command_line::CommandLine;
use super::daemon::Launch;
use super::error_log::{self, Sinks};
use super::generation::{Generation, Source};
use super::hand_over::Duty;
use super::keeper::LastWork;
use super::pid_file::{self, PidFile};
use super::reload::Coming;
use super::report::Audience;
use super::restart::Restart;
use super::signals::{self, Signals};
use super::usage;
use super::worker::identity;
use super::workers::{Ended, Manner, Which, Workers};
use crate::conf::reason;
use crate::modules::process::LogLevel;
use crate::os::{self, LogFile};

/// The process that owns the configuration and the shared memory.
pub(super) struct Master {
    pub(super) source: Source,
    pub(super) early_log: Option<PathBuf>,
    pub(super) default_pid: PathBuf,
    pub(super) is_daemon: bool,
    pub(super) signals: Signals,
    pub(super) workers: Workers,
    pub(super) current: Generation,
    pub(super) coming: Option<Coming>,
    /// Another reload was asked for while one was under way.
    pub(super) reload_again: bool,
    /// False after `WINCH`, until the next reload.
    pub(super) is_serving: bool,
    pub(super) restart: Restart,
    /// When the files behind shared memory are looked at next.
    pub(super) next_look: Instant,
    pub(super) end: Option<End>,
    /// When keepers that were told to end are killed.
    pub(super) keepers_end: Option<Instant>,
    pub(super) last_work: LastWork,
    pub(super) pid: Option<PidFile>,
}

/// How the server is ending.
pub(super) enum End {
    /// As soon as requests are done.
    Graceful,
    /// At once; what is left at the deadline is killed.
    Fast { deadline: Instant },
}

impl Master {
    /// Reads the configuration and listens. `None` when something is wrong, which was told.
    pub(super) fn start(source: Source, line: &CommandLine, launch: Launch) -> Option<Self> {
        let fatal = |message: String| Audience::Terminal.line(LogLevel::Emerg, &message);
        let signals = Signals::listen();
        let signals = signals.map_err(|error| fatal(format!("no signals ({})", reason(&error))));
        let early_log = line.early_log.clone();
        let early = early_log.as_deref();
        let text = source.files();
        let current = Generation::build(&source, text, None, early, Audience::Terminal)?;
        let is_daemon = matches!(launch, Launch::Daemon(_));
        let mut master = Self {
            early_log: early_log.clone(),
            default_pid: line.pid.clone(),
            is_daemon,
            signals: signals.ok()?,
            workers: Workers::new(early_log, is_daemon),
            current,
            coming: None,
            reload_again: false,
            is_serving: true,
            restart: Restart::default(),
            next_look: Instant::now(),
            end: None,
            keepers_end: None,
            last_work: LastWork::default(),
            pid: None,
            source,
        };
        let pid = master.write_pid(Audience::Terminal);
        master.pid = pid.map_err(fatal).ok()?;
        master.warn_of_lost_logs(Audience::Terminal);
        let sinks = master.sinks();
        let left = launch.listening(&sinks);
        left.map_err(|error| fatal(format!("no daemon ({})", reason(&error))))
            .ok()?;
        error_log::change(sinks);
        master.say_hello();
        master.current.tell();
        Some(master)
    }

    /// The first line of a server in its log.
    fn say_hello(&self) {
        let commit = usage::COMMIT.map_or(String::new(), |commit| format!(" ({commit})"));
        let name = usage::name_and_version();
        notice(&format!(
            "{name}{commit} starts: {}",
            self.current.whereabouts()
        ));
    }

    /// Serves until it is told to end.
    pub(super) fn serve(mut self) {
        notice("start worker processes");
        loop {
            self.fill_up();
            self.wait();
            for signal in self.signals.take() {
                self.obey(signal);
            }
            // After the signals: a child that ends now sends one that was not taken yet.
            for ended in self.workers.reap() {
                self.note_end(&ended);
            }
            self.finish_reload();
            self.repeat_reload();
            self.look_after_files();
            self.count_workers();
            self.end_keepers();
            if self.end.is_some() && self.workers.is_empty() && !self.misses_keeper() {
                break;
            }
            self.hurry();
            error_log::settle();
        }
        error_log::finish();
        notice("exit");
    }

    /// Waits for a signal, news of a worker, or a time at which something is to be done.
    fn wait(&mut self) {
        let now = Instant::now();
        let paused = self.restart.pause(now);
        let paused = paused.filter(|_| self.missing() > 0 || self.misses_keeper());
        let reload = self.coming.as_ref().map(|coming| coming.deadline);
        let end = match self.end {
            Some(End::Fast { deadline }) => Some(deadline),
            _ => None,
        };
        let keepers = self.keepers_end;
        let times = [paused, reload, end, keepers, self.next_look()];
        let first = times.into_iter().flatten().min();
        let patience = first.map(|moment| moment.saturating_duration_since(now));
        let mut descriptors = vec![self.signals.as_fd()];
        descriptors.extend(self.workers.news());
        let readable = os::wait_readable(&descriptors, patience);
        if readable.is_ok_and(|readable| readable[1..].contains(&true)) {
            self.workers.welcome();
            let coming = self
                .coming
                .iter()
                .flat_map(|coming| &coming.generation.sockets);
            let all = self.current.sockets.iter().chain(coming);
            all.for_each(super::listen::Bound::restore_backlog);
        }
    }

    fn note_end(&mut self, ended: &Ended) {
        let expected = ended.manner == Manner::Told || self.end.is_some();
        let level = if expected || ended.is_success() {
            LogLevel::Notice
        } else {
            LogLevel::Alert
        };
        error_log::write(level, &ended.story());
        let is_coming = |coming: &Coming| coming.generation.number == ended.generation;
        self.current.areas.forget_worker(ended.place);
        self.note_last_work(ended);
        self.current.areas.forget_left();
        if ended.manner == Manner::Told || self.end.is_some() {
            return;
        }
        if self.coming.as_ref().is_some_and(is_coming) {
            self.abandon_reload("a worker of it ended at once");
            return;
        }
        if ended.duty == Duty::Serve {
            self.current.lifecycle.count_restart();
        }
        if ended.manner == Manner::AtStart {
            self.restart.failed(Instant::now());
        } else {
            self.restart.succeeded();
        }
    }

    fn obey(&mut self, signal: i32) {
        if signal != libc::SIGCHLD {
            notice(&format!(
                "signal {signal} ({}) received",
                signals::name(signal)
            ));
        }
        match signal {
            libc::SIGTERM | libc::SIGINT => self.end_fast(),
            libc::SIGQUIT => self.end_gracefully(),
            libc::SIGHUP => self.reload(),
            libc::SIGUSR1 => self.reopen_logs(),
            libc::SIGUSR2 => {
                error_log::write(LogLevel::Warn, "replacing the program is not supported");
            }
            libc::SIGWINCH => self.stop_serving(),
            _ => {}
        }
    }

    /// How many workers of the current generation there should be in addition.
    fn missing(&self) -> usize {
        if self.end.is_some() || !self.is_serving {
            return 0;
        }
        let staying = self.workers.staying(self.current.number);
        self.current.settings.workers.saturating_sub(staying)
    }

    fn count_workers(&self) {
        let serving = self.workers.serving(self.current.number);
        self.current.lifecycle.set_workers(serving);
    }

    fn fill_up(&mut self) {
        if self.restart.pause(Instant::now()).is_some() {
            return;
        }
        let missing = std::iter::repeat_n(Duty::Serve, self.missing());
        for duty in missing.chain(self.misses_keeper().then_some(Duty::Keep)) {
            if let Err(error) = start_worker(&mut self.workers, &self.current, duty) {
                error_log::write(LogLevel::Alert, &error);
                self.restart.failed(Instant::now());
                if self.end.is_some() {
                    self.last_work.failed();
                }
                return;
            }
        }
    }

    /// A daemon only: terminals that change their size send this signal to everything in the foreground,
    /// and those who run containers pass it on.
    fn stop_serving(&mut self) {
        if self.end.is_some() || !self.is_daemon {
            return;
        }
        self.abandon_reload("the workers are to end");
        self.reload_again = false;
        self.is_serving = false;
        self.workers.dismiss(Which::All, libc::SIGQUIT);
    }

    fn end_gracefully(&mut self) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(End::Graceful);
        self.coming = None;
        self.restart = Restart::default();
        self.workers.dismiss(Which::All, libc::SIGQUIT);
        // Nobody shall wait in a queue that is not looked at any more.
        self.current.sockets.clear();
    }

    fn end_fast(&mut self) {
        if matches!(self.end, Some(End::Fast { .. })) {
            return;
        }
        let deadline = Instant::now() + STOP_PATIENCE;
        self.end = Some(End::Fast { deadline });
        self.coming = None;
        self.restart = Restart::default();
        self.workers.dismiss(Which::All, libc::SIGTERM);
    }

    /// Kills what does not end in time.
    fn hurry(&mut self) {
        if let Some(End::Fast { deadline }) = &mut self.end
            && *deadline <= Instant::now()
        {
            *deadline = Instant::now() + STOP_PATIENCE;
            self.workers.signal(Which::All, libc::SIGKILL);
        }
    }

    fn reopen_logs(&self) {
        // The master first: its workers may not be allowed to make a file.
        self.reopen_own_logs();
        self.workers.signal(Which::All, libc::SIGUSR1);
        self.workers.signal(Which::Keepers, libc::SIGUSR1);
    }

    pub(super) fn reopen_own_logs(&self) {
        let owner = identity(&self.current.settings);
        for (path, error) in LogFile::reopen_all(owner.as_ref()) {
            let path = path.display();
            let message = format!("open() \"{path}\" failed ({})", reason(&error));
            error_log::write(LogLevel::Emerg, &message);
        }
        if self.is_daemon {
            error_log::redirect_standard_error();
        }
    }

    /// The demo touches no files.
    fn pid_path(&self) -> Option<PathBuf> {
        let named = self.current.settings.pid.as_ref();
        let named = named.map(|path| self.source.prefix.join(path));
        let path = named.unwrap_or_else(|| self.default_pid.clone());
        self.source.demo.is_none().then_some(path)
    }

    fn write_pid(&self, audience: Audience) -> Result<Option<PidFile>, String> {
        let Some(path) = self.pid_path() else {
            return Ok(None);
        };
        let advice = "write \"pid FILE;\" into the configuration";
        if let Some(other) = pid_file::another(&path) {
            let message = format!(
                "\"{}\" was that of another master, {other}, which -s does not find any more: {advice} of either",
                path.display()
            );
            audience.line(LogLevel::Warn, &message);
        }
        let is_named = self.current.settings.pid.is_some();
        let written = PidFile::write(path);
        written.map(Some).map_err(|message| match is_named {
            true => message,
            false => format!("{message}: {advice}, or name a folder that you may write to by -p"),
        })
    }

    pub(super) fn move_pid(&mut self) {
        if self.pid.as_ref().map(PidFile::path) == self.pid_path().as_deref() {
            return;
        }
        match self.write_pid(Audience::Log) {
            Ok(pid) => self.pid = pid,
            Err(message) => error_log::write(LogLevel::Emerg, &message),
        }
    }

    /// Where the current generation logs; a daemon has no terminal to log to.
    pub(super) fn sinks(&mut self) -> Sinks {
        let sinks = self.current.sinks.take();
        match sinks.filter(|_| !self.logs_nowhere()) {
            Some(sinks) => sinks,
            None => Sinks::none(),
        }
    }

    fn logs_nowhere(&self) -> bool {
        self.is_daemon && self.early_log.is_none() && self.current.settings.logs.is_empty()
    }

    pub(super) fn warn_of_lost_logs(&self, audience: Audience) {
        if self.logs_nowhere() {
            let message = "there is no \"error_log\": what the daemon has to say is lost";
            audience.line(LogLevel::Warn, message);
        }
    }
}

pub(super) fn start_worker(
    workers: &mut Workers,
    generation: &Generation,
    duty: Duty,
) -> Result<(), String> {
    let name = duty.name();
    match workers.start(generation, duty) {
        Ok(process) => {
            notice(&format!("start {name} process {process}"));
            Ok(())
        }
        Err(error) => Err(format!(
            "a {name} could not be started ({})",
            reason(&error)
        )),
    }
}

pub(super) fn notice(message: &str) {
    error_log::write(LogLevel::Notice, message);
}

/// How long workers may take to end at once: what they have under way is counted and logged first.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

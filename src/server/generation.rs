//! A generation: one configuration with everything that serving it takes.
//!
//! It is built beside the one that is serving and takes over what both need; only when nothing went
//! wrong does it replace it. What was read is recorded, so that its workers understand the same text.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::demo;
use super::error_log::Sinks;
use super::listen::{self, Bound};
use super::memory::{Areas, MasterMemory};
use super::reload::now;
use super::report::Audience;
use crate::conf::{self, Disk, Foreign, Loader, Parsed, Recorder, Recording, reason};
use crate::http::build::lifecycle::Lifecycle;
use crate::http::build::memory::{Memory, Unshared};
use crate::http::plan::runtime::Runtime;
use crate::modules::environment;
use crate::modules::process::{ErrorLog, LogLevel, Settings};
use crate::modules::{self, Loaded};
use crate::os;

/// Where a configuration comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Source {
    /// The main file.
    pub(super) main: PathBuf,
    /// Where its relative paths begin.
    pub(super) prefix: PathBuf,
    /// Further directives, of the command line.
    pub(super) directives: Option<String>,
    /// The ports of the demo, if the main file is the built-in one.
    pub(super) demo: Option<demo::Ports>,
}

/// One configuration with everything that serving it takes.
pub(super) struct Generation {
    pub(super) number: u64,
    pub(super) source: Source,
    pub(super) settings: Settings,
    /// Variables of the environment that workers have beside the server's own.
    pub(super) environment: Vec<(String, String)>,
    pub(super) sockets: Vec<Bound>,
    pub(super) areas: Areas,
    pub(super) lifecycle: Lifecycle,
    pub(super) recording: OwnedFd,
    /// Its logs, opened; taken when it begins to serve.
    pub(super) sinks: Option<Sinks>,
    /// Those of the workers, where they differ; here to be opened anew with all others.
    _worker_sinks: Option<Sinks>,
    /// Whether something is to be done beside requests.
    pub(super) has_chores: bool,
    /// Keeps open what the configuration opened, its log files above all.
    pub(super) runtime: Option<Runtime>,
}

impl Source {
    /// Reads the text.
    pub(super) fn read(&self, loader: &mut dyn Loader) -> Parsed {
        conf::parse(&self.main, self.directives.as_deref(), loader)
    }

    /// Where the text is.
    pub(super) fn files(&self) -> Box<dyn Loader> {
        match self.demo {
            Some(ports) => Box::new(demo::BuiltIn(ports)),
            None => Box::new(Disk),
        }
    }

    /// Reads the text, and keeps what was read.
    pub(super) fn record(&self, files: Box<dyn Loader>) -> (Parsed, Recorder<Box<dyn Loader>>) {
        let mut recorder = Recorder::new(files);
        (self.read(&mut recorder), recorder)
    }

    /// What the text says about processes; what is wrong with it is left for others to tell.
    pub(super) fn glance(&self) -> Settings {
        let (parsed, _) = self.record(self.files());
        let mut ignored = parsed.diagnostics;
        let rows = modules::process::MODULE.directives;
        Settings::of(&conf::apply(
            &parsed.tree,
            &[rows],
            Foreign::NONE,
            &mut ignored,
        ))
    }

    /// Understands a text that was read; `files` gives what else belongs to it.
    pub(super) fn load(
        &self,
        parsed: Parsed,
        files: &mut dyn Loader,
        memory: &mut dyn Memory,
        number: u64,
    ) -> Loaded {
        modules::load(parsed, files, memory, &self.prefix, number)
    }

    /// Checks everything that can be checked without serving; tells what is wrong.
    pub(super) fn check(&self, early_log: Option<&Path>, extent: Extent) -> Checked {
        let audience = Audience::Terminal;
        let (mut parsed, mut files) = self.record(self.files());
        if extent == Extent::Lenient {
            parsed.diagnostics.forgive_what_is_missing();
        }
        let loaded = self.load(parsed, &mut files, &mut Unshared, 1);
        match extent {
            Extent::Reload => {
                audience.diagnostics(&loaded.diagnostics.without_advice(), &loaded.sources);
            }
            _ => audience.diagnostics(&loaded.diagnostics, &loaded.sources),
        }
        let syntax = !loaded.diagnostics.has_errors();
        let mut works = syntax;
        if syntax {
            let settings = Settings::of(&loaded.main);
            warn(&settings, audience);
            works &= open_logs(&settings, &self.prefix, early_log, audience).is_some();
            let listeners = loaded.runtime.as_ref().map(|one| one.listeners.as_slice());
            for problem in listen::check(listeners.unwrap_or_default()) {
                audience.line(LogLevel::Emerg, &problem);
                works = false;
            }
        }
        Checked {
            syntax,
            works,
            loaded,
        }
    }
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything, and it tells what could be better.
    Full,
    /// The same without what only other servers have, which is told and left out.
    Lenient,
    /// What would keep a server from taking it up.
    Reload,
}

/// What a check found.
pub(super) struct Checked {
    /// The text is right.
    pub(super) syntax: bool,
    /// And it could be served.
    pub(super) works: bool,
    /// The configuration.
    pub(super) loaded: Loaded,
}

impl Generation {
    /// Builds a generation, whose text is in `text`, on top of the one that is serving. `None` when something is wrong, which
    /// `audience` was told; nothing is changed then.
    ///
    /// Zones are taken over last, since there is no way back: by then the same text was understood
    /// with memory of nobody's, and its logs and sockets are there.
    pub(super) fn build(
        source: &Source,
        text: Box<dyn Loader>,
        before: Option<&Self>,
        early_log: Option<&Path>,
        audience: Audience,
    ) -> Option<Self> {
        let number = before.map_or(1, |before| before.number + 1);
        let (parsed, mut files) = source.record(text);
        let tried = source.load(parsed, &mut files, &mut Unshared, number);
        let tried = understand(tried, audience)?;
        let settings = Settings::of(&tried.main);
        warn(&settings, audience);
        let (sinks, worker_sinks) = open_logs(&settings, &source.prefix, early_log, audience)?;
        let listeners = tried.runtime.as_ref().map(|one| one.listeners.as_slice());
        let sockets = listen::open(
            listeners.unwrap_or_default(),
            before.map_or(&[], |before| &before.sockets),
            audience,
        )?;
        provide(tried.runtime.as_ref(), &mut files, audience)?;
        let mut recording = files.into_recording();
        let sealed = seal(&recording).map_err(|error| {
            let message = format!(
                "the configuration cannot be handed over ({})",
                reason(&error)
            );
            audience.line(LogLevel::Emerg, &message);
        });
        let sealed = sealed.ok()?;
        let nothing = Areas::default();
        let mut memory = MasterMemory::new(before.map_or(&nothing, |before| &before.areas));
        let lifecycle = open_lifecycle(&mut memory, audience)?;
        let parsed = source.read(&mut recording);
        let loaded = source.load(parsed, &mut recording, &mut memory, number);
        if loaded.diagnostics.has_errors() {
            audience.diagnostics(&loaded.diagnostics, &loaded.sources);
            return None;
        }
        Some(Self {
            number,
            source: source.clone(),
            settings,
            environment: environment::variables(&tried.main),
            sockets,
            areas: memory.into_areas(),
            lifecycle,
            recording: sealed,
            sinks: Some(sinks),
            _worker_sinks: worker_sinks,
            has_chores: loaded
                .runtime
                .as_ref()
                .is_some_and(|one| !one.chores.is_empty() || !one.provisions.is_empty()),
            runtime: loaded.runtime,
        })
    }
}

impl Generation {
    /// Where its text is from and where it listens, for the log.
    pub(super) fn whereabouts(&self) -> String {
        let main = match self.source.demo {
            Some(_) => "the built-in demo".to_owned(),
            None => self.source.main.display().to_string(),
        };
        let listeners = self.runtime.iter().flat_map(|one| &one.listeners);
        let all: Vec<String> = listeners.map(|one| one.address.to_string()).collect();
        let shown = all[..all.len().min(MOST_ADDRESSES)].join(", ");
        match all.len().saturating_sub(MOST_ADDRESSES) {
            _ if all.is_empty() => format!("{main}, listening nowhere"),
            0 => format!("{main}, listening at {shown}"),
            more => format!("{main}, listening at {shown} and {more} more addresses"),
        }
    }

    /// Tells the log what building it has brought up.
    pub(super) fn tell(&mut self) {
        let told = self
            .runtime
            .as_mut()
            .map(|runtime| std::mem::take(&mut runtime.told));
        for (level, message) in told.into_iter().flatten() {
            log::log!(level, "{message}");
        }
    }
}

/// How many addresses a line of the log names.
const MOST_ADDRESSES: usize = 16;

/// Tells what is wrong with a configuration; `None` when it cannot be used.
fn understand(loaded: Loaded, audience: Audience) -> Option<Loaded> {
    audience.diagnostics(&loaded.diagnostics.without_advice(), &loaded.sources);
    (!loaded.diagnostics.has_errors()).then_some(loaded)
}

/// Makes what the configuration needs besides.
fn provide(runtime: Option<&Runtime>, files: &mut dyn Loader, audience: Audience) -> Option<()> {
    let mut provisions = runtime.into_iter().flat_map(|one| &one.provisions);
    let provided = provisions.try_for_each(|one| one.provide(files));
    provided
        .map_err(|message| audience.line(LogLevel::Emerg, &message))
        .ok()
}

fn warn(settings: &Settings, audience: Audience) {
    if settings.user.is_some() && !os::is_root() {
        let message = "\"user\" has no effect unless the server is started by root";
        audience.line(LogLevel::Warn, message);
    }
}

fn open_lifecycle(memory: &mut MasterMemory<'_>, audience: Audience) -> Option<Lifecycle> {
    let fatal = |error| {
        let message = format!("no shared memory ({})", reason(&error));
        audience.line(LogLevel::Emerg, &message);
    };
    let lifecycle = Lifecycle::open(memory).map_err(fatal).ok()?;
    lifecycle.start(now());
    Some(lifecycle)
}

fn seal(recording: &Recording) -> io::Result<OwnedFd> {
    os::sealed("pingauge configuration", &serde_json::to_vec(recording)?)
}

/// Opens the logs of the master, and those of the workers where they differ.
fn open_logs(
    settings: &Settings,
    prefix: &Path,
    early_log: Option<&Path>,
    audience: Audience,
) -> Option<(Sinks, Option<Sinks>)> {
    let open = |logs: &[ErrorLog]| {
        let tell = |(path, error): (PathBuf, io::Error)| {
            let path = path.display();
            let message = format!("open() \"{path}\" failed ({})", reason(&error));
            audience.line(LogLevel::Emerg, &message);
        };
        Sinks::of(logs, prefix, early_log).map_err(tell).ok()
    };
    let of_workers = match settings.http_logs.as_slice() {
        [] => None,
        logs => Some(open(logs)?),
    };
    Some((open(&settings.logs)?, of_workers))
}

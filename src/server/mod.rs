//! Processes: the command line, the master, its workers, signals, reloads, the error log.
//!
//! The master reads the configuration, makes the shared memory, binds the sockets and serves nothing
//! itself. Workers are further runs of this program that inherit what they need, each with one thread.
//! A reload builds the next generation beside the one that serves, starts its workers, and only when
//! they accept are the others told to finish. The master is single-threaded and lives in one loop, so
//! that nothing here needs a lock.
#![forbid(unsafe_code)]

mod accept;
mod command_line;
mod daemon;
mod demo;
mod drain;
mod error_log;
mod generation;
mod hand_over;
mod keeper;
mod listen;
mod log_limit;
mod master;
mod memory;
mod pid_file;
mod reload;
mod report;
mod restart;
mod restore;
mod signals;
mod survey;
mod usage;
mod worker;
mod workers;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use command_line::{CommandLine, Surroundings, Task, Word};
use daemon::Launch;
use error_log::Sinks;
use generation::{Extent, Source};
use master::Master;
use report::{Audience, MASTER, PROGRAM, say};

use crate::conf::reason;
use crate::modules::Loaded;
use crate::modules::process::{LogLevel, Settings};
use crate::{clients, os};

/// The reference of the command line and of signals, in Markdown.
pub fn reference() -> String {
    usage::reference()
}

/// Does what the command line asks for; the first argument is the program's name.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    os::claim_title();
    if arguments.get(1).map(OsString::as_os_str) == Some(OsStr::new(hand_over::OPTION)) {
        return worker::run(arguments.get(2).map_or(OsStr::new(""), OsString::as_os_str));
    }
    if let Some(word) = arguments.get(1).and_then(|word| word.to_str())
        && let Some(code) = clients::run(word, arguments.iter().skip(2).cloned())
    {
        return code;
    }
    let (launch, arguments) = Launch::of(arguments);
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    let surroundings = Surroundings {
        here: &here,
        // One that may not be looked at is there.
        is_installed: command_line::installed_main().try_exists().unwrap_or(true),
    };
    let line = match command_line::understand(&arguments, &surroundings) {
        Ok(line) => line.with_own_pid(),
        Err(message) => {
            say(&format!("{PROGRAM}: {message}\n"));
            return ExitCode::FAILURE;
        }
    };
    if let (Err(message), Launch::Command) = (log_early(&line), &launch) {
        say(&format!("{PROGRAM}: [alert] {message}\n"));
    }
    let done = match &line.task {
        Task::Print(text) => print(text).is_ok(),
        Task::Check { dump, lenient } => check(&line, *dump, *lenient),
        Task::Survey => survey::survey(&line),
        Task::Signal(word) => signal(&line, *word),
        Task::Run | Task::Demo => serve(&line, launch, &arguments),
    };
    if done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn log_early(line: &CommandLine) -> Result<(), String> {
    let opened = match &line.early_log {
        Some(path) => Sinks::file_at(path, LogLevel::Notice),
        None => Ok(Sinks::stderr(LogLevel::Notice)),
    };
    let (sinks, result) = match opened {
        Ok(sinks) => (sinks, Ok(())),
        Err((path, error)) => {
            let path = path.display();
            let message = format!(
                "could not open error log file \"{path}\" ({})",
                reason(&error)
            );
            (Sinks::stderr(LogLevel::Notice), Err(message))
        }
    };
    error_log::start(sinks);
    result
}

impl CommandLine {
    fn source(&self) -> Source {
        match self.task {
            Task::Demo => demo::source(),
            _ => Source {
                main: self.main.clone(),
                prefix: self.prefix.clone(),
                directives: self.directives.clone(),
                demo: None,
            },
        }
    }

    /// The process number of a server whose configuration says nothing about it is kept where whoever
    /// starts it may write: beside the main file, or in the folder that the session has for such things.
    fn with_own_pid(mut self) -> Self {
        if self.pid.parent() != Some(Path::new(command_line::RUN)) {
            return self;
        }
        let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let folders = [
            Some(command_line::RUN.into()),
            Some(self.prefix.clone()),
            session,
        ];
        let mut folders = folders.into_iter().flatten();
        if let Some(folder) = folders.find(|folder| os::may_make_files(folder).is_ok()) {
            let name = self.pid.file_name().map(ToOwned::to_owned);
            self.pid = folder.join(name.unwrap_or_default());
        }
        self
    }
}

/// `-t` and `-T`
fn check(line: &CommandLine, dump: bool, lenient: bool) -> bool {
    let extent = if lenient {
        Extent::Lenient
    } else {
        Extent::Full
    };
    let checked = line.source().check(line.early_log.as_deref(), extent);
    let main = line.main.display();
    if checked.syntax && !line.quiet {
        say(&format!(
            "{PROGRAM}: the configuration file {main} syntax is ok\n"
        ));
    }
    if !checked.works {
        say(&format!(
            "{PROGRAM}: configuration file {main} test failed\n"
        ));
        return false;
    }
    if !line.quiet {
        let Loaded {
            diagnostics,
            sources,
            ..
        } = &checked.loaded;
        for line in diagnostics.lines_without_effect(sources) {
            say(&format!("{PROGRAM}: {line}\n"));
        }
        for note in checked.loaded.runtime.iter().flat_map(|one| &one.notes) {
            say(&format!("{PROGRAM}: {note}\n"));
        }
        say(&format!(
            "{PROGRAM}: configuration file {main} test is successful\n"
        ));
    }
    let mut text = Vec::new();
    for file in checked.loaded.sources.files().filter(|_| dump) {
        text.extend_from_slice(format!("# configuration file {}:\n", file.name).as_bytes());
        text.extend_from_slice(&file.text);
        text.push(b'\n');
    }
    io::stdout().write_all(&text).is_ok()
}

/// `-s`
fn signal(line: &CommandLine, word: Word) -> bool {
    let source = line.source();
    let (parsed, _) = source.record(source.files());
    if parsed.diagnostics.has_errors() {
        Audience::Terminal.diagnostics(&parsed.diagnostics, &parsed.sources);
        return false;
    }
    let early_log = line.early_log.as_deref();
    if word == Word::Reload && !source.check(early_log, Extent::Reload).works {
        let message = "the configuration cannot be used: the server was not told to reload it";
        Audience::Terminal.line(LogLevel::Error, message);
        return false;
    }
    let path = pid_path(line, &source, &source.glance());
    let process = match pid_file::read(&path) {
        Ok(process) => process,
        Err(message) => {
            Audience::Terminal.line(LogLevel::Error, &message);
            return false;
        }
    };
    let number = word.signal();
    if let Err(error) = os::signal(process, number) {
        let message = format!("kill({process}, {number}) failed ({})", reason(&error));
        Audience::Terminal.line(LogLevel::Alert, &message);
        return false;
    }
    true
}

/// Where the process number is kept.
fn pid_path(line: &CommandLine, source: &Source, settings: &Settings) -> PathBuf {
    let named = settings.pid.as_ref();
    named.map_or_else(|| line.pid.clone(), |path| source.prefix.join(path))
}

fn serve(line: &CommandLine, launch: Launch, arguments: &[OsString]) -> bool {
    let source = line.source();
    let demo = source.demo;
    // Whoever knows this process already is obeyed once there is something to be ordered about.
    let held = os::hold_signals();
    let becomes_daemon = matches!(launch, Launch::Command) && source.glance().daemon;
    if becomes_daemon {
        drop(held);
        return daemon::launch(arguments).unwrap_or_else(|error| {
            let message = format!("the daemon could not be started ({})", reason(&error));
            Audience::Terminal.line(LogLevel::Emerg, &message);
            false
        });
    }
    let words: Vec<_> = arguments.iter().map(|one| one.to_string_lossy()).collect();
    os::set_title(&format!("{MASTER} {}", words.join(" ")));
    let Some(master) = Master::start(source, line, launch) else {
        return false;
    };
    if demo.is_some_and(|ports| print(&demo::welcome(ports)).is_err()) {
        log::info!("nobody reads standard output");
    }
    master.serve();
    true
}

fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

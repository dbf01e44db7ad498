//! A worker: one process, one thread, one generation of the configuration.
//!
//! It replays the text the master read, takes the sockets and the memory it was handed, and serves
//! until the master tells it to end or dies. Told to finish, it stops accepting and ends when the
//! last connection is done; the connections themselves see to it that idle ones do not last.
//!
//! A panic is unwound and ends the one task it happened in, that is, one connection: every connection
//! has a task of its own, and nothing shared is locked across a request's code.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::panic::PanicHookInfo;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use pingora_core::server::ShutdownWatch;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::accept::Acceptor;
use super::drain::{Entrance, Open};
use super::error_log::{self, Sinks};
use super::hand_over::{Duty, HandOver, Handed};
use super::keeper;
use super::listen::covering;
use super::report::PROGRAM;
use crate::conf::reason;
use crate::http::client::connection::Application;
use crate::http::plan::chore::Chore;
use crate::http::plan::runtime::{Address, Listener, Runtime};
use crate::modules;
use crate::modules::process::{LogLevel, Settings};
use crate::os::{self, Identity, LogFile};

/// Runs a worker; `number` is where its hand-over is.
pub(super) fn run(number: &OsStr) -> ExitCode {
    error_log::start(Sinks::stderr(LogLevel::Error));
    std::panic::set_hook(Box::new(report_panic));
    let result = HandOver::read(number)
        .map_err(|error| format!("no hand-over ({})", reason(&error)))
        .and_then(|hand_over| match hand_over.duty {
            Duty::Serve => work(&hand_over),
            Duty::Keep => keeper::keep(&hand_over),
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            error_log::write(LogLevel::Emerg, &message);
            ExitCode::from(UNUSABLE)
        }
    }
}

/// Whom the workers belong to; `None` when the master may not change it.
pub(super) fn identity(settings: &Settings) -> Option<Identity> {
    let user = || settings.user.clone().unwrap_or_else(Identity::nobody);
    os::is_root().then(user)
}

/// The exit code of a worker that cannot begin, as nginx has it.
const UNUSABLE: u8 = 2;

fn work(hand_over: &HandOver) -> Result<(), String> {
    os::set_title(&format!(
        "{PROGRAM}: worker process #{}",
        hand_over.generation
    ));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no event loop ({})", reason(&error)))?;
    let result = runtime.block_on(async {
        // First of all: signals are held back until somebody listens.
        let orders =
            Orders::listen().map_err(|error| format!("no signals ({})", reason(&error)))?;
        let worker = Ready::begin(hand_over)?;
        worker.serve(orders, hand_over).await
    });
    // Requests that are broken off are logged, too.
    runtime.shutdown_background();
    modules::metric::finish();
    error_log::finish();
    modules::log::flush();
    result
}

/// The signals of the master.
struct Orders {
    stop: Signal,
    interrupt: Signal,
    finish: Signal,
    reopen: Signal,
    /// Meant for the master only, but whole groups of processes get them.
    _ignored: [Signal; 2],
}

impl Orders {
    fn listen() -> io::Result<Self> {
        let orders = Self {
            stop: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            finish: signal(SignalKind::quit())?,
            reopen: signal(SignalKind::user_defined1())?,
            _ignored: [
                signal(SignalKind::hangup())?,
                signal(SignalKind::user_defined2())?,
            ],
        };
        os::admit_signals()?;
        Ok(orders)
    }
}

/// A process that has understood what it was handed.
pub(super) struct Ready {
    pub(super) runtime: Option<&'static Runtime>,
    settings: Settings,
    sockets: HashMap<String, OwnedFd>,
    /// To be written to when the process does what it is for.
    pub(super) ready: File,
}

impl Ready {
    /// Takes everything over.
    pub(super) fn begin(hand_over: &HandOver) -> Result<Self, String> {
        let because =
            |what: &'static str| move |error: io::Error| format!("{what} ({})", reason(&error));
        let Handed {
            ready,
            mut recording,
            sockets,
            mut memory,
        } = hand_over.take().map_err(because("no hand-over"))?;
        let source = &hand_over.source;
        let parsed = source.read(&mut recording);
        let loaded = source.load(parsed, &mut recording, &mut memory, hand_over.generation);
        if loaded.diagnostics.has_errors() {
            for (_, line) in loaded.diagnostics.log_lines(&loaded.sources) {
                error_log::write(LogLevel::Emerg, &line);
            }
            let name = hand_over.duty.name();
            return Err(format!("the configuration cannot be used by a {name}"));
        }
        let settings = Settings::of(&loaded.main);
        open_logs(&settings, hand_over)?;
        if hand_over.duty == Duty::Serve {
            become_worker(&settings)?;
        }
        os::end_with_parent(hand_over.master).map_err(because("no master"))?;
        Ok(Self {
            // A process has one configuration until it ends.
            runtime: loaded.runtime.map(|runtime| &*Box::leak(Box::new(runtime))),
            settings,
            sockets,
            ready: ready.into(),
        })
    }
}

fn become_worker(settings: &Settings) -> Result<(), String> {
    if let Err(error) = os::limit_open_files(settings.open_files) {
        // It serves all the same, with as many as it had.
        let message = format!("the limit of open files cannot be set ({})", reason(&error));
        error_log::write(LogLevel::Alert, &message);
    }
    let because = |error: io::Error| format!("the user cannot be changed ({})", reason(&error));
    identity(settings).map_or(Ok(()), |identity| os::assume(&identity).map_err(because))
}

impl Ready {
    async fn serve(mut self, mut orders: Orders, hand_over: &HandOver) -> Result<(), String> {
        let is_daemon = hand_over.logging.is_daemon;
        let open = Arc::new(Open::default());
        let (shutdown, watch) = watch::channel(false);
        let mut listening = self.listen(&open, &watch, hand_over.generation)?;
        if let Some(runtime) = self.runtime {
            for chore in &runtime.worker_chores {
                chore.begin(runtime);
                drop(tokio::spawn(repeat(&**chore)));
            }
        }
        if self.ready.write_all(b"R").is_err() {
            // The master has decided otherwise meanwhile.
            return Ok(());
        }
        drop(self.ready);
        let mut told = tokio::time::interval(TELL);
        loop {
            tokio::select! {
                _ = orders.stop.recv() => return Ok(()),
                _ = orders.interrupt.recv() => return Ok(()),
                _ = orders.finish.recv() => break,
                _ = orders.reopen.recv() => reopen_logs(is_daemon),
                _ = told.tick() => error_log::settle(),
            }
        }
        os::set_title(&format!(
            "{PROGRAM}: worker process is shutting down #{}",
            hand_over.generation
        ));
        error_log::write(LogLevel::Notice, "gracefully shutting down");
        shutdown.send_replace(true);
        if let Some(runtime) = self.runtime {
            runtime.connections.accepts_for(0);
        }
        let finished = async {
            while listening.join_next().await.is_some() {}
            // Connections accepted last have not begun to be counted yet.
            tokio::time::sleep(SETTLE).await;
            open.drained().await;
        };
        let patience = self.settings.shutdown.unwrap_or(Duration::MAX);
        tokio::select! {
            done = tokio::time::timeout(patience, finished) => if done.is_err() {
                let count = open.count();
                let message = format!("{count} connections are closed before they are done");
                error_log::write(LogLevel::Notice, &message);
            },
            _ = orders.stop.recv() => {}
            _ = orders.interrupt.recv() => {}
            () = reopen_forever(&mut orders.reopen, is_daemon) => {}
        }
        Ok(())
    }

    /// Begins to accept at every socket.
    fn listen(
        &mut self,
        open: &Arc<Open>,
        watch: &ShutdownWatch,
        generation: u64,
    ) -> Result<JoinSet<()>, String> {
        let mut tasks = JoinSet::new();
        let Some(runtime) = self.runtime else {
            return Ok(tasks);
        };
        let addresses: Vec<&Address> = runtime.listeners.iter().map(|one| &one.address).collect();
        runtime.connections.accepts_for(generation);
        let application =
            |listener: &'static Listener| Arc::new(Application::new(runtime, listener));
        for listener in &runtime.listeners {
            if covering(&addresses, &listener.address).is_some() {
                continue;
            }
            let covered = |one: &&'static Listener| {
                covering(&addresses, &one.address) == Some(&listener.address)
            };
            let specific = runtime.listeners.iter().filter(covered);
            let specific = specific.filter_map(|one| match one.address {
                Address::Tcp(address) => Some((address, application(one))),
                Address::Unix(_) => None,
            });
            let entrance =
                Entrance::new(application(listener), specific.collect(), Arc::clone(open));
            let address = listener.address.to_string();
            let fd = self.sockets.remove(&address);
            let fd = fd.ok_or_else(|| format!("no socket for {address} was handed over"))?;
            let acceptor = Acceptor::new(fd)
                .map_err(|error| format!("{address} cannot be served ({})", reason(&error)))?;
            tasks.spawn(acceptor.serve(&runtime.connections, entrance, watch.clone()));
        }
        Ok(tasks)
    }
}

/// Does a chore until the worker ends; one that takes longer than its rest is not begun twice.
async fn repeat(chore: &'static dyn Chore) {
    let Some(every) = chore.every() else { return };
    let mut due = tokio::time::interval(every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        // A panic was reported, and ends this run only.
        let _ = match chore.is_brief() {
            true => tokio::spawn(async { chore.run() }).await,
            false => tokio::task::spawn_blocking(|| chore.run()).await,
        };
    }
}

fn open_logs(settings: &Settings, hand_over: &HandOver) -> Result<(), String> {
    let logs = match settings.http_logs.as_slice() {
        [] => &settings.logs,
        logs => logs,
    };
    let early_log = hand_over.logging.early_log.as_deref();
    let sinks = Sinks::of(logs, &hand_over.source.prefix, early_log).map_err(|(path, error)| {
        format!("open() \"{}\" failed ({})", path.display(), reason(&error))
    })?;
    error_log::change(sinks);
    Ok(())
}

pub(super) fn reopen_logs(is_daemon: bool) {
    modules::log::flush();
    for (path, error) in LogFile::reopen_all(None) {
        let path = path.display();
        let message = format!("open() \"{path}\" failed ({})", reason(&error));
        error_log::write(LogLevel::Emerg, &message);
    }
    if is_daemon {
        error_log::redirect_standard_error();
    }
}

async fn reopen_forever(reopen: &mut Signal, is_daemon: bool) {
    while reopen.recv().await.is_some() {
        reopen_logs(is_daemon);
    }
}

fn report_panic(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("without a message");
    let place = panic.location().map(ToString::to_string);
    let place = place.as_deref().unwrap_or("an unknown place");
    error_log::write(
        LogLevel::Alert,
        &format!("a task panicked at {place}: {message}"),
    );
}

/// How often the log is asked for lines it left out.
const TELL: Duration = Duration::from_secs(1);
/// How long after the last accept a connection surely has begun.
const SETTLE: Duration = Duration::from_millis(20);

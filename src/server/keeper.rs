//! The keeper: one process beside the workers, for what comes round by itself (snapshots of zones, keys that
//! went out of use). It has the rights of the master, so that it may write where the workers must not.
//!
//! It ends after all workers, when nothing changes any more, so that what it does last is final; a
//! generation that is replaced has its keeper ended at once, for the next one goes on.

use std::io::Write;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::error_log;
use super::hand_over::{Duty, HandOver};
use super::master::Master;
use super::report::PROGRAM;
use super::signals::Signals;
use super::worker::{Ready, reopen_logs};
use super::workers::{Ended, Which};
use crate::conf::{Disk, reason};
use crate::http::plan::chore::Chore;
use crate::http::plan::provision::Provision;
use crate::modules;
use crate::modules::process::LogLevel;
use crate::os;

/// The master's order to do what is last and end. Whole groups of processes are told to end by other signals,
/// which a keeper does not obey: its time comes after the workers'.
pub(super) const FINISH: i32 = libc::SIGUSR2;
/// The master's order to make way for the keeper of the next generation.
pub(super) const LEAVE: i32 = libc::SIGHUP;

/// Does chores until it is told to end.
pub(super) fn keep(hand_over: &HandOver) -> Result<(), String> {
    os::set_title(&format!(
        "{PROGRAM}: keeper process #{}",
        hand_over.generation
    ));
    let signals = Signals::listen();
    let mut signals = signals.map_err(|error| format!("no signals ({})", reason(&error)))?;
    let Ready {
        runtime, mut ready, ..
    } = Ready::begin(hand_over)?;
    // A master that has decided otherwise meanwhile has said so by a signal.
    let _ = ready.write_all(b"R");
    drop(ready);
    let chores = runtime.map_or(&[][..], |runtime| &runtime.chores);
    if let Some(runtime) = runtime {
        chores.iter().for_each(|chore| chore.begin(runtime));
    }
    let provisions = runtime.map_or(&[][..], |runtime| &runtime.provisions);
    let upkeep: Vec<Upkeep> = provisions.iter().map(|one| Upkeep(&**one)).collect();
    let upkeep = upkeep.iter().map(|one| one as &dyn Chore);
    let all = chores.iter().map(|chore| &**chore).chain(upkeep);
    let mut rounds: Vec<Round> = all.filter_map(Round::of).collect();
    loop {
        for signal in signals.take() {
            match signal {
                LEAVE => {
                    modules::metric::finish();
                    chores.iter().for_each(|chore| chore.leave());
                    error_log::finish();
                    return Ok(());
                }
                FINISH => {
                    modules::metric::finish();
                    chores.iter().for_each(|chore| chore.finish());
                    error_log::finish();
                    return Ok(());
                }
                libc::SIGUSR1 => reopen_logs(hand_over.logging.is_daemon),
                _ => {}
            }
        }
        let now = Instant::now();
        let due = rounds.iter_mut().filter(|round| round.next <= now);
        due.for_each(Round::go);
        error_log::settle();
        let next = rounds.iter().map(|round| round.next).min();
        let patience = next.map_or(IDLE, |next| next.saturating_duration_since(Instant::now()));
        let _woken = os::wait_readable(&[signals.as_fd()], Some(patience.min(IDLE)));
    }
}

/// How often the log is asked for lines it left out.
const IDLE: Duration = Duration::from_secs(1);

/// A chore, and when it is due.
struct Round<'a> {
    chore: &'a dyn Chore,
    every: Duration,
    next: Instant,
}

impl<'a> Round<'a> {
    fn of(chore: &'a dyn Chore) -> Option<Self> {
        let every = chore.every()?;
        let next = Instant::now() + every;
        Some(Self { chore, every, next })
    }

    /// One that takes longer than its interval leaves others as much time as it took.
    fn go(&mut self) {
        let begun = Instant::now();
        self.chore.run();
        self.next = (begun + self.every).max(Instant::now() + begun.elapsed());
    }
}

/// What was provided when the configuration was loaded is looked at again: certificates that are about to run
/// out. Workers notice by themselves what was renewed.
struct Upkeep<'a>(&'a dyn Provision);

impl Chore for Upkeep<'_> {
    fn every(&self) -> Option<Duration> {
        Some(Duration::from_secs(60 * 60))
    }

    fn run(&self) {
        if let Err(message) = self.0.provide(&mut Disk) {
            error_log::write(LogLevel::Error, &message);
        }
    }
}

/// What is done last, when the server ends and all workers are gone: by the keeper, or if that died by another.
#[derive(Debug, Default)]
pub(super) struct LastWork {
    is_told: bool,
    is_over: bool,
    failures: u32,
}

impl LastWork {
    /// Whether somebody is to be told to do it.
    fn is_due(&self) -> bool {
        !self.is_told && !self.is_over
    }

    /// Whoever was to do it ended otherwise, or could not be started.
    pub(super) fn failed(&mut self) {
        self.is_told = false;
        self.failures += 1;
        if self.failures >= MOST_FAILURES {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) {
            let message = "the last snapshots are not made: no keeper could do it";
            error_log::write(LogLevel::Alert, message);
        }
    }
}

/// How often it is tried.
const MOST_FAILURES: u32 = 3;

impl Master {
    /// Whether a keeper is to be started; once the server ends, whether there is nobody for what is last.
    pub(super) fn misses_keeper(&self) -> bool {
        let is_time = match self.end {
            None => true,
            Some(_) => self.last_work.is_due() && !self.workers.are_there(Which::All),
        };
        is_time && self.current.has_chores && !self.workers.has_keeper(self.current.number)
    }

    /// A process ended that may have been told to do what is last.
    pub(super) fn note_last_work(&mut self, ended: &Ended) {
        if self.end.is_some() && ended.duty == Duty::Keep && ended.generation == self.current.number
        {
            if !ended.is_success() {
                self.last_work.failed();
            } else if self.last_work.is_told {
                self.last_work.is_over = true;
            }
        }
    }

    /// Once all workers are gone: tells the keeper to end, and kills keepers that do not. Those of other
    /// generations, which were told to leave before, are waited for, so that nothing comes after the last.
    pub(super) fn end_keepers(&mut self) {
        let is_time = self.end.is_some() && !self.workers.are_there(Which::All);
        if !is_time || !self.workers.are_there(Which::Keepers) {
            return;
        }
        let others = Which::KeepersNotOf(self.current.number);
        let now = Instant::now();
        let end = *self.keepers_end.get_or_insert_with(|| {
            self.workers.dismiss(others, LEAVE);
            now + PATIENCE
        });
        let is_there = self.workers.has_keeper(self.current.number);
        if is_there && self.last_work.is_due() && !self.workers.are_there(others) {
            self.last_work.is_told = true;
            self.workers.dismiss(Which::Keepers, FINISH);
        }
        if end <= now {
            self.keepers_end = Some(now + PATIENCE);
            let late = match self.workers.are_there(others) {
                true => others,
                false => Which::Keepers,
            };
            if late == Which::Keepers {
                self.last_work.give_up();
            }
            self.workers.signal(late, libc::SIGKILL);
        }
    }
}

/// How long the last snapshots may take.
const PATIENCE: Duration = Duration::from_secs(30);

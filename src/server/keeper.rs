//! The keeper: one process beside the workers, for what comes round by itself (snapshots of zones, keys that
//! went out of use). It has the rights of the master, so that it may write where the workers must not.
//!
//! It ends after all workers, when nothing changes any more, so that what it does last is final; a
//! generation that is replaced has its keeper ended at once, for the next one goes on.

use std::io::Write;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::error_log;
use super::hand_over::HandOver;
use super::master::Master;
use super::report::PROGRAM;
use super::signals::Signals;
use super::worker::{Ready, reopen_logs};
use super::workers::Which;
use crate::conf::{Disk, reason};
use crate::http::chore::Chore;
use crate::http::provision::Provision;
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
    if ready.write_all(b"R").is_err() {
        return Ok(());
    }
    drop(ready);
    let chores = runtime.map_or(&[][..], |runtime| &runtime.chores);
    let provisions = runtime.map_or(&[][..], |runtime| &runtime.provisions);
    let upkeep: Vec<Upkeep> = provisions.iter().map(|one| Upkeep(&**one)).collect();
    let upkeep = upkeep.iter().map(|one| one as &dyn Chore);
    let all = chores.iter().map(|chore| &**chore).chain(upkeep);
    let mut rounds: Vec<Round> = all.filter_map(Round::of).collect();
    loop {
        for signal in signals.take() {
            match signal {
                LEAVE => {
                    chores.iter().for_each(|chore| chore.leave());
                    return Ok(());
                }
                FINISH => {
                    chores.iter().for_each(|chore| chore.finish());
                    error_log::settle();
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

impl Master {
    /// Whether a keeper is to be started.
    pub(super) fn misses_keeper(&self) -> bool {
        self.end.is_none()
            && self.current.has_chores
            && !self.workers.has_keeper(self.current.number)
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
        if !self.is_finishing && !self.workers.are_there(others) {
            self.is_finishing = true;
            self.workers.dismiss(Which::Keepers, FINISH);
        }
        if end <= now {
            self.keepers_end = Some(now + PATIENCE);
            self.workers.signal(Which::Keepers, libc::SIGKILL);
        }
    }
}

/// How long the last snapshots may take.
const PATIENCE: Duration = Duration::from_secs(30);

//! The worker processes of a master: started, watched, signalled, missed.
//!
//! Each has a place that no other living worker has, old generations included, so that what workers
//! count for themselves in shared memory never mixes. Beside that it has a number among those of its generation, from 0
//! on, which one that is started for another that died takes over: what the first of them does, somebody does.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::generation::Generation;
use super::hand_over::{self, Duty, HandOver, Logging};
use super::report::PROGRAM;
use super::signals;
use crate::http::plan::counters::MOST_WORKERS;
use crate::os::{self, Session};

/// Every worker process that lives.
#[derive(Default)]
pub(super) struct Workers {
    all: Vec<Worker>,
    /// Places of workers that died: what they had in hand there is taken up by the next worker in the place, so these
    /// are given out first.
    left: Vec<usize>,
    /// Handed to workers: where to log unless the configuration says so.
    early_log: Option<PathBuf>,
    is_daemon: bool,
}

struct Worker {
    child: Child,
    generation: u64,
    place: usize,
    /// Which of its generation it is.
    number: usize,
    duty: Duty,
    state: State,
}

enum State {
    /// Until it writes to this pipe, or closes it.
    Starting(PipeReader),
    /// It accepts.
    Serving,
    /// It was told to end.
    Leaving,
}

/// A worker that ended.
pub(super) struct Ended {
    process: u32,
    pub(super) generation: u64,
    /// Where it counted.
    pub(super) place: usize,
    pub(super) manner: Manner,
    pub(super) duty: Duty,
    status: ExitStatus,
}

/// When a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Before it accepted.
    AtStart,
    /// While it should serve.
    AtWork,
    /// As it was told to.
    Told,
}

/// Which workers are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Every one that serves.
    All,
    /// Those of this generation that serve.
    Of(u64),
    /// Those of all other generations that serve.
    NotOf(u64),
    /// Every keeper.
    Keepers,
    /// The keepers of all other generations.
    KeepersNotOf(u64),
}

impl Which {
    fn includes(self, worker: &Worker) -> bool {
        let keeps = worker.duty == Duty::Keep;
        match self {
            Self::All => !keeps,
            Self::Of(number) => !keeps && number == worker.generation,
            Self::NotOf(number) => !keeps && number != worker.generation,
            Self::Keepers => keeps,
            Self::KeepersNotOf(number) => keeps && number != worker.generation,
        }
    }
}

impl Workers {
    /// None yet.
    pub(super) fn new(early_log: Option<PathBuf>, is_daemon: bool) -> Self {
        Self {
            all: Vec::new(),
            left: Vec::new(),
            early_log,
            is_daemon,
        }
    }

    /// Starts a worker of a generation; gives its process number.
    ///
    /// # Errors
    /// When there are too many, or the system cannot start one.
    pub(super) fn start(&mut self, generation: &Generation, duty: Duty) -> io::Result<u32> {
        let place = self.free_place()?;
        let number = self.free_number(generation.number);
        let (reader, writer) = io::pipe()?;
        let logging = Logging {
            early_log: self.early_log.clone(),
            is_daemon: self.is_daemon,
        };
        let (text, mut descriptors) =
            HandOver::write(generation, (place, number, duty), logging, writer.as_fd())?;
        descriptors.push(text.as_fd());
        let mut command = Command::new("/proc/self/exe");
        command
            .arg0(format!(
                "{PROGRAM}: {} process #{}",
                duty.name(),
                generation.number
            ))
            .arg(hand_over::OPTION)
            .arg(std::os::fd::AsRawFd::as_raw_fd(&text).to_string())
            .stdin(Stdio::null())
            .envs(
                generation
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            // Huge pages would make several MB of each worker out of what takes one.
            .env("MIMALLOC_ALLOW_THP", "0");
        let child = os::spawn(&mut command, &descriptors, Session::Same)?;
        let process = child.id();
        self.left.retain(|left| *left != place);
        self.all.push(Worker {
            child,
            generation: generation.number,
            place,
            number,
            duty,
            state: State::Starting(reader),
        });
        Ok(process)
    }

    /// What can be read when a worker is ready, or failed to start.
    pub(super) fn news(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.all.iter().filter_map(|worker| match &worker.state {
            State::Starting(pipe) => Some(pipe.as_fd()),
            _ => None,
        })
    }

    /// Takes in the news of workers that became ready. To be called only when there are some.
    pub(super) fn welcome(&mut self) {
        for worker in &mut self.all {
            let State::Starting(pipe) = &mut worker.state else {
                continue;
            };
            let there = os::wait_readable(&[pipe.as_fd()], Some(std::time::Duration::ZERO));
            if there.is_ok_and(|readable| readable == [true])
                && matches!(pipe.read(&mut [0]), Ok(1))
            {
                worker.state = State::Serving;
            }
        }
    }

    /// Takes out those that ended.
    pub(super) fn reap(&mut self) -> Vec<Ended> {
        // News of a short life must not be lost with its pipe.
        self.welcome();
        let mut ended = Vec::new();
        let left = &mut self.left;
        self.all.retain_mut(|worker| {
            let Ok(Some(status)) = worker.child.try_wait() else {
                return true;
            };
            if !status.success() {
                left.push(worker.place);
            }
            ended.push(Ended {
                process: worker.child.id(),
                generation: worker.generation,
                place: worker.place,
                duty: worker.duty,
                manner: match worker.state {
                    State::Starting(_) => Manner::AtStart,
                    State::Serving => Manner::AtWork,
                    State::Leaving => Manner::Told,
                },
                status,
            });
            false
        });
        ended
    }

    /// Sends a signal.
    pub(super) fn signal(&self, which: Which, signal: i32) {
        let meant = self.all.iter().filter(|one| which.includes(one));
        for worker in meant {
            let process = worker.child.id();
            // It is a child not waited for yet, so the number is still its own.
            if let Err(error) = os::signal(process, signal) {
                let name = signals::name(signal);
                log::warn!("{name} could not be sent to process {process}: {error}");
            }
        }
    }

    /// Tells workers to end, by this signal.
    pub(super) fn dismiss(&mut self, which: Which, signal: i32) {
        self.signal(which, signal);
        let meant = |one: &&mut Worker| which.includes(one);
        for worker in self.all.iter_mut().filter(meant) {
            worker.state = State::Leaving;
        }
    }

    /// How many of a generation live and were not told to end.
    pub(super) fn staying(&self, generation: u64) -> usize {
        let which = Which::Of(generation);
        let stays = |one: &&Worker| which.includes(one) && !matches!(one.state, State::Leaving);
        self.all.iter().filter(stays).count()
    }

    /// Whether a generation has a keeper that was not told to end.
    pub(super) fn has_keeper(&self, generation: u64) -> bool {
        let stays = |one: &Worker| {
            Which::Keepers.includes(one)
                && one.generation == generation
                && !matches!(one.state, State::Leaving)
        };
        self.all.iter().any(stays)
    }

    /// Whether there are some of these.
    pub(super) fn are_there(&self, which: Which) -> bool {
        self.all.iter().any(|one| which.includes(one))
    }

    /// How many of a generation accept.
    pub(super) fn serving(&self, generation: u64) -> usize {
        let which = Which::Of(generation);
        let serves = |one: &&Worker| which.includes(one) && matches!(one.state, State::Serving);
        self.all.iter().filter(serves).count()
    }

    /// Whether there are none at all.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The lowest number that no worker of a generation has.
    fn free_number(&self, generation: u64) -> usize {
        let which = Which::Of(generation);
        let own = || self.all.iter().filter(|one| which.includes(one));
        let is_free = |number: &usize| own().all(|worker| worker.number != *number);
        (0..MOST_WORKERS).find(is_free).unwrap_or_default()
    }

    fn free_place(&self) -> io::Result<usize> {
        // The last place is the master's own.
        let mut places = self.left.iter().copied().chain(0..MOST_WORKERS - 1);
        let is_free = |place: &usize| self.all.iter().all(|worker| worker.place != *place);
        let too_many = || io::Error::other("too many worker processes are still ending");
        places.find(is_free).ok_or_else(too_many)
    }
}

impl Ended {
    /// Whether it ended as if told to.
    pub(super) fn is_success(&self) -> bool {
        self.status.success()
    }

    /// What happened, for the log.
    pub(super) fn story(&self) -> String {
        let (process, name) = (self.process, self.duty.name());
        match (self.status.signal(), self.status.code()) {
            (Some(signal), _) if self.status.core_dumped() => {
                format!("{name} process {process} exited on signal {signal} (core dumped)")
            }
            (Some(signal), _) => format!("{name} process {process} exited on signal {signal}"),
            (None, code) => {
                let code = code.unwrap_or_default();
                format!("{name} process {process} exited with code {code}")
            }
        }
    }
}

//! What a worker gets from its master: numbers, names, and which descriptor is what.
//!
//! It travels in a sealed memfd whose number stands on the worker's command line. The text of the
//! configuration is in a second one, which all workers of a generation share.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::generation::{Generation, Source};
use super::memory::{Key, WorkerMemory};
use crate::conf::Recording;
use crate::os;

/// The first argument of a worker; its second is the number of a descriptor.
pub(super) const OPTION: &str = "--hand-over";

/// What a worker must know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HandOver {
    /// The process that the worker ends with.
    pub(super) master: u32,
    /// The number of the configuration.
    pub(super) generation: u64,
    /// The worker's own, unlike that of any other that lives.
    pub(super) place: usize,
    /// Which of those that serve the configuration it is.
    pub(super) number: usize,
    pub(super) duty: Duty,
    /// What the configuration was read with.
    pub(super) source: Source,
    pub(super) logging: Logging,
    /// Written to when the worker accepts.
    ready: RawFd,
    recording: RawFd,
    sockets: Vec<(String, RawFd)>,
    memory: Vec<(Key, RawFd)>,
    files: Vec<(Key, RawFd)>,
}

/// What a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Duty {
    /// Requests.
    Serve,
    /// What comes round by itself.
    Keep,
}

/// Where a worker logs what the configuration does not say.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Logging {
    /// Where to log unless the configuration says so.
    pub(super) early_log: Option<PathBuf>,
    /// Whether standard error is a log file, which is to be reopened with the others.
    pub(super) is_daemon: bool,
}

/// The descriptors of a worker, each in its owner's hands.
pub(super) struct Handed {
    pub(super) ready: OwnedFd,
    pub(super) recording: Recording,
    /// By address.
    pub(super) sockets: HashMap<String, OwnedFd>,
    pub(super) memory: WorkerMemory,
}

impl Duty {
    /// What a process that has it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Serve => "worker",
            Self::Keep => "keeper",
        }
    }
}

impl HandOver {
    /// Writes down what a worker of `generation` gets, with the descriptors it must inherit.
    pub(super) fn write<'g>(
        generation: &'g Generation,
        (place, number, duty): (usize, usize, Duty),
        logging: Logging,
        ready: BorrowedFd<'g>,
    ) -> io::Result<(OwnedFd, Vec<BorrowedFd<'g>>)> {
        let mut descriptors = vec![ready, generation.recording.as_fd()];
        let mut inherit = |fd: BorrowedFd<'g>| {
            descriptors.push(fd);
            fd.as_raw_fd()
        };
        let socket = |socket: &'g super::listen::Bound| {
            let socket = &socket.socket;
            (socket.address().to_string(), inherit(socket.as_fd()))
        };
        let sockets = match duty {
            Duty::Serve => generation.sockets.iter().map(socket).collect(),
            Duty::Keep => Vec::new(),
        };
        let files = generation.areas.files.iter();
        let files = files.map(|(key, file)| (key.clone(), inherit(file.as_fd())));
        let files = files.collect();
        let mut memory = Vec::new();
        for (key, area) in &generation.areas.memory {
            let fd = area.fd().ok_or(io::ErrorKind::Unsupported)?;
            memory.push((key.clone(), inherit(fd)));
        }
        let hand_over = Self {
            master: std::process::id(),
            generation: generation.number,
            place,
            number,
            duty,
            source: generation.source.clone(),
            logging,
            ready: ready.as_raw_fd(),
            recording: generation.recording.as_raw_fd(),
            sockets,
            memory,
            files,
        };
        let text = serde_json::to_vec(&hand_over)?;
        Ok((os::sealed("pingauge worker", &text)?, descriptors))
    }

    /// Reads what the master wrote; `number` is the second argument of the command line.
    pub(super) fn read(number: &OsStr) -> io::Result<Self> {
        let number = number.to_str().and_then(|number| number.parse().ok());
        let fd = os::inherited(number.ok_or(io::ErrorKind::InvalidInput)?)?;
        Ok(serde_json::from_slice(&os::content(fd.as_fd())?)?)
    }

    /// Takes the descriptors; once.
    pub(super) fn take(&self) -> io::Result<Handed> {
        let recording = os::inherited(self.recording)?;
        let mut sockets = HashMap::new();
        for (address, number) in &self.sockets {
            sockets.insert(address.clone(), os::inherited(*number)?);
        }
        // One memory may go by several names.
        let mut memory: HashMap<Key, OwnedFd> = HashMap::new();
        let mut known: HashMap<RawFd, &Key> = HashMap::new();
        for (key, number) in &self.memory {
            let same = known.get(number).and_then(|other| memory.get(*other));
            let fd = match same {
                Some(same) => same.try_clone()?,
                None => os::inherited(*number)?,
            };
            known.insert(*number, key);
            memory.insert(key.clone(), fd);
        }
        let mut files = HashMap::new();
        for (key, number) in &self.files {
            files.insert(key.clone(), Arc::new(os::inherited(*number)?.into()));
        }
        Ok(Handed {
            ready: os::inherited(self.ready)?,
            recording: serde_json::from_slice(&os::content(recording.as_fd())?)?,
            sockets,
            memory: WorkerMemory::new((self.place, self.number), memory, files),
        })
    }
}

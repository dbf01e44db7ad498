//! As much of the system as `metric/` and `zone/` ask for, with what is shared made for loom.
//!
//! Loom knows no barrier run on other processors; a fence on both sides stands for it, which is what it
//! amounts to. Time stands still, so nobody's patience ends, and nobody dies.

use std::fs::File;
use std::io;

pub(crate) mod atomic;
mod memory;
mod shared;

pub(crate) use memory::{LockError, Locked, MUTEX_WORDS, MutexGuard, RobustMutex, SharedMemory};
pub(crate) use shared::{SharedHalves, SharedRows, SharedWord};

/// What can be expected of a process.
#[allow(dead_code, reason = "as the product has it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Moves,
    Stopped,
    Dead,
    Unknown,
}

/// A process that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: u32,
    pub(crate) started: u64,
}

impl Process {
    pub(crate) fn current() -> Self {
        let id = std::process::id();
        Self { id, started: 1 }
    }

    pub(crate) fn condition(self) -> Condition {
        match self.id {
            0 => Condition::Dead,
            _ => Condition::Moves,
        }
    }
}

pub(crate) fn memory_barrier() -> io::Result<()> {
    Ok(())
}

pub(crate) fn register_memory_barrier() -> io::Result<()> {
    Ok(())
}

pub(crate) fn monotonic() -> u64 {
    0
}

/// Every layout has the same seed, so that keys which collide can be chosen.
pub(crate) fn random() -> io::Result<u64> {
    Ok(SEED)
}

pub(crate) const SEED: u64 = 7;

pub(crate) fn boot_id() -> u128 {
    1
}

pub(crate) fn punch(_: &File, _: u64, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn first_data(_: &File, from: u64) -> io::Result<u64> {
    Ok(from)
}

pub(crate) fn open_own(_: &mut std::fs::OpenOptions, _: &std::path::Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn is_at(_: &File, _: &std::path::Path) -> bool {
    false
}

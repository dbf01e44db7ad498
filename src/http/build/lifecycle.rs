//! What became of reloads and workers, counted by the master in memory that its workers read.
//!
//! The memory is the same for all generations, so one that goes on serving shows a reload that failed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::memory::Memory;
use crate::os::SharedMemory;

/// Counts of what the master did.
#[derive(Clone)]
pub struct Lifecycle(Arc<SharedMemory>);

/// How a reload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// A new generation serves.
    Successful,
    /// The old one still does.
    Failed,
}

const WORKERS: usize = 0;
const RESTARTS: usize = 1;
/// For each way to end: how often, and when last, in milliseconds since 1970.
const RELOADS: usize = 2;
/// When the first configuration was loaded, in milliseconds since 1970.
const STARTED: usize = 6;
const WORDS: usize = 7;

impl Lifecycle {
    /// The counts of this server.
    ///
    /// # Errors
    /// When there is no memory for them.
    pub fn open(memory: &mut dyn Memory) -> io::Result<Self> {
        memory.counters("lifecycle", "", WORDS * 8).map(Self)
    }

    /// A configuration was loaded at this moment, in milliseconds since 1970; only the first counts here.
    pub fn start(&self, now: u64) {
        let first = self.word(STARTED);
        // Whoever comes later finds it set, which is right.
        let _ = first.compare_exchange(0, now, Ordering::Release, Ordering::Relaxed);
    }

    /// When the configuration that serves was loaded, in milliseconds since 1970; nothing if none was.
    pub fn loaded(&self) -> Option<u64> {
        let started = self.word(STARTED).load(Ordering::Acquire);
        let last = self.last_reload(Reload::Successful);
        last.or_else(|| (started > 0).then_some(started))
    }

    /// A reload ended at this moment, in milliseconds since 1970.
    pub fn count_reload(&self, reload: Reload, now: u64) {
        let [count, last] = self.reload(reload);
        last.store(now, Ordering::Relaxed);
        count.fetch_add(1, Ordering::Release);
    }

    /// A worker died, and is to be replaced.
    pub fn count_restart(&self) {
        self.word(RESTARTS).fetch_add(1, Ordering::Relaxed);
    }

    /// So many workers accept connections now.
    pub fn set_workers(&self, workers: usize) {
        self.word(WORKERS).store(workers as u64, Ordering::Relaxed);
    }

    /// How many reloads ended so.
    pub fn reloads(&self, reload: Reload) -> u64 {
        self.reload(reload)[0].load(Ordering::Acquire)
    }

    /// When the last of them did, in milliseconds since 1970; nothing if none has.
    pub fn last_reload(&self, reload: Reload) -> Option<u64> {
        let [count, last] = self.reload(reload);
        (count.load(Ordering::Acquire) > 0).then(|| last.load(Ordering::Relaxed))
    }

    /// How many workers accept connections.
    pub fn workers(&self) -> u64 {
        self.word(WORKERS).load(Ordering::Relaxed)
    }

    /// How many workers were replaced because they had died.
    pub fn restarts(&self) -> u64 {
        self.word(RESTARTS).load(Ordering::Relaxed)
    }

    fn reload(&self, reload: Reload) -> [&AtomicU64; 2] {
        let first = RELOADS + 2 * reload as usize;
        [first, first + 1].map(|place| self.word(place))
    }

    fn word(&self, place: usize) -> &AtomicU64 {
        &self.0.words()[place]
    }
}

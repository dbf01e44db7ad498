//! Words of loom's, with halves beside them, and one lock.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use super::atomic::{AtomicU32, AtomicU64, Breakage, is_broken, is_on_stage};

const WORD: usize = 8;

/// A range of words of a zone's memory. Words that are used in halves are kept apart.
#[derive(Clone, Debug)]
pub(crate) struct SharedMemory {
    backing: Arc<Backing>,
    range: Range<usize>,
}

#[derive(Debug)]
struct Backing {
    words: Vec<AtomicU64>,
    halves: Vec<AtomicU32>,
    /// The two that there are in a zone: that of all, and that of whoever moves it, which lies behind.
    locks: [OnceLock<loom::sync::Mutex<()>>; 2],
}

impl SharedMemory {
    pub(crate) fn heap(bytes: usize) -> Self {
        let words = bytes / WORD;
        Self::of(vec![0; words], vec![0; 2 * words])
    }

    fn of(words: Vec<u64>, halves: Vec<u32>) -> Self {
        let range = 0..words.len();
        let backing = Backing {
            words: words.into_iter().map(AtomicU64::new).collect(),
            halves: halves.into_iter().map(AtomicU32::new).collect(),
            locks: [OnceLock::new(), OnceLock::new()],
        };
        let backing = Arc::new(backing);
        Self { backing, range }
    }

    /// Another memory with the same first words.
    pub(crate) fn copy(&self, words: usize) -> Self {
        let halves = self.halves(0..words).iter();
        let words = self.words()[..words].iter();
        let words = words.map(|word| word.load(Relaxed));
        let halves = halves.map(|half| half.load(Relaxed));
        Self::of(words.collect(), halves.collect())
    }

    /// Makes these words loom's, and the lock.
    pub(crate) fn enter(&self, words: impl Iterator<Item = usize>) {
        for lock in &self.backing.locks {
            lock.get_or_init(loom::sync::Mutex::default);
        }
        for word in words {
            self.words()[word].now();
        }
    }

    /// The same for words that are used in halves.
    pub(crate) fn enter_halves(&self, words: Range<usize>) {
        for half in self.halves(words) {
            half.now();
        }
    }

    pub(crate) fn on_disk(_: File, _: usize) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn found_on_disk(_: File) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn is_whole(&self) -> bool {
        true
    }

    pub(crate) fn is_on_disk(&self) -> bool {
        false
    }

    pub(crate) fn is_at(&self, _: &std::path::Path) -> bool {
        false
    }

    pub(crate) fn reserve(&self, _: u64) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn section(&self, offset: u64, bytes: usize) -> io::Result<Self> {
        let start = offset as usize / WORD;
        let range = start..start + bytes / WORD;
        if range.end > self.backing.words.len() || bytes == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let backing = Arc::clone(&self.backing);
        Ok(Self { backing, range })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.range.len() * WORD
    }

    pub(crate) fn backing_bytes(&self) -> io::Result<u64> {
        Ok((self.backing.words.len() * WORD) as u64)
    }

    pub(crate) fn grow(&self, bytes: u64) -> io::Result<()> {
        match bytes <= self.backing_bytes()? {
            true => Ok(()),
            false => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// There is nothing in it in any case.
    pub(crate) fn clear(&self, _: u64, _: u64) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn release(&self, _: u64, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn words(&self) -> &[AtomicU64] {
        &self.backing.words[self.range.clone()]
    }

    pub(crate) fn halves(&self, words: Range<usize>) -> &[AtomicU32] {
        let start = self.range.start;
        &self.backing.halves[2 * (start + words.start)..2 * (start + words.end)]
    }
}

pub(crate) const MUTEX_WORDS: usize = 5;

/// The lock of the memory it is in.
#[derive(Debug)]
pub(crate) struct RobustMutex(SharedMemory);

/// No mutex before this word is that of whoever moves a zone.
const SECOND_LOCK: usize = 32;

/// Why it could not be had, which does not happen.
#[allow(dead_code, reason = "as the product has it")]
pub(crate) enum LockError {
    Held(u32),
    Busy,
    Damaged,
}

/// Nobody ever dies with it.
#[allow(dead_code, reason = "as the product has it")]
pub(crate) enum Locked<'a> {
    Clean(MutexGuard<'a>),
    OwnerDied(MutexGuard<'a>),
}

/// Holds the lock, if there is anybody to keep away.
pub(crate) struct MutexGuard<'a>(#[expect(dead_code)] Option<loom::sync::MutexGuard<'a, ()>>);

impl RobustMutex {
    pub(crate) fn initialize(memory: SharedMemory) -> io::Result<Self> {
        Ok(Self(memory))
    }

    pub(crate) fn existing(memory: SharedMemory) -> io::Result<Self> {
        Ok(Self(memory))
    }

    pub(crate) fn lock(&self) -> Result<Locked<'_>, LockError> {
        let lock = self.lock_on_stage();
        let guard = lock.map(|lock| lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        Ok(Locked::Clean(MutexGuard(guard)))
    }

    pub(crate) fn try_lock(&self) -> Option<Locked<'_>> {
        let Some(lock) = self.lock_on_stage() else {
            return Some(Locked::Clean(MutexGuard(None)));
        };
        let guard = lock.try_lock().ok()?;
        Some(Locked::Clean(MutexGuard(Some(guard))))
    }

    /// Whoever has no time does not wait at all.
    pub(crate) fn lock_until(&self, _: impl FnOnce() -> u64) -> Result<Locked<'_>, LockError> {
        self.try_lock().ok_or(LockError::Busy)
    }

    pub(crate) fn owner_process(&self) -> Option<u32> {
        None
    }

    /// Nobody is ever stopped.
    pub(crate) fn is_owner_moving(&self) -> bool {
        true
    }

    fn lock_on_stage(&self) -> Option<&loom::sync::Mutex<()>> {
        let is_first = self.0.range.start < SECOND_LOCK;
        let lock = self.0.backing.locks[usize::from(!is_first)].get();
        lock.filter(|_| is_on_stage() && !is_broken(Breakage::Lock))
    }
}

impl<'a> Locked<'a> {
    pub(crate) fn repaired(self) -> MutexGuard<'a> {
        let (Self::Clean(guard) | Self::OwnerDied(guard)) = self;
        guard
    }
}

impl MutexGuard<'_> {
    pub(crate) fn is_wanted(&self) -> bool {
        false
    }

    pub(crate) fn repaired(&self) {}
}

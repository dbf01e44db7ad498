//! The part of a zone's memory that never moves: the lock of all processes, and where the layout lies.
//!
//! A layout moves by one store: the new place is written beside the old one, then the sequence, whose
//! lowest bit says which of the two counts, goes up by one. Whoever dies before that store has changed
//! nothing, and whoever reads the sequence under the lock knows whether its own view is still the right one.
//! While keys are being copied, the sequence's highest bit keeps those away who take no lock. Whoever finds it set and nobody
//! moving the layout takes it back.

use std::time::Duration;

use super::Unusable;
use super::layout::{PAGE, ROOT_BYTES, ROOT_MAGIC, VERSION, WORD, root};
use super::marker::Markers;
use super::store::Store;
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering, sleep};
use crate::os::{
    LockError, Locked, MUTEX_WORDS, MutexGuard, RobustMutex, SharedMemory, SharedWord, boot_id,
    monotonic,
};

/// The bit of the sequence that is set during a move.
const MOVING: u64 = 1 << 63;
/// So many nanoseconds somebody else's move is waited for.
const LONGEST_MOVE: u64 = 120_000_000_000;
/// How long whoever waits for one looks away, where the lock itself does not make him wait.
const LOOK: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(super) struct Root {
    memory: SharedMemory,
    /// That of the layout.
    sequence: SharedWord,
    pub(super) mutex: RobustMutex,
    /// Of whoever moves the layout: there is one at a time, and the system tells of its death.
    mover: RobustMutex,
}

/// Where a layout lies, in bytes from the start of the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) bytes: usize,
}

impl Root {
    /// Whether nobody has made a zone in this memory yet.
    pub(super) fn is_blank(memory: &SharedMemory) -> bool {
        memory
            .words()
            .first()
            .is_none_or(|magic| magic.load(Ordering::Acquire) == 0)
    }

    /// A root that points nowhere yet; [`Root::publish`] completes it.
    pub(super) fn create(memory: &SharedMemory) -> Result<Self, Unusable> {
        let section = memory.section(0, ROOT_BYTES)?;
        for word in section.words() {
            word.store(0, Ordering::Relaxed);
        }
        let (mutex, mover) = fresh_mutexes(&section)?;
        let root = Self {
            sequence: SharedWord::new(&section, root::SEQUENCE),
            memory: section,
            mutex,
            mover,
        };
        let boot = boot_id();
        root.word(root::VERSION).store(VERSION, Ordering::Relaxed);
        root.word(root::BOOT).store(boot as u64, Ordering::Relaxed);
        root.word(root::BOOT + 1)
            .store((boot >> 64) as u64, Ordering::Relaxed);
        Ok(root)
    }

    /// The root in a file that nobody else has open, whose users are all dead.
    pub(super) fn reclaim(memory: &SharedMemory) -> Result<Self, Unusable> {
        let root = Self::open(memory)?;
        if !root.is_of_this_boot() {
            return Err(Unusable::OtherBoot);
        }
        for word in root::MARKERS..root::MARKERS + root::SEATS * 8 {
            root.set(word, 0);
        }
        root.set(root::CLAIMED, 0);
        let (mutex, mover) = fresh_mutexes(&root.memory)?;
        Ok(Self {
            mutex,
            mover,
            ..root
        })
    }

    /// The root somebody made.
    pub(super) fn open(memory: &SharedMemory) -> Result<Self, Unusable> {
        if memory.bytes() < ROOT_BYTES {
            return Err(Unusable::Corrupt("too short"));
        }
        let section = memory.section(0, ROOT_BYTES)?;
        let is = |word: usize, value| section.words()[word].load(Ordering::Acquire) == value;
        if !is(root::MAGIC, ROOT_MAGIC) {
            return Err(Unusable::Corrupt("not a zone"));
        }
        if !is(root::VERSION, VERSION) {
            return Err(Unusable::Corrupt("another format version"));
        }
        let existing =
            |word| RobustMutex::existing(mutex_section(&section, word)?).map_err(no_lock);
        let (mutex, mover) = (existing(root::MUTEX)?, existing(root::MOVER)?);
        Ok(Self {
            sequence: SharedWord::new(&section, root::SEQUENCE),
            memory: section,
            mutex,
            mover,
        })
    }

    /// Changes with every move of the layout.
    pub(super) fn sequence(&self) -> u64 {
        self.word(root::SEQUENCE).load(Ordering::SeqCst) & !MOVING
    }

    /// Whether the layout of `sequence` is in force and may be written to without the lock.
    #[inline]
    pub(super) fn is_open(&self, sequence: u64) -> bool {
        self.sequence.load(Ordering::SeqCst) == sequence
    }

    /// From now on nobody begins to change the layout without the lock.
    pub(super) fn close(&self) {
        self.word(root::SEQUENCE).fetch_or(MOVING, Ordering::SeqCst);
    }

    /// Whether everybody takes the lock, because of a move.
    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.word(root::SEQUENCE).load(Ordering::SeqCst) & MOVING != 0
    }

    /// Takes back what a move has left that failed or died, in the layout in force; to be called under the lock.
    #[inline]
    pub(super) fn end_dead_move(&self, store: &Store) {
        if self.is_closed() && self.try_to_move().is_some() {
            self.reopen(store);
        }
    }

    /// Takes back [`Root::close`], and what is noted of a move; to be called under the lock.
    pub(super) fn reopen(&self, store: &Store) {
        store.forget_move();
        if self.is_closed() {
            self.word(root::SEQUENCE)
                .fetch_and(!MOVING, Ordering::SeqCst);
        }
    }

    /// The right to move the layout, if nobody has it; not to be asked for by whoever has it.
    fn try_to_move(&self) -> Option<MutexGuard<'_>> {
        self.mover.try_lock().map(|locked| locked.repaired())
    }

    /// The right to move the layout, once nobody else has it.
    ///
    /// # Errors
    /// When somebody has it who was stopped, or it cannot be had.
    pub(super) fn become_mover(&self) -> Result<MutexGuard<'_>, LockError> {
        let end = monotonic() + LONGEST_MOVE;
        loop {
            match self.mover.lock() {
                Err(LockError::Held(_)) if self.mover.is_owner_moving() && monotonic() < end => {
                    sleep(LOOK)
                }
                locked => return locked.map(Locked::repaired),
            }
        }
    }

    pub(super) fn markers(&self) -> Markers {
        Markers::new(&self.memory)
    }

    /// Where the layout lies, if that can be; to be asked under the lock.
    pub(super) fn place(&self) -> Result<Place, Unusable> {
        let first = root::PLACES + 2 * (self.sequence() & 1) as usize;
        let offset = self.word(first).load(Ordering::Acquire);
        let bytes = self.word(first + 1).load(Ordering::Acquire);
        let bytes = usize::try_from(bytes).unwrap_or(0);
        let aligned = offset.is_multiple_of(PAGE as u64) && bytes.is_multiple_of(WORD);
        if offset < ROOT_BYTES as u64 || bytes == 0 || !aligned {
            return Err(Unusable::Corrupt("impossible place"));
        }
        Ok(Place { offset, bytes })
    }

    /// Makes `place` the one that counts.
    pub(super) fn publish(&self, place: Place) {
        let sequence = self.sequence().wrapping_add(1) & !MOVING;
        let first = root::PLACES + 2 * (sequence & 1) as usize;
        self.word(first).store(place.offset, Ordering::Release);
        self.word(first + 1)
            .store(place.bytes as u64, Ordering::Release);
        self.word(root::SEQUENCE).store(sequence, Ordering::SeqCst);
        self.word(root::MAGIC).store(ROOT_MAGIC, Ordering::Release);
    }

    /// Counts one more configuration that uses the zone.
    pub(super) fn count_generation(&self) {
        self.word(root::GENERATION).fetch_add(1, Ordering::Relaxed);
    }

    /// The zone's time: that of the machine, but going on over boots.
    pub(super) fn zone_time(&self, now: Moment) -> Moment {
        Moment(now.0.wrapping_add(self.get(root::OFFSET)))
    }

    /// One of the words of [`root`].
    pub(in crate::zone) fn get(&self, word: usize) -> u64 {
        self.word(word).load(Ordering::Acquire)
    }

    pub(super) fn set(&self, word: usize, value: u64) {
        self.word(word).store(value, Ordering::Release);
    }

    pub(super) fn word(&self, word: usize) -> &AtomicU64 {
        &self.memory.words()[word]
    }
}

fn mutex_section(root: &SharedMemory, word: usize) -> Result<SharedMemory, Unusable> {
    Ok(root.section((word * WORD) as u64, MUTEX_WORDS * WORD)?)
}

/// The mutex of all, and that of whoever moves the layout, which nobody has.
fn fresh_mutexes(root: &SharedMemory) -> Result<(RobustMutex, RobustMutex), Unusable> {
    let fresh = |word| RobustMutex::initialize(mutex_section(root, word)?).map_err(no_lock);
    Ok((fresh(root::MUTEX)?, fresh(root::MOVER)?))
}

fn no_lock<E>(_: E) -> Unusable {
    Unusable::Corrupt("no lock")
}

//! The part of a zone's memory that never moves: the lock of all processes, and where the layout lies.
//!
//! A layout moves by one store: the new place is written beside the old one, then the sequence, whose
//! lowest bit says which of the two counts, goes up by one. Whoever dies before that store has changed
//! nothing, and whoever reads the sequence under the lock knows whether its own view is still the right one.
//! While keys are being copied, the sequence's highest bit keeps those away who take no lock.

use super::Unusable;
use super::layout::{PAGE, ROOT_BYTES, ROOT_MAGIC, VERSION, WORD, root};
use super::marker::{Markers, Patience};
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::os::{MUTEX_WORDS, RobustMutex, SharedMemory, boot_id};

/// The bit of the sequence that is set during a move.
const MOVING: u64 = 1 << 63;

#[derive(Debug)]
pub(super) struct Root {
    memory: SharedMemory,
    pub(super) mutex: RobustMutex,
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
        let mutex = RobustMutex::initialize(mutex_section(&section)?);
        let mutex = mutex.map_err(|_| Unusable::Corrupt("no lock"))?;
        let root = Self {
            memory: section,
            mutex,
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
        let mutex = RobustMutex::initialize(mutex_section(&root.memory)?);
        let mutex = mutex.map_err(|_| Unusable::Corrupt("no lock"))?;
        Ok(Self { mutex, ..root })
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
        let mutex = RobustMutex::existing(mutex_section(&section)?);
        let mutex = mutex.map_err(|_| Unusable::Corrupt("no lock"))?;
        Ok(Self {
            memory: section,
            mutex,
        })
    }

    /// Changes with every move of the layout.
    pub(super) fn sequence(&self) -> u64 {
        self.word(root::SEQUENCE).load(Ordering::SeqCst) & !MOVING
    }

    /// Whether the layout of `sequence` is in force and may be written to without the lock.
    pub(super) fn is_open(&self, sequence: u64) -> bool {
        self.word(root::SEQUENCE).load(Ordering::SeqCst) == sequence
    }

    /// From now on nobody changes the layout without the lock; false if somebody does not come to an end.
    pub(super) fn close(&self) -> bool {
        self.word(root::SEQUENCE).fetch_or(MOVING, Ordering::SeqCst);
        self.markers().wait_out(Patience::Long, |_| true)
    }

    /// Takes back [`Root::close`], which a move that failed or died may have left; to be called under the lock.
    pub(super) fn reopen(&self) {
        if !self.is_open(self.sequence()) {
            self.word(root::SEQUENCE)
                .fetch_and(!MOVING, Ordering::SeqCst);
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

fn mutex_section(root: &SharedMemory) -> Result<SharedMemory, Unusable> {
    Ok(root.section((root::MUTEX * WORD) as u64, MUTEX_WORDS * WORD)?)
}

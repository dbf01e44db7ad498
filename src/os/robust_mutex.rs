//! A lock between processes that survives the death of whoever holds it.
//!
//! It is the system's robust mutex, placed in shared words. When its owner dies, the next one to lock is
//! told so ([`Locked::OwnerDied`]) and must bring the data it guards in order before it goes on.
//!
//! Who waits looks after a few milliseconds at who has it, then less often. An owner that was stopped is not waited for, as if
//! there were none: the answer is an error with its number, and until the lock was free again, or its owner goes
//! on, it is only tried. An owner that works is waited for, within a limit that ends waiting for damaged memory.

use std::marker::PhantomData;
use std::mem::{MaybeUninit, size_of};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::liveness::{self, Condition};
use super::{SharedMemory, monotonic};

/// Words one mutex takes.
pub const MUTEX_WORDS: usize = size_of::<libc::pthread_mutex_t>().div_ceil(size_of::<u64>());

const MILLISECOND: u64 = 1_000_000;
/// So long is waited, in nanoseconds, before the owner is looked at.
const SLICE: u64 = 3 * MILLISECOND;
/// The same once it was seen to work.
const LONGEST_SLICE: u64 = 48 * MILLISECOND;
/// How long an owner is waited for of whom the system does not tell what it does.
const DOUBT: u64 = 30 * MILLISECOND;
/// How long an owner that works is waited for: no work takes so long.
const PATIENCE: u64 = 5_000 * MILLISECOND;
/// How often an owner that was stopped is looked at again.
const LOOK_AGAIN: u64 = 20 * MILLISECOND;

/// How often a lock is tried before this thread goes to sleep for it: what it guards takes less than a
/// microsecond, going to sleep and being woken several.
const ATTEMPTS: u32 = 10;

/// A mutex living in words that may be shared between processes.
#[derive(Debug)]
pub struct RobustMutex {
    memory: SharedMemory,
    /// The thread that had it, and did not move, when it was waited for in vain; else zero.
    stuck: AtomicU32,
    /// When that one was looked at last.
    looked: AtomicU64,
}

/// A lock that was obtained, and in which state its last owner left it.
pub enum Locked<'a> {
    /// The last owner gave it back.
    Clean(MutexGuard<'a>),
    /// The last owner died with it: repair what it guards, then call [`MutexGuard::repaired`].
    OwnerDied(MutexGuard<'a>),
}

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub struct MutexGuard<'a> {
    mutex: &'a RobustMutex,
    /// A mutex belongs to the thread that locked it.
    thread: PhantomData<*const ()>,
}

/// A lock that cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// A process holds it and does not move.
    #[error("the lock is held by process {0}")]
    Held(u32),
    /// Somebody has it, and there was no time to look who.
    #[error("the lock is held by another process")]
    Busy,
    /// The words do not hold a usable mutex.
    #[error("the lock is damaged")]
    Damaged,
}

impl RobustMutex {
    /// Makes a fresh, unlocked mutex in the first [`MUTEX_WORDS`] of `memory`. Nobody may be using them.
    ///
    /// # Errors
    /// When the memory is too small or the system knows no robust mutexes.
    pub fn initialize(memory: SharedMemory) -> Result<Self, LockError> {
        let words = memory
            .words()
            .get(..MUTEX_WORDS)
            .ok_or(LockError::Damaged)?;
        for (word, fresh) in words.iter().zip(fresh()?) {
            word.store(fresh, Ordering::Release);
        }
        Ok(Self::new(memory))
    }

    /// The mutex somebody made in `memory`, when it looks like one.
    ///
    /// # Errors
    /// When what lies there is not a mutex of the kind made here.
    pub fn existing(memory: SharedMemory) -> Result<Self, LockError> {
        let words = memory
            .words()
            .get(..MUTEX_WORDS)
            .ok_or(LockError::Damaged)?;
        let fresh = fresh()?;
        let kind = |word: u64| word as u32;
        if kind(words[KIND].load(Ordering::Relaxed)) != kind(fresh[KIND]) {
            return Err(LockError::Damaged);
        }
        Ok(Self::new(memory))
    }

    fn new(memory: SharedMemory) -> Self {
        Self {
            memory,
            stuck: AtomicU32::new(0),
            looked: AtomicU64::new(0),
        }
    }

    /// Waits for the lock: for one that works as long as it takes, for one that was stopped some milliseconds,
    /// and those only once.
    ///
    /// # Errors
    /// When it is held by a process that does not move, or is no mutex any more.
    pub fn lock(&self) -> Result<Locked<'_>, LockError> {
        let mut result = self.attempt();
        if result == libc::EBUSY {
            if let Some(thread) = self.still_stuck() {
                return Err(LockError::Held(liveness::process_of(thread)));
            }
            result = self.attempt_again();
        }
        if result == libc::EBUSY {
            result = self.wait()?;
        }
        self.obtained(result)
    }

    /// Waits for the lock until a time of the monotonic clock at most, and not at all for an owner that was seen not to move.
    ///
    /// # Errors
    /// [`LockError::Busy`] when it could not be had by then; when it is no mutex any more.
    pub fn lock_until(&self, end: impl FnOnce() -> u64) -> Result<Locked<'_>, LockError> {
        let mut result = self.attempt();
        if result == libc::EBUSY {
            let stuck = self.stuck.load(Ordering::Relaxed);
            if stuck != 0 && stuck == self.owner() {
                return Err(LockError::Busy);
            }
            result = self.attempt_again();
        }
        if result == libc::EBUSY {
            result = self.wait_until(end());
        }
        self.obtained(result)
    }

    /// The process that has the lock, if one has.
    pub fn owner_process(&self) -> Option<u32> {
        let owner = self.owner();
        (owner != 0).then(|| liveness::process_of(owner))
    }

    /// What an attempt that came to this result has obtained.
    fn obtained(&self, result: libc::c_int) -> Result<Locked<'_>, LockError> {
        if result == libc::ETIMEDOUT {
            return Err(LockError::Busy);
        }
        if self.stuck.load(Ordering::Relaxed) != 0 {
            self.stuck.store(0, Ordering::Relaxed);
        }
        let guard = || MutexGuard {
            mutex: self,
            thread: PhantomData,
        };
        match result {
            0 => Ok(Locked::Clean(guard())),
            libc::EOWNERDEAD => Ok(Locked::OwnerDied(guard())),
            libc::EDEADLK => Err(LockError::Held(std::process::id())),
            _ => Err(LockError::Damaged),
        }
    }

    /// The lock, if nobody has it.
    pub fn try_lock(&self) -> Option<Locked<'_>> {
        let guard = MutexGuard {
            mutex: self,
            thread: PhantomData,
        };
        match self.attempt() {
            0 => Some(Locked::Clean(guard)),
            libc::EOWNERDEAD => Some(Locked::OwnerDied(guard)),
            _ => {
                std::mem::forget(guard);
                None
            }
        }
    }

    /// Whether somebody has the lock whom the system lets work.
    pub fn is_owner_moving(&self) -> bool {
        let owner = self.owner();
        owner != 0 && liveness::thread(owner) == Condition::Moves
    }

    fn attempt(&self) -> libc::c_int {
        // SAFETY: the words hold an initialized mutex, by the two constructors, and `memory` keeps them.
        unsafe { libc::pthread_mutex_trylock(self.pointer()) }
    }

    fn attempt_again(&self) -> libc::c_int {
        for attempt in 1..ATTEMPTS {
            (0..attempt * 4).for_each(|_| std::hint::spin_loop());
            match self.attempt() {
                libc::EBUSY => {}
                result => return result,
            }
        }
        libc::EBUSY
    }

    /// The thread that was waited for in vain, if it still has the lock and was not seen to go on.
    fn still_stuck(&self) -> Option<u32> {
        let stuck = self.stuck.load(Ordering::Relaxed);
        if stuck == 0 || stuck != self.owner() {
            return None;
        }
        let now = monotonic();
        if now.saturating_sub(self.looked.load(Ordering::Relaxed)) < LOOK_AGAIN {
            return Some(stuck);
        }
        self.looked.store(now, Ordering::Relaxed);
        (liveness::thread(stuck) != Condition::Moves).then_some(stuck)
    }

    /// Sleeps until the lock is there; gives up an owner that does not move.
    fn wait(&self) -> Result<libc::c_int, LockError> {
        let (mut suspect, mut since, mut slice) = (self.owner(), monotonic(), SLICE);
        loop {
            let result = self.wait_until(monotonic() + slice);
            if result != libc::ETIMEDOUT {
                return Ok(result);
            }
            let (owner, now) = (self.owner(), monotonic());
            if owner != suspect {
                // It goes from hand to hand: whoever looks is not there when it is free.
                (suspect, since) = (owner, now);
                continue;
            }
            slice = (2 * slice).min(LONGEST_SLICE);
            let patience = match owner {
                0 => PATIENCE,
                owner => patience_with(owner),
            };
            if now - since >= patience && owner == self.owner() {
                self.looked.store(now, Ordering::Relaxed);
                self.stuck.store(owner, Ordering::Relaxed);
                return Err(LockError::Held(liveness::process_of(owner)));
            }
        }
    }

    /// Sleeps until the lock is there or a time of the monotonic clock has come.
    fn wait_until(&self, end: u64) -> libc::c_int {
        let end = libc::timespec {
            tv_sec: (end / 1_000_000_000) as libc::time_t,
            tv_nsec: (end % 1_000_000_000) as libc::c_long,
        };
        // SAFETY: as in `attempt`; `end` is a valid time.
        unsafe { pthread_mutex_clocklock(self.pointer(), libc::CLOCK_MONOTONIC, &raw const end) }
    }

    /// The number of the thread that has the lock; zero for none. It is in the first half of the first word.
    fn owner(&self) -> u32 {
        let word = self.memory.words()[0].load(Ordering::Relaxed);
        word as u32 & libc::FUTEX_TID_MASK
    }

    fn pointer(&self) -> *mut libc::pthread_mutex_t {
        self.memory.words().as_ptr().cast_mut().cast()
    }
}

impl<'a> Locked<'a> {
    /// The lock, where a death leaves nothing to repair.
    pub fn repaired(self) -> MutexGuard<'a> {
        match self {
            Self::Clean(guard) => guard,
            Self::OwnerDied(guard) => {
                guard.repaired();
                guard
            }
        }
    }
}

impl MutexGuard<'_> {
    /// Whether somebody sleeps until the lock is given back.
    pub fn is_wanted(&self) -> bool {
        let word = self.mutex.memory.words()[0].load(Ordering::Relaxed);
        word as u32 & libc::FUTEX_WAITERS != 0
    }

    /// Says that what a dead owner left behind is in order again.
    pub fn repaired(&self) {
        // SAFETY: this thread owns the mutex, as the guard's existence shows.
        unsafe { libc::pthread_mutex_consistent(self.mutex.pointer()) };
    }
}

impl Drop for MutexGuard<'_> {
    fn drop(&mut self) {
        // SAFETY: this thread owns the mutex, as the guard's existence shows.
        unsafe { libc::pthread_mutex_unlock(self.mutex.pointer()) };
    }
}

/// How long a thread that has the lock is waited for.
fn patience_with(thread: u32) -> u64 {
    match liveness::thread(thread) {
        Condition::Stopped => 0,
        Condition::Unknown | Condition::Dead => DOUBT,
        Condition::Moves => PATIENCE,
    }
}

unsafe extern "C" {
    /// As `pthread_mutex_timedlock`, by a clock of one's choice.
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        end: *const libc::timespec,
    ) -> libc::c_int;
}

/// The word whose lower half tells the kind of a mutex, in the C library's layout for 64-bit machines.
const KIND: usize = 2;
const _: () = assert!(MUTEX_WORDS > KIND);

/// The words of a mutex nobody has locked yet.
fn fresh() -> Result<[u64; MUTEX_WORDS], LockError> {
    let words = [const { AtomicU64::new(0) }; MUTEX_WORDS];
    let mut attributes = MaybeUninit::<libc::pthread_mutexattr_t>::uninit();
    let attributes = attributes.as_mut_ptr();
    // SAFETY: `attributes` is memory of ours for the call to fill.
    let mut failed = unsafe { libc::pthread_mutexattr_init(attributes) };
    // SAFETY: the attributes were initialized above.
    failed |=
        unsafe { libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED) };
    // SAFETY: as above.
    failed |= unsafe { libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST) };
    // SAFETY: the words are ours, large enough and aligned; the attributes are initialized.
    failed |= unsafe { libc::pthread_mutex_init(words.as_ptr().cast_mut().cast(), attributes) };
    // SAFETY: the attributes were initialized and are not used any more.
    unsafe { libc::pthread_mutexattr_destroy(attributes) };
    if failed != 0 {
        return Err(LockError::Damaged);
    }
    Ok(words.map(AtomicU64::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(mutex: &RobustMutex) -> (MutexGuard<'_>, bool) {
        match mutex.lock().unwrap() {
            Locked::Clean(guard) => (guard, true),
            Locked::OwnerDied(guard) => (guard, false),
        }
    }

    #[test]
    fn it_keeps_threads_apart() {
        let memory = SharedMemory::heap(4096);
        RobustMutex::initialize(memory.clone()).unwrap();
        let words = memory.words();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mutex = RobustMutex::existing(memory.clone()).unwrap();
                    for _ in 0..10_000 {
                        let _guard = lock(&mutex).0;
                        let seen = words[100].load(Ordering::Relaxed);
                        words[100].store(seen + 1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(words[100].load(Ordering::Relaxed), 40_000);
    }

    #[test]
    fn the_next_owner_learns_of_a_death_and_repairs_once() {
        let mutex = RobustMutex::initialize(SharedMemory::create("test", 4096).unwrap()).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| std::mem::forget(lock(&mutex)));
        });
        let (guard, clean) = lock(&mutex);
        assert!(!clean);
        guard.repaired();
        drop(guard);
        assert!(lock(&mutex).1);
    }

    #[test]
    fn who_works_is_waited_for() {
        let mutex = RobustMutex::initialize(SharedMemory::heap(4096)).unwrap();
        let guard = lock(&mutex).0;
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lock(&mutex).1);
            std::thread::sleep(std::time::Duration::from_nanos(10 * SLICE));
            assert!(!waiting.is_finished());
            drop(guard);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn who_has_no_time_does_not_wait_for_somebody_who_works() {
        let mutex = RobustMutex::initialize(SharedMemory::heap(4096)).unwrap();
        let guard = lock(&mutex).0;
        std::thread::scope(|scope| {
            let (mutex, soon) = (&mutex, || monotonic() + MILLISECOND);
            let waiting = scope.spawn(move || mutex.lock_until(soon).map(|_| ()));
            assert_eq!(waiting.join().unwrap(), Err(LockError::Busy));
        });
        assert_eq!(mutex.owner_process(), Some(std::process::id()));
        drop(guard);
        assert!(mutex.lock_until(|| 0).is_ok());
        assert_eq!(mutex.owner_process(), None);
    }

    #[test]
    fn garbage_is_not_taken_for_a_mutex() {
        let memory = SharedMemory::heap(4096);
        for word in memory.words() {
            word.store(0x0123_4567_89ab_cdef, Ordering::Relaxed);
        }
        let short = memory.section(0, 16).unwrap();
        assert_eq!(
            RobustMutex::existing(memory).unwrap_err(),
            LockError::Damaged
        );
        assert_eq!(
            RobustMutex::existing(short).unwrap_err(),
            LockError::Damaged
        );
    }
}

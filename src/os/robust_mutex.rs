//! A lock between processes that survives the death of whoever holds it.
//!
//! It is the system's robust mutex, placed in shared words. When its owner dies, the next one to lock is
//! told so ([`Locked::OwnerDied`]) and must bring the data it guards in order before it goes on. Waiting
//! has a limit, so that damaged memory or a stopped process ends in an error and not in a hang.

use std::marker::PhantomData;
use std::mem::{MaybeUninit, size_of};
use std::sync::atomic::{AtomicU64, Ordering};

use super::SharedMemory;

/// Words one mutex takes.
pub const MUTEX_WORDS: usize = size_of::<libc::pthread_mutex_t>().div_ceil(size_of::<u64>());

/// How long a lock may be waited for, in seconds.
const PATIENCE: libc::time_t = 10;

/// How often a lock is tried before this thread goes to sleep for it: what it guards takes less than a
/// microsecond, going to sleep and being woken several.
const ATTEMPTS: u32 = 10;

/// A mutex living in words that may be shared between processes.
#[derive(Debug)]
pub struct RobustMutex {
    memory: SharedMemory,
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
    /// Somebody holds it and does not let go.
    #[error("the lock is held for too long")]
    Stuck,
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
        Ok(Self { memory })
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
        Ok(Self { memory })
    }

    /// Waits for the lock.
    ///
    /// # Errors
    /// When it is held for longer than a process that works can hold it, or is no mutex any more.
    pub fn lock(&self) -> Result<Locked<'_>, LockError> {
        let mut result = self.attempt();
        for attempt in 1..ATTEMPTS {
            if result != libc::EBUSY {
                break;
            }
            (0..attempt * 4).for_each(|_| std::hint::spin_loop());
            result = self.attempt();
        }
        if result == libc::EBUSY {
            result = self.wait();
        }
        let guard = || MutexGuard {
            mutex: self,
            thread: PhantomData,
        };
        match result {
            0 => Ok(Locked::Clean(guard())),
            libc::EOWNERDEAD => Ok(Locked::OwnerDied(guard())),
            libc::ETIMEDOUT | libc::EDEADLK => Err(LockError::Stuck),
            _ => Err(LockError::Damaged),
        }
    }

    fn attempt(&self) -> libc::c_int {
        // SAFETY: the words hold an initialized mutex, by the two constructors, and `memory` keeps them.
        unsafe { libc::pthread_mutex_trylock(self.pointer()) }
    }

    fn wait(&self) -> libc::c_int {
        let mut until = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `until` is a valid timespec for the call to fill.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut until) };
        until.tv_sec += PATIENCE;
        // SAFETY: as in `attempt`; `until` is a valid time.
        unsafe { libc::pthread_mutex_timedlock(self.pointer(), &raw const until) }
    }

    fn pointer(&self) -> *mut libc::pthread_mutex_t {
        self.memory.words().as_ptr().cast_mut().cast()
    }
}

impl MutexGuard<'_> {
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

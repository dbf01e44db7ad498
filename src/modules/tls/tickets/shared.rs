//! The keys that are made here, in memory that all workers share, and that outlives configurations.
//!
//! There is a ring of keys: the current one, those before it, and a place for the next. Only the place of the
//! next is written, before the number of the current one changes, so readers see whole keys. Two processes that
//! replace keys at the same time spoil one at most, whose tickets nobody can read.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};

use super::key::{Key, LENGTH, NAME};
use super::now;
use crate::http::build::memory::Memory;
use crate::http::plan::chore::Chore;
use crate::os::SharedMemory;
use crate::os::atomic::{AtomicU64, Ordering};

/// The number of the current key, from 1.
const NUMBER: usize = 0;
/// When it was made, in seconds since 1970.
const MADE: usize = 1;
const KEYS: usize = 2;
/// Words of a key with its name.
const WIDTH: usize = (NAME + LENGTH) / 8;
/// The current key, two before it, and the next.
const PLACES: u64 = 4;
const OLD: u64 = 2;
const BYTES: usize = (KEYS + WIDTH * PLACES as usize) * 8;

/// The keys, and what this process has read of them.
pub(super) struct Shared {
    memory: Arc<SharedMemory>,
    read: Mutex<Read>,
}

/// Keys as they were when that one was current.
#[derive(Clone, Default)]
struct Read {
    number: u64,
    /// The current one first.
    keys: Vec<Arc<Key>>,
}

impl Shared {
    /// The keys in this memory; the first is made if there is none.
    pub(super) fn of(memory: &mut dyn Memory) -> io::Result<Self> {
        let memory = memory.counters("tls_tickets", "", BYTES)?;
        let shared = Self {
            memory,
            read: Mutex::default(),
        };
        if shared.words()[NUMBER].load(Ordering::Acquire) == 0 {
            shared.replace(Duration::ZERO);
        }
        Ok(shared)
    }

    fn words(&self) -> &[AtomicU64] {
        self.memory.words()
    }

    /// The key for new tickets.
    pub(super) fn current(&self) -> Option<Arc<Key>> {
        self.read().keys.first().cloned()
    }

    /// The key of a ticket.
    pub(super) fn find(&self, ticket: &[u8]) -> Option<Arc<Key>> {
        self.read().keys.into_iter().find(|key| key.is_of(ticket))
    }

    fn read(&self) -> Read {
        let mut known = self.read.lock();
        // A key that is replaced while it is read is read again, if not this time, then with the next ticket.
        for _ in 0..3 {
            let number = self.words()[NUMBER].load(Ordering::Acquire);
            if number == known.number {
                break;
            }
            let oldest = number.saturating_sub(OLD).max(1);
            let keys = (oldest..=number)
                .rev()
                .filter_map(|number| self.key(number));
            let keys = keys.collect();
            if self.words()[NUMBER].load(Ordering::Acquire) == number {
                *known = Read { number, keys };
            }
        }
        known.clone()
    }

    fn place(&self, number: u64) -> Option<&[AtomicU64]> {
        let start = KEYS + usize::try_from(number % PLACES).ok()? * WIDTH;
        self.words().get(start..start + WIDTH)
    }

    fn key(&self, number: u64) -> Option<Arc<Key>> {
        let words = self.place(number)?.iter();
        let bytes = words.flat_map(|word| word.load(Ordering::Acquire).to_ne_bytes());
        let bytes: Vec<u8> = bytes.collect();
        let (name, key) = bytes.split_first_chunk::<NAME>()?;
        Key::new(*name, key.first_chunk::<LENGTH>()?).map(Arc::new)
    }

    /// Makes another key the current one, if the one that is has become so old.
    fn replace(&self, age: Duration) {
        let words = self.words();
        let (now, made) = (now(), words[MADE].load(Ordering::Acquire));
        // A clock that was set back makes a key neither old nor new.
        if made <= now && now - made < age.as_secs() {
            return;
        }
        let claimed = words[MADE].compare_exchange(made, now, Ordering::AcqRel, Ordering::Acquire);
        let mut fresh = [0; NAME + LENGTH];
        if claimed.is_err() || SystemRandom::new().fill(&mut fresh).is_err() {
            return;
        }
        let number = words[NUMBER].load(Ordering::Acquire).wrapping_add(1).max(1);
        let (bytes, _) = fresh.as_chunks::<8>();
        for (word, bytes) in self.place(number).into_iter().flatten().zip(bytes) {
            word.store(u64::from_ne_bytes(*bytes), Ordering::Release);
        }
        words[NUMBER].store(number, Ordering::Release);
    }
}

/// Replaces the current key when it has become old: after an hour, or after the `longest` life of a ticket, so
/// that no ticket outlives its key.
pub(super) fn replacing(keys: Arc<Shared>, longest: Duration) -> Box<dyn Chore> {
    Box::new(Replacing {
        keys,
        age: longest.max(HOUR),
    })
}

struct Replacing {
    keys: Arc<Shared>,
    age: Duration,
}

impl Chore for Replacing {
    fn every(&self) -> Option<Duration> {
        Some(MINUTE)
    }

    fn run(&self) {
        self.keys.replace(self.age);
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::build::memory::Unshared;

    #[test]
    fn tickets_live_as_long_as_two_more_keys() {
        let maker = Shared::of(&mut Unshared).unwrap();
        let worker = Shared {
            memory: Arc::clone(&maker.memory),
            read: Mutex::default(),
        };
        let ticket = worker.current().unwrap().seal(b"x".to_vec()).unwrap();
        maker.replace(HOUR);
        assert!(maker.current().unwrap().is_of(&ticket), "it is not old yet");
        for round in 0..5 {
            let found = worker.find(&ticket).and_then(|key| key.open(&ticket));
            assert_eq!(found.is_some(), round < 3, "{round}");
            assert_eq!(worker.current().unwrap().is_of(&ticket), round == 0);
            maker.words()[MADE].store(now() - 3600, Ordering::Release);
            maker.replace(HOUR);
        }
    }
}

//! What the processes of a server share of a zone: its gate, what the signals came to, and a row of counts for each
//! process.
//!
//! It has the same size for every configuration, so a reload finds it as it was, and workers of both generations let
//! requests in by the same word. A row belongs to the worker in one place; it is written by nobody else, and what it has
//! counted stays when another worker comes into the place.

use std::io;
use std::sync::Arc;

use super::gate::{self, Party, Share, State};
use super::rules::{Rules, Verdict};
use crate::http::build::memory::{Memory, Role};
use crate::http::plan::counters::MOST_WORKERS;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::os::{LockError, Locked, MUTEX_WORDS, MutexGuard, Process, RobustMutex, SharedMemory};

/// The kind of their memory.
const KIND: &str = "backpressure_zone";

// The header, in words.
const MADE: usize = 0;
/// When the next evaluation is due, in nanoseconds.
const DUE: usize = 1;
/// The allowance, as the bits of a number.
const ALLOWANCE: usize = 2;
const FIRING: usize = 3;
/// How often a worker came into a place.
const ARRIVALS: usize = 4;
/// When somebody looked after the zone last, in nanoseconds.
const WATCHED: usize = 5;
/// Who that was.
const WATCHER: usize = 6;
/// Which configuration the signals were evaluated by last.
const CONFIGURATION: usize = 7;
/// The generation of that.
const GENERATION: usize = 8;
/// Alone in its line of the cache.
const GATE: usize = 16;
const LOCK: usize = 24;
const ROWS: usize = 32;
const _: () = assert!(LOCK + MUTEX_WORDS <= ROWS);

// A row, in words.
const TURN: usize = 0;
const SHARE: usize = 1;
const COUNTS: usize = 2;
const PROCESS: usize = 6;
const STARTED: usize = 7;
const ROW: usize = 8;

const WORDS: usize = ROWS + ROW * MOST_WORKERS;

/// What is counted about a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) enum Count {
    /// Requests that were let in.
    Passed = COUNTS as isize,
    /// Those that were not to be asked, or have no key.
    Skipped,
    /// Those for which there was no room.
    Rejected,
    /// Those let in because there was no room to remember their key.
    Exhausted,
}

/// What signals are evaluated by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Configuration {
    /// The same for the same rules and signals; 0 before there was an evaluation.
    pub(super) identity: u64,
    /// Of the server's configuration.
    pub(super) generation: u64,
}

/// Places whose processes were found dead.
pub(in crate::modules) struct Dead {
    pub(in crate::modules) places: Vec<usize>,
    /// How many workers had come by then.
    pub(in crate::modules) arrivals: u64,
}

/// The shared part of a zone, as one process sees it.
pub(in crate::modules) struct Area {
    memory: Arc<SharedMemory>,
    lock: RobustMutex,
    /// Where this process's row begins.
    own: usize,
}

impl Area {
    /// The area of the zone called `name`; a new one has the smallest window.
    pub(super) fn open(memory: &mut dyn Memory, name: &str, smallest: u32) -> io::Result<Self> {
        Self::open_as(memory, (KIND, name), smallest)
    }

    /// The same of zones of any kind.
    pub(in crate::modules) fn open_as(
        memory: &mut dyn Memory,
        (kind, name): (&str, &str),
        smallest: u32,
    ) -> io::Result<Self> {
        let role = memory.role();
        let place = match role {
            Role::Worker(place) => place % MOST_WORKERS,
            _ => MOST_WORKERS - 1,
        };
        let shared = memory.counters(kind, name, WORDS * 8)?;
        let lock = shared.section(LOCK as u64 * 8, MUTEX_WORDS * 8)?;
        let made = &shared.words()[MADE];
        let lock = match made.load(Ordering::Acquire) {
            0 => {
                let window = smallest;
                let gate = State { active: 0, window };
                shared.words()[GATE].store(gate.packed(), Ordering::Relaxed);
                shared.words()[ALLOWANCE]
                    .store(Verdict::CALM.allowance.to_bits(), Ordering::Relaxed);
                let lock = RobustMutex::initialize(lock).map_err(io::Error::other)?;
                made.store(1, Ordering::Release);
                lock
            }
            _ => RobustMutex::existing(lock).map_err(io::Error::other)?,
        };
        let area = Self {
            memory: shared,
            lock,
            own: row(place),
        };
        if matches!(role, Role::Worker(_)) {
            area.take_row();
        }
        Ok(area)
    }

    /// Nobody else has the place; who had it is dead, or has left.
    ///
    /// Who buries the dead has the lock all the time, and so never takes for theirs what this process lets in. One
    /// that was stopped with the lock is not waited for: it sees that somebody has come.
    fn take_row(&self) {
        let _guard = self.lock().ok();
        self.arrive();
        self.party_of(self.own).forget();
        let process = Process::current();
        self.word(self.own + STARTED)
            .store(process.started, Ordering::Relaxed);
        self.word(self.own + PROCESS)
            .store(process.id.into(), Ordering::Release);
    }

    /// Tells who gives back what the dead had in hand that somebody has come into a place, and has nothing in hand.
    pub(super) fn arrive(&self) {
        self.word(ARRIVALS).fetch_add(1, Ordering::AcqRel);
    }

    /// The word that lets requests in.
    pub(super) fn gate(&self) -> &AtomicU64 {
        self.word(GATE)
    }

    /// What it says now.
    pub(super) fn state(&self) -> State {
        State::of(self.gate().load(Ordering::Acquire))
    }

    /// Where this process notes what it has let in.
    pub(super) fn own_party(&self) -> Party<'_> {
        self.party_of(self.own)
    }

    /// Counts one. Only the thread that lets requests in does.
    pub(in crate::modules) fn count(&self, what: Count) {
        let word = self.word(self.own + what as usize);
        let count = word.load(Ordering::Relaxed);
        word.store(count.wrapping_add(1), Ordering::Relaxed);
    }

    /// How many were counted, by all processes.
    pub(in crate::modules) fn counted(&self, what: Count) -> u64 {
        let counts = (0..MOST_WORKERS).map(|place| self.word(row(place) + what as usize));
        counts
            .map(|count| count.load(Ordering::Relaxed))
            .fold(0, u64::wrapping_add)
    }

    /// What the signals came to.
    pub(super) fn verdict(&self) -> Verdict {
        Verdict {
            allowance: f64::from_bits(self.word(ALLOWANCE).load(Ordering::Relaxed)),
            is_firing: self.word(FIRING).load(Ordering::Relaxed) != 0,
        }
    }

    /// When the signals are to be looked at next, in nanoseconds.
    pub(super) fn due(&self) -> u64 {
        self.word(DUE).load(Ordering::Relaxed)
    }

    /// Notes what the signals come to.
    pub(super) fn note(&self, verdict: Verdict) {
        self.word(ALLOWANCE)
            .store(verdict.allowance.to_bits(), Ordering::Relaxed);
        self.word(FIRING)
            .store(verdict.is_firing.into(), Ordering::Relaxed);
    }

    /// Has the signals looked at next at that time instead of this one; false if somebody else has set another time.
    pub(super) fn claim(&self, due: u64, next: u64) -> bool {
        let order = Ordering::Relaxed;
        let claimed = self.word(DUE).compare_exchange(due, next, order, order);
        claimed.is_ok()
    }

    /// Notes by which configuration the signals were looked at.
    pub(super) fn note_configuration(&self, by: Configuration) {
        self.word(CONFIGURATION)
            .store(by.identity, Ordering::Relaxed);
        self.word(GENERATION)
            .store(by.generation, Ordering::Relaxed);
    }

    /// By which configuration the signals were looked at last.
    pub(super) fn configuration(&self) -> Configuration {
        Configuration {
            identity: self.word(CONFIGURATION).load(Ordering::Relaxed),
            generation: self.word(GENERATION).load(Ordering::Relaxed),
        }
    }

    /// Notes that this process looks after the zone.
    pub(super) fn watch(&self, now: u64) {
        self.watch_as(std::process::id(), now);
    }

    /// The same for any process.
    pub(super) fn watch_as(&self, process: u32, now: u64) {
        self.word(WATCHER).store(process.into(), Ordering::Relaxed);
        self.word(WATCHED).store(now, Ordering::Relaxed);
    }

    /// When somebody looked after the zone last.
    pub(super) fn watched(&self) -> u64 {
        self.word(WATCHED).load(Ordering::Relaxed)
    }

    /// Whether that was this process.
    pub(super) fn is_watcher(&self) -> bool {
        self.word(WATCHER).load(Ordering::Relaxed) == u64::from(std::process::id())
    }

    /// Sets the window by what the signals came to.
    pub(super) fn resize(&self, rules: &Rules, verdict: Verdict) {
        gate::resize(self.gate(), |window| {
            rules.after_evaluation(window, verdict)
        });
    }

    /// The places of processes that are dead, until they are [forgotten](Self::forget); to be asked with the lock.
    pub(in crate::modules) fn dead(&self) -> Dead {
        let arrivals = self.word(ARRIVALS).load(Ordering::Acquire);
        let places = (0..MOST_WORKERS).filter(|place| self.is_left(row(*place)));
        Dead {
            places: places.collect(),
            arrivals,
        }
    }

    /// Whether nobody can have come into the places of the dead since they were found.
    pub(super) fn are_alone(&self, dead: &Dead) -> bool {
        self.word(ARRIVALS).load(Ordering::Acquire) == dead.arrivals
    }

    /// Forgets what dead processes had in hand, if nobody has come into their places.
    pub(in crate::modules) fn forget(&self, dead: &Dead) {
        for place in &dead.places {
            if self.are_alone(dead) {
                self.party_of(row(*place)).forget();
                self.word(row(*place) + PROCESS).store(0, Ordering::Relaxed);
            }
        }
    }

    /// Gives back what nobody has in hand; false if everybody was at work all the time, and it is to be tried again.
    pub(super) fn settle(&self) -> bool {
        gate::settle(self.gate(), self.turns(), || self.in_hand())
    }

    /// How often each process began or ended to let somebody in or out.
    pub(super) fn turns(&self) -> impl Iterator<Item = &AtomicU64> + Clone {
        (0..MOST_WORKERS).map(|place| self.word(row(place) + TURN))
    }

    /// How many requests all processes have in hand.
    pub(super) fn in_hand(&self) -> u64 {
        let shares = (0..MOST_WORKERS).map(|place| self.party_of(row(place)).share.get());
        shares.fold(0, u64::saturating_add)
    }

    /// Whether a process has a place from this one on.
    pub(super) fn has_anybody_from(&self, place: usize) -> bool {
        let process = |place| self.word(row(place) + PROCESS).load(Ordering::Acquire);
        (place..MOST_WORKERS).any(|place| process(place) != 0 && !self.is_left(row(place)))
    }

    /// The place of this process.
    pub(super) fn place(&self) -> usize {
        (self.own - ROWS) / ROW
    }

    /// Whether a row has an owner that is dead.
    fn is_left(&self, row: usize) -> bool {
        let id = self.word(row + PROCESS).load(Ordering::Acquire);
        let started = self.word(row + STARTED).load(Ordering::Relaxed);
        match u32::try_from(id) {
            Ok(0) => false,
            Ok(id) => !Process { id, started }.is_alive(),
            Err(_) => true,
        }
    }

    /// Makes this process the only one that evaluates, until the guard is dropped.
    ///
    /// # Errors
    /// When another one has the lock and does not move.
    pub(in crate::modules) fn lock(&self) -> Result<MutexGuard<'_>, LockError> {
        match self.lock.lock()? {
            Locked::Clean(guard) => Ok(guard),
            Locked::OwnerDied(guard) => {
                // Whatever was done of an evaluation is right by itself.
                guard.repaired();
                Ok(guard)
            }
        }
    }

    fn party_of(&self, row: usize) -> Party<'_> {
        Party {
            turn: self.word(row + TURN),
            share: Share::Word(self.word(row + SHARE)),
        }
    }

    fn word(&self, place: usize) -> &AtomicU64 {
        &self.memory.words()[place]
    }
}

fn row(place: usize) -> usize {
    ROWS + place * ROW
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::build::memory::Unshared;

    /// Memory that several processes are handed.
    struct Handed(Arc<SharedMemory>, usize);

    impl Memory for Handed {
        fn role(&self) -> Role {
            Role::Worker(self.1)
        }

        fn existing(&mut self, _: &str, _: &str) -> Option<Arc<SharedMemory>> {
            Some(Arc::clone(&self.0))
        }

        fn create(&mut self, _: &str, _: &str, _: usize) -> io::Result<Arc<SharedMemory>> {
            Err(io::ErrorKind::NotFound.into())
        }

        fn keep(&mut self, _: &str, _: &str, _: Arc<SharedMemory>) {}

        fn file(&mut self, _: &str, _: &str) -> Option<Arc<std::fs::File>> {
            None
        }

        fn keep_file(&mut self, _: &str, _: &str, _: Arc<std::fs::File>) {}
    }

    const RULES: Rules = Rules {
        min: 2,
        max: 8,
        increase: 1,
        decrease: 50,
        when: super::super::rules::Decrease::OnEvaluation,
        utilization: 0,
    };

    #[test]
    fn counts_of_all_places_are_one() {
        let master = Area::open(&mut Unshared, "a", 2).unwrap();
        assert_eq!(
            master.state(),
            State {
                active: 0,
                window: 2
            }
        );
        for place in [0, 7] {
            let area = Area::open(&mut Handed(Arc::clone(&master.memory), place), "a", 2).unwrap();
            area.count(Count::Passed);
            area.count(Count::Rejected);
        }
        assert_eq!(master.counted(Count::Passed), 2);
        assert_eq!(master.counted(Count::Rejected), 2);
        assert_eq!(master.counted(Count::Exhausted), 0);
    }

    #[test]
    fn what_a_dead_worker_had_in_hand_is_given_back() {
        let master = Area::open(&mut Unshared, "a", 4).unwrap();
        let open = |place| Area::open(&mut Handed(Arc::clone(&master.memory), place), "a", 4);
        let (living, dead) = (open(0).unwrap(), open(1).unwrap());
        for area in [&living, &dead, &dead] {
            gate::enter(area.gate(), area.own_party()).unwrap();
        }
        assert!(master.settle());
        assert!(master.dead().places.is_empty());
        assert_eq!(master.state().active, 3);
        // It has the number of a process that was started at another time.
        let started = master.word(dead.own + STARTED);
        started.store(started.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        let found = master.dead();
        assert_eq!(found.places, [1]);
        master.forget(&found);
        assert!(master.settle());
        assert_eq!((master.state().active, master.in_hand()), (1, 1));
        assert!(master.dead().places.is_empty());
    }

    #[test]
    fn who_comes_into_the_place_of_the_dead_is_not_buried_with_them() {
        let master = Area::open(&mut Unshared, "a", 4).unwrap();
        let open = || Area::open(&mut Handed(Arc::clone(&master.memory), 1), "a", 4).unwrap();
        let former = open();
        gate::enter(former.gate(), former.own_party()).unwrap();
        let process = master.word(former.own + PROCESS);
        process.store(u64::MAX, Ordering::Relaxed);
        let guard = master.lock().unwrap();
        let found = master.dead();
        assert_eq!(found.places, [1]);
        std::thread::scope(|scope| {
            let successor = scope.spawn(open);
            // It waits until the dead are buried.
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert!(master.are_alone(&found));
            master.forget(&found);
            drop(guard);
            successor.join().unwrap();
        });
        let found = Dead {
            places: vec![1],
            ..found
        };
        assert!(!master.are_alone(&found));
        gate::enter(former.gate(), former.own_party()).unwrap();
        master.forget(&found);
        assert_eq!(master.in_hand(), 1);
        assert_ne!(process.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn who_comes_into_a_place_has_nothing_in_hand() {
        let master = Area::open(&mut Unshared, "a", 4).unwrap();
        let open = || Area::open(&mut Handed(Arc::clone(&master.memory), 3), "a", 4).unwrap();
        let first = open();
        gate::enter(first.gate(), first.own_party()).unwrap();
        let second = open();
        assert!(second.settle());
        assert_eq!(second.state().active, 0);
    }

    #[test]
    fn the_verdict_is_what_everybody_sees() {
        let area = Area::open(&mut Unshared, "a", 4).unwrap();
        assert_eq!(area.verdict(), Verdict::CALM);
        let verdict = Verdict {
            allowance: 0.25,
            is_firing: true,
        };
        let _guard = area.lock().unwrap();
        area.note(verdict);
        let by = Configuration {
            identity: 8,
            generation: 9,
        };
        assert!(area.claim(0, 7) && !area.claim(0, 9));
        area.note_configuration(by);
        area.resize(&RULES, verdict);
        assert_eq!((area.verdict(), area.due()), (verdict, 7));
        assert_eq!(area.configuration(), by);
        assert_eq!(area.state().window, 2);
    }
}

//! The queue of updates that one process has put off in a zone, see `later`.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use xxhash_rust::xxh3::xxh3_64;

use super::Zone;
use crate::metric::{Moment, is_truncated, stored_key};
use crate::os::atomic::{AtomicU32, AtomicUsize, Mutex, Ordering};
use crate::os::monotonic;

/// Bytes of updates that may wait for a zone in each process, whoever has its lock.
const ROOM: usize = if cfg!(test) { 1 << 14 } else { 16 << 20 };
/// The same while its owner works: some millions of updates, which is more than a worker brings while one works at a stretch, as
/// whoever puts the largest zones in order does for about a second.
const MOST_ROOM: usize = 16 * ROOM;
/// So much more room is made at once.
const MORE_ROOM: usize = ROOM / 16;
/// So many nanoseconds after an owner was seen not to work he is looked at again.
const LOOK_AGAIN: u64 = 20_000_000;
/// How many kinds of keys are told apart.
const KINDS: usize = 1 << 10;
/// So many updates are made under one hold of the lock.
const BATCH: usize = 64;

/// How a value comes to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Update,
    /// It takes back what another one gave, see [`Zone::take_back`].
    TakeBack,
    /// The same of the discard key, see [`Zone::discard`].
    Discard,
    TakeBackDiscarded,
    /// It is open yet where it goes.
    Open,
    /// It takes back what went where that was decided for another one.
    TakeBackOpen,
    /// The one that it was to take back has been refused.
    TakeBackNothing,
}

/// Where an update goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the key that it is for.
    Own,
    /// To this key, which may be the discard key.
    Other(Vec<u8>),
}

/// Where an update has gone of which that was left open, once it is decided.
pub type Fate = OnceLock<Way>;

/// The updates of this process that wait for a zone's lock.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// How many there are, with those that are being made.
    waiting: AtomicUsize,
    /// Nothing where everybody waits himself.
    line: Option<Box<Line>>,
    /// One if the last reading that waited for the lock did so in vain.
    waited_in_vain: AtomicU32,
}

/// What they wait in.
#[derive(Debug)]
struct Line {
    queue: Mutex<Queue>,
    /// How many of them have a key of each kind.
    kinds: Box<[AtomicU32]>,
    /// One while somebody sees to it that they are made.
    is_claimed: AtomicU32,
}

#[derive(Debug, Default)]
struct Queue {
    updates: VecDeque<Waiting>,
    bytes: usize,
    /// How much room there is besides that which is always there.
    more: usize,
    /// When there was found to be none.
    looked: u64,
}

impl Queue {
    /// Whether there is room for so many bytes more; `is_moving` tells whether the lock's owner works.
    fn has_room(&mut self, bytes: usize, is_moving: impl FnOnce() -> bool) -> bool {
        let needed = self.bytes + bytes;
        if needed <= ROOM + self.more {
            return true;
        }
        let now = monotonic();
        if needed > MOST_ROOM || now.saturating_sub(self.looked) < LOOK_AGAIN {
            return false;
        }
        match is_moving() {
            true => self.more += MORE_ROOM,
            false => self.looked = now,
        }
        needed <= ROOM + self.more
    }
}

/// One update.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) kind: Kind,
    pub(super) key: Box<[u8]>,
    pub(super) is_truncated: bool,
    pub(super) value: f64,
    pub(super) now: Moment,
    pub(super) fate: Option<Arc<Fate>>,
    /// The kind of the key that it came with.
    pub(super) kind_of_key: usize,
}

impl Waiting {
    pub(super) fn new(kind: Kind, key: &[u8], value: f64, now: Moment) -> Self {
        Self {
            kind,
            key: key.into(),
            is_truncated: false,
            value,
            now,
            fate: None,
            kind_of_key: kind_of(key),
        }
    }

    /// Whether it has to be decided first where it goes.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.kind, Kind::Open | Kind::TakeBackOpen)
    }

    /// Goes where it is to go; `is_discard_key` tells keys that nobody may make.
    fn settle(&mut self, way: Way, is_discard_key: impl Fn(&[u8]) -> bool) {
        let is_given = self.kind == Kind::Open;
        let is_discarded = matches!(&way, Way::Other(key) if is_discard_key(key));
        self.kind = match (is_given, is_discarded) {
            (true, false) => Kind::Update,
            (true, true) => Kind::Discard,
            (false, false) => Kind::TakeBack,
            (false, true) => Kind::TakeBackDiscarded,
        };
        if let Way::Other(key) = way {
            (self.key, self.is_truncated) = (stored_key(&key).into(), is_truncated(&key));
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.key.len().next_multiple_of(16)
    }
}

impl Later {
    /// One that takes updates.
    pub(super) fn open() -> Self {
        let kinds = (0..KINDS).map(|_| AtomicU32::new(0)).collect();
        let line = Line {
            queue: Mutex::default(),
            kinds,
            is_claimed: AtomicU32::new(0),
        };
        Self {
            waiting: AtomicUsize::new(0),
            line: Some(Box::new(line)),
            waited_in_vain: AtomicU32::new(0),
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.line.is_some()
    }

    /// Whether updates are waiting.
    #[inline]
    pub(super) fn is_any(&self) -> bool {
        self.waiting.load(Ordering::Acquire) != 0
    }

    /// Whether updates of a key may be among them.
    pub(super) fn may_have(&self, key: &[u8]) -> bool {
        let is_of_kind = |line: &Line| line.kinds[kind_of(key)].load(Ordering::Acquire) != 0;
        self.is_any() && self.line.as_deref().is_some_and(is_of_kind)
    }

    /// How many updates are waiting.
    pub(super) fn len(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Whether nobody sees to it that they are made; it is up to whoever asks then.
    pub(super) fn claim(&self) -> bool {
        let claim = |line: &Line| line.is_claimed.swap(1, Ordering::SeqCst) == 0;
        self.line.as_deref().is_some_and(claim)
    }

    pub(super) fn give_claim_back(&self) {
        if let Some(line) = &self.line {
            line.is_claimed.store(0, Ordering::SeqCst);
        }
    }

    /// Whether the last reading that waited for the lock did so in vain.
    pub(super) fn has_waited_in_vain(&self) -> bool {
        self.waited_in_vain.load(Ordering::Relaxed) != 0
    }

    pub(super) fn note_wait(&self, is_in_vain: bool) {
        self.waited_in_vain
            .store(u32::from(is_in_vain), Ordering::Relaxed);
    }

    /// Takes an update in, and has it counted; false if there is no room.
    pub(super) fn push(&self, update: Waiting, zone: &Zone) -> bool {
        let Some(line) = &self.line else {
            return false;
        };
        let mut queue = line.queue.lock();
        let is_moving = || zone.is_lock_moving();
        if !queue.has_room(update.bytes(), is_moving) {
            return false;
        }
        line.kinds[update.kind_of_key].fetch_add(1, Ordering::SeqCst);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        queue.bytes += update.bytes();
        queue.updates.push_back(update);
        if let Some(seat) = &zone.seat {
            seat.count_put_off();
        }
        true
    }

    /// The next few; nothing where none are put off.
    pub(super) fn take<'l>(&'l self, zone: &'l Zone) -> Option<Batch<'l>> {
        let line = self.line.as_deref()?;
        let mut queue = line.queue.lock();
        let count = queue.updates.len().min(BATCH);
        let updates: VecDeque<Waiting> = queue.updates.drain(..count).collect();
        queue.bytes -= updates.iter().map(Waiting::bytes).sum::<usize>();
        if queue.updates.is_empty() {
            // The memory of a long time of waiting is given back.
            (queue.updates, queue.more) = (VecDeque::new(), 0);
        }
        Some(Batch {
            line,
            zone,
            updates,
        })
    }
}

/// Updates that are being made. Those that were not made stand where they stood when this is dropped.
pub(super) struct Batch<'l> {
    line: &'l Line,
    zone: &'l Zone,
    updates: VecDeque<Waiting>,
}

impl Batch<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.updates.is_empty()
    }

    pub(super) fn first(&self) -> Option<&Waiting> {
        self.updates.front()
    }

    /// Has it decided where the first one goes, if that is open; not to be called under the lock.
    pub(super) fn settle_first(&mut self, decide: &dyn Fn(&[u8]) -> Way) {
        let first = self.updates.front_mut().filter(|update| update.is_open());
        let Some(update) = first else {
            return;
        };
        let way = match (&update.fate, update.kind) {
            (Some(fate), Kind::Open) => fate.get_or_init(|| decide(&update.key)).clone(),
            // It came after the one for which it was decided, unless that was given up.
            (Some(fate), _) => match fate.get() {
                Some(way) => way.clone(),
                None => {
                    update.kind = Kind::TakeBackNothing;
                    return;
                }
            },
            (None, _) => Way::Own,
        };
        let store = &self.zone.last_view().store;
        update.settle(way, |key| store.is_discard_key(key));
    }

    /// The first one was made, or never will be.
    pub(super) fn done(&mut self) {
        if let Some(update) = self.updates.pop_front() {
            self.line.kinds[update.kind_of_key].fetch_sub(1, Ordering::SeqCst);
            self.zone.later.waiting.fetch_sub(1, Ordering::SeqCst);
            if let Some(seat) = &self.zone.seat {
                seat.count_over();
            }
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if self.updates.is_empty() {
            return;
        }
        let mut queue = self.line.queue.lock();
        while let Some(update) = self.updates.pop_back() {
            queue.bytes += update.bytes();
            queue.updates.push_front(update);
        }
    }
}

/// The kind of a key as it is stored.
fn kind_of(key: &[u8]) -> usize {
    xxh3_64(key) as usize % KINDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_more_room_while_the_owner_of_the_lock_works_and_none_without_end() {
        let mut queue = Queue {
            bytes: ROOM,
            ..Queue::default()
        };
        assert!(!queue.has_room(1, || false));
        // He is not looked at each time.
        assert!(!queue.has_room(1, || panic!("looked at")));
        queue.looked = 0;
        while queue.has_room(100, || true) {
            queue.bytes += 100;
        }
        assert!(queue.bytes <= MOST_ROOM && queue.bytes > MOST_ROOM - 200);
    }
}

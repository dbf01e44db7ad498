//! Markers: which slots are in use by somebody who does not hold the lock.
//!
//! Every handle has a line of the root, a *seat*. Before it touches the cells of a slot, or copies them, it
//! writes the slot's number into its seat, and only then looks whether the slot is live and has the right
//! key. Whoever holds the lock and wants a slot for something else first takes the state `Live` from it,
//! and only then looks at the seats. At least one of the two sees the other: either the user finds the slot
//! not live and leaves it, or the owner of the lock finds the number and waits. Only those who are at the
//! very slot that is wanted are waited for, so a process interrupted inside an update holds up nobody.
//!
//! That needs each side's write to be visible before its own look. The seldom side pays for both: it has
//! the kernel run a barrier on every processor, and the thread that uses a handle most writes its number
//! with a plain store. Other threads of a process, which share the seat, and processes that cannot be
//! reached by such barriers take one of the seat's further words by a sequentially consistent exchange.
//! Who finds no room, or no seat, does its work under the lock.
//!
//! A number left behind by a dead process is cleared by whoever waits for it; a seat carries its owner's
//! process number and start, so that a number given out again cannot keep it. Who lives but does not come
//! to an end is waited for a while, who was stopped a millisecond; then the slot is left to it. A handle must not be used across a fork.

use std::sync::OnceLock;
use std::time::Duration;

use super::layout::root;
use super::store::Slot;
use crate::os::atomic::{
    AtomicU32, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence, sleep, spin_loop,
    this_thread, yield_now,
};
use crate::os::{
    Condition, Process, SharedMemory, SharedWord, memory_barrier, monotonic,
    register_memory_barrier,
};

/// Words of a seat.
const LINE: usize = 8;
const PROCESS: usize = 1;
const STARTED: usize = 2;
/// The word for slot numbers of the seat's own thread.
const OWN: usize = 0;
/// The words for those of other threads.
const SHARED: [usize; 3] = [3, 4, 5];
/// How many updates its owners have ever put off.
const PUT_OFF: usize = 6;
/// How many of these are over: made, refused, or lost with an owner.
const OVER: usize = 7;

/// How many looks at a marker come before anything slower; a use of a slot takes some nanoseconds.
const LOOKS: u32 = 200;
const MILLISECOND: u64 = 1_000_000;
/// After so long it is time to ask whether the other one lives.
const DOUBT: u64 = MILLISECOND;

/// The seats of all processes.
#[derive(Clone, Debug)]
pub(super) struct Markers {
    /// The root.
    memory: SharedMemory,
}

/// How long somebody is waited for who lives but does not come to an end; one who was stopped is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// There is another way, and it costs nothing.
    Brief,
    /// There is another way.
    Short,
    /// There is none.
    Long,
}

/// One handle's seat.
#[derive(Debug)]
pub(super) struct Seat {
    markers: Markers,
    line: usize,
    own: SharedWord,
    owner: Process,
    /// The thread that may use the seat's own word, see [`this_thread`]; zero until one does.
    thread: AtomicUsize,
    /// Whether barriers of other processes reach this one.
    is_reachable: bool,
}

/// Updates that were put off at a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PutOff {
    line: usize,
    /// How many its owners had ever put off by then.
    until: u64,
}

/// Keeps a slot from being taken away while it lives.
#[derive(Debug)]
pub(super) struct Hold<'a> {
    word: &'a AtomicU64,
}

impl Markers {
    pub(super) fn new(root: &SharedMemory) -> Self {
        Self {
            memory: root.clone(),
        }
    }

    /// How many receipts owners have, which stands beside the seats; see `receipts`.
    pub(super) fn shares(&self) -> &[AtomicU32] {
        let words = root::SHARE_WORDS..root::SHARE_WORDS + root::SHARES;
        self.memory.halves(words)
    }

    /// A seat nobody has, or whose owner is dead; to be called under the lock.
    pub(super) fn claim(&self) -> Option<Seat> {
        let line = (0..root::SEATS).find(|line| !self.has_owner(*line))?;
        let owner = Process::current();
        for place in holds() {
            self.word(line, place).store(0, Ordering::Relaxed);
        }
        self.forget_put_off(line);
        self.word(line, STARTED)
            .store(owner.started, Ordering::Relaxed);
        self.word(line, PROCESS)
            .store(u64::from(owner.id), Ordering::Relaxed);
        self.memory.words()[root::CLAIMED].fetch_max(line as u64 + 1, Ordering::SeqCst);
        Some(Seat {
            markers: self.clone(),
            line,
            own: SharedWord::new(&self.memory, root::MARKERS + line * LINE + OWN),
            owner,
            thread: AtomicUsize::new(0),
            is_reachable: is_reachable(),
        })
    }

    /// Waits until nobody uses any of the slots, given as stored, that `is_wanted` tells. To be called
    /// under the lock, after the slots' heads say so; false if somebody stays who is not dead. However many
    /// stay, patience ends once for all of them.
    pub(super) fn wait_out(&self, patience: Patience, is_wanted: impl Fn(u64) -> bool) -> bool {
        fence(Ordering::SeqCst);
        if memory_barrier().is_err() {
            // Nobody could be reached; what was stored before is visible long before this ends.
            sleep(Duration::from_nanos(MILLISECOND));
        }
        let (mut is_free, mut end) = (true, None);
        for (line, place) in self.all() {
            let held = self.word(line, place).load(Ordering::SeqCst);
            if held != 0 && is_wanted(held) {
                let end = || *end.get_or_insert_with(|| monotonic() + patience.nanoseconds());
                is_free &= self.wait(line, place, held, end);
            }
        }
        is_free
    }

    /// Whether a living process other than this one has a seat.
    pub(super) fn has_others(&self) -> bool {
        let own = u64::from(std::process::id());
        let is_own = |line| self.word(line, PROCESS).load(Ordering::Acquire) == own;
        (0..self.claimed()).any(|line| !is_own(line) && self.has_owner(line))
    }

    /// Whether somebody says to be using a slot.
    pub(super) fn is_held(&self, slot: Slot) -> bool {
        let holds = |(line, place)| self.word(line, place).load(Ordering::SeqCst) == slot.stored();
        self.all().any(holds)
    }

    /// Waits for one; `end` says when patience ends.
    #[cold]
    fn wait(&self, line: usize, place: usize, held: u64, end: impl FnOnce() -> u64) -> bool {
        let word = self.word(line, place);
        let has_left = || word.load(Ordering::SeqCst) != held;
        for _ in 0..LOOKS {
            if has_left() {
                return true;
            }
            spin_loop();
        }
        let (start, end) = (monotonic(), end());
        while !has_left() {
            let now = monotonic();
            if now.saturating_sub(start) < DOUBT && now <= end {
                yield_now();
                continue;
            }
            match self.owner(line) {
                Condition::Dead => {
                    let _left_meanwhile =
                        word.compare_exchange(held, 0, Ordering::SeqCst, Ordering::Relaxed);
                    return true;
                }
                Condition::Stopped => return has_left(),
                _ if now > end => return false,
                _ => sleep(Duration::from_micros(100)),
            }
        }
        true
    }

    /// Every word that may hold a slot number.
    fn all(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        (0..self.claimed()).flat_map(|line| holds().map(move |place| (line, place)))
    }

    /// Whether the process that took a seat is alive.
    fn has_owner(&self, line: usize) -> bool {
        self.owner(line) != Condition::Dead
    }

    /// Which updates are put off, seat by seat.
    pub(super) fn put_off(&self) -> impl Iterator<Item = PutOff> {
        let of_seat = |line| {
            let until = self.word(line, PUT_OFF).load(Ordering::SeqCst);
            PutOff { line, until }
        };
        let all = (0..self.claimed()).map(of_seat);
        all.filter(|put_off| !self.is_over(put_off))
    }

    /// Whether all that were put off by then are over.
    pub(super) fn is_over(&self, put_off: &PutOff) -> bool {
        let over = self.word(put_off.line, OVER).load(Ordering::SeqCst);
        !is_behind(over, put_off.until)
    }

    /// What can be expected of the process that put them off. Those of a dead one are over.
    pub(super) fn condition_of(&self, put_off: &PutOff) -> Condition {
        let condition = self.owner(put_off.line);
        if condition == Condition::Dead {
            // Whoever has the seat by now has begun with as many or more, which must stay so.
            let until = put_off.until;
            let raise = |over| is_behind(over, until).then_some(until);
            let word = self.word(put_off.line, OVER);
            let _more = word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, raise);
        }
        condition
    }

    /// The process that put them off, if it has not ended in order.
    pub(super) fn process_of(&self, put_off: &PutOff) -> Option<u32> {
        let process = self.word(put_off.line, PROCESS).load(Ordering::Acquire);
        u32::try_from(process).ok().filter(|process| *process != 0)
    }

    /// What is put off at a seat is lost with its owner, and so over.
    fn forget_put_off(&self, line: usize) {
        let all = self.word(line, PUT_OFF).load(Ordering::SeqCst);
        self.word(line, OVER).store(all, Ordering::SeqCst);
    }

    /// What can be expected of the process that took a seat.
    fn owner(&self, line: usize) -> Condition {
        let process = self.word(line, PROCESS).load(Ordering::Acquire);
        let started = self.word(line, STARTED).load(Ordering::Acquire);
        match u32::try_from(process) {
            Ok(0) | Err(_) => Condition::Dead,
            Ok(id) => Process { id, started }.condition(),
        }
    }

    /// Seats from here on were never taken.
    fn claimed(&self) -> usize {
        let claimed = self.memory.words()[root::CLAIMED].load(Ordering::SeqCst);
        usize::try_from(claimed).map_or(root::SEATS, |claimed| claimed.min(root::SEATS))
    }

    fn word(&self, line: usize, place: usize) -> &AtomicU64 {
        &self.line(line)[place]
    }

    fn line(&self, line: usize) -> &[AtomicU64] {
        let start = root::MARKERS + line * LINE;
        &self.memory.words()[start..start + LINE]
    }
}

impl Seat {
    /// Marks a slot as in use; nothing if too many threads of this process are at work. What is known of
    /// the slot must be looked at after this. A thread has one hold of a zone at a time.
    #[inline]
    pub(super) fn hold(&self, slot: Slot) -> Option<Hold<'_>> {
        self.hold_own(slot).or_else(|| self.hold_shared(slot))
    }

    /// The same for the thread that has the seat's own word; nothing for others.
    #[inline(always)]
    pub(super) fn hold_own(&self, slot: Slot) -> Option<Hold<'_>> {
        if self.thread.load(Ordering::Relaxed) == this_thread() {
            let word = &*self.own;
            word.store(slot.stored(), Ordering::Relaxed);
            // The processor's part of this fence is done by the barrier of whoever wants the slot.
            compiler_fence(Ordering::SeqCst);
            return Some(Hold { word });
        }
        None
    }

    /// Counts an update as put off.
    pub(super) fn count_put_off(&self) {
        let word = self.markers.word(self.line, PUT_OFF);
        word.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts one of those as over.
    pub(super) fn count_over(&self) {
        let word = self.markers.word(self.line, OVER);
        word.fetch_add(1, Ordering::SeqCst);
    }

    #[cold]
    fn hold_shared(&self, slot: Slot) -> Option<Hold<'_>> {
        if self.is_reachable {
            // The first thread that comes has the seat's own word from its next hold on.
            let _taken = self.thread.compare_exchange(
                0,
                this_thread(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
        }
        let line = self.markers.line(self.line);
        SHARED.iter().find_map(|place| {
            let word = &line[*place];
            let taken =
                word.compare_exchange(0, slot.stored(), Ordering::SeqCst, Ordering::Relaxed);
            taken.is_ok().then(|| {
                fence(Ordering::SeqCst);
                Hold { word }
            })
        })
    }
}

impl Patience {
    fn nanoseconds(self) -> u64 {
        match self {
            Self::Brief => MILLISECOND,
            Self::Short => 50 * MILLISECOND,
            Self::Long => 1_000 * MILLISECOND,
        }
    }
}

/// Whether a count has not come to another one yet; both may have begun again at zero.
fn is_behind(count: u64, other: u64) -> bool {
    other.wrapping_sub(count).cast_signed() > 0
}

fn is_reachable() -> bool {
    static REACHABLE: OnceLock<bool> = OnceLock::new();
    *REACHABLE.get_or_init(|| register_memory_barrier().is_ok())
}

fn holds() -> impl Iterator<Item = usize> {
    std::iter::once(OWN).chain(SHARED)
}

impl Drop for Seat {
    fn drop(&mut self) {
        let word = |place| self.markers.word(self.line, place);
        let is_own = word(PROCESS).load(Ordering::Acquire) == u64::from(std::process::id())
            && word(STARTED).load(Ordering::Acquire) == self.owner.started;
        if is_own {
            self.markers.forget_put_off(self.line);
            word(PROCESS).store(0, Ordering::Release);
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.word.store(0, Ordering::Release);
    }
}

/// Orders a copy that was just made before the look that tells whether it is whole.
pub(super) fn after_copy() {
    fence(Ordering::Acquire);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::layout::ROOT_BYTES;

    fn markers() -> Markers {
        Markers::new(&SharedMemory::heap(ROOT_BYTES))
    }

    #[test]
    fn a_seat_is_given_once_and_given_back() {
        let markers = markers();
        let seats: Vec<Seat> = std::iter::from_fn(|| markers.claim()).collect();
        assert_eq!(seats.len(), root::SEATS);
        drop(seats);
        assert_eq!(markers.claim().unwrap().line, 0);
        assert_eq!(markers.claimed(), root::SEATS);
    }

    #[test]
    fn several_threads_share_a_seat_until_it_is_full() {
        let markers = markers();
        let seat = markers.claim().unwrap();
        drop(seat.hold(Slot(0)));
        let own = seat.hold(Slot(0)).unwrap();
        std::thread::scope(|scope| {
            let others = || {
                let holds: Vec<_> = SHARED.iter().map(|slot| seat.hold(Slot(*slot))).collect();
                assert!(holds.iter().all(Option::is_some));
                assert!(seat.hold(Slot(9)).is_none());
            };
            scope.spawn(others).join().unwrap();
        });
        assert!(markers.is_held(Slot(0)) && !markers.is_held(Slot(3)));
        drop(own);
        assert!(!markers.is_held(Slot(0)));
    }

    #[test]
    fn only_the_slot_that_is_wanted_is_waited_for() {
        let markers = markers();
        let seat = markers.claim().unwrap();
        for _of_either_kind in 0..2 {
            let hold = seat.hold(Slot(4)).unwrap();
            let wait = |slot: Slot| markers.wait_out(Patience::Long, |held| held == slot.stored());
            assert!(wait(Slot(5)));
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| wait(Slot(4)));
                std::thread::sleep(Duration::from_millis(20));
                assert!(!waiting.is_finished());
                drop(hold);
                assert!(waiting.join().unwrap());
            });
        }
    }

    #[test]
    fn the_dead_are_not_waited_for_whoever_has_their_number_now() {
        let markers = markers();
        let seat = markers.claim().unwrap();
        std::mem::forget(seat.hold(Slot(4)));
        std::mem::forget(seat.hold(Slot(5)));
        let started = markers.word(0, STARTED);
        started.store(seat.owner.started + 1, Ordering::Relaxed);
        assert!(markers.wait_out(Patience::Long, |_| true));
        assert!(!markers.is_held(Slot(4)) && !markers.is_held(Slot(5)));
        let next = markers.claim().unwrap();
        assert_eq!(next.line, 0);
    }

    #[test]
    fn what_a_dead_process_put_off_is_over_for_all_who_ask_however_late() {
        let markers = markers();
        let seat = markers.claim().unwrap();
        let until = |until| PutOff { line: 0, until };
        (0..5).for_each(|_| seat.count_put_off());
        let started = markers.word(0, STARTED);
        started.store(seat.owner.started + 1, Ordering::Relaxed);
        for asked in [5, 3, 4] {
            assert_eq!(markers.condition_of(&until(asked)), Condition::Dead);
            assert!(markers.is_over(&until(5)), "after {asked}");
        }
        assert_eq!(markers.put_off().count(), 0);
    }

    #[test]
    fn patience_ends() {
        let markers = markers();
        let seat = markers.claim().unwrap();
        let _hold = seat.hold(Slot(4));
        assert!(!markers.wait_out(Patience::Short, |_| true));
        assert!(markers.is_held(Slot(4)));
    }

    #[test]
    fn patience_with_many_ends_as_soon() {
        let markers = markers();
        let seats: Vec<Seat> = std::iter::from_fn(|| markers.claim()).collect();
        let _holds: Vec<_> = seats.iter().map(|seat| seat.hold(Slot(4))).collect();
        let start = monotonic();
        assert!(!markers.wait_out(Patience::Short, |_| true));
        let one_by_one = Patience::Short.nanoseconds() * seats.len() as u64;
        assert!(monotonic() - start < one_by_one / 4);
    }
}

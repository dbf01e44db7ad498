//! The word that lets requests in: how many are under way, and how many may be.
//!
//! Letting one in and out is one compare-and-swap for all processes. Beside the word each process notes what it has
//! let in itself, its *share*, so that what a process had in hand when it died can be given back. A process that dies
//! between the two stores leaves the word with one too many, never with one too few. What the word has beyond the sum of
//! all shares is taken from it by [`settle`]. Sum and word belong together only while nobody stands
//! between the two stores, so each process counts its turns: an odd number says that it is at work.

use crate::os::atomic::{AtomicU64, Ordering};

/// What a gate says at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Requests under way.
    pub active: u32,
    /// How many may be.
    pub window: u32,
}

impl State {
    /// What stands in a word.
    pub fn of(word: u64) -> Self {
        Self {
            active: word as u32,
            window: (word >> 32) as u32,
        }
    }

    /// As it stands in a word.
    pub fn packed(self) -> u64 {
        u64::from(self.window) << 32 | u64::from(self.active)
    }
}

/// How many of those under way are a process's own; written by one thread of it alone, but for other parts of the
/// same word.
#[derive(Clone, Copy)]
pub enum Share<'a> {
    /// A word of its own.
    Word(&'a AtomicU64),
    /// Sixteen bits of a word, from this bit on.
    Part(&'a AtomicU64, u32),
}

const PART: u64 = 0xffff;

impl Share<'_> {
    /// How many there are.
    pub fn get(self) -> u64 {
        match self {
            Self::Word(word) => word.load(Ordering::Acquire),
            Self::Part(word, bit) => word.load(Ordering::Acquire) >> bit & PART,
        }
    }

    fn set(self, next: impl Fn(u64) -> u64) {
        match self {
            Self::Word(word) => word.store(next(word.load(Ordering::Relaxed)), Ordering::Release),
            Self::Part(word, bit) => {
                let mut seen = word.load(Ordering::Relaxed);
                loop {
                    let part = next(seen >> bit & PART).min(PART);
                    let wanted = seen & !(PART << bit) | part << bit;
                    let swap =
                        word.compare_exchange(seen, wanted, Ordering::AcqRel, Ordering::Relaxed);
                    match swap {
                        Ok(_) => return,
                        Err(now) => seen = now,
                    }
                }
            }
        }
    }

    /// One more.
    pub fn grow(self) {
        self.set(|share| share.saturating_add(1));
    }

    /// One less.
    pub fn shrink(self) {
        self.set(|share| share.saturating_sub(1));
    }

    /// Forgets what a process had in hand that is dead.
    pub fn clear(self) {
        self.set(|_| 0);
    }
}

/// Where one process notes what it has let in.
#[derive(Clone, Copy)]
pub struct Party<'a> {
    /// How often it began or ended to work on a gate; written by one thread of it alone.
    pub turn: &'a AtomicU64,
    /// How many of those under way are its own.
    pub share: Share<'a>,
}

impl Party<'_> {
    fn begin(self) {
        let turn = self.turn.load(Ordering::Relaxed);
        // Visible before what follows: the swap of the word releases it.
        self.turn.store(turn | 1, Ordering::Relaxed);
    }

    fn end(self) {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn
            .store((turn | 1).wrapping_add(1), Ordering::Release);
    }

    /// Forgets what a process had in hand that is dead, or that this one is in the place of.
    pub fn forget(self) {
        self.share.clear();
        self.end();
    }
}

/// Lets one more in, and gives what holds with it.
///
/// # Errors
/// What holds when there is no room.
#[inline]
pub fn enter(word: &AtomicU64, party: Party<'_>) -> Result<State, State> {
    enter_below(word, party, u32::MAX)
}

/// The same for no more than `most`, whatever the window is.
///
/// # Errors
/// What holds when there is no room.
#[inline]
pub fn enter_below(word: &AtomicU64, party: Party<'_>, most: u32) -> Result<State, State> {
    let mut seen = word.load(Ordering::Acquire);
    let mut state = State::of(seen);
    if state.active >= state.window.min(most) {
        return Err(state);
    }
    party.begin();
    let entered = loop {
        let active = state.active + 1;
        let next = State { active, ..state };
        match word.compare_exchange(seen, next.packed(), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => break Ok(next),
            Err(now) => (seen, state) = (now, State::of(now)),
        }
        if state.active >= state.window.min(most) {
            break Err(state);
        }
    };
    if entered.is_ok() {
        party.share.grow();
    }
    party.end();
    entered
}

/// Lets one out; `next` gives the window that holds from then on.
#[inline]
pub fn leave(word: &AtomicU64, party: Party<'_>, next: impl Fn(u32) -> u32) {
    party.begin();
    change(word, |state| State {
        active: state.active.saturating_sub(1),
        window: next(state.window),
    });
    party.share.shrink();
    party.end();
}

/// Changes the window of a gate.
pub fn resize(word: &AtomicU64, next: impl Fn(u32) -> u32) {
    change(word, |state| State {
        window: next(state.window),
        ..state
    });
}

/// Takes from a gate what no living process has in hand; false if somebody was at work whenever this looked, and
/// nothing is known. To be called by one process at a time, with everybody's turns, and the sum of all shares.
pub fn settle<'a>(
    word: &AtomicU64,
    turns: impl Iterator<Item = &'a AtomicU64> + Clone,
    shares: impl Fn() -> u64,
) -> bool {
    (0..ATTEMPTS).any(|_| try_to_settle(word, turns.clone(), &shares))
}

/// The same with one look.
pub fn try_to_settle<'a>(
    word: &AtomicU64,
    turns: impl Iterator<Item = &'a AtomicU64> + Clone,
    shares: impl Fn() -> u64,
) -> bool {
    let Some(beyond) = beyond(word, turns, shares) else {
        return false;
    };
    if beyond != 0 {
        // Whatever happens meanwhile changes the word and a share alike.
        change(word, |state| State {
            active: state.active.saturating_add_signed(beyond.saturating_neg()),
            ..state
        });
    }
    true
}

const ATTEMPTS: u32 = 64;

/// What a gate has beyond the shares of all; nothing if somebody was at work meanwhile.
fn beyond<'a>(
    word: &AtomicU64,
    turns: impl Iterator<Item = &'a AtomicU64> + Clone,
    shares: impl Fn() -> u64,
) -> Option<i32> {
    let before = sum_of_rest(turns.clone())?;
    let active = State::of(word.load(Ordering::Acquire)).active;
    let sum = shares();
    // Turns only grow, so an equal sum is an equal number for each.
    (sum_of_rest(turns)? == before).then(|| {
        let beyond = i64::from(active) - i64::try_from(sum).unwrap_or(i64::MAX);
        beyond.clamp(i32::MIN.into(), i32::MAX.into()) as i32
    })
}

/// The sum of all turns; nothing while somebody is at work.
fn sum_of_rest<'a>(mut turns: impl Iterator<Item = &'a AtomicU64>) -> Option<u64> {
    turns.try_fold(0_u64, |sum, turn| {
        let turn = turn.load(Ordering::Acquire);
        (turn & 1 == 0).then(|| sum.wrapping_add(turn))
    })
}

fn change(word: &AtomicU64, next: impl Fn(State) -> State) {
    let mut seen = word.load(Ordering::Acquire);
    loop {
        let wanted = next(State::of(seen)).packed();
        match word.compare_exchange(seen, wanted, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return,
            Err(now) => seen = now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Note {
        turn: AtomicU64,
        share: AtomicU64,
    }

    impl Note {
        fn new() -> Self {
            Self {
                turn: AtomicU64::new(0),
                share: AtomicU64::new(0),
            }
        }

        fn party(&self) -> Party<'_> {
            Party {
                turn: &self.turn,
                share: Share::Word(&self.share),
            }
        }
    }

    fn settled(word: &AtomicU64, notes: &[&Note]) -> bool {
        let shares = || notes.iter().map(|note| note.party().share.get()).sum();
        settle(word, notes.iter().map(|note| &note.turn), shares)
    }

    fn gate(window: u32) -> AtomicU64 {
        AtomicU64::new(State { active: 0, window }.packed())
    }

    fn state(word: &AtomicU64) -> State {
        State::of(word.load(Ordering::Relaxed))
    }

    #[test]
    fn no_more_get_in_than_may() {
        let (word, note) = (gate(2), Note::new());
        let party = note.party();
        assert_eq!(enter(&word, party).map(|state| state.active), Ok(1));
        assert_eq!(enter(&word, party).map(|state| state.active), Ok(2));
        let full = State {
            active: 2,
            window: 2,
        };
        assert_eq!(enter(&word, party), Err(full));
        leave(&word, party, |window| window + 1);
        assert_eq!(
            state(&word),
            State {
                active: 1,
                window: 3
            }
        );
        leave(&word, party, |window| window);
        leave(&word, party, |window| window);
        assert_eq!((state(&word).active, note.share.into_inner()), (0, 0));
    }

    #[test]
    fn what_the_dead_had_in_hand_is_given_back() {
        let (word, living, dead) = (gate(9), Note::new(), Note::new());
        for note in [&living, &dead, &dead, &dead] {
            enter(&word, note.party()).unwrap();
        }
        assert!(settled(&word, &[&living, &dead]));
        assert_eq!(state(&word).active, 4);
        dead.party().forget();
        assert!(settled(&word, &[&living, &dead]));
        assert_eq!(state(&word).active, 1);
    }

    #[test]
    fn a_death_between_the_two_stores_leaves_one_too_many_until_it_is_settled() {
        let (word, note) = (gate(9), Note::new());
        enter(&word, note.party()).unwrap();
        // The word is changed, the share is not.
        note.party().begin();
        change(&word, |state| State {
            active: state.active + 1,
            ..state
        });
        assert!(!settled(&word, &[&note]));
        assert_eq!(state(&word).active, 2);
        note.party().forget();
        assert!(settled(&word, &[&note]));
        assert_eq!(state(&word).active, 0);
    }

    #[test]
    fn threads_that_come_and_go_leave_nothing() {
        const ROUNDS: usize = 20_000;
        let word = gate(3);
        let notes: [Note; 4] = std::array::from_fn(|_| Note::new());
        std::thread::scope(|scope| {
            for note in &notes {
                let word = &word;
                scope.spawn(move || {
                    for _ in 0..ROUNDS {
                        if let Ok(state) = enter(word, note.party()) {
                            assert!(state.active <= 3);
                            leave(word, note.party(), |window| window);
                        }
                    }
                });
            }
            for _ in 0..1000 {
                settled(&word, &notes.each_ref());
            }
        });
        assert_eq!(state(&word).active, 0);
    }

    #[test]
    fn parts_of_a_word_do_not_touch_each_other() {
        let (word, turn) = (AtomicU64::new(0), AtomicU64::new(0));
        let shares = [0, 16, 32, 48].map(|bit| Share::Part(&word, bit));
        for (number, share) in shares.into_iter().enumerate() {
            share.set(|_| number as u64 + 1);
            share.set(|part| part + 1);
        }
        assert_eq!(shares.map(Share::get), [2, 3, 4, 5]);
        shares[1].set(|_| 0);
        shares[1].set(|part| part.saturating_sub(1));
        shares[2].set(|_| u64::MAX);
        assert_eq!(shares.map(Share::get), [2, 0, 65_535, 5]);
        let party = Party {
            turn: &turn,
            share: shares[3],
        };
        let word = gate(9);
        enter(&word, party).unwrap();
        assert_eq!((party.share.get(), turn.load(Ordering::Relaxed)), (6, 2));
    }
}

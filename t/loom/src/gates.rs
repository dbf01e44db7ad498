//! What may meet at a gate: those who come in and go out, whoever settles what the dead left, whoever changes the window.

use std::sync::Arc;

use loom::thread::JoinHandle;

use crate::gate::{Party, Share, State, enter, leave, resize, try_to_settle};
use crate::models::models;
use crate::os::atomic::{AtomicU64, Ordering, set_stage};
use crate::os::{RobustMutex, SharedMemory};
use crate::stage::{Orders, explore, thread};

models![
    two_that_want_the_last_place,
    coming_and_going_while_somebody_settles,
    coming_while_the_dead_are_buried,
    going_while_the_dead_are_buried,
    coming_into_the_place_of_the_dead_while_they_are_buried,
    coming_into_a_place_of_a_part_while_the_dead_are_buried,
    coming_and_going_by_parts_of_a_word,
    coming_and_going_while_the_window_shrinks,
];

const PARTIES: usize = 3;

/// A gate and what each party notes.
struct Gate {
    word: AtomicU64,
    turns: [AtomicU64; PARTIES],
    shares: [AtomicU64; PARTIES],
    /// The shares of all parties as parts of one word.
    parts: AtomicU64,
    /// Whether the third party is dead, and not yet buried.
    is_dead: AtomicU64,
    /// Of those who bury, and those who come into a place.
    lock: RobustMutex,
}

impl Gate {
    /// With a window, and as many under way by each party.
    fn new(window: u32, shares: [u64; PARTIES]) -> Arc<Self> {
        set_stage(true);
        let active = shares.iter().sum::<u64>() as u32;
        let memory = SharedMemory::heap(8);
        memory.enter([].into_iter());
        let gate = Self {
            word: AtomicU64::new(State { active, window }.packed()),
            turns: [0; PARTIES].map(AtomicU64::new),
            shares: shares.map(AtomicU64::new),
            parts: AtomicU64::new(0),
            is_dead: AtomicU64::new(1),
            lock: RobustMutex::initialize(memory).expect("nothing can go wrong"),
        };
        // Makes all of them loom's before other threads begin.
        let all = gate.turns.iter().chain(&gate.shares);
        for word in all.chain([&gate.word, &gate.parts, &gate.is_dead]) {
            let _any = word.load(Ordering::Relaxed);
        }
        Arc::new(gate)
    }

    fn party(&self, number: usize) -> Party<'_> {
        Party {
            turn: &self.turns[number],
            share: Share::Word(&self.shares[number]),
        }
    }

    fn party_of_part(&self, number: usize) -> Party<'_> {
        Party {
            turn: &self.turns[number],
            share: Share::Part(&self.parts, 16 * number as u32),
        }
    }

    fn state(&self) -> State {
        State::of(self.word.load(Ordering::Relaxed))
    }

    fn in_hand(&self) -> u64 {
        let shares = (0..PARTIES)
            .map(|one| self.party(one).share.get() + self.party_of_part(one).share.get());
        shares.sum()
    }

    fn settle(&self) -> bool {
        try_to_settle(&self.word, self.turns.iter(), || self.in_hand())
    }

    /// The word has what all have in hand, no more and no less.
    fn judge(&self, active: u32) {
        assert_eq!(self.state().active, active);
        assert_eq!(self.in_hand(), u64::from(active));
    }
}

fn on(gate: &Arc<Gate>, number: usize, act: impl FnOnce(&Gate) + 'static) -> JoinHandle<()> {
    let gate = Arc::clone(gate);
    thread(number, move || act(&gate))
}

fn joined(thread: JoinHandle<()>) {
    thread.join().expect("it comes to an end");
}

fn stays(window: u32) -> u32 {
    window
}

fn two_that_want_the_last_place() -> Orders {
    explore(3, || {
        let gate = Gate::new(1, [0; PARTIES]);
        let other = on(&gate, 2, |gate| {
            if enter(&gate.word, gate.party(1)).is_ok() {
                assert_eq!(gate.state().active, 1);
                leave(&gate.word, gate.party(1), |window| window + 1);
            }
        });
        let entered = enter(&gate.word, gate.party(0));
        joined(other);
        gate.judge(entered.is_ok().into());
    })
}

fn coming_and_going_while_somebody_settles() -> Orders {
    explore(3, || {
        let gate = Gate::new(9, [1, 1, 0]);
        let other = on(&gate, 2, |gate| {
            let _known = gate.settle();
        });
        enter(&gate.word, gate.party(1)).expect("there is room");
        leave(&gate.word, gate.party(1), stays);
        joined(other);
        gate.judge(2);
    })
}

/// Another thread buries the party that died with two in hand.
fn bury(gate: &Arc<Gate>) -> JoinHandle<()> {
    on(gate, 2, |gate| {
        gate.party(2).forget();
        let _known = gate.settle();
    })
}

fn coming_while_the_dead_are_buried() -> Orders {
    explore(3, || {
        let gate = Gate::new(3, [0, 0, 2]);
        let burying = bury(&gate);
        let entered = enter(&gate.word, gate.party(1)).expect("there is room");
        assert!(entered.active <= 3);
        joined(burying);
        assert!(gate.settle());
        gate.judge(1);
    })
}

fn going_while_the_dead_are_buried() -> Orders {
    explore(3, || {
        let gate = Gate::new(3, [0, 1, 2]);
        let burying = bury(&gate);
        leave(&gate.word, gate.party(1), stays);
        joined(burying);
        assert!(gate.settle());
        gate.judge(0);
    })
}

/// Whoever comes into the third place has nothing in hand.
fn take_place(gate: &Gate, party: Party<'_>) {
    let _guard = gate.lock.lock();
    gate.is_dead.store(0, Ordering::Release);
    party.forget();
}

/// Buries the third party unless somebody came into its place.
fn bury_unless_replaced(gate: &Gate, party: Party<'_>) {
    let _guard = gate.lock.lock();
    if gate.is_dead.load(Ordering::Acquire) == 1 {
        party.forget();
        gate.is_dead.store(0, Ordering::Relaxed);
    }
}

fn coming_into_the_place_of_the_dead_while_they_are_buried() -> Orders {
    explore(3, || {
        let gate = Gate::new(3, [0, 0, 2]);
        let burying = on(&gate, 2, |gate| {
            bury_unless_replaced(gate, gate.party(2));
            let _known = gate.settle();
        });
        take_place(&gate, gate.party(2));
        let entered = enter(&gate.word, gate.party(2)).expect("there is room");
        assert!(entered.active <= 3);
        joined(burying);
        assert!(gate.settle());
        gate.judge(1);
    })
}

fn coming_into_a_place_of_a_part_while_the_dead_are_buried() -> Orders {
    explore(3, || {
        let gate = Gate::new(3, [0; PARTIES]);
        enter(&gate.word, gate.party_of_part(2)).expect("there is room");
        let burying = on(&gate, 2, |gate| {
            bury_unless_replaced(gate, gate.party_of_part(2));
            let _known = gate.settle();
        });
        take_place(&gate, gate.party_of_part(2));
        let entered = enter(&gate.word, gate.party_of_part(2)).expect("there is room");
        assert!(entered.active <= 2);
        leave(&gate.word, gate.party_of_part(2), stays);
        enter(&gate.word, gate.party_of_part(2)).expect("there is room");
        joined(burying);
        assert!(gate.settle());
        gate.judge(1);
    })
}

fn coming_and_going_by_parts_of_a_word() -> Orders {
    explore(3, || {
        let gate = Gate::new(9, [0; PARTIES]);
        let other = on(&gate, 2, |gate| {
            enter(&gate.word, gate.party_of_part(1)).expect("there is room");
            leave(&gate.word, gate.party_of_part(1), stays);
        });
        enter(&gate.word, gate.party_of_part(0)).expect("there is room");
        let _known = gate.settle();
        joined(other);
        gate.judge(1);
    })
}

fn coming_and_going_while_the_window_shrinks() -> Orders {
    explore(3, || {
        let gate = Gate::new(4, [0, 1, 0]);
        let other = on(&gate, 2, |gate| {
            leave(&gate.word, gate.party(1), |window| window + 1);
            if enter(&gate.word, gate.party(1)).is_ok() {
                leave(&gate.word, gate.party(1), stays);
            }
        });
        resize(&gate.word, |window| window / 2);
        joined(other);
        let window = gate.state().window;
        assert!(window == 2 || window == 3, "{window}");
        gate.judge(0);
    })
}

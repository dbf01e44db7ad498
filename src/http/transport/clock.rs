//! The time of a connection's turn.
//!
//! A task that is polled goes on without waiting until it has nothing more to do, and on the way it needs the
//! time for one deadline after another. Looking at the clock takes longer than most of what lies
//! between, so a connection looks once in each turn. Whatever else asks gets a fresh look.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant;

use crate::metric::Moment;
use crate::os;

/// What is known of the present turn.
#[derive(Clone, Copy)]
enum Turn {
    /// None has begun: nobody says how long what was known would hold.
    None,
    /// Nobody has asked yet.
    Begun,
    /// The time at which somebody asked first.
    At(Moment),
}

thread_local! {
    static TURN: Cell<Turn> = const { Cell::new(Turn::None) };
}

/// Has `work` be a turn of its own; it must not wait.
pub fn turn<T>(work: impl FnOnce() -> T) -> T {
    struct End(Turn);
    impl Drop for End {
        fn drop(&mut self) {
            TURN.set(self.0);
        }
    }
    let _end = End(TURN.replace(Turn::Begun));
    work()
}

/// The time of the turn, as metrics have it.
pub fn moment() -> Moment {
    match TURN.get() {
        Turn::At(time) => time,
        Turn::Begun => {
            let time = Moment(os::monotonic());
            TURN.set(Turn::At(time));
            time
        }
        Turn::None => Moment(os::monotonic()),
    }
}

/// One point in time by both clocks. A process may be interrupted between two looks, so those count that
/// lie close together.
fn same_point() -> (Instant, u64) {
    for _ in 0..TRIES {
        let (before, instant, after) = (os::monotonic(), Instant::now(), os::monotonic());
        if after.saturating_sub(before) < CLOSE {
            return (instant, before);
        }
    }
    (Instant::now(), os::monotonic())
}

const TRIES: u32 = 100;
/// In nanoseconds.
const CLOSE: u64 = 20_000;

/// Something took its time within the turn: whoever asks next gets a fresh look.
pub fn time_passed() {
    if let Turn::At(_) = TURN.get() {
        TURN.set(Turn::Begun);
    }
}

/// The time of the turn, as timers have it.
pub fn now() -> Instant {
    /// The same point by both.
    static SAME: LazyLock<(Instant, u64)> = LazyLock::new(same_point);
    if let Turn::None = TURN.get() {
        return Instant::now();
    }
    let (instant, nanoseconds) = *SAME;
    instant + Duration::from_nanos(moment().0.saturating_sub(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHILE: Duration = Duration::from_millis(5);
    const SLACK: Duration = Duration::from_millis(1);

    #[test]
    fn time_stands_still_within_a_turn_only() {
        let (first, second) = turn(|| {
            let first = (now(), moment());
            std::thread::sleep(WHILE);
            (first, (now(), moment()))
        });
        assert_eq!(first, second);
        let later = turn(now);
        assert!(later + SLACK >= first.0 + WHILE);
        let outside = now();
        std::thread::sleep(WHILE);
        assert!(now() >= outside + WHILE);
    }

    #[test]
    fn a_turn_that_panics_ends() {
        let panicked = std::panic::catch_unwind(|| {
            turn(|| {
                now();
                panic!("a test's own panic");
            })
        });
        assert!(panicked.is_err());
        let outside = now();
        std::thread::sleep(WHILE);
        assert!(now() >= outside + WHILE);
    }

    #[test]
    fn the_time_of_a_turn_is_that_of_timers() {
        turn(now);
        let slack = Duration::from_millis(1);
        let (before, between, after) = (Instant::now(), turn(now), Instant::now());
        assert!(before <= between + slack && between <= after + slack);
    }
}

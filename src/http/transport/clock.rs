//! The time of a connection's turn.
//!
//! A task that is polled goes on without waiting until it has nothing more to do, and on the way it needs the
//! time for one deadline after another. Looking at the clock takes longer than most of what lies
//! between, so a connection looks once in each turn. Whatever else asks gets a fresh look.
//!
//! A turn may take its time all the same: a file to open, a body to pack, a long list to search. A wait that
//! begins late in such a turn must not end early, so whoever asks for the time of timers compares with the
//! system's coarse clock, which takes no longer than a few additions: what was known before its last
//! tick is looked up afresh.

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

/// How far the time of a turn may lie behind the clock: one tick of the system's.
pub fn lag() -> Duration {
    static TICK: LazyLock<Duration> = LazyLock::new(os::coarse_tick);
    match TURN.get() {
        Turn::None => Duration::ZERO,
        _ => *TICK,
    }
}

/// The time of the turn, as timers have it; behind the clock by no more than [`lag`].
pub fn now() -> Instant {
    /// The same point by both.
    static SAME: LazyLock<(Instant, u64)> = LazyLock::new(same_point);
    match TURN.get() {
        Turn::None => return Instant::now(),
        Turn::At(time) if os::coarse_monotonic() > time.0 => TURN.set(Turn::Begun),
        _ => {}
    }
    let (instant, nanoseconds) = *SAME;
    instant + Duration::from_nanos(moment().0.saturating_sub(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHILE: Duration = Duration::from_millis(5);

    #[test]
    fn time_stands_still_within_a_turn_only() {
        let (first, second) = turn(|| {
            let first = moment();
            std::thread::sleep(WHILE);
            (first, moment())
        });
        assert_eq!(first, second);
        let later = turn(moment);
        assert!(later.0 >= first.0 + WHILE.as_nanos() as u64);
        let outside = now();
        std::thread::sleep(WHILE);
        assert!(now() >= outside + WHILE);
    }

    #[test]
    fn timers_see_that_a_turn_takes_its_time() {
        let slack = Duration::from_millis(1);
        for pause in [0, 1, 3, 5, 20].map(Duration::from_millis) {
            turn(|| {
                now();
                std::thread::sleep(pause);
                // The system's ticks may come late themselves.
                let (tick, shown) = (os::coarse_monotonic(), now());
                let (present, nanoseconds) = same_point();
                let at_tick = present - Duration::from_nanos(nanoseconds.saturating_sub(tick));
                assert!(shown + slack >= at_tick, "after {pause:?}");
                assert!(shown <= present + slack);
            });
        }
        assert_eq!(lag(), Duration::ZERO);
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

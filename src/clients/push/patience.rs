//! Whether to try again, and after which pause.
//!
//! Pauses double up to a limit, and half of each is left to chance, so that many clients that lost
//! their server together do not come back together.

use std::time::Duration;

use crate::os;

/// What is left of the attempts at one request.
pub(super) struct Patience {
    retries: u32,
    attempts: u32,
}

impl Patience {
    /// Before the first attempt, which may be followed by so many others.
    pub(super) fn new(retries: u32) -> Self {
        Self {
            retries,
            attempts: 1,
        }
    }

    /// The pause before another attempt, no shorter than the server wants; `None` when there is to be
    /// none.
    pub(super) fn pause(&mut self, wanted: Option<Duration>) -> Option<Duration> {
        if self.attempts > self.retries {
            return None;
        }
        let longest = SHORTEST.saturating_mul(1 << (self.attempts - 1).min(16));
        self.attempts += 1;
        // Without random numbers clients are merely less spread out.
        let chance = os::random().unwrap_or(u64::MAX);
        let pause = jittered(longest.min(LONGEST), chance);
        Some(pause.max(wanted.unwrap_or_default().min(LONGEST_WANTED)))
    }

    /// What is said at the end.
    pub(super) fn told(&self, message: String) -> String {
        match self.attempts {
            1 => message,
            attempts => format!("{message}, tried {attempts} times"),
        }
    }
}

/// Between a half and the whole of a pause.
fn jittered(pause: Duration, chance: u64) -> Duration {
    let share = (chance >> 11) as f64 / (1_u64 << 53) as f64;
    pause.mul_f64(0.5 + share / 2.0)
}

const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);
/// Longer than this no server makes us wait.
const LONGEST_WANTED: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let mut patience = Patience::new(8);
        for longest in [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
            let pause = patience.pause(None).unwrap().as_millis();
            assert!(
                pause >= longest / 2 && pause <= longest,
                "{pause} of {longest}"
            );
        }
        assert_eq!(patience.pause(None), None);
        assert_eq!(patience.told("x".to_owned()), "x, tried 9 times");
        assert_eq!(Patience::new(0).pause(Some(SHORTEST)), None);
        assert_eq!(Patience::new(0).told("x".to_owned()), "x");
    }

    #[test]
    fn a_server_is_given_the_time_it_wants_within_limits() {
        let pause = |wanted| Patience::new(1).pause(Some(Duration::from_secs(wanted)));
        assert_eq!(pause(3), Some(Duration::from_secs(3)));
        assert_eq!(pause(86_400), Some(LONGEST_WANTED));
        assert!(pause(0) >= Some(SHORTEST / 2));
    }

    #[test]
    fn chance_moves_a_pause_between_its_half_and_its_whole() {
        let second = Duration::from_secs(1);
        assert_eq!(jittered(second, 0), second / 2);
        assert!(jittered(second, u64::MAX) <= second);
        assert!(jittered(second, u64::MAX) > second.mul_f64(0.99));
    }
}

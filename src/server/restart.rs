//! When a worker that died is replaced: at once, unless workers keep dying before they serve.

use std::time::{Duration, Instant};

/// What is known of failed starts.
#[derive(Debug, Default)]
pub(super) struct Restart {
    failures: u32,
    not_before: Option<Instant>,
}

impl Restart {
    /// A worker served.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A worker died before it served, or could not be started at all.
    pub(super) fn failed(&mut self, now: Instant) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(16));
        self.not_before = Some(now + pause.min(LONGEST_PAUSE));
        self.failures += 1;
    }

    /// Until when no worker is to be started.
    pub(super) fn pause(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|until| *until > now)
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_never_become_forever() {
        let now = Instant::now();
        let mut restart = Restart::default();
        assert_eq!(restart.pause(now), None);
        let mut last = Duration::ZERO;
        for _ in 0..100 {
            restart.failed(now);
            let pause = restart.pause(now).unwrap() - now;
            assert!(pause >= last && pause <= LONGEST_PAUSE);
            last = pause;
        }
        assert_eq!(last, LONGEST_PAUSE);
        assert_eq!(restart.pause(now + LONGEST_PAUSE), None);
        restart.succeeded();
        restart.failed(now);
        assert_eq!(restart.pause(now), Some(now + FIRST_PAUSE));
    }
}

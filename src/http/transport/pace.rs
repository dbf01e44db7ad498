//! How fast a response may leave: as nginx has it, so many bytes for each second since it began, of which the first
//! second's leave at once, and what is free of that besides.
//!
//! Who may send nothing for now waits until it may send an eighth of a second's bytes: a pause takes one timer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The pace of one response.
#[derive(Debug)]
pub struct Pace {
    /// Bytes a second, at least one.
    rate: u64,
    /// How much is free.
    free: u64,
    sent: u64,
    /// When it began to be sent.
    began: Option<Instant>,
    pause: Option<Pin<Box<Sleep>>>,
    is_pausing: bool,
}

/// A pause is as long as it takes for this part of a second's bytes.
const PART: u64 = 8;

impl Pace {
    /// So many bytes a second, and so many at once before that.
    pub fn new(rate: u64, free: u64) -> Self {
        Self {
            rate: rate.max(1),
            free,
            sent: 0,
            began: None,
            pause: None,
            is_pausing: false,
        }
    }

    /// Ready with how many bytes may be sent now; the task is woken when there are some.
    pub fn poll_room(&mut self, task: &mut Context<'_>) -> Poll<usize> {
        if self.is_pausing {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(task));
            }
            self.is_pausing = false;
        }
        loop {
            let now = Instant::now();
            let began = *self.began.get_or_insert(now);
            let room = self.allowed(now - began).saturating_sub(self.sent);
            let wanted = (self.rate / PART).max(1);
            if room >= wanted {
                return Poll::Ready(usize::try_from(room).unwrap_or(usize::MAX));
            }
            let until = began + self.time_of(self.sent.saturating_add(wanted));
            let pause = self
                .pause
                .get_or_insert_with(|| Box::pin(sleep_until(until)));
            pause.as_mut().reset(until);
            self.is_pausing = true;
            ready!(pause.as_mut().poll(task));
            self.is_pausing = false;
        }
    }

    /// So many bytes were sent.
    pub fn spend(&mut self, amount: usize) {
        self.sent = self.sent.saturating_add(amount as u64);
    }

    /// Whether nothing may be sent for now.
    pub fn is_pausing(&self) -> bool {
        self.is_pausing
    }

    /// How much may have been sent after a time.
    fn allowed(&self, time: Duration) -> u64 {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let seconds = u128::from(milliseconds.saturating_add(SECOND));
        let bytes = u128::from(self.rate) * seconds / u128::from(SECOND);
        u64::try_from(bytes)
            .unwrap_or(u64::MAX)
            .saturating_add(self.free)
    }

    /// After which time so much may have been sent.
    fn time_of(&self, bytes: u64) -> Duration {
        let paced = u128::from(bytes.saturating_sub(self.free));
        let milliseconds = (paced * u128::from(SECOND)).div_ceil(u128::from(self.rate));
        let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        Duration::from_millis(milliseconds.saturating_sub(SECOND).min(LONGEST))
    }
}

/// In milliseconds.
const SECOND: u64 = 1000;
/// In milliseconds; no timer takes longer.
const LONGEST: u64 = 86_400_000 * 365;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use proptest::prelude::*;

    use super::*;

    async fn send(pace: &mut Pace, mut bytes: usize, at_once: usize) -> usize {
        let mut turns = 0;
        while bytes > 0 {
            let room = poll_fn(|task| pace.poll_room(task)).await;
            let amount = room.min(bytes).min(at_once);
            pace.spend(amount);
            bytes -= amount;
            turns += 1;
        }
        turns
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_at_once_and_then_a_second_each() {
        let mut pace = Pace::new(10_000, 0);
        let begin = Instant::now();
        send(&mut pace, 10_000, usize::MAX).await;
        assert!(begin.elapsed() < Duration::from_millis(2));
        let turns = send(&mut pace, 50_000, usize::MAX).await;
        let taken = begin.elapsed();
        assert!(taken >= Duration::from_secs(5) && taken < Duration::from_millis(5010));
        assert!(turns <= 40, "{turns}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_free_comes_first() {
        let mut pace = Pace::new(1000, 1 << 20);
        let begin = Instant::now();
        send(&mut pace, (1 << 20) + 1000, 8192).await;
        assert!(begin.elapsed() < Duration::from_millis(2));
        send(&mut pace, 2000, 8192).await;
        let taken = begin.elapsed();
        assert!(taken >= Duration::from_secs(2) && taken < Duration::from_millis(2010));
    }

    #[tokio::test(start_paused = true)]
    async fn odd_rates_neither_stop_nor_run() {
        for rate in [0, 1, 7, u64::MAX] {
            let mut pace = Pace::new(rate, 0);
            let begin = Instant::now();
            send(&mut pace, 8, usize::MAX).await;
            let expected = 8_u64.saturating_sub(rate.max(1)) * 1000 / rate.max(1);
            let taken = begin.elapsed().as_millis() as u64;
            assert!(
                (expected..expected + 20).contains(&taken),
                "{rate}: {taken}"
            );
        }
        let mut pace = Pace::new(u64::MAX, u64::MAX);
        pace.spend(usize::MAX);
        pace.spend(usize::MAX);
        assert_eq!(pace.time_of(u64::MAX), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn never_ahead_of_the_pace(rate in 1_u64..1_000_000, free in 0_u64..100_000, at_once in 1000_usize..100_000) {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let mut pace = Pace::new(rate, free);
                let (begin, mut all) = (Instant::now(), 0);
                for _ in 0..20 {
                    let room = poll_fn(|task| pace.poll_room(task)).await.min(at_once);
                    pace.spend(room);
                    all += room as u64;
                    let most = free + rate + rate * (begin.elapsed().as_millis() as u64 + 1) / 1000;
                    prop_assert!(all <= most, "{all} > {most}");
                }
                Ok(())
            })?;
        }
    }
}

//! One timer for each connection, moved only when it would fire too late or has fired too early.
//!
//! A wait begins with a deadline. As long as the timer stands no later than that, nothing is done:
//! when it fires before its time, it is moved to the deadline that holds then. A connection that
//! is busy has a timer operation in every few seconds, not in every wait.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::clock;

/// Fires at the deadline of the wait at hand.
#[derive(Debug, Default)]
pub struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready once `deadline` has passed; else the task is woken then, or earlier.
    pub fn poll(&mut self, task: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if let Some(sleep) = &self.sleep
            && sleep.deadline() <= deadline
            && !sleep.is_elapsed()
        {
            // A connection has one task, so the timer knows already whom to wake.
            return Poll::Pending;
        }
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            if sleep.deadline() > deadline || sleep.is_elapsed() {
                sleep.as_mut().reset(deadline);
            }
            ready!(sleep.as_mut().poll(task));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
        }
    }
}

/// A moment after `time`, and no earlier however long the turn has taken until now; far away where that is
/// beyond the clock.
pub fn deadline(time: Duration) -> Instant {
    let now = clock::now() + clock::lag();
    now.checked_add(time).unwrap_or(now + FAR)
}

const FAR: Duration = Duration::from_secs(86400 * 365);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn wait(timer: &mut Timer, until: Instant) {
        std::future::poll_fn(|task| timer.poll(task, until)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_never_early() {
        let mut timer = Timer::default();
        let begin = Instant::now();
        for ms in [50, 20, 200, 1, 400] {
            let until = Instant::now() + Duration::from_millis(ms);
            wait(&mut timer, until).await;
            assert!(Instant::now() >= until);
            assert!(Instant::now() < until + Duration::from_millis(3));
        }
        assert!(begin.elapsed() < Duration::from_millis(690));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_ends_otherwise_leaves_it_where_it_is() {
        let mut timer = Timer::default();
        let first = Instant::now() + Duration::from_secs(1);
        let pending = std::future::poll_fn(|task| Poll::Ready(timer.poll(task, first))).await;
        assert!(pending.is_pending());
        let second = Instant::now() + Duration::from_secs(5);
        wait(&mut timer, second).await;
        assert!(Instant::now() >= second);
    }

    /// The turns of a task that are slow where a file, a long list or a body to pack would make them slow.
    #[test]
    fn it_is_never_early_in_a_slow_turn() {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().build().unwrap();
        runtime.block_on(async {
            let mut timer = Timer::default();
            for (pause, patience) in [(0, 7), (1, 5), (2, 1), (5, 5), (13, 8), (40, 20)] {
                let (pause, patience) = [pause, patience].map(Duration::from_millis).into();
                let (mut begun, mut until) = (None, None);
                std::future::poll_fn(|task| {
                    clock::turn(|| {
                        let until = *until.get_or_insert_with(|| {
                            clock::moment();
                            std::thread::sleep(pause);
                            begun = Some(Instant::now());
                            deadline(patience)
                        });
                        timer.poll(task, until)
                    })
                })
                .await;
                let waited = begun.unwrap().elapsed();
                assert!(
                    waited >= patience,
                    "{waited:?} of {patience:?} after {pause:?}"
                );
            }
        });
    }

    proptest! {
        /// Waits that end in time, and others that are given up on the way, in any order.
        #[test]
        fn it_is_a_tick_late_at_most(
            waits in prop::collection::vec((1_u64..3000, prop::option::of(0_u64..3000)), 1..30),
        ) {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let mut timer = Timer::default();
                for (ms, given_up) in waits {
                    let until = deadline(Duration::from_millis(ms));
                    if let Some(after) = given_up.filter(|after| *after < ms) {
                        let pending = std::future::poll_fn(|task| Poll::Ready(timer.poll(task, until)));
                        prop_assert!(pending.await.is_pending());
                        tokio::time::sleep(Duration::from_millis(after)).await;
                        continue;
                    }
                    wait(&mut timer, until).await;
                    let now = Instant::now();
                    prop_assert!(now >= until && now <= until + Duration::from_millis(2));
                }
                Ok(())
            })?;
        }
    }
}

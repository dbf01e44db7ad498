//! Waiting for what others fill: woken by those of the same process, and now and then a look of one's own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::zones::Entry;
use crate::cache::Name;
use crate::cache::index::{Fill, Progress};
use crate::metric::Moment;
use crate::os::{self, Process};

/// How long one waits without looking who will not be woken.
pub(super) const GLANCE: Duration = Duration::from_millis(20);
/// How long one waits without looking who will be.
pub(super) const SELDOM: Duration = Duration::from_millis(250);
/// How often it is asked whether whoever is waited for is still alive.
const ALIVE: Duration = Duration::from_millis(250);

/// Wakes the requests of this process that wait for entries of a cache. Entries whose names are alike share a waker.
pub(in crate::modules) struct Bells([Notify; 64]);

impl Default for Bells {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Notify::new()))
    }
}

impl Bells {
    /// The one of this name, which it shares with others.
    fn of(&self, name: Name) -> &Notify {
        &self.0[usize::from(name.0[0]) % self.0.len()]
    }

    /// Wakes those who wait for an entry: its fill has come further or is over.
    pub(super) fn ring(&self, name: Name) {
        self.of(name).notify_waiters();
    }
}

/// Ready when the head of a fill is there, the fill is over, or it is too late.
pub(super) async fn head(entry: Arc<Entry>, name: Name, fill: Fill, until: Instant) {
    let is_over = |present: Option<Fill>| {
        let same = present.filter(|present| present.serial == fill.serial);
        same.is_none_or(|present| {
            present.progress != Progress::Asked && fill.progress == Progress::Asked
        })
    };
    // Of the same process one hears at once.
    let patience = match fill.process == Process::current() {
        true => SELDOM,
        false => GLANCE,
    };
    let mut looked = Instant::now();
    loop {
        let now = Instant::now();
        let present = entry.cache.index().fill(name, Moment(os::monotonic()));
        if is_over(present) || now >= until {
            return;
        }
        if now.saturating_duration_since(looked) > ALIVE {
            looked = now;
            if !fill.process.is_alive() {
                return;
            }
        }
        pause(&entry.bells, name, patience, || {
            is_over(entry.cache.index().fill(name, Moment(os::monotonic())))
        })
        .await;
    }
}

/// Waits for a while, unless it is over already, or the bell rings; whether it rang.
pub(super) async fn pause(
    bells: &Bells,
    name: Name,
    patience: Duration,
    is_over: impl Fn() -> bool,
) -> bool {
    let rung = bells.of(name).notified();
    let mut rung = std::pin::pin!(rung);
    // Before the last look, so that nothing is missed in between.
    rung.as_mut().enable();
    !is_over() && tokio::time::timeout(patience, rung).await.is_ok()
}

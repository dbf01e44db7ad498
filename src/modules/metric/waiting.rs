//! Updates that could not be made soon, because somebody has the zone's lock for long: a thread makes them, so that the event loop goes on.
//!
//! There is a thread for a zone while updates wait for it, and none otherwise. Where the lock's owner was stopped it tries again and again, until the
//! worker ends: what is not made by then is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::zones::Entry;
use crate::zone::Unusable;

/// How long after an attempt that failed there is another.
const AGAIN: Duration = Duration::from_millis(20);
/// How long the end of a worker waits for updates: longer than a lock is waited for whose owner works.
const PATIENCE: Duration = Duration::from_secs(7);

/// For which zones there are threads.
static AT_WORK: Mutex<Vec<Arc<Entry>>> = Mutex::new(Vec::new());
static IS_DONE: Condvar = Condvar::new();
/// Whether the process is about to end.
static IS_OVER: AtomicBool = AtomicBool::new(false);

/// Waits until no updates wait any more, and tells which do all the same; to be called before the process ends.
pub fn finish() {
    IS_OVER.store(true, Ordering::SeqCst);
    let end = Instant::now() + PATIENCE;
    let mut at_work = AT_WORK.lock();
    while !at_work.is_empty() && !IS_DONE.wait_until(&mut at_work, end).timed_out() {}
    for entry in at_work.iter() {
        let (name, count) = (&entry.name, entry.zone.abandon_updates());
        log::error!("metric zone \"{name}\": {count} updates waited until the end and are lost");
    }
}

/// Sees to it that the updates which wait for a zone are made.
#[cold]
pub(super) fn see_to(entry: &Arc<Entry>) {
    if !entry.zone.claim_updates() {
        return;
    }
    let work = Work::begin(entry);
    let thread = thread::Builder::new().name("metrics".to_owned());
    if let Err(error) = thread.spawn(move || work.go()) {
        log::error!(
            "metric zone \"{}\": no thread for updates that wait: {error}",
            entry.name
        );
        Work::begin(entry).give_up();
    }
}

/// What one of the threads does.
struct Work(Arc<Entry>);

impl Work {
    fn begin(entry: &Arc<Entry>) -> Self {
        AT_WORK.lock().push(Arc::clone(entry));
        Self(Arc::clone(entry))
    }

    /// Refuses what waits, because the event loop that asks may not wait for the lock itself.
    fn give_up(&self) {
        let entry = &self.0;
        let mut tell = |key: &[u8], value, refused| entry.complain(refused, key, value);
        entry.zone.give_up_updates(&mut tell);
    }

    fn go(self) {
        let entry = &self.0;
        let mut is_told = false;
        let mut tell = |key: &[u8], value, refused| entry.complain(refused, key, value);
        let decide = |key: &[u8]| entry.decide(key);
        while let Err(error) = entry.zone.work_off(&decide, &mut tell) {
            let is_held = matches!(error, Unusable::Held(_));
            if !is_held || IS_OVER.load(Ordering::SeqCst) {
                return self.give_up();
            }
            if !std::mem::replace(&mut is_told, true) {
                log::warn!("metric zone \"{}\": {error}: updates wait", entry.name);
            }
            thread::sleep(AGAIN);
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if thread::panicking() {
            // The claim must not be lost with the thread.
            self.0.zone.give_up_updates(&mut |_, _, _| {});
        }
        let mut at_work = AT_WORK.lock();
        let place = at_work.iter().position(|entry| Arc::ptr_eq(entry, &self.0));
        place.map(|place| at_work.swap_remove(place));
        IS_DONE.notify_all();
    }
}

//! What is done for a cache beside requests: finding the files that are there at the start, taking away what is beyond
//! the limits, and clearing up behind processes that died while they filled something.
//!
//! The keeper does it on a thread for each cache, so that a slow disk delays neither requests nor anything else.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::path_directive::Pace;
use super::zones::Entry;
use crate::cache::index::Reason;
use crate::cache::store::{Missed, Trim, Walk, Walked};
use crate::conf::reason;
use crate::http::plan::chore::Chore;
use crate::http::plan::runtime::Runtime;
use crate::metric::Moment;
use crate::os;

/// The upkeep of a cache.
pub(super) struct Upkeep {
    entry: Arc<Entry>,
    is_over: Arc<AtomicBool>,
    work: Mutex<Option<JoinHandle<()>>>,
}

/// How often is looked whether there is something to do.
const IDLE: Duration = Duration::from_millis(250);
/// The shortest pause before files that could not be read are tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How many times as long as the search took that pause is, where this is longer.
const REST: u32 = 20;
/// How often is looked for fills of processes that died.
const CLEARING: Duration = Duration::from_secs(1);
/// How long the end of the files at hand is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between so many files is looked at the time.
const FEW: usize = 10;

impl Upkeep {
    pub(super) fn new(entry: &Arc<Entry>) -> Self {
        Self {
            entry: Arc::clone(entry),
            is_over: Arc::default(),
            work: Mutex::default(),
        }
    }

    /// Has the thread end after the files that it is at. It is waited for, so that a snapshot after that is the last word;
    /// but not for a disk that does not answer.
    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(work) = self.work.lock().take() {
            work.thread().unpark();
            let until = Instant::now() + PATIENCE;
            while !work.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl Chore for Upkeep {
    fn every(&self) -> Option<Duration> {
        None
    }

    fn begin(&self, _: &'static Runtime) {
        let is_over = Arc::clone(&self.is_over);
        let mut hand = Hand::new(&self.entry);
        let work = move || {
            while !is_over.load(Ordering::Relaxed) {
                // A panic was reported, and ends this round only.
                let pause = catch_unwind(AssertUnwindSafe(|| hand.go(Instant::now())));
                thread::park_timeout(pause.unwrap_or(AGAIN));
            }
        };
        let name = &self.entry.name;
        let thread = thread::Builder::new().name("cache".to_owned());
        match thread.spawn(work) {
            Ok(work) => *self.work.lock() = Some(work),
            Err(error) => log::error!("cache \"{name}\": no thread for its upkeep: {error}"),
        }
    }

    fn run(&self) {}

    fn leave(&self) {
        self.end();
    }

    fn finish(&self) {
        self.end();
    }
}

/// What the thread that looks after a cache knows from round to round.
struct Hand {
    entry: Arc<Entry>,
    trim: Trim,
    loading: Loading,
    trim_at: Instant,
    clear_at: Instant,
    told: Told,
}

/// How far the files have been found that were there at the start.
enum Loading {
    /// It begins then.
    Due(Instant),
    UnderWay(Box<Found>),
    Over,
}

/// The files that were found so far.
struct Found {
    walk: Walk,
    begun: Instant,
    /// It goes on then.
    at: Instant,
}

/// What was told last, and not again while it lasts.
#[derive(Default)]
struct Told([Option<String>; 4]);

#[derive(Clone, Copy)]
enum Work {
    Load,
    Trim,
    Free,
    Limit,
}

impl Told {
    fn tell(&mut self, entry: &Entry, work: Work, problem: Option<String>) {
        let before = std::mem::replace(&mut self.0[work as usize], problem.clone());
        if let Some(problem) = problem.filter(|problem| before.as_ref() != Some(problem)) {
            log::error!("cache \"{}\": {problem}", entry.name);
        }
    }
}

impl Hand {
    fn new(entry: &Arc<Entry>) -> Self {
        let now = Instant::now();
        Self {
            trim: Trim::new(entry.limits),
            entry: Arc::clone(entry),
            loading: Loading::Due(now),
            trim_at: now,
            clear_at: now,
            told: Told::default(),
        }
    }

    /// Does what is due; says how long there is nothing to do.
    fn go(&mut self, now: Instant) -> Duration {
        let load_at = self.load(now);
        if self.trim_at <= now {
            let begun = Instant::now();
            let is_more = self.trim();
            let pause = match is_more {
                true => self.entry.manager.pause(begun.elapsed()),
                false => IDLE,
            };
            self.trim_at = Instant::now() + pause;
        }
        if self.clear_at <= now {
            self.entry.cache.clear_abandoned(moment());
            self.clear_at = Instant::now() + CLEARING;
        }
        let next = load_at.map_or(self.trim_at, |at| at.min(self.trim_at));
        next.saturating_duration_since(Instant::now())
    }

    /// Looks at some of the files that were there at the start; says when it goes on, if it does.
    fn load(&mut self, now: Instant) -> Option<Instant> {
        let found = match &mut self.loading {
            Loading::Over => return None,
            Loading::Due(at) if now < *at => return Some(*at),
            Loading::Due(_) => return Some(self.begin_loading(now)),
            Loading::UnderWay(found) if now < found.at => return Some(found.at),
            Loading::UnderWay(found) => found,
        };
        let entry = &self.entry;
        let begun = Instant::now();
        let is_over = paced(entry.loader, |most| {
            found.walk.step(&entry.cache, most, moment())
        });
        if is_over {
            return self.end_loading();
        }
        found.at = Instant::now() + entry.loader.pause(begun.elapsed());
        Some(found.at)
    }

    fn begin_loading(&mut self, now: Instant) -> Instant {
        match Walk::new(&self.entry.cache) {
            Ok(walk) => {
                self.loading = Loading::UnderWay(Box::new(Found {
                    walk,
                    begun: now,
                    at: now,
                }));
                now
            }
            Err(missed) => {
                self.told.tell(&self.entry, Work::Load, Some(told(&missed)));
                self.loading = Loading::Due(now + AGAIN);
                now + AGAIN
            }
        }
    }

    /// All files were looked at, or those that could be: then everything is, once more, some time.
    fn end_loading(&mut self) -> Option<Instant> {
        let Loading::UnderWay(found) = std::mem::replace(&mut self.loading, Loading::Over) else {
            return None;
        };
        let problem = found.walk.missed().map(told);
        let again = problem.is_some().then(|| {
            let pause = AGAIN.max(found.begun.elapsed().saturating_mul(REST));
            Instant::now() + pause
        });
        tell_found(&self.entry.name, &self.entry.path, &found.walk);
        self.told.tell(&self.entry, Work::Load, problem);
        if let Some(at) = again {
            self.loading = Loading::Due(at);
        }
        again
    }

    /// Takes away some of what is too much; whether there may be more.
    fn trim(&mut self) -> bool {
        let limited = self.entry.limits.min_free.map(|_| free(&self.entry));
        let problem = match &limited {
            Some(Err(error)) => {
                let path = self.entry.path.display();
                let why = reason(error);
                Some(format!("what is free in \"{path}\" is not known ({why})"))
            }
            _ => None,
        };
        self.told.tell(&self.entry, Work::Free, problem);
        let is_known = limited.is_some_and(|free| free.is_ok());
        let (entry, trim) = (&self.entry, &mut self.trim);
        let mut failed = None;
        let is_over = paced(entry.manager, |most| {
            // What was removed so far has made it more.
            let free = is_known.then(|| free(entry).ok()).flatten();
            match trim.step(&entry.cache, most, free, moment()) {
                Ok(trimmed) => trimmed.is_more,
                Err(error) => {
                    failed = Some(format!("nothing can be removed from it ({error})"));
                    false
                }
            }
        });
        self.told.tell(&self.entry, Work::Trim, failed);
        let emptied = trim.emptied().map(|limit| {
            let limit = match limit {
                Reason::MinFree => "min_free",
                _ => "max_size",
            };
            format!("nothing is left of it, all had to go for \"{limit}\"")
        });
        self.told.tell(&self.entry, Work::Limit, emptied);
        !is_over
    }
}

/// What the file system of a cache has left.
fn free(entry: &Entry) -> io::Result<u64> {
    os::bytes_free(&File::open(&entry.path)?)
}

/// Has `step` do a few at a time, as many as the pace allows; whether it said that there is no more.
fn paced(pace: Pace, mut step: impl FnMut(usize) -> bool) -> bool {
    let begun = Instant::now();
    let mut left = pace.files;
    while left > 0 {
        let few = left.min(FEW);
        if !step(few) {
            return true;
        }
        left -= few;
        if begun.elapsed() >= pace.threshold {
            break;
        }
    }
    false
}

/// Tells what was found on the way through a cache's files; what is still there the next time as well, once all of it is.
pub(super) fn tell_found(name: &str, path: &Path, walk: &Walk) {
    let Walked {
        adopted,
        removed,
        useless,
        refused,
        misplaced,
    } = walk.found();
    if adopted + removed > 0 {
        log::info!("cache \"{name}\": {adopted} files were found, {removed} useless ones removed");
    }
    if let Some(one) = walk.useless() {
        let one = one.display();
        log::warn!(
            "cache \"{name}\": {useless} files with names of entries were none and are removed, such as \"{one}\""
        );
    }
    if refused > 0 {
        log::warn!("cache \"{name}\": {refused} files were removed for which its zone has no room");
    }
    if misplaced > 0 && walk.missed().is_none() {
        let path = path.display();
        log::warn!(
            "cache \"{name}\": {misplaced} files in \"{path}\" are where other \"levels\" have them, and stay there"
        );
    }
}

fn told(missed: &Missed) -> String {
    format!("not all of it can be found, {missed}")
}

fn moment() -> Moment {
    Moment(os::monotonic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_as_long_as_is_said_or_as_the_work_was() {
        let worked = Duration::from_millis(7);
        assert_eq!(Pace::HALF.pause(worked), worked);
        assert_eq!(Pace::default().pause(worked), Duration::from_millis(50));
    }

    #[test]
    fn a_pace_has_two_limits() {
        let pace = |files, threshold| Pace {
            files,
            threshold: Duration::from_millis(threshold),
            sleep: Some(Duration::ZERO),
        };
        let mut asked = Vec::new();
        assert!(!paced(pace(25, 60_000), |few| {
            asked.push(few);
            true
        }));
        assert_eq!(asked, [10, 10, 5]);
        assert!(paced(pace(25, 60_000), |_| false));
        let mut steps = 0;
        assert!(!paced(pace(usize::MAX, 1), |_| {
            steps += 1;
            thread::sleep(Duration::from_millis(1));
            true
        }));
        assert_eq!(steps, 1);
    }
}

//! A worker's look at certificates that the master may have renewed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::pair::{Fault, Pair};
use crate::conf::{Disk, Loader, reason};
use crate::http::plan::chore::Chore;

/// Follows the certificate's file of a pair; the key stays.
pub(super) struct Follow {
    pair: Arc<Pair>,
    seen: Mutex<Option<State>>,
}

/// What tells one content of a file from another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    number: u64,
    length: u64,
    changed: (i64, i64),
}

impl Follow {
    /// Follows `pair`.
    pub(super) fn new(pair: Arc<Pair>) -> Self {
        Self {
            pair,
            seen: Mutex::new(None),
        }
    }

    fn state(&self) -> Option<State> {
        let about = fs::metadata(&self.pair.certificate).ok()?;
        Some(State {
            number: about.ino(),
            length: about.len(),
            changed: (about.mtime(), about.mtime_nsec()),
        })
    }
}

impl Chore for Follow {
    fn every(&self) -> Option<Duration> {
        Some(EVERY)
    }

    fn run(&self) {
        let state = self.state();
        // What is gone, or as it was, is no news.
        if state.is_none() || std::mem::replace(&mut *self.seen.lock(), state) == state {
            return;
        }
        let path = self.pair.certificate.display();
        let taken = match Disk.read(&self.pair.certificate) {
            Ok(content) => self.pair.take_up(&content),
            Err(error) => return log::warn!("open() \"{path}\" failed ({})", reason(&error)),
        };
        match taken {
            Ok(true) => log::info!("the renewed certificate \"{path}\" is in use"),
            Ok(false) => {}
            Err(Fault::Mismatch) => {
                log::warn!(
                    "the changed certificate \"{path}\" has another key: it waits for a reload"
                );
            }
            Err(Fault::Certificate(what) | Fault::Key(what)) => {
                log::warn!("the changed certificate \"{path}\" is not used: {what}");
            }
        }
    }
}

/// Looking at a file's date costs next to nothing.
const EVERY: Duration = Duration::from_secs(5);

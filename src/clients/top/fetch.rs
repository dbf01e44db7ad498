//! Asking the server in a thread of its own, so that a slow one does not hold up the keyboard.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::clients::reading::Reader;

/// What is wanted: the tree without its tables, and a part of one table if one is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) tree: String,
    pub(super) cut: Option<String>,
}

/// What was found.
pub(super) struct Found {
    pub(super) at: Instant,
    pub(super) tree: Result<Value, String>,
    /// The part of a table, with what asked for it.
    pub(super) cut: Option<(String, Result<Value, String>)>,
}

/// The thread that asks.
pub(super) struct Fetcher {
    wanted: Sender<Wanted>,
    is_busy: bool,
}

impl Fetcher {
    /// Begins; it ends with this, or when what it found is not taken any more.
    pub(super) fn start(reader: Reader, take: impl Fn(Found) -> bool + Send + 'static) -> Self {
        let (wanted, questions) = channel::<Wanted>();
        thread::spawn(move || {
            for question in questions {
                let cut = question.cut.map(|path| {
                    let answer = reader.read(&path);
                    (path, answer)
                });
                let tree = reader.read(&question.tree);
                let at = Instant::now();
                if !take(Found { at, tree, cut }) {
                    break;
                }
            }
        });
        Self {
            wanted,
            is_busy: false,
        }
    }

    /// Asks, unless an answer is still to come.
    pub(super) fn ask(&mut self, wanted: Wanted) -> bool {
        if self.is_busy {
            return false;
        }
        self.is_busy = self.wanted.send(wanted).is_ok();
        self.is_busy
    }

    /// An answer came.
    pub(super) fn answered(&mut self) {
        self.is_busy = false;
    }
}

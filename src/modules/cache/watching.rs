//! Hearing of entries that other processes fill.
//!
//! What is heard is a hint and no more: whoever waits looks by himself now and then, and more often where the system
//! watches no more files.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::zones::Entry;
use crate::cache::Name;
use crate::cache::store::Growing;
use crate::os::{FileWatch, Watched};

/// What a process hears of files of a cache.
#[derive(Default)]
pub(in crate::modules) struct Watching {
    /// Nothing inside where the system has no more of them.
    watch: OnceLock<Option<Arc<FileWatch>>>,
    /// The entries that are waited for, and by how many.
    waiting: Mutex<HashMap<Watched, (Name, usize)>>,
}

/// One who waits for an entry that another process fills.
pub(super) struct Watch {
    entry: Arc<Entry>,
    watched: Watched,
}

impl Watch {
    /// Hears of an entry from now on, if the system allows it.
    pub(super) fn begin(entry: &Arc<Entry>, growing: &Growing) -> Option<Self> {
        let watching = &entry.watching;
        let watch = watching.watch.get_or_init(|| listen(entry)).as_ref()?;
        // Held meanwhile, so that nobody takes away what is about to be waited for.
        let mut waiting = watching.waiting.lock();
        let watched = watch.add(growing.file()).ok()?;
        waiting.entry(watched).or_insert((growing.name(), 0)).1 += 1;
        Some(Self {
            entry: Arc::clone(entry),
            watched,
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let watching = &self.entry.watching;
        let mut waiting = watching.waiting.lock();
        let Some((_, count)) = waiting.get_mut(&self.watched) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            waiting.remove(&self.watched);
            if let Some(watch) = watching.watch.get().and_then(Option::as_ref) {
                watch.remove(self.watched);
            }
        }
    }
}

/// Begins to listen; nothing where that cannot be.
fn listen(entry: &Arc<Entry>) -> Option<Arc<FileWatch>> {
    let watch = Arc::new(FileWatch::new().ok()?);
    let (heard, entry) = (Arc::clone(&watch), Arc::downgrade(entry));
    tokio::spawn(async move {
        while let Ok(written) = heard.next().await {
            let Some(entry) = entry.upgrade() else {
                return;
            };
            let waiting = entry.watching.waiting.lock();
            let names: Vec<Name> = written
                .iter()
                .filter_map(|watched| Some(waiting.get(watched)?.0))
                .collect();
            drop(waiting);
            names.into_iter().for_each(|name| entry.bells.ring(name));
        }
    });
    Some(watch)
}

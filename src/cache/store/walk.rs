//! Going through the folders of a cache, a few files at a time, to find what its index does not know.

use std::fs::{self, ReadDir};
use std::io;
use std::path::PathBuf;

use super::{Adopted, Cache};
use crate::metric::Moment;

/// A way through all files of a cache that has come to some place.
#[derive(Debug)]
pub struct Walk {
    /// The folders it is in, the innermost last.
    open: Vec<ReadDir>,
    depth: usize,
}

/// What was found by a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Entries that are known now.
    pub adopted: usize,
    /// Files that were removed.
    pub removed: usize,
    /// Entries for which the index has no room.
    pub refused: usize,
    /// Whether that was all.
    pub is_over: bool,
}

impl Walk {
    /// Begins.
    ///
    /// # Errors
    /// When the folder of the cache cannot be read.
    pub fn new(cache: &Cache) -> io::Result<Self> {
        let open = vec![fs::read_dir(&cache.place.directory)?];
        let depth = cache.place.levels.depth();
        Ok(Self { open, depth })
    }

    /// Looks at no more than `most` files and folders. At the end the index is said to be loaded.
    pub fn step(&mut self, cache: &Cache, most: usize, now: Moment) -> Walked {
        let mut walked = Walked::default();
        for _ in 0..most {
            let Some(folder) = self.open.last_mut() else {
                walked.is_over = true;
                // Should that fail, it is said the next time.
                let _ = cache.index().loaded(now);
                return walked;
            };
            let Some(Ok(found)) = folder.next() else {
                self.open.pop();
                continue;
            };
            let is_folder = found.file_type().is_ok_and(|kind| kind.is_dir());
            match (is_folder, self.open.len() <= self.depth) {
                (true, true) => self.enter(found.path()),
                (true, false) => {}
                (false, _) => look(cache, &found.path(), now, &mut walked),
            }
        }
        walked
    }

    fn enter(&mut self, folder: PathBuf) {
        if let Ok(inner) = fs::read_dir(folder) {
            self.open.push(inner);
        }
    }
}

fn look(cache: &Cache, path: &std::path::Path, now: Moment, walked: &mut Walked) {
    match cache.adopt(path, now) {
        Ok(Adopted::Yes) => walked.adopted += 1,
        Ok(Adopted::Removed) => walked.removed += 1,
        Ok(Adopted::Known | Adopted::Foreign) => {}
        Err(_) => walked.refused += 1,
    }
}

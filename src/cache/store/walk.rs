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
    /// What is left of the folder where files grow, if that is another one.
    temporary: Option<ReadDir>,
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
        // Where nothing can be listed, nothing is left behind that could be removed either.
        let temporary = cache.place.temporary.as_ref();
        let temporary = temporary.and_then(|temporary| fs::read_dir(temporary).ok());
        Ok(Self {
            open,
            depth,
            temporary,
        })
    }

    /// Looks at no more than `most` files and folders. At the end the index is said to be loaded.
    pub fn step(&mut self, cache: &Cache, most: usize, now: Moment) -> Walked {
        let mut walked = Walked::default();
        for _ in 0..most {
            let Some(folder) = self.open.last_mut() else {
                if self.clear_strays(cache, now, &mut walked) {
                    continue;
                }
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

    /// Looks at the next file where files grow; whether there may be more.
    fn clear_strays(&mut self, cache: &Cache, now: Moment, walked: &mut Walked) -> bool {
        let Some(found) = self.temporary.as_mut().and_then(Iterator::next) else {
            self.temporary = None;
            return false;
        };
        // A folder that cannot be listed on is left alone.
        let cleared = found.map(|found| cache.clear_stray(&found.path(), now));
        match cleared {
            Ok(Adopted::Removed) => walked.removed += 1,
            Ok(_) => {}
            Err(_) => self.temporary = None,
        }
        self.temporary.is_some()
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

//! Taking away what is kept under a key, or under all keys that begin alike.

use super::upkeep::remove;
use super::{Access, Cache, open};
use crate::cache::file::{Entry, Unreadable};
use crate::cache::index::Reason;
use crate::cache::{Freshness, Name};
use crate::metric::Moment;
use crate::zone::NotChanged;

/// What is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge<'k> {
    /// What is kept under this key.
    Key(&'k [u8]),
    /// What is kept under all keys that begin with this.
    Prefix(&'k [u8]),
}

impl Purge<'_> {
    fn means(self, key: &[u8]) -> bool {
        match self {
            Self::Key(own) => own == key,
            Self::Prefix(prefix) => key.starts_with(prefix),
        }
    }
}

impl Cache {
    /// Removes entries with their variants, and says how many; this takes as long as going through the index takes, and for prefixes
    /// through the files as well. What is being filled is invalid from now on, until it is filled.
    ///
    /// # Errors
    /// When the index cannot be used.
    pub fn purge(&self, purge: Purge<'_>, now: Moment) -> Result<usize, NotChanged> {
        let mut removed = 0;
        for name in self.meant(purge) {
            if self.purge_one(name, purge, now)? {
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The entries that may be meant.
    fn meant(&self, purge: Purge<'_>) -> Vec<Name> {
        match purge {
            Purge::Key(key) => {
                let main = Name::of_key(key);
                let mut names = self.index.variants(main);
                names.push(main);
                names
            }
            Purge::Prefix(_) => {
                let all = self.index.oldest(usize::MAX);
                all.into_iter().map(|old| old.name).collect()
            }
        }
    }

    fn purge_one(&self, name: Name, purge: Purge<'_>, now: Moment) -> Result<bool, NotChanged> {
        let Some(kept) = self.index.kept(name, now).filter(|kept| kept.serial > 0) else {
            return Ok(false);
        };
        let path = self.place.file(name);
        let read = || -> Result<bool, Unreadable> {
            let entry = Entry::begun(&open(&path, Access::Read)?.0)?;
            Ok(purge.means(entry.head().key))
        };
        // What cannot be read is of no use to anybody.
        if !read().unwrap_or(true) {
            return Ok(false);
        }
        if self.index.remove(name, kept.serial, Reason::Purged, now)? {
            remove(&path);
            return Ok(true);
        }
        // Somebody fills it.
        let expire = || -> Result<(), Unreadable> {
            let (file, _) = open(&path, Access::Write)?;
            Entry::begun(&file)?.renew(&file, Freshness::default())?;
            Ok(())
        };
        Ok(expire().is_ok())
    }
}

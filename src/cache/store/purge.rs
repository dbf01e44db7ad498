//! Taking away what is kept under a key, or under all keys that begin alike.

use super::removal::{NotRemoved, try_remove};
use super::{Access, Cache, Missed, Walk, open};
use crate::cache::file::{Entry, Unreadable};
use crate::cache::index::{Fill, Reason};
use crate::cache::{Freshness, Name};
use crate::metric::Moment;

/// What is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge<'k> {
    /// What is kept under this key.
    Key(&'k [u8]),
    /// What is kept under all keys that begin with this.
    Prefix(&'k [u8]),
}

/// How many files are looked at before it is seen whether that was all.
const AT_ONCE: usize = 1000;

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
    /// through the files as well, as it does as long as not all files of before the start are known: then `tell` is given what
    /// was found on that way. What is being filled goes to those who follow it, and is not kept.
    ///
    /// # Errors
    /// When the index cannot be used, or a file stays.
    pub fn purge(
        &self,
        purge: Purge<'_>,
        now: Moment,
        tell: impl FnOnce(&Walk),
    ) -> Result<usize, NotRemoved> {
        if !self.is_loaded(now) {
            self.find_all(now, tell)?;
        }
        let (mut removed, mut failed) = (0, None);
        for name in self.meant(purge, now) {
            // Whoever is about to finish does so before, or not at all.
            let is_sure = matches!(purge, Purge::Key(_));
            let was_filled = is_sure && self.index.purge_fill(name, now);
            // One that stays leaves the others to be removed.
            match self.purge_one(name, purge, now) {
                Ok(is_gone) => removed += usize::from(is_gone || was_filled),
                Err(problem) => failed = failed.or(Some(problem)),
            }
        }
        if let Purge::Prefix(_) = purge {
            removed += self.purge_fills(purge, now);
        }
        match failed {
            Some(problem) => Err(problem),
            None => Ok(removed),
        }
    }

    /// Finds all files that are there.
    fn find_all(&self, now: Moment, tell: impl FnOnce(&Walk)) -> Result<(), Missed> {
        let mut walk = match Walk::new(self) {
            Err(missed) if missed.is_absent() => return Ok(()),
            begun => begun?,
        };
        while walk.step(self, AT_ONCE, now) {}
        tell(&walk);
        walk.into_missed().map_or(Ok(()), Err)
    }

    /// Has nothing kept of what is being filled and meant. What a fill is for is known once it has begun; before that it
    /// may be meant.
    fn purge_fills(&self, purge: Purge<'_>, now: Moment) -> usize {
        let is_meant = |(name, fill): &(Name, Fill)| match self.follow(*name, fill) {
            Ok(Some(growing)) => purge.means(growing.entry().head().key),
            Ok(None) | Err(_) => true,
        };
        let fills = self.index.fills().into_iter();
        let meant = fills.filter(|(_, fill)| !fill.is_purged).filter(is_meant);
        meant
            .filter(|(name, _)| self.index.purge_fill(*name, now))
            .count()
    }

    /// The entries that may be meant.
    fn meant(&self, purge: Purge<'_>, now: Moment) -> Vec<Name> {
        match purge {
            Purge::Key(key) => {
                let main = Name::of_key(key);
                self.finds(main, now);
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

    fn purge_one(&self, name: Name, purge: Purge<'_>, now: Moment) -> Result<bool, NotRemoved> {
        let Some(kept) = self.index.kept(name, now).filter(|kept| kept.serial > 0) else {
            return Ok(false);
        };
        let path = self.place.file(name);
        let read = || -> Result<bool, Unreadable> {
            let entry = Entry::begun(&open(&path, Access::Read)?.0)?;
            Ok(purge.means(entry.head().key))
        };
        match (read(), purge) {
            (Ok(false), _) => return Ok(false),
            (Err(problem), Purge::Prefix(_)) if problem.is_passing() => {
                return Err(NotRemoved::Unread(problem));
            }
            // What is damaged is of no use to anybody, and the name of a key's file says enough.
            (Ok(true) | Err(_), _) => {}
        }
        if self.index.remove(name, kept.serial, Reason::Purged, now)? {
            try_remove(&path)?;
            return Ok(true);
        }
        // Somebody fills it, and what there was is of no use from now on.
        let expire = || -> Result<(), Unreadable> {
            let (file, _) = open(&path, Access::Write)?;
            Entry::begun(&file)?.renew(&file, Freshness::default())?;
            Ok(())
        };
        Ok(expire().is_ok())
    }
}

//! Keeping a cache within its limits, a few files at a time.

use std::collections::VecDeque;

use super::Cache;
use super::removal::NotRemoved;
use crate::cache::index::{Old, Reason, Sums};
use crate::metric::Moment;

/// How much a cache may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What nobody asked for in so many nanoseconds goes.
    pub inactive: u64,
    /// Bytes on the disk.
    pub max_size: Option<u64>,
    /// Bytes that the file system is to have left.
    pub min_free: Option<u64>,
}

/// Takes away what is beyond the limits.
#[derive(Debug)]
pub struct Trim {
    limits: Limits,
    /// The oldest entries, found before and not looked at yet.
    oldest: VecDeque<Old>,
    /// Before this, in the zone's time, nothing has been idle for too long.
    quiet_until: u64,
    /// The limit that has taken everything, until something stays.
    emptied: Option<Reason>,
}

/// What a step of that came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trimmed {
    /// Entries that were removed.
    pub removed: usize,
    /// Whether there may be more to do.
    pub is_more: bool,
}

/// So many entries are found by one pass over the index.
const CANDIDATES: usize = 4096;
/// One part of so many of an index is kept free for what is new.
const FREE_PART: u64 = 16;

/// How full everything is.
struct Fullness {
    sums: Sums,
    free: Option<u64>,
    is_crowded: bool,
}

impl Trim {
    /// Keeps these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            oldest: VecDeque::new(),
            quiet_until: 0,
            emptied: None,
        }
    }

    /// The limit for which everything that there was had to go, if nothing was kept since.
    pub fn emptied(&self) -> Option<Reason> {
        self.emptied
    }

    /// Looks at no more than `most` entries; `free` is what the file system has left.
    ///
    /// # Errors
    /// When the index cannot be used, or a file has to stay.
    pub fn step(
        &mut self,
        cache: &Cache,
        most: usize,
        free: Option<u64>,
        now: Moment,
    ) -> Result<Trimmed, NotRemoved> {
        let time = cache.index().zone().moment(now).0;
        let mut full = Fullness {
            sums: cache.index().sums(now)?,
            free,
            is_crowded: is_crowded(cache),
        };
        if full.sums.entries > 0 && self.pressure(&full).is_none() {
            self.emptied = None;
        }
        if self.oldest.is_empty() {
            // Going through all keys is dear: only where something is to be found.
            if time <= self.quiet_until && self.pressure(&full).is_none() {
                let is_more = false;
                return Ok(Trimmed {
                    removed: 0,
                    is_more,
                });
            }
            self.oldest = cache.index().oldest(CANDIDATES).into();
            if self.oldest.is_empty() {
                self.quiet_until = time.saturating_add(self.limits.inactive);
            }
        }
        let mut removed = 0;
        for _ in 0..most {
            let Some(old) = self.oldest.front() else {
                return Ok(Trimmed {
                    removed,
                    is_more: removed > 0,
                });
            };
            // Younger ones have no more reason to go.
            let Some(reason) = self.reason(old, &full, time) else {
                self.quiet_until = old.last.saturating_add(self.limits.inactive);
                self.oldest.clear();
                let is_more = false;
                return Ok(Trimmed { removed, is_more });
            };
            let old = *old;
            self.oldest.pop_front();
            if cache.evict(&old, reason, now)? {
                removed += 1;
                self.note_removed(cache, reason, now);
                full.sums.size = full.sums.size.saturating_sub(old.size);
                full.free = full.free.map(|free| free.saturating_add(old.size));
                full.is_crowded = full.is_crowded && is_crowded(cache);
            }
        }
        let is_more = true;
        Ok(Trimmed { removed, is_more })
    }

    fn note_removed(&mut self, cache: &Cache, reason: Reason, now: Moment) {
        let is_limit = matches!(reason, Reason::MaxSize | Reason::MinFree);
        let sums = || cache.index().sums(now);
        if is_limit && self.emptied.is_none() && sums().is_ok_and(|sums| sums.entries == 0) {
            self.emptied = Some(reason);
        }
    }

    /// Why an entry that no other is older than has to go.
    fn reason(&self, old: &Old, full: &Fullness, now: u64) -> Option<Reason> {
        if now.saturating_sub(old.last) > self.limits.inactive {
            return Some(Reason::Inactive);
        }
        self.pressure(full)
    }

    /// Why something has to go, whatever it is.
    fn pressure(&self, full: &Fullness) -> Option<Reason> {
        let limits = &self.limits;
        if limits.max_size.is_some_and(|most| full.sums.size > most) {
            return Some(Reason::MaxSize);
        }
        let is_short = |(least, free)| free < least;
        if limits.min_free.zip(full.free).is_some_and(is_short) {
            return Some(Reason::MinFree);
        }
        full.is_crowded.then_some(Reason::Crowded)
    }
}

impl Cache {
    /// Takes away some of the oldest entries where what is new finds no room; whether there were some. Large indexes have
    /// room left by upkeep, and going through them takes too long for who waits.
    pub(super) fn make_room(&self, now: Moment) -> bool {
        let slabs = self.index().zone().slabs();
        let all = slabs.map_or(0, |slabs| slabs.slots_used.saturating_add(slabs.slots_free));
        if all > SMALL {
            return false;
        }
        let oldest = self.index().oldest(FEW);
        let evict = |old: &Old| self.evict(old, Reason::Crowded, now).unwrap_or(false);
        oldest.iter().filter(|old| evict(old)).count() > 0
    }
}

/// An index of so many slots is gone through in a moment.
const SMALL: u64 = 1 << 15;
/// So many entries make room at once.
const FEW: usize = 16;
/// So many slots are kept free in the smallest index: what a claim and the end of a fill take while they are made.
const LEAST_FREE: u64 = 64;

/// Whether the index has too little room left for what is new.
fn is_crowded(cache: &Cache) -> bool {
    cache.index().zone().slabs().is_some_and(|slabs| {
        let all = slabs.slots_used.saturating_add(slabs.slots_free);
        slabs.slots_free < (all / FREE_PART).max(LEAST_FREE.min(all / 2))
    })
}

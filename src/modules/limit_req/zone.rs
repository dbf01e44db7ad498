//! A zone of buckets: each value of a key has one.

use std::sync::Arc;

use super::USE;
use super::bucket::{self, CELLS};
use super::counts::{Count, Counts};
use super::zone_directive::ZoneWritten;
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::metric::{Moment, Schema};
use crate::modules::limited::{self, Memory};
use crate::modules::shared_zone::{Holder, Purpose};
use crate::os::atomic::AtomicU64;
use crate::zone::{Put, Stay};

/// A zone of a configuration.
pub(super) struct Zone {
    key: Template,
    /// In thousandths of a request a second.
    pub(super) rate: u64,
    pub(super) memory: Arc<Memory>,
    pub(super) counts: Counts,
}

static PURPOSE: Purpose = Purpose {
    kind: "limit_req",
    noun: "limit_req zone",
    use_of_name: USE,
    section: "limit_reqs",
    adds_up: false,
};

/// What a zone says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It is this far beyond the rate, which is not too far.
    Within(u64),
    /// It is this far beyond the rate, which is too far.
    Beyond(u64),
    /// There is no room for its key.
    NoRoom,
}

impl Zone {
    /// Opens a zone; nothing for one that cannot be used, which is reported.
    pub(super) fn open(builder: &mut Builder<'_>, written: &ZoneWritten) -> Option<Self> {
        let schema = Schema::words("limit_req", CELLS);
        let memory = Memory::open(builder, &PURPOSE, &written.memory, schema, true)?;
        let name = &written.memory.name;
        let counts = match Counts::open(builder.memory, name) {
            Ok(counts) => counts,
            Err(error) => {
                builder.no_memory(name, &error);
                return None;
            }
        };
        Some(Self {
            key: builder.template(&written.memory.key),
            rate: written.rate,
            memory,
            counts,
        })
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.memory.name()
    }

    /// The key of a request; nothing for one that is not limited.
    pub(super) fn key(&self, request: &mut Request) -> Option<Vec<u8>> {
        let mut key = request.buffer();
        if limited::put_key(&self.key, request, &mut key) {
            return Some(key);
        }
        request.recycle(key);
        self.counts.add(Count::Skipped);
        None
    }

    /// How far a request is beyond the rate, which is not to be more than `most`; it is not counted.
    pub(super) fn look(&self, key: &[u8], most: u64, now: Moment) -> Asked {
        let excess = self.with_bucket(key, now, |cells, now| bucket::excess(cells, self.rate, now));
        match excess {
            Some(excess) if excess <= most => Asked::Within(excess),
            Some(excess) => Asked::Beyond(excess),
            None => Asked::NoRoom,
        }
    }

    /// The same, and it is counted if that is not too far.
    pub(super) fn count(&self, key: &[u8], most: u64, now: Moment) -> Asked {
        let counted = self.with_bucket(key, now, |cells, now| {
            bucket::count(cells, self.rate, most, now)
        });
        match counted {
            Some(Ok(excess)) => Asked::Within(excess),
            Some(Err(excess)) => Asked::Beyond(excess),
            None => Asked::NoRoom,
        }
    }

    fn with_bucket<R>(
        &self,
        key: &[u8],
        now: Moment,
        work: impl Fn(&[AtomicU64], Moment) -> R,
    ) -> Option<R> {
        let zone = &self.memory.zone;
        let at = zone.moment(now);
        for _ in 0..ATTEMPTS {
            let done = zone.with_cells(key, now, |cells| work(cells, at));
            if done.is_some() {
                return done;
            }
            if !self.add(key, now) {
                return None;
            }
        }
        None
    }

    /// Makes a bucket for a key; false if there is no room.
    #[cold]
    fn add(&self, key: &[u8], now: Moment) -> bool {
        let put = self.memory.zone.edit(now, |edit| {
            if edit.spot(key).is_some() {
                return Ok(());
            }
            let cells = &bucket::fresh(edit.now());
            let (stay, text) = (Stay::Evictable, None);
            edit.put(key, Put { cells, stay, text });
            edit.commit()
        });
        matches!(put, Ok(Ok(())))
    }
}

/// How often a bucket is made that others put out at once.
const ATTEMPTS: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::build::memory::Unshared;
    use crate::os;

    fn zone(bytes: usize, rate: u64) -> Zone {
        let schema = Schema::words("limit_req", CELLS);
        Zone {
            key: Template::default(),
            rate,
            memory: Memory::heap(bytes, &PURPOSE, schema, true),
            counts: Counts::open(&mut Unshared, "a").unwrap(),
        }
    }

    #[test]
    fn each_key_has_a_bucket() {
        let (zone, now) = (zone(1 << 16, 1000), Moment(os::monotonic()));
        assert_eq!(zone.look(b"one", 0, now), Asked::Within(0));
        assert_eq!(zone.count(b"one", 0, now), Asked::Within(0));
        assert_eq!(zone.look(b"one", 0, now), Asked::Beyond(1000));
        assert_eq!(zone.look(b"one", 1000, now), Asked::Within(1000));
        assert_eq!(zone.count(b"one", 0, now), Asked::Beyond(1000));
        assert_eq!(zone.count(b"other", 0, now), Asked::Within(0));
    }

    #[test]
    fn the_key_that_was_asked_about_longest_ago_makes_room() {
        let zone = zone(1 << 15, 1);
        let mut now = Moment(os::monotonic());
        assert_eq!(zone.count(b"busy", 0, now), Asked::Within(0));
        for number in 0..10_000_u32 {
            now.0 += 1_000_000;
            assert_eq!(zone.count(&number.to_le_bytes(), 0, now), Asked::Within(0));
            let busy = zone.count(b"busy", 0, now);
            assert!(matches!(busy, Asked::Beyond(_)), "{number}: {busy:?}");
        }
        assert!(zone.memory.zone.len() > 50);
        let last = 9_999_u32.to_le_bytes();
        assert!(matches!(zone.look(&last, 0, now), Asked::Beyond(_)));
        assert_eq!(
            zone.look(&5_000_u32.to_le_bytes(), 0, now),
            Asked::Within(0)
        );
        zone.memory.zone.verify().unwrap();
    }

    #[test]
    fn threads_that_count_at_once_let_in_no_more_and_no_less() {
        let (zone, now) = (zone(1 << 16, 1), Moment(os::monotonic()));
        let passed: usize = std::thread::scope(|scope| {
            let one = || {
                let asked = (0..500).map(|_| zone.count(b"k", 99_000, now));
                asked
                    .filter(|asked| matches!(asked, Asked::Within(_)))
                    .count()
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(passed, 100);
    }
}

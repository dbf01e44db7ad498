//! The body of an entry that somebody fills, given as far as it has come.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3;

use super::resumed::{Refetch, Resumed};
use super::waiting;
use super::watching::Watch;
use super::zones::Entry;
use crate::cache::store::{Growing, Grown};
use crate::http::message::source::{Awaited, Pieces};
use crate::metric::Moment;
use crate::os;

/// A reader of an entry that grows.
pub(super) struct Following {
    entry: Arc<Entry>,
    growing: Growing,
    /// Where the first piece began in the body, and where the next one does.
    first: u64,
    next: u64,
    /// Where to stop, if that is known.
    end: Option<u64>,
    /// How much there will be in all, if that is known.
    length: Option<u64>,
    /// Whether the last byte is held back until all of the body is known to be right.
    holds_last: bool,
    /// How far the body has come, as far as it is known, and whether that is all of it.
    there: u64,
    is_whole: bool,
    /// When it was last seen that somebody fills it.
    seen: Instant,
    /// By which the system tells what another process writes, from the first wait on.
    watch: Option<Watch>,
    is_waiting: bool,
    /// The digest of what was given, and how the rest can be had should it not be kept.
    refetch: Option<(Xxh3, Refetch)>,
    /// The rest, which comes from elsewhere.
    rest: Option<Resumed>,
    /// Whether it was told of something that was not there yet: it is written before it counts.
    was_early: bool,
}

/// Read at once.
const CHUNK: u64 = 64 * 1024;
/// How long nothing may come before it is asked whether somebody still fills it.
const ALIVE: Duration = Duration::from_millis(250);

impl Following {
    /// Of all of the body.
    pub(super) fn whole(entry: Arc<Entry>, growing: Growing, length: Option<u64>) -> Self {
        Self {
            entry,
            growing,
            first: 0,
            next: 0,
            end: length,
            length,
            holds_last: false,
            there: 0,
            is_whole: false,
            seen: Instant::now(),
            watch: None,
            is_waiting: false,
            refetch: None,
            rest: None,
            was_early: false,
        }
    }

    /// The same; should it not be kept, it is had again.
    pub(super) fn or_refetched(self, refetch: Option<Refetch>) -> Self {
        Self {
            refetch: refetch.map(|refetch| (Xxh3::new(), refetch)),
            ..self
        }
    }

    /// Of a part of it; where it is known what the body must be, `is_checked`, nobody gets the end of a part before it is.
    pub(super) fn part(
        entry: Arc<Entry>,
        growing: Growing,
        part: Range<u64>,
        is_checked: bool,
    ) -> Self {
        let length = Some(part.end - part.start);
        Self {
            first: part.start,
            next: part.start,
            end: Some(part.end),
            holds_last: is_checked,
            ..Self::whole(entry, growing, length)
        }
    }

    /// Finds out how far it has come.
    fn look(&mut self) -> io::Result<()> {
        let (cache, now) = (&self.entry.cache, Moment(os::monotonic()));
        let grown = match self.seen.elapsed() > ALIVE {
            true => cache.grown_if_alive(&self.growing, now),
            false => cache.grown(&self.growing, now),
        };
        match grown {
            Grown::Partly(bytes) => {
                if bytes > self.there {
                    self.seen = Instant::now();
                }
                self.was_early &= bytes == self.there;
                self.there = bytes;
            }
            Grown::Wholly(bytes) => (self.there, self.is_whole) = (bytes, true),
            Grown::Unkept => self.go_elsewhere()?,
            Grown::Broken => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    /// The entry will not grow any more, although there is more to be had.
    fn go_elsewhere(&mut self) -> io::Result<()> {
        let Some((given, refetch)) = self.refetch.take() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let (name, zone) = (self.growing.name(), &self.entry.name);
        log::info!("cache \"{zone}\": {name} was not kept, the rest of it is asked for");
        self.rest = Some(refetch.begin(self.first..self.next, self.end, &given));
        Ok(())
    }

    async fn next_of_rest(&mut self) -> io::Result<Option<Bytes>> {
        let Some(rest) = &mut self.rest else {
            return Ok(None);
        };
        let piece = rest.next().await?;
        self.next += piece.as_ref().map_or(0, Bytes::len) as u64;
        let end = self.end.unwrap_or(self.next);
        let fits = match piece {
            Some(_) => self.next <= end,
            None => self.next == end,
        };
        match fits {
            true => Ok(piece),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// The place in the body up to which it may be given by now.
    fn most(&self) -> u64 {
        let end = self.end.unwrap_or(u64::MAX);
        match self.holds_last && !self.is_whole {
            true => end.saturating_sub(1).min(self.there),
            false => end.min(self.there),
        }
    }

    /// The next piece that is there; nothing inside if there is none yet.
    fn piece(&mut self) -> io::Result<Option<Option<Bytes>>> {
        let most = self.most();
        if self.next < most {
            let length = (most - self.next).min(CHUNK);
            let mut piece = vec![0; usize::try_from(length).unwrap_or_default()];
            self.growing.read_at(&mut piece, self.next)?;
            self.next += length;
            if let Some((given, _)) = &mut self.refetch {
                given.update(&piece);
            }
            return Ok(Some(Some(piece.into())));
        }
        match (self.end, self.is_whole) {
            (Some(end), _) if end <= self.next => Ok(Some(None)),
            (None, true) => Ok(Some(None)),
            // It is shorter than was said.
            (Some(_), true) => Err(io::ErrorKind::UnexpectedEof.into()),
            (_, false) => Ok(None),
        }
    }

    async fn await_piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if self.rest.is_some() {
                return self.next_of_rest().await;
            }
            if let Some(piece) = self.piece()? {
                return Ok(piece);
            }
            let before = self.there;
            self.look()?;
            if self.there > before || self.is_whole || self.rest.is_some() {
                continue;
            }
            let patience = self.patience();
            let (entry, growing) = (&self.entry, &self.growing);
            let has_moved = || match entry.cache.grown(growing, Moment(os::monotonic())) {
                Grown::Partly(bytes) => bytes > before,
                Grown::Wholly(_) | Grown::Broken | Grown::Unkept => true,
            };
            let rang = waiting::pause(&entry.bells, growing.name(), patience, has_moved).await;
            self.was_early = rang;
        }
    }

    /// How long to wait without looking.
    fn patience(&mut self) -> Duration {
        let is_own = self.entry.cache.is_own(&self.growing);
        if !std::mem::replace(&mut self.is_waiting, true) && !is_own {
            self.watch = Watch::begin(&self.entry, &self.growing);
        }
        match (is_own || self.watch.is_some()) && !self.was_early {
            true => waiting::SELDOM,
            false => waiting::GLANCE,
        }
    }
}

impl Pieces for Following {
    fn length(&self) -> Option<u64> {
        self.length
    }

    fn is_at_hand(&self) -> bool {
        let is_here = self.is_whole || self.next < self.most() || self.end == Some(self.next);
        is_here && self.rest.is_none()
    }

    fn next(&mut self) -> Awaited<'_> {
        Box::pin(self.await_piece())
    }
}

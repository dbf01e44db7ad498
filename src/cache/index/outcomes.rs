//! What became of requests that a cache was asked about: counted once for each request, without the lock.
//!
//! A request has one outcome. Totals, hits and misses are not counted but made of the outcomes when they are read, so
//! that hits and misses are the total in every reading. Background updates are requests that no client has made: they
//! are counted in the same way, but beside the outcomes, and are part of no total but that of bytes that origins sent.

use super::Index;
use super::cells::{BESIDE, CELLS, beside, load, outcome, outcome_key};
use super::sums::put;
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::zone::Edit;

/// What a cache had for a request (`$upstream_cache_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An entry that is fresh, or one that was being filled.
    Hit,
    /// One that is not, because the origin could not be asked or will be asked afterwards.
    Stale,
    /// One that is not, while somebody asks for a newer one.
    Updating,
    /// One that the origin says still holds.
    Revalidated,
    /// Nothing.
    Miss,
    /// One that is not fresh, and was not given.
    Expired,
    /// It was not looked for.
    Bypass,
}

impl Outcome {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Hit,
        Self::Stale,
        Self::Updating,
        Self::Revalidated,
        Self::Miss,
        Self::Expired,
        Self::Bypass,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Stale => "STALE",
            Self::Updating => "UPDATING",
            Self::Revalidated => "REVALIDATED",
            Self::Miss => "MISS",
            Self::Expired => "EXPIRED",
            Self::Bypass => "BYPASS",
        }
    }

    /// Whether the answer came out of the cache.
    pub fn is_hit(self) -> bool {
        match self {
            Self::Hit | Self::Stale | Self::Updating | Self::Revalidated => true,
            Self::Miss | Self::Expired | Self::Bypass => false,
        }
    }
}

/// A request that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// How long the body of the answer is.
    pub bytes: u64,
    /// Bytes of it that the client was sent.
    pub sent: u64,
    /// Bytes of it that came from the origin.
    pub received: u64,
    /// Bytes of it that were kept, if it was.
    pub written: Option<u64>,
    /// Whether somebody else was filling the entry meanwhile.
    pub is_shared: bool,
}

/// What was counted of one outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeNumbers {
    /// Answers.
    pub responses: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Answers that were kept.
    pub responses_written: u64,
    /// Bytes of their bodies.
    pub bytes_written: u64,
    /// Bytes that came from origins.
    pub received: u64,
    /// Bytes that clients were sent.
    pub sent: u64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// In the order of [`Outcome::ALL`].
    pub outcomes: [OutcomeNumbers; Outcome::ALL.len()],
    /// Of background updates.
    pub background: OutcomeNumbers,
    /// Hits of entries that were being filled.
    pub shared: u64,
    /// Bodies that were not what their digest said.
    pub mismatches: u64,
}

impl Numbers {
    /// Answers out of the cache.
    pub fn hits(&self) -> u64 {
        self.sum(|outcome, numbers| {
            if outcome.is_hit() {
                numbers.responses
            } else {
                0
            }
        })
    }

    /// Answers of origins.
    pub fn misses(&self) -> u64 {
        self.sum(|outcome, numbers| {
            if outcome.is_hit() {
                0
            } else {
                numbers.responses
            }
        })
    }

    /// Bytes of bodies that came from origins.
    pub fn received(&self) -> u64 {
        let of_clients = self.sum(|_, numbers| numbers.received);
        of_clients.saturating_add(self.background.received)
    }

    /// Bytes of bodies that clients were sent.
    pub fn sent(&self) -> u64 {
        self.sum(|_, numbers| numbers.sent)
    }

    fn sum(&self, of: impl Fn(Outcome, &OutcomeNumbers) -> u64) -> u64 {
        let pairs = Outcome::ALL.into_iter().zip(&self.outcomes);
        let sum = |sum: u64, (outcome, numbers)| sum.saturating_add(of(outcome, numbers));
        pairs.fold(0, sum)
    }
}

/// Background updates are counted where an outcome behind the last one would be.
const BACKGROUND: usize = Outcome::ALL.len();

/// The keys are there when the edit is committed.
pub(super) fn make(edit: &mut Edit<'_>) {
    for place in 0..=BACKGROUND {
        make_one(edit, &outcome_key(place));
    }
    make_one(edit, BESIDE);
}

fn make_one(edit: &mut Edit<'_>, key: &[u8]) {
    if edit.read(key).is_none() {
        put(edit, key, &[0; CELLS]);
    }
}

fn add(cell: &AtomicU64, amount: u64) {
    if amount > 0 {
        cell.fetch_add(amount, Ordering::AcqRel);
    }
}

impl Index {
    /// Counts a request that is over.
    pub fn count(&self, what: Outcome, answered: &Answered, now: Moment) {
        self.count_at(what as usize, answered, now);
        // After the hit that it is: nobody ever reads more of these than of those.
        if answered.is_shared && what.is_hit() {
            self.count_beside(beside::SHARED, now);
        }
    }

    /// Counts a background update that is over.
    pub fn count_background(&self, answered: &Answered, now: Moment) {
        self.count_at(BACKGROUND, answered, now);
    }

    /// Counts what has come of a body beside what was counted of its request.
    pub fn count_received(&self, bytes: u64, now: Moment) {
        let key = outcome_key(Outcome::Hit as usize);
        self.zone
            .with_cells(&key, now, |cells| add(&cells[outcome::RECEIVED], bytes));
    }

    fn count_at(&self, place: usize, answered: &Answered, now: Moment) {
        let key = outcome_key(place);
        self.zone.with_cells(&key, now, |cells| {
            add(&cells[outcome::BYTES], answered.bytes);
            add(&cells[outcome::RECEIVED], answered.received);
            add(&cells[outcome::SENT], answered.sent);
            if let Some(written) = answered.written {
                add(&cells[outcome::RESPONSES_WRITTEN], 1);
                add(&cells[outcome::BYTES_WRITTEN], written);
            }
            add(&cells[outcome::RESPONSES], 1);
        });
    }

    /// Counts a body that was not what its digest said.
    pub fn count_mismatch(&self, now: Moment) {
        self.count_beside(beside::MISMATCHES, now);
    }

    fn count_beside(&self, place: usize, now: Moment) {
        self.zone
            .with_cells(BESIDE, now, |cells| add(&cells[place], 1));
    }

    /// What was counted so far.
    pub fn numbers(&self, now: Moment) -> Numbers {
        let mut numbers = Numbers::default();
        let copy = |cells: &[AtomicU64]| std::array::from_fn(|place| load(cells, place));
        let read = |key: &[u8]| -> [u64; CELLS] {
            self.zone.with_cells(key, now, copy).unwrap_or_default()
        };
        let counted = read(BESIDE);
        numbers.shared = counted[beside::SHARED];
        numbers.mismatches = counted[beside::MISMATCHES];
        let all = numbers.outcomes.iter_mut().chain([&mut numbers.background]);
        for (place, numbers) in all.enumerate() {
            let counted = read(&outcome_key(place));
            *numbers = OutcomeNumbers {
                responses: counted[outcome::RESPONSES],
                bytes: counted[outcome::BYTES],
                responses_written: counted[outcome::RESPONSES_WRITTEN],
                bytes_written: counted[outcome::BYTES_WRITTEN],
                received: counted[outcome::RECEIVED],
                sent: counted[outcome::SENT],
            };
        }
        numbers
    }
}

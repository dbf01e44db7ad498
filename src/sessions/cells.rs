//! What lies in which cell of which kind of key, and what counting does to them.
//!
//! What each request touches of a session lies in the same lines of the processor's memory: the first cells, with the bytes,
//! and the steps of one second for both directions, next to each other.
//!
//! A zone has keys of several kinds, all with as many cells. Its *totals* change in edits only, together with the
//! sessions and rows that they sum up, so they are exact whatever dies; its *gauge* is counted into without the lock.

use super::top;
use super::window::{self, NANOSECONDS, STEPS};
use crate::os::atomic::{AtomicU64, Ordering};

/// Cells of every key.
pub(super) const CELLS: usize = 38;

/// Of sessions.
pub(super) mod session {
    /// A number that no other session of the zone ever has; of rows and the gauge, something that is none.
    pub(in crate::sessions) const SERIAL: usize = 0;
    pub(in crate::sessions) const IS_ACTIVE: usize = 1;
    /// When it was registered, in the zone's time.
    pub(in crate::sessions) const CREATED: usize = 2;
    /// The same in milliseconds since 1970.
    pub(in crate::sessions) const CREATED_WALL: usize = 7;
    /// When bytes were counted last, in the zone's time.
    pub(in crate::sessions) const LAST: usize = 3;
    pub(in crate::sessions) const REQUESTS: usize = 4;
    /// A hash of its extra text.
    pub(in crate::sessions) const EXTRA: usize = 8;
    /// When that was replaced last, in the zone's time; zero for never.
    pub(in crate::sessions) const EXTRA_AT: usize = 9;
    /// The sweep during or before which it came: later ones add its top to their sum.
    pub(in crate::sessions) const SWEEP: usize = 10;
    /// Where the row of its reference was last seen.
    pub(in crate::sessions) const ROW: usize = 11;
    /// What that row's first cell is.
    pub(in crate::sessions) const ROW_NAME: usize = 12;
    /// What it was expected to be sent.
    pub(in crate::sessions) const EXPECTED: usize = 13;
}

/// Of sessions and of the gauge: bytes, tops, true maxima, windows.
pub(super) mod flow {
    pub(in crate::sessions) const BYTES: [usize; 2] = [5, 6];
    pub(in crate::sessions) const TOP: [usize; 2] = [14, 15];
    pub(in crate::sessions) const HIGHEST: [usize; 2] = [16, 17];
    /// The first of the windows' steps; those of one second lie side by side.
    pub(in crate::sessions) const STEPS: usize = 18;
}

/// Of the gauge; its first cell is [`GAUGE`], its bytes are those of active sessions.
pub(super) mod gauge {
    pub(in crate::sessions) const MARK: usize = 0;
    pub(in crate::sessions) const CREATED: usize = 2;
    pub(in crate::sessions) const PASSED: usize = 3;
    pub(in crate::sessions) const SKIPPED: usize = 4;
    pub(in crate::sessions) const REJECTED_SESSIONS: usize = 7;
    pub(in crate::sessions) const REJECTED_BITRATE: usize = 8;
}

/// Of the totals.
pub(super) mod totals {
    pub(in crate::sessions) const PENDING: usize = 1;
    pub(in crate::sessions) const ACTIVE: usize = 2;
    /// Sessions that ever were active.
    pub(in crate::sessions) const ACTIVATED: usize = 3;
    /// The last serial that was given.
    pub(in crate::sessions) const SERIALS: usize = 4;
    /// Active sessions that were closed, and their bytes.
    pub(in crate::sessions) const CLOSED: usize = 5;
    pub(in crate::sessions) const CLOSED_BYTES: [usize; 2] = [6, 7];
    /// Bytes that sessions had when they became active.
    pub(in crate::sessions) const BROUGHT: [usize; 2] = [8, 9];
    /// The number of the last sweep that began, and when.
    pub(in crate::sessions) const SWEEP: usize = 10;
    pub(in crate::sessions) const SWEEP_BEGUN: usize = 11;
    /// The last one that came to its end, and the sum of the tops of what is sent that it found.
    pub(in crate::sessions) const SWEPT: usize = 12;
    pub(in crate::sessions) const TOPS: usize = 13;
    /// What sessions were expected to be sent that came between the last two sweeps, and since the last one began.
    pub(in crate::sessions) const EXPECTED_BEFORE: usize = 14;
    pub(in crate::sessions) const EXPECTED: usize = 15;
    /// Sessions that were found when a server started and were not told yet.
    pub(in crate::sessions) const FOUND: usize = 16;
}

/// Of sessions that were found when a server started: they have the cells of a session, but these.
pub(super) mod found {
    /// When it was over, in the zone's time.
    pub(in crate::sessions) const ENDED: usize = super::session::LAST;
    /// Where its line was to be looked for, and what it was; without a length, none was begun.
    pub(in crate::sessions) const PLACE: usize = super::session::ROW;
    pub(in crate::sessions) const HASH: usize = super::session::ROW_NAME;
    pub(in crate::sessions) const LENGTH: usize = super::session::SWEEP;
}

/// Of rows of the history.
pub(super) mod row {
    pub(in crate::sessions) const NAME: usize = 0;
    pub(in crate::sessions) const SESSIONS: usize = 1;
    pub(in crate::sessions) const BYTES: [usize; 2] = [2, 3];
    /// Which closing made a peer's row; of a location of that peer, which one made the peer's row it belongs to.
    pub(in crate::sessions) const BORN: usize = 4;
    /// Of references: the highest top of a session, found by the sweep of the word beside it; for two sweeps in turn.
    pub(in crate::sessions) const BEST: [usize; 2] = [5, 7];
}

/// The first cell of sessions that were found when a server started.
pub(super) const FOUND: u64 = 1 << 61;
/// The first cell of the gauge.
pub(super) const GAUGE: u64 = 1 << 62;
/// Set in the first cell of rows.
pub(super) const ROW: u64 = 1 << 63;

const _: () = assert!(flow::STEPS + 2 * STEPS <= CELLS && flow::HIGHEST[1] < flow::STEPS);

/// Bytes in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Received from the client.
    pub rx: u64,
    /// Sent to it.
    pub tx: u64,
}

impl Bytes {
    pub(super) fn both(self) -> [u64; 2] {
        [self.rx, self.tx]
    }

    pub(super) fn of([rx, tx]: [u64; 2]) -> Self {
        Self { rx, tx }
    }
}

/// Adds bytes to a session, which lives on by them.
#[inline(always)]
pub(super) fn count_session(cells: &[AtomicU64], bytes: Bytes, now: u64) {
    if bytes != Bytes::default() {
        cells[session::LAST].store(now, Ordering::Release);
        count(cells, bytes, session::CREATED, now, true);
    }
}

/// Adds to the windows of a session or gauge, and to its bytes if these count.
#[inline(always)]
pub(super) fn count(cells: &[AtomicU64], bytes: Bytes, begin: usize, now: u64, counts: bool) {
    let second = now / NANOSECONDS;
    for (direction, bytes) in bytes.both().into_iter().enumerate() {
        if bytes == 0 {
            continue;
        }
        if counts {
            cells[flow::BYTES[direction]].fetch_add(bytes, Ordering::AcqRel);
        }
        let step = flow::STEPS + 2 * window::place(second) + direction;
        if window::add(&cells[step], second, bytes) {
            raise(cells, direction, begin, now);
        }
    }
}

/// Makes top and maximum of a direction no lower than the mean is now, which it says.
pub(super) fn raise(cells: &[AtomicU64], direction: usize, begin: usize, now: u64) -> u64 {
    let mean = window::mean(
        steps(direction).map(|step| load(&cells[step])),
        load(&cells[begin]),
        now,
    );
    top::raise(&cells[flow::TOP[direction]], mean, now / NANOSECONDS);
    let highest = &cells[flow::HIGHEST[direction]];
    if load(highest) < mean {
        highest.fetch_max(mean, Ordering::AcqRel);
    }
    mean
}

/// Does that, and says what the top is then.
pub(super) fn raised_top(cells: &[AtomicU64], direction: usize, begin: usize, now: u64) -> u64 {
    let mean = raise(cells, direction, begin, now);
    let top = load(&cells[flow::TOP[direction]]);
    top::read(top, mean, now / NANOSECONDS)
}

/// The cells of the steps of a direction.
fn steps(direction: usize) -> impl Iterator<Item = usize> {
    (0..STEPS).map(move |place| flow::STEPS + 2 * place + direction)
}

fn load(cell: &AtomicU64) -> u64 {
    cell.load(Ordering::Acquire)
}

/// What flows in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Bytes.
    pub bytes: u64,
    /// Bits per second, over the last ten seconds.
    pub bitrate: u64,
    /// The highest bit rate, going down by 5 % each second.
    pub top: u64,
    /// The highest bit rate ever.
    pub highest: u64,
}

/// What a copy of a session's or the gauge's cells says of a direction.
pub(super) fn read(cells: &[u64], direction: usize, begin: usize, now: u64) -> Flow {
    let cell = |place: usize| cells.get(place).copied().unwrap_or(0);
    let mean = window::mean(steps(direction).map(cell), cell(begin), now);
    Flow {
        bytes: cell(flow::BYTES[direction]),
        bitrate: mean,
        top: top::read(cell(flow::TOP[direction]), mean, now / NANOSECONDS),
        highest: cell(flow::HIGHEST[direction]).max(mean),
    }
}

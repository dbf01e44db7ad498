//! Counting into a session and its zone's gauge, without the lock; and becoming active.

use super::Sessions;
use super::cells::{self, Bytes, CELLS, GAUGE, flow, gauge, row, session, totals};
use super::keys::{self, Key};
use super::totals::Totals;
use crate::metric::Moment;
use std::sync::atomic::AtomicBool;

use crate::os::atomic::{AtomicU64, Ordering};
use crate::zone::{Edit, Held, NotChanged, Put, Spot, Stay};

/// A session as one request knows it. What is gone stays gone for it, also if the id comes again, unless it is resumed.
#[derive(Debug, Default)]
pub struct Handle {
    pub(super) key: Key,
    pub(super) serial: AtomicU64,
    /// Where it lay last, packed; zero once it is gone.
    pub(super) spot: AtomicU64,
    /// Whether it is known to be active.
    pub(super) is_active: AtomicBool,
}

impl Handle {
    /// Whether the session is known to be active; a pending one may have become so elsewhere.
    pub fn is_active(&self) -> bool {
        self.is_active.load(Ordering::Relaxed)
    }

    pub(super) fn serial(&self) -> u64 {
        self.serial.load(Ordering::Relaxed)
    }
}

/// What becomes of a request that a zone is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Passed,
    Skipped,
    RejectedSessions,
    RejectedBitrate,
}

impl Sessions {
    /// Counts bytes of a session as they go over the wire; false if it is gone, and they are ignored.
    pub fn count(&self, handle: &Handle, bytes: Bytes, now: Moment) -> bool {
        if bytes == Bytes::default() {
            return handle.spot.load(Ordering::Relaxed) != 0;
        }
        let time = self.zone.moment(now).0;
        let add = |gauge: &[AtomicU64], is_active| {
            cells::count(gauge, bytes, gauge::CREATED, time, is_active);
        };
        let counted = self.with_session(handle, now, |held| {
            let cells = held.cells();
            cells::count_session(cells, bytes, time);
            let is_active = cells[session::IS_ACTIVE].load(Ordering::Acquire) != 0;
            let gauge = self.gauge_beside(held);
            (is_active, gauge.map(|gauge| add(gauge, is_active)))
        });
        let Some((is_active, in_gauge)) = counted else {
            return false;
        };
        if is_active {
            handle.is_active.store(true, Ordering::Relaxed);
        }
        if in_gauge.is_none() {
            self.with_gauge(now, |gauge| add(gauge, is_active));
        }
        true
    }

    /// Makes a pending session an active one; false if it is gone.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move; it stays pending.
    pub fn activate(&self, handle: &Handle, now: Moment) -> Result<bool, NotChanged> {
        if handle.is_active() {
            return Ok(handle.spot.load(Ordering::Relaxed) != 0);
        }
        let is_there = self.zone.edit(now, |edit| activate(edit, handle))??;
        handle.is_active.store(is_there, Ordering::Relaxed);
        Ok(is_there)
    }

    /// Counts a request that is not tracked: its id is empty, or a condition says so.
    pub fn skip(&self, now: Moment) {
        self.tell(Told::Skipped, now);
    }

    pub(super) fn tell(&self, told: Told, now: Moment) {
        self.with_gauge(now, |cells| told.count(cells));
    }

    /// Uses the cells of a session; nothing if it is gone.
    pub(super) fn with_session<R>(
        &self,
        handle: &Handle,
        now: Moment,
        work: impl Fn(&Held<'_>) -> R,
    ) -> Option<R> {
        let serial = handle.serial();
        let own = |held: Held<'_>| {
            let is_own = held.cells()[session::SERIAL].load(Ordering::Acquire) == serial;
            is_own.then(|| (held.spot(), work(&held)))
        };
        let known = Spot::unpacked(handle.spot.load(Ordering::Relaxed))?;
        let done = self.zone.with_any_at(known, now, own);
        if let done @ Some(_) = done.map(|(_, result)| result) {
            return done;
        }
        self.find_session(handle, now, own)
    }

    /// The same for a session that is not where it was: the zone moved, or it is gone.
    #[cold]
    fn find_session<R>(
        &self,
        handle: &Handle,
        now: Moment,
        own: impl Fn(Held<'_>) -> Option<(Spot, R)>,
    ) -> Option<R> {
        let found = self.zone.with_found(handle.key.bytes(), now, own);
        let (spot, result) = found.flatten().unzip();
        let spot = spot.map_or(0, Spot::packed);
        handle.spot.store(spot, Ordering::Relaxed);
        result
    }

    /// The cells of the gauge, for as long as a session is in use; nothing if it is not known where they lie.
    #[inline]
    pub(super) fn gauge_beside<'h>(&self, held: &Held<'h>) -> Option<&'h [AtomicU64]> {
        let spot = Spot::unpacked(self.gauge.load(Ordering::Relaxed))?;
        let cells = held.beside(spot)?;
        (cells[gauge::MARK].load(Ordering::Acquire) == GAUGE).then_some(cells)
    }

    /// Uses the cells of the gauge.
    pub(super) fn with_gauge<R>(&self, now: Moment, work: impl Fn(&[AtomicU64]) -> R) -> Option<R> {
        let own = |cells: &[AtomicU64]| {
            let is_own = cells[gauge::MARK].load(Ordering::Acquire) == GAUGE;
            is_own.then(|| work(cells))
        };
        let known = Spot::unpacked(self.gauge.load(Ordering::Relaxed));
        let done = known.and_then(|spot| self.zone.with_any_cells_at(spot, now, own));
        done.or_else(|| self.find_gauge(now, own))
    }

    #[cold]
    fn find_gauge<R>(&self, now: Moment, own: impl Fn(&[AtomicU64]) -> Option<R>) -> Option<R> {
        let found = self.zone.with_found_cells(keys::GAUGE, now, |spot, cells| {
            self.gauge.store(spot.packed(), Ordering::Relaxed);
            own(cells)
        });
        found.flatten()
    }
}

impl Told {
    pub(super) fn count(self, gauge: &[AtomicU64]) {
        let cell = match self {
            Self::Passed => gauge::PASSED,
            Self::Skipped => gauge::SKIPPED,
            Self::RejectedSessions => gauge::REJECTED_SESSIONS,
            Self::RejectedBitrate => gauge::REJECTED_BITRATE,
        };
        gauge[cell].fetch_add(1, Ordering::AcqRel);
    }
}

/// Puts the gauge of a zone that has none; one that damage has made none is one again.
pub(super) fn make_gauge(edit: &mut Edit<'_>) {
    if let Some(cells) = edit.cells(keys::GAUGE) {
        return cells[gauge::MARK].store(GAUGE, Ordering::Release);
    }
    let mut cells = [0; CELLS];
    cells[gauge::MARK] = GAUGE;
    cells[gauge::CREATED] = edit.now().0;
    let put = Put {
        cells: &cells,
        stay: Stay::Pinned,
        text: None,
    };
    edit.put(keys::GAUGE, put);
}

/// Makes a session active, with a row for its reference if there is room for one.
fn activate(edit: &mut Edit<'_>, handle: &Handle) -> Result<bool, NotChanged> {
    let key = handle.key.bytes();
    let Some(mut own) = edit.seize(key)? else {
        return Ok(false);
    };
    if own[session::SERIAL] != handle.serial() {
        return Ok(false);
    }
    if own[session::IS_ACTIVE] != 0 {
        return Ok(true);
    }
    let reference = reference_of(edit, key);
    own[session::IS_ACTIVE] = 1;
    own[session::ROW_NAME] = reference.row_name();
    let mut totals = Totals::of(edit);
    totals.take(totals::PENDING, 1);
    totals.add(totals::ACTIVE, 1);
    totals.add(totals::ACTIVATED, 1);
    let brought = Bytes::of(flow::BYTES.map(|cell| own[cell]));
    totals.add_bytes(totals::BROUGHT, brought);
    let put = |edit: &mut Edit<'_>, makes_row: bool| {
        let own = Put {
            cells: &own,
            stay: Stay::Pinned,
            text: None,
        };
        edit.put(key, own);
        totals.put(edit);
        if makes_row && edit.cells(reference.bytes()).is_none() {
            put_empty_row(edit, &reference);
        }
        edit.commit()
    };
    match put(edit, true) {
        Err(NotChanged::Full) => put(edit, false)?,
        done => done?,
    }
    if let Some(spot) = edit.spot(reference.bytes())
        && let Some(own) = edit.cells(key)
    {
        own[session::ROW].store(spot.packed(), Ordering::Release);
    }
    Ok(true)
}

/// The row of the reference of a session.
pub(super) fn reference_of(edit: &Edit<'_>, key: &[u8]) -> Key {
    let mut text = Vec::new();
    edit.text(key, &mut text);
    Key::of(keys::REFERENCE, super::Attributes::read(&text).reference)
}

fn put_empty_row(edit: &mut Edit<'_>, key: &Key) {
    let mut cells = [0; CELLS];
    cells[row::NAME] = key.row_name();
    let put = Put {
        cells: &cells,
        stay: Stay::Evictable,
        text: None,
    };
    edit.put(key.bytes(), put);
}

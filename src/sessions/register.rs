//! A request comes with an id: its session is there, is registered now, or would be too much.
//!
//! A session that is there is found without the lock. A new one is looked at against the limits and entered in one
//! edit, so that of several workers at once none goes beyond a limit; nothing in it grows with the number of sessions.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use xxhash_rust::xxh3::xxh3_64;

use super::cells::{Bytes, CELLS, flow, gauge, row, session, totals};
use super::count::{Handle, Told};
use super::keys::{self, Key};
use super::limits::Load;
use super::totals::Totals;
use super::window::{NANOSECONDS, pack};
use super::{Attributes, Limit, Sessions, cells};
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::zone::{Edit, NotChanged, Put, Spot, Stay};

/// What a request says of its session.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer<'a> {
    /// Which session; not empty.
    pub id: &'a [u8],
    /// What is kept if it is new.
    pub attributes: Attributes<'a>,
    /// What it is expected to use if it is new; else, to be sent what others of its reference are sent at most.
    pub estimate: Option<Estimate>,
    /// Zones whose tops count for the limit of what is sent, too.
    pub companions: &'a [Arc<Sessions>],
    /// Whether limits are told and not enforced.
    pub is_dry_run: bool,
}

/// What a session is expected to use, in bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// To be sent.
    pub tx: u64,
    /// To be received.
    pub rx: u64,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its session is new.
    New,
    /// Its session is there.
    Known,
    /// Its session would be too much.
    Rejected(Limit),
    /// It would be, and is entered all the same.
    RejectedDryRun(Limit),
    /// There is no room for its session, or the zone cannot be used: it is served without.
    Untracked,
}

/// What becomes of a request, and its session if it has one.
#[derive(Debug)]
pub struct Admission {
    /// What.
    pub status: Status,
    /// The session.
    pub handle: Option<Handle>,
}

impl Sessions {
    /// Finds a request's session; whether it is there, and `handle` is its own from now on. The request is counted then,
    /// with the bytes that it has taken.
    pub fn find(&self, handle: &mut Handle, id: &[u8], bytes: Bytes, now: Moment) -> bool {
        handle.key.become_of(keys::SESSION, id);
        let time = self.zone.moment(now).0;
        let tell = |gauge: &[AtomicU64], is_active| {
            Told::Passed.count(gauge);
            cells::count(gauge, bytes, gauge::CREATED, time, is_active);
        };
        let known = self.zone.with_found(handle.key.bytes(), now, |held| {
            let cells = held.cells();
            cells[session::REQUESTS].fetch_add(1, Ordering::AcqRel);
            cells::count_session(cells, bytes, time);
            let found = Found::of(held.spot(), cells);
            let gauge = self.gauge_beside(&held);
            let in_gauge = gauge.map(|gauge| tell(gauge, found.is_active));
            (found, in_gauge)
        });
        let Some((found, in_gauge)) = known else {
            return false;
        };
        if in_gauge.is_none() {
            self.with_gauge(now, |gauge| tell(gauge, found.is_active));
        }
        found.tell(handle);
        true
    }

    /// Enters a request's session, or finds it. The request is counted.
    pub fn register(&self, new: &Newcomer<'_>, now: Moment) -> Admission {
        let mut handle = Handle::default();
        if self.find(&mut handle, new.id, Bytes::default(), now) {
            return Admission {
                status: Status::Known,
                handle: Some(handle),
            };
        }
        let key = &handle.key;
        let entered = self
            .zone
            .edit(now, |edit| self.enter(edit, key, new, Entrance::Request));
        entered.unwrap_or(Admission {
            status: Status::Untracked,
            handle: None,
        })
    }

    /// Gives a session another extra, if it is another one and the last time was a second ago.
    ///
    /// # Errors
    /// When the zone is full or damaged, or held by a process that does not move.
    pub fn replace_extra(
        &self,
        handle: &Handle,
        extra: &[u8],
        now: Moment,
    ) -> Result<(), NotChanged> {
        let hash = extra_hash(extra);
        let time = self.zone.moment(now).0;
        let is_due = |cells: &[AtomicU64]| {
            let at = cells[session::EXTRA_AT].load(Ordering::Acquire);
            cells[session::EXTRA].load(Ordering::Acquire) != hash && is_past(at, time)
        };
        let is_due = self.with_session(handle, now, |held| is_due(held.cells()));
        if is_due != Some(true) {
            return Ok(());
        }
        self.zone.edit(now, |edit| {
            let key = handle.key.bytes();
            let Some(mut cells) = edit.seize(key)? else {
                return Ok(());
            };
            let time = edit.now().0;
            if cells[session::SERIAL] != handle.serial() || !is_past(cells[session::EXTRA_AT], time)
            {
                return Ok(());
            }
            let mut text = Vec::new();
            edit.text(key, &mut text);
            let attributes = Attributes {
                extra,
                ..Attributes::read(&text)
            };
            cells[session::EXTRA] = hash;
            cells[session::EXTRA_AT] = time;
            let put = Put {
                cells: &cells,
                stay: Stay::Pinned,
                text: Some(&attributes.write()),
            };
            edit.put(key, put);
            edit.commit()
        })?
    }

    /// The sum of the tops of what is sent, as limits see it.
    pub fn tx_tops(&self) -> u64 {
        self.totals().map_or(0, |totals| totals.tops())
    }

    pub(super) fn enter(
        &self,
        edit: &mut Edit<'_>,
        key: &Key,
        new: &Newcomer<'_>,
        entrance: Entrance,
    ) -> Admission {
        if let (Some(cells), Some(spot)) = (edit.cells(key.bytes()), edit.spot(key.bytes())) {
            if !entrance.is_of(cells) {
                cells[session::REQUESTS].fetch_add(1, Ordering::AcqRel);
            }
            entrance.tell(edit, Told::Passed);
            return Admission {
                status: Status::Known,
                handle: Some(Found::of(spot, cells).handle(key.clone())),
            };
        }
        let mut totals = Totals::of(edit);
        let estimate = new
            .estimate
            .unwrap_or_else(|| default_estimate(edit, new, &totals));
        let reached = match entrance {
            Entrance::Request => self.reached(edit, new, &totals, estimate),
            Entrance::UnderWay(_) => None,
        };
        if let Some(limit) = reached {
            entrance.tell(edit, told(limit));
            if !new.is_dry_run {
                return Admission {
                    status: Status::Rejected(limit),
                    handle: None,
                };
            }
        }
        let cells = first_cells(edit, new, &mut totals, estimate);
        let put = Put {
            cells: &cells,
            stay: Stay::Pinned,
            text: Some(&new.attributes.write()),
        };
        edit.put(key.bytes(), put);
        totals.put(edit);
        let is_entered = edit.commit().is_ok();
        let own = edit.cells(key.bytes()).zip(edit.spot(key.bytes()));
        let Some((cells, spot)) = own.filter(|_| is_entered) else {
            edit.count_discarded();
            return Admission {
                status: Status::Untracked,
                handle: None,
            };
        };
        if reached.is_none() {
            entrance.tell(edit, Told::Passed);
        }
        Admission {
            status: reached.map_or(Status::New, Status::RejectedDryRun),
            handle: Some(Found::of(spot, cells).handle(key.clone())),
        }
    }

    /// The limit that a new session would go beyond.
    fn reached(
        &self,
        edit: &Edit<'_>,
        new: &Newcomer<'_>,
        totals: &Totals,
        estimate: Estimate,
    ) -> Option<Limit> {
        // What they let in before this edit is in it: only what they are about to enter now is not.
        let companions = new.companions.iter().map(|zone| zone.tx_tops());
        let companions = companions.fold(0, u64::saturating_add);
        let load = Load {
            sessions: totals.present(),
            rx_bitrate: rx_bitrate(edit),
            tx_tops: totals.tops().saturating_add(companions),
            estimate: estimate.tx,
        };
        self.settings.limits.reached(&load)
    }
}

/// How a request comes to its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    /// It begins.
    Request,
    /// It is under way, was counted before to the session of this serial, and cannot be refused any more.
    UnderWay(u64),
}

impl Entrance {
    /// Whether the request was counted to this session.
    fn is_of(self, cells: &[AtomicU64]) -> bool {
        self == Self::UnderWay(cells[session::SERIAL].load(Ordering::Acquire))
    }

    fn tell(self, edit: &Edit<'_>, told: Told) {
        if self == Self::Request {
            tell(edit, told);
        }
    }
}

/// A session that is there.
struct Found {
    spot: Spot,
    serial: u64,
    is_active: bool,
}

impl Found {
    fn of(spot: Spot, cells: &[AtomicU64]) -> Self {
        Self {
            spot,
            serial: cells[session::SERIAL].load(Ordering::Acquire),
            is_active: cells[session::IS_ACTIVE].load(Ordering::Acquire) != 0,
        }
    }

    /// Has a handle whose key is that of the session know the rest.
    fn tell(self, handle: &mut Handle) {
        handle.serial = AtomicU64::new(self.serial);
        handle.spot = AtomicU64::new(self.spot.packed());
        handle.is_active = AtomicBool::new(self.is_active);
    }

    fn handle(self, key: Key) -> Handle {
        Handle {
            key,
            serial: AtomicU64::new(self.serial),
            spot: AtomicU64::new(self.spot.packed()),
            is_active: AtomicBool::new(self.is_active),
        }
    }
}

fn tell(edit: &Edit<'_>, told: Told) {
    if let Some(gauge) = edit.cells(keys::GAUGE) {
        told.count(gauge);
    }
}

fn told(limit: Limit) -> Told {
    match limit {
        Limit::Sessions => Told::RejectedSessions,
        Limit::Bitrate => Told::RejectedBitrate,
    }
}

/// The cells of a session that begins, which the totals take in.
fn first_cells(
    edit: &Edit<'_>,
    new: &Newcomer<'_>,
    totals: &mut Totals,
    estimate: Estimate,
) -> [u64; CELLS] {
    let now = edit.now().0;
    totals.add(totals::PENDING, 1);
    totals.add(totals::EXPECTED, estimate.tx);
    let mut cells = [0; CELLS];
    cells[session::SERIAL] = totals.next_serial();
    cells[session::CREATED] = now;
    cells[session::CREATED_WALL] = wall_clock();
    cells[session::LAST] = now;
    cells[session::REQUESTS] = 1;
    cells[session::EXPECTED] = estimate.tx;
    cells[session::EXTRA] = extra_hash(new.attributes.extra);
    cells[session::SWEEP] = totals.get(totals::SWEEP);
    for (top, estimate) in flow::TOP.into_iter().zip([estimate.rx, estimate.tx]) {
        cells[top] = pack(estimate, now / NANOSECONDS);
    }
    cells
}

/// What active sessions of the same reference are sent at most, as the last sweep saw it.
fn default_estimate(edit: &Edit<'_>, new: &Newcomer<'_>, totals: &Totals) -> Estimate {
    let key = Key::of(keys::REFERENCE, new.attributes.kept().reference);
    let swept = totals.get(totals::SWEPT);
    let best = row::BEST[(swept % 2) as usize];
    let tx = match edit.cells(key.bytes()) {
        Some(cells) if cells[best + 1].load(Ordering::Acquire) == swept => {
            cells[best].load(Ordering::Acquire)
        }
        _ => 0,
    };
    Estimate { tx, rx: 0 }
}

fn rx_bitrate(edit: &Edit<'_>) -> u64 {
    let gauge = edit.read(keys::GAUGE).unwrap_or_default();
    cells::read(&gauge, 0, gauge::CREATED, edit.now().0).bitrate
}

/// Whether an extra may be replaced again, if that was done at a time; zero for never.
fn is_past(at: u64, now: u64) -> bool {
    at == 0 || now.saturating_sub(at) >= NANOSECONDS
}

fn extra_hash(extra: &[u8]) -> u64 {
    xxh3_64(extra)
}

/// In milliseconds since 1970.
fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

//! What must be done each second for a zone, by whichever process comes first: idle sessions are closed, tops raised
//! and summed up, the best of each reference noted.
//!
//! A sweep has a number. Sessions remember the one during or before which they came: this one's sum is of those that
//! were there when it began, and what is expected of the others is added apart, so that nobody counts twice. Of a
//! sweep that dies nothing counts; the next begins a second later. The lock is held for one session at a time.

use std::collections::HashMap;

use super::cells::{self, row, session, totals};
use super::count::{make_gauge, reference_of};
use super::keys::{FOUND, SESSION};
use super::totals::Totals;
use super::window::NANOSECONDS;
use super::{Session, Sessions};
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::zone::{Cursor, Edit, NotChanged, Spot};

/// What a sweep came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions that are there.
    pub present: u64,
    /// Sessions that were closed; pending ones, too.
    pub closed: u64,
    /// Sessions that could not be, because a process that does not move is at them.
    pub stuck: u64,
    /// Rows of references that had to be looked for under the lock.
    pub looked_for: u64,
    /// Keys that damage had made others, and that were taken away.
    pub broken: u64,
    /// Whether the zone's own numbers were damaged, and what can be was made anew.
    pub is_mended: bool,
}

/// Two sweeps are at least so far apart.
const PAUSE: u64 = NANOSECONDS * 9 / 10;

impl Sessions {
    /// Does what is due; nothing if another process has done so just now. Shows each session that was closed.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move.
    pub fn sweep(
        &self,
        now: Moment,
        each: &mut dyn FnMut(&Session),
    ) -> Result<Option<Swept>, NotChanged> {
        let Some((number, serials)) = self.zone.edit(now, begin)?? else {
            return Ok(None);
        };
        let mut sweep = Sweep {
            sessions: self,
            number,
            now,
            tops: 0,
            rows: HashMap::new(),
            swept: Swept::default(),
        };
        let (mut cursor, mut found) = (Cursor::default(), Session::default());
        while self.next_bare(&mut cursor, now, &mut found) {
            sweep.look(&found, each);
        }
        let gauge = self.with_gauge(now, |gauge| {
            let time = self.zone.moment(now).0;
            [0, 1].map(|direction| cells::raise(gauge, direction, cells::gauge::CREATED, time))
        });
        let (mut swept, mut is_whole) = (sweep.swept, gauge.is_some());
        if self.zone.saw_all(&cursor) {
            let end = |edit: &mut Edit<'_>| end(edit, number, sweep.tops);
            self.zone.edit(now, end)??;
            is_whole &= self.fits(swept.present, serials);
        }
        if cursor.broken() > 0 {
            swept.broken = self.zone.drop_broken()?;
        }
        if swept.broken > 0 || !is_whole {
            self.mend(now)?;
            swept.is_mended = !is_whole;
        }
        Ok(Some(swept))
    }

    /// Whether the totals can be right that count sessions of which so many were seen since so many serials were given.
    fn fits(&self, seen: u64, serials: u64) -> bool {
        self.totals().is_some_and(|totals| {
            let come = totals.get(totals::SERIALS).wrapping_sub(serials);
            totals.present() <= seen.saturating_add(come)
        })
    }

    /// Makes anew what can be of the zone's own numbers.
    pub(super) fn mend(&self, now: Moment) -> Result<(), NotChanged> {
        self.zone.edit(now, |edit| {
            make_gauge(edit);
            edit.commit()
        })??;
        self.recount(now)
    }

    /// Counts sessions anew: after a zone became smaller than what was in it, or was damaged.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move.
    pub fn recount(&self, now: Moment) -> Result<(), NotChanged> {
        self.zone.edit(now, |edit| {
            let (mut present, mut found) = ([0, 0], 0);
            edit.each_key(&mut |key, cells| match key.first() {
                Some(&SESSION) => {
                    let is_active = cells[session::IS_ACTIVE].load(Ordering::Acquire) != 0;
                    present[usize::from(is_active)] += 1;
                }
                Some(&FOUND) => found += 1,
                _ => {}
            });
            let mut totals = Totals::of(edit);
            totals.set(totals::PENDING, present[0]);
            totals.set(totals::ACTIVE, present[1]);
            totals.set(totals::FOUND, found);
            totals.put(edit);
            edit.commit()
        })?
    }
}

/// Takes the right to sweep, if it is time; the number of the sweep, and the last serial that was given.
fn begin(edit: &mut Edit<'_>) -> Result<Option<(u64, u64)>, NotChanged> {
    let mut totals = Totals::of(edit);
    let (before, now) = (totals.get(totals::SWEEP_BEGUN), edit.now().0);
    if before != 0 && (before..before.saturating_add(PAUSE)).contains(&now) {
        return Ok(None);
    }
    let number = totals.add(totals::SWEEP, 1);
    totals.set(totals::SWEEP_BEGUN, now);
    totals.add(totals::EXPECTED_BEFORE, totals.get(totals::EXPECTED));
    totals.set(totals::EXPECTED, 0);
    totals.put(edit);
    edit.commit()?;
    Ok(Some((number, totals.get(totals::SERIALS))))
}

/// Says what a sweep found, unless another one began meanwhile.
fn end(edit: &mut Edit<'_>, number: u64, tops: u64) -> Result<(), NotChanged> {
    let mut totals = Totals::of(edit);
    if totals.get(totals::SWEEP) != number {
        return Ok(());
    }
    totals.set(totals::SWEPT, number);
    totals.set(totals::TOPS, tops);
    totals.set(totals::EXPECTED_BEFORE, 0);
    totals.put(edit);
    edit.commit()
}

/// A sweep under way.
struct Sweep<'a> {
    sessions: &'a Sessions,
    number: u64,
    now: Moment,
    /// The sum of the tops of what is sent.
    tops: u64,
    /// Rows of references that had to be looked for, by their names: where they are, or that there is none.
    rows: HashMap<u64, Option<Spot>>,
    swept: Swept,
}

impl Sweep<'_> {
    fn look(&mut self, found: &Session, each: &mut dyn FnMut(&Session)) {
        let sessions = self.sessions;
        let is_over = |cells: &[u64], now| sessions.settings.is_over(cells, now);
        if is_over(found.cells(), sessions.zone.moment(self.now).0) {
            match sessions.close_key(&found.key(), is_over, self.now) {
                Ok(Some(closed)) => {
                    self.swept.closed += 1;
                    return each(&closed);
                }
                Ok(None) => {}
                Err(_) => self.swept.stuck += 1,
            }
        }
        self.swept.present += 1;
        let time = sessions.zone.moment(self.now).0;
        let raised = sessions
            .zone
            .with_cells(found.stored_key(), self.now, |cells| {
                let tops = [0, 1].map(|way| cells::raised_top(cells, way, session::CREATED, time));
                let is_older = cells[session::SWEEP].load(Ordering::Acquire) < self.number;
                (tops[1], is_older)
            });
        let Some((top, is_older)) = raised else {
            return;
        };
        if is_older {
            self.tops = self.tops.saturating_add(top);
        }
        let spot = Spot::unpacked(found.cells()[session::ROW]);
        if found.is_active() && !self.note_best(spot, found.cells(), top) {
            self.find_row(found, top);
        }
    }

    /// Notes the top of a session in the row of its reference; false if that is not there.
    fn note_best(&self, spot: Option<Spot>, cells: &[u64], top: u64) -> bool {
        let name = cells[session::ROW_NAME];
        let best = row::BEST[(self.number % 2) as usize];
        let note = |cells: &[AtomicU64]| {
            if cells[row::NAME].load(Ordering::Acquire) != name {
                return None;
            }
            // One sweep at a time, and whoever asks looks at the last one that ended.
            if cells[best + 1].swap(self.number, Ordering::AcqRel) != self.number {
                cells[best].store(0, Ordering::Release);
            }
            cells[best].fetch_max(top, Ordering::AcqRel);
            Some(())
        };
        let zone = &self.sessions.zone;
        spot.is_some_and(|spot| zone.with_any_cells_at(spot, self.now, note).is_some())
    }

    /// Notes the top of a session whose row was somewhere else when it became active.
    #[cold]
    fn find_row(&mut self, found: &Session, top: u64) {
        let (key, cells) = (found.stored_key(), found.cells());
        let name = cells[session::ROW_NAME];
        let spot = match self.rows.get(&name) {
            Some(known) => *known,
            None => {
                let spot = self.look_for_row(key);
                self.swept.looked_for += 1;
                self.rows.insert(name, spot);
                spot
            }
        };
        let Some(spot) = spot else {
            return;
        };
        self.sessions.zone.with_cells(key, self.now, |own| {
            if own[session::ROW_NAME].load(Ordering::Acquire) == name {
                own[session::ROW].store(spot.packed(), Ordering::Release);
            }
        });
        self.note_best(Some(spot), cells, top);
    }

    /// Where the row of the reference of a session is.
    fn look_for_row(&self, key: &[u8]) -> Option<Spot> {
        let spot = self
            .sessions
            .zone
            .edit(self.now, |edit| edit.spot(reference_of(edit, key).bytes()));
        spot.ok().flatten()
    }
}

//! Sessions that a server finds when it starts: they are over, and what was active is still to be told.
//!
//! Who finds them writes no log, so what a line is about waits in the zone, under a key of its own, until somebody has
//! written the line: first it is noted where the line will be looked for and what it is, then it is written, then
//! what waits goes. Whoever comes after a death between these looks for the line, and so writes it once.

use super::cells::{CELLS, FOUND, found, session, totals};
use super::close::close_active;
use super::keys::{self, Key};
use super::totals::Totals;
use super::{Session, Sessions, Settings};
use crate::metric::Moment;
use crate::zone::{Cursor, Edit, NotChanged, Put, Record, Stay};

/// What became of the sessions that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Active ones that were closed.
    pub closed: u64,
    /// Those of them for whose line there was no room.
    pub untold: u64,
    /// Keys that damage had made others, and that were taken away.
    pub broken: u64,
}

/// A line that was about to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// How long the file was.
    pub place: u64,
    /// How long the line is.
    pub length: u64,
    /// A hash of it.
    pub hash: u64,
}

/// A session that is over and was not told yet.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What it was.
    pub session: Session,
    /// The line that somebody has begun to write, who may have died then.
    pub begun: Option<Begun>,
    record: Record,
}

impl Sessions {
    /// Ends all sessions that are there when a server starts, as if they had ended in time. If they are to be told,
    /// active ones wait for [`Sessions::next_found`].
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move; some may stay.
    pub fn settle(&self, now: Moment, are_told: bool) -> Result<Settled, NotChanged> {
        let mut settled = Settled::default();
        let (mut cursor, mut session) = (Cursor::default(), Session::default());
        while self.next_bare(&mut cursor, now, &mut session) {
            let key = session.key();
            let work = |edit: &mut Edit<'_>| close_found(edit, &key, &self.settings, are_told);
            let is_told = self.zone.edit(now, work)??;
            settled.closed += u64::from(is_told.is_some());
            settled.untold += u64::from(is_told == Some(false));
        }
        if cursor.broken() > 0 {
            settled.broken = self.zone.drop_broken()?;
        }
        self.mend(now)?;
        Ok(settled)
    }

    /// How many sessions are still to be told.
    pub fn found(&self) -> u64 {
        self.totals().map_or(0, |totals| totals.get(totals::FOUND))
    }

    /// Copies the next session of a listing that is still to be told; false at the end.
    pub fn next_found(&self, cursor: &mut Cursor, found: &mut Found) -> bool {
        while self.zone.next(cursor, &mut found.record) {
            if found.record.key().first() == Some(&keys::FOUND) {
                self.complete_found(found);
                return true;
            }
        }
        false
    }

    fn complete_found(&self, found: &mut Found) {
        let (stored, cells) = (found.record.key(), found.record.raw_cells());
        let cell = |place: usize| cells.get(place).copied().unwrap_or(0);
        let id = stored.get(1 + SERIAL_BYTES..).unwrap_or_default();
        let mut key = vec![keys::SESSION];
        key.extend_from_slice(id);
        let mut text = Vec::new();
        self.zone.help(stored, &mut text);
        found.begun = (cell(found::LENGTH) > 0).then(|| Begun {
            place: cell(found::PLACE),
            length: cell(found::LENGTH),
            hash: cell(found::HASH),
        });
        let is_cut = found.record.is_truncated();
        let cells = cells.to_vec();
        let ended = cell(found::ENDED);
        found.session = Session::over(key, is_cut, cells, text, ended);
    }

    /// Notes that the line of a session is about to be written.
    ///
    /// # Errors
    /// When the zone is damaged or full, or held by a process that does not move.
    pub fn begin_telling(
        &self,
        found: &Found,
        begun: Begun,
        now: Moment,
    ) -> Result<(), NotChanged> {
        self.zone.edit(now, |edit| {
            let key = found.record.key();
            let Some(cells) = edit.cells(key) else {
                return Ok(());
            };
            let notes = [
                (found::PLACE, begun.place),
                (found::HASH, begun.hash),
                (found::LENGTH, begun.length),
            ];
            for (cell, value) in notes {
                cells[cell].store(value, crate::os::atomic::Ordering::Release);
            }
            Ok(())
        })?
    }

    /// A session was told.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move.
    pub fn told(&self, found: &Found, now: Moment) -> Result<(), NotChanged> {
        self.zone.edit(now, |edit| {
            if edit.seize(found.record.key())?.is_none() {
                return Ok(());
            }
            let mut totals = Totals::of(edit);
            totals.take(totals::FOUND, 1);
            edit.remove(found.record.key());
            totals.put(edit);
            edit.commit()
        })?
    }
}

/// Ends one; nothing if it was not active, else whether it waits to be told, if it is to be.
fn close_found(
    edit: &mut Edit<'_>,
    key: &[u8],
    settings: &Settings,
    is_told: bool,
) -> Result<Option<bool>, NotChanged> {
    let Some(cells) = edit.seize(key)? else {
        return Ok(None);
    };
    let mut text = Vec::new();
    edit.text(key, &mut text);
    let ended = cells[session::LAST].saturating_add(settings.timeout);
    let closed = Session::closed(key, cells, text, edit.now().0.min(ended));
    let mut totals = Totals::of(edit);
    if !closed.is_active() {
        totals.take(totals::PENDING, 1);
        edit.remove(key);
        totals.put(edit);
        edit.commit()?;
        return Ok(None);
    }
    if !is_told {
        close_active(edit, key, &closed, &mut totals)?;
        return Ok(Some(true));
    }
    let mut with_line = totals.clone();
    with_line.add(totals::FOUND, 1);
    put_found(edit, &closed);
    // Where there is no room for a row that is new, what is left in the edit is without the line.
    let is_kept = close_active(edit, key, &closed, &mut with_line)?;
    if is_kept {
        return Ok(Some(true));
    }
    let mut totals = Totals::of(edit);
    put_found(edit, &closed);
    totals.put(edit);
    match edit.commit() {
        Ok(()) => Ok(Some(true)),
        Err(NotChanged::Full) => {
            totals.take(totals::FOUND, 1);
            totals.put(edit);
            edit.commit()?;
            Ok(Some(false))
        }
        Err(error) => Err(error),
    }
}

/// Bytes of a serial in a key.
const SERIAL_BYTES: usize = 8;

fn put_found(edit: &mut Edit<'_>, closed: &Session) {
    let mut cells = closed.cells().to_vec();
    cells.resize(CELLS, 0);
    let serial = cells[session::SERIAL];
    cells[session::SERIAL] = FOUND;
    cells[found::ENDED] = closed.ended();
    for cell in [found::PLACE, found::HASH, found::LENGTH] {
        cells[cell] = 0;
    }
    let name = [&serial.to_le_bytes(), &closed.key()[1..]].concat();
    let key = Key::of(keys::FOUND, &name);
    let put = Put {
        cells: &cells,
        stay: Stay::Pinned,
        text: Some(closed.said()),
    };
    edit.put(key.bytes(), put);
}

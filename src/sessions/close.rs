//! Sessions end: the session goes, totals and history take over what it was, all in one edit.

use std::ops::ControlFlow;

use super::cells::{Bytes, session, totals};
use super::count::Handle;
use super::history::Closing;
use super::totals::Totals;
use super::{Attributes, Session, Sessions, Settings};
use crate::metric::Moment;
use crate::os::atomic::Ordering;
use crate::zone::{Cursor, Edit, NotChanged};

impl Sessions {
    /// Ends a session now; what it was, if it was still there.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move; the session stays.
    pub fn close(&self, handle: &Handle, now: Moment) -> Result<Option<Session>, NotChanged> {
        let is_own = |cells: &[u64], _| cells[session::SERIAL] == handle.serial();
        let closed = self.close_key(handle.key.bytes(), is_own, now)?;
        handle.spot.store(0, Ordering::Relaxed);
        Ok(closed)
    }

    /// Ends all sessions, which nobody uses any more: the server ends. Shows each.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move; some may stay.
    pub fn close_all(&self, now: Moment, each: &mut dyn FnMut(&Session)) -> Result<(), NotChanged> {
        let mut each = |session: &Session| {
            each(session);
            ControlFlow::Continue(())
        };
        self.close_while(now, &mut each).map(|_all| ())
    }

    /// Ends sessions, which nobody uses any more, as long as `each` says so that is shown them; whether all are ended.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move; some may stay.
    pub fn close_while(
        &self,
        now: Moment,
        each: &mut dyn FnMut(&Session) -> ControlFlow<()>,
    ) -> Result<bool, NotChanged> {
        let (mut cursor, mut found) = (Cursor::default(), Session::default());
        while self.next_bare(&mut cursor, now, &mut found) {
            if let Some(closed) = self.close_key(&found.key(), |_, _| true, now)?
                && each(&closed).is_break()
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends the session of a key if it is still due at the zone's time.
    pub(super) fn close_key(
        &self,
        key: &[u8],
        is_due: impl Fn(&[u64], u64) -> bool,
        now: Moment,
    ) -> Result<Option<Session>, NotChanged> {
        self.zone.edit(now, |edit| {
            let time = edit.now().0;
            let Some(cells) = edit.seize(key)?.filter(|cells| is_due(cells, time)) else {
                return Ok(None);
            };
            let mut text = Vec::new();
            edit.text(key, &mut text);
            let closed = Session::closed(key, cells, text, time);
            let mut totals = Totals::of(edit);
            match closed.is_active() {
                true => drop(close_active(edit, key, &closed, &mut totals)?),
                false => {
                    totals.take(totals::PENDING, 1);
                    edit.remove(key);
                    totals.put(edit);
                    edit.commit()?;
                }
            }
            Ok(Some(closed))
        })?
    }
}

/// Ends an active session, with whatever else is in the edit. Rows of the history that there is no room for are counted
/// and left out; so is then what else was in the edit, and the answer is false.
pub(super) fn close_active(
    edit: &mut Edit<'_>,
    key: &[u8],
    closed: &Session,
    totals: &mut Totals,
) -> Result<bool, NotChanged> {
    let (attributes, bytes): (Attributes<'_>, Bytes) = (closed.attributes(), closed.bytes());
    totals.take(totals::ACTIVE, 1);
    let number = totals.add(totals::CLOSED, 1);
    totals.add_bytes(totals::CLOSED_BYTES, bytes);
    let closing = Closing {
        attributes,
        bytes,
        number,
    };
    let rows = closing.rows(edit);
    for row in &rows {
        row.put(edit);
    }
    edit.remove(key);
    totals.put(edit);
    match edit.commit() {
        Err(NotChanged::Full) => {}
        done => return done.map(|()| true),
    }
    for row in &rows {
        match row.is_new {
            true => edit.count_discarded(),
            false => row.put(edit),
        }
    }
    edit.remove(key);
    totals.put(edit);
    edit.commit()?;
    Ok(false)
}

/// How far other processes may be ahead, in nanoseconds.
const MOST_AHEAD: u64 = 60 * super::window::NANOSECONDS;

impl Settings {
    /// Whether a session's time is over.
    pub(super) fn is_over(&self, cells: &[u64], now: u64) -> bool {
        // What is said to come is damaged: nothing would ever end it.
        let since = |cell: usize| match cells[cell].saturating_sub(now) {
            0..MOST_AHEAD => now.saturating_sub(cells[cell]),
            _ => u64::MAX,
        };
        match cells[session::IS_ACTIVE] {
            0 => since(session::CREATED) >= self.pending.min(self.timeout),
            _ => since(session::LAST) >= self.timeout,
        }
    }
}

//! A request is under way whose session has ended, or is refused after it was let in here.

use super::cells::{gauge, session, totals};
use super::count::Handle;
use super::keys;
use super::register::{Entrance, Estimate, Newcomer};
use super::totals::Totals;
use super::{Attributes, Session, Sessions};
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::zone::{Edit, NotChanged};

impl Sessions {
    /// Begins the session of a request under way once more, which has ended meanwhile: as a new one, pending, or the
    /// one that has its id by now. It is in nobody's power to refuse it, so limits do not; they see it from now on. False
    /// where there is no room for it.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move.
    pub fn resume(
        &self,
        handle: &Handle,
        attributes: Attributes<'_>,
        estimate: Option<Estimate>,
        now: Moment,
    ) -> Result<bool, NotChanged> {
        let new = Newcomer {
            id: &[],
            attributes,
            estimate,
            companions: &[],
            is_dry_run: false,
        };
        let entered = self.zone.edit(now, |edit| {
            let admission =
                self.enter(edit, &handle.key, &new, Entrance::UnderWay(handle.serial()));
            admission.handle
        })?;
        let Some(found) = entered else {
            return Ok(false);
        };
        handle.become_like(&found);
        Ok(true)
    }

    /// Takes back that a request began a session, as if it had never come. A session that others have found meanwhile,
    /// or that is active, stays, without this request.
    ///
    /// # Errors
    /// When the zone is damaged, or held by a process that does not move; the session stays.
    pub fn withdraw(&self, handle: &Handle, now: Moment) -> Result<(), NotChanged> {
        self.zone.edit(now, |edit| {
            let Some(cells) = edit.seize(handle.key.bytes())? else {
                return Ok(());
            };
            if cells[session::SERIAL] != handle.serial() {
                return Ok(());
            }
            let is_alone = cells[session::REQUESTS] <= 1 && cells[session::IS_ACTIVE] == 0;
            match is_alone {
                true => remove(edit, handle, &cells)?,
                false => take_one(edit.cells(handle.key.bytes()), session::REQUESTS),
            }
            take_one(edit.cells(keys::GAUGE), gauge::PASSED);
            Ok(())
        })?
    }

    /// Whether the session of a request is still there.
    pub fn is_there(&self, handle: &Handle, now: Moment) -> bool {
        self.with_session(handle, now, |_| ()).is_some()
    }

    /// What is said of the session of a request, as text, and what it was expected to be sent; nothing if it is gone.
    pub fn said(&self, handle: &Handle, now: Moment) -> Option<(Box<[u8]>, Estimate)> {
        let mut session = Session::default();
        let is_there = self.visited(handle, now, &mut session);
        let tx = session.cells().get(session::EXPECTED).copied();
        let expected = Estimate {
            tx: tx.unwrap_or(0),
            rx: 0,
        };
        is_there.then(|| (session.said().into(), expected))
    }
}

/// A session goes without a trace.
fn remove(edit: &mut Edit<'_>, handle: &Handle, cells: &[u64]) -> Result<(), NotChanged> {
    let mut totals = Totals::of(edit);
    totals.take(totals::PENDING, 1);
    let is_of_this_sweep = cells[session::SWEEP] == totals.get(totals::SWEEP);
    if is_of_this_sweep {
        totals.take(totals::EXPECTED, cells[session::EXPECTED]);
    }
    edit.remove(handle.key.bytes());
    totals.put(edit);
    edit.commit()
}

fn take_one(cells: Option<&[AtomicU64]>, cell: usize) {
    if let Some(cells) = cells {
        let less = |count: u64| count.checked_sub(1);
        // Of nothing nothing is taken.
        let _ = cells[cell].fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }
}

impl Handle {
    fn become_like(&self, found: &Self) {
        let active = found.is_active.load(Ordering::Relaxed);
        self.is_active.store(active, Ordering::Relaxed);
        self.serial.store(found.serial(), Ordering::Relaxed);
        let spot = found.spot.load(Ordering::Relaxed);
        self.spot.store(spot, Ordering::Release);
    }
}

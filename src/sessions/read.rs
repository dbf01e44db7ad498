//! Looking at sessions: one by its id, all one after another, and the numbers of a zone.

use super::cells::{self, Bytes, CELLS, Flow, flow, gauge, session, totals};
use super::count::Handle;
use super::keys::{GAUGE, SESSION, TOTALS};
use super::totals::Totals;
use super::{Attributes, Sessions, Sums};
use crate::metric::{ELLIPSIS, KEY_LIMIT, Moment, is_truncated};
use crate::zone::{Cursor, Record};

/// A copy of a session, to be used again for the next.
#[derive(Clone, Debug, Default)]
pub struct Session {
    record: Record,
    key: Vec<u8>,
    is_cut: bool,
    cells: Vec<u64>,
    text: Vec<u8>,
    /// When it was like this, in the zone's time.
    at: u64,
}

impl Session {
    /// One that was just closed.
    pub(super) fn closed(key: &[u8], cells: Vec<u64>, text: Vec<u8>, at: u64) -> Self {
        let (stored, is_cut) = (key[..key.len().min(KEY_LIMIT)].into(), is_truncated(key));
        Self::over(stored, is_cut, cells, text, at)
    }

    /// One that ended at a time.
    pub(super) fn over(
        key: Vec<u8>,
        is_cut: bool,
        cells: Vec<u64>,
        text: Vec<u8>,
        at: u64,
    ) -> Self {
        Self {
            record: Record::default(),
            key,
            is_cut,
            cells,
            text,
            at,
        }
    }

    /// When it ended, of one that did.
    pub(super) fn ended(&self) -> u64 {
        self.at
    }

    /// Whether what was said of it is lost: it was damaged, or found no room when the zone became smaller.
    pub fn is_nameless(&self) -> bool {
        !Attributes::are_whole(&self.text)
    }

    /// Its id as it is kept, at most 254 bytes.
    pub fn id(&self) -> &[u8] {
        self.key.get(1..).unwrap_or_default()
    }

    /// Appends its id as it is shown: one that was cut gets three full stops.
    pub fn write_id(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id());
        if self.is_cut {
            out.extend_from_slice(ELLIPSIS);
        }
    }

    /// What was said of it.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes::read(&self.text)
    }

    /// The same as one text.
    pub(super) fn said(&self) -> &[u8] {
        &self.text
    }

    /// Whether it is (or was) active.
    pub fn is_active(&self) -> bool {
        self.cell(session::IS_ACTIVE) != 0
    }

    /// When it was registered, in milliseconds since 1970.
    pub fn created(&self) -> u64 {
        self.cell(session::CREATED_WALL)
    }

    /// How long it has been there, in nanoseconds.
    pub fn duration(&self) -> u64 {
        self.at.saturating_sub(self.cell(session::CREATED))
    }

    /// How many requests named it.
    pub fn requests(&self) -> u64 {
        self.cell(session::REQUESTS)
    }

    /// What is received.
    pub fn rx(&self) -> Flow {
        cells::read(&self.cells, 0, session::CREATED, self.at)
    }

    /// What is sent.
    pub fn tx(&self) -> Flow {
        cells::read(&self.cells, 1, session::CREATED, self.at)
    }

    /// Its key, as it is given to the zone: one byte longer than it is kept if it was cut.
    pub(super) fn key(&self) -> Vec<u8> {
        let mut key = self.key.clone();
        if self.is_cut {
            key.push(0);
        }
        key
    }

    /// The same as the zone has it.
    pub(super) fn stored_key(&self) -> &[u8] {
        &self.key
    }

    pub(super) fn cells(&self) -> &[u64] {
        &self.cells
    }

    /// All bytes.
    pub(super) fn bytes(&self) -> Bytes {
        Bytes::of(flow::BYTES.map(|cell| self.cell(cell)))
    }

    /// Becomes what was copied into its record, at a time.
    fn take_in(&mut self, at: u64) {
        self.key.clear();
        self.key.extend_from_slice(self.record.key());
        self.is_cut = self.record.is_truncated();
        self.cells.clear();
        self.cells.extend_from_slice(self.record.raw_cells());
        self.cells.resize(CELLS, 0);
        self.at = at;
        self.text.clear();
    }

    fn cell(&self, place: usize) -> u64 {
        self.cells.get(place).copied().unwrap_or(0)
    }
}

/// The numbers of a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Sessions that are not active yet.
    pub pending: u64,
    /// Sessions that are.
    pub active: u64,
    /// Sessions that ever were active.
    pub total: u64,
    /// Active sessions that were closed.
    pub closed: Sums,
    /// Requests that found or made a session.
    pub passed: u64,
    /// Requests that were not tracked.
    pub skipped: u64,
    /// Requests whose session would have been one too many.
    pub rejected_sessions: u64,
    /// Requests whose session would have been too much to send or receive.
    pub rejected_bitrate: u64,
    /// Sessions, and rows of the history, that found no place or made room for others.
    pub discarded: u64,
    /// What is received; bytes of all active and closed sessions.
    pub rx: Flow,
    /// What is sent.
    pub tx: Flow,
}

impl Sessions {
    /// The numbers of the zone at a time.
    pub fn numbers(&self, now: Moment) -> Numbers {
        let (totals, gauge) = (self.totals(), self.copy(GAUGE));
        let (Some(totals), Some(gauge)) = (totals, gauge) else {
            return Numbers::default();
        };
        let time = self.zone.moment(now).0;
        let brought = totals.bytes(totals::BROUGHT).both();
        let flow = |direction: usize| {
            let flow = cells::read(&gauge, direction, gauge::CREATED, time);
            let bytes = flow.bytes.saturating_add(brought[direction]);
            Flow { bytes, ..flow }
        };
        Numbers {
            pending: totals.get(totals::PENDING),
            active: totals.get(totals::ACTIVE),
            total: totals.get(totals::ACTIVATED),
            closed: totals.closed(),
            passed: gauge[gauge::PASSED],
            skipped: gauge[gauge::SKIPPED],
            rejected_sessions: gauge[gauge::REJECTED_SESSIONS],
            rejected_bitrate: gauge[gauge::REJECTED_BITRATE],
            discarded: self.zone.discarded(),
            rx: flow(0),
            tx: flow(1),
        }
    }

    /// Copies the session of this id, as shown or as kept; false if there is none.
    pub fn session(&self, id: &[u8], now: Moment, session: &mut Session) -> bool {
        if id.len() > KEY_LIMIT + ELLIPSIS.len() {
            return false;
        }
        let name = [&[SESSION], id].concat();
        if !self.zone.read(&name, &mut session.record) {
            return false;
        }
        session.take_in(self.zone.moment(now).0);
        self.complete(session)
    }

    /// Copies the session of a request; false if it is gone, also if its id came again.
    pub fn visited(&self, handle: &Handle, now: Moment, session: &mut Session) -> bool {
        if !self.zone.read(handle.key.kept(), &mut session.record) {
            return false;
        }
        session.take_in(self.zone.moment(now).0);
        session.cell(session::SERIAL) == handle.serial() && self.complete(session)
    }

    /// Copies the next session of a listing; false at the end. The listing may rest between two sessions.
    pub fn next(&self, cursor: &mut Cursor, now: Moment, session: &mut Session) -> bool {
        self.next_bare(cursor, now, session) && self.complete(session)
    }

    /// The same without what was said of the session.
    pub(super) fn next_bare(
        &self,
        cursor: &mut Cursor,
        now: Moment,
        session: &mut Session,
    ) -> bool {
        while self.zone.next(cursor, &mut session.record) {
            if session.record.key().first() == Some(&SESSION) {
                session.take_in(self.zone.moment(now).0);
                return true;
            }
        }
        false
    }

    /// Adds what was said of a session.
    fn complete(&self, session: &mut Session) -> bool {
        self.zone.help(&session.key, &mut session.text);
        true
    }

    pub(super) fn totals(&self) -> Option<Totals> {
        self.copy(TOTALS).map(|cells| Totals::copied(&cells))
    }

    pub(super) fn copy(&self, key: &[u8]) -> Option<Vec<u64>> {
        let mut record = Record::default();
        let is_there = self.zone.read(key, &mut record) && record.raw_cells().len() == CELLS;
        is_there.then(|| record.raw_cells().to_vec())
    }
}

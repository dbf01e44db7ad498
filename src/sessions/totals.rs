//! A zone's totals: a copy of them in an edit, which puts it back with whatever it sums up.

use super::Sums;
use super::cells::{Bytes, CELLS, FOUND, totals};
use super::keys;
use crate::zone::{Edit, Put, Stay};

/// The totals' cells.
#[derive(Clone, Debug)]
pub(super) struct Totals(Vec<u64>);

impl Totals {
    /// As they are now; of a zone that is new, or that has lost them, all zero but the serials, which are never given twice.
    pub(super) fn of(edit: &Edit<'_>) -> Self {
        let cells = edit.read(keys::TOTALS);
        Self(cells.unwrap_or_else(|| {
            let mut cells = vec![0; CELLS];
            // There are fewer sessions than nanoseconds.
            cells[totals::SERIALS] = edit.now().0;
            cells
        }))
    }

    /// The number of a session that begins.
    pub(super) fn next_serial(&mut self) -> u64 {
        let next = self.get(totals::SERIALS).wrapping_add(1) % FOUND;
        self.set(totals::SERIALS, next);
        next
    }

    /// Of a copy of their cells.
    pub(super) fn copied(cells: &[u64]) -> Self {
        let mut cells = cells.to_vec();
        cells.resize(CELLS, 0);
        Self(cells)
    }

    /// They are to be this.
    pub(super) fn put(&self, edit: &mut Edit<'_>) {
        let put = Put {
            cells: &self.0,
            stay: Stay::Pinned,
            text: None,
        };
        edit.put(keys::TOTALS, put);
    }

    pub(super) fn get(&self, cell: usize) -> u64 {
        self.0[cell]
    }

    pub(super) fn set(&mut self, cell: usize, value: u64) {
        self.0[cell] = value;
    }

    /// Adds, and says what it is then.
    pub(super) fn add(&mut self, cell: usize, value: u64) -> u64 {
        self.0[cell] = self.0[cell].saturating_add(value);
        self.0[cell]
    }

    pub(super) fn take(&mut self, cell: usize, value: u64) {
        self.0[cell] = self.0[cell].saturating_sub(value);
    }

    pub(super) fn add_bytes(&mut self, cells: [usize; 2], bytes: Bytes) {
        for (cell, bytes) in cells.into_iter().zip(bytes.both()) {
            self.add(cell, bytes);
        }
    }

    pub(super) fn bytes(&self, cells: [usize; 2]) -> Bytes {
        Bytes::of(cells.map(|cell| self.get(cell)))
    }

    /// Active sessions that were closed.
    pub(super) fn closed(&self) -> Sums {
        Sums {
            sessions: self.get(totals::CLOSED),
            bytes: self.bytes(totals::CLOSED_BYTES),
        }
    }

    /// Sessions that are pending or active.
    pub(super) fn present(&self) -> u64 {
        self.get(totals::PENDING)
            .saturating_add(self.get(totals::ACTIVE))
    }

    /// The sum of the tops of what is sent: of the last sweep, and of what is expected of sessions that came since.
    pub(super) fn tops(&self) -> u64 {
        [totals::TOPS, totals::EXPECTED_BEFORE, totals::EXPECTED]
            .into_iter()
            .map(|cell| self.get(cell))
            .fold(0, u64::saturating_add)
    }
}

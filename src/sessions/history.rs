//! The history: what closed sessions were, by peer (with its locations), location and reference.
//!
//! Rows may go to make room for others, or because nobody touched them for long; the totals stay. What rows no longer
//! say is the difference between them and the totals, worked out when it is read, so that their sum is always exact.
//! While sessions are being closed, whatever sums others up must be read after these, so that nothing is in them that it
//! does not have: first rows of locations, references and locations of peers, then those of peers, then the totals.
//! A location of a peer belongs to one row of that peer: to one that was made later it is as if it were not there.

use std::collections::{BTreeMap, HashMap};

use super::cells::{Bytes, CELLS, row, totals};
use super::keys::{self, Key, PEER_BYTES};
use super::{Attributes, Sessions};
use crate::zone::{Cursor, Edit, Put, Record, Stay};

/// Sessions and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many sessions.
    pub sessions: u64,
    /// Bytes in both directions.
    pub bytes: Bytes,
}

/// What was with one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// All of it.
    pub sums: Sums,
    /// By location.
    pub locations: BTreeMap<Vec<u8>, Sums>,
}

/// A row of the history, as it is to be.
pub(super) struct NewRow {
    key: Key,
    cells: Vec<u64>,
    pub(super) is_new: bool,
}

/// An active session that is being closed.
pub(super) struct Closing<'a> {
    pub(super) attributes: Attributes<'a>,
    pub(super) bytes: Bytes,
    /// How many were closed, with this one.
    pub(super) number: u64,
}

impl Closing<'_> {
    /// The rows that take it in.
    pub(super) fn rows(&self, edit: &Edit<'_>) -> [NewRow; 4] {
        let Attributes {
            reference,
            location,
            peer,
            ..
        } = self.attributes;
        let row = |kind, name| self.grown(NewRow::read(edit, Key::of(kind, name)));
        let mut of_peer = NewRow::read(edit, Key::of(keys::PEER, peer));
        if of_peer.is_new {
            of_peer.cells[row::BORN] = self.number;
        }
        let born = of_peer.cells[row::BORN];
        let mut pair = NewRow::read(edit, Key::of_pair(peer, location));
        if pair.cells[row::BORN] != born {
            pair.become_empty();
            pair.cells[row::BORN] = born;
        }
        // Without its peer's row it says nothing.
        pair.is_new |= of_peer.is_new;
        [
            self.grown(of_peer),
            self.grown(pair),
            row(keys::LOCATION, location),
            row(keys::REFERENCE, reference),
        ]
    }

    fn grown(&self, mut row: NewRow) -> NewRow {
        let [rx, tx] = self.bytes.both();
        let more = [(row::SESSIONS, 1), (row::BYTES[0], rx), (row::BYTES[1], tx)];
        for (cell, more) in more {
            row.cells[cell] = row.cells[cell].saturating_add(more);
        }
        row
    }
}

impl NewRow {
    fn read(edit: &Edit<'_>, key: Key) -> Self {
        let cells = edit.read(key.bytes());
        let mut new = Self {
            is_new: cells.is_none(),
            cells: cells.unwrap_or_default(),
            key,
        };
        if new.is_new {
            new.become_empty();
        }
        new
    }

    fn become_empty(&mut self) {
        self.cells = vec![0; CELLS];
        self.cells[row::NAME] = self.key.row_name();
    }

    pub(super) fn put(&self, edit: &mut Edit<'_>) {
        let put = Put {
            cells: &self.cells,
            stay: Stay::Evictable,
            text: None,
        };
        edit.put(self.key.bytes(), put);
    }
}

/// A row of the history, as it is.
#[derive(Clone, Debug, Default)]
struct Row {
    sums: Sums,
    born: u64,
}

/// The whole history.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// All sessions that were closed, at the end of the collection.
    pub totals: Sums,
    /// By peer.
    pub peers: BTreeMap<Vec<u8>, Peer>,
    /// By location.
    pub locations: BTreeMap<Vec<u8>, Sums>,
    /// By reference.
    pub references: BTreeMap<Vec<u8>, Sums>,
    cursor: Cursor,
    record: Record,
    rows: HashMap<[u8; PEER_BYTES], (Vec<u8>, Row)>,
    pairs: Vec<([u8; PEER_BYTES], Vec<u8>, Row)>,
    /// Whether it is on its second way through the zone, for peers.
    is_second: bool,
    /// How often it began anew.
    moves: u32,
}

impl Sessions {
    /// Goes on collecting the history, a thousand keys or so at a time; false once it is all there. What rows do not
    /// say is added under `rest`, if there is to be such a name. Memory is bounded by the size of the zone.
    pub fn collect(&self, summary: &mut Summary, rest: Option<&[u8]>) -> bool {
        for _ in 0..PIECE {
            if !self.zone.next(&mut summary.cursor, &mut summary.record) {
                return self.go_on(summary, rest);
            }
            summary.take_in();
        }
        true
    }

    /// Begins the second way through the zone, or ends.
    fn go_on(&self, summary: &mut Summary, rest: Option<&[u8]>) -> bool {
        if !self.zone.saw_all(&summary.cursor) && summary.moves < MOST_MOVES {
            // The zone moved: from the beginning.
            let moves = summary.moves + 1;
            *summary = Summary {
                moves,
                ..Summary::default()
            };
            return true;
        }
        if !std::mem::replace(&mut summary.is_second, true) {
            summary.cursor = Cursor::default();
            return true;
        }
        if let Some(totals) = self.totals() {
            summary.totals = Sums {
                sessions: totals.get(totals::CLOSED),
                bytes: totals.bytes(totals::CLOSED_BYTES),
            };
        }
        summary.join();
        if let Some(rest) = rest {
            summary.add_rest(rest);
        }
        false
    }
}

/// How many keys are looked at before somebody else may have a turn.
const PIECE: usize = 1000;
/// How often a collection begins anew because the zone moved.
const MOST_MOVES: u32 = 3;

impl Summary {
    fn take_in(&mut self) {
        let Some((kind, name)) = self.record.key().split_first() else {
            return;
        };
        let row = Row::of(self.record.raw_cells());
        if row.sums.sessions == 0 {
            return;
        }
        match *kind {
            kind if (kind == keys::PEER) != self.is_second => {}
            keys::PEER => {
                let id = keys::peer_id(name);
                self.rows.insert(id, (name.to_vec(), row));
            }
            keys::PAIR => {
                if let Some((id, location)) = name.split_first_chunk() {
                    self.pairs.push((*id, location.to_vec(), row));
                }
            }
            keys::LOCATION => drop(self.locations.insert(name.to_vec(), row.sums)),
            keys::REFERENCE => drop(self.references.insert(name.to_vec(), row.sums)),
            _ => {}
        }
    }

    /// Gives each peer its locations.
    fn join(&mut self) {
        for (id, location, pair) in std::mem::take(&mut self.pairs) {
            let Some((name, row)) = self.rows.get(&id).filter(|(_, row)| row.born == pair.born)
            else {
                continue;
            };
            let peer = self.peers.entry(name.clone()).or_default();
            peer.sums = row.sums;
            peer.locations.insert(location, pair.sums);
        }
        for (name, row) in std::mem::take(&mut self.rows).into_values() {
            self.peers.entry(name).or_default().sums = row.sums;
        }
    }

    fn add_rest(&mut self, name: &[u8]) {
        for peer in self.peers.values_mut() {
            let sums = peer.sums;
            add_rest(&mut peer.locations, sums, name);
        }
        add_rest(&mut self.locations, self.totals, name);
        add_rest(&mut self.references, self.totals, name);
        let known = self.peers.values().map(|peer| peer.sums);
        let rest = self.totals.without(known);
        if rest != Sums::default() {
            let peer = self.peers.entry(name.into()).or_default();
            peer.sums.add(rest);
            peer.locations.entry(name.into()).or_default().add(rest);
        }
    }
}

fn add_rest(rows: &mut BTreeMap<Vec<u8>, Sums>, all: Sums, name: &[u8]) {
    let rest = all.without(rows.values().copied());
    if rest != Sums::default() {
        rows.entry(name.into()).or_default().add(rest);
    }
}

impl Row {
    fn of(cells: &[u64]) -> Self {
        let cell = |place: usize| cells.get(place).copied().unwrap_or(0);
        Self {
            sums: Sums {
                sessions: cell(row::SESSIONS),
                bytes: Bytes::of(row::BYTES.map(cell)),
            },
            born: cell(row::BORN),
        }
    }
}

impl Sums {
    fn add(&mut self, more: Self) {
        self.sessions = self.sessions.saturating_add(more.sessions);
        self.bytes.rx = self.bytes.rx.saturating_add(more.bytes.rx);
        self.bytes.tx = self.bytes.tx.saturating_add(more.bytes.tx);
    }

    /// What is left of it without those.
    fn without(mut self, rows: impl Iterator<Item = Self>) -> Self {
        for row in rows {
            self.sessions = self.sessions.saturating_sub(row.sessions);
            self.bytes.rx = self.bytes.rx.saturating_sub(row.bytes.rx);
            self.bytes.tx = self.bytes.tx.saturating_sub(row.bytes.tx);
        }
        self
    }
}

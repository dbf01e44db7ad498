//! `/status/http/session_zones/`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::described::STATUS;
use super::zones::Entry;
use crate::http::build::builder::Builder;
use crate::metric::Moment;
use crate::modules::shared_zone::{self, name as names};
use crate::os;
use crate::sessions::{By, Flow, Peer, Session, Summary, Sums};
use crate::status::table::Column;
use crate::status::{Branch, Named, Node, Value};
use crate::zone::Cursor;

/// Shows the zones, if there are any.
pub(super) fn mount(builder: &mut Builder<'_>, entries: &Arc<[Arc<Entry>]>) {
    if entries.is_empty() {
        return;
    }
    let zones = Named::new(Arc::clone(entries), name, |entry| Some(zone(entry)));
    builder.tree.mount(STATUS.path, Box::new(zones));
    shared_zone::mount(builder, entries);
}

fn name(entry: &Arc<Entry>) -> &[u8] {
    entry.name.as_bytes()
}

fn now() -> Moment {
    Moment(os::monotonic())
}

fn zone(entry: &Entry) -> Node<'_> {
    let numbers = entry.sessions.numbers(now());
    let limits = &entry.sessions.settings().limits;
    let mut members = vec![
        ("discarded", count(numbers.discarded)),
        (
            "sessions",
            Node::object(vec![
                ("pending", count(numbers.pending)),
                ("active", count(numbers.active)),
                ("total", count(numbers.total)),
                ("max", count(limits.sessions.unwrap_or(0))),
            ]),
        ),
        ("passed", count(numbers.passed)),
        ("skipped", count(numbers.skipped)),
        (
            "rejected",
            Node::object(vec![
                ("sessions", count(numbers.rejected_sessions)),
                ("bitrate", count(numbers.rejected_bitrate)),
            ]),
        ),
        (
            "rx",
            flow(&numbers.rx, Some(limits.rx_bitrate.unwrap_or(0))),
        ),
        (
            "tx",
            flow(&numbers.tx, Some(limits.tx_bitrate.unwrap_or(0))),
        ),
        ("active", Node::branch(Active(entry))),
        ("summary", Node::branch(History(entry))),
    ];
    members.extend(shared_zone::state(entry).map(|state| ("state", state)));
    Node::object(members)
}

fn flow(flow: &Flow, most: Option<u64>) -> Node<'static> {
    let mut members = vec![
        ("bytes", count(flow.bytes)),
        ("bitrate", count(flow.bitrate)),
        ("top", count(flow.top)),
    ];
    members.extend(most.map(|most| ("max", count(most))));
    Node::object(members)
}

fn count(value: u64) -> Node<'static> {
    Node::Value(Value::Integer(value))
}

/// The active sessions of a zone, by their ids.
struct Active<'a>(&'a Entry);

impl Branch for Active<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut session = Session::default();
        let mut is_there = |id: &[u8]| {
            let found = self.0.sessions.session(id, now(), &mut session);
            found && session.is_active()
        };
        let found = is_there(name) || names::read(name).is_some_and(|id| is_there(&id));
        found.then(|| active(&session))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let (mut cursor, mut session, now) = (Cursor::default(), Session::default(), now());
        let mut id = Vec::new();
        while self.0.sessions.next(&mut cursor, now, &mut session) {
            if session.is_active() {
                id.clear();
                session.write_id(&mut id);
                visit(&names::shown(&id), active(&session))?;
            }
        }
        ControlFlow::Continue(())
    }

    fn places(&self) -> u64 {
        self.0.sessions.zone().places()
    }

    fn count(&self) -> u64 {
        self.0.sessions.numbers(now()).active
    }

    fn columns(&self) -> Option<Vec<Column>> {
        let columns = COLUMNS.iter().map(|(path, mode)| Column::at(path, mode));
        Some(columns.collect())
    }
}

/// What the table of active sessions has: what changes as in metrics, and the rest.
const COLUMNS: [(&str, &str); 12] = [
    ("reference", "text"),
    ("location", "text"),
    ("peer", "text"),
    ("extra", "text"),
    ("created", "time"),
    ("requests", "count"),
    ("rx/bytes", "count"),
    ("rx/bitrate", "last"),
    ("rx/top", "last"),
    ("tx/bytes", "count"),
    ("tx/bitrate", "last"),
    ("tx/top", "last"),
];

fn active(session: &Session) -> Node<'static> {
    let attributes = session.attributes();
    let text = |text: &[u8]| Node::text(names::shown(text).into_owned());
    Node::object(vec![
        ("reference", text(attributes.reference)),
        ("location", text(attributes.location)),
        ("peer", text(attributes.peer)),
        ("extra", text(attributes.extra)),
        ("created", Node::Value(Value::since_1970(session.created()))),
        ("requests", count(session.requests())),
        ("rx", flow(&session.rx(), None)),
        ("tx", flow(&session.tx(), None)),
    ])
}

/// What is left of the sessions of a zone that are over.
struct History<'a>(&'a Entry);

/// By what they are summed up.
#[derive(Clone, Copy)]
enum Kind {
    Peers,
    Locations,
    References,
}

const KINDS: [(&str, Kind); 3] = [
    ("peers", Kind::Peers),
    ("locations", Kind::Locations),
    ("references", Kind::References),
];

impl Branch for History<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        if let Some((_, kind)) = KINDS.iter().find(|(own, _)| own.as_bytes() == name) {
            return Some(Node::branch(Rows(self.0, *kind)));
        }
        let closed = self.0.sessions.numbers(now()).closed;
        let mut numbers = numbers(&closed).into_iter();
        let found = numbers.find(|(own, _)| own.as_bytes() == name);
        found.map(|(_, node)| node)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let summary = collect(self.0);
        for (name, node) in numbers(&summary.totals) {
            visit(name.as_bytes(), node)?;
        }
        for (name, kind) in KINDS {
            visit(name.as_bytes(), collected(&summary, kind))?;
        }
        ControlFlow::Continue(())
    }

    fn places(&self) -> u64 {
        self.0.sessions.zone().places()
    }

    /// The sums alone, which need no look at any row.
    fn outline(&self) -> Option<Node<'_>> {
        Some(row(&self.0.sessions.numbers(now()).closed))
    }
}

fn numbers(sums: &Sums) -> [(&'static str, Node<'static>); 3] {
    [
        ("sessions", count(sums.sessions)),
        ("rx_bytes", count(sums.bytes.rx)),
        ("tx_bytes", count(sums.bytes.tx)),
    ]
}

fn row(sums: &Sums) -> Node<'static> {
    Node::object(numbers(sums).into())
}

/// The whole history; memory is bounded by the size of the zone.
fn collect(entry: &Entry) -> Summary {
    let mut summary = Summary::default();
    while entry.sessions.collect(&mut summary, entry.rest.as_deref()) {}
    summary
}

fn collected(summary: &Summary, kind: Kind) -> Node<'_> {
    match kind {
        Kind::Peers => Node::branch(Table(&summary.peers, peer)),
        Kind::Locations => Node::branch(Table(&summary.locations, row)),
        Kind::References => Node::branch(Table(&summary.references, row)),
    }
}

fn peer(peer: &Peer) -> Node<'_> {
    let mut members = Vec::from(numbers(&peer.sums));
    members.push(("locations", Node::branch(Table(&peer.locations, row))));
    Node::object(members)
}

/// Rows that were collected.
struct Table<'s, T>(&'s BTreeMap<Vec<u8>, T>, fn(&T) -> Node<'_>);

impl<T: Sync> Branch for Table<'_, T> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let found = self.0.get(name);
        let found = found.or_else(|| self.0.get(&names::read(name)?));
        found.map(self.1)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.0
            .iter()
            .try_for_each(|(name, row)| visit(&names::shown(name), (self.1)(row)))
    }

    fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

/// The rows of a kind; they are collected when all are looked at.
struct Rows<'a>(&'a Entry, Kind);

impl Rows<'_> {
    fn find(&self, name: &[u8]) -> Option<Node<'_>> {
        let sessions = &self.0.sessions;
        match self.1 {
            Kind::Peers => {
                let sums = sessions.row(By::Peer(name))?;
                let mut members = Vec::from(numbers(&sums));
                let locations = PeerLocations(self.0, name.to_vec());
                members.push(("locations", Node::branch(locations)));
                Some(Node::object(members))
            }
            Kind::Locations => sessions.row(By::Location(name)).map(|sums| row(&sums)),
            Kind::References => sessions.row(By::Reference(name)).map(|sums| row(&sums)),
        }
    }
}

impl Branch for Rows<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        if self.0.rest.as_deref() == Some(name) {
            return Some(Node::branch(Rest(self.0, Some(self.1), name.to_vec())));
        }
        self.find(name).or_else(|| self.find(&names::read(name)?))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let summary = collect(self.0);
        match collected(&summary, self.1).as_branch() {
            Some(rows) => rows.each(visit),
            None => ControlFlow::Continue(()),
        }
    }

    fn places(&self) -> u64 {
        self.0.sessions.zone().places()
    }
}

/// The locations of a peer; they are collected when all are looked at.
struct PeerLocations<'a>(&'a Entry, Vec<u8>);

impl Branch for PeerLocations<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        if self.0.rest.as_deref() == Some(name) {
            return Some(Node::branch(Rest(self.0, None, self.1.clone())));
        }
        let find = |name: &[u8]| self.0.sessions.row(By::PeerLocation(&self.1, name));
        let found = find(name).or_else(|| find(&names::read(name)?));
        found.map(|sums| row(&sums))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let summary = collect(self.0);
        match summary.peers.get(&self.1) {
            Some(peer) => Table(&peer.locations, row).each(visit),
            None => ControlFlow::Continue(()),
        }
    }

    fn places(&self) -> u64 {
        self.0.sessions.zone().places()
    }
}

/// The row of what has none of its own, worked out from all others: of a kind, or of the locations of a peer.
struct Rest<'a>(&'a Entry, Option<Kind>, Vec<u8>);

/// What a row has.
const NUMBERS: [&[u8]; 3] = [b"sessions", b"rx_bytes", b"tx_bytes"];

impl Rest<'_> {
    fn sums(&self, summary: &Summary) -> Sums {
        let Some(name) = self.0.rest.as_ref() else {
            return Sums::default();
        };
        let sums = match self.1 {
            Some(Kind::Peers) => summary.peers.get(name).map(|peer| peer.sums),
            Some(Kind::Locations) => summary.locations.get(name).copied(),
            Some(Kind::References) => summary.references.get(name).copied(),
            None => {
                let peer = summary.peers.get(&self.2);
                peer.and_then(|peer| peer.locations.get(name)).copied()
            }
        };
        sums.unwrap_or_default()
    }

    fn is_peer(&self) -> bool {
        matches!(self.1, Some(Kind::Peers))
    }
}

impl Branch for Rest<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        if self.is_peer() && name == b"locations" {
            return Some(Node::branch(PeerLocations(self.0, self.2.clone())));
        }
        if !NUMBERS.contains(&name) {
            return None;
        }
        let mut numbers = numbers(&self.sums(&collect(self.0))).into_iter();
        let found = numbers.find(|(own, _)| own.as_bytes() == name);
        found.map(|(_, node)| node)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let summary = collect(self.0);
        for (name, node) in numbers(&self.sums(&summary)) {
            visit(name.as_bytes(), node)?;
        }
        if !self.is_peer() {
            return ControlFlow::Continue(());
        }
        let none = BTreeMap::new();
        let peer = summary.peers.get(&self.2);
        let locations = peer.map_or(&none, |peer| &peer.locations);
        visit(b"locations", Node::branch(Table(locations, row)))
    }

    fn places(&self) -> u64 {
        self.0.sessions.zone().places()
    }

    fn places_to(&self, name: &[u8]) -> u64 {
        match NUMBERS.contains(&name) {
            true => self.places(),
            false => 0,
        }
    }
}

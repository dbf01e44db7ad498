//! `/status/http/upstreams`: the upstreams whose counts workers share, peer by peer.

use std::sync::Arc;

use super::changing::Upstream;
use super::described::STATUS;
use super::group::{Group, Peer, since_1970_ms};
use super::tally::{Count, Gauge, RECORD_BYTES, bytes};
use crate::http::build::builder::Builder;
use crate::modules::shared_zone;
use crate::status::{Field, Fields, Members, Named, Node, Value};

/// Shows groups by name, and the zones they are in.
pub(super) fn mount(builder: &mut Builder<'_>, groups: Vec<(String, Upstream)>) {
    let slabs = Members(slabs(&groups));
    let groups = Named::new(
        groups,
        |(name, _): &(String, Upstream)| name.as_bytes(),
        |(_, members): &(String, Upstream)| Some(Node::branch(Fields::new(members.now(), GROUP))),
    );
    let tree = &mut builder.tree;
    tree.mount(STATUS.path, Box::new(groups));
    tree.mount(shared_zone::SLABS.path, Box::new(slabs));
}

const GROUP: &[Field<Group>] = &[
    Field {
        name: "peers",
        read: |group| {
            Some(Node::branch(Named::new(
                &*group.peers,
                |peer: &Peer| peer.name.as_bytes(),
                |peer: &Peer| Some(node(peer)),
            )))
        },
    },
    Field {
        name: "keepalive",
        read: |group| {
            let idle = |peer: &Peer| {
                let (open, busy) = (peer.record.sum(Gauge::Open), peer.record.sum(Gauge::Busy));
                open.saturating_sub(busy)
            };
            Some(Node::from(group.peers.iter().map(idle).sum::<u64>()))
        },
    },
    Field {
        name: "zone",
        read: |group| {
            group
                .zone
                .as_ref()
                .map(|(name, _)| Node::from(name.as_str()))
        },
    },
];

/// What groups have in a zone.
struct Share<'a> {
    zone: &'a str,
    size: u64,
    pages: u64,
    records: u64,
}

/// The zones of groups: each group takes whole pages, and a record for each peer.
fn slabs(groups: &[(String, Upstream)]) -> Vec<(String, Node<'static>)> {
    let mut zones: Vec<Share<'_>> = Vec::new();
    let groups: Vec<Arc<Group>> = groups.iter().map(|(_, one)| one.now()).collect();
    for group in &groups {
        let Some((zone, size)) = &group.zone else {
            continue;
        };
        let own = Share {
            zone,
            size: *size,
            pages: bytes(group.peers.len()).div_ceil(PAGE) as u64,
            records: group.peers.len() as u64,
        };
        match zones.iter_mut().find(|known| known.zone == zone) {
            Some(known) => known.add(&own),
            None => zones.push(own),
        }
    }
    let slab = |share: &Share<'_>| (share.zone.to_owned(), share.slab());
    zones.iter().map(slab).collect()
}

impl Share<'_> {
    fn add(&mut self, other: &Self) {
        self.size = self.size.max(other.size);
        self.pages += other.pages;
        self.records += other.records;
    }

    fn slab(&self) -> Node<'static> {
        let count = |name, value: u64| (name, Node::from(value));
        let free = (self.size / PAGE as u64).saturating_sub(self.pages);
        let pages = vec![count("used", self.pages), count("free", free)];
        let records = vec![
            count("used", self.records),
            count("free", 0),
            count("reqs", self.records),
            count("fails", 0),
        ];
        let slots = vec![(RECORD_BYTES.to_string(), Node::object(records))];
        Node::object(vec![
            ("pages", Node::object(pages)),
            ("slots", Node::object(slots)),
        ])
    }
}

const PAGE: usize = 4096;

fn node(peer: &Peer) -> Node<'_> {
    Node::branch(Fields::new(peer, PEER))
}

const PEER: &[Field<Peer>] = &[
    Field {
        name: "server",
        read: |peer| Some(Node::from(peer.server.as_str())),
    },
    Field {
        name: "backup",
        read: |peer| Some(Node::from(peer.backup)),
    },
    Field {
        name: "weight",
        read: |peer| Some(Node::from(u64::from(peer.weight))),
    },
    Field {
        name: "state",
        read: |peer| Some(Node::from(state(peer))),
    },
    Field {
        name: "selected",
        read: |peer| Some(Node::branch(Fields::new(peer, SELECTED))),
    },
    Field {
        name: "max_conns",
        read: |peer| {
            Some(peer.most_connections)
                .filter(|most| *most > 0)
                .map(Node::from)
        },
    },
    Field {
        name: "responses",
        read: |peer| {
            let code = |status: Option<u16>| status.map_or("xxx".to_owned(), |one| one.to_string());
            let responses = peer.record.responses();
            Some(Node::object(
                responses
                    .map(|(status, count)| (code(status), Node::from(count)))
                    .collect(),
            ))
        },
    },
    Field {
        name: "data",
        read: |peer| Some(Node::branch(Fields::new(peer, DATA))),
    },
    Field {
        name: "health",
        read: |peer| Some(Node::branch(Fields::new(peer, HEALTH))),
    },
    Field {
        name: "sid",
        read: |peer| Some(Node::from(peer.id.as_str())),
    },
];

const SELECTED: &[Field<Peer>] = &[
    Field {
        name: "current",
        read: |peer| Some(Node::from(peer.record.sum(Gauge::Busy))),
    },
    Field {
        name: "total",
        read: |peer| count(peer, Count::Selected),
    },
    Field {
        name: "last",
        read: |peer| date(peer.record.value(Count::LastSelected)),
    },
];

const DATA: &[Field<Peer>] = &[
    Field {
        name: "sent",
        read: |peer| count(peer, Count::Sent),
    },
    Field {
        name: "received",
        read: |peer| count(peer, Count::Received),
    },
];

const HEALTH: &[Field<Peer>] = &[
    Field {
        name: "fails",
        read: |peer| count(peer, Count::Fails),
    },
    Field {
        name: "unavailable",
        read: |peer| count(peer, Count::Unavailable),
    },
    Field {
        name: "downtime",
        read: |peer| {
            let past = peer.record.value(Count::Downtime);
            let since = peer.record.value(Count::DownSince);
            let now = match since {
                0 => 0,
                since => since_1970_ms().saturating_sub(since),
            };
            Some(Node::from(past + now))
        },
    },
    Field {
        name: "downstart",
        read: |peer| date(peer.record.value(Count::DownSince)),
    },
    Field {
        name: "header_time",
        read: |peer| mean(peer, Count::HeaderTime),
    },
    Field {
        name: "response_time",
        read: |peer| mean(peer, Count::ResponseTime),
    },
];

fn state(peer: &Peer) -> &'static str {
    if peer.down {
        "down"
    } else if peer.is_unavailable() {
        "unavailable"
    } else if peer.is_busy() {
        "busy"
    } else {
        "up"
    }
}

fn count(peer: &Peer, count: Count) -> Option<Node<'_>> {
    Some(Node::from(peer.record.value(count)))
}

/// Milliseconds; 0 before the first response.
fn mean(peer: &Peer, count: Count) -> Option<Node<'_>> {
    Some(Node::from(peer.record.mean(count).unwrap_or(0)))
}

/// A moment since 1970; absent when there was none.
fn date(milliseconds: u64) -> Option<Node<'static>> {
    (milliseconds > 0).then(|| Node::Value(Value::since_1970(milliseconds)))
}

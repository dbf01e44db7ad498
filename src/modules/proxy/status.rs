//! `/status/http/upstreams`: the upstreams whose counts workers share, peer by peer.

use std::sync::Arc;

use super::group::{Group, Peer, since_1970_ms};
use super::tally::{Count, Gauge};
use crate::status::{Field, Fields, Named, Node, Value};

/// Shows groups by name.
pub(super) fn branch(groups: Vec<Arc<Group>>) -> Box<dyn crate::status::Branch> {
    Box::new(Named::new(
        groups,
        |group: &Arc<Group>| group.name.as_bytes(),
        |group: &Arc<Group>| Some(Node::branch(Fields::new(&**group, GROUP))),
    ))
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
];

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
        read: |peer| peer.record.mean(Count::HeaderTime).map(Node::from),
    },
    Field {
        name: "response_time",
        read: |peer| peer.record.mean(Count::ResponseTime).map(Node::from),
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

/// A moment since 1970; absent when there was none.
fn date(milliseconds: u64) -> Option<Node<'static>> {
    (milliseconds > 0).then(|| Node::Value(Value::since_1970(milliseconds)))
}

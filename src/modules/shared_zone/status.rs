//! What zones show of themselves whatever is in them: their part of `/status/slabs/` and of `/status/angie/self/zones/`.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::Holder;
use crate::http::build::builder::Builder;
use crate::status::{
    Branch, MOUNT, Mount, Named, Node, NodeDoc,
    Since::{Now, Start, Zone as Kept},
    Value, node,
};
use crate::zone::{Slabs, Zone};

/// What the memory of zones is.
pub(in crate::modules) static SLABS: Mount = Mount {
    path: &["status", "slabs"],
    nodes: &[
        node("", "", Now, "The memory of every zone, by its name."),
        node("{zone}", "", Now, "One zone."),
        node(
            "{zone}/pages",
            "",
            Now,
            "Its memory in pages of 4096 bytes.",
        ),
        node("{zone}/pages/used", "pages", Now, "Those in use."),
        node("{zone}/pages/free", "pages", Now, "Those that are not."),
        node(
            "{zone}/slots",
            "",
            Now,
            "Its pieces, by their size in bytes; there is one size, which is found under `128`, too.",
        ),
        node("{zone}/slots/{size}", "", Now, "Pieces of a size."),
        node("{zone}/slots/{size}/used", "pieces", Now, "Those in use."),
        node(
            "{zone}/slots/{size}/free",
            "pieces",
            Now,
            "Those that are not.",
        ),
        node(
            "{zone}/slots/{size}/reqs",
            "times",
            Kept,
            "How often one was asked for.",
        ),
        node(
            "{zone}/slots/{size}/fails",
            "times",
            Kept,
            "How often there was none.",
        ),
    ],
    ..MOUNT
};

/// How full zones are.
pub(in crate::modules) static SHARES: Mount = Mount {
    path: &["status", "angie", "self", "zones"],
    nodes: &[
        node("", "", Now, "How full zones are, and what that has led to."),
        node("{zone}", "", Now, "One zone."),
        node("{zone}/size", "bytes", Now, "Its memory."),
        node(
            "{zone}/fill",
            "share",
            Now,
            "The share of its slots that are in use, from 0 to 1.",
        ),
        node("{zone}/keys", "keys", Now, "Keys in it."),
        node(
            "{zone}/discarded",
            "updates",
            Kept,
            "Evictions and failures together.",
        ),
        node(
            "{zone}/evictions",
            "keys",
            Kept,
            "Keys that were dropped to make room.",
        ),
        node(
            "{zone}/failures",
            "updates",
            Kept,
            "Updates that found no room.",
        ),
        node(
            "{zone}/labels",
            "",
            Now,
            "The labels of its keys; absent where these have none.",
        ),
        node("{zone}/labels/{label}", "", Now, "One label."),
        node(
            "{zone}/labels/{label}/values",
            "values",
            Now,
            "How many different values it has, counted when somebody looks: exact up to 4096, and about right beyond.",
        ),
        node(
            "{zone}/labels/{label}/most",
            "values",
            Now,
            "How many it may have, as `max_values` says; absent where it does not.",
        ),
    ],
    ..MOUNT
};

/// How far a zone with a file is on the disk.
pub(in crate::modules) const STATE: &[NodeDoc] = &[
    node(
        "",
        "",
        Now,
        "How far the zone is on the disk; absent where it has no file.",
    ),
    node("file", "text", Now, "The path of its file."),
    node("records", "keys", Now, "Keys in it."),
    node(
        "snapshot",
        "date",
        Now,
        "When the newest snapshot was made; null before.",
    ),
    node(
        "synced",
        "date",
        Now,
        "Up to when every change is on the disk; null before.",
    ),
    node("errors", "times", Start, "How often writing has failed."),
];

/// Shows how the memory of zones is used.
pub(in crate::modules) fn mount<T: Holder>(builder: &mut Builder<'_>, entries: &Arc<[Arc<T>]>) {
    let slabs = Named::new(Arc::clone(entries), name, |entry| slabs(entry.zone()));
    builder.tree.mount(SLABS.path, Box::new(slabs));
    let shares = Named::new(Arc::clone(entries), name, |entry| share(&**entry));
    builder.tree.mount(SHARES.path, Box::new(shares));
}

fn name<T: Holder>(entry: &Arc<T>) -> &[u8] {
    entry.name().as_bytes()
}

fn slabs(zone: &Zone) -> Option<Node<'_>> {
    let slabs = zone.slabs()?;
    let pages = Node::object(vec![
        ("used", count(slabs.pages_used)),
        ("free", count(slabs.pages_free)),
    ]);
    let slots = Node::branch(Slots(slabs));
    Some(Node::object(vec![("pages", pages), ("slots", slots)]))
}

/// How full a zone is, and what that has led to.
fn share<T: Holder>(entry: &T) -> Option<Node<'_>> {
    let zone = entry.zone();
    let slabs = zone.slabs()?;
    let slots = slabs.slots_used + slabs.slots_free;
    let (discarded, evicted) = zone.losses();
    let failures = discarded.saturating_sub(evicted) + zone.refused();
    let mut members = vec![
        ("size", count(slabs.bytes)),
        ("fill", Node::from(slabs.slots_used as f64 / slots as f64)),
        ("keys", count(zone.len())),
        ("discarded", count(discarded)),
        ("evictions", count(evicted)),
        ("failures", count(failures)),
    ];
    members.extend(entry.labels().map(|labels| ("labels", labels)));
    Some(Node::object(members))
}

fn count(value: u64) -> Node<'static> {
    Node::Value(Value::Integer(value))
}

/// The slots of a zone, by their size: there is one.
struct Slots(Slabs);

/// The size of slots that Angie's zones have. Scripts written for it watch
/// `/status/slabs/ZONE/slots/128/fails`, so this name is understood as well.
const FOREIGN_SIZE: &[u8] = b"128";

impl Branch for Slots {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let own = self.0.slot_bytes.to_string();
        (name == own.as_bytes() || name == FOREIGN_SIZE).then(|| self.counts())
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        visit(self.0.slot_bytes.to_string().as_bytes(), self.counts())
    }
}

impl Slots {
    fn counts(&self) -> Node<'static> {
        Node::object(vec![
            ("used", count(self.0.slots_used)),
            ("free", count(self.0.slots_free)),
            ("reqs", count(self.0.requests)),
            ("fails", count(self.0.failures)),
        ])
    }
}

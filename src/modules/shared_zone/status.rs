//! What zones show of themselves whatever is in them: their part of `/status/slabs/` and of `/status/angie/self/zones/`.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::Holder;
use crate::http::build::builder::Builder;
use crate::status::{Branch, Named, Node, Value};
use crate::zone::{Slabs, Zone};

/// Shows how the memory of zones is used.
pub(in crate::modules) fn mount<T: Holder>(builder: &mut Builder<'_>, entries: &Arc<[Arc<T>]>) {
    let slabs = Named::new(Arc::clone(entries), name, |entry| slabs(entry.zone()));
    builder.tree.mount(&["status", "slabs"], Box::new(slabs));
    let shares = Named::new(Arc::clone(entries), name, |entry| share(entry.zone()));
    let path = ["status", "angie", "self", "zones"];
    builder.tree.mount(&path, Box::new(shares));
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
fn share(zone: &Zone) -> Option<Node<'_>> {
    let slabs = zone.slabs()?;
    let slots = slabs.slots_used + slabs.slots_free;
    let (discarded, evicted) = zone.losses();
    let failures = discarded.saturating_sub(evicted) + zone.refused();
    Some(Node::object(vec![
        ("size", count(slabs.bytes)),
        ("fill", Node::from(slabs.slots_used as f64 / slots as f64)),
        ("keys", count(zone.len())),
        ("discarded", count(discarded)),
        ("evictions", count(evicted)),
        ("failures", count(failures)),
    ]))
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

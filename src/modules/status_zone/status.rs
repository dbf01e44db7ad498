//! How zones show in the status tree: every entry as if it were a zone.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::layout::Kind;
use super::store::{Counts, Zone};
use crate::http::build::builder::Builder;
use crate::status::{Branch, Node};

/// Shows the zones of a kind.
pub(super) fn mount(builder: &mut Builder<'_>, kind: Kind, zones: Vec<Arc<Zone>>) {
    let section = match kind {
        Kind::Server => "server_zones",
        Kind::Location => "location_zones",
    };
    let entries = Box::new(Entries { kind, zones });
    builder.tree.mount(&["status", "http", section], entries);
}

/// The entries of zones. Of equal names, which different zones may have, the first is shown.
struct Entries {
    kind: Kind,
    zones: Vec<Arc<Zone>>,
}

impl Entries {
    fn node(&self, zone: &Zone, entry: usize) -> Node<'static> {
        let counts = zone.read(entry);
        let mut requests = vec![("total", Node::from(counts.total))];
        if self.kind == Kind::Server {
            requests.push(("processing", Node::from(counts.processing)));
        }
        requests.push(("discarded", Node::from(counts.discarded)));
        let data = vec![
            ("received", Node::from(counts.received)),
            ("sent", Node::from(counts.sent)),
        ];
        let mut members = vec![
            ("requests", Node::object(requests)),
            ("responses", responses(&counts)),
            ("data", Node::object(data)),
        ];
        if zone.is_encrypted {
            members.insert(0, ("ssl", handshakes(&counts)));
        }
        Node::object(members)
    }
}

fn handshakes(counts: &Counts) -> Node<'static> {
    let names = ["handshaked", "reuses", "timedout", "failed"];
    let members = names.into_iter().zip(counts.handshakes.map(Node::from));
    Node::object(members.collect())
}

fn responses(counts: &Counts) -> Node<'static> {
    let member = |(status, count): &(u16, u64)| {
        let name = match status {
            0 => "xxx".to_owned(),
            status => status.to_string(),
        };
        (name, Node::from(*count))
    };
    Node::object(counts.responses.iter().map(member).collect())
}

impl Branch for Entries {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut found = self
            .zones
            .iter()
            .filter_map(|zone| Some((zone, zone.find(name)?)));
        found.next().map(|(zone, entry)| self.node(zone, entry))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut seen = HashSet::new();
        for zone in &self.zones {
            for entry in 0..zone.entries() {
                let key = zone.key(entry);
                if seen.insert(key.clone()) {
                    visit(&key, self.node(zone, entry))?;
                }
            }
        }
        ControlFlow::Continue(())
    }
}

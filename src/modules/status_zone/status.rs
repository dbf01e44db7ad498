//! How zones show in the status tree: every entry as if it were a zone.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::layout::Kind;
use super::store::{Counts, Zone};
use crate::http::build::builder::Builder;
use crate::status::{
    Branch, MOUNT, Mount, Node,
    Since::{Now, Zone as Kept},
    node,
};

/// What the traffic of servers is.
pub(super) static SERVERS: Mount = Mount {
    path: &["status", "http", "server_zones"],
    nodes: &[
        node("", "", Now, "Traffic of servers that have a `status_zone`."),
        node(
            "{zone}",
            "",
            Now,
            "What was counted under a name, or for a key.",
        ),
        node(
            "{zone}/ssl",
            "",
            Now,
            "Handshakes of TLS; absent where no server of the zone is encrypted.",
        ),
        node(
            "{zone}/ssl/handshaked",
            "handshakes",
            Kept,
            "Those that were done.",
        ),
        node(
            "{zone}/ssl/reuses",
            "handshakes",
            Kept,
            "Those of these that took up an earlier session.",
        ),
        node(
            "{zone}/ssl/timedout",
            "handshakes",
            Kept,
            "Those that took too long.",
        ),
        node(
            "{zone}/ssl/failed",
            "handshakes",
            Kept,
            "Those that failed.",
        ),
        node("{zone}/requests", "", Now, "Requests."),
        node(
            "{zone}/requests/total",
            "requests",
            Kept,
            "All that there were, broken ones included.",
        ),
        node(
            "{zone}/requests/processing",
            "requests",
            Now,
            "Those that are under way.",
        ),
        node(
            "{zone}/requests/discarded",
            "requests",
            Kept,
            "Those that ended without a byte of response.",
        ),
        node(
            "{zone}/responses",
            "",
            Now,
            "Responses, by status; those that there were none of are absent.",
        ),
        node(
            "{zone}/responses/{status}",
            "responses",
            Kept,
            "Responses with a status; `xxx` for what is none.",
        ),
        node(
            "{zone}/data",
            "",
            Now,
            "What went over the line, heads included.",
        ),
        node("{zone}/data/received", "bytes", Kept, "From clients."),
        node("{zone}/data/sent", "bytes", Kept, "To clients."),
    ],
    ..MOUNT
};

/// What the traffic of locations is.
pub(super) static LOCATIONS: Mount = Mount {
    path: &["status", "http", "location_zones"],
    nodes: &[
        node(
            "",
            "",
            Now,
            "Traffic of locations that have a `status_zone`, counted where a request ends.",
        ),
        node(
            "{zone}",
            "",
            Now,
            "What was counted under a name, or for a key.",
        ),
        node("{zone}/requests", "", Now, "Requests."),
        node(
            "{zone}/requests/total",
            "requests",
            Kept,
            "All that ended here.",
        ),
        node(
            "{zone}/requests/discarded",
            "requests",
            Kept,
            "Those that ended without a byte of response.",
        ),
        node(
            "{zone}/responses",
            "",
            Now,
            "Responses, by status; those that there were none of are absent.",
        ),
        node(
            "{zone}/responses/{status}",
            "responses",
            Kept,
            "Responses with a status; `xxx` for what is none.",
        ),
        node(
            "{zone}/data",
            "",
            Now,
            "What went over the line, heads included.",
        ),
        node("{zone}/data/received", "bytes", Kept, "From clients."),
        node("{zone}/data/sent", "bytes", Kept, "To clients."),
    ],
    ..MOUNT
};

/// Shows the zones of a kind.
pub(super) fn mount(builder: &mut Builder<'_>, kind: Kind, zones: Vec<Arc<Zone>>) {
    let section = match kind {
        Kind::Server => &SERVERS,
        Kind::Location => &LOCATIONS,
    };
    let entries = Box::new(Entries { kind, zones });
    builder.tree.mount(section.path, entries);
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

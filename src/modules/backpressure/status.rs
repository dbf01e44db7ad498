//! How zones show in the status tree.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::area::Count;
use super::described::STATUS;
use super::kept::Kept;
use super::keyed::{Window, Windows};
use super::signal;
use super::zone::Zone;
use crate::http::build::builder::Builder;
use crate::modules::shared_zone::{self, name as names};
use crate::os;
use crate::status::table::Column;
use crate::status::{Branch, Field, Fields, Named, Node};
use crate::zone::{Cursor, Record};

/// Shows the zones of a configuration.
pub(super) fn mount(builder: &mut Builder<'_>, zones: Vec<Arc<Zone>>) {
    let memory: Arc<[Arc<Kept>]> = zones
        .iter()
        .filter_map(|zone| kept(zone))
        .cloned()
        .collect();
    let branch = Named::new(
        zones,
        |zone: &Arc<Zone>| zone.name.as_bytes(),
        |zone: &Arc<Zone>| Some(Node::branch(Fields::new(Arc::clone(zone), ZONE))),
    );
    builder.tree.mount(STATUS.path, Box::new(branch));
    shared_zone::mount(builder, &memory);
}

/// The memory of a zone that has some beside its word.
fn kept(zone: &Zone) -> Option<&Arc<Kept>> {
    let keyed = zone.keyed.as_ref();
    keyed
        .map(|keyed| &keyed.windows.kept)
        .or(zone.lasting.as_ref())
}

const ZONE: &[Field<Zone>] = &[
    Field {
        name: "min",
        read: |zone| Some(u64::from(zone.rules.min).into()),
    },
    Field {
        name: "max",
        read: |zone| Some(u64::from(zone.rules.max).into()),
    },
    Field {
        name: "window",
        read: |zone| match zone.keyed {
            Some(_) => None,
            None => Some(u64::from(zone.area.state().window).into()),
        },
    },
    Field {
        name: "active",
        read: |zone| match zone.keyed {
            Some(_) => Some(zone.area.in_hand().into()),
            None => Some(u64::from(zone.area.state().active).into()),
        },
    },
    Field {
        name: "allowance",
        read: |zone| Some(zone.verdict(os::monotonic()).allowance.into()),
    },
    Field {
        name: "passed",
        read: |zone| Some(zone.area.counted(Count::Passed).into()),
    },
    Field {
        name: "skipped",
        read: |zone| Some(zone.area.counted(Count::Skipped).into()),
    },
    Field {
        name: "rejected",
        read: |zone| Some(zone.area.counted(Count::Rejected).into()),
    },
    Field {
        name: "exhausted",
        read: |zone| Some(zone.area.counted(Count::Exhausted).into()),
    },
    Field {
        name: "discarded",
        read: |zone| Some(zone.keyed.as_ref()?.windows.discarded().into()),
    },
    Field {
        name: "signals",
        read: |zone| Some(signal::node(&zone.plan, &zone.states, zone.stale)),
    },
    Field {
        name: "state",
        read: |zone| shared_zone::state(&**kept(zone)?),
    },
    Field {
        name: "keys",
        read: |zone| Some(Node::branch(Keys(&zone.keyed.as_ref()?.windows))),
    },
];

/// The windows of a zone's keys.
struct Keys<'a>(&'a Windows<Kept>);

impl Branch for Keys<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let found = self
            .0
            .find(name)
            .or_else(|| self.0.find(&names::read(name)?));
        found.map(|window| node(&window))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let (mut cursor, mut record) = (Cursor::default(), Record::default());
        let mut name = Vec::new();
        while let Some(window) = self.0.next(&mut cursor, &mut record) {
            name.clear();
            record.write_name(&mut name);
            visit(&names::shown(&name[1..]), node(&window))?;
        }
        ControlFlow::Continue(())
    }

    fn places(&self) -> u64 {
        self.0.kept.zone.places()
    }

    fn count(&self) -> u64 {
        self.0.len()
    }

    fn columns(&self) -> Option<Vec<Column>> {
        let columns = [
            ("window", "last"),
            ("active", "last"),
            ("rejected", "count"),
        ];
        Some(columns.map(|(name, mode)| Column::of(name, mode)).into())
    }
}

fn node(window: &Window) -> Node<'static> {
    Node::object(vec![
        ("window", Node::from(u64::from(window.state.window))),
        ("active", Node::from(u64::from(window.state.active))),
        ("rejected", Node::from(window.rejected)),
    ])
}

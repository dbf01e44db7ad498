//! How zones show in the status tree.

use std::sync::Arc;

use super::counts::Count;
use super::zone::Zone;
use crate::http::build::builder::Builder;
use crate::modules::limited::Memory;
use crate::modules::shared_zone;
use crate::status::{
    Field, Fields, MOUNT, Mount, Named, Node,
    Since::{Now, Start},
    node,
};

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "http", "limit_reqs"],
    nodes: &[
        node("", "", Now, "Zones of `limit_req_zone`."),
        node("{zone}", "", Now, "One zone."),
        node(
            "{zone}/passed",
            "requests",
            Start,
            "Requests that went on at once.",
        ),
        node(
            "{zone}/skipped",
            "requests",
            Start,
            "Requests that were not limited: their key was empty, or too long.",
        ),
        node(
            "{zone}/delayed",
            "requests",
            Start,
            "Requests that waited because of this zone.",
        ),
        node(
            "{zone}/rejected",
            "requests",
            Start,
            "Requests that were refused because they came too fast.",
        ),
        node(
            "{zone}/exhausted",
            "requests",
            Start,
            "Requests that were refused because there was no room for their key.",
        ),
    ],
    ..MOUNT
};

/// Shows the zones of a configuration.
pub(super) fn mount(builder: &mut Builder<'_>, zones: Vec<Arc<Zone>>) {
    let memory: Arc<[Arc<Memory>]> = zones.iter().map(|zone| Arc::clone(&zone.memory)).collect();
    let branch = Named::new(
        zones,
        |zone: &Arc<Zone>| zone.name().as_bytes(),
        |zone: &Arc<Zone>| Some(Node::branch(Fields::new(Arc::clone(zone), ZONE))),
    );
    builder.tree.mount(STATUS.path, Box::new(branch));
    shared_zone::mount(builder, &memory);
}

const ZONE: &[Field<Zone>] = &[
    Field {
        name: "passed",
        read: |zone| Some(zone.counts.sum(Count::Passed).into()),
    },
    Field {
        name: "skipped",
        read: |zone| Some(zone.counts.sum(Count::Skipped).into()),
    },
    Field {
        name: "delayed",
        read: |zone| Some(zone.counts.sum(Count::Delayed).into()),
    },
    Field {
        name: "rejected",
        read: |zone| Some(zone.counts.sum(Count::Rejected).into()),
    },
    Field {
        name: "exhausted",
        read: |zone| Some(zone.counts.sum(Count::Exhausted).into()),
    },
];

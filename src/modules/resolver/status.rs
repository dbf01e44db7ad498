//! Resolvers in the status tree: what was asked, and what came back.

use std::ops::ControlFlow;

use crate::http::build::builder::Builder;
use crate::http::upstream::resolver::counts::{Counts, GROUPS};
use crate::status::{
    Branch, MOUNT, Mount, Node,
    Since::{Now, Start},
    node as row,
};

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "resolvers"],
    nodes: &[
        row("", "", Now, "Resolvers with a `status_zone=`."),
        row(
            "{zone}",
            "",
            Now,
            "What was asked, and what came back, by the name of the zone.",
        ),
        row("{zone}/queries", "", Now, "What requests wanted to know."),
        row(
            "{zone}/queries/name",
            "questions",
            Start,
            "Addresses of a name.",
        ),
        row("{zone}/queries/srv", "questions", Start, "Services (SRV)."),
        row(
            "{zone}/queries/addr",
            "questions",
            Start,
            "Names of an address.",
        ),
        row("{zone}/sent", "", Now, "What name servers were asked for."),
        row("{zone}/sent/a", "questions", Start, "IPv4 addresses."),
        row("{zone}/sent/aaaa", "questions", Start, "IPv6 addresses."),
        row("{zone}/sent/srv", "questions", Start, "Services."),
        row("{zone}/sent/ptr", "questions", Start, "Names of addresses."),
        row("{zone}/responses", "", Now, "What they answered."),
        row(
            "{zone}/responses/success",
            "answers",
            Start,
            "What was asked for.",
        ),
        row(
            "{zone}/responses/timedout",
            "questions",
            Start,
            "Nothing in time.",
        ),
        row(
            "{zone}/responses/format_error",
            "answers",
            Start,
            "That the question is malformed.",
        ),
        row(
            "{zone}/responses/server_failure",
            "answers",
            Start,
            "That they failed.",
        ),
        row(
            "{zone}/responses/not_found",
            "answers",
            Start,
            "That there is no such name.",
        ),
        row(
            "{zone}/responses/unimplemented",
            "answers",
            Start,
            "That they do not answer such questions.",
        ),
        row(
            "{zone}/responses/refused",
            "answers",
            Start,
            "That they refuse to answer.",
        ),
        row("{zone}/responses/other", "answers", Start, "Anything else."),
    ],
    ..MOUNT
};

/// Shows the counts of each `status_zone=`.
pub(super) fn mount(builder: &mut Builder<'_>, zones: Vec<(String, Counts)>) {
    if !zones.is_empty() {
        let zones = Box::new(Zones(zones));
        builder.tree.mount(STATUS.path, zones);
    }
}

struct Zones(Vec<(String, Counts)>);

impl Branch for Zones {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut all = self.0.iter();
        let (_, counts) = all.find(|(own, _)| own.as_bytes() == name)?;
        Some(node(counts))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.0
            .iter()
            .try_for_each(|(name, counts)| visit(name.as_bytes(), node(counts)))
    }
}

fn node(counts: &Counts) -> Node<'static> {
    let mut number = 0..;
    let mut group = |names: &[&'static str]| {
        let members = names.iter().zip(&mut number);
        Node::object(
            members
                .map(|(name, number)| (*name, Node::from(counts.value(number))))
                .collect(),
        )
    };
    Node::object(
        GROUPS
            .iter()
            .map(|(name, members)| (*name, group(members)))
            .collect(),
    )
}

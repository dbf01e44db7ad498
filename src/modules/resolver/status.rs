//! Resolvers in the status tree: what was asked, and what came back.

use std::ops::ControlFlow;

use crate::http::build::builder::Builder;
use crate::http::upstream::resolver::counts::{Counts, GROUPS};
use crate::status::{Branch, Node};

/// Shows the counts of each `status_zone=`.
pub(super) fn mount(builder: &mut Builder<'_>, zones: Vec<(String, Counts)>) {
    if !zones.is_empty() {
        let zones = Box::new(Zones(zones));
        builder.tree.mount(&["status", "resolvers"], zones);
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

//! What is known of all upstreams while a configuration is loaded.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::attempts::Attempts;
use super::group::Group;
use crate::http::builder::Builder;
use crate::http::state::StateIndex;

/// Groups by name, and what every `proxy_pass` needs.
#[derive(Default)]
pub(super) struct Registry {
    named: HashMap<String, Arc<Group>>,
    /// Groups of servers that only a `proxy_pass` names.
    unnamed: HashMap<String, Arc<Group>>,
    zoned: Vec<Arc<Group>>,
    /// Names of upstreams that could not be built.
    broken: HashSet<String>,
    groups: u64,
    state: Option<StateIndex<Attempts>>,
    /// Whether a variable asks for a field of a peer's response.
    pub(super) keeps_fields: Arc<AtomicBool>,
}

impl Registry {
    /// The `upstream` of this name.
    pub(super) fn group(&self, name: &str) -> Option<&Arc<Group>> {
        self.named.get(&name.to_ascii_lowercase())
    }

    /// All of them.
    pub(super) fn groups(&self) -> HashMap<String, Arc<Group>> {
        self.named.clone()
    }

    /// Those whose counts are shared, in order.
    pub(super) fn zoned(&self) -> &[Arc<Group>] {
        &self.zoned
    }

    /// Adds an `upstream`.
    pub(super) fn add(&mut self, group: Arc<Group>, zoned: bool) {
        if zoned {
            self.zoned.push(Arc::clone(&group));
        }
        self.named.insert(group.name.to_ascii_lowercase(), group);
    }

    /// Takes note of an `upstream` with errors, so that no host is looked up in its place.
    pub(super) fn add_broken(&mut self, name: &str) {
        self.broken.insert(name.to_ascii_lowercase());
    }

    /// Whether there is an `upstream` of this name, with errors.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(&name.to_ascii_lowercase())
    }

    /// The group of a server that has no `upstream`.
    pub(super) fn unnamed(&self, name: &str) -> Option<Arc<Group>> {
        self.unnamed.get(name).cloned()
    }

    /// Keeps such a group, for the next `proxy_pass` that names its server.
    pub(super) fn add_unnamed(&mut self, name: &str, group: &Arc<Group>) {
        self.unnamed.insert(name.to_owned(), Arc::clone(group));
    }

    /// A number that no other group has.
    pub(super) fn next_number(&mut self) -> u64 {
        self.groups += 1;
        self.groups
    }

    /// The place of attempts in a request.
    pub(super) fn state(builder: &mut Builder<'_>) -> StateIndex<Attempts> {
        if let Some(state) = builder.thing::<Self>().state {
            return state;
        }
        let state = builder.state();
        builder.thing::<Self>().state = Some(state);
        state
    }
}

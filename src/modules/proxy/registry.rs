//! What is known of all upstreams while a configuration is loaded.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use parking_lot::Mutex;

use super::attempts::Attempts;
use super::changing::Upstream;
use super::group::Group;
use crate::http::build::builder::Builder;
use crate::http::plan::state::StateIndex;
use crate::modules::address::Endpoint;

/// Groups by name, and what every `proxy_pass` needs.
#[derive(Default)]
pub(super) struct Registry {
    named: HashMap<String, Upstream>,
    implicit: Arc<Implicit>,
    zoned: Vec<Upstream>,
    /// Names of upstreams that could not be built.
    broken: HashSet<String>,
    state: Option<StateIndex<Attempts>>,
    /// Whether a variable asks for a field of a peer's response.
    pub(super) keeps_fields: Arc<AtomicBool>,
}

/// Upstreams whose counts each worker has for itself, so that the status tree does not show them.
pub(in crate::modules) struct Hidden {
    /// What they are called.
    pub(in crate::modules) names: Vec<String>,
    /// Whether no upstream is shown.
    pub(in crate::modules) are_all: bool,
}

/// Groups of servers that only a `proxy_pass` names, by host and port. All are there once the
/// configuration is loaded; a `proxy_pass` with variables finds them, too.
#[derive(Debug, Default)]
pub(super) struct Implicit(Mutex<HashMap<String, Arc<Group>>>);

impl Implicit {
    /// The group of a server.
    pub(super) fn get(&self, server: &Endpoint, default_port: u16) -> Option<Arc<Group>> {
        self.0.lock().get(&server.identity(default_port)).cloned()
    }

    /// Keeps it.
    pub(super) fn add(&self, server: &Endpoint, default_port: u16, group: &Arc<Group>) {
        let mut groups = self.0.lock();
        groups.insert(server.identity(default_port), Arc::clone(group));
    }
}

/// That of HTTP.
pub(super) const DEFAULT_PORT: u16 = 80;
/// That of HTTP in TLS.
pub(super) const HTTPS_PORT: u16 = 443;

impl Registry {
    /// The `upstream` of this name.
    pub(super) fn group(&self, name: &str) -> Option<&Upstream> {
        self.named.get(&name.to_ascii_lowercase())
    }

    /// All of them.
    pub(super) fn groups(&self) -> HashMap<String, Upstream> {
        self.named.clone()
    }

    /// Those whose counts are shared, in order.
    pub(super) fn zoned(&self) -> &[Upstream] {
        &self.zoned
    }

    /// Those that the status tree does not show.
    pub(super) fn hidden(&self) -> Hidden {
        let groups = self.named.values().map(Upstream::now);
        let hidden = groups.filter(|group| group.zone.is_none());
        let mut names: Vec<String> = hidden.map(|group| group.name.clone()).collect();
        names.sort_unstable();
        Hidden {
            names,
            are_all: self.zoned.is_empty(),
        }
    }

    /// Adds an `upstream`.
    pub(super) fn add(&mut self, name: &str, members: Upstream, zoned: bool) {
        if zoned {
            self.zoned.push(members.clone());
        }
        self.named.insert(name.to_ascii_lowercase(), members);
    }

    /// Takes note of an `upstream` with errors, so that no host is looked up in its place.
    pub(super) fn add_broken(&mut self, name: &str) {
        self.broken.insert(name.to_ascii_lowercase());
    }

    /// Whether there is an `upstream` of this name, with errors.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(&name.to_ascii_lowercase())
    }

    /// The groups of servers that only a `proxy_pass` names.
    pub(super) fn implicit(&self) -> &Arc<Implicit> {
        &self.implicit
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

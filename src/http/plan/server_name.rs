//! Which server of an address takes a request: exact names, then the longest `*.x`, then the
//! longest `x.*`, then patterns in the order of the file, then the default server.

use super::pattern::Pattern;
use super::quick_hash::QuickMap;
use crate::http::course::request::Request;

/// Index of a server in its runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerIndex(pub(in crate::http) u32);

/// The names of the servers behind one address.
pub struct ServerNames {
    default: ServerIndex,
    exact: QuickMap<Vec<u8>, ServerIndex>,
    suffixes: Vec<(Vec<u8>, ServerIndex)>,
    prefixes: Vec<(Vec<u8>, ServerIndex)>,
    patterns: Vec<(Pattern, ServerIndex)>,
}

impl ServerNames {
    /// Names behind an address whose default server is `default`.
    pub fn new(default: ServerIndex) -> Self {
        Self {
            default,
            exact: QuickMap::default(),
            suffixes: Vec::new(),
            prefixes: Vec::new(),
            patterns: Vec::new(),
        }
    }

    /// The server for requests that name no other.
    pub fn default(&self) -> ServerIndex {
        self.default
    }

    /// Makes `server` the default one.
    pub fn set_default(&mut self, server: ServerIndex) {
        self.default = server;
    }

    /// Adds a name, exact or with a wildcard; false when another server has it already.
    pub fn add(&mut self, name: &str, server: ServerIndex) -> bool {
        let name = name.to_ascii_lowercase().into_bytes();
        if let Some(domain) = name.strip_prefix(b".") {
            let fresh = self.exact.insert(domain.to_vec(), server).is_none();
            return insert_longest_first(&mut self.suffixes, name, server) && fresh;
        }
        if let Some(suffix) = name.strip_prefix(b"*") {
            return insert_longest_first(&mut self.suffixes, suffix.to_vec(), server);
        }
        if let Some(prefix) = name.strip_suffix(b"*") {
            return insert_longest_first(&mut self.prefixes, prefix.to_vec(), server);
        }
        match self.exact.entry(name) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(server);
                true
            }
        }
    }

    /// Adds a pattern.
    pub fn add_pattern(&mut self, pattern: Pattern, server: ServerIndex) {
        self.patterns.push((pattern, server));
    }

    /// The server for a host, which is lower-case and without a port.
    pub fn find(&self, request: &mut Request, host: &[u8]) -> ServerIndex {
        if let Some(server) = self.find_named(host) {
            return server;
        }
        let mut patterns = self.patterns_for(host).iter();
        let pattern = patterns.find(|(pattern, _)| pattern.matches(request, host));
        pattern.map_or(self.default, |(_, server)| *server)
    }

    /// The same before there is a request.
    pub fn find_quietly(&self, host: &[u8]) -> ServerIndex {
        let pattern = || {
            let mut patterns = self.patterns_for(host).iter();
            let found = patterns.find(|(pattern, _)| pattern.is_match(host));
            found.map(|(_, server)| *server)
        };
        self.find_named(host)
            .or_else(pattern)
            .unwrap_or(self.default)
    }

    /// Patterns are for requests that name a host.
    fn patterns_for(&self, host: &[u8]) -> &[(Pattern, ServerIndex)] {
        match host {
            b"" => &[],
            _ => &self.patterns,
        }
    }

    fn find_named(&self, host: &[u8]) -> Option<ServerIndex> {
        if let Some(server) = self.exact.get(host) {
            return Some(*server);
        }
        let longer = |name: &[u8]| host.len() > name.len();
        if let Some((_, server)) = self
            .suffixes
            .iter()
            .find(|(name, _)| longer(name) && host.ends_with(name))
        {
            return Some(*server);
        }
        self.prefixes
            .iter()
            .find(|(name, _)| longer(name) && host.starts_with(name))
            .map(|(_, server)| *server)
    }
}

fn insert_longest_first(
    names: &mut Vec<(Vec<u8>, ServerIndex)>,
    name: Vec<u8>,
    server: ServerIndex,
) -> bool {
    if names.iter().any(|(own, _)| *own == name) {
        return false;
    }
    let place = names.partition_point(|(own, _)| own.len() > name.len());
    names.insert(place, (name, server));
    true
}

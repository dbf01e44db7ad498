//! What a configuration has become: ready to serve, never changed again.
//!
//! A worker serves one generation of the configuration and then ends, so its runtime lives as
//! long as the process and requests borrow it for good.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::chore::Chore;
use super::counters::Connections;
use super::http2_counters::Http2Counters;
use super::location::{Location, LocationIndex, Locations};
use super::phase::{PhaseHandler, RewriteStep};
use super::provision::Provision;
use super::server_name::{ServerIndex, ServerNames};
use super::settings::ConnectionSettings;
use super::variable::Variables;
use crate::http::course::client_certificate::Clients;
use crate::http::course::encryption::Terms;
use crate::http::plan::handshakes::HandshakeCounter;
use crate::status::Tree;

/// Everything a worker needs to serve.
pub struct Runtime {
    /// Where to listen, and for whom.
    pub listeners: Vec<Listener>,
    /// Every server.
    pub servers: Vec<Server>,
    /// Every location, of all servers and levels.
    pub locations: Vec<Location>,
    /// Every variable that the configuration mentions.
    pub variables: Variables,
    /// How many kinds of state features keep with a request.
    pub states: usize,
    /// The status tree.
    pub tree: Tree,
    /// Counts of connections.
    pub connections: Arc<Connections>,
    /// Counts of HTTP/2 with clients.
    pub http2: Arc<Http2Counters>,
    /// What is done beside requests.
    pub chores: Vec<Box<dyn Chore>>,
    /// What a check of the configuration (`-t`) tells beside problems, a line each.
    pub notes: Vec<String>,
    /// What is to be told once there is a log.
    pub told: Vec<(log::Level, String)>,
    /// When the configuration was loaded.
    pub loaded: SystemTime,
    /// What every worker does now and then.
    pub worker_chores: Vec<Box<dyn Chore>>,
    /// What the master sees to.
    pub provisions: Vec<Box<dyn Provision>>,
}

/// A server block.
pub struct Server {
    /// The first `server_name`.
    pub name: String,
    /// Values needed before a location is known.
    pub settings: ConnectionSettings,
    /// Run before a location is looked for.
    pub rewrite: Box<[Box<dyn RewriteStep>]>,
    /// Run when a request of this server begins, and after it ended (`status_zone`).
    pub begin: Box<[Box<dyn PhaseHandler>]>,
    /// See `begin`.
    pub finally: Box<[Box<dyn PhaseHandler>]>,
    /// Its locations.
    pub locations: Locations,
    /// Stands for the server itself, for requests that reach no location.
    pub own: LocationIndex,
    /// How it encrypts; `None` when it has no certificate.
    pub encryption: Option<Terms>,
    /// What it wants of the certificates of clients; `None` when it asks for none.
    pub clients: Option<Arc<Clients>>,
    /// Told of each handshake that ended.
    pub handshakes: Box<[Box<dyn HandshakeCounter>]>,
}

/// An address and the servers behind it.
pub struct Listener {
    /// Where.
    pub address: Address,
    /// How long the queue of connections may be.
    pub backlog: i32,
    /// Which server takes a request.
    pub names: ServerNames,
    /// Whether its connections are to be encrypted.
    pub encrypted: bool,
    /// Whether HTTP/2 is spoken, whatever its servers say.
    pub http2: bool,
    /// Whether its connections begin with a header of the PROXY protocol.
    pub proxied: bool,
}

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// TCP.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl std::fmt::Display for Address {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(out, "{address}"),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

impl Runtime {
    /// The location of this index.
    pub fn location(&self, index: LocationIndex) -> &Location {
        &self.locations[index.0 as usize]
    }

    /// The server of this index.
    pub fn server(&self, index: ServerIndex) -> &Server {
        &self.servers[index.0 as usize]
    }
}

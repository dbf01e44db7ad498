//! A server while modules build it.

use std::sync::Arc;

use crate::http::course::client_certificate::Clients;
use crate::http::course::encryption::Terms;
use crate::http::plan::handshakes::HandshakeCounter;
use crate::http::plan::phase::{PhaseHandler, RewriteStep};
#[cfg(doc)]
use crate::http::plan::runtime::Server;

/// A server while it is built.
#[derive(Default)]
pub struct ServerParts {
    /// See [`Server`].
    pub rewrite: Vec<Box<dyn RewriteStep>>,
    /// See [`Server`].
    pub begin: Vec<Box<dyn PhaseHandler>>,
    /// See [`Server`].
    pub finally: Vec<Box<dyn PhaseHandler>>,
    /// See [`Server`].
    pub encryption: Option<Terms>,
    /// See [`Server`].
    pub clients: Option<Arc<Clients>>,
    /// See [`Server`].
    pub handshakes: Vec<Box<dyn HandshakeCounter>>,
}

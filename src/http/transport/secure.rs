//! Encrypted connections to peers: on which terms, under which name, and the handshake.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use pingora_core::protocols::Stream;
use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::{CertificateError, ClientConfig, Error, InvalidMessage};
use rustls_pki_types::ServerName;

use super::encrypted::Encrypted;
use super::received::Received;
use crate::conf::reason;

/// What holds for the encrypted connections of several locations: protocols, whom they trust, who they are.
#[derive(Debug)]
pub struct PeerTerms {
    config: Arc<ClientConfig>,
    /// Whether the name of a peer must be that of its certificate.
    verifies: bool,
    /// The same with the sessions of each peer, unless none are taken up again.
    by_peer: Option<Mutex<HashMap<Box<str>, Arc<ClientConfig>>>>,
}

/// Sessions of more peers than this are not remembered.
const MAX_PEERS: usize = 1024;
/// So many sessions of a peer are.
const SESSIONS: usize = 32;

/// How a connection to a peer is encrypted.
#[derive(Clone, Debug)]
pub struct Secure {
    /// The terms.
    pub terms: Arc<PeerTerms>,
    /// The name that the peer is asked for, and that its certificate must have if it is verified;
    /// `None` for one that no certificate can have.
    pub name: Option<ServerName<'static>>,
}

impl PartialEq for Secure {
    /// Whether what one made may be used by the other.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.terms, &other.terms) && self.name == other.name
    }
}

/// Whether a connection that was made like one is what the other asks for.
pub(super) fn is_same(one: Option<&Arc<Secure>>, other: Option<&Arc<Secure>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
        _ => false,
    }
}

impl PeerTerms {
    /// Terms of a configuration for rustls; whether it `verifies` the names of peers, and whether sessions are taken up
    /// again.
    pub fn new(mut config: ClientConfig, verifies: bool, resumes: bool) -> Self {
        config.resumption = Resumption::disabled();
        Self {
            config: Arc::new(config),
            verifies,
            by_peer: resumes.then(Mutex::default),
        }
    }

    fn of_peer(&self, peer: &str) -> Arc<ClientConfig> {
        let Some(by_peer) = &self.by_peer else {
            return Arc::clone(&self.config);
        };
        let mut by_peer = by_peer.lock();
        if let Some(config) = by_peer.get(peer) {
            return Arc::clone(config);
        }
        if by_peer.len() >= MAX_PEERS {
            return Arc::clone(&self.config);
        }
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        let config = Arc::new(config);
        by_peer.insert(peer.into(), Arc::clone(&config));
        config
    }
}

impl Secure {
    /// Encrypts a fresh connection to the peer of this address.
    ///
    /// # Errors
    /// When the peer is not what the terms ask for, or the connection fails.
    pub async fn begin(&self, stream: Stream, peer: &str) -> io::Result<Stream> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None if self.terms.verifies => return Err(io::Error::other(NAMELESS)),
            // Peers are never told an address.
            None => ServerName::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        };
        let side = UnbufferedClientConnection::new(self.terms.of_peer(peer), name);
        let side = side.map_err(io::Error::other)?;
        let stream = Encrypted::begin(side, stream, Received::default()).await?;
        Ok(Box::new(stream))
    }
}

/// Why a handshake failed.
pub fn sentence(error: &io::Error) -> String {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    let why = match of_tls {
        // Whoever refuses a certificate has said so in a sentence.
        Some(Error::InvalidCertificate(CertificateError::Other(refusal))) => {
            return refusal.0.to_string();
        }
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "the peer does not speak TLS".to_owned()
        }
        Some(Error::AlertReceived(alert)) => format!("the peer refused: {alert:?}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            return "peer closed connection in SSL handshake".to_owned();
        }
        None if error.raw_os_error().is_some() => reason(error),
        _ => error.to_string(),
    };
    format!("SSL_do_handshake() failed ({why})")
}

const NAMELESS: &str = "no certificate can have the name that \"proxy_ssl_name\" says";

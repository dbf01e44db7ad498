//! An encrypted connection of a client: on which terms, and what was agreed on.

use std::fmt;
use std::sync::Arc;

use rustls::server::ClientHello;
use rustls::sign::CertifiedKey;
use rustls::{
    CipherSuite, CommonState, HandshakeKind, NamedGroup, ProtocolVersion, ServerConfig,
    SignatureAlgorithm,
};

use super::client_certificate::{ClientCertificate, Clients};
use super::request::Request;

/// What a server does with handshakes.
#[derive(Clone, Debug)]
pub enum Terms {
    /// They are carried out.
    Accept(Offers),
    /// They are carried out as each is found to need it.
    Choose(Arc<dyn Choose>),
    /// They are refused: the server has no name for anybody.
    Refuse,
}

/// Finds out how a handshake is carried out.
pub trait Choose: fmt::Debug + Send + Sync {
    /// How, for a client of which only this is known.
    ///
    /// # Errors
    /// What is missing, as a line for the log.
    fn choose(&self, request: &mut Request) -> Result<Offers, String>;
}

/// The same terms for clients that are offered HTTP/2 as well, and for others.
#[derive(Clone, Debug)]
pub struct Offers {
    http1: Arc<ServerConfig>,
    http2: Arc<ServerConfig>,
}

impl Offers {
    /// Both have sessions and certificates in common.
    pub fn new(mut config: ServerConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
        let mut http2 = config.clone();
        http2.alpn_protocols.insert(0, b"h2".to_vec());
        Self {
            http1: Arc::new(config),
            http2: Arc::new(http2),
        }
    }

    /// The terms that a client is offered.
    pub fn config(&self, with_http2: bool) -> &Arc<ServerConfig> {
        match with_http2 {
            true => &self.http2,
            false => &self.http1,
        }
    }
}

/// Whether and how a connection is encrypted.
#[derive(Clone, Debug, Default)]
pub enum Encryption {
    /// It is not, and was not meant to be.
    #[default]
    None,
    /// The client spoke plain HTTP where it should not have.
    Missing,
    /// It is.
    On(Arc<Agreed>),
}

impl Encryption {
    /// What was agreed on; `None` on a connection that is not encrypted.
    pub fn agreed(&self) -> Option<&Agreed> {
        match self {
            Self::On(agreed) => Some(agreed),
            Self::None | Self::Missing => None,
        }
    }

    /// Whether it is encrypted.
    pub fn is_on(&self) -> bool {
        self.agreed().is_some()
    }
}

/// What a handshake came to.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// As `TLSv1.3`.
    pub protocol: &'static str,
    /// As OpenSSL calls it.
    pub cipher: &'static str,
    /// The kind of the key of our certificate, as `ECDSA`.
    pub certificate: &'static str,
    /// The name that the client asked for, in lower case.
    pub server_name: Option<String>,
    /// Whether an earlier session was taken up.
    pub resumed: bool,
    /// What the client and we agreed to speak, as `http/1.1`.
    pub application: Option<Vec<u8>>,
    /// The group that keys were agreed on in; `None` where an earlier session did without.
    pub group: Option<NamedGroup>,
    /// What the client could have spoken.
    pub offer: Offer,
    /// The certificate of the client.
    pub client: Option<ClientCertificate>,
    /// Whose wishes the client's certificate was judged by.
    pub judged_by: Option<Arc<Clients>>,
}

/// What a client could have spoken, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Cipher suites.
    pub ciphers: Box<[CipherSuite]>,
    /// Groups to agree on keys in.
    pub groups: Box<[NamedGroup]>,
}

impl Offer {
    /// What a client says in the beginning.
    pub(in crate::http) fn of(hello: &ClientHello<'_>) -> Self {
        Self {
            ciphers: hello.cipher_suites().into(),
            groups: hello.named_groups().unwrap_or_default().into(),
        }
    }
}

impl Agreed {
    /// What is known when a handshake came to nothing.
    pub(in crate::http) fn asked_for(server_name: Option<String>) -> Self {
        Self {
            protocol: "",
            cipher: "",
            certificate: "",
            server_name,
            resumed: false,
            application: None,
            group: None,
            offer: Offer::default(),
            client: None,
            judged_by: None,
        }
    }

    /// What a handshake came to in which the certificate of `key` was shown to a client that asked for this name
    /// and offered this.
    pub(in crate::http) fn of(
        connection: &CommonState,
        key: Option<&CertifiedKey>,
        server_name: Option<String>,
        offer: Offer,
    ) -> Self {
        let suite = connection.negotiated_cipher_suite();
        let cipher = suite.map_or("", |suite| cipher_name(suite.suite()));
        Self {
            protocol: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                _ => "",
            },
            cipher,
            certificate: certificate_kind(cipher, key),
            server_name,
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            application: connection.alpn_protocol().map(<[u8]>::to_vec),
            group: connection
                .negotiated_key_exchange_group()
                .map(|group| group.name()),
            offer,
            client: None,
            judged_by: None,
        }
    }

    /// Notes the client's certificate, as the server that it asked for thinks of it.
    pub(in crate::http) fn meet(
        &mut self,
        connection: &CommonState,
        clients: Option<&Arc<Clients>>,
    ) {
        let Some(clients) = clients else {
            return;
        };
        let chain = connection.peer_certificates().unwrap_or_default();
        self.client = clients.meet(chain);
        self.judged_by = Some(Arc::clone(clients));
    }
}

/// The kind of the certificate that was shown: the one that was chosen by what the client said, but
/// for old protocols, whose cipher suites have a say in it.
fn certificate_kind(cipher: &str, chosen: Option<&CertifiedKey>) -> &'static str {
    let chosen = chosen.map_or("unknown", |chosen| match chosen.key.algorithm() {
        SignatureAlgorithm::RSA => "RSA",
        SignatureAlgorithm::DSA => "DSA",
        SignatureAlgorithm::ECDSA => "ECDSA",
        SignatureAlgorithm::ED25519 => "ED25519",
        SignatureAlgorithm::ED448 => "ED448",
        _ => "unknown",
    });
    match chosen {
        _ if cipher.starts_with("ECDHE-RSA") => "RSA",
        "RSA" if cipher.starts_with("ECDHE-ECDSA") => "ECDSA",
        chosen => chosen,
    }
}

/// What OpenSSL calls a cipher suite.
pub fn cipher_name(suite: CipherSuite) -> &'static str {
    use CipherSuite as S;
    match suite {
        S::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        S::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        S::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-ECDSA-CHACHA20-POLY1305",
        S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        S::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        S::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        other => other.as_str().unwrap_or(""),
    }
}

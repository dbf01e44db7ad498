//! An encrypted connection: what was agreed on, and the stream that the rest of the server reads.
//!
//! Bytes are counted, limited and lent above it, as those of any connection; whoever asks for the
//! socket underneath is answered by it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use rustls::{CipherSuite, HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::server::TlsStream;

/// What a server does with handshakes.
#[derive(Clone, Debug)]
pub enum Terms {
    /// They are carried out.
    Accept(Arc<ServerConfig>),
    /// They are refused: the server has no name for anybody.
    Refuse,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// As `TLSv1.3`.
    pub protocol: &'static str,
    /// As OpenSSL calls it.
    pub cipher: &'static str,
    /// The name that the client asked for, in lower case.
    pub server_name: Option<String>,
    /// Whether an earlier session was taken up.
    pub resumed: bool,
    /// What the client and we agreed to speak, as `http/1.1`.
    pub application: Option<Vec<u8>>,
}

impl Agreed {
    fn of(connection: &ServerConnection) -> Self {
        let suite = connection.negotiated_cipher_suite();
        Self {
            protocol: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                _ => "",
            },
            cipher: suite.map_or("", |suite| cipher_name(suite.suite())),
            server_name: connection.server_name().map(str::to_ascii_lowercase),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            application: connection.alpn_protocol().map(<[u8]>::to_vec),
        }
    }
}

fn cipher_name(suite: CipherSuite) -> &'static str {
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

/// The stream of an encrypted connection.
#[derive(Debug)]
pub(super) struct Encrypted(TlsStream<Stream>);

impl Encrypted {
    /// Takes a connection whose handshake is done.
    pub(super) fn new(stream: TlsStream<Stream>) -> (Self, Agreed) {
        let agreed = Agreed::of(stream.get_ref().1);
        (Self(stream), agreed)
    }

    fn below(&self) -> &Stream {
        self.0.get_ref().0
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let stream = &mut self.get_mut().0;
        let read = Pin::new(&mut *stream).poll_read(task, out);
        if stream.get_ref().1.wants_write() {
            // What was read may ask for an answer of its own: a refused renegotiation, a fresh key.
            // That it could not be sent shows at the next write.
            let _ = Pin::new(stream).poll_flush(task);
        }
        read
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(task, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(task)
    }
}

#[async_trait]
impl Shutdown for Encrypted {
    /// The client is told that nothing more comes, unless it does not even take that.
    async fn shutdown(&mut self) {
        let _ = tokio::time::timeout(FAREWELL, AsyncWriteExt::shutdown(&mut self.0)).await;
    }
}

/// So long a client may take to receive the last record.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

impl UniqueID for Encrypted {
    fn id(&self) -> UniqueIDType {
        self.below().id()
    }
}

impl Ssl for Encrypted {}

impl GetTimingDigest for Encrypted {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.below().get_timing_digest()
    }
}

impl GetProxyDigest for Encrypted {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.below().get_proxy_digest()
    }
}

impl GetSocketDigest for Encrypted {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.below().get_socket_digest()
    }
}

#[async_trait]
impl Peek for Encrypted {}

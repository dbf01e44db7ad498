//! The certificates of clients: whether a server asks for them, what is thought of one, and which requests may
//! pass.
//!
//! A handshake ends well whatever a client shows, if it has the key. What is wrong with a certificate is told by
//! the answers to its requests, and by a variable.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};

use super::circumstances::Circumstances;
use super::encryption::Encryption;
use super::request::Request;

/// What a server wants of the certificates of clients.
#[derive(Debug)]
pub struct Clients {
    /// Whom it lets in.
    pub demand: Demand,
    /// Who says what is wrong with a certificate.
    pub judge: Box<dyn Judge>,
}

/// Which clients a server lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Those with a certificate that is believed.
    Required,
    /// Those too that have none.
    Optional,
    /// Those too whose certificate comes from nobody who is known here.
    AnyIssuer,
}

/// Judges the certificates of clients.
pub trait Judge: fmt::Debug + Send + Sync {
    /// Whether this certificate, with those that were sent along, is believed now.
    ///
    /// # Errors
    /// What is wrong with it.
    fn judge(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Distrust>;
}

/// Why a certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distrust {
    /// The reason in OpenSSL's words.
    pub reason: String,
    /// The same with OpenSSL's number before it.
    pub numbered: String,
    /// Whether all that is wrong is that nobody here knows who issued it.
    pub is_about_issuer: bool,
}

/// The certificate that a client has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate.
    pub own: CertificateDer<'static>,
    /// What is thought of it.
    pub verdict: Result<(), Distrust>,
}

impl Clients {
    /// What is thought of the certificates of a client, the first of which is its own.
    pub(in crate::http) fn meet(
        &self,
        chain: &[CertificateDer<'static>],
    ) -> Option<ClientCertificate> {
        let (own, others) = chain.split_first()?;
        Some(ClientCertificate {
            own: own.clone(),
            verdict: self.judge.judge(own, others, UnixTime::now()),
        })
    }
}

/// The status for a request that must not pass, since its connection is not what its server asks for.
pub fn objection(request: &Request) -> Option<u16> {
    let agreed = match &request.connection.encryption {
        Encryption::None => return None,
        Encryption::Missing => return Some(PLAIN),
        Encryption::On(agreed) => agreed,
    };
    let clients = request.server.clients.as_ref()?;
    // Who asked for a server by name was judged by that one, and by no other.
    let is_judged = match &agreed.server_name {
        Some(name) => name.as_bytes() == request.host,
        None => agreed
            .judged_by
            .as_ref()
            .is_some_and(|by| Arc::ptr_eq(by, clients)),
    };
    if !is_judged {
        tell(
            request,
            "client attempted to request the server name different from the one that was negotiated",
        );
        return Some(MISDIRECTED);
    }
    match &agreed.client {
        None if clients.demand == Demand::Required => {
            tell(request, "client sent no required SSL certificate");
            Some(NO_CERTIFICATE)
        }
        Some(ClientCertificate {
            verdict: Err(distrust),
            ..
        }) if clients.demand != Demand::AnyIssuer || !distrust.is_about_issuer => {
            let reason = &distrust.numbered;
            tell(
                request,
                &format!("client SSL certificate verify error: ({reason})"),
            );
            Some(BAD_CERTIFICATE)
        }
        _ => None,
    }
}

fn tell(request: &Request, what: &str) {
    log::info!("{what}{}", Circumstances(request));
}

const MISDIRECTED: u16 = 421;
const BAD_CERTIFICATE: u16 = 495;
const NO_CERTIFICATE: u16 = 496;
const PLAIN: u16 = 497;

//! What rustls asks about the certificates of peers.

use std::sync::Arc;

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::{CertificateError, Error, OtherError};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::name;
use crate::modules::tls::inspect;
use crate::modules::tls::trust::{Refusal, Trust, signatures};

/// Judges the certificates of peers.
#[derive(Debug)]
pub(in crate::modules) struct Verifier {
    pub(in crate::modules) algorithms: WebPkiSupportedAlgorithms,
    /// `None` where any certificate will do.
    pub(in crate::modules) trust: Option<Trust>,
}

/// Why a peer is refused, as a sentence for the log.
#[derive(Debug, thiserror::Error)]
enum Objection {
    #[error("upstream SSL certificate does not match \"{0}\"")]
    Name(String),
    #[error("upstream SSL certificate verify error: ({0})")]
    Certificate(Refusal),
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(trust) = &self.trust {
            let checked = trust.check(certificate, others, now);
            checked.map_err(Objection::Certificate)?;
            let parsed = inspect::parse(certificate);
            let parsed = parsed.ok_or(Objection::Certificate(Refusal::MALFORMED))?;
            if !name::fits(certificate, &parsed, name) {
                return Err(Objection::Name(name.to_str().into_owned()).into());
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    signatures::check_signatures!();
}

impl From<Objection> for Error {
    fn from(objection: Objection) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(objection))))
    }
}

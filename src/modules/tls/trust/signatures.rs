//! Whether the other side has the key of the certificate that it shows, which is asked whatever certificates
//! are believed.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::{CertificateError, DigitallySignedStruct, Error};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use webpki::RawPublicKeyEntity;

use crate::modules::tls::inspect;

/// What rustls asks of those who judge certificates, the same on both sides: which signatures there are, and whether
/// one is right. The algorithms are those of `self.algorithms`.
macro_rules! check_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &rustls_pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            signatures::verify_tls_1_2(&self.algorithms, message, certificate, signature)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &rustls_pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            signatures::verify_tls_1_3(&self.algorithms, message, certificate, signature)
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            self.algorithms.supported_schemes()
        }
    };
}
pub(in crate::modules) use check_signatures;

/// Checks a signature of TLS 1.2.
pub(in crate::modules) fn verify_tls_1_2(
    algorithms: &WebPkiSupportedAlgorithms,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let key = key(certificate)?;
    let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
    let known = algorithms.mapping.iter();
    let mut algorithms = known
        .filter(|(scheme, _)| *scheme == signature.scheme)
        .flat_map(|(_, algorithms)| *algorithms);
    let bytes = signature.signature();
    match algorithms.any(|one| key.verify_signature(*one, message, bytes).is_ok()) {
        true => Ok(HandshakeSignatureValid::assertion()),
        false => Err(CertificateError::BadSignature.into()),
    }
}

/// Checks a signature of TLS 1.3.
pub(in crate::modules) fn verify_tls_1_3(
    algorithms: &WebPkiSupportedAlgorithms,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let key = key(certificate)?;
    verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
}

/// The key in a certificate. webpki does not read those of version 1, which openssl makes where nothing
/// asks for extensions.
fn key(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let key = inspect::public_key(certificate);
    Ok(key.ok_or(CertificateError::BadEncoding)?.into())
}

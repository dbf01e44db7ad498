//! What a certificate says about itself.

use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// A certificate as people speak of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) subject: Name,
    pub(super) issuer: Name,
    /// Names and addresses that it is good for.
    pub(super) alternatives: Vec<String>,
    /// Seconds since 1970.
    pub(super) since: i64,
    /// Seconds since 1970.
    pub(super) until: i64,
    /// Kind and size of its key.
    pub(super) key: String,
}

/// Who somebody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) common_name: Option<String>,
    pub(super) country: Option<String>,
    pub(super) state_or_province: Option<String>,
    pub(super) organization: Option<String>,
}

/// The public key in a certificate, in DER; `None` when it is malformed.
pub(in crate::modules) fn public_key(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    parse(certificate).map(|parsed| parsed.public_key().raw.to_vec())
}

/// What a certificate says; `None` when it is malformed.
pub(super) fn about(certificate: &CertificateDer<'_>) -> Option<About> {
    let parsed = parse(certificate)?;
    let alternatives = parsed.subject_alternative_name().ok().flatten();
    let alternatives = alternatives.map(|one| &one.value.general_names);
    Some(About {
        subject: name(parsed.subject()),
        issuer: name(parsed.issuer()),
        alternatives: alternatives
            .into_iter()
            .flatten()
            .filter_map(alternative)
            .collect(),
        since: parsed.validity().not_before.timestamp(),
        until: parsed.validity().not_after.timestamp(),
        key: key(&parsed),
    })
}

/// A certificate, taken apart; `None` when it is malformed.
pub(in crate::modules) fn parse<'a>(
    certificate: &'a CertificateDer<'_>,
) -> Option<X509Certificate<'a>> {
    let (rest, parsed) = X509Certificate::from_der(certificate).ok()?;
    rest.is_empty().then_some(parsed)
}

fn name(name: &X509Name<'_>) -> Name {
    let text = |one: &AttributeTypeAndValue<'_>| one.as_str().ok().map(str::to_owned);
    Name {
        common_name: name.iter_common_name().find_map(text),
        country: name.iter_country().find_map(text),
        state_or_province: name.iter_state_or_province().find_map(text),
        organization: name.iter_organization().find_map(text),
    }
}

fn alternative(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<std::net::IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(Into::into),
        _ => <[u8; 16]>::try_from(bytes).ok().map(Into::into),
    }
}

fn key(certificate: &X509Certificate<'_>) -> String {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA ({} bits)", key.key_size()),
        Ok(PublicKey::EC(point)) => format!("ECDSA ({} bits)", point.key_size()),
        _ if certificate.public_key().algorithm.algorithm.to_id_string() == ED_25519 => {
            "Ed25519".to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

const ED_25519: &str = "1.3.101.112";

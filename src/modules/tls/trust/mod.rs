//! Whose certificates are believed: those of peers, and those of clients.

pub(in crate::modules) mod files;
mod refusal;
pub(in crate::modules) mod signatures;

use std::cell::Cell;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::inspect;
pub(in crate::modules) use refusal::Refusal;

/// Files of trusted certificates and of revoked ones, and how long chains may be.
#[derive(Debug)]
pub(in crate::modules) struct Trust {
    /// What the other side is, and its certificate has to be good for.
    pub(in crate::modules) role: Role,
    /// The certificates of the files, each of which is believed itself.
    certificates: Vec<CertificateDer<'static>>,
    /// What those of them can issue that are authorities.
    anchors: Vec<TrustAnchor<'static>>,
    /// How many certificates may stand between that of the other side and a trusted one.
    depth: usize,
    /// Lists of revoked certificates, as webpki reads them and as they are written.
    lists: Vec<(CertRevocationList<'static>, Vec<u8>)>,
}

/// What a certificate is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) enum Role {
    /// That of a server.
    Server,
    /// That of a client.
    Client,
}

impl Trust {
    /// Nobody is believed yet.
    pub(in crate::modules) fn new(role: Role, depth: u64) -> Self {
        Self {
            role,
            certificates: Vec::new(),
            anchors: Vec::new(),
            depth: usize::try_from(depth).unwrap_or(usize::MAX),
            lists: Vec::new(),
        }
    }

    /// Whether this certificate, with those that were sent along, is believed now.
    pub(in crate::modules) fn check(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Refusal> {
        let parsed = inspect::parse(certificate).ok_or(Refusal::MALFORMED)?;
        match self.certificates.contains(certificate) {
            true => self.check_itself(&parsed, now),
            false => self
                .check_chain(certificate, others, now)
                .map_err(|error| match error {
                    // Somebody of the same name may be trusted.
                    Error::UnknownIssuer
                    | Error::CaUsedAsEndEntity
                    | Error::InvalidSignatureForPublicKey
                        if parsed.issuer() == parsed.subject() =>
                    {
                        Refusal::SELF_SIGNED
                    }
                    error => Refusal::of(&error),
                }),
        }
    }

    /// A certificate that stands in the file needs no issuer. Those that people make for one server are
    /// authorities by openssl's default, which webpki takes for nobody's own.
    fn check_itself(
        &self,
        certificate: &X509Certificate<'_>,
        now: UnixTime,
    ) -> Result<(), Refusal> {
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if seconds < certificate.validity().not_before.timestamp() {
            return Err(Refusal::EARLY);
        }
        if seconds > certificate.validity().not_after.timestamp() {
            return Err(Refusal::EXPIRED);
        }
        let usage = certificate.extended_key_usage();
        let usage = usage.map_err(|_| Refusal::MALFORMED)?;
        let is_fit = usage.is_none_or(|usage| {
            let usage = usage.value;
            usage.any
                || match self.role {
                    Role::Server => usage.server_auth,
                    Role::Client => usage.client_auth,
                }
        });
        if !is_fit {
            return Err(Refusal::PURPOSE);
        }
        match self.lists.is_empty() {
            true => Ok(()),
            false => self.check_lists(certificate, seconds),
        }
    }

    fn check_lists(&self, certificate: &X509Certificate<'_>, now: i64) -> Result<(), Refusal> {
        let mut found = Err(Refusal::NO_LIST);
        for (_, list) in &self.lists {
            let Ok((_, list)) = CertificateRevocationList::from_der(list) else {
                continue;
            };
            if list.issuer().as_raw() != certificate.issuer().as_raw() {
                continue;
            }
            let serial = certificate.raw_serial();
            let mut revoked = list.iter_revoked_certificates();
            if revoked.any(|revoked| revoked.raw_serial() == serial) {
                return Err(Refusal::REVOKED);
            }
            let is_old = |until: i64| until < now;
            found = match list.next_update() {
                Some(until) if is_old(until.timestamp()) && found.is_err() => {
                    Err(Refusal::OLD_LIST)
                }
                Some(until) if is_old(until.timestamp()) => found,
                _ => Ok(()),
            };
        }
        found
    }

    /// From a certificate over its issuers to one in the file.
    fn check_chain(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let leaf = EndEntityCert::try_from(certificate)?;
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let is_too_long = Cell::new(false);
        let measure = |path: &VerifiedPath<'_>| {
            if path.intermediate_certificates().count() <= self.depth {
                return Ok(());
            }
            is_too_long.set(true);
            Err(Error::MaximumPathDepthExceeded)
        };
        let lists: Vec<&CertRevocationList<'_>> = self.lists.iter().map(|(list, _)| list).collect();
        let found = leaf.verify_for_usage(
            algorithms.all,
            &self.anchors,
            others,
            now,
            match self.role {
                Role::Server => KeyUsage::server_auth(),
                Role::Client => KeyUsage::client_auth(),
            },
            revocation(&lists),
            Some(&measure),
        );
        match found {
            Ok(_) => Ok(()),
            Err(_) if is_too_long.get() => Err(Error::MaximumPathDepthExceeded),
            Err(error) => Err(error),
        }
    }
}

/// Every certificate of a chain must be in nobody's list, and each issuer must have one.
fn revocation<'a>(lists: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let options = RevocationOptionsBuilder::new(lists).ok()?;
    Some(
        options
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(UnknownStatusPolicy::Deny)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build(),
    )
}

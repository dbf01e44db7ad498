//! Why a certificate is refused, in OpenSSL's numbers and words.

use webpki::Error;

/// Why a certificate is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::modules) enum Refusal {
    /// For what OpenSSL has a number.
    #[error("{0}:{1}")]
    Known(u32, &'static str),
    /// For what it has none.
    #[error("{0}")]
    Other(String),
}

impl Refusal {
    /// The reason without its number.
    pub(in crate::modules) fn reason(&self) -> String {
        match self {
            Self::Known(_, reason) => (*reason).to_owned(),
            Self::Other(reason) => reason.clone(),
        }
    }

    /// Whether all that is wrong with it is that nobody here knows who issued it.
    pub(in crate::modules) fn is_about_issuer(&self) -> bool {
        *self == Self::ISSUER || *self == Self::SELF_SIGNED
    }

    pub(super) const NO_LIST: Self = Self::Known(3, "unable to get certificate CRL");
    pub(super) const EARLY: Self = Self::Known(9, "certificate is not yet valid");
    pub(super) const EXPIRED: Self = Self::Known(10, "certificate has expired");
    pub(super) const OLD_LIST: Self = Self::Known(12, "CRL has expired");
    pub(super) const SELF_SIGNED: Self = Self::Known(18, "self-signed certificate");
    pub(super) const ISSUER: Self = Self::Known(20, "unable to get local issuer certificate");
    pub(super) const CHAIN_LENGTH: Self = Self::Known(22, "certificate chain too long");
    pub(super) const REVOKED: Self = Self::Known(23, "certificate revoked");
    pub(super) const PURPOSE: Self = Self::Known(26, "unsuitable certificate purpose");
    pub(in crate::modules) const MALFORMED: Self = Self::Known(13, "malformed certificate");
    const SIGNATURE: Self = Self::Known(7, "certificate signature failure");
    const LIST_SIGNATURE: Self = Self::Known(8, "CRL signature failure");
    const NO_AUTHORITY: Self = Self::Known(79, "invalid CA certificate");
    const PATH_LENGTH: Self = Self::Known(25, "path length constraint exceeded");
    const NAME_CONSTRAINT: Self = Self::Known(47, "permitted subtree violation");

    /// What webpki objects to.
    pub(in crate::modules) fn of(error: &Error) -> Self {
        match error {
            Error::CertExpired { .. } | Error::InvalidCertValidity => Self::EXPIRED,
            Error::CertNotValidYet { .. } => Self::EARLY,
            Error::CertRevoked => Self::REVOKED,
            Error::UnknownRevocationStatus => Self::NO_LIST,
            Error::CrlExpired { .. } => Self::OLD_LIST,
            Error::UnknownIssuer => Self::ISSUER,
            Error::MaximumPathDepthExceeded => Self::CHAIN_LENGTH,
            Error::RequiredEkuNotFoundContext(_) => Self::PURPOSE,
            Error::InvalidSignatureForPublicKey => Self::SIGNATURE,
            Error::InvalidCrlSignatureForPublicKey => Self::LIST_SIGNATURE,
            Error::EndEntityUsedAsCa => Self::NO_AUTHORITY,
            Error::PathLenConstraintViolated => Self::PATH_LENGTH,
            Error::NameConstraintViolation => Self::NAME_CONSTRAINT,
            Error::CaUsedAsEndEntity => Self::Other(AUTHORITY.to_owned()),
            Error::UnsupportedCertVersion => Self::Other(OLD.to_owned()),
            error => Self::Other(error.to_string()),
        }
    }
}

const AUTHORITY: &str = "the certificate is that of an authority; one that itself stands in the \
                         file of trusted certificates is accepted";

const OLD: &str = "a certificate is not of version 3; one that itself stands in the file of trusted \
                   certificates is accepted";

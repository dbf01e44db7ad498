//! Signatures by pairs of keys, as tokens have them: RSA with either padding, and ECDSA. By `ring`.

use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Decode as _, Reader as _, SliceReader};
use pkcs8::{ObjectIdentifier, SubjectPublicKeyInfoRef};
use ring::agreement;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey};

use super::digest::Algorithm;

/// How a signature is made by a pair of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
    /// RSA-PSS, whose salt is as long as the hash.
    Pss,
    /// ECDSA, whose signature is the two numbers behind each other.
    Ecdsa,
}

/// A curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
}

/// One key of a pair.
#[derive(Clone)]
pub(super) enum Half {
    RsaPublic {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    EcPublic {
        curve: Curve,
        point: Vec<u8>,
    },
    /// As PKCS#8.
    RsaPrivate(Vec<u8>),
    /// As PKCS#8.
    EcPrivate {
        curve: Curve,
        key: Vec<u8>,
    },
}

/// What is wrong with a key, or with what is asked of it.
pub(super) type Problem = &'static str;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

const MALFORMED: Problem = "the key is malformed, or of another kind";
const NO_HASH: Problem = "this hash is not implemented for signatures by this kind of key";

impl Scheme {
    /// The scheme of a name as `crypto.subtle` has it.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "RSASSA-PKCS1-v1_5" => Self::Pkcs1,
            "RSA-PSS" => Self::Pss,
            "ECDSA" => Self::Ecdsa,
            _ => return None,
        })
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pkcs1 => "RSASSA-PKCS1-v1_5",
            Self::Pss => "RSA-PSS",
            Self::Ecdsa => "ECDSA",
        }
    }
}

impl Curve {
    /// The curve of a name as `crypto.subtle` has it.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            _ => None,
        }
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// How many bytes a number has.
    fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    fn signing(self) -> &'static signature::EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        }
    }

    /// Whether it is used with this hash.
    fn goes_with(self, hash: Algorithm) -> bool {
        matches!(
            (self, hash),
            (Self::P256, Algorithm::Sha256) | (Self::P384, Algorithm::Sha384)
        )
    }
}

impl Half {
    /// A public key of RSA, by its numbers.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, Problem> {
        let shown = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number[zeros..].to_vec()
        };
        let (n, e) = (shown(n), shown(e));
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        match (2048..=8192).contains(&bits) && (1..=8).contains(&e.len()) {
            true => Ok(Self::RsaPublic { n, e }),
            false => Err("a key of RSA must have 2048 to 8192 bits"),
        }
    }

    /// A public key of ECDSA, by its point that is not compressed.
    pub(super) fn point(curve: Curve, point: &[u8]) -> Result<Self, Problem> {
        let is_whole = point.len() == 1 + 2 * curve.length() && point[0] == 4;
        let point = point.to_vec();
        match is_whole && is_on(curve, &point) {
            true => Ok(Self::EcPublic { curve, point }),
            false => Err(MALFORMED),
        }
    }

    /// A public key as certificates have it.
    pub(super) fn of_spki(curve: Option<Curve>, der: &[u8]) -> Result<Self, Problem> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| MALFORMED)?;
        let bytes = info.subject_public_key.as_bytes().ok_or(MALFORMED)?;
        match curve {
            None if info.algorithm.oid == RSA => {
                let (n, e) = rsa_numbers(bytes).map_err(|_| MALFORMED)?;
                Self::rsa(n, e)
            }
            Some(curve) if info.algorithm.oid == EC => {
                let own = info.algorithm.parameters_oid().map_err(|_| MALFORMED)?;
                let named = match curve {
                    Curve::P256 => P256,
                    Curve::P384 => P384,
                };
                match own == named {
                    true => Self::point(curve, bytes),
                    false => Err("the key is of another curve"),
                }
            }
            _ => Err(MALFORMED),
        }
    }

    /// A private key as files have it.
    pub(super) fn of_pkcs8(curve: Option<Curve>, der: &[u8]) -> Result<Self, Problem> {
        let half = match curve {
            None => Self::RsaPrivate(der.to_vec()),
            Some(curve) => {
                let key = der.to_vec();
                Self::EcPrivate { curve, key }
            }
        };
        match &half {
            Self::EcPrivate { curve, key } => {
                EcdsaKeyPair::from_pkcs8(curve.signing(), key, &SystemRandom::new()).map(drop)
            }
            _ => RsaKeyPair::from_pkcs8(der).map(drop),
        }
        .map_err(|_| MALFORMED)?;
        Ok(half)
    }

    /// Whether it is the key that signs.
    pub(super) fn is_private(&self) -> bool {
        matches!(self, Self::RsaPrivate(_) | Self::EcPrivate { .. })
    }

    /// Its curve, if it has one.
    pub(super) fn curve(&self) -> Option<Curve> {
        match self {
            Self::EcPublic { curve, .. } | Self::EcPrivate { curve, .. } => Some(*curve),
            _ => None,
        }
    }

    /// The signature of data.
    pub(super) fn sign(
        &self,
        scheme: Scheme,
        hash: Algorithm,
        data: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        let random = SystemRandom::new();
        match self {
            Self::RsaPrivate(key) => {
                let key = RsaKeyPair::from_pkcs8(key).map_err(|_| MALFORMED)?;
                let encoding = rsa_signing(scheme, hash).ok_or(NO_HASH)?;
                let mut signature = vec![0; key.public().modulus_len()];
                let signed = key.sign(encoding, &random, data, &mut signature);
                signed.map_err(|_| "the key cannot sign")?;
                Ok(signature)
            }
            Self::EcPrivate { curve, key } if curve.goes_with(hash) => {
                let key = EcdsaKeyPair::from_pkcs8(curve.signing(), key, &random);
                let signed = key.map_err(|_| MALFORMED)?.sign(&random, data);
                Ok(signed.map_err(|_| "the key cannot sign")?.as_ref().to_vec())
            }
            Self::EcPrivate { .. } => Err(NO_HASH),
            _ => Err("a public key cannot sign"),
        }
    }

    /// Whether a signature is that of data.
    pub(super) fn verify(
        &self,
        scheme: Scheme,
        hash: Algorithm,
        data: &[u8],
        signature: &[u8],
    ) -> Result<bool, Problem> {
        match self {
            Self::RsaPublic { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                let verifying = rsa_verifying(scheme, hash).ok_or(NO_HASH)?;
                Ok(key.verify(verifying, data, signature).is_ok())
            }
            Self::EcPublic { curve, point } if curve.goes_with(hash) => {
                let verifying: &dyn signature::VerificationAlgorithm = match curve {
                    Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
                };
                let key = UnparsedPublicKey::new(verifying, point);
                Ok(key.verify(data, signature).is_ok())
            }
            Self::EcPublic { .. } => Err(NO_HASH),
            _ => Err("a private key cannot verify"),
        }
    }
}

/// Whether a point is on a curve, which is asked where a secret would be agreed on with its owner.
fn is_on(curve: Curve, point: &[u8]) -> bool {
    let algorithm = match curve {
        Curve::P256 => &agreement::ECDH_P256,
        Curve::P384 => &agreement::ECDH_P384,
    };
    let own = agreement::EphemeralPrivateKey::generate(algorithm, &SystemRandom::new());
    own.is_ok_and(|own| {
        let other = agreement::UnparsedPublicKey::new(algorithm, point);
        agreement::agree_ephemeral(own, &other, |_| ()).is_ok()
    })
}

fn rsa_numbers(der: &[u8]) -> pkcs8::der::Result<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(der)?;
    let numbers = reader.sequence(|reader| {
        let n: UintRef<'_> = reader.decode()?;
        let e: UintRef<'_> = reader.decode()?;
        Ok((n.as_bytes(), e.as_bytes()))
    })?;
    reader.finish(numbers)
}

fn rsa_signing(scheme: Scheme, hash: Algorithm) -> Option<&'static dyn signature::RsaEncoding> {
    Some(match (scheme, hash) {
        (Scheme::Pkcs1, Algorithm::Sha256) => &signature::RSA_PKCS1_SHA256,
        (Scheme::Pkcs1, Algorithm::Sha384) => &signature::RSA_PKCS1_SHA384,
        (Scheme::Pkcs1, Algorithm::Sha512) => &signature::RSA_PKCS1_SHA512,
        (Scheme::Pss, Algorithm::Sha256) => &signature::RSA_PSS_SHA256,
        (Scheme::Pss, Algorithm::Sha384) => &signature::RSA_PSS_SHA384,
        (Scheme::Pss, Algorithm::Sha512) => &signature::RSA_PSS_SHA512,
        _ => return None,
    })
}

fn rsa_verifying(scheme: Scheme, hash: Algorithm) -> Option<&'static signature::RsaParameters> {
    Some(match (scheme, hash) {
        (Scheme::Pkcs1, Algorithm::Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Scheme::Pkcs1, Algorithm::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Scheme::Pkcs1, Algorithm::Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Scheme::Pss, Algorithm::Sha256) => &signature::RSA_PSS_2048_8192_SHA256,
        (Scheme::Pss, Algorithm::Sha384) => &signature::RSA_PSS_2048_8192_SHA384,
        (Scheme::Pss, Algorithm::Sha512) => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

//! A certificate and its key: reading them, and which of several a client gets.
//!
//! A pair in use is replaced as a whole, so a handshake sees the old one or the new one.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::inspect;
use super::passwords;

/// A certificate with its key, and the files they come from.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    current: RwLock<Option<Arc<CertifiedKey>>>,
}

/// What is wrong with a pair.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::modules) enum Fault {
    /// Something about the certificate.
    Certificate(&'static str),
    /// Something about the key.
    Key(&'static str),
    /// They are not of one kind.
    Mismatch,
}

impl Pair {
    /// A pair of these files; `None` when they are still to be made.
    pub(super) fn new(certificate: PathBuf, key: PathBuf, current: Option<CertifiedKey>) -> Self {
        Self {
            certificate,
            key,
            current: RwLock::new(current.map(Arc::new)),
        }
    }

    /// What clients get.
    pub(super) fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.current.read().clone()
    }

    /// Takes up another certificate for the same key; false when it is the one there is.
    pub(super) fn take_up(&self, certificate: &[u8]) -> Result<bool, Fault> {
        let Some(current) = self.current() else {
            return Ok(false);
        };
        let chain = chain(certificate)?;
        if chain == current.cert {
            return Ok(false);
        }
        let fresh = fitting(chain, Arc::clone(&current.key))?;
        *self.current.write() = Some(Arc::new(fresh));
        Ok(true)
    }
}

/// Reads a pair in PEM; one of the passwords may open its key.
pub(in crate::modules) fn read(
    certificate: &[u8],
    key: &[u8],
    passwords: &[Vec<u8>],
) -> Result<CertifiedKey, Fault> {
    let chain = chain(certificate)?;
    fitting(chain, private_key(key, passwords)?)
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let mut chain = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| Fault::Certificate("it is not valid PEM"))?;
        if inspect::public_key(&certificate).is_none() {
            return Err(Fault::Certificate("a certificate in it is malformed"));
        }
        chain.push(certificate);
    }
    match chain.is_empty() {
        true => Err(Fault::Certificate("there is no certificate in it")),
        false => Ok(chain),
    }
}

fn private_key(pem: &[u8], passwords: &[Vec<u8>]) -> Result<Arc<dyn SigningKey>, Fault> {
    if pem.windows(16).any(|word| word == b"Proc-Type: 4,ENC") {
        return Err(Fault::Key(ENCRYPTED));
    }
    let key = match PrivateKeyDer::from_pem_slice(pem) {
        Ok(key) => key,
        Err(error) => match (passwords::open(pem, passwords), error) {
            (Some(opened), _) => opened?,
            (None, rustls_pki_types::pem::Error::NoItemsFound) => {
                return Err(Fault::Key("there is no private key in it"));
            }
            (None, _) => return Err(Fault::Key("it is not valid PEM")),
        },
    };
    let provider = ring::default_provider().key_provider;
    provider.load_private_key(key).map_err(|_| {
        Fault::Key("it is neither RSA (from 2048 bits), ECDSA (P-256, P-384) nor Ed25519")
    })
}

const ENCRYPTED: &str = "it is encrypted in an old form, which is not supported: \"openssl pkcs8 -topk8\" makes a \
                         new one";

fn fitting(
    chain: Vec<CertificateDer<'static>>,
    key: Arc<dyn SigningKey>,
) -> Result<CertifiedKey, Fault> {
    let certified = chain.first().and_then(inspect::public_key);
    let own = key.public_key();
    // A kind of key that does not tell its public part cannot be compared.
    let differs = own.is_some_and(|own| Some(&*own) != certified.as_deref());
    match differs {
        true => Err(Fault::Mismatch),
        false => Ok(CertifiedKey::new(chain, key)),
    }
}

/// The pairs of a server, in the order of the file.
#[derive(Debug)]
pub(super) struct Offered(pub(super) Vec<Arc<Pair>>);

impl ResolvesServerCert for Offered {
    /// The first that the client can verify. If there is none, the first: the handshake then fails
    /// because there is no cipher, and says so.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let all = || self.0.iter().filter_map(|pair| pair.current());
        let schemes = hello.signature_schemes();
        all()
            .find(|pair| pair.key.choose_scheme(schemes).is_some())
            .or_else(|| all().next())
    }
}

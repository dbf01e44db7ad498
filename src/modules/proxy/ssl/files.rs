//! Reading what settings of TLS to peers name: certificates, keys, lists of revoked ones.

use std::path::{Path, PathBuf};

use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use webpki::{OwnedCertRevocationList, anchor_from_trusted_cert};

use super::directives::File;
use super::trust::Trust;
use crate::conf::{Diagnostic, reason};
use crate::http::build::builder::Builder;
use crate::modules::tls::inspect;
use crate::modules::tls::pair::{self, Fault};

/// The certificates that are believed.
pub(super) fn trust(
    builder: &mut Builder<'_>,
    path: &Path,
    file: &File,
    depth: usize,
) -> Result<Trust, Diagnostic> {
    let what = "trusted certificate";
    let content = read(builder, path, file, what)?;
    let wrong = |problem: &str| refused(path, file, what, problem);
    let mut trust = Trust {
        certificates: Vec::new(),
        anchors: Vec::new(),
        depth,
        lists: Vec::new(),
    };
    for certificate in CertificateDer::pem_slice_iter(&content) {
        let certificate = certificate.map_err(|_| wrong("it is not valid PEM"))?;
        if inspect::parse(&certificate).is_none() {
            return Err(wrong("a certificate in it is malformed"));
        }
        // One that cannot be an issuer may still be that of a peer itself.
        if let Ok(anchor) = anchor_from_trusted_cert(&certificate) {
            trust.anchors.push(anchor.to_owned());
        }
        trust.certificates.push(certificate);
    }
    match trust.certificates.is_empty() {
        true => Err(wrong("there is no certificate in it")),
        false => Ok(trust),
    }
}

/// Adds lists of revoked certificates.
pub(super) fn add_lists(
    builder: &mut Builder<'_>,
    path: &Path,
    file: &File,
    mut trust: Trust,
) -> Result<Trust, Diagnostic> {
    let what = "CRL";
    let content = read(builder, path, file, what)?;
    let wrong = |problem: &str| refused(path, file, what, problem);
    for list in CertificateRevocationListDer::pem_slice_iter(&content) {
        let list = list.map_err(|_| wrong("it is not valid PEM"))?;
        let known = OwnedCertRevocationList::from_der(&list);
        let known =
            known.map_err(|error| wrong(&format!("a list in it cannot be used: {error}")))?;
        trust.lists.push((known.into(), list.to_vec()));
    }
    match trust.lists.is_empty() {
        true => Err(wrong("there is no list of revoked certificates in it")),
        false => Ok(trust),
    }
}

/// The certificate that peers are shown, with its key.
pub(super) fn pair(
    builder: &mut Builder<'_>,
    (certificate, key): &(PathBuf, PathBuf),
    (own, other): (&File, &File),
) -> Result<CertifiedKey, Diagnostic> {
    let (what, what_key) = ("certificate", "certificate key");
    let content = read(builder, certificate, own, what)?;
    let key_content = read(builder, key, other, what_key)?;
    pair::read(&content, &key_content).map_err(|fault| match fault {
        Fault::Certificate(problem) => refused(certificate, own, what, problem),
        Fault::Key(problem) => refused(key, other, what_key, problem),
        Fault::Mismatch => {
            let (key, own) = (key.display(), certificate.display());
            let message = format!("the key \"{key}\" does not belong to the certificate \"{own}\"");
            Diagnostic::error(other.span, message)
        }
    })
}

fn read(
    builder: &mut Builder<'_>,
    path: &Path,
    file: &File,
    what: &str,
) -> Result<Vec<u8>, Diagnostic> {
    let content = builder.files.read(path);
    content.map_err(|error| {
        let message = format!(
            "cannot load {what} \"{}\" ({})",
            path.display(),
            reason(&error)
        );
        Diagnostic::error(file.span, message)
    })
}

fn refused(path: &Path, file: &File, what: &str, problem: &str) -> Diagnostic {
    let message = format!("cannot load {what} \"{}\": {problem}", path.display());
    Diagnostic::error(file.span, message)
}

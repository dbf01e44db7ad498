//! Reading the files that say whose certificates are believed.

use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use webpki::{OwnedCertRevocationList, anchor_from_trusted_cert};

use super::Trust;
use crate::conf::{Diagnostic, Span, Statement, reason};
use crate::http::build::builder::Builder;
use crate::modules::tls::inspect;

/// A file that is named.
#[derive(Clone, Debug)]
pub(in crate::modules) struct File {
    pub(in crate::modules) path: String,
    /// Where it is written.
    pub(in crate::modules) span: Span,
}

impl File {
    /// The file that a statement of one argument names.
    pub(in crate::modules) fn of(statement: &Statement<'_>) -> Result<Self, Diagnostic> {
        let file = Self::or_none(statement)?;
        file.ok_or_else(|| {
            let name = &statement.directive.name.text;
            statement.error(1, format!("no file in \"{name}\""))
        })
    }

    /// The same; `None` for an empty name.
    pub(in crate::modules) fn or_none(
        statement: &Statement<'_>,
    ) -> Result<Option<Self>, Diagnostic> {
        let text = statement.text(1);
        let scheme = ["engine:", "data:", "store:"]
            .into_iter()
            .find(|scheme| text.starts_with(scheme));
        if let Some(scheme) = scheme {
            let message = format!("\"{scheme}\" is not supported in \"{text}\"");
            return Err(statement.error(1, message).with_help("expected a file"));
        }
        if text.contains('$') {
            let message = format!("variables are not supported in \"{text}\"");
            return Err(statement.error(1, message).with_help("expected a file"));
        }
        let span = statement.word(1).span;
        let path = text.to_owned();
        Ok((!path.is_empty()).then_some(Self { path, span }))
    }
}

/// A file and where it is found.
pub(in crate::modules) type Placed<'a> = (PathBuf, &'a File);

impl Trust {
    /// Believes the certificates of a file and whom they issue others for. They are returned.
    pub(in crate::modules) fn add_certificates(
        &mut self,
        builder: &mut Builder<'_>,
        (path, file): &Placed<'_>,
        what: &str,
    ) -> Result<Vec<CertificateDer<'static>>, Diagnostic> {
        let content = read(builder, path, file, what)?;
        let wrong = |problem: &str| refused(path, file, what, problem);
        let mut added = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(&content) {
            let certificate = certificate.map_err(|_| wrong("it is not valid PEM"))?;
            if inspect::parse(&certificate).is_none() {
                return Err(wrong("a certificate in it is malformed"));
            }
            // One that cannot be an issuer may still be that of the other side itself.
            if let Ok(anchor) = anchor_from_trusted_cert(&certificate) {
                self.anchors.push(anchor.to_owned());
            }
            added.push(certificate);
        }
        if added.is_empty() {
            return Err(wrong("there is no certificate in it"));
        }
        self.certificates.extend_from_slice(&added);
        Ok(added)
    }

    /// Adds lists of revoked certificates.
    pub(in crate::modules) fn add_lists(
        &mut self,
        builder: &mut Builder<'_>,
        (path, file): &Placed<'_>,
    ) -> Result<(), Diagnostic> {
        let what = "CRL";
        let content = read(builder, path, file, what)?;
        let wrong = |problem: &str| refused(path, file, what, problem);
        let before = self.lists.len();
        for list in CertificateRevocationListDer::pem_slice_iter(&content) {
            let list = list.map_err(|_| wrong("it is not valid PEM"))?;
            let known = OwnedCertRevocationList::from_der(&list);
            let known =
                known.map_err(|error| wrong(&format!("a list in it cannot be used: {error}")))?;
            self.lists.push((known.into(), list.to_vec()));
        }
        match self.lists.len() > before {
            true => Ok(()),
            false => Err(wrong("there is no list of revoked certificates in it")),
        }
    }
}

/// The content of a file that a setting names.
pub(in crate::modules) fn read(
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

/// What is wrong with a file's content.
pub(in crate::modules) fn refused(
    path: &Path,
    file: &File,
    what: &str,
    problem: &str,
) -> Diagnostic {
    let message = format!("cannot load {what} \"{}\": {problem}", path.display());
    Diagnostic::error(file.span, message)
}

//! The certificate that is shown to peers, and its key: always the same, or named by each request.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::directives::{Certificate, Key, PasswordFile};
use crate::conf::{Diagnostic, Statement};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::transport::secure::PeerTerms;
use crate::modules::family::{Family, Levels};
use crate::modules::tls::named::{Files, Part, Remembered};
use crate::modules::tls::pair::{self, Fault};
use crate::modules::tls::passwords;
use crate::modules::tls::trust::files::{File, read, refused};
use crate::modules::tls::{self};

/// A half of a pair as it is written; `None` for an empty name.
pub(super) fn half(statement: &Statement<'_>) -> Result<Option<tls::Written>, Diagnostic> {
    let text = statement.text(1);
    if text.is_empty() {
        return Ok(None);
    }
    let mut others = ["engine:", "store:", "selfsigned:"].into_iter();
    if let Some(other) = others.find(|one| text.starts_with(one)) {
        let message = format!("\"{other}\" is not supported in \"{text}\"");
        let help = "expected a file, or \"data:\" and what would be in it";
        return Err(statement.error(1, message).with_help(help));
    }
    tls::Written::of(statement).map(Some)
}

/// What is always the same of a pair, to find terms with the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fixed {
    /// Where both halves are.
    Files(PathBuf, PathBuf),
    /// What they are, at least one of them.
    Data(tls::Written, tls::Written),
}

/// The certificate that peers are shown, and its key, as they are written.
pub(super) fn written<'a, F: Family>(
    levels: &Levels<'_, 'a, F>,
) -> Result<Option<(&'a tls::Written, &'a tls::Written)>, Diagnostic> {
    let Some(Certificate(Some(certificate))) = levels.nearest() else {
        return Ok(None);
    };
    let Some(Key(Some(key))) = levels.nearest() else {
        let message = format!(
            "no \"{}_ssl_certificate_key\" is defined for certificate \"{}\"",
            F::PREFIX,
            certificate.path
        );
        return Err(Diagnostic::error(certificate.span, message));
    };
    Ok(Some((certificate, key)))
}

/// A pair without variables; `None` where requests name it.
pub(super) fn fixed(
    builder: &Builder<'_>,
    (certificate, key): (&tls::Written, &tls::Written),
) -> Option<Fixed> {
    if certificate.text.is_some() || key.text.is_some() {
        return None;
    }
    Some(match certificate.is_data || key.is_data {
        true => Fixed::Data(certificate.clone(), key.clone()),
        false => Fixed::Files(builder.beside(&certificate.path), builder.beside(&key.path)),
    })
}

/// Reads a pair without variables.
pub(super) fn load<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
    (certificate, key): (&tls::Written, &tls::Written),
) -> Result<CertifiedKey, Diagnostic> {
    let passwords = levels.nearest().map(|PasswordFile(file)| file);
    let passwords = passwords::of(builder, passwords)?;
    let (what, what_key) = ("certificate", "certificate key");
    let (path, file, content) = content(builder, certificate, what)?;
    let (key_path, key_file, key_content) = self::content(builder, key, what_key)?;
    pair::read(&content, &key_content, &passwords).map_err(|fault| match fault {
        Fault::Certificate(problem) => refused(&path, &file, what, problem),
        Fault::Key(problem) => refused(&key_path, &key_file, what_key, problem),
        Fault::Mismatch => {
            let (key, own) = (key_path.display(), path.display());
            let message = format!("the key \"{key}\" does not belong to the certificate \"{own}\"");
            Diagnostic::error(key_file.span, message)
        }
    })
}

fn content(
    builder: &mut Builder<'_>,
    written: &tls::Written,
    what: &str,
) -> Result<(PathBuf, File, Vec<u8>), Diagnostic> {
    let file = File {
        path: written.path.clone(),
        span: written.span,
    };
    if written.is_data {
        return Ok(("data:".into(), file, written.path.clone().into_bytes()));
    }
    let path = builder.beside(&written.path);
    let content = read(builder, &path, &file, what)?;
    Ok((path, file, content))
}

/// A pair that requests name, and terms with it.
pub(super) struct Named {
    /// What else holds.
    base: ClientConfig,
    verifies: bool,
    resumes: bool,
    parts: [Part; 2],
    files: Files,
    known: Remembered<Arc<PeerTerms>>,
}

impl Named {
    /// What is written for a location.
    pub(super) fn of<F: Family>(
        builder: &mut Builder<'_>,
        levels: &Levels<'_, '_, F>,
        base: (ClientConfig, bool, bool),
        (certificate, key): (&tls::Written, &tls::Written),
    ) -> Result<Self, Diagnostic> {
        let file = levels.nearest().map(|PasswordFile(file)| file);
        let passwords = passwords::of(builder, file)?;
        let folder = builder.beside("");
        let (base, verifies, resumes) = base;
        Ok(Self {
            base,
            verifies,
            resumes,
            parts: [certificate, key].map(|written| Part::of(builder, written)),
            files: Files { folder, passwords },
            known: Remembered::default(),
        })
    }

    /// The terms of a request; `None` if it names no certificate.
    ///
    /// # Errors
    /// A sentence for the log.
    pub(super) fn terms(&self, request: &mut Request) -> Result<Option<Arc<PeerTerms>>, String> {
        let [certificate, key] = &self.parts;
        let names: Vec<Vec<u8>> = [certificate, key].map(|part| part.evaluate(request)).into();
        if names[0].is_empty() {
            return Ok(None);
        }
        let states = [certificate, key].into_iter().zip(&names);
        let states = states.map(|(part, name)| self.files.state(part, name));
        let states = states.collect();
        let made = self.known.find(names, states, |names| {
            let pair = self
                .files
                .read((certificate, &names[0]), (key, &names[1]))?;
            let mut config = self.base.clone();
            config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(pair));
            Ok(Arc::new(PeerTerms::new(
                config,
                self.verifies,
                self.resumes,
            )))
        });
        made.map(Some)
    }
}

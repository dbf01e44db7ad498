//! Reading what settings of TLS to peers name: the certificate that is shown to them, and its key.

use std::path::PathBuf;

use rustls::sign::CertifiedKey;

use crate::conf::Diagnostic;
use crate::http::build::builder::Builder;
use crate::modules::tls::pair::{self, Fault};
use crate::modules::tls::trust::files::{File, read, refused};

/// The certificate that peers are shown, with its key.
pub(super) fn pair(
    builder: &mut Builder<'_>,
    (certificate, key): &(PathBuf, PathBuf),
    (own, other): (&File, &File),
    passwords: &[Vec<u8>],
) -> Result<CertifiedKey, Diagnostic> {
    let (what, what_key) = ("certificate", "certificate key");
    let content = read(builder, certificate, own, what)?;
    let key_content = read(builder, key, other, what_key)?;
    pair::read(&content, &key_content, passwords).map_err(|fault| match fault {
        Fault::Certificate(problem) => refused(certificate, own, what, problem),
        Fault::Key(problem) => refused(key, other, what_key, problem),
        Fault::Mismatch => {
            let (key, own) = (key.display(), certificate.display());
            let message = format!("the key \"{key}\" does not belong to the certificate \"{own}\"");
            Diagnostic::error(other.span, message)
        }
    })
}

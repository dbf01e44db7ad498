//! Keys that are encrypted, and the files of passwords that open them: `ssl_password_file`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncryptedPrivateKeyInfo;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::directives::OUTER;
use super::pair::Fault;
use super::trust::files::{File, read};
use crate::conf::{Diagnostic, DirectiveSpec, Doc, SPEC};
use crate::http::build::builder::Builder;

pub(super) const FILE: DirectiveSpec = DirectiveSpec {
    name: "ssl_password_file",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_password_file file;",
        default: "",
        text: "A file of passwords, one on each line, that are tried in turn on keys of `ssl_certificate_key` that \
               are encrypted. They must be in the form of PKCS #8 (`BEGIN ENCRYPTED PRIVATE KEY`); keys in the older form \
               are turned into it by `openssl pkcs8 -topk8 -in old.key -out new.key`.",
        example: "ssl_password_file /etc/ssl/private/passwords;",
    },
    apply: |statement| {
        let file = File::of(statement)?;
        statement.scope.insert(PasswordFile(file));
        Ok(())
    },
    ..SPEC
};

/// `ssl_password_file`
pub(super) struct PasswordFile(pub(super) File);

/// What may open a key.
pub(in crate::modules) type Passwords = Vec<Vec<u8>>;

/// The passwords of a file; none if there is no such file to read.
pub(in crate::modules) fn of(
    builder: &mut Builder<'_>,
    file: Option<&File>,
) -> Result<Passwords, Diagnostic> {
    let Some(file) = file else {
        return Ok(Passwords::new());
    };
    let path = builder.beside(&file.path);
    let content = read(builder, &path, file, "password file")?;
    let lines = content.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter(|line| !line.is_empty());
    Ok(lines.map(<[u8]>::to_vec).collect())
}

/// A key that is encrypted, opened; `None` if there is no such key in PEM.
pub(super) fn open(
    pem: &[u8],
    passwords: &[Vec<u8>],
) -> Option<Result<PrivateKeyDer<'static>, Fault>> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN ENCRYPTED PRIVATE KEY-----")?;
    let (digits, _) = rest.split_once("-----END ENCRYPTED PRIVATE KEY-----")?;
    Some(decrypt(digits, passwords))
}

fn decrypt(digits: &str, passwords: &[Vec<u8>]) -> Result<PrivateKeyDer<'static>, Fault> {
    let digits: Vec<u8> = digits
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let der = STANDARD
        .decode(digits)
        .map_err(|_| Fault::Key("it is not valid PEM"))?;
    let sealed = EncryptedPrivateKeyInfo::try_from(&*der)
        .map_err(|_| Fault::Key("the way in which it is encrypted is not supported"))?;
    if sealed.encryption_algorithm.pbes2().is_none() {
        return Err(Fault::Key(
            "the way in which it is encrypted is not supported",
        ));
    }
    if passwords.is_empty() {
        return Err(Fault::Key(NO_PASSWORDS));
    }
    let opened = passwords.iter().find_map(|one| sealed.decrypt(one).ok());
    let opened = opened.ok_or(Fault::Key("no password of the password file opens it"))?;
    Ok(PrivatePkcs8KeyDer::from(opened.as_bytes().to_vec()).into())
}

const NO_PASSWORDS: &str = "it is encrypted, and no password for it is given";

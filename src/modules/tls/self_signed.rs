//! Certificates that are made and renewed here.
//!
//! Both files are written aside and renamed, so nobody ever reads half of one. A renewed certificate
//! keeps its key: workers, which may not be allowed to read the key again, go on with what they have.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::inspect;
use crate::conf::{Loader, reason};
use crate::http::plan::provision::Provision;

/// The organization in certificates made here: others are never renewed.
const MARK: &str = "Pingauge self-signed certificates";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const VALIDITY: Duration = Duration::from_secs(365 * DAY.as_secs());
/// Renewed when less than this is left.
const MARGIN: Duration = Duration::from_secs(30 * DAY.as_secs());
/// Clocks of clients may be behind ours.
const BACKDATED: Duration = Duration::from_secs(60 * 60);

/// A pair that is made when it is missing, and kept from running out.
#[derive(Clone, Debug)]
pub(super) struct SelfSigned {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) names: Names,
}

/// What a certificate is to be good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    names: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl Names {
    /// Adds a name as `server_name` has it; expressions and trailing asterisks have no place in a
    /// certificate.
    pub(super) fn add_name(&mut self, name: &str) {
        if let Some(domain) = name.strip_prefix('.') {
            self.add_name(domain);
            return self.add_name(&format!("*{name}"));
        }
        if let Ok(address) = name.parse() {
            return self.add_address(address);
        }
        let labels = name.strip_prefix("*.").unwrap_or(name);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let valid = !labels.is_empty() && labels.len() <= 253 && labels.bytes().all(fits);
        if valid && !self.names.iter().any(|one| one == name) {
            self.names.push(name.to_owned());
        }
    }

    /// Adds an address that is listened at.
    pub(super) fn add_address(&mut self, address: IpAddr) {
        if address.is_unspecified() {
            self.add_address(Ipv4Addr::LOCALHOST.into());
            return self.add_address(Ipv6Addr::LOCALHOST.into());
        }
        if !self.addresses.contains(&address) {
            self.addresses.push(address);
        }
    }

    fn parameters(&self) -> Result<CertificateParams, rcgen::Error> {
        let mut parameters = CertificateParams::new(self.names.clone())?;
        let addresses = self.addresses.iter().copied().map(SanType::IpAddress);
        parameters.subject_alt_names.extend(addresses);
        let mut who = DistinguishedName::new();
        // Longer ones are not allowed there.
        let mut short = self.names.iter().filter(|name| name.len() <= 64);
        who.push(
            DnType::CommonName,
            short.next().map_or("localhost", |name| name),
        );
        who.push(DnType::OrganizationName, MARK);
        parameters.distinguished_name = who;
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = SystemTime::now();
        parameters.not_before = (now - BACKDATED).into();
        parameters.not_after = (now + VALIDITY).into();
        Ok(parameters)
    }
}

/// Which of the two files are there.
enum Present {
    Neither,
    Both { certificate: Vec<u8>, key: Vec<u8> },
}

impl SelfSigned {
    fn present(&self) -> Result<Present, String> {
        let read = |path: &Path| match fs::read(path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(problem("open", path, &error)),
        };
        match (read(&self.certificate)?, read(&self.key)?) {
            (None, None) => Ok(Present::Neither),
            (Some(certificate), Some(key)) => Ok(Present::Both { certificate, key }),
            (Some(_), None) => Err(lonely_certificate(&self.certificate, &self.key)),
            (None, Some(_)) => Err(lonely_key(&self.certificate, &self.key)),
        }
    }

    fn make(&self) -> Result<(), String> {
        let failed = |error: rcgen::Error| format!("no certificate could be made ({error})");
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = self.certificate_for(&key).map_err(failed)?;
        write(&self.key, key.serialize_pem().as_bytes(), 0o600)?;
        let written = write(&self.certificate, certificate.as_bytes(), 0o644);
        if written.is_err() {
            // Alone it would stand in the way of the next attempt.
            let _ = fs::remove_file(&self.key);
        }
        written?;
        let path = self.certificate.display();
        log::info!("the self-signed certificate \"{path}\" was made");
        Ok(())
    }

    fn renew(&self, key: &[u8]) -> Result<(), String> {
        let path = self.certificate.display();
        let key = std::str::from_utf8(key).ok();
        let key = key.and_then(|key| KeyPair::from_pem(key).ok());
        let key = key.ok_or_else(|| format!("the key of \"{path}\" cannot sign a new one"))?;
        let certificate = self
            .certificate_for(&key)
            .map_err(|error| format!("\"{path}\" cannot be renewed ({error})"))?;
        write(&self.certificate, certificate.as_bytes(), 0o644)?;
        log::info!("the self-signed certificate \"{path}\" was renewed");
        Ok(())
    }

    fn certificate_for(&self, key: &KeyPair) -> Result<String, rcgen::Error> {
        Ok(self.names.parameters()?.self_signed(key)?.pem())
    }
}

impl Provision for SelfSigned {
    fn provide(&self, files: &mut dyn Loader) -> Result<(), String> {
        match self.present()? {
            Present::Neither => self.make()?,
            Present::Both { certificate, key } if is_due(&certificate, SystemTime::now()) => {
                // It still serves for a while, and there will be other attempts.
                if let Err(message) = self.renew(&key) {
                    log::error!("{message}");
                }
            }
            Present::Both { .. } => {}
        }
        for path in [&self.certificate, &self.key] {
            let read = files.read(path);
            read.map_err(|error| problem("open", path, &error))?;
        }
        Ok(())
    }
}

/// Whether a certificate was made here and is about to run out.
fn is_due(pem: &[u8], now: SystemTime) -> bool {
    let certificate = CertificateDer::from_pem_slice(pem).ok();
    let Some(about) = certificate.as_ref().and_then(inspect::about) else {
        return false;
    };
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default() + MARGIN;
    let ends = u64::try_from(about.until).unwrap_or(0) < now.as_secs();
    let marked = about.subject.organization.as_deref() == Some(MARK);
    marked && about.issuer == about.subject && ends
}

/// The problem of a certificate whose key is missing.
pub(super) fn lonely_certificate(certificate: &Path, key: &Path) -> String {
    let (certificate, key) = (certificate.display(), key.display());
    format!("\"selfsigned:\" certificate \"{certificate}\" exists but key \"{key}\" is missing")
}

/// The problem of a key whose certificate is missing.
pub(super) fn lonely_key(certificate: &Path, key: &Path) -> String {
    let (certificate, key) = (certificate.display(), key.display());
    format!("\"selfsigned:\" key \"{key}\" exists but certificate \"{certificate}\" is missing")
}

fn problem(call: &str, path: &Path, error: &io::Error) -> String {
    format!("{call}() \"{}\" failed ({})", path.display(), reason(error))
}

/// Writes a file aside, puts it in its place, and sees to it that it stays there.
fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), String> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let aside = Path::new(&aside);
    let written = write_aside(aside, content, mode).and_then(|()| fs::rename(aside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(aside);
        problem("write", path, &error)
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let kept = File::open(folder).and_then(|folder| folder.sync_all());
    kept.map_err(|error| problem("fsync", folder, &error))
}

fn write_aside(aside: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    // Left by somebody who was interrupted. Whatever is there is not followed.
    let _ = fs::remove_file(aside);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(aside)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;

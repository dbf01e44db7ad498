//! The way to a server: whom to trust, the key to show, how long to wait.
//!
//! A server is asked directly and no redirect is followed: an API key is for the address that was written
//! and for no other. It comes from a file or the environment, never from an argument, which every user of
//! the machine could read. The program trusts what the system trusts, not a list of its own, since
//! servers inside a network have certificates of that network.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::HeaderValue;
use rustls::InvalidMessage;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::AgentScope;

use crate::conf::{reason, values};

/// What every client is told about its way to the server.
#[derive(Args, Debug)]
pub(super) struct Access {
    /// The file whose first line is the API key
    #[arg(long, value_name = "FILE")]
    pub(super) api_key_file: Option<PathBuf>,
    /// Trust the certificates of this PEM file, and no others
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(super) cacert: Option<PathBuf>,
    /// Trust whatever certificate the server has
    #[arg(long)]
    pub(super) insecure: bool,
    /// The longest time for one attempt
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(super) timeout: Duration,
}

impl Access {
    /// How requests are made. Certificates are read only if they are needed.
    pub(super) fn config(&self, is_tls: bool) -> Result<ConfigBuilder<AgentScope>, String> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("pingauge/", env!("CARGO_PKG_VERSION")));
        if is_tls {
            config = config.tls_config(self.tls()?);
        }
        Ok(config)
    }

    /// The key to show, if there is one.
    pub(super) fn api_key(&self) -> Result<Option<HeaderValue>, String> {
        let text = match &self.api_key_file {
            Some(path) => read(path)?,
            None => match std::env::var_os(API_KEY) {
                Some(key) => key.into_encoded_bytes(),
                None => return Ok(None),
            },
        };
        let key = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let mut key = HeaderValue::from_bytes(key.trim_ascii())
            .map_err(|_| "the API key holds control characters".to_owned())?;
        if key.is_empty() {
            return Err("the API key is empty".to_owned());
        }
        key.set_sensitive(true);
        Ok(Some(key))
    }

    fn tls(&self) -> Result<TlsConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
        if self.insecure {
            return Ok(config
                .disable_verification(true)
                .root_certs(RootCerts::new_with_certs(&[]))
                .build());
        }
        let certificates = match &self.cacert {
            Some(path) => certificates(path)?,
            None => {
                let found = rustls_native_certs::load_native_certs().map_err(|error| {
                    let why = reason(&error);
                    format!("the system's certificates cannot be read ({why})")
                })?;
                let owned = |one: &rustls::pki_types::CertificateDer<'_>| {
                    Certificate::from_der(one).to_owned()
                };
                found.iter().map(owned).collect()
            }
        };
        Ok(config
            .root_certs(RootCerts::new_with_certs(&certificates))
            .build())
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let text = read(path)?;
    let items = parse_pem(&text).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<_> = items.collect();
    if found.is_empty() {
        return Err(format!("there is no certificate in \"{}\"", path.display()));
    }
    Ok(found)
}

/// A file's content. More than anybody writes by hand is not read: a device may have no end.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed =
        |error: io::Error| format!("open() \"{}\" failed ({})", path.display(), reason(&error));
    let mut content = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(LONGEST + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    match content.len() as u64 > LONGEST {
        true => Err(format!("\"{}\" is too long", path.display())),
        false => Ok(content),
    }
}

/// A time of the command line.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    match values::milliseconds(text) {
        Ok(time @ 1..) => Ok(Duration::from_millis(time)),
        _ => Err("expected a time such as 10s or 500ms".to_owned()),
    }
}

/// What a failed exchange is called in a message.
pub(super) fn told(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => told_of_tls(error),
            None => reason(error),
        },
        ureq::Error::Rustls(error) => told_of_tls(error),
        error => error.to_string(),
    }
}

fn told_of_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what answers there does not speak TLS: is it http://?".to_owned()
        }
        error => error.to_string(),
    }
}

/// The longest file that is read, of keys, certificates or states.
const LONGEST: u64 = 256 << 20;
/// The variable of the environment that holds the key.
const API_KEY: &str = "PINGAUGE_API_KEY";

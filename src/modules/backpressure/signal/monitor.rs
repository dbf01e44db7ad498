//! Asking a Prometheus, or what answers as one does.
//!
//! Each question has a connection of its own and goes where the configuration says: no redirect is followed, no
//! proxy of the environment is used. Everything from looking up the name to the last byte has one deadline,
//! and what is longer than an answer can sensibly be is none.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Uri;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::answer::{self, Wanted};
use crate::conf::reason;

/// `monitor`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorWritten {
    /// Where queries go, up to the text of the query.
    pub endpoint: String,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How often a query is asked unless its signal says otherwise, in milliseconds.
    pub interval: u64,
}

/// Where queries go: the base of a Prometheus, or its endpoint for queries, with arguments if there are any.
/// Nothing for what is not the address of a server.
pub(super) fn endpoint(url: &str) -> Option<String> {
    if url.contains('#') || !url.is_ascii() {
        return None;
    }
    let uri: Uri = url.parse().ok()?;
    let scheme = uri
        .scheme_str()
        .filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?;
    let is_plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    let port = &authority.as_str()[authority.host().len()..];
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    if !is_plain || !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return None;
    }
    let path = uri.path().trim_end_matches('/');
    let path = path.strip_suffix(ENDPOINT).unwrap_or(path);
    let arguments = uri.query().filter(|query| !query.is_empty());
    let arguments = arguments.map_or(String::new(), |query| format!("{query}&"));
    Some(format!(
        "{scheme}://{authority}{path}{ENDPOINT}?{arguments}query="
    ))
}

const ENDPOINT: &str = "/api/v1/query";

/// The way to a monitor.
pub(super) struct Monitor {
    endpoint: String,
    timeout: Duration,
    /// Made when it is first needed: reading the certificates that a system trusts takes a while.
    agent: OnceLock<Agent>,
}

impl Monitor {
    /// The way to the one that is written.
    pub(super) fn new(written: &MonitorWritten) -> Self {
        Self {
            endpoint: written.endpoint.clone(),
            timeout: written.timeout,
            agent: OnceLock::new(),
        }
    }

    /// What a query comes to now. Takes as long as the monitor does, up to the timeout.
    ///
    /// # Errors
    /// Why there is no value, in words for the log.
    pub(super) fn ask(&self, query: &str, wanted: Wanted) -> Result<f64, String> {
        let agent = self.agent(system_roots)?;
        let failed = |error: ureq::Error| match error {
            ureq::Error::Io(error) => format!("the monitor cannot be asked ({})", reason(&error)),
            error => format!("the monitor cannot be asked ({error})"),
        };
        let mut address = self.endpoint.clone();
        encode(query, &mut address);
        let request = agent.get(&address).header("Accept", "application/json");
        let mut response = request.call().map_err(failed)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LONGEST);
        let body = body.read_to_vec().map_err(failed)?;
        match (status, answer::refusal(&body)) {
            (200, _) => answer::value(&body, wanted),
            (_, Some(why)) => Err(format!("the monitor answers {status} ({why})")),
            (_, None) => Err(format!("the monitor answers {status}")),
        }
    }

    /// What asks. Why there is none is not kept: the next question tries again.
    fn agent(
        &self,
        roots: impl FnOnce() -> Result<Vec<Certificate<'static>>, String>,
    ) -> Result<&Agent, String> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent);
        }
        let roots = match self.endpoint.starts_with("https:") {
            true => roots()?,
            false => Vec::new(),
        };
        Ok(self.agent.get_or_init(|| self.agent_trusting(&roots)))
    }

    /// Asks servers whose certificates lead to one of these.
    fn agent_trusting(&self, roots: &[Certificate<'static>]) -> Agent {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::new_with_certs(roots));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(self.timeout))
            .user_agent(concat!("pingauge/", env!("CARGO_PKG_VERSION")))
            .max_idle_connections(0)
            .tls_config(tls.build());
        config.build().new_agent()
    }
}

#[cfg(test)]
impl Monitor {
    /// The same for a server that the system does not trust.
    pub(super) fn trusting(self, root: &[u8]) -> Self {
        let agent = self.agent_trusting(&[Certificate::from_der(root).to_owned()]);
        Self {
            agent: OnceLock::from(agent),
            ..self
        }
    }
}

/// What the system trusts.
fn system_roots() -> Result<Vec<Certificate<'static>>, String> {
    let found = rustls_native_certs::load_native_certs().map_err(|error| {
        format!(
            "the system's certificates cannot be read ({})",
            reason(&error)
        )
    })?;
    let owned = |one: &rustls::pki_types::CertificateDer<'_>| Certificate::from_der(one).to_owned();
    Ok(found.iter().map(owned).collect())
}

/// Adds text to an address, as the value of an argument.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            // Writing to a string cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
}

/// More of an answer is not read.
const LONGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_cannot_be_read_once_are_read_again() {
        let monitor = |endpoint: &str| {
            Monitor::new(&MonitorWritten {
                endpoint: endpoint.into(),
                timeout: Duration::from_secs(1),
                interval: 1000,
            })
        };
        let encrypted = monitor("https://a/");
        let failed = encrypted.agent(|| Err("too many open files".into()));
        assert_eq!(failed.err().as_deref(), Some("too many open files"));
        assert!(encrypted.agent(|| Ok(Vec::new())).is_ok());
        assert!(encrypted.agent(|| Err("not asked again".into())).is_ok());
        assert!(
            monitor("http://a/")
                .agent(|| Err("not needed".into()))
                .is_ok()
        );
    }
}

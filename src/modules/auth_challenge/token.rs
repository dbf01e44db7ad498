//! Asking a service for a token, as registries of containers have it: a GET with what the challenge said, answered
//! with JSON.
//!
//! It is asked on a connection of its own, redirects are not followed, everything up to the last byte has one
//! deadline, and what is longer than an answer can sensibly be is none.

use std::fmt::Write;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::challenge::Bearer;
use super::realm::Realm;
use crate::conf::reason;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The value of `Authorization`.
    pub(super) authorization: Arc<[u8]>,
    /// When it is not to be used any more.
    pub(super) until: Instant,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// In words for the log.
    pub(super) why: String,
    /// The status of requests that wait for it.
    pub(super) status: u16,
}

impl Failure {
    pub(super) fn new(why: impl Into<String>) -> Self {
        let why = why.into();
        Self { why, status: 502 }
    }
}

/// Asks services that give tokens.
#[derive(Debug, Default)]
pub(super) struct Asker {
    /// Whose certificates are believed; the system says so where nothing does.
    roots: Option<Vec<CertificateDer<'static>>>,
    /// Made when it is first needed: reading the certificates that a system trusts takes a while.
    agents: [OnceLock<Agent>; 2],
}

/// How long an answer may take, from looking up the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(10);
/// More of an answer is not read.
const LONGEST_ANSWER: u64 = 64 * 1024;
/// A longer token would not fit into the heads that servers take.
const LONGEST_TOKEN: usize = 16 * 1024;
/// How long a token holds that does not say so, in seconds.
const USUAL_LIFE: u64 = 60;
/// So much before its end a token is not used any more, in seconds.
const MARGIN: u64 = 10;
/// No token is kept for longer, in seconds.
const LONGEST_LIFE: u64 = 24 * 60 * 60;

impl Asker {
    /// One that believes these.
    pub(super) fn new(roots: Option<Vec<CertificateDer<'static>>>) -> Self {
        Self {
            roots,
            ..Self::default()
        }
    }

    /// A token for what the challenge asks, to which `credentials` go along if there are any. Takes as long as
    /// the service does, up to 10 seconds.
    pub(super) fn ask(
        &self,
        realm: &Realm,
        bearer: &Bearer,
        credentials: Option<&str>,
    ) -> Result<Token, Failure> {
        let asked = Instant::now();
        let agent = self.agent(realm.is_encrypted).map_err(Failure::new)?;
        let mut request = agent
            .get(address(realm, bearer))
            .header("Accept", "application/json");
        if let Some(credentials) = credentials {
            request = request.header("Authorization", credentials);
        }
        let mut response = request.call().map_err(failed)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(Failure::new(format!("it answers {status}")));
        }
        let body = response.body_mut().with_config().limit(LONGEST_ANSWER);
        let body = body.read_to_vec().map_err(failed)?;
        read(&body, asked)
    }

    fn agent(&self, is_encrypted: bool) -> Result<&Agent, String> {
        let known = &self.agents[usize::from(is_encrypted)];
        if let Some(agent) = known.get() {
            return Ok(agent);
        }
        let roots = match (&self.roots, is_encrypted) {
            (_, false) => Vec::new(),
            (Some(roots), true) => roots.iter().map(owned).collect(),
            (None, true) => system_roots()?,
        };
        Ok(known.get_or_init(|| agent(&roots)))
    }
}

fn agent(roots: &[Certificate<'static>]) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::new_with_certs(roots));
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .user_agent(concat!("pingauge/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections(0)
        .tls_config(tls.build());
    config.build().new_agent()
}

fn system_roots() -> Result<Vec<Certificate<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    let found = found.map_err(|error| {
        let why = reason(&error);
        format!("the system's certificates cannot be read ({why})")
    })?;
    Ok(found.iter().map(owned).collect())
}

fn owned(certificate: &CertificateDer<'_>) -> Certificate<'static> {
    Certificate::from_der(certificate).to_owned()
}

fn failed(error: ureq::Error) -> Failure {
    let is_late = match &error {
        ureq::Error::Timeout(_) => true,
        ureq::Error::Io(error) => error.kind() == io::ErrorKind::TimedOut,
        _ => false,
    };
    let why = match error {
        ureq::Error::Io(error) => format!("it cannot be asked ({})", reason(&error)),
        error => format!("it cannot be asked ({error})"),
    };
    let status = if is_late { 504 } else { 502 };
    Failure { why, status }
}

/// Where a token is asked for. Each part of a scope is an argument of its own.
fn address(realm: &Realm, bearer: &Bearer) -> String {
    let mut address = realm.address.clone();
    let scopes = bearer.scope.iter().flat_map(|scope| scope.split(' '));
    let scopes = scopes.filter(|scope| !scope.is_empty());
    let scopes = scopes.map(|scope| ("scope", scope));
    let service = bearer.service.iter();
    let service = service.map(|service| ("service", service.as_str()));
    for (name, value) in service.chain(scopes) {
        address.push_str(name);
        address.push('=');
        encode(value, &mut address);
        address.push('&');
    }
    address.pop();
    address
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

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// The token of an answer to a question that was asked at that time.
fn read(body: &[u8], asked: Instant) -> Result<Token, Failure> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| Failure::new("its answer is not JSON with a token"))?;
    let token = [answer.token, answer.access_token].into_iter().flatten();
    let token = token.into_iter().find(|token| !token.is_empty());
    let token = token.ok_or_else(|| Failure::new("there is no token in its answer"))?;
    if token.len() > LONGEST_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::new("its token cannot be sent"));
    }
    let life = answer.expires_in.unwrap_or(USUAL_LIFE).min(LONGEST_LIFE);
    let life = Duration::from_secs(life.saturating_sub(MARGIN));
    Ok(Token {
        authorization: format!("Bearer {token}").into_bytes().into(),
        until: asked + life,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_the_token_is_for() {
        let realm = Realm::parse("http://a/t?x=y").unwrap();
        let mut bearer = Bearer {
            realm: String::new(),
            service: Some("r.io & co".into()),
            scope: Some("repository:a/b:pull  other:*".into()),
        };
        let expected = "http://a/t?x=y&service=r.io%20%26%20co&scope=repository%3Aa%2Fb%3Apull&\
                        scope=other%3A%2A";
        assert_eq!(address(&realm, &bearer), expected);
        (bearer.service, bearer.scope) = (None, None);
        let plain = Realm::parse("https://a/t").unwrap();
        assert_eq!(address(&plain, &bearer), "https://a/t");
    }

    #[test]
    fn an_answer_is_a_token_or_says_nothing() {
        let asked = Instant::now();
        let token = |body: &str| {
            let token = read(body.as_bytes(), asked).map_err(|failure| failure.why)?;
            let text = String::from_utf8_lossy(&token.authorization).into_owned();
            Ok((text, token.until.duration_since(asked).as_secs()))
        };
        let is = |text: &str, seconds| Ok((text.to_owned(), seconds));
        assert_eq!(token(r#"{"token": "a.b"}"#), is("Bearer a.b", 50));
        assert_eq!(
            token(r#"{"access_token": "c", "expires_in": 300}"#),
            is("Bearer c", 290)
        );
        assert_eq!(
            token(r#"{"token": "", "access_token": "c"}"#),
            is("Bearer c", 50)
        );
        assert_eq!(
            token(r#"{"token": "a", "expires_in": 5}"#),
            is("Bearer a", 0)
        );
        let huge = format!("{{\"token\": \"a\", \"expires_in\": {}}}", u64::MAX);
        assert_eq!(token(&huge), is("Bearer a", LONGEST_LIFE - MARGIN));
        let no_token: Result<(String, u64), String> = Err("there is no token in its answer".into());
        assert_eq!(token("{}"), no_token);
        let unusable = Err("its token cannot be sent".to_owned());
        assert_eq!(token(r#"{"token": "a\r\nX: y"}"#), unusable);
        assert_eq!(token(r#"{"token": "a b"}"#), unusable);
        assert_eq!(
            token(&format!("{{\"token\": \"{}\"}}", "a".repeat(16 * 1024 + 1))),
            unusable
        );
        for body in [
            "",
            "a",
            "[]",
            "{\"token\": 1}",
            "{\"expires_in\": -1, \"token\": \"a\"}",
        ] {
            assert!(token(body).is_err(), "{body}");
        }
    }
}

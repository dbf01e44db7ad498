//! One branch of a server's status tree, asked for over HTTP.

use std::io::{self, Read};
use std::net::SocketAddr;

use http::HeaderValue;
use http::uri::Uri;
use serde::Deserialize;
use serde_json::Value;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body};

use super::access::{Access, told};
use super::address::Place;

/// Reads the status of one server, over a connection that is kept.
pub(super) struct Reader {
    agent: Agent,
    api_key: Option<HeaderValue>,
    /// Where the tree begins.
    pub(super) url: String,
}

impl Reader {
    /// Prepares to ask; nothing is sent.
    pub(super) fn new(place: &Place, access: &Access) -> Result<Self, String> {
        let is_tls = place.url.starts_with("https:");
        let timeout = Some(access.timeout);
        // A whole answer may take long: what must not is its next piece.
        let config = access
            .config(is_tls)?
            .timeout_connect(timeout)
            .timeout_recv_response(timeout)
            .timeout_per_read(timeout)
            .build();
        Ok(Self {
            agent: match place.at {
                None => config.new_agent(),
                Some(at) => Agent::with_parts(config, DefaultConnector::default(), Known(at)),
            },
            api_key: access.api_key()?,
            url: place.url.clone(),
        })
    }

    /// Asks for a branch; the path may have a query behind it.
    pub(super) fn open(&self, path: &str) -> Result<Body, String> {
        let target = self.target(path)?;
        let place = target.authority().map_or("", |one| one.as_str()).to_owned();
        let mut request = self.agent.get(target).header("Accept", "application/json");
        if let Some(key) = &self.api_key {
            request = request.header("X-API-Key", key);
        }
        let failed = |error| format!("asking {place} failed ({})", told(&error));
        let response = request.call().map_err(failed)?;
        let status = response.status().as_u16();
        if !matches!(status, 200..300) {
            return Err(refusal(status, response.into_body()));
        }
        let is_json = response.body().mime_type() == Some("application/json");
        if !is_json {
            let url = &self.url;
            return Err(format!(
                "what {url} answers is not JSON: it should be the address of a location with \"api /status/;\""
            ));
        }
        Ok(response.into_body())
    }

    /// Reads a branch, which must not be longer than a screen has use for.
    pub(super) fn read(&self, path: &str) -> Result<Value, String> {
        let mut body = self.open(path)?;
        let failed = |error| format!("reading \"{path}\" failed ({})", told(&error));
        let text = body.with_config().limit(LONGEST).read_to_vec();
        let text = text.map_err(failed)?;
        serde_json::from_slice(&text).map_err(|error| format!("\"{path}\" is not JSON ({error})"))
    }

    /// The URL of a branch. What a path cannot hold is encoded, what is encoded already stays.
    fn target(&self, path: &str) -> Result<Uri, String> {
        let path = path.trim_start_matches('/');
        // As the tree's own paths are written, and as URLs are.
        let path = path.strip_prefix("status/").unwrap_or(path);
        let mut url = self.url.clone();
        for byte in path.bytes() {
            match byte {
                b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                    url.push_str(&format!("%{byte:02X}"));
                }
                0x21..=0x7e => url.push(char::from(byte)),
                byte => url.push_str(&format!("%{byte:02X}")),
            }
        }
        let failed = |error| format!("\"{path}\" makes no address ({error})");
        Uri::try_from(url).map_err(failed)
    }
}

/// What to say of an answer that is a refusal.
fn refusal(status: u16, body: Body) -> String {
    let mut text = Vec::new();
    // What cannot be read is not shown.
    let _: io::Result<usize> = body
        .into_reader()
        .take(LONGEST_REFUSAL)
        .read_to_end(&mut text);
    match serde_json::from_slice::<Problem>(&text) {
        Ok(Problem { error, description }) => format!("{description} ({error}, {status})"),
        Err(_) => {
            let known = http::StatusCode::from_u16(status).ok();
            let words = known.and_then(|status| status.canonical_reason());
            format!("the server answers {status} {}", words.unwrap_or_default())
        }
    }
}

/// How a server describes a refusal.
#[derive(Deserialize)]
struct Problem {
    error: String,
    description: String,
}

/// A server whose address is known, whatever it is called.
#[derive(Debug)]
struct Known(SocketAddr);

impl Resolver for Known {
    fn resolve(
        &self,
        _uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut found = DefaultResolver::default().empty();
        found.push(self.0);
        Ok(found)
    }
}

/// More of a branch is not read into memory.
const LONGEST: u64 = 16 << 20;
/// More of a refusal is not read.
const LONGEST_REFUSAL: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_urls() {
        let reader = Reader {
            agent: Agent::new_with_defaults(),
            api_key: None,
            url: "http://h:1/s/".to_owned(),
        };
        for (path, expected) in [
            ("", "http://h:1/s/"),
            ("/", "http://h:1/s/"),
            ("http/server_zones", "http://h:1/s/http/server_zones"),
            ("/status/http/", "http://h:1/s/http/"),
            ("a b/%2Fx?pretty=off", "http://h:1/s/a%20b/%2Fx?pretty=off"),
            ("ü\n\"#", "http://h:1/s/%C3%BC%0A%22%23"),
        ] {
            assert_eq!(reader.target(path).unwrap().to_string(), expected);
        }
    }
}

//! Addresses of servers as they are written: a host or an address with or without a port, or a
//! socket in the file system.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use crate::http::transport::dial::PeerAddress;

/// Where a server is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules) enum Endpoint {
    /// A name or an address (without brackets).
    Host { host: String, port: Option<u16> },
    /// `unix:PATH`
    Unix(PathBuf),
}

/// Why a text is no such thing, as the beginning of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::modules) enum BadEndpoint {
    #[error("no host")]
    NoHost,
    #[error("invalid host")]
    InvalidHost,
    #[error("invalid port")]
    InvalidPort,
    #[error("no path")]
    NoPath,
    #[error("host not found")]
    NotFound,
}

impl Endpoint {
    /// Reads `host`, `host:port`, `[address]:port` or `unix:path`.
    pub(in crate::modules) fn parse(text: &str) -> Result<Self, BadEndpoint> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err(BadEndpoint::NoPath),
                path => Ok(Self::Unix(path.into())),
            };
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, behind) = rest.split_once(']').ok_or(BadEndpoint::InvalidHost)?;
                (host, behind)
            }
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        if host.is_empty() {
            return Err(BadEndpoint::NoHost);
        }
        let odd = |letter: char| letter.is_whitespace() || "/?#@\\\"".contains(letter);
        if host.contains(odd) {
            return Err(BadEndpoint::InvalidHost);
        }
        Ok(Self::Host {
            host: host.to_owned(),
            port: read_port(port)?,
        })
    }

    /// The addresses it stands for; names are looked up.
    pub(super) fn resolve(&self, default_port: u16) -> Result<Vec<PeerAddress>, BadEndpoint> {
        if let Some(address) = self.literal(default_port) {
            return Ok(vec![address]);
        }
        let sockets = self.sockets(default_port)?;
        Ok(sockets.into_iter().map(PeerAddress::Inet).collect())
    }

    /// The addresses a host stands for; names are looked up.
    pub(in crate::modules) fn sockets(
        &self,
        default_port: u16,
    ) -> Result<Vec<SocketAddr>, BadEndpoint> {
        let Self::Host { host, port } = self else {
            return Err(BadEndpoint::NotFound);
        };
        let found = (host.as_str(), port.unwrap_or(default_port)).to_socket_addrs();
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for address in found.map_err(|_| BadEndpoint::NotFound)? {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        match addresses.is_empty() {
            true => Err(BadEndpoint::NotFound),
            false => Ok(addresses),
        }
    }

    /// Itself, unless it is a socket in the file system.
    pub(in crate::modules) fn into_host(self) -> Result<Self, BadEndpoint> {
        match self {
            Self::Unix(_) => Err(BadEndpoint::InvalidHost),
            Self::Host { .. } => Ok(self),
        }
    }

    /// What tells it from others, however it is written.
    pub(super) fn identity(&self, default_port: u16) -> String {
        match self {
            Self::Unix(path) => format!("unix:{}", path.display()),
            Self::Host { host, port } => {
                format!(
                    "{}:{}",
                    host.to_ascii_lowercase(),
                    port.unwrap_or(default_port)
                )
            }
        }
    }

    /// The address, unless it is a name.
    pub(super) fn literal(&self, default_port: u16) -> Option<PeerAddress> {
        match self {
            Self::Unix(path) => Some(PeerAddress::Unix(path.clone())),
            Self::Host { host, port } => {
                let address: IpAddr = host.parse().ok()?;
                let port = port.unwrap_or(default_port);
                Some(PeerAddress::Inet(SocketAddr::new(address, port)))
            }
        }
    }
}

/// The port behind a host: nothing, or a colon and a number.
fn read_port(text: &str) -> Result<Option<u16>, BadEndpoint> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix(':').ok_or(BadEndpoint::InvalidHost)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadEndpoint::InvalidPort);
    }
    let port = digits.parse().map_err(|_| BadEndpoint::InvalidPort)?;
    match port {
        0 => Err(BadEndpoint::InvalidPort),
        port => Ok(Some(port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(host: &str, port: Option<u16>) -> Result<Endpoint, BadEndpoint> {
        let host = host.to_owned();
        Ok(Endpoint::Host { host, port })
    }

    #[test]
    fn endpoints_are_read() {
        assert_eq!(Endpoint::parse("a.b"), host("a.b", None));
        assert_eq!(Endpoint::parse("a:8080"), host("a", Some(8080)));
        assert_eq!(Endpoint::parse("[::1]:80"), host("::1", Some(80)));
        assert_eq!(Endpoint::parse("[::1]"), host("::1", None));
        assert_eq!(
            Endpoint::parse("unix:/a b"),
            Ok(Endpoint::Unix("/a b".into()))
        );
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for (text, problem) in [
            ("", BadEndpoint::NoHost),
            (":80", BadEndpoint::NoHost),
            ("a:", BadEndpoint::InvalidPort),
            ("a:0", BadEndpoint::InvalidPort),
            ("a:65536", BadEndpoint::InvalidPort),
            ("a:8x", BadEndpoint::InvalidPort),
            ("a:+8", BadEndpoint::InvalidPort),
            ("a/b", BadEndpoint::InvalidHost),
            ("[::1", BadEndpoint::InvalidHost),
            ("[::1]80", BadEndpoint::InvalidHost),
            ("unix:", BadEndpoint::NoPath),
        ] {
            assert_eq!(Endpoint::parse(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn literal_addresses_need_no_look_up() {
        let address = |text: &str| Endpoint::parse(text).unwrap().literal(80);
        let text = |found: Option<PeerAddress>| found.map(|address| address.to_string());
        assert_eq!(text(address("127.0.0.1")).as_deref(), Some("127.0.0.1:80"));
        assert_eq!(text(address("[::1]:8")).as_deref(), Some("[::1]:8"));
        assert_eq!(text(address("unix:/x")).as_deref(), Some("unix:/x"));
        assert_eq!(address("localhost"), None);
    }
}

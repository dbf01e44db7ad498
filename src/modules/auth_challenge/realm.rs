//! The address of a service that gives tokens, and whether it may be asked: credentials go nowhere that the
//! configuration does not name.

use http::Uri;

use crate::modules::address::Endpoint;

/// A host, with a port unless the scheme says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    host: String,
    port: Option<u16>,
}

impl Place {
    /// Reads `host` or `host:port`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match Endpoint::parse(text).ok()? {
            Endpoint::Host { host, port } => Some(Self {
                host: host.to_ascii_lowercase(),
                port,
            }),
            Endpoint::Unix(_) => None,
        }
    }

    /// Whether it is this host and port, where `default` is the port of the scheme.
    pub(super) fn is(&self, host: &str, port: u16, default: u16) -> bool {
        self.host == host && self.port.unwrap_or(default) == port
    }
}

/// The address of a service that gives tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Realm {
    /// Everything up to the arguments that a request adds.
    pub(super) address: String,
    /// The host, without brackets and in lower case.
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether it is spoken to in TLS.
    pub(super) is_encrypted: bool,
}

impl Realm {
    /// Reads an address of `http` or `https` with nothing but host, port, path and arguments.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.contains('#') || !text.is_ascii() {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let is_encrypted = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority()?.as_str();
        let Endpoint::Host { host, port } = Endpoint::parse(authority).ok()? else {
            return None;
        };
        let query = uri.query().filter(|query| !query.is_empty());
        let query = query.map_or(String::new(), |query| format!("{query}&"));
        let (scheme, path) = (uri.scheme_str()?, uri.path());
        Some(Self {
            address: format!("{scheme}://{authority}{path}?{query}"),
            host: host.to_ascii_lowercase(),
            port: port.unwrap_or(default_port(is_encrypted)),
            is_encrypted,
        })
    }

    /// Whether it is one of these.
    pub(super) fn is_among<'a>(&self, mut places: impl Iterator<Item = &'a Place>) -> bool {
        let default = default_port(self.is_encrypted);
        places.any(|place| place.is(&self.host, self.port, default))
    }
}

/// The port of a host without one.
pub(super) fn default_port(is_encrypted: bool) -> u16 {
    match is_encrypted {
        true => 443,
        false => 80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let read = |text: &str| {
            let realm = Realm::parse(text)?;
            Some((realm.address, realm.host, realm.port))
        };
        let is = |address: &str, host: &str, port| Some((address.into(), host.into(), port));
        assert_eq!(
            read("https://Auth.a/token"),
            is("https://Auth.a/token?", "auth.a", 443)
        );
        assert_eq!(read("http://a:81"), is("http://a:81/?", "a", 81));
        assert_eq!(
            read("http://[::1]:8/t?b=c"),
            is("http://[::1]:8/t?b=c&", "::1", 8)
        );
        for text in [
            "",
            "a",
            "/token",
            "ftp://a/",
            "https://",
            "https://a:b/",
            "https://u@a/",
            "https://a:443@b/",
            "https://a/#b",
            "https://é/",
            "https://a:0/",
            "https://a /",
            "unix:/a",
            "https://unix:/a",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn only_hosts_that_are_named_are_asked() {
        let places = ["a:81", "B", "[::1]:82"].map(|text| Place::parse(text).unwrap());
        let is_among = |text: &str| Realm::parse(text).unwrap().is_among(places.iter());
        for text in [
            "http://A:81/",
            "https://b/x",
            "http://b/",
            "http://[::1]:82/",
        ] {
            assert!(is_among(text), "{text}");
        }
        for text in [
            "http://a/",
            "https://b:444/",
            "http://c.b/",
            "https://b.c/",
            "http://[::1]/",
        ] {
            assert!(!is_among(text), "{text}");
        }
        assert_eq!(Place::parse("unix:/a"), None);
        assert_eq!(Place::parse("https://a/"), None);
    }
}

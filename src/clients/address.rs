//! Where a server shows its status: at an address that was written, or where a configuration says.
//!
//! A configuration is only parsed, not loaded, so that whoever may read its text can ask; what counts is a
//! location with `api /status/;` and the address of its server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use clap::Args;

use super::url;
use crate::conf::{self, Directive, Disk, Severity};

/// Which server is asked.
#[derive(Args, Debug)]
pub(super) struct Whom {
    /// The address of a location with `api /status/;`, such as http://127.0.0.1:8080/status/
    #[arg(long, value_name = "URL", conflicts_with = "config", value_parser = written)]
    pub(super) address: Option<Place>,
    /// The configuration of the server, which says where that is
    #[arg(long, short = 'c', value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// Where the status tree begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The URL of the tree, with a slash at the end.
    pub(super) url: String,
    /// Where to connect to, if the URL does not say it.
    pub(super) at: Option<SocketAddr>,
}

impl Whom {
    /// Finds the status tree.
    pub(super) fn place(&self) -> Result<Place, String> {
        if let Some(address) = &self.address {
            return Ok(address.clone());
        }
        match &self.config {
            Some(config) => configured(config),
            None if Path::new(INSTALLED).exists() => configured(Path::new(INSTALLED)),
            None => written(DEMO),
        }
    }
}

/// Where a configuration is when it is installed.
const INSTALLED: &str = "/etc/pingauge/pingauge.conf";
/// Where the demo shows its status.
const DEMO: &str = "http://127.0.0.1:8080/status/";

fn written(text: &str) -> Result<Place, String> {
    let invalid = |why: &str| format!("invalid URL \"{text}\": {why}");
    let url = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let parsed = url::server(&url).map_err(invalid)?;
    if url.contains(['?', '#']) {
        return Err(invalid("a query is written behind PATH"));
    }
    let authority = parsed.authority().map_or("", |one| one.as_str());
    let url = match url.ends_with(authority) {
        // What the documentation and the examples use.
        true => format!("{url}/status/"),
        false => format!("{}/", url.trim_end_matches('/')),
    };
    Ok(Place { url, at: None })
}

fn configured(main: &Path) -> Result<Place, String> {
    let parsed = conf::parse(main, None, &mut Disk);
    let file = main.display();
    let error = parsed
        .diagnostics
        .iter()
        .find(|one| one.severity == Severity::Emerg);
    if let Some(error) = error {
        let message = &error.message;
        return Err(format!("\"{file}\" cannot be read: {message}"));
    }
    let servers = blocks(&parsed.tree, "http").flat_map(|http| blocks(http, "server"));
    let mut places: Vec<Place> = servers.flat_map(places_of).collect();
    // Without TLS there is nobody to be trusted.
    places.sort_by_key(|place| place.url.starts_with("https:"));
    let first = places.into_iter().next();
    first.ok_or_else(|| {
        format!(
            "no server of \"{file}\" shows its status at a TCP address: \
             write \"location /status/ {{ api /status/; }}\" into one, or give --address"
        )
    })
}

/// The bodies of the blocks with a name.
fn blocks<'a>(tree: &'a [Directive], name: &'a str) -> impl Iterator<Item = &'a [Directive]> {
    tree.iter()
        .filter(move |directive| directive.name.text == name)
        .filter_map(|directive| directive.body.as_deref())
}

/// Where a server shows the status.
fn places_of(server: &[Directive]) -> Vec<Place> {
    let Some(path) = location(server) else {
        return Vec::new();
    };
    let statements = |name| server.iter().filter(move |one| one.name.text == name);
    let names = statements("server_name").flat_map(|one| &one.arguments);
    let name = names
        .map(|word| word.text.as_str())
        .find(|text| is_name(text));
    let mut listens: Vec<(SocketAddr, bool)> = statements("listen").filter_map(listen).collect();
    if statements("listen").next().is_none() {
        listens.push((SocketAddr::from((Ipv4Addr::LOCALHOST, 80)), false));
    }
    let place = |(address, is_tls): (SocketAddr, bool)| {
        let scheme = if is_tls { "https" } else { "http" };
        let host = name.map(|name| format!("{name}:{}", address.port()));
        let host = host.unwrap_or_else(|| address.to_string());
        Place {
            url: format!("{scheme}://{host}{path}"),
            at: name.is_some().then_some(address),
        }
    };
    listens.into_iter().map(place).collect()
}

/// The name of the location that has the whole tree.
fn location(body: &[Directive]) -> Option<String> {
    for directive in body.iter().filter(|one| one.name.text == "location") {
        let inner = directive.body.as_deref().unwrap_or_default();
        let words: Vec<&str> = directive
            .arguments
            .iter()
            .map(|word| word.text.as_str())
            .collect();
        let path = match words.as_slice() {
            [path] | ["^~", path] if path.starts_with('/') && path.ends_with('/') => Some(*path),
            _ => None,
        };
        let is_api = |one: &Directive| {
            let argument = one
                .arguments
                .first()
                .map(|word| word.text.trim_end_matches('/'));
            one.name.text == "api" && argument == Some("/status")
        };
        if let Some(path) = path.filter(|_| inner.iter().any(is_api)) {
            return Some(path.to_owned());
        }
        if let Some(path) = location(inner) {
            return Some(path);
        }
    }
    None
}

/// Whether a host of this name is asked for by writing the name.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

/// An address that a server listens at, and whether it is encrypted there.
fn listen(directive: &Directive) -> Option<(SocketAddr, bool)> {
    let (first, rest) = directive.arguments.split_first()?;
    let text = first.text.as_str();
    let address = if let Ok(port) = text.parse::<u16>() {
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))
    } else if let Ok(address) = text.parse::<SocketAddr>() {
        address
    } else if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        SocketAddr::new(address, 80)
    } else if text.starts_with("unix:") {
        return None;
    } else {
        let text = text.replace('*', "0.0.0.0");
        let text = if text.contains(':') {
            text
        } else {
            format!("{text}:80")
        };
        text.to_socket_addrs().ok()?.next()?
    };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let is_tls = rest.iter().any(|word| word.text == "ssl");
    Some((SocketAddr::new(ip, address.port()), is_tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        written(text).unwrap().url
    }

    #[test]
    fn addresses_are_written_as_people_do() {
        assert_eq!(url("http://h:1/x/status/"), "http://h:1/x/status/");
        assert_eq!(url("https://h/api"), "https://h/api/");
        assert_eq!(url("h:1"), "http://h:1/status/");
        assert_eq!(url("[::1]:8080"), "http://[::1]:8080/status/");
        for wrong in [
            "ftp://h/",
            "http://u:p@h/",
            "http://h/?a",
            "http:///x",
            "",
            "h:99999",
            "http://h:/status/",
        ] {
            assert!(written(wrong).is_err(), "{wrong}");
        }
    }

    fn found(http: &str) -> Result<(String, Option<String>), String> {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("a.conf");
        std::fs::write(&main, format!("events {{}}\nhttp {{\n{http}\n}}\n")).unwrap();
        let place = configured(&main)?;
        Ok((place.url, place.at.map(|at| at.to_string())))
    }

    #[test]
    fn a_configuration_says_where() {
        let api = "location /status/ { api /status/; allow 127.0.0.1; deny all; }";
        for (listen, expected) in [
            ("", "http://127.0.0.1:80/status/"),
            ("listen 8080;", "http://127.0.0.1:8080/status/"),
            ("listen *:81;", "http://127.0.0.1:81/status/"),
            ("listen 10.0.0.1;", "http://10.0.0.1:80/status/"),
            ("listen [::]:82;", "http://[::1]:82/status/"),
            ("listen [::1];", "http://[::1]:80/status/"),
            (
                "listen localhost:83 default_server;",
                "http://127.0.0.1:83/status/",
            ),
            ("listen 443 ssl;", "https://127.0.0.1:443/status/"),
            ("listen 443 ssl; listen 80;", "http://127.0.0.1:80/status/"),
            ("listen unix:/s; listen 84;", "http://127.0.0.1:84/status/"),
        ] {
            let (url, at) = found(&format!("server {{ {listen} {api} }}")).unwrap();
            let url = url.replace("[::1]:83", "127.0.0.1:83");
            assert_eq!((url.as_str(), at), (expected, None), "{listen}");
        }
    }

    #[test]
    fn a_server_with_a_name_is_asked_by_it() {
        let http = "server { listen 1; }\n\
             server { listen 2; server_name _ *.x status.local; location /a/ { location ^~ /a/s/ { api /status; } } }";
        let (url, at) = found(http).unwrap();
        assert_eq!(url, "http://status.local:2/a/s/");
        assert_eq!(at.as_deref(), Some("127.0.0.1:2"));
    }

    #[test]
    fn what_is_missing_is_said() {
        for http in [
            "server { listen 1; }",
            "server { listen unix:/s; location /status/ { api /status/; } }",
            "server { listen 1; location = /s { api /status/; } }",
            "server { listen 1; location /s/ { api /status/http/; } }",
            "server { listen 1; location ~ /s/ { api /status/; } }",
        ] {
            assert!(found(http).unwrap_err().contains("--address"), "{http}");
        }
        assert!(found("server {").unwrap_err().contains("cannot be read"));
        let missing = configured(Path::new("/nowhere/x.conf")).unwrap_err();
        assert!(missing.contains("/nowhere/x.conf"), "{missing}");
    }
}

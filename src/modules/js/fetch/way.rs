//! Where a fetch leads: its address taken apart, and what the host stands for.

use std::net::SocketAddr;

use url::{Host, Url};

use crate::http::upstream::resolver::Known;
use crate::modules::resolver::Asked;

/// Takes an address apart, as the standard for addresses says it (WHATWG URL), which browsers follow.
pub(super) fn parse(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "invalid url")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("unsupported URL schema, only http or https are supported");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials in a URL are not supported");
    }
    Ok(url)
}

/// Whether what is said on the way is encrypted.
pub(super) fn is_encrypted(url: &Url) -> bool {
    url.scheme() == "https"
}

/// The host, with its port unless that is the usual one.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The addresses that the host stands for.
pub(super) async fn addresses(url: &Url, asked: &Asked) -> Result<Vec<SocketAddr>, String> {
    let port = url.port_or_known_default().unwrap_or(80);
    let name = match url.host() {
        Some(Host::Ipv4(address)) => return Ok(vec![SocketAddr::new(address.into(), port)]),
        Some(Host::Ipv6(address)) => return Ok(vec![SocketAddr::new(address.into(), port)]),
        Some(Host::Domain(name)) => name,
        None => return Err("no host in url".into()),
    };
    let answer = match asked.resolver.find(name, asked.patience) {
        Known::Answer(answer) => answer,
        Known::Awaited(awaited) => {
            awaited.over().await;
            awaited.into_answer()
        }
    };
    match answer {
        Ok(found) => Ok(found
            .iter()
            .map(|one| SocketAddr::new(one.ip, port))
            .collect()),
        Err(failure) => Err(format!("\"{name}\" could not be resolved ({failure})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let url = parse("HTTP://Example.COM:8080/a b?c=d#e").unwrap();
        assert_eq!(authority(&url), "example.com:8080");
        assert_eq!((url.path(), url.query()), ("/a%20b", Some("c=d")));
        assert_eq!(authority(&parse("https://[::1]:443").unwrap()), "[::1]");
        for wrong in [
            "",
            "/a",
            "ftp://a/",
            "http://",
            "http://a b/",
            "http://u:p@a/",
            "data:,a",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

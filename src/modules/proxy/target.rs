//! Where a `proxy_pass` leads: its URL, and the URI that the peer is asked for.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::changing::{Changing, Upstream};
use super::group::Group;
use super::names::{Course, Names, Pending};
use super::registry::{DEFAULT_PORT, HTTPS_PORT, Implicit};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::uri::{self, Escape};
use crate::http::plan::template::Template;
use crate::modules::address::Endpoint;
use crate::modules::family::Protocol;

/// Where a request goes.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) group: Arc<Group>,
    /// Whether its peers are spoken to in TLS.
    pub(super) is_encrypted: bool,
    /// How its URL begins.
    pub(super) scheme: &'static str,
    /// `$proxy_host`
    pub(super) host: String,
    /// `$proxy_port`
    pub(super) port: String,
    /// The part of the URL behind the host.
    pub(super) uri: Option<Vec<u8>>,
}

impl Target {
    /// The same in this group.
    pub(super) fn within(&self, group: Arc<Group>) -> Self {
        Self {
            group,
            is_encrypted: self.is_encrypted,
            scheme: self.scheme,
            host: self.host.clone(),
            port: self.port.clone(),
            uri: self.uri.clone(),
        }
    }
}

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// Whether it is one of `https`.
    pub(super) is_encrypted: bool,
    scheme: &'static str,
    protocol: Protocol,
    /// The host as it is written, with its port.
    pub(super) server: String,
    pub(super) endpoint: Endpoint,
    pub(super) uri: Option<String>,
}

/// Why a text is no URL to pass to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BadUrl {
    Prefix,
    /// It has a path where none may be.
    Uri,
    /// What is wrong with the host.
    Host(String),
}

impl fmt::Display for BadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix => f.write_str("invalid URL prefix"),
            Self::Uri => f.write_str("a path where none may be"),
            Self::Host(problem) => f.write_str(problem),
        }
    }
}

impl Url {
    /// Reads `http://host[:port][/uri]` or `http://unix:path[:/uri]`, or the same with `https`; what is not of HTTP has schemes
    /// of its own, if any, and no URI.
    pub(super) fn parse(text: &str, protocol: Protocol) -> Result<Self, BadUrl> {
        let (plain, encrypted) = protocol.schemes();
        let (needs_scheme, may_have_scheme) = protocol.has_scheme();
        let is = |scheme: &str, known: &str| may_have_scheme && scheme.eq_ignore_ascii_case(known);
        let (is_encrypted, rest) = match text.split_once("://") {
            Some((scheme, rest)) if is(scheme, plain) => (false, rest),
            Some((scheme, rest)) if encrypted.is_some_and(|known| is(scheme, known)) => {
                (true, rest)
            }
            None if !needs_scheme => (false, text),
            _ => return Err(BadUrl::Prefix),
        };
        let (server, uri) = if let Some(socket) = rest.strip_prefix("unix:") {
            match socket.split_once(':') {
                Some((path, uri)) => (&rest[..5 + path.len()], uri),
                None => (rest, ""),
            }
        } else {
            rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))
        };
        let endpoint = Endpoint::parse(server)
            .map_err(|problem| BadUrl::Host(format!("{problem} in upstream \"{server}\"")))?;
        let uri = match uri {
            "" => None,
            _ if protocol != Protocol::Http => return Err(BadUrl::Uri),
            uri if uri.starts_with('?') => Some(format!("/{uri}")),
            uri => Some(uri.to_owned()),
        };
        Ok(Self {
            is_encrypted,
            scheme: encrypted.filter(|_| is_encrypted).unwrap_or(plain),
            protocol,
            server: server.to_owned(),
            endpoint,
            uri,
        })
    }

    /// Whether it names a host without a port where there is no usual one.
    pub(super) fn lacks_port(&self) -> bool {
        self.protocol.is_program() && matches!(self.endpoint, Endpoint::Host { port: None, .. })
    }

    /// The port of a host without one.
    pub(super) fn default_port(&self) -> u16 {
        match self.is_encrypted {
            true => HTTPS_PORT,
            false => DEFAULT_PORT,
        }
    }

    /// `$proxy_host` and `$proxy_port`.
    pub(super) fn host_and_port(&self) -> (String, String) {
        match &self.endpoint {
            Endpoint::Unix(_) => ("localhost".to_owned(), String::new()),
            Endpoint::Host { port, .. } => {
                let default = self.default_port();
                let name = match port {
                    Some(port) if *port == default => {
                        let end = self.server.rfind(':').unwrap_or(self.server.len());
                        self.server[..end].to_owned()
                    }
                    _ => self.server.clone(),
                };
                (name, port.unwrap_or(default).to_string())
            }
        }
    }

    /// The target, in this group.
    pub(super) fn target(self, group: Arc<Group>) -> Target {
        let (host, port) = self.host_and_port();
        Target {
            is_encrypted: self.is_encrypted,
            scheme: self.scheme,
            group,
            host,
            port,
            uri: self.uri.map(String::into_bytes),
        }
    }
}

/// Where a `proxy_pass` leads, as it is written.
pub(super) enum Destination {
    /// Always there, and in a group that changes where it is one.
    Fixed(Arc<Target>, Option<Arc<Changing>>),
    /// Wherever the variables say.
    Evaluated(Evaluated),
}

/// A URL with variables.
pub(super) struct Evaluated {
    pub(super) url: Template,
    pub(super) protocol: Protocol,
    /// The `upstream` blocks.
    pub(super) groups: HashMap<String, Upstream>,
    /// Those of servers that other `proxy_pass` directives name.
    pub(super) implicit: Arc<Implicit>,
    /// Hosts that only requests name.
    pub(super) names: Names,
}

impl Destination {
    /// Where this request goes, after what it may have waited for.
    pub(super) fn course(&self, request: &mut Request, waited: Option<Pending>) -> Course {
        match (self, waited) {
            (Self::Fixed(target, None), _) => Course::Go(Arc::clone(target)),
            (
                _,
                Some(Pending::Group {
                    target,
                    changing,
                    until,
                    ..
                }),
            ) => changing.course(target, Some(until)),
            (Self::Fixed(target, Some(changing)), _) => changing.course(Arc::clone(target), None),
            (Self::Evaluated(evaluated), Some(Pending::Host { url, awaited })) => evaluated
                .names
                .answered(request, url, awaited.into_answer()),
            (Self::Evaluated(evaluated), None) => evaluated.course(request),
        }
    }

    /// Appends the path and query that the peer is asked for. `uri` is that of the URL, and `location` the length of the
    /// name that it stands for.
    pub(super) fn uri(
        &self,
        request: &Request,
        uri: Option<&[u8]>,
        location: usize,
        out: &mut Vec<u8>,
    ) {
        match (uri, self) {
            (Some(uri), Self::Evaluated(_)) => printable(uri, out),
            (None, _) if request.unchanged => printable(received(request.head.target()), out),
            (Some(uri), Self::Fixed(..)) if request.located => {
                let rest = request.path.get(location..).unwrap_or_default();
                printable(&replaced(request, uri, rest), out);
            }
            _ => printable(&replaced(request, b"", &request.path), out),
        }
    }
}

impl Evaluated {
    /// What the variables say, or why that is no URL, and the text.
    pub(super) fn url(&self, request: &mut Request) -> Result<Url, (BadUrl, String)> {
        let text = self.url.evaluate(request);
        let text = String::from_utf8_lossy(&text);
        Url::parse(&text, self.protocol).map_err(|problem| (problem, text.into_owned()))
    }

    fn course(&self, request: &mut Request) -> Course {
        let url = match self.url(request) {
            Ok(url) => url,
            Err((problem, text)) => {
                let text = text.escape_debug();
                log::error!("{problem} in \"{text}\"{}", Circumstances(request));
                return Course::Fail(500);
            }
        };
        let known = match &url.endpoint {
            Endpoint::Host { host, port: None } => self.groups.get(&host.to_ascii_lowercase()),
            _ => None,
        };
        match known.cloned() {
            Some(Upstream::Fixed(group)) => return Course::Go(Arc::new(url.target(group))),
            Some(Upstream::Changing(changing)) => {
                let target = Arc::new(url.target(changing.now()));
                return changing.course(target, None);
            }
            None => {}
        }
        if url.lacks_port() {
            let server = url.server.escape_debug();
            log::error!("no port in upstream \"{server}\"{}", Circumstances(request));
            return Course::Fail(500);
        }
        match self.implicit.get(&url.endpoint, url.default_port()) {
            Some(group) => Course::Go(Arc::new(url.target(group))),
            None => self.names.course(request, url),
        }
    }
}

/// A target as it was received, without scheme and host, and without a fragment.
fn received(target: &[u8]) -> &[u8] {
    let path = match target.first() {
        Some(b'/') => target,
        _ => without_host(target),
    };
    let fragment = memchr::memchr(b'#', path);
    &path[..fragment.unwrap_or(path.len())]
}

fn without_host(target: &[u8]) -> &[u8] {
    let Some(scheme) = target.windows(3).position(|three| three == b"://") else {
        return target;
    };
    let rest = &target[scheme + 3..];
    let path = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
    &rest[path.unwrap_or(rest.len())..]
}

/// A new beginning, the rest of the path encoded again, and the query.
fn replaced(request: &Request, start: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut out = start.to_vec();
    uri::escape(rest, Escape::Path, &mut out);
    if !request.arguments.is_empty() {
        out.push(if start.contains(&b'?') { b'&' } else { b'?' });
        out.extend_from_slice(&request.arguments);
    }
    out
}

/// Appends a URI with what would end a request line encoded, and with a slash at its beginning.
fn printable(uri: &[u8], out: &mut Vec<u8>) {
    let is_odd = |byte: u8| byte <= b' ' || byte == 0x7f;
    if !matches!(uri.first(), Some(b'/' | b'*')) {
        out.push(b'/');
    }
    if !uri.iter().fold(false, |odd, byte| odd | is_odd(*byte)) {
        return out.extend_from_slice(uri);
    }
    for byte in uri {
        match is_odd(*byte) {
            true => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            false => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> (String, Option<String>) {
        let url = Url::parse(text, Protocol::Http).unwrap();
        (url.server, url.uri)
    }

    #[test]
    fn urls_are_taken_apart() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(url("http://a"), ("a".into(), None));
        assert_eq!(url("HTTP://a:8/"), ("a:8".into(), some("/")));
        assert_eq!(url("http://a?x=1"), ("a".into(), some("/?x=1")));
        assert_eq!(url("http://[::1]:8/x"), ("[::1]:8".into(), some("/x")));
        assert_eq!(url("http://unix:/s"), ("unix:/s".into(), None));
        assert_eq!(url("http://unix:/s:/u"), ("unix:/s".into(), some("/u")));
        assert_eq!(Url::parse("ftp://a", Protocol::Http), Err(BadUrl::Prefix));
        assert_eq!(Url::parse("", Protocol::Http), Err(BadUrl::Prefix));
        assert!(
            Url::parse("HTTPS://a", Protocol::Http)
                .unwrap()
                .is_encrypted
        );
        assert!(!Url::parse("http://a", Protocol::Http).unwrap().is_encrypted);
        assert_eq!(Url::parse("https:/a", Protocol::Http), Err(BadUrl::Prefix));
        assert!(matches!(
            Url::parse("http://", Protocol::Http),
            Err(BadUrl::Host(_))
        ));
    }

    #[test]
    fn those_of_grpc_need_no_scheme_and_have_no_path() {
        let url =
            |text: &str| Url::parse(text, Protocol::Grpc).map(|url| (url.is_encrypted, url.server));
        assert_eq!(url("a:1"), Ok((false, "a:1".into())));
        assert_eq!(url("grpc://a:1"), Ok((false, "a:1".into())));
        assert_eq!(url("GRPCS://[::1]"), Ok((true, "[::1]".into())));
        assert_eq!(url("unix:/s"), Ok((false, "unix:/s".into())));
        assert_eq!(url("http://a"), Err(BadUrl::Prefix));
        for text in ["grpc://a/b", "a/", "a?b", "unix:/s:/b"] {
            assert_eq!(url(text), Err(BadUrl::Uri), "{text}");
        }
        assert!(matches!(url("grpc://"), Err(BadUrl::Host(_))));
    }

    #[test]
    fn those_of_programs_have_no_scheme_but_that_of_uwsgi() {
        let url =
            |text: &str, protocol| Url::parse(text, protocol).map(|url| (url.scheme, url.server));
        for (protocol, scheme) in [
            (Protocol::FastCgi, "fastcgi"),
            (Protocol::Scgi, "scgi"),
            (Protocol::Uwsgi, "uwsgi"),
        ] {
            for server in ["a:1", "unix:/run/a.sock", "[::1]:9"] {
                assert_eq!(url(server, protocol), Ok((scheme, server.into())));
            }
            assert_eq!(url("a:1/b", protocol), Err(BadUrl::Uri));
            assert!(Url::parse("a", protocol).unwrap().lacks_port());
        }
        assert_eq!(
            url("suwsgi://a:1", Protocol::Uwsgi),
            Ok(("suwsgi", "a:1".into()))
        );
        assert_eq!(url("fastcgi://a:1", Protocol::FastCgi), Err(BadUrl::Prefix));
    }

    #[test]
    fn the_default_port_is_not_shown() {
        let names = |text: &str| Url::parse(text, Protocol::Http).unwrap().host_and_port();
        assert_eq!(names("http://a:80"), ("a".into(), "80".into()));
        assert_eq!(names("http://a"), ("a".into(), "80".into()));
        assert_eq!(names("http://a:81"), ("a:81".into(), "81".into()));
        assert_eq!(names("https://a:443"), ("a".into(), "443".into()));
        assert_eq!(names("https://[::1]"), ("[::1]".into(), "443".into()));
        assert_eq!(names("https://a:80"), ("a:80".into(), "80".into()));
        assert_eq!(names("http://a:443"), ("a:443".into(), "443".into()));
        assert_eq!(
            names("https://unix:/x"),
            ("localhost".into(), String::new())
        );
        assert_eq!(names("http://unix:/x"), ("localhost".into(), String::new()));
    }

    #[test]
    fn a_received_target_loses_its_host() {
        assert_eq!(received(b"/a?b=http://c"), b"/a?b=http://c");
        assert_eq!(received(b"http://h:1/a?b"), b"/a?b");
        assert_eq!(received(b"http://h?b"), b"?b");
        assert_eq!(received(b"http://h"), b"");
        assert_eq!(received(b"/a#b"), b"/a");
    }

    #[test]
    fn nothing_ends_a_request_line() {
        for (uri, expected) in [
            ("/a b\r\n", "/a%20b%0D%0A"),
            ("a", "/a"),
            ("", "/"),
            ("?b", "/?b"),
            ("*", "*"),
            ("/a%20b", "/a%20b"),
        ] {
            let mut out = Vec::new();
            printable(uri.as_bytes(), &mut out);
            assert_eq!(out, expected.as_bytes(), "{uri:?}");
        }
    }
}

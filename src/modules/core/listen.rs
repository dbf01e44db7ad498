//! `listen`: where a server takes its connections.
//!
//! Names are resolved when the configuration is loaded. Parameters that only tune sockets are
//! accepted and have no effect; those that ask for another protocol are refused.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, nearest, values,
};
use crate::http::build::written::{Listen, Listens};
use crate::http::plan::runtime::Address;

pub(super) const LISTEN: DirectiveSpec = DirectiveSpec {
    name: "listen",
    contexts: Contexts::SERVER,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "listen address[:port] [default_server] [ssl] [proxy_protocol] [backlog=number];\nlisten port \
                 [default_server] [ssl] [proxy_protocol] [backlog=number];\nlisten unix:path [default_server] \
                 [ssl] [proxy_protocol] [backlog=number];",
        default: "listen *:80;",
        text: "Where the server takes connections: an IPv4 address, an IPv6 address in brackets, \
               a host name, `*` for every IPv4 address, or a socket in the file system. Without a \
               port it is 80. With `default_server` the server takes requests whose host is none \
               of the names at that address; otherwise the first server there does. With \
               `ssl` its connections are encrypted, see `ssl_certificate`; one `listen` that says \
               so is enough for an address. `http2` is an old way to write `http2 on`, for an address. With `proxy_protocol` every \
               connection begins with a header of the PROXY protocol (version 1 or 2, before TLS, within \
               `client_header_timeout`), or is closed; what it says is in `$proxy_protocol_addr` and, with \
               `real_ip_header proxy_protocol`, in `$remote_addr`. The header is believed whoever sends it, so \
               nobody but the proxy should reach such an address. One `listen` that says so is enough for an address. `backlog` is the length of the queue of new \
               connections. The parameters `bind`, `deferred`, \
               `fastopen=`, `ipv6only=on`, `multipath`, `rcvbuf=`, `reuseport`, `setfib=`, \
               `sndbuf=`, `so_keepalive=` and `accept_filter=` are accepted and have no effect. An \
               IPv6 address takes no connections to IPv4 ones; `[::]` with `ipv6only=off` stands for all \
               addresses of both kinds, with a socket for each.",
        example: "listen 127.0.0.1:8080 default_server;\nlisten [::]:8080;\nlisten \
                  unix:/run/pingauge.sock;",
    },
    apply: listen,
    ..SPEC
};

fn listen(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    // Also when it is refused: the server is not one without any, which would get port 80.
    statement.scope.get_or_default::<Listens>();
    let mut addresses = addresses(statement)?;
    let mut default_server = false;
    let mut backlog = None;
    let mut encrypted = false;
    let mut http2 = false;
    let mut proxied = false;
    for index in 2..=statement.arguments().len() {
        let text = statement.text(index);
        match text.strip_prefix("backlog=") {
            Some(number) => backlog = Some(queue_length(statement, index, number)?),
            None if matches!(text, "default_server" | "default") => default_server = true,
            None if text == "ssl" => encrypted = true,
            None if text == "proxy_protocol" => proxied = true,
            None if text == "ipv6only=off" => add_ipv4(&mut addresses),
            None if text == "http2" => {
                let message = "\"listen … http2\" is an old way to write \"http2 on;\"";
                let warning = Diagnostic::warning(statement.word(index).span, message);
                statement.diagnostics.push(warning);
                http2 = true;
            }
            None => check_parameter(statement, index)?,
        }
    }
    let span = statement.directive.span;
    let listens = statement.scope.get_or_default::<Listens>();
    for address in addresses {
        if listens.0.iter().any(|one| one.address == address) {
            let message = format!("a duplicate listen {address}");
            return Err(statement.error(1, message));
        }
        listens.0.push(Listen {
            address,
            default_server,
            backlog,
            encrypted,
            http2,
            proxied,
            span,
        });
    }
    Ok(())
}

/// All IPv4 addresses beside all IPv6 ones.
fn add_ipv4(addresses: &mut Vec<Address>) {
    let ports = addresses.iter().filter_map(|address| match address {
        Address::Tcp(SocketAddr::V6(all)) if all.ip().is_unspecified() => Some(all.port()),
        _ => None,
    });
    let added: Vec<Address> = ports
        .map(|port| tcp(Ipv4Addr::UNSPECIFIED.into(), port))
        .collect();
    addresses.extend(added);
}

fn queue_length(statement: &Statement<'_>, index: usize, number: &str) -> Result<i32, Diagnostic> {
    let length = values::number(number).ok().filter(|length| *length > 0);
    let length = length.and_then(|length| i32::try_from(length).ok());
    length.ok_or_else(|| {
        let message = format!("invalid backlog \"{}\"", statement.text(index));
        statement.error(index, message)
    })
}

fn check_parameter(statement: &mut Statement<'_>, index: usize) -> Result<(), Diagnostic> {
    let text = statement.text(index);
    let (name, has_value) = match text.split_once('=') {
        Some((name, value)) => (name, !value.is_empty()),
        None => (text, false),
    };
    let known = |list: &[(&str, bool)]| list.contains(&(name, has_value)) && !text.ends_with('=');
    let message = format!("invalid parameter \"{text}\"");
    if name == "ipv6only" && text != "ipv6only=on" {
        let problem = statement.error(index, message);
        return Err(problem.with_help("expected \"ipv6only=on\" or \"ipv6only=off\""));
    }
    if known(WITHOUT_EFFECT) {
        let what = format!("listen … {text}");
        let span = statement.word(index).span;
        statement.diagnostics.note_without_effect(span, what);
        return Ok(());
    }
    if let Some((_, help)) = OTHER_PROTOCOLS.iter().find(|(name, _)| *name == text) {
        let message = format!("the \"{text}\" parameter of \"listen\" is not supported");
        return Err(statement.error(index, message).with_help(*help));
    }
    let names = WITHOUT_EFFECT.iter().map(|(name, _)| *name);
    let similar = nearest(
        name,
        names.chain([
            "default_server",
            "backlog",
            "http2",
            "proxy_protocol",
            "ssl",
        ]),
    );
    let problem = statement.error(index, message);
    Err(match similar {
        Some(similar) => problem.with_help(format!("did you mean \"{similar}\"?")),
        None => problem,
    })
}

fn addresses(statement: &Statement<'_>) -> Result<Vec<Address>, Diagnostic> {
    let text = statement.text(1);
    let problem = |what: &str| {
        let message = format!("{what} in \"{text}\" of the \"listen\" directive");
        Err(statement.error(1, message))
    };
    if let Some(path) = text.strip_prefix("unix:") {
        return match path {
            "" => problem("no path"),
            // The system keeps 108 bytes for a path, the last of them zero.
            path if path.len() > 107 => problem("too long path"),
            path => Ok(vec![Address::Unix(PathBuf::from(path))]),
        };
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        return match port(text) {
            Some(port) => Ok(vec![tcp(Ipv4Addr::UNSPECIFIED.into(), port)]),
            None => problem("invalid port"),
        };
    }
    let Some((host, written)) = split(text) else {
        return problem("invalid host");
    };
    let Some(port) = written.map_or(Some(80), port) else {
        return problem("invalid port");
    };
    match host {
        "" => problem("no host"),
        "*" => Ok(vec![tcp(Ipv4Addr::UNSPECIFIED.into(), port)]),
        host => match host.parse::<IpAddr>() {
            Ok(address) => Ok(vec![tcp(address, port)]),
            Err(_) if text.starts_with('[') => problem("invalid IPv6 address"),
            Err(_) => match resolve(host, port) {
                found if found.is_empty() => problem("host not found"),
                found => Ok(found),
            },
        },
    }
}

/// Host without brackets, and the port if there is one.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
        None => Some((text, None)),
    }
}

fn port(text: &str) -> Option<u16> {
    let number = values::number(text).ok()?;
    u16::try_from(number).ok().filter(|port| *port > 0)
}

fn tcp(address: IpAddr, port: u16) -> Address {
    Address::Tcp(SocketAddr::new(address, port))
}

fn resolve(host: &str, port: u16) -> Vec<Address> {
    let mut found = Vec::new();
    for address in (host, port).to_socket_addrs().into_iter().flatten() {
        let address = Address::Tcp(address);
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// Parameters that only tune sockets, and whether they come with a value.
const WITHOUT_EFFECT: &[(&str, bool)] = &[
    ("accept_filter", true),
    ("bind", false),
    ("deferred", false),
    ("fastopen", true),
    ("ipv6only", true),
    ("multipath", false),
    ("rcvbuf", true),
    ("reuseport", false),
    ("setfib", true),
    ("sndbuf", true),
    ("so_keepalive", true),
];

/// Parameters that ask for something else than HTTP/1 and HTTP/2, and what to write instead.
const OTHER_PROTOCOLS: &[(&str, &str)] = &[
    ("http3", QUIC),
    ("quic", QUIC),
    (
        "spdy",
        "write \"http2 on;\": browsers have spoken HTTP/2 in its place since 2016",
    ),
];
const QUIC: &str = "HTTP/1 and HTTP/2 are spoken here: remove the line, and any Alt-Svc field, and keep \"listen … ssl\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        assert_eq!(split("*:80"), Some(("*", Some("80"))));
        assert_eq!(split("[::1]:8080"), Some(("::1", Some("8080"))));
        assert_eq!(split("[::1]"), Some(("::1", None)));
        assert_eq!(split("localhost"), Some(("localhost", None)));
        assert_eq!(split(":80"), Some(("", Some("80"))));
        for text in ["::1", "[::1", "[::1]80", "a:b:c"] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn ports_are_numbers_that_fit() {
        assert_eq!(port("65535"), Some(65535));
        for text in ["0", "65536", "", "x", "-1", "80-90"] {
            assert_eq!(port(text), None, "{text}");
        }
    }
}

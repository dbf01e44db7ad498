//! `$proxy_protocol_…`: what the header of the PROXY protocol told of a connection, which `listen … proxy_protocol` reads.

use std::net::SocketAddr;

use crate::http::build::builder::Builder;
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::variable::{VARIABLE, Variable, VariableSpec};
use crate::http::transport::proxy_header::Proxied;

/// The feature.
pub static MODULE: Module = Module {
    name: "proxy_protocol",
    about: "what proxies tell by the PROXY protocol",
    variables: VARIABLES,
    described: DESCRIBED,
    http: |builder, _| declare(builder),
    ..module::MODULE
};

const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "proxy_protocol_addr",
        doc: "The client's address as the header of the PROXY protocol tells it.",
        read: |request, _, out| address(request, |one| one.source, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "proxy_protocol_port",
        doc: "The client's port as the header of the PROXY protocol tells it.",
        read: |request, _, out| port(request, |one| one.source, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "proxy_protocol_server_addr",
        doc: "The address that the client has connected to, as the header of the PROXY protocol tells it.",
        read: |request, _, out| address(request, |one| one.destination, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "proxy_protocol_server_port",
        doc: "The port that the client has connected to, as the header of the PROXY protocol tells it.",
        read: |request, _, out| port(request, |one| one.destination, out),
        ..VARIABLE
    },
];

const DESCRIBED: &[VariableSpec] = &[VariableSpec {
    name: "proxy_protocol_tlv_*",
    doc: "A further value of a binary header of the PROXY protocol, by its name (`alpn`, `authority`, `unique_id`, `ssl`, \
          `netns`) or its number (`0x01`); with `ssl_` before it (`ssl_version`, `ssl_cn`, `ssl_cipher`, `ssl_sig_alg`, \
          `ssl_key_alg`, `ssl_0x21`) one of those about encryption between client and proxy. `ssl_verify` is `0` if the \
          client showed a certificate that was found right.",
    ..VARIABLE
}];

type Side = fn(&Proxied) -> SocketAddr;

fn address(request: &Request, side: Side, out: &mut Vec<u8>) -> bool {
    if let Some(proxied) = &request.connection.proxied {
        out.extend_from_slice(side(proxied).ip().to_string().as_bytes());
    }
    true
}

fn port(request: &Request, side: Side, out: &mut Vec<u8>) -> bool {
    let port = request
        .connection
        .proxied
        .as_ref()
        .map(|one| side(one).port());
    if let Some(port @ 1..) = port {
        out.extend_from_slice(port.to_string().as_bytes());
    }
    true
}

fn declare(builder: &mut Builder<'_>) {
    let family = |name: &str| -> Box<dyn Variable> { Box::new(Value::of(name)) };
    let defined = builder
        .variables
        .define_family("proxy_protocol_tlv_", Box::new(family));
    builder.diagnostics.check(defined);
}

/// Which value is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Of(u8),
    OfEncryption(u8),
    Verified,
    /// Of a name that stands for none.
    Nothing,
}

const NAMES: &[(&str, u8)] = &[
    ("alpn", 0x01),
    ("authority", 0x02),
    ("unique_id", 0x05),
    ("ssl", 0x20),
    ("netns", 0x30),
];
const NAMES_OF_ENCRYPTION: &[(&str, u8)] = &[
    ("version", 0x21),
    ("cn", 0x22),
    ("cipher", 0x23),
    ("sig_alg", 0x24),
    ("key_alg", 0x25),
];

impl Value {
    fn of(name: &str) -> Self {
        let kind = |names: &[(&str, u8)], name: &str| {
            let known = names.iter().find(|(known, _)| *known == name);
            let number = || u8::from_str_radix(name.strip_prefix("0x")?, 16).ok();
            known.map(|(_, kind)| *kind).or_else(number)
        };
        let found = match name.strip_prefix("ssl_") {
            Some("verify") => Some(Self::Verified),
            Some(name) => kind(NAMES_OF_ENCRYPTION, name).map(Self::OfEncryption),
            None => kind(NAMES, name).map(Self::Of),
        };
        found.unwrap_or(Self::Nothing)
    }
}

impl Variable for Value {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let Some(proxied) = &request.connection.proxied else {
            return false;
        };
        let value = match self {
            Self::Of(kind) => proxied.value(*kind),
            Self::OfEncryption(kind) => proxied.encryption_value(*kind),
            Self::Verified => {
                let verified = proxied.verified().map(|verified| verified.to_string());
                out.extend_from_slice(verified.as_deref().unwrap_or_default().as_bytes());
                return verified.is_some();
            }
            Self::Nothing => None,
        };
        out.extend_from_slice(value.unwrap_or_default());
        value.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_values() {
        assert_eq!(Value::of("alpn"), Value::Of(1));
        assert_eq!(Value::of("0xe0"), Value::Of(0xe0));
        assert_eq!(Value::of("ssl"), Value::Of(0x20));
        assert_eq!(Value::of("ssl_cn"), Value::OfEncryption(0x22));
        assert_eq!(Value::of("ssl_0x21"), Value::OfEncryption(0x21));
        assert_eq!(Value::of("ssl_verify"), Value::Verified);
        for name in ["", "x", "0x", "0x100", "1", "cn", "ssl_", "ssl_alpn"] {
            assert_eq!(Value::of(name), Value::Nothing, "{name}");
        }
    }
}

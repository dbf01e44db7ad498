//! `allow` and `deny`: who may ask, by address. The first rule that knows the client decides.

use std::net::{IpAddr, Ipv6Addr};

use crate::conf::{Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, values};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::phase::{AccessRule, Verdict};

/// The feature.
pub static MODULE: Module = Module {
    name: "access",
    about: "clients let in by their addresses",
    directives: &[ALLOW, DENY],
    location: |_, chain, parts| {
        if let Some(rules) = chain.nearest::<Rules>() {
            parts.access.push(Box::new(rules.clone()));
        }
    },
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP
    .or(Contexts::SERVER)
    .or(Contexts::LOCATION)
    .or(Contexts::LIMIT_EXCEPT);

const ALLOW: DirectiveSpec = DirectiveSpec {
    name: "allow",
    contexts: CONTEXTS,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "allow address | CIDR | unix: | all;",
        text: "Lets clients of an address, of a network, of Unix sockets, or all of them pass. \
               `allow` and `deny` are asked in order, and the first that fits decides; a block \
               that has any inherits none.",
        example: "allow 192.168.0.0/16;\nallow 2001:db8::/32;\ndeny all;",
        ..SPEC.doc
    },
    apply: |statement| add(statement, true),
    ..SPEC
};

const DENY: DirectiveSpec = DirectiveSpec {
    name: "deny",
    contexts: CONTEXTS,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "deny address | CIDR | unix: | all;",
        text: "Answers clients of an address, of a network, of Unix sockets, or all of them with \
               403; see `allow`.",
        example: "deny all;",
        ..SPEC.doc
    },
    apply: |statement| add(statement, false),
    ..SPEC
};

#[derive(Clone, Default)]
struct Rules(Vec<(Clients, bool)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clients {
    All,
    Unix,
    /// Of IPv4, the last 32 bits of a mapped address.
    Network {
        bits: u128,
        mask: u128,
    },
}

fn add(statement: &mut Statement<'_>, may_pass: bool) -> Result<(), Diagnostic> {
    let text = statement.text(1);
    let Some((clients, has_low_bits)) = Clients::parse(text) else {
        let problem = statement.error(1, format!("invalid parameter \"{text}\""));
        return Err(problem.with_help("an address, a network as 10.0.0.0/8, \"unix:\" or \"all\""));
    };
    if has_low_bits {
        let message = format!("low address bits of {text} are meaningless");
        let warning = Diagnostic::warning(statement.word(1).span, message);
        statement.diagnostics.push(warning);
    }
    let rules = statement.scope.get_or_default::<Rules>();
    rules.0.push((clients, may_pass));
    Ok(())
}

impl Clients {
    /// The clients, and whether bits are given that the mask takes away.
    fn parse(text: &str) -> Option<(Self, bool)> {
        match text {
            "all" => return Some((Self::All, false)),
            "unix:" => return Some((Self::Unix, false)),
            _ => {}
        }
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(values::number(length).ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = u32::try_from(length.unwrap_or(width)).ok()?;
        let host_bits = u32::try_from(width).ok()?.checked_sub(length)?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        let bits = mapped(address);
        // An IPv4 network of any length lies within the mapped addresses.
        let mask = if address.is_ipv4() {
            mask | !u128::from(u32::MAX)
        } else {
            mask
        };
        let network = Self::Network {
            bits: bits & mask,
            mask,
        };
        Some((network, bits & mask != bits))
    }

    fn has(self, client: Option<IpAddr>) -> bool {
        match (self, client) {
            (Self::All, _) => true,
            (Self::Unix, client) => client.is_none(),
            (Self::Network { bits, mask }, Some(client)) => mapped(client) & mask == bits,
            (Self::Network { .. }, None) => false,
        }
    }
}

/// One form for both families, so that an IPv4 client on an IPv6 socket is known too.
fn mapped(address: IpAddr) -> u128 {
    let address: Ipv6Addr = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    address.to_bits()
}

impl AccessRule for Rules {
    fn check(&'static self, request: &mut Request) -> Verdict {
        let client = request.connection.client.map(|client| client.ip());
        let known = self.0.iter().find(|(clients, _)| clients.has(client));
        match known {
            Some((_, true)) => Verdict::Allow,
            Some((_, false)) => Verdict::Deny(403),
            None => Verdict::Neutral,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(rule: &str, client: &str) -> bool {
        let (clients, _) = Clients::parse(rule).unwrap();
        clients.has(client.parse().ok())
    }

    #[test]
    fn networks_hold_their_addresses() {
        assert!(has("10.0.0.0/8", "10.255.0.1"));
        assert!(!has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(has("127.0.0.1", "127.0.0.1"));
        assert!(!has("127.0.0.1", "127.0.0.2"));
        assert!(has("0.0.0.0/0", "1.2.3.4"));
        assert!(!has("0.0.0.0/0", "2001:db8::1"));
        assert!(has("::/0", "2001:db8::1"));
        assert!(has("2001:db8::/32", "2001:db8:1::1"));
        assert!(!has("2001:db8::/32", "2001:db9::1"));
        assert!(has("unix:", "") && !has("unix:", "::1") && !has("10.0.0.0/8", ""));
        assert!(has("all", "") && has("all", "::1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "x",
            "1.2.3",
            "1.2.3.4/33",
            "::1/129",
            "1.2.3.4/",
            "/8",
            "1.2.3.4/-1",
        ] {
            assert_eq!(Clients::parse(text), None, "{text}");
        }
        assert!(Clients::parse("10.0.0.1/8").unwrap().1);
        assert!(!Clients::parse("10.0.0.1").unwrap().1);
    }
}

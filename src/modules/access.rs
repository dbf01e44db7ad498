//! `allow` and `deny`: who may ask, by address. The first rule that knows the client decides.

use std::net::IpAddr;

use super::network::Network;
use crate::conf::{Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement};
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

#[derive(Clone, Copy)]
enum Clients {
    All,
    Of(Network),
}

fn add(statement: &mut Statement<'_>, may_pass: bool) -> Result<(), Diagnostic> {
    let text = statement.text(1);
    let parsed = match text {
        "all" => Some((Clients::All, false)),
        text => Network::parse(text).map(|(network, low)| (Clients::Of(network), low)),
    };
    let Some((clients, has_low_bits)) = parsed else {
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
    fn has(self, client: Option<IpAddr>) -> bool {
        match self {
            Self::All => true,
            Self::Of(network) => network.has(client),
        }
    }
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

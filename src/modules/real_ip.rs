//! `set_real_ip_from` and its family: who the client is, where trusted proxies speak for it.
//!
//! The address is changed as soon as the server is known, before everything that looks at it, and in a location
//! whose own words differ before anybody is let in. It is that of the request: the next one of the connection begins
//! with the connection's own again.

use std::sync::Arc;

use super::address::Endpoint;
use super::network::{Network, Networks};
use crate::conf::{
    Arity, Chain, Context, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement,
};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::phase::{PhaseHandler, Preaccess, PreaccessHandler};
use crate::http::plan::variable::{VARIABLE, VariableSpec};

/// The feature.
pub static MODULE: Module = Module {
    name: "real_ip",
    about: "clients that proxies speak for",
    directives: &[SET_REAL_IP_FROM, REAL_IP_HEADER, REAL_IP_RECURSIVE],
    variables: VARIABLES,
    server: |_, chain, parts| {
        if let Some(rule) = Rule::of(chain) {
            parts.begin.push(Box::new(rule));
        }
    },
    location: |_, chain, parts| {
        if let Some(rule) = Rule::of(chain).filter(|_| differs(chain)) {
            parts.preaccess.push(Box::new(rule));
        }
    },
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const SET_REAL_IP_FROM: DirectiveSpec = DirectiveSpec {
    name: "set_real_ip_from",
    contexts: CONTEXTS,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "set_real_ip_from address | CIDR | host | unix:;",
        text: "Trusts proxies at an address, in a network, at the addresses of a host name (looked up when the \
               configuration is loaded), or at sockets in the file system: the client of a request that comes from \
               them is the one that `real_ip_header` names, for `$remote_addr`, `$remote_port`, `allow` and `deny`, \
               logs, and everything else that looks at it. A block that has any inherits none. What stands in a \
               location applies once the location has been found and rewriting is over.",
        example: "set_real_ip_from 10.0.0.0/8;\nset_real_ip_from 2001:db8::/32;\nreal_ip_header X-Forwarded-For;\n\
                  real_ip_recursive on;",
        ..SPEC.doc
    },
    apply: trust,
    ..SPEC
};

const REAL_IP_HEADER: DirectiveSpec = DirectiveSpec {
    name: "real_ip_header",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "real_ip_header FIELD | X-Real-IP | X-Forwarded-For | proxy_protocol;",
        default: "real_ip_header X-Real-IP;",
        text: "The request field that names the client, with or without a port; where it holds several addresses, the \
               last. Of several fields of one name the first is read, but for `X-Forwarded-For`, whose fields are one \
               list. What is no address changes nothing. `proxy_protocol` takes the address from the header of the \
               PROXY protocol, which `listen … proxy_protocol` reads.",
        example: "real_ip_header CF-Connecting-IP;",
    },
    apply: |statement| {
        let field = statement.text(1);
        statement.scope.insert(match field {
            "proxy_protocol" => Source::ProxyProtocol,
            _ if field.eq_ignore_ascii_case("x-forwarded-for") => Source::Forwarded,
            _ => Source::Field(field.as_bytes().into()),
        });
        Ok(())
    },
    ..SPEC
};

const REAL_IP_RECURSIVE: DirectiveSpec = DirectiveSpec {
    name: "real_ip_recursive",
    contexts: CONTEXTS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "real_ip_recursive on | off;",
        default: "real_ip_recursive off;",
        text: "Whether addresses of trusted proxies in the field of `real_ip_header` are passed over: the client is \
               then the last address that is not trusted, or the first if all are. What stands before an address \
               that is not trusted may be forged, and is not read.",
        example: "real_ip_recursive on;",
    },
    apply: |statement| {
        let recursive = Recursive(statement.flag(1)?);
        statement.scope.insert(recursive);
        Ok(())
    },
    ..SPEC
};

const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "realip_remote_addr",
        doc: "The address of the connection, also where `set_real_ip_from` has made another one the client's.",
        read: |request, _, out| {
            match request.connection.peer() {
                Some(peer) => out.extend_from_slice(peer.ip().to_string().as_bytes()),
                None => out.extend_from_slice(b"unix:"),
            }
            true
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "realip_remote_port",
        doc: "The port of the connection; empty on a socket in the file system.",
        read: |request, _, out| {
            if let Some(peer) = request.connection.peer() {
                out.extend_from_slice(peer.port().to_string().as_bytes());
            }
            true
        },
        ..VARIABLE
    },
];

/// `set_real_ip_from`, all of one block.
#[derive(Default)]
struct Trusted(Vec<Network>);

/// `real_ip_header`
#[derive(Clone)]
enum Source {
    Field(Box<[u8]>),
    Forwarded,
    ProxyProtocol,
}

/// `real_ip_recursive`
struct Recursive(bool);

fn trust(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let text = statement.text(1);
    let networks = match Network::parse(text) {
        Some((network, false)) => vec![network],
        Some((network, true)) => {
            let message = format!("low address bits of {text} are meaningless");
            let warning = Diagnostic::warning(statement.word(1).span, message);
            statement.diagnostics.push(warning);
            vec![network]
        }
        None => hosts(text).ok_or_else(|| {
            let message = format!("host not found in \"set_real_ip_from\" \"{text}\"");
            let help = "an address, a network as 10.0.0.0/8, a host name or \"unix:\"";
            statement.error(1, message).with_help(help)
        })?,
    };
    let trusted = statement.scope.get_or_default::<Trusted>();
    trusted.0.extend(networks);
    Ok(())
}

/// The addresses of a host.
fn hosts(name: &str) -> Option<Vec<Network>> {
    let odd = |letter: char| matches!(letter, '/' | ':');
    let host = Endpoint::parse(name).ok().filter(|_| !name.contains(odd))?;
    let found = host.sockets(0).ok()?;
    Some(found.iter().map(|one| Network::of(one.ip())).collect())
}

/// Finds the client of requests.
struct Rule {
    trusted: Arc<Networks>,
    source: Source,
    recursive: bool,
}

impl Rule {
    fn of(chain: &Chain<'_>) -> Option<Self> {
        let Trusted(networks) = chain.nearest()?;
        let x_real_ip = || Source::Field(b"x-real-ip".as_slice().into());
        Some(Self {
            trusted: Arc::new(Networks::set(networks)),
            source: chain.nearest().cloned().unwrap_or_else(x_real_ip),
            recursive: chain.nearest().is_some_and(|Recursive(on)| *on),
        })
    }

    fn find(&self, request: &mut Request) {
        if request.connection.stands_in.is_some() {
            return;
        }
        let peer = request.connection.client.map(|client| client.ip());
        if !self.trusted.has(peer) {
            return;
        }
        let forwarded = |fields: &[&[u8]]| self.trusted.forwarded(peer, fields, self.recursive);
        let client = match &self.source {
            Source::Field(name) => forwarded(&fields(request, name, 1)),
            Source::Forwarded => forwarded(&fields(request, b"x-forwarded-for", usize::MAX)),
            Source::ProxyProtocol => request.connection.proxied.as_ref().map(|one| one.source),
        };
        if let Some(client) = client {
            request.connection.speak_for(client);
        }
    }
}

/// The values of fields of a name, the first so many.
fn fields<'r>(request: &'r Request, name: &[u8], most: usize) -> Vec<&'r [u8]> {
    let fields = request.head.fields();
    let own = fields.filter(|(own, _)| own.eq_ignore_ascii_case(name));
    own.map(|(_, value)| value).take(most).collect()
}

/// Whether a location says something else than its server, which has been asked before.
fn differs(chain: &Chain<'_>) -> bool {
    let scope = chain.scope();
    if matches!(scope.context, Context::Server | Context::Http) {
        return false;
    }
    scope.get::<Trusted>().is_some()
        || scope.get::<Source>().is_some()
        || scope.get::<Recursive>().is_some()
        || chain.outer().is_some_and(differs)
}

impl PhaseHandler for Rule {
    fn run(&self, request: &mut Request) {
        self.find(request);
    }
}

impl PreaccessHandler for Rule {
    fn run(&'static self, request: &mut Request) -> Preaccess {
        self.find(request);
        Preaccess::Pass
    }
}

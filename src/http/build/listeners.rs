//! The addresses of all servers, each with the servers behind it.

use super::builder::Builder;
use super::written::{Listen, Listens, ServerNamesWritten};
use crate::conf::{Diagnostic, Scope, Span};
use crate::http::plan::pattern::{Case, Pattern};
use crate::http::plan::runtime::{Address, Listener, Server};
use crate::http::plan::server_name::{ServerIndex, ServerNames};

/// nginx's length of the queue of connections.
const BACKLOG: i32 = 511;

struct Gathered {
    address: Address,
    backlog: i32,
    default_at: Option<Span>,
    names: ServerNames,
    /// The first `listen` that wants encryption.
    encrypted_at: Option<Span>,
    http2: bool,
    proxied: bool,
}

/// The first name of a server, empty when it has none.
pub(in crate::http) fn first_name(server: &Scope) -> String {
    let names = server.get::<ServerNamesWritten>();
    names
        .and_then(|names| names.0.first())
        .map_or_else(String::new, |(name, _)| {
            name.strip_prefix('.').unwrap_or(name).to_owned()
        })
}

/// Where a server asks for HTTP/2 at one of its addresses, whatever `http2` says.
pub fn speaks_http2_at(server: &Scope) -> Option<Span> {
    let listens = listens(server);
    let found = listens.iter().find(|listen| listen.http2);
    found.map(|listen| listen.span)
}

/// Gathers the listeners of all servers.
pub(in crate::http) fn gather(
    builder: &mut Builder<'_>,
    servers: &[Server],
    scopes: &[&Scope],
) -> Vec<Listener> {
    let mut all: Vec<Gathered> = Vec::new();
    for (number, scope) in scopes.iter().enumerate() {
        let server = ServerIndex(u32::try_from(number).unwrap_or(u32::MAX));
        for listen in listens(scope) {
            let place = place(&mut all, &listen, server);
            note_default(builder, place, &listen, server);
            if let Some(backlog) = listen.backlog {
                place.backlog = backlog;
            }
            if listen.encrypted {
                place.encrypted_at.get_or_insert(listen.span);
            }
            place.http2 |= listen.http2;
            place.proxied |= listen.proxied;
            add_names(builder, place, scope, server);
        }
    }
    for one in &all {
        require_certificate(builder, one, servers);
    }
    let finish = |one: Gathered| Listener {
        address: one.address,
        backlog: one.backlog,
        names: one.names,
        encrypted: one.encrypted_at.is_some(),
        http2: one.http2,
        proxied: one.proxied,
    };
    all.into_iter().map(finish).collect()
}

/// Clients that ask for nobody's name, or for that of a server without a certificate, are shown the
/// default server's, so there must be one.
fn require_certificate(builder: &mut Builder<'_>, one: &Gathered, servers: &[Server]) {
    let default = servers.get(one.names.default().0 as usize);
    let (Some(span), Some(server)) = (one.encrypted_at, default) else {
        return;
    };
    if server.encryption.is_some() {
        return;
    }
    let message = format!(
        "no \"ssl_certificate\" is defined for the server \"{}\", which is the default one of {}",
        server.name, one.address
    );
    let help = "write \"ssl_certificate\" and \"ssl_certificate_key\" in that server";
    let problem = Diagnostic::error(span, message).with_help(help);
    builder.diagnostics.push(problem);
}

fn listens(scope: &Scope) -> Vec<Listen> {
    match scope.get::<Listens>() {
        Some(listens) => listens.0.clone(),
        None => vec![Listen {
            address: Address::Tcp(([0, 0, 0, 0], 80).into()),
            default_server: false,
            backlog: None,
            encrypted: false,
            http2: false,
            proxied: false,
            span: scope.span,
        }],
    }
}

fn place<'g>(all: &'g mut Vec<Gathered>, listen: &Listen, server: ServerIndex) -> &'g mut Gathered {
    let known = all.iter().position(|one| one.address == listen.address);
    let position = known.unwrap_or_else(|| {
        all.push(Gathered {
            address: listen.address.clone(),
            backlog: BACKLOG,
            default_at: None,
            names: ServerNames::new(server),
            encrypted_at: None,
            http2: false,
            proxied: false,
        });
        all.len() - 1
    });
    &mut all[position]
}

fn note_default(
    builder: &mut Builder<'_>,
    place: &mut Gathered,
    listen: &Listen,
    server: ServerIndex,
) {
    if !listen.default_server {
        return;
    }
    if place.default_at.is_some() {
        let message = format!("a duplicate default server for {}", listen.address);
        builder
            .diagnostics
            .push(Diagnostic::error(listen.span, message));
        return;
    }
    place.default_at = Some(listen.span);
    place.names.set_default(server);
}

fn add_names(builder: &mut Builder<'_>, place: &mut Gathered, scope: &Scope, server: ServerIndex) {
    let unnamed = [(String::new(), scope.span)];
    let names = scope.get::<ServerNamesWritten>();
    for (name, span) in names.map_or(&unnamed[..], |names| &names.0) {
        if let Some(pattern) = name.strip_prefix('~') {
            let compiled = Pattern::new(pattern, Case::Insensitive, &mut builder.variables, *span);
            if let Some(compiled) = builder.diagnostics.check(compiled) {
                place.names.add_pattern(compiled, server);
            }
        } else if !place.names.add(name, server) {
            let message = format!(
                "conflicting server name \"{name}\" on {}, ignored",
                place.address
            );
            builder
                .diagnostics
                .push(Diagnostic::warning(*span, message));
        }
    }
}

//! `ssl_conf_command` and its like: commands that nginx hands to OpenSSL. The ciphers of TLS 1.3 are said in no other
//! way; for what else there is, the directive that says it is named.

use rustls::CipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::ALL_CIPHER_SUITES;

use super::directives::OUTER;
use crate::conf::{Arity, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement};
use crate::http::course::encryption::cipher_name;

pub(super) const DIRECTIVE: DirectiveSpec = DirectiveSpec {
    name: "ssl_conf_command",
    contexts: OUTER,
    arity: Arity::exactly(2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "ssl_conf_command Ciphersuites list;",
        default: "",
        text: "The ciphers of TLS 1.3, best first, with `:` between them: `TLS_AES_256_GCM_SHA384`, `TLS_AES_128_GCM_SHA256` and \
               `TLS_CHACHA20_POLY1305_SHA256`. Others that the list names are warned of, and a list in which none is left is an error. \
               Other commands of OpenSSL are errors, which name the directive for what they say if there is one.",
        example: "ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256;",
    },
    apply: |statement| {
        let suites = suites(statement)?;
        statement.scope.insert(suites);
        Ok(())
    },
    ..SPEC
};

/// The suites of TLS 1.3 that are spoken, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules) struct Suites(Vec<CipherSuite>);

impl Suites {
    /// Has a provider speak no others of TLS 1.3.
    pub(in crate::modules) fn restrict(&self, provider: &mut CryptoProvider) {
        let all = &mut provider.cipher_suites;
        all.retain(|suite| suite.tls13().is_none());
        let meant = self.0.iter().filter_map(|suite| {
            let mut all = ALL_CIPHER_SUITES.iter();
            all.find(|one| one.suite() == *suite).copied()
        });
        all.splice(0..0, meant);
    }
}

/// The suites that a command names.
pub(in crate::modules) fn suites(statement: &mut Statement<'_>) -> Result<Suites, Diagnostic> {
    let (command, list) = (statement.text(1).to_owned(), statement.text(2).to_owned());
    if !command.eq_ignore_ascii_case("Ciphersuites") {
        return Err(unknown(statement, &command, &list));
    }
    let (mut known, mut others) = (Vec::new(), Vec::new());
    for name in list.split(':').filter(|name| !name.is_empty()) {
        match of_1_3().find(|suite| cipher_name(*suite) == name) {
            Some(suite) if !known.contains(&suite) => known.push(suite),
            Some(_) => {}
            None => others.push(name),
        }
    }
    if known.is_empty() {
        let names: Vec<&str> = of_1_3().map(cipher_name).collect();
        let help = format!("there are {}", names.join(", "));
        let message = format!("no cipher of TLS 1.3 is left of \"{list}\"");
        return Err(statement.error(2, message).with_help(help));
    }
    if !others.is_empty() {
        let message = format!("not supported, ignored: {}", others.join(", "));
        let span = statement.word(2).span;
        let problem = Diagnostic::warning(span, message);
        statement.diagnostics.push(problem);
    }
    Ok(Suites(known))
}

fn of_1_3() -> impl Iterator<Item = CipherSuite> {
    let all = ALL_CIPHER_SUITES.iter();
    all.filter(|suite| suite.tls13().is_some())
        .map(|suite| suite.suite())
}

fn unknown(statement: &Statement<'_>, command: &str, value: &str) -> Diagnostic {
    let directive = &statement.directive.name.text;
    let family = directive.strip_suffix("conf_command").unwrap_or_default();
    let is_ours = family == "ssl_";
    let help = match &*command.to_ascii_lowercase() {
        "cipherstring" => format!("write \"{family}ciphers {value}\""),
        "minprotocol" | "maxprotocol" | "protocol" => {
            format!("\"{family}protocols\" names the versions that are spoken")
        }
        "curves" | "groups" if is_ours => format!("write \"ssl_ecdh_curve {value}\""),
        "options" if is_ours => options(value).to_owned(),
        _ => "remove the line".to_owned(),
    };
    let message = format!("command \"{command}\" is not supported in \"{directive}\"");
    statement.error(1, message).with_help(help)
}

fn options(value: &str) -> &'static str {
    let has = |word: &str| {
        value
            .split(',')
            .any(|one| one.trim_start_matches('-').eq_ignore_ascii_case(word))
    };
    match (has("ServerPreference"), has("SessionTicket")) {
        (true, _) => "write \"ssl_prefer_server_ciphers on\"",
        (_, true) => "\"ssl_session_tickets\" says whether there are tickets",
        _ => "remove the line",
    }
}

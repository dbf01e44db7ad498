//! The `proxy_pass` directive: what it says, and the handler it becomes in a location.

use std::sync::Arc;

use super::address::Endpoint;
use super::assembly::Assembly;
use super::balance::Method;
use super::buffering;
use super::changing::Upstream;
use super::headers::Fields;
use super::names::Names;
use super::pass::Pass;
use super::registry::Registry;
use super::replies::{Changes, Passed};
use super::settings::Settings;
use super::ssl::Ssl;
use super::target::{BadUrl, Destination, Evaluated, Url};
use super::upstream::Server;
use crate::conf::{Chain, Context, Diagnostic, Statement, Text, Word};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::build::written::LocationPattern;
use crate::http::plan::location::Kind;
use crate::modules::resolver::Asked;

/// `proxy_pass`
struct Written {
    word: Word,
    url: Text,
}

impl Written {
    /// Whether requests may go to TLS; variables may make the scheme.
    fn may_be_encrypted(&self) -> bool {
        let scheme = self.word.text.get(.."http://".len());
        !scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
    }
}

pub(super) fn apply_pass(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let (word, url) = (statement.word(1).clone(), statement.template(1)?);
    if url.is_literal() {
        Url::parse(&word.text).map_err(|problem| problem.diagnostic(&word))?;
    }
    content::write(statement, Written { word, url });
    Ok(())
}

impl BadUrl {
    fn diagnostic(self, word: &Word) -> Diagnostic {
        match self {
            Self::Prefix => Diagnostic::error(word.span, "invalid URL prefix")
                .with_help("the URL of a peer begins with \"http://\" or \"https://\""),
            Self::Host(problem) => Diagnostic::error(word.span, problem),
        }
    }
}

/// Gives a location its handler.
pub(super) fn build(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(written) = content::written::<Written>(chain) else {
        return;
    };
    let is_own = chain.own::<Written>().is_some();
    let Some(destination) = destination(builder, chain, written) else {
        return;
    };
    let has_uri = matches!(&destination, Destination::Fixed(target, _) if target.uri.is_some());
    if let Some(place) = without_uri(chain, parts.kind).filter(|_| has_uri && is_own) {
        let message = format!("\"proxy_pass\" cannot have URI part {place}");
        let problem = Diagnostic::error(written.word.span, message);
        let help = "leave out everything behind the host, or use variables";
        builder.diagnostics.push(problem.with_help(help));
    }
    let location = chain
        .nearest::<LocationPattern>()
        .map_or("", |pattern| &pattern.text);
    let pass = Passed {
        url: &written.word.text,
        destination: &destination,
        location,
    };
    let changes = Changes::of(builder, chain, &pass);
    let ssl = match written.may_be_encrypted() {
        true => Ssl::of(builder, chain, &destination, written.word.span),
        false => None,
    };
    let settings = Settings::of(builder, chain);
    let handler = Pass {
        location: location.len(),
        rules: buffering::rules(builder, chain, &settings),
        settings,
        ssl,
        fields: Fields::of(builder, chain),
        changes,
        state: Registry::state(builder),
        keeps_fields: Arc::clone(&builder.thing::<Registry>().keeps_fields),
        destination,
    };
    parts.content.push(Box::new(handler));
    let is_path = matches!(parts.kind, Kind::Exact | Kind::Prefix | Kind::FinalPrefix);
    parts.redirects_to_slash |= is_path && parts.name.ends_with('/');
}

/// Where a URI makes no sense, since no part of the path stands for it.
fn without_uri(chain: &Chain<'_>, kind: Kind) -> Option<&'static str> {
    match (chain.scope().context, kind) {
        (Context::LocationIf, _) => Some("inside \"if\""),
        (Context::LimitExcept, _) => Some("inside \"limit_except\""),
        (_, Kind::Pattern) => Some("in a location given by a regular expression"),
        (_, Kind::Named) => Some("in a named location"),
        _ => None,
    }
}

fn destination(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    written: &Written,
) -> Option<Destination> {
    if !written.url.is_literal() {
        let asked = Asked::of(builder, chain);
        return Some(Destination::Evaluated(Evaluated {
            url: builder.template(&written.url),
            groups: builder.thing::<Registry>().groups(),
            implicit: Arc::clone(builder.thing::<Registry>().implicit()),
            names: Names::new(asked),
        }));
    }
    let url = Url::parse(&written.word.text).ok()?;
    let members = members(builder, &url, &written.word)?;
    let target = Arc::new(url.target(members.now()));
    let changing = match members {
        Upstream::Fixed(_) => None,
        Upstream::Changing(changing) => Some(changing),
    };
    Some(Destination::Fixed(target, changing))
}

/// The `upstream` that a URL names, or the one server that it names.
fn members(builder: &mut Builder<'_>, url: &Url, word: &Word) -> Option<Upstream> {
    let registry = builder.thing::<Registry>();
    if matches!(&url.endpoint, Endpoint::Host { host, .. } if registry.is_broken(host)) {
        return None;
    }
    if let Endpoint::Host { host, port } = &url.endpoint
        && let Some(group) = registry.group(host)
    {
        let Some(port) = port else {
            return Some(group.clone());
        };
        let message = format!("upstream \"{host}\" may not have port {port}");
        builder
            .diagnostics
            .push(Diagnostic::error(word.span, message));
        return None;
    }
    if let Some(group) = registry.implicit().get(&url.endpoint, url.default_port()) {
        return Some(Upstream::Fixed(group));
    }
    let word = Word {
        text: url.server.clone(),
        ..word.clone()
    };
    let server = Server::new(&word, url.endpoint.clone());
    let assembly = Assembly {
        name: &url.server,
        zone: None,
        keepalive: None,
        method: Method::Turns,
    };
    let group = Arc::new(assembly.group(builder, &[server], url.default_port()));
    let implicit = builder.thing::<Registry>().implicit();
    implicit.add(&url.endpoint, url.default_port(), &group);
    Some(Upstream::Fixed(group))
}

//! The `proxy_pass` and `grpc_pass` directives: what they say, and the handler they become in a location.

use std::sync::Arc;

use super::assembly::Assembly;
use super::balance::Method;
use super::buffering;
use super::changing::Upstream;
use super::family::{Family, Grpc, Http, Levels};
use super::headers::Fields;
use super::ignored::Ignored;
use super::names::Names;
use super::pass::Pass;
use super::registry::Registry;
use super::replies::{Changes, Passed};
use super::settings::{self, HttpVersion, Settings};
use super::ssl::{self, Ssl};
use super::target::{BadUrl, Destination, Evaluated, Url};
use super::upstream::Server;
use crate::conf::{Chain, Context, Diagnostic, Statement, Text, Word};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::build::written::LocationPattern;
use crate::http::plan::location::Kind;
use crate::modules::address::Endpoint;
use crate::modules::auth_challenge::Answering;
use crate::modules::cache::{Caching, ForcedRanges};
use crate::modules::resolver::Asked;

/// `proxy_pass` or `grpc_pass`
struct Written {
    word: Word,
    url: Text,
    is_grpc: bool,
}

impl Written {
    /// Whether requests may go to TLS; variables may make the scheme.
    fn may_be_encrypted(&self) -> bool {
        let is_plain = !self.word.text.contains("://") && self.url.is_literal();
        let scheme = self.word.text.get(.."http://".len());
        let is_named = |scheme: &str| {
            let names = ["http://", "grpc://"];
            names.iter().any(|name| scheme.eq_ignore_ascii_case(name))
        };
        !is_plain && !scheme.is_some_and(is_named)
    }
}

pub(super) fn apply_pass(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    apply(statement, false)
}

pub(super) fn apply_grpc_pass(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    apply(statement, true)
}

fn apply(statement: &mut Statement<'_>, is_grpc: bool) -> Result<(), Diagnostic> {
    let (word, url) = (statement.word(1).clone(), statement.template(1)?);
    if url.is_literal() {
        let parsed = Url::parse(&word.text, is_grpc);
        parsed.map_err(|problem| problem.diagnostic(&word, is_grpc))?;
    }
    content::write(statement, Written { word, url, is_grpc });
    Ok(())
}

impl BadUrl {
    fn diagnostic(self, word: &Word, is_grpc: bool) -> Diagnostic {
        match self {
            Self::Prefix => {
                let help = match is_grpc {
                    true => {
                        "the address of a server of gRPC begins with \"grpc://\", \"grpcs://\" or neither"
                    }
                    false => "the URL of a peer begins with \"http://\" or \"https://\"",
                };
                Diagnostic::error(word.span, "invalid URL prefix").with_help(help)
            }
            Self::Uri => Diagnostic::error(word.span, "\"grpc_pass\" cannot have URI part")
                .with_help("peers are asked for the path that the client asked for"),
            Self::Host(problem) => Diagnostic::error(word.span, problem),
        }
    }
}

/// Checks the settings that a block without a pass has itself.
pub(super) fn check(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    settings::check::<Http>(builder, chain);
    settings::check::<Grpc>(builder, chain);
}

/// Gives a location its handler.
pub(super) fn build(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    match content::written::<Written>(chain) {
        Some(written) if written.is_grpc => {
            add(builder, &Levels::<Grpc>::of(chain), written, parts)
        }
        Some(written) => add(builder, &Levels::<Http>::of(chain), written, parts),
        None => check(builder, chain),
    }
}

fn add<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
    written: &Written,
    parts: &mut LocationParts,
) {
    let chain = levels.chain;
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
    let changes = Changes::of(builder, levels, &pass);
    let (settings, ignored) = (Settings::of(builder, levels), Ignored::of(levels));
    let (cache, ranges) = match F::IS_GRPC {
        true => (None, ForcedRanges::default()),
        false => (
            Caching::of(builder, chain, ignored.cached),
            ForcedRanges::of(chain),
        ),
    };
    let is_http2 = settings.version == HttpVersion::Http2;
    let ssl = match written.may_be_encrypted() {
        true => Ssl::of(builder, levels, &destination, (is_http2, written.word.span)),
        false => None,
    };
    let answering = answering(builder, levels, &destination);
    let handler = Pass {
        answering,
        location: location.len(),
        rules: buffering::rules(builder, levels, &settings),
        settings,
        ssl,
        fields: Fields::of(builder, levels),
        changes,
        cache,
        ranges,
        ignored,
        state: Registry::state(builder),
        keeps_fields: Arc::clone(&builder.thing::<Registry>().keeps_fields),
        destination,
    };
    parts.content.push(Box::new(handler));
    let is_path = matches!(parts.kind, Kind::Exact | Kind::Prefix | Kind::FinalPrefix);
    parts.redirects_to_slash |= is_path && parts.name.ends_with('/');
}

/// Who answers the challenges of peers.
fn answering<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
    destination: &Destination,
) -> Option<Answering> {
    if F::IS_GRPC || !Answering::is_on(levels.chain) {
        return None;
    }
    let host = match destination {
        Destination::Fixed(target, _) => Some(target.host.as_str()),
        Destination::Evaluated(_) => None,
    };
    let roots = ssl::trusted(builder, levels);
    let made = roots.and_then(|roots| Answering::of(builder, levels.chain, host, roots));
    builder.diagnostics.check(made)?
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
            is_grpc: written.is_grpc,
            groups: builder.thing::<Registry>().groups(),
            implicit: Arc::clone(builder.thing::<Registry>().implicit()),
            names: Names::new(asked),
        }));
    }
    let url = Url::parse(&written.word.text, written.is_grpc).ok()?;
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

//! The `proxy_pass` directive and those like it: what they say, and the handler they become in a location.

use std::marker::PhantomData;
use std::sync::Arc;

use super::assembly::Assembly;
use super::balance::Method;
use super::buffering;
use super::changing::Upstream;
use super::headers::Fields;
use super::ignored::Ignored;
use super::names::Names;
use super::pass::Pass;
use super::program::Program;
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
use crate::modules::cache::{Caches, ForcedRanges};
use crate::modules::family::{Family, Levels, Protocol};
use crate::modules::resolver::Asked;

/// `proxy_pass`, `grpc_pass` and the like, of one family
struct Written<F> {
    word: Word,
    url: Text,
    family: PhantomData<F>,
}

impl<F: Family> Written<F> {
    /// Whether requests may go to TLS; variables may make the scheme.
    fn may_be_encrypted(&self) -> bool {
        if F::PROTOCOL.schemes().1.is_none() {
            return false;
        }
        let is_plain = !self.word.text.contains("://") && self.url.is_literal();
        let scheme = self.word.text.split_once("://").map(|(scheme, _)| scheme);
        let plain = F::PROTOCOL.schemes().0;
        !is_plain && !scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(plain))
    }
}

/// `proxy_pass` and the like
pub(in crate::modules) fn apply<F: Family>(
    statement: &mut Statement<'_>,
) -> Result<(), Diagnostic> {
    let (word, url) = (statement.word(1).clone(), statement.template(1)?);
    if url.is_literal() {
        let parsed = Url::parse(&word.text, F::PROTOCOL);
        parsed.map_err(|problem| problem.diagnostic::<F>(&word))?;
    }
    let family = PhantomData::<F>;
    content::write(statement, Written { word, url, family });
    Ok(())
}

impl BadUrl {
    fn diagnostic<F: Family>(self, word: &Word) -> Diagnostic {
        match self {
            Self::Prefix => {
                let help = match F::PROTOCOL {
                    Protocol::Http => "the URL of a peer begins with \"http://\" or \"https://\"",
                    Protocol::Grpc => {
                        "the address of a server of gRPC begins with \"grpc://\", \"grpcs://\" or neither"
                    }
                    Protocol::Uwsgi => {
                        "the address of a program begins with \"uwsgi://\", \"suwsgi://\" or neither"
                    }
                    Protocol::FastCgi | Protocol::Scgi => {
                        "the address of a program is a host with a port, or \"unix:\" and a path"
                    }
                };
                Diagnostic::error(word.span, "invalid URL prefix").with_help(help)
            }
            Self::Uri => {
                let message = format!("\"{}_pass\" cannot have URI part", F::PREFIX);
                let help = match F::PROTOCOL.is_program() {
                    true => "parameters say what a program is asked for",
                    false => "peers are asked for the path that the client asked for",
                };
                Diagnostic::error(word.span, message).with_help(help)
            }
            Self::Host(problem) => Diagnostic::error(word.span, problem),
        }
    }
}

/// Checks the settings of a family that a block without its pass has itself.
pub(in crate::modules) fn check<F: Family>(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    settings::check::<F>(builder, chain);
}

/// Makes, of a location, what writes parameters for programs; nothing where peers are servers of HTTP.
pub(in crate::modules) type MakeProgram<'m, F> =
    &'m dyn Fn(&mut Builder<'_>, &Levels<'_, '_, F>) -> Option<Box<dyn Program>>;

/// Gives a location its handler, if it passes requests on by this family.
pub(in crate::modules) fn build<F: Family>(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    parts: &mut LocationParts,
    make: MakeProgram<'_, F>,
) {
    match content::written::<Written<F>>(chain) {
        Some(written) => add(builder, (&Levels::of(chain), make), written, parts),
        None => check::<F>(builder, chain),
    }
}

fn add<F: Family>(
    builder: &mut Builder<'_>,
    (levels, make): (&Levels<'_, '_, F>, MakeProgram<'_, F>),
    written: &Written<F>,
    parts: &mut LocationParts,
) {
    let chain = levels.chain;
    let is_own = chain.own::<Written<F>>().is_some();
    let Some(destination) = destination(builder, chain, written) else {
        return;
    };
    let has_uri = matches!(&destination, Destination::Fixed(target, _) if target.uri.is_some());
    if let Some(place) = without_uri(chain, parts.kind).filter(|_| has_uri && is_own) {
        builder
            .diagnostics
            .push(misplaced_uri(&written.word, place));
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
    let cache = Caches::of(builder, levels, ignored.cached);
    let is_http2 = settings.version == HttpVersion::Http2;
    let ssl = match written.may_be_encrypted() {
        true => Ssl::of(builder, levels, &destination, (is_http2, written.word.span)),
        false => None,
    };
    let answering = answering(builder, levels, (&destination, &written.word.text));
    let handler = Pass {
        answering,
        location: location.len(),
        rules: buffering::rules(builder, levels, &settings),
        settings,
        ssl,
        fields: Fields::of(builder, levels),
        program: make(builder, levels),
        changes,
        cache,
        ranges: ForcedRanges::of(levels),
        ignored,
        state: Registry::state(builder),
        keeps_fields: Arc::clone(&builder.thing::<Registry>().keeps_fields),
        destination,
    };
    parts.content.push(Box::new(handler));
    let is_path = matches!(parts.kind, Kind::Exact | Kind::Prefix | Kind::FinalPrefix);
    parts.redirects_to_slash |= is_path && parts.name.ends_with('/');
}

fn misplaced_uri(word: &Word, place: &str) -> Diagnostic {
    let message = format!("\"proxy_pass\" cannot have URI part {place}");
    let help = "leave out everything behind the host, or use variables";
    Diagnostic::error(word.span, message).with_help(help)
}

/// Who answers the challenges of peers.
fn answering<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
    (destination, written): (&Destination, &str),
) -> Option<Answering> {
    if F::PROTOCOL != Protocol::Http || !Answering::is_on(levels.chain) {
        return None;
    }
    let host = match destination {
        Destination::Fixed(target, _) => Some(target.host.as_str()),
        Destination::Evaluated(_) => fixed_host(written),
    };
    let roots = ssl::trusted(builder, levels);
    let made = roots.and_then(|roots| Answering::of(builder, levels.chain, host, roots));
    builder.diagnostics.check(made)?
}

/// The host and port of a URL of which variables say the path alone.
fn fixed_host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (host, _) = rest.split_once('/')?;
    let is_fixed = !url[..url.len() - rest.len()].contains('$') && !host.contains('$');
    is_fixed.then_some(host)
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

fn destination<F: Family>(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    written: &Written<F>,
) -> Option<Destination> {
    if !written.url.is_literal() {
        let asked = Asked::of(builder, chain);
        return Some(Destination::Evaluated(Evaluated {
            url: builder.template(&written.url),
            protocol: F::PROTOCOL,
            groups: builder.thing::<Registry>().groups(),
            implicit: Arc::clone(builder.thing::<Registry>().implicit()),
            names: Names::new(asked),
        }));
    }
    let url = Url::parse(&written.word.text, F::PROTOCOL).ok()?;
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
    if url.lacks_port() {
        let message = format!("no port in upstream \"{}\"", url.server);
        let help = "write the port of the program, or the name of an \"upstream\"";
        let problem = Diagnostic::error(word.span, message).with_help(help);
        builder.diagnostics.push(problem);
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

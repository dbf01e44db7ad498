//! `resolver`: who is asked for the addresses of names that turn up while serving.
#![forbid(unsafe_code)]

mod status;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::address::Endpoint;
use crate::conf::{
    Arity, Chain, Context, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Span, Statement, values,
};
use crate::http::build::builder::Builder;
use crate::http::build::module::{self, Module};
use crate::http::upstream::resolver::counts::Counts;
use crate::http::upstream::resolver::system::{self, Hosts};
use crate::http::upstream::resolver::{Resolver, Terms};

/// The feature.
pub static MODULE: Module = Module {
    name: "resolver",
    directives: &[RESOLVER, RESOLVER_TIMEOUT],
    about: "who is asked for names of hosts while serving",
    status: &[&status::STATUS],
    http: |builder, chain| {
        show(builder, chain);
        for upstream in chain.scope().blocks_in(Context::Upstream) {
            show(builder, &chain.inner(upstream));
        }
    },
    location: |builder, chain, _| show(builder, chain),
    finish: |builder, _| {
        let zones = std::mem::take(&mut builder.thing::<Known>().zones);
        status::mount(builder, zones);
    },
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP
    .or(Contexts::SERVER)
    .or(Contexts::LOCATION)
    .or(Contexts::UPSTREAM);

const RESOLVER: DirectiveSpec = DirectiveSpec {
    name: "resolver",
    contexts: CONTEXTS,
    arity: Arity::at_least(1),
    doc: Doc {
        syntax: "resolver address ... [valid=time] [ipv4=on|off] [ipv6=on|off] [status_zone=zone];",
        default: "",
        text: "Name servers, as addresses or names with a port (53 if left out), that are asked for the \
               addresses of names while serving: hosts that variables of a `proxy_pass` lead to, and servers \
               with `resolve` in an `upstream`. \
               Without it the servers of `/etc/resolv.conf` are asked, as they were when the configuration was \
               loaded. `localhost` and names in `/etc/hosts` are known without asking; search domains are not \
               applied. The servers take turns, over UDP, and over TCP for what does not fit; one that does not \
               answer in time or refuses leaves the question to the next.\n\nAnswers are kept for as long as \
               they say, within a second and an hour, or for the time `valid=`. When an answer has expired and no \
               new one comes, it is used for 30 seconds more. Of each name 64 addresses are used; a worker keeps \
               1024 names and looks up 256 at a time. `ipv4=off` or `ipv6=off` leaves addresses of that kind \
               out. `status_zone=` shows what was asked and answered at `/status/resolvers/`.",
        example: "resolver 127.0.0.53 [::1]:5353 valid=30s ipv6=off status_zone=names;",
    },
    apply,
    ..SPEC
};

const RESOLVER_TIMEOUT: DirectiveSpec = DirectiveSpec {
    name: "resolver_timeout",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "resolver_timeout time;",
        default: "resolver_timeout 30s;",
        text: "How long a request waits for the addresses of a name, before it fails with 502.",
        example: "resolver_timeout 5s;",
    },
    apply: |statement| {
        let time = Duration::from_millis(statement.milliseconds(1)?);
        statement.scope.insert(Patience(time));
        Ok(())
    },
    ..SPEC
};

/// `resolver_timeout`
struct Patience(Duration);

/// `resolver`
struct Written {
    span: Span,
    servers: Vec<(Endpoint, String, Span)>,
    valid: Option<Duration>,
    v4: bool,
    v6: bool,
    zone: Option<String>,
}

fn apply(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut written = Written {
        span: statement.directive.name.span,
        servers: Vec::new(),
        valid: None,
        v4: true,
        v6: true,
        zone: None,
    };
    for index in 1..=statement.arguments().len() {
        read(statement, index, &mut written)?;
    }
    if written.servers.is_empty() {
        let help = "a resolver begins with the addresses of name servers";
        return Err(statement
            .error(0, "no name servers defined")
            .with_help(help));
    }
    if !written.v4 && !written.v6 {
        let message = "\"ipv4\" and \"ipv6\" cannot both be \"off\"";
        return Err(statement.error(0, message));
    }
    statement.scope.insert(written);
    Ok(())
}

/// Reads one word of `resolver`.
fn read(statement: &Statement<'_>, index: usize, out: &mut Written) -> Result<(), Diagnostic> {
    let word = statement.word(index);
    let text = word.text.as_str();
    let invalid = || statement.error(index, format!("invalid parameter \"{text}\""));
    let Some((name, value)) = text.split_once('=') else {
        let server = Endpoint::parse(text).and_then(Endpoint::into_host);
        let server = server.map_err(|problem| {
            statement.error(index, format!("{problem} in resolver \"{text}\""))
        })?;
        out.servers.push((server, text.to_owned(), word.span));
        return Ok(());
    };
    let flag =
        || values::flag(value).map_err(|_| invalid().with_help("expected \"on\" or \"off\""));
    match name {
        "valid" => {
            let seconds = values::seconds(value);
            let seconds =
                seconds.map_err(|_| invalid().with_help("expected a time such as 30s"))?;
            out.valid = Some(Duration::from_secs(seconds));
        }
        "ipv4" => out.v4 = flag()?,
        "ipv6" => out.v6 = flag()?,
        "status_zone" if out.zone.is_some() => {
            let help = "counts of a resolver are shown under one name";
            return Err(statement
                .error(index, "\"status_zone\" is duplicate")
                .with_help(help));
        }
        "status_zone" if !value.is_empty() => out.zone = Some(value.to_owned()),
        _ => {
            let help = "expected one of valid=, ipv4=, ipv6=, status_zone=";
            return Err(invalid().with_help(help));
        }
    }
    Ok(())
}

/// Makes a resolver where it is written, so that it is checked and shown although nothing may ask it.
fn show(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    if chain.own::<Written>().is_some() {
        Asked::of(builder, chain);
    }
}

/// The resolvers of a configuration while it is built.
#[derive(Default)]
struct Known {
    hosts: Option<Arc<Hosts>>,
    /// By the place of the directive; that of the system has none.
    built: Vec<(Option<Span>, Arc<Resolver>)>,
    zones: Vec<(String, Counts)>,
}

/// Who is asked for names in one place of the configuration, and how patiently.
#[derive(Clone)]
pub(in crate::modules) struct Asked {
    pub(in crate::modules) resolver: Arc<Resolver>,
    pub(in crate::modules) patience: Duration,
}

impl Asked {
    /// What holds in the innermost scope.
    pub(in crate::modules) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Self {
        let written = chain.nearest::<Written>();
        let span = written.map(|written| written.span);
        let built = &builder.thing::<Known>().built;
        let known = built.iter().find(|(own, _)| *own == span);
        let resolver = match known.map(|(_, known)| Arc::clone(known)) {
            Some(known) => known,
            None => {
                let made = Arc::new(Resolver::new(terms(builder, written)));
                let built = &mut builder.thing::<Known>().built;
                built.push((span, Arc::clone(&made)));
                made
            }
        };
        Self {
            resolver,
            patience: chain
                .nearest()
                .map_or(Duration::from_secs(30), |Patience(time)| *time),
        }
    }
}

fn terms(builder: &mut Builder<'_>, written: Option<&Written>) -> Terms {
    let hosts = hosts(builder);
    let Some(written) = written else {
        let text = builder.files.read(Path::new(system::RESOLV_CONF));
        return Terms {
            servers: system::servers(&text.unwrap_or_default()),
            valid: None,
            v4: true,
            v6: true,
            hosts,
            counts: Counts::default(),
        };
    };
    let mut servers = Vec::new();
    for (server, name, span) in &written.servers {
        match server.sockets(system::PORT) {
            Ok(found) => servers.extend(found),
            Err(problem) => {
                let message = format!("{problem} in resolver \"{name}\"");
                let problem = Diagnostic::error(*span, message);
                builder.diagnostics.push(problem);
            }
        }
    }
    let zone = written.zone.as_deref();
    Terms {
        servers,
        valid: written.valid,
        v4: written.v4,
        v6: written.v6,
        hosts,
        counts: zone.map_or_else(Counts::default, |zone| counts(builder, zone)),
    }
}

fn hosts(builder: &mut Builder<'_>) -> Arc<Hosts> {
    if let Some(hosts) = &builder.thing::<Known>().hosts {
        return Arc::clone(hosts);
    }
    let text = builder.files.read(Path::new(system::HOSTS));
    let hosts = Arc::new(Hosts::read(&text.unwrap_or_default()));
    builder.thing::<Known>().hosts = Some(Arc::clone(&hosts));
    hosts
}

/// The counts under this name, which several resolvers may share.
fn counts(builder: &mut Builder<'_>, zone: &str) -> Counts {
    let mut zones = builder.thing::<Known>().zones.iter();
    if let Some((_, counts)) = zones.find(|(name, _)| name == zone) {
        return counts.clone();
    }
    let counts = match builder.memory.counters("resolver", zone, Counts::BYTES) {
        Ok(memory) => Counts::new(memory),
        Err(error) => {
            builder.no_memory(zone, &error);
            return Counts::default();
        }
    };
    let zones = &mut builder.thing::<Known>().zones;
    zones.push((zone.to_owned(), counts.clone()));
    counts
}

//! `upstream` blocks: what is written in them, and the groups they become.

use std::sync::Arc;
use std::time::Duration;

use super::address::Endpoint;
use super::balance::{Method, Turns, ring};
use super::group::{Group, Keepalive, Peer, Sweep};
use super::registry::Registry;
use super::tally::Tally;
use crate::conf::{Chain, Context, Diagnostic, Scope, Span, Statement, Text, Word, values};
use crate::http::build::builder::Builder;
use crate::http::transport::dial::PeerAddress;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// `upstream NAME`
struct Name(Word);

/// The `server` directives of an upstream.
#[derive(Default)]
struct Servers(Vec<Server>);

/// One `server` of an upstream.
#[derive(Clone, Debug)]
pub(super) struct Server {
    text: String,
    span: Span,
    endpoint: Endpoint,
    weight: u32,
    backup: bool,
    down: bool,
    most_fails: u64,
    fail_timeout: Duration,
    most_connections: u64,
    id: Option<String>,
}

/// The way of choosing, as it is written.
enum MethodWritten {
    LeastBusy,
    Hash { key: Text, consistent: bool },
    Client,
    Random { two: bool },
}

/// `keepalive` of an upstream
struct IdleConnections(u64);
/// `keepalive_requests` of an upstream
struct RequestsPerConnection(u64);
/// `keepalive_timeout` of an upstream
struct IdleTimeout(Duration);
/// `keepalive_time` of an upstream
struct ConnectionLifetime(Duration);
/// `zone` of an upstream, and its size
struct Zone(Word, u64);

pub(super) fn apply_upstream(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    statement.scope.insert(Name(statement.word(1).clone()));
    Ok(())
}

pub(super) fn apply_server(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    // So that a server with an error is not taken for no server at all.
    statement.scope.get_or_default::<Servers>();
    let word = statement.word(1);
    let endpoint = Endpoint::parse(&word.text).map_err(|problem| {
        statement.error(1, format!("{problem} in upstream \"{}\"", word.text))
    })?;
    let mut server = Server::new(word, endpoint);
    for index in 2..=statement.arguments().len() {
        server.read(statement, index)?;
    }
    let servers = statement.scope.get_or_default::<Servers>();
    servers.0.push(server);
    Ok(())
}

pub(super) fn apply_zone(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let size = match statement.arguments().len() {
        1 => 0,
        _ => statement.size(2)?,
    };
    let name = statement.word(1).clone();
    statement.scope.insert(Zone(name, size));
    Ok(())
}

pub(super) fn apply_keepalive(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let count = statement.number(1)?;
    if count == 0 {
        let message = "invalid value \"0\" in \"keepalive\" directive";
        return Err(statement
            .error(1, message)
            .with_help("without the directive no idle connections are kept"));
    }
    statement.scope.insert(IdleConnections(count));
    Ok(())
}

pub(super) fn apply_keepalive_requests(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let count = statement.number(1)?;
    statement.scope.insert(RequestsPerConnection(count));
    Ok(())
}

pub(super) fn apply_keepalive_timeout(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let time = Duration::from_millis(statement.milliseconds(1)?);
    statement.scope.insert(IdleTimeout(time));
    Ok(())
}

pub(super) fn apply_keepalive_time(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let time = Duration::from_millis(statement.milliseconds(1)?);
    statement.scope.insert(ConnectionLifetime(time));
    Ok(())
}

pub(super) fn apply_least_conn(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    choose(statement, MethodWritten::LeastBusy)
}

pub(super) fn apply_ip_hash(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    choose(statement, MethodWritten::Client)
}

pub(super) fn apply_hash(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let key = statement.template(1)?;
    let consistent = match statement.argument(2) {
        None => false,
        Some(word) if word.text == "consistent" => true,
        Some(word) => {
            let message = format!("invalid parameter \"{}\"", word.text);
            return Err(statement
                .error(2, message)
                .with_help("expected \"consistent\""));
        }
    };
    choose(statement, MethodWritten::Hash { key, consistent })
}

pub(super) fn apply_random(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    for (index, expected) in [(1, "two"), (2, "least_conn")] {
        if let Some(word) = statement.argument(index)
            && word.text != expected
        {
            let message = format!("invalid parameter \"{}\"", word.text);
            let help = format!("expected \"{expected}\"");
            return Err(statement.error(index, message).with_help(help));
        }
    }
    let two = statement.argument(1).is_some();
    choose(statement, MethodWritten::Random { two })
}

fn choose(statement: &mut Statement<'_>, method: MethodWritten) -> Result<(), Diagnostic> {
    match statement.scope.insert(method) {
        Some(_) => Err(statement
            .error(0, "load balancing method redefined")
            .with_help("an upstream has one way of choosing its servers")),
        None => Ok(()),
    }
}

impl Server {
    pub(super) fn new(word: &Word, endpoint: Endpoint) -> Self {
        Self {
            text: word.text.clone(),
            span: word.span,
            endpoint,
            weight: 1,
            backup: false,
            down: false,
            most_fails: 1,
            fail_timeout: Duration::from_secs(10),
            most_connections: 0,
            id: None,
        }
    }

    /// Reads one parameter of `server`.
    fn read(&mut self, statement: &Statement<'_>, index: usize) -> Result<(), Diagnostic> {
        let word = statement.text(index);
        let invalid = || statement.error(index, format!("invalid parameter \"{word}\""));
        let number = |value| values::number(value).map_err(|_| invalid());
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "weight" => {
                let weight = u32::try_from(number(value)?).ok();
                let weight = weight.filter(|weight| (1..=MOST_WEIGHT).contains(weight));
                self.weight = weight.ok_or_else(|| {
                    invalid().with_help(format!("a weight is a number from 1 to {MOST_WEIGHT}"))
                })?;
            }
            "max_fails" => self.most_fails = number(value)?,
            "max_conns" => self.most_connections = number(value)?,
            "fail_timeout" => {
                let seconds = values::seconds(value).map_err(|_| invalid())?;
                self.fail_timeout = Duration::from_secs(seconds);
            }
            "sid" if !value.is_empty() => self.id = Some(value.to_owned()),
            "backup" if name == word => self.backup = true,
            "down" if name == word => self.down = true,
            "resolve" | "service" | "slow_start" | "route" | "drain" => {
                return Err(invalid().with_help(format!("\"{name}\" is not supported yet")));
            }
            _ => {
                let known = "weight=, max_fails=, fail_timeout=, max_conns=, sid=, backup, down";
                return Err(invalid().with_help(format!("expected one of {known}")));
            }
        }
        Ok(())
    }
}

const MOST_WEIGHT: u32 = 65_535;

/// Builds the groups of all `upstream` blocks.
pub(super) fn build_all(builder: &mut Builder<'_>, http: &Chain<'_>) {
    for scope in http.scope().blocks_in(Context::Upstream) {
        let Some(Name(name)) = scope.get() else {
            continue;
        };
        let known = builder.thing::<Registry>().group(&name.text).is_some();
        if known {
            let message = format!("duplicate upstream \"{}\"", name.text);
            builder
                .diagnostics
                .push(Diagnostic::error(name.span, message));
            continue;
        }
        match build(builder, scope, &name.text) {
            Some(group) => {
                let group = Arc::new(group);
                if group.keepalive.is_some() {
                    let sweep = Box::new(Sweep(Arc::clone(&group)));
                    builder.worker_chores.push(sweep);
                }
                let registry = builder.thing::<Registry>();
                registry.add(group, scope.get::<Zone>().is_some());
            }
            None => builder.thing::<Registry>().add_broken(&name.text),
        }
    }
}

fn build(builder: &mut Builder<'_>, scope: &Scope, name: &str) -> Option<Group> {
    let none = Servers::default();
    let mut servers = scope.get::<Servers>().unwrap_or(&none).0.clone();
    if servers.is_empty() && scope.get::<Servers>().is_some() {
        return None;
    }
    let may_be_empty = servers.is_empty() && scope.get::<Zone>().is_some();
    if !may_be_empty && servers.iter().all(|server| server.backup) {
        let message = format!("no servers are inside upstream \"{name}\"");
        let help = match servers.is_empty() {
            true => "it needs at least one \"server\"",
            false => "it needs at least one \"server\" that is no backup",
        };
        let problem = Diagnostic::error(scope.span, message).with_help(help);
        builder.diagnostics.push(problem);
        return None;
    }
    let written = scope.get::<MethodWritten>();
    let takes_backups = matches!(written, None | Some(MethodWritten::LeastBusy));
    if let Some(backup) = servers
        .iter()
        .find(|server| server.backup && !takes_backups)
    {
        let message = "balancing method does not support parameter \"backup\"";
        builder
            .diagnostics
            .push(Diagnostic::error(backup.span, message));
    }
    servers.sort_by_key(|server| server.backup);
    let keepalive = keepalive(scope);
    let zone = scope.get().map(|Zone(word, size)| {
        let claimed = builder.claim_zone(&word.text, word.span, "upstreams");
        builder.diagnostics.check(claimed);
        (word.text.clone(), *size)
    });
    let mut group = Assembly {
        name,
        zone,
        keepalive,
    }
    .group(builder, &servers, 80);
    group.method = method(builder, written, &group);
    Some(group)
}

fn keepalive(scope: &Scope) -> Option<Keepalive> {
    let IdleConnections(count) = scope.get()?;
    let count = usize::try_from(*count).unwrap_or(usize::MAX);
    Some(Keepalive {
        most: count,
        requests: scope
            .get()
            .map_or(1000, |RequestsPerConnection(count)| *count),
        timeout: scope
            .get()
            .map_or(Duration::from_secs(60), |IdleTimeout(time)| *time),
        time: scope
            .get()
            .map_or(Duration::from_secs(3600), |ConnectionLifetime(time)| *time),
    })
}

fn method(builder: &mut Builder<'_>, written: Option<&MethodWritten>, group: &Group) -> Method {
    match written {
        None => Method::Turns,
        Some(MethodWritten::LeastBusy) => Method::LeastBusy,
        Some(MethodWritten::Client) => Method::Client,
        Some(MethodWritten::Random { two: false }) => Method::Random,
        Some(MethodWritten::Random { two: true }) => Method::RandomTwo,
        Some(MethodWritten::Hash { key, consistent }) => {
            let key = builder.template(key);
            match consistent {
                true => Method::Ring(key, ring(group.peers.iter())),
                false => Method::Key(key),
            }
        }
    }
}

/// A group in the making.
pub(super) struct Assembly<'a> {
    pub(super) name: &'a str,
    /// Where its counts are shared, if they are.
    pub(super) zone: Option<(String, u64)>,
    pub(super) keepalive: Option<Keepalive>,
}

impl Assembly<'_> {
    /// The group of these servers, which take turns.
    pub(super) fn group(
        self,
        builder: &mut Builder<'_>,
        servers: &[Server],
        default_port: u16,
    ) -> Group {
        let mut places = Vec::new();
        for server in servers {
            match server.endpoint.resolve(default_port) {
                Ok(addresses) => {
                    places.extend(addresses.into_iter().map(|address| (server, address)));
                }
                Err(problem) => {
                    let message = format!("{problem} in upstream \"{}\"", server.text);
                    builder
                        .diagnostics
                        .push(Diagnostic::error(server.span, message));
                }
            }
        }
        let identities = identities(&places);
        let shared = self.zone.as_ref().map(|_| self.name);
        let tally = Tally::new(builder, shared, &identities);
        let places = places.into_iter().zip(identities);
        let peers: Box<[Peer]> = places
            .filter_map(|((server, address), identity)| peer(server, address, &tally, identity))
            .collect();
        Group {
            name: self.name.to_owned(),
            zone: self.zone,
            turns: Turns::new(peers.iter(), crate::os::monotonic()).into(),
            peers,
            method: Method::Turns,
            keepalive: self.keepalive,
            idle: Default::default(),
        }
    }
}

/// What tells peers apart: the address, and which of several with this address it is.
fn identities(places: &[(&Server, PeerAddress)]) -> Vec<u64> {
    let identity = |(place, (_, address)): (usize, &(&Server, PeerAddress))| {
        let before = places[..place].iter();
        let same = before.filter(|(_, other)| other == address).count();
        xxh3_64(format!("{address} {same}").as_bytes())
    };
    places.iter().enumerate().map(identity).collect()
}

fn peer(server: &Server, address: PeerAddress, tally: &Tally, identity: u64) -> Option<Peer> {
    let name = address.to_string();
    let id = server.id.clone();
    Some(Peer {
        server: server.text.clone(),
        weight: server.weight,
        backup: server.backup,
        down: server.down,
        most_fails: server.most_fails,
        fail_timeout: server.fail_timeout,
        most_connections: server.most_connections,
        id: id.unwrap_or_else(|| format!("{:032x}", xxh3_128(name.as_bytes()))),
        record: tally.record(identity)?,
        name,
        address,
    })
}

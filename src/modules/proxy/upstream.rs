//! `upstream` blocks: what is written in them, and the groups they become.

use std::sync::Arc;
use std::time::Duration;

use super::assembly::{Assembly, places};
use super::balance::Method;
use super::changing::{Changing, Follow, ROOM, Source, Upstream};
use super::group::{Keepalive, Sweep};
use super::registry::{DEFAULT_PORT, Registry};
use super::tally::RECORD_BYTES;
use crate::conf::{Chain, Context, Diagnostic, Scope, Span, Statement, Text, Word, values};
use crate::http::build::builder::Builder;
use crate::modules::address::Endpoint;
use crate::modules::resolver::Asked;

/// `upstream NAME`
struct Name(Word);

/// The `server` directives of an upstream.
#[derive(Default)]
struct Servers(Vec<Server>);

/// One `server` of an upstream.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) text: String,
    pub(super) span: Span,
    pub(super) endpoint: Endpoint,
    pub(super) weight: u32,
    pub(super) backup: bool,
    pub(super) down: bool,
    pub(super) most_fails: u64,
    pub(super) fail_timeout: Duration,
    pub(super) most_connections: u64,
    pub(super) id: Option<String>,
    /// The service that is looked up.
    pub(super) service: Option<String>,
    resolves: bool,
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
    server.check_service(statement)?;
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
            service: None,
            resolves: false,
        }
    }

    /// Whether its addresses are those that its name has at the time.
    pub(super) fn follows_name(&self) -> bool {
        self.resolves && self.endpoint.literal(DEFAULT_PORT).is_none()
    }

    /// A service has its ports itself, and is only looked up while serving.
    fn check_service(&self, statement: &Statement<'_>) -> Result<(), Diagnostic> {
        let Some(service) = &self.service else {
            return Ok(());
        };
        let message = match &self.endpoint {
            Endpoint::Host { port: None, .. } if self.follows_name() => return Ok(()),
            _ if !self.resolves => "\"service\" needs \"resolve\"",
            Endpoint::Host { port: Some(_), .. } => {
                "a server with \"service\" has no port of its own"
            }
            _ => "\"service\" needs a name",
        };
        let help = format!("write \"server example.com service={service} resolve\"");
        Err(statement.error(1, message).with_help(help))
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
            "resolve" if name == word => self.resolves = true,
            "service" if !value.is_empty() => self.service = Some(value.to_owned()),
            "slow_start" => {
                let help = "remove it: a peer that is back has its share of requests at once; \"max_conns=\" limits how \
                            many are under way there";
                return Err(invalid().with_help(help));
            }
            "route" => {
                let help = "\"hash $cookie_NAME consistent;\" or \"ip_hash;\" keeps a client with one server";
                return Err(invalid().with_help(help));
            }
            "drain" => {
                let help = "write \"down\": requests under way there are finished";
                return Err(invalid().with_help(help));
            }
            _ => {
                let known = "weight=, max_fails=, fail_timeout=, max_conns=, sid=, resolve, service=, backup, down";
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
        match build(builder, &http.inner(scope), &name.text) {
            Some(members) => {
                if members.now().keepalive.is_some() {
                    let sweep = Box::new(Sweep(members.clone()));
                    builder.worker_chores.push(sweep);
                }
                if let Upstream::Changing(changing) = &members {
                    let follow = Box::new(Follow(Arc::clone(changing)));
                    builder.worker_chores.push(follow);
                }
                let registry = builder.thing::<Registry>();
                registry.add(&name.text, members, scope.get::<Zone>().is_some());
            }
            None => builder.thing::<Registry>().add_broken(&name.text),
        }
    }
}

fn build(builder: &mut Builder<'_>, chain: &Chain<'_>, name: &str) -> Option<Upstream> {
    let scope = chain.scope();
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
    let assembly = Assembly {
        name,
        zone,
        keepalive,
        method: method(builder, written),
    };
    if !servers.iter().any(Server::follows_name) {
        let group = assembly.group(builder, &servers, DEFAULT_PORT);
        return Some(Upstream::Fixed(Arc::new(group)));
    }
    let asked = Asked::of(builder, chain);
    let changing = changing(builder, assembly, servers, asked);
    Some(Upstream::Changing(Arc::new(changing)))
}

/// A group that follows the names of some of its servers.
fn changing(
    builder: &mut Builder<'_>,
    assembly: Assembly<'_>,
    servers: Vec<Server>,
    asked: Asked,
) -> Changing {
    let size = assembly.zone.as_ref().map_or(0, |(_, size)| *size);
    let room = usize::try_from(size / RECORD_BYTES as u64).map_or(ROOM, |room| room.max(ROOM));
    let fixed = servers.iter().filter(|server| !server.follows_name());
    let known = places(builder, fixed, DEFAULT_PORT);
    let plan = assembly.plan(builder, &known, room.min(MOST_ROOM));
    let sources = servers.iter().map(|server| {
        let own = known
            .iter()
            .filter(|(other, _)| std::ptr::eq(*other, server));
        let addresses = own.map(|(_, address)| address.clone()).collect();
        Source::new(server.clone(), addresses, DEFAULT_PORT)
    });
    Changing::new(plan, sources.collect(), asked)
}

/// However large its zone is.
const MOST_ROOM: usize = 4096;

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

/// A method, for any peers.
fn method(builder: &mut Builder<'_>, written: Option<&MethodWritten>) -> Method {
    match written {
        None => Method::Turns,
        Some(MethodWritten::LeastBusy) => Method::LeastBusy,
        Some(MethodWritten::Client) => Method::Client,
        Some(MethodWritten::Random { two: false }) => Method::Random,
        Some(MethodWritten::Random { two: true }) => Method::RandomTwo,
        Some(MethodWritten::Hash { key, consistent }) => {
            let key = builder.template(key);
            match consistent {
                true => Method::Ring(key, Box::default()),
                false => Method::Key(key),
            }
        }
    }
}

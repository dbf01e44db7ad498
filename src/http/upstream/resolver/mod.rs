//! Names of hosts, looked up while serving.
//!
//! All who want a name share one look-up of it, a flight, which goes on whether they wait or not. Names, flights and
//! addresses have limits, and so has all that a name server can do: be down, slow, lie, or send too much. An answer that
//! expired is still used for a while where no newer one can be had.

mod answer;
pub mod counts;
mod flight;
mod names;
mod question;
mod service;
pub mod system;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_net::proto::rr::{Name, RecordType};
use parking_lot::Mutex;

use answer::{Found, Records};
use flight::{Flight, Landing};
use names::{Look, Names};
use question::Servers;
use system::Hosts;

pub use flight::Awaited;
pub use service::Service;

/// One address of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// What a service says of it, if one was asked for.
    pub service: Option<Service>,
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self { ip, service: None }
    }
}

/// What is looked up.
enum Subject {
    /// A host.
    Host(String),
    /// A service, by its whole name.
    Service(String),
}

impl Subject {
    fn name(&self) -> &str {
        match self {
            Self::Host(name) | Self::Service(name) => name,
        }
    }

    /// What it is remembered under; no name has a space.
    fn key(&self) -> String {
        match self {
            Self::Host(name) => name.clone(),
            Self::Service(name) => format!("SRV {name}"),
        }
    }
}

/// What a name stands for, or why that is not known.
pub type Answer = Result<Arc<[Address]>, Failure>;

/// Why a name has no addresses, as logs put it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server could not read the question.
    #[error("1: Format error")]
    Format,
    /// The server has problems of its own.
    #[error("2: Server failure")]
    Server,
    /// There is no such name, or it has no address.
    #[error("3: Host not found")]
    NotFound,
    /// The server does not know this kind of question.
    #[error("4: Unimplemented")]
    Unimplemented,
    /// The server does not want to answer.
    #[error("5: Operation refused")]
    Refused,
    /// The server said no for a rarer reason.
    #[error("{0}: Unknown error")]
    Other(u16),
    /// Nobody answered in time.
    #[error("110: Operation timed out")]
    TimedOut,
    /// What came makes no sense.
    #[error("the response of the name server is invalid")]
    Invalid,
    /// Names lead to names without an end.
    #[error("the name is an alias of too many others")]
    TooManyAliases,
    /// The system does not let us ask.
    #[error("the name server cannot be reached")]
    Unreachable,
    /// As many names as possible are being looked up.
    #[error("too many names are being looked up")]
    Busy,
}

/// How a resolver works.
pub struct Terms {
    /// The name servers.
    pub servers: Vec<std::net::SocketAddr>,
    /// How long answers hold, whatever they say themselves.
    pub valid: Option<Duration>,
    /// Whether IPv4 addresses are asked for.
    pub v4: bool,
    /// Whether IPv6 addresses are asked for.
    pub v6: bool,
    /// Names that need no server.
    pub hosts: Arc<Hosts>,
    /// Where it is counted.
    pub counts: counts::Counts,
}

/// Name servers, and what they said.
pub struct Resolver {
    servers: Servers,
    hosts: Arc<Hosts>,
    valid: Option<Duration>,
    v4: bool,
    v6: bool,
    names: Mutex<Names>,
}

/// What there is about a name.
pub enum Known {
    /// This.
    Answer(Answer),
    /// Nothing yet.
    Awaited(Awaited),
}

impl Resolver {
    /// A resolver that knows nothing yet.
    pub fn new(terms: Terms) -> Self {
        Self {
            servers: Servers::new(terms.servers, terms.counts),
            hosts: terms.hosts,
            valid: terms.valid,
            v4: terms.v4,
            v6: terms.v6,
            names: Mutex::default(),
        }
    }

    /// What a name stands for; `patience` is how long whoever asks would wait for it.
    pub fn find(self: &Arc<Self>, name: &str, patience: Duration) -> Known {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if let Some(addresses) = self.hosts.find(&name) {
            return Known::Answer(self.of_wanted_families(addresses));
        }
        self.ask(Subject::Host(name), patience)
    }

    fn ask(self: &Arc<Self>, subject: Subject, patience: Duration) -> Known {
        let Some(absolute) = question::absolute(subject.name()) else {
            return Known::Answer(Err(Failure::NotFound));
        };
        let name = subject.key();
        let now = Instant::now();
        let mut names = self.names.lock();
        let old = match names.look(&name, now) {
            Look::Fresh(answer) => return Known::Answer(answer),
            Look::UnderWay(flight, old) => return flight.join(old, now, patience),
            Look::Expired(answer) => Some(answer),
            Look::Unknown => None,
        };
        let here = tokio::runtime::Handle::try_current().ok();
        let flight = here.and_then(|here| Some((here, names.begin(&name, now)?)));
        drop(names);
        let Some((here, flight)) = flight else {
            return Known::Answer(old.unwrap_or(Err(Failure::Busy)));
        };
        self.servers.counts.queried();
        let joined = flight.join(old, now, patience);
        let landing = Landing::new(Arc::clone(self), name, Arc::clone(&flight));
        let resolver = Arc::clone(self);
        here.spawn(async move {
            let found = match subject {
                Subject::Host(_) => resolver.look_up(&absolute, &flight).await,
                Subject::Service(_) => resolver.look_up_service(&absolute, &flight).await,
            };
            landing.at(found);
        });
        joined
    }

    fn of_wanted_families(&self, addresses: &[IpAddr]) -> Answer {
        let wanted = addresses.iter().filter(|address| match address {
            IpAddr::V4(_) => self.v4,
            IpAddr::V6(_) => self.v6,
        });
        let wanted: Arc<[Address]> = wanted.map(|ip| (*ip).into()).collect();
        match wanted.is_empty() {
            true => Err(Failure::NotFound),
            false => Ok(wanted),
        }
    }

    /// The end of a flight.
    fn land(&self, name: &str, flight: &Flight, found: Result<Records, Failure>) {
        let valid = match &found {
            Ok(records) => self.valid.unwrap_or(records.valid),
            Err(_) => FAILURE_VALID,
        };
        let answer = found.map(|records| records.addresses.into());
        let answer = self.names.lock().end(name, answer, Instant::now(), valid);
        flight.land(answer);
    }

    async fn look_up(&self, name: &Name, flight: &Flight) -> Result<Records, Failure> {
        let found = match (self.v4, self.v6) {
            (true, true) => self.both(name, flight).await,
            (true, false) => self.chase(name, RecordType::A, flight).await,
            (false, _) => self.chase(name, RecordType::AAAA, flight).await,
        };
        found.map(|mut records| {
            if records.addresses.len() > MOST_ADDRESSES {
                let count = records.addresses.len();
                log::warn!("{name} has {count} addresses, the first {MOST_ADDRESSES} are used");
                records.addresses.truncate(MOST_ADDRESSES);
            }
            records
        })
    }

    /// Addresses of both families. The second answer is not waited for much longer than the first that is any good.
    async fn both(&self, name: &Name, flight: &Flight) -> Result<Records, Failure> {
        let mut four = std::pin::pin!(self.chase(name, RecordType::A, flight));
        let mut six = std::pin::pin!(self.chase(name, RecordType::AAAA, flight));
        let (first, is_four) = tokio::select! {
            found = &mut four => (found, true),
            found = &mut six => (found, false),
        };
        let patience = match first {
            Ok(_) => SECOND_ANSWER,
            Err(_) => Duration::MAX,
        };
        let second = async {
            match is_four {
                true => six.await,
                false => four.await,
            }
        };
        let second = tokio::time::timeout(patience, second).await;
        let second = second.unwrap_or(Err(Failure::TimedOut));
        match is_four {
            true => Records::merge(first, second),
            false => Records::merge(second, first),
        }
    }

    /// Addresses of one family, along aliases that the server leaves to us.
    async fn chase(
        &self,
        name: &Name,
        kind: RecordType,
        flight: &Flight,
    ) -> Result<Records, Failure> {
        let mut alias: Option<(Name, Duration)> = None;
        for _ in 0..MOST_QUESTIONS {
            let asked = alias.as_ref().map_or(name, |(name, _)| name);
            let message = self.servers.ask(asked, kind, flight).await?;
            let valid = alias.as_ref().map_or(Duration::MAX, |(_, valid)| *valid);
            match answer::read(&message, asked, kind, valid)? {
                Found::Records(records) => return Ok(records),
                Found::Alias(name, valid) => alias = Some((name, valid)),
            }
        }
        Err(Failure::TooManyAliases)
    }
}

/// How long a failure is remembered.
const FAILURE_VALID: Duration = Duration::from_secs(1);
/// How long the addresses of one family are waited for when those of the other are there.
const SECOND_ANSWER: Duration = Duration::from_millis(500);
/// So many addresses of a name are used.
const MOST_ADDRESSES: usize = 64;
/// So many questions are asked for one name and family.
const MOST_QUESTIONS: usize = 8;

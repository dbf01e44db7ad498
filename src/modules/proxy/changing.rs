//! Groups whose servers are names that are looked up again and again (`server … resolve`).
//!
//! Each time its addresses change, such a group becomes another one, while requests keep to the one they began with.
//! Peers that stay keep what is counted about them, and their idle connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use super::assembly::{Place, Plan};
use super::group::{Group, monotonic_ms};
use super::names::{Course, Pending};
use super::tally::Count;
use super::target::Target;
use super::upstream::Server;
use crate::http::plan::chore::Chore;
use crate::http::transport::dial::PeerAddress;
use crate::http::upstream::resolver::{Address, Answer, Awaited, Failure, Known};
use crate::modules::address::Endpoint;
use crate::modules::resolver::Asked;

/// An `upstream`.
#[derive(Clone)]
pub(super) enum Upstream {
    /// Its peers stay what they are.
    Fixed(Arc<Group>),
    /// They follow names.
    Changing(Arc<Changing>),
}

impl Upstream {
    /// The group as it is now.
    pub(super) fn now(&self) -> Arc<Group> {
        match self {
            Self::Fixed(group) => Arc::clone(group),
            Self::Changing(changing) => changing.now(),
        }
    }
}

/// A group whose peers follow names.
pub(super) struct Changing {
    plan: Plan,
    asked: Asked,
    sources: Mutex<Vec<Source>>,
    current: RwLock<Arc<Group>>,
}

/// A server, and the addresses it has at the time.
pub(super) struct Source {
    server: Server,
    /// What its name stood for last.
    found: Vec<Address>,
    /// The server as it is at each address.
    places: Vec<(Server, PeerAddress)>,
    look_up: Option<LookUp>,
}

/// The name of a server.
struct LookUp {
    host: String,
    port: u16,
    awaited: Option<Awaited>,
    /// What was told of it last.
    failure: Option<Failure>,
}

impl Source {
    /// A server with the addresses that it keeps, if it keeps any.
    pub(super) fn new(server: Server, addresses: Vec<PeerAddress>, default_port: u16) -> Self {
        let look_up = match &server.endpoint {
            Endpoint::Host { host, port } if server.follows_name() => Some(LookUp {
                host: host.clone(),
                port: port.unwrap_or(default_port),
                awaited: None,
                failure: None,
            }),
            _ => None,
        };
        let places = addresses.into_iter();
        Self {
            places: places.map(|address| (server.clone(), address)).collect(),
            found: Vec::new(),
            server,
            look_up,
        }
    }

    /// Looks the name up once more if it is time; true when its addresses have changed.
    fn refresh(&mut self, asked: &Asked, group: &str) -> bool {
        let Some(look_up) = &mut self.look_up else {
            return false;
        };
        let found = match look_up.answer(asked, self.server.service.as_deref()) {
            None => return false,
            Some(Ok(found)) => {
                look_up.failure = None;
                let mut found = found.to_vec();
                found.sort_unstable();
                found
            }
            Some(Err(failure)) => {
                look_up.tell(failure, group);
                if failure != Failure::NotFound {
                    return false;
                }
                Vec::new()
            }
        };
        if self.found == found {
            return false;
        }
        let port = look_up.port;
        let places = found
            .iter()
            .filter_map(|one| place(&self.server, one, port));
        self.places = places.collect();
        self.found = found;
        true
    }
}

/// A server as it is at an address. A service says which of several are asked first; of a server that is a backup
/// already there are only those.
fn place(server: &Server, address: &Address, port: u16) -> Option<(Server, PeerAddress)> {
    let mut server = server.clone();
    let mut port = port;
    if let Some(service) = address.service {
        if server.backup && service.is_backup {
            return None;
        }
        server.backup |= service.is_backup;
        server.weight = u32::from(service.weight).max(1);
        port = service.port;
    }
    let socket = SocketAddr::new(address.ip, port);
    Some((server, PeerAddress::Inet(socket)))
}

impl LookUp {
    /// What there is to learn now.
    fn answer(&mut self, asked: &Asked, service: Option<&str>) -> Option<Answer> {
        match self.awaited.take() {
            Some(awaited) if awaited.has_landed() => return Some(awaited.into_answer()),
            None => {}
            waits => {
                self.awaited = waits;
                return None;
            }
        }
        let known = match service {
            None => asked.resolver.find(&self.host, asked.patience),
            Some(service) => asked
                .resolver
                .find_service(service, &self.host, asked.patience),
        };
        match known {
            Known::Answer(answer) => Some(answer),
            Known::Awaited(awaited) => {
                self.awaited = Some(awaited);
                None
            }
        }
    }

    fn tell(&mut self, failure: Failure, group: &str) {
        if self.failure.replace(failure) != Some(failure) {
            let host = &self.host;
            log::error!("{host} could not be resolved ({failure}) in upstream \"{group}\"");
        }
    }
}

impl Changing {
    /// A group of these servers.
    pub(super) fn new(plan: Plan, sources: Vec<Source>, asked: Asked) -> Self {
        let group = plan.group(&places(&sources));
        Self {
            plan,
            asked,
            sources: sources.into(),
            current: RwLock::new(Arc::new(group)),
        }
    }

    /// The group as it is now.
    pub(super) fn now(&self) -> Arc<Group> {
        Arc::clone(&self.current.read())
    }

    /// The way into the group. Before it has any peers, a request waits for them, but not longer than `until`.
    pub(super) fn course(self: &Arc<Self>, target: Arc<Target>, until: Option<Instant>) -> Course {
        let mut group = self.now();
        if group.peers.is_empty() {
            self.refresh();
            group = self.now();
        }
        if !group.peers.is_empty() {
            return Course::Go(Arc::new(target.within(group)));
        }
        let now = Instant::now();
        let until = until.unwrap_or_else(|| now + self.asked.patience.min(LONGEST_WAIT));
        let sources = self.sources.lock();
        let look_ups = sources.iter().filter_map(|one| one.look_up.as_ref());
        let awaited: Vec<Awaited> = look_ups.filter_map(|one| one.awaited.clone()).collect();
        drop(sources);
        match awaited.is_empty() || now >= until {
            true => Course::Go(Arc::new(target.within(group))),
            false => Course::Wait(Pending::Group {
                target,
                changing: Arc::clone(self),
                awaited,
                until,
            }),
        }
    }

    /// Takes in what names stand for now, and has them looked up where it is time.
    fn refresh(&self) {
        let mut sources = self.sources.lock();
        let mut has_changed = false;
        for source in sources.iter_mut() {
            has_changed |= source.refresh(&self.asked, &self.plan.name);
        }
        if !has_changed {
            return;
        }
        let (before, group) = (self.now(), self.plan.group(&places(&sources)));
        before.idle.move_to(&group.idle, |peer| {
            let name = &before.peers.get(peer)?.name;
            group.peers.iter().position(|peer| peer.name == *name)
        });
        *self.current.write() = Arc::new(group);
    }
}

fn places(sources: &[Source]) -> Vec<Place<'_>> {
    let places = sources.iter().flat_map(|source| &source.places);
    places
        .map(|(server, address)| (server, address.clone()))
        .collect()
}

/// Follows the names of a group.
pub(super) struct Follow(pub(super) Arc<Changing>);

impl Chore for Follow {
    fn every(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn run(&self) {
        self.0.refresh();
        let now = monotonic_ms();
        for peer in &self.0.now().peers {
            peer.record.set(Count::Present, now);
        }
    }
}

/// No request waits longer for the first addresses of a group, whatever `resolver_timeout` says.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// A group that follows names has room for so many peers beside those that are written, if its zone's size says no more.
pub(super) const ROOM: usize = 64;

//! Groups whose servers are names that are looked up again and again (`server … resolve`).
//!
//! Each time its addresses change, such a group becomes another one, while requests keep to the one they began with.
//! Peers that stay keep what is counted about them, and their idle connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use super::address::Endpoint;
use super::assembly::{Place, Plan};
use super::group::{Group, monotonic_ms};
use super::names::{Course, Pending};
use super::tally::Count;
use super::target::Target;
use super::upstream::Server;
use crate::http::plan::chore::Chore;
use crate::http::transport::dial::PeerAddress;
use crate::http::upstream::resolver::{Answer, Awaited, Failure, Known};
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
    addresses: Vec<PeerAddress>,
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
        Self {
            server,
            addresses,
            look_up,
        }
    }

    /// Looks the name up once more if it is time; true when its addresses have changed.
    fn refresh(&mut self, asked: &Asked, group: &str) -> bool {
        let Some(look_up) = &mut self.look_up else {
            return false;
        };
        let addresses = match look_up.answer(asked) {
            None => return false,
            Some(Ok(found)) => {
                look_up.failure = None;
                let mut found = found.to_vec();
                found.sort_unstable();
                let sockets = found
                    .into_iter()
                    .map(|ip| SocketAddr::new(ip, look_up.port));
                sockets.map(PeerAddress::Inet).collect()
            }
            Some(Err(failure)) => {
                look_up.tell(failure, group);
                if failure != Failure::NotFound {
                    return false;
                }
                Vec::new()
            }
        };
        let has_changed = self.addresses != addresses;
        self.addresses = addresses;
        has_changed
    }
}

impl LookUp {
    /// What there is to learn now.
    fn answer(&mut self, asked: &Asked) -> Option<Answer> {
        match self.awaited.take() {
            Some(awaited) if awaited.has_landed() => return Some(awaited.into_answer()),
            None => {}
            waits => {
                self.awaited = waits;
                return None;
            }
        }
        match asked.resolver.find(&self.host, asked.patience) {
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
    let places = sources.iter().flat_map(|source| {
        let addresses = source.addresses.iter().cloned();
        addresses.map(|address| (&source.server, address))
    });
    places.collect()
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

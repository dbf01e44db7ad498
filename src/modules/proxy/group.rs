//! A group of peers that can stand for each other, and which of them is asked next.
//!
//! A peer that failed `max_fails` times within `fail_timeout` is left alone for that long, then
//! tried with a single request. Backup peers are asked when no other can be. What is counted
//! lives in the tally, which workers may share; the turn of each peer is every worker's own.

use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::balance::{Method, Turns};
use super::changing::Upstream;
use super::tally::{Count, Gauge, Record};
use crate::http::course::request::Request;
use crate::http::plan::chore::Chore;
use crate::http::transport::dial::PeerAddress;
use crate::http::transport::link::IdleLinks;
use crate::metric::Moment;
use crate::os;

/// A group of peers.
#[derive(Debug)]
pub(super) struct Group {
    /// What it is called in `proxy_pass`.
    pub(super) name: String,
    /// The zone in which its counts are shared, and the size that was written for it.
    pub(super) zone: Option<(String, u64)>,
    /// First those that are no backups.
    pub(super) peers: Box<[Peer]>,
    pub(super) method: Method,
    pub(super) keepalive: Option<Keepalive>,
    pub(super) turns: Mutex<Turns>,
    pub(super) idle: IdleLinks,
}

/// One server of a group, at one address.
#[derive(Debug)]
pub(super) struct Peer {
    /// Its address as text.
    pub(super) name: String,
    /// As it is written.
    pub(super) server: String,
    pub(super) address: PeerAddress,
    pub(super) weight: u32,
    pub(super) backup: bool,
    pub(super) down: bool,
    /// 0 for never giving up on it.
    pub(super) most_fails: u64,
    pub(super) fail_timeout: Duration,
    /// 0 for no limit.
    pub(super) most_connections: u64,
    /// Its identifier in the status tree.
    pub(super) id: String,
    pub(super) record: Record,
}

/// How idle connections to peers are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keepalive {
    /// So many idle connections are kept at most.
    pub(super) most: usize,
    /// How many requests one connection carries.
    pub(super) requests: u64,
    /// How long it may be idle.
    pub(super) timeout: Duration,
    /// How long it may live.
    pub(super) time: Duration,
}

/// How an attempt with a peer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It answered, or nobody wanted its answer any more.
    Fine,
    /// It failed.
    Failed,
    /// It says nothing about the peer: the request ended before it was answered.
    Neutral,
}

/// Which peers a request has been given to.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// Bits of the first peers, which are all that most groups have.
    first: u64,
    more: Vec<u64>,
}

impl Tried {
    pub(super) fn contains(&self, peer: usize) -> bool {
        self.bits(peer)
            .is_some_and(|bits| bits >> (peer % 64) & 1 == 1)
    }

    pub(super) fn insert(&mut self, peer: usize) {
        if self.more.len() < peer / 64 {
            self.more.resize(peer / 64, 0);
        }
        if let Some(bits) = self.bits_mut(peer) {
            *bits |= 1 << (peer % 64);
        }
    }

    pub(super) fn remove(&mut self, peer: usize) {
        if let Some(bits) = self.bits_mut(peer) {
            *bits &= !(1 << (peer % 64));
        }
    }

    fn bits(&self, peer: usize) -> Option<&u64> {
        match (peer / 64).checked_sub(1) {
            None => Some(&self.first),
            Some(place) => self.more.get(place),
        }
    }

    fn bits_mut(&mut self, peer: usize) -> Option<&mut u64> {
        match (peer / 64).checked_sub(1) {
            None => Some(&mut self.first),
            Some(place) => self.more.get_mut(place),
        }
    }
}

impl Group {
    /// A group of the addresses of a host that a request named.
    pub(super) fn of_addresses(
        name: &str,
        addresses: impl IntoIterator<Item = PeerAddress>,
    ) -> Self {
        let addresses = addresses.into_iter();
        let peers: Box<[Peer]> = addresses
            .map(|address| Peer::named(name, address))
            .collect();
        Self {
            zone: None,
            name: name.to_owned(),
            turns: Turns::new(peers.iter(), os::monotonic()).into(),
            peers,
            method: Method::Turns,
            keepalive: None,
            idle: IdleLinks::default(),
        }
    }

    /// The peer to ask now; `None` when there is none left that could be.
    pub(super) fn select(&self, request: &mut Request, tried: &mut Tried) -> Option<usize> {
        let now = request.moment().0 / 1_000_000;
        let sole = self.is_sole();
        let usable = |number: usize| {
            let peer = &self.peers[number];
            !tried.contains(number) && !peer.down && !peer.is_busy() && (sole || peer.is_fit(now))
        };
        let first = self.peers.iter().take_while(|peer| !peer.backup).count();
        let mut turns = self.turns.lock();
        let chosen = self
            .method
            .choose(self, request, &mut turns, first, &usable)
            .or_else(|| turns.next(&self.peers, first..self.peers.len(), &usable))?;
        drop(turns);
        tried.insert(chosen);
        self.peers[chosen].begin(now);
        Some(chosen)
    }

    /// How many attempts a request may make at most.
    pub(super) fn most_tries(&self) -> usize {
        self.peers.iter().filter(|peer| !peer.down).count().max(1)
    }

    /// The only peer is never given up on.
    fn is_sole(&self) -> bool {
        self.peers.len() == 1
    }

    /// An attempt with a peer is over; true when the peer is left out for a while from now on.
    pub(super) fn release(&self, number: usize, ending: Ending) -> bool {
        let peer = &self.peers[number];
        peer.record.end(Gauge::Busy);
        match ending {
            Ending::Failed => {
                let gave_up = peer.fail(self.is_sole());
                self.turns.lock().weaken(number, peer);
                return gave_up;
            }
            Ending::Fine => peer.succeed(),
            Ending::Neutral => peer.return_trial(),
        }
        false
    }
}

impl Peer {
    /// A peer that nothing is written of but the name of its server.
    fn named(server: &str, address: PeerAddress) -> Self {
        Self {
            name: address.to_string(),
            server: server.to_owned(),
            address,
            weight: 1,
            backup: false,
            down: false,
            most_fails: 0,
            fail_timeout: Duration::ZERO,
            most_connections: 0,
            id: String::new(),
            record: Record::alone(),
        }
    }

    /// A peer with this weight, for tests.
    #[cfg(test)]
    pub(super) fn trial(weight: u32) -> Self {
        let address = PeerAddress::Unix(std::path::PathBuf::new());
        Self {
            weight,
            ..Self::named("trial", address)
        }
    }

    /// Whether it may be tried: it has not failed too often of late.
    fn is_fit(&self, now: u64) -> bool {
        self.most_fails == 0
            || self.record.value(Count::RecentFails) < self.most_fails
            || now.saturating_sub(self.record.value(Count::Checked)) > self.fail_timeout_ms()
    }

    /// Whether it has all the requests it may have at a time.
    pub(super) fn is_busy(&self) -> bool {
        self.most_connections > 0 && self.record.sum(Gauge::Busy) >= self.most_connections
    }

    /// Whether it has failed so often that it is left out.
    pub(super) fn is_unavailable(&self) -> bool {
        self.record.value(Count::DownSince) > 0
    }

    fn begin(&self, now: u64) {
        self.record.begin(Gauge::Busy);
        self.record.add(Count::Selected, 1);
        self.record.set(Count::LastSelected, os::milliseconds());
        if now.saturating_sub(self.record.value(Count::Checked)) > self.fail_timeout_ms() {
            self.record.set(Count::Checked, now);
        }
    }

    /// Takes note of a failure; true when that makes it unavailable.
    fn fail(&self, sole: bool) -> bool {
        let now = monotonic_ms();
        self.record.add(Count::Fails, 1);
        let recent = self.record.add(Count::RecentFails, 1);
        self.record.set(Count::Failed, now);
        self.record.set(Count::Checked, now);
        let down = !sole && self.most_fails > 0 && recent >= self.most_fails;
        let gave_up = down && !self.is_unavailable();
        if gave_up {
            self.record.add(Count::Unavailable, 1);
            self.record.set(Count::DownSince, since_1970_ms());
        }
        gave_up
    }

    /// Takes note of a success: failures are forgotten once it was tried again after them.
    fn succeed(&self) {
        if self.record.value(Count::Failed) >= self.record.value(Count::Checked) {
            return;
        }
        self.record.set(Count::RecentFails, 0);
        let since = self.record.take(Count::DownSince);
        if since > 0 {
            let downtime = since_1970_ms().saturating_sub(since);
            self.record.add(Count::Downtime, downtime);
        }
    }

    /// Nothing was found out: a peer that was being tried again may be tried once more at once.
    fn return_trial(&self) {
        if self.most_fails > 0 && self.record.value(Count::RecentFails) >= self.most_fails {
            self.record.set(Count::Checked, 0);
        }
    }

    fn fail_timeout_ms(&self) -> u64 {
        u64::try_from(self.fail_timeout.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Closes connections of a group that are idle for too long, or that peers have closed.
pub(super) struct Sweep(pub(super) Upstream);

impl Chore for Sweep {
    fn every(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn is_brief(&self) -> bool {
        true
    }

    fn run(&self) {
        let group = self.0.now();
        if let Some(keepalive) = group.keepalive {
            group.idle.sweep(Moment(os::monotonic()), keepalive.timeout);
        }
    }
}

/// The monotonic clock in milliseconds.
pub(super) fn monotonic_ms() -> u64 {
    os::monotonic() / 1_000_000
}

/// The wall clock.
pub(super) fn since_1970_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

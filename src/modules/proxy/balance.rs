//! Ways to choose among the peers of a group.
//!
//! The usual one gives each peer its turns by weight, evenly spread. The others prefer a peer (the
//! least busy one, the one that a key falls to) and leave it to the turns if that one cannot be
//! asked.

use std::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::group::{Group, Peer};
use super::hashed::{self, Ring};
use super::tally::Gauge;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;

/// How a peer is chosen.
#[derive(Clone, Debug, Default)]
pub(super) enum Method {
    /// By turns.
    #[default]
    Turns,
    /// `least_conn`
    LeastBusy,
    /// `hash`
    Key(Template),
    /// `hash … consistent`
    Ring(Template, Ring),
    /// `ip_hash`
    Client,
    /// `random`
    Random,
    /// `random two`
    RandomTwo,
}

/// Whether a peer may be asked.
type Usable<'a> = &'a dyn Fn(usize) -> bool;

impl Method {
    /// The same, for these peers.
    pub(super) fn of(&self, peers: &[Peer]) -> Self {
        match self {
            Self::Ring(key, _) => Self::Ring(key.clone(), hashed::ring(peers.iter())),
            other => other.clone(),
        }
    }

    /// Chooses among the first `count` peers.
    pub(super) fn choose(
        &self,
        group: &Group,
        request: &mut Request,
        turns: &mut Turns,
        count: usize,
        usable: Usable<'_>,
    ) -> Option<usize> {
        let peers = &group.peers[..count];
        let preferred = match self {
            Self::Turns => None,
            Self::LeastBusy => {
                let least = least_busy(peers, usable);
                return turns.next(peers, 0..count, &|peer| {
                    usable(peer) && least.contains(&peer)
                });
            }
            Self::Key(key) => {
                let key = key.evaluate(request);
                // Without a key there is nothing that requests have in common.
                let key = Some(key).filter(|key| !key.is_empty());
                key.and_then(|key| hashed::by_key(peers, &key, usable))
            }
            Self::Client => hashed::by_address(peers, request.connection.client, usable),
            Self::Ring(key, points) => {
                let key = key.evaluate(request);
                let key = Some(key).filter(|key| !key.is_empty());
                let server = key.and_then(|key| hashed::on_ring(points, peers, &key, usable));
                server.and_then(|server| {
                    let is_of = |peer: usize| peers[peer].server == server && usable(peer);
                    turns.next(peers, 0..count, &is_of)
                })
            }
            Self::Random => drawn(peers, turns.draw(), usable),
            Self::RandomTwo => one_of_two(peers, turns, usable),
        };
        preferred.or_else(|| turns.next(peers, 0..count, usable))
    }
}

/// The turns of peers. Each round every peer that can be asked gains its weight; the one that has
/// gained most is asked and pays what all have gained.
#[derive(Debug)]
pub(super) struct Turns {
    standing: Box<[Standing]>,
    drawn: u64,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    gained: i64,
    /// The weight, less after failures, growing back with each turn.
    weight: i64,
}

impl Turns {
    /// The turns of these peers.
    pub(super) fn new<'p>(peers: impl Iterator<Item = &'p Peer>, seed: u64) -> Self {
        let standing = |peer: &Peer| Standing {
            gained: 0,
            weight: i64::from(peer.weight),
        };
        Self {
            standing: peers.map(standing).collect(),
            drawn: seed,
        }
    }

    /// Whose turn it is among a range of peers.
    pub(super) fn next(
        &mut self,
        peers: &[Peer],
        range: Range<usize>,
        usable: Usable<'_>,
    ) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for number in range.filter(|number| usable(*number)) {
            let standing = &mut self.standing[number];
            standing.gained += standing.weight;
            total += standing.weight;
            if standing.weight < i64::from(peers[number].weight) {
                standing.weight += 1;
            }
            let gained = standing.gained;
            if best.is_none_or(|best| gained > self.standing[best].gained) {
                best = Some(number);
            }
        }
        self.standing[best?].gained -= total;
        best
    }

    /// A peer failed: it gets fewer turns for a while.
    pub(super) fn weaken(&mut self, number: usize, peer: &Peer) {
        let standing = &mut self.standing[number];
        let fails = i64::try_from(peer.most_fails).unwrap_or(i64::MAX);
        if fails > 0 {
            standing.weight = (standing.weight - i64::from(peer.weight) / fails).max(0);
        }
    }

    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        xxh3_64(&self.drawn.to_ne_bytes())
    }
}

/// Two different peers are drawn, and the one with fewer requests for its weight is taken.
fn one_of_two(peers: &[Peer], turns: &mut Turns, usable: Usable<'_>) -> Option<usize> {
    let first = drawn(peers, turns.draw(), usable)?;
    let others = |peer: usize| peer != first && usable(peer);
    let Some(second) = drawn(peers, turns.draw(), &others) else {
        return Some(first);
    };
    let load = |peer: usize| u128::from(peers[peer].record.sum(Gauge::Busy));
    let weight = |peer: usize| u128::from(peers[peer].weight);
    match load(second) * weight(first) < load(first) * weight(second) {
        true => Some(second),
        false => Some(first),
    }
}

/// The peers with the fewest requests for their weight.
fn least_busy(peers: &[Peer], usable: Usable<'_>) -> Vec<usize> {
    let mut least: Vec<usize> = Vec::new();
    let mut best = (u64::MAX, 1);
    for number in (0..peers.len()).filter(|number| usable(*number)) {
        let peer = &peers[number];
        let load = (peer.record.sum(Gauge::Busy), u64::from(peer.weight.max(1)));
        let (own, other) = (
            u128::from(load.0) * u128::from(best.1),
            u128::from(best.0) * u128::from(load.1),
        );
        if least.is_empty() || own < other {
            least.clear();
            best = load;
        } else if own > other {
            continue;
        }
        least.push(number);
    }
    least
}

/// One that was drawn and cannot be asked is drawn again so many times, before the turns decide.
const DRAWS: u64 = 20;

/// The peer that a number falls to, by weight.
fn drawn(peers: &[Peer], number: u64, usable: Usable<'_>) -> Option<usize> {
    let total: u64 = peers.iter().map(|peer| u64::from(peer.weight)).sum();
    let fall = |round| {
        let mut left = xxh3_64_with_seed(&number.to_ne_bytes(), round).checked_rem(total)?;
        peers.iter().position(|peer| {
            let hit = left < u64::from(peer.weight);
            left = left.saturating_sub(u64::from(peer.weight));
            hit
        })
    };
    (0..DRAWS).filter_map(fall).find(|peer| usable(*peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_peers_are_drawn_and_the_less_busy_one_is_taken() {
        let peers: Vec<Peer> = (1..=3).map(Peer::trial).collect();
        let mut turns = Turns::new(peers.iter(), 1);
        let any = |_: usize| true;
        peers[2].record.begin(Gauge::Busy);
        peers[2].record.begin(Gauge::Busy);
        peers[1].record.begin(Gauge::Busy);
        let mut taken = [0; 3];
        for _ in 0..1000 {
            taken[one_of_two(&peers, &mut turns, &any).unwrap()] += 1;
        }
        // The busiest for its weight is never taken, since there is always another.
        assert_eq!(taken[2], 0, "{taken:?}");
        assert!(taken[0] > 0 && taken[1] > 0, "{taken:?}");
        let sole = |peer: usize| peer == 2;
        assert_eq!(one_of_two(&peers, &mut turns, &sole), Some(2));
        assert_eq!(one_of_two(&peers, &mut turns, &|_| false), None);
    }
}

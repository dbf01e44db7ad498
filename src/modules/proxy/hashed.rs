//! Peers that keys and addresses fall to, by the arithmetic of nginx: whoever comes from it, or runs beside it, finds each key
//! where it was.

use std::collections::HashSet;
use std::net::SocketAddr;

use flate2::Crc;

use super::group::Peer;

/// Whether a peer may be asked.
type Usable<'a> = &'a dyn Fn(usize) -> bool;

/// A key that fell to peers which cannot be asked goes to the turns after so many.
const MOST_TRIES: u32 = 21;

/// The peer that a key falls to, by weight.
pub(super) fn by_key(peers: &[Peer], key: &[u8], usable: Usable<'_>) -> Option<usize> {
    let mut sum: u32 = 0;
    let fall = |round: u32| {
        let prefix = match round {
            0 => String::new(),
            round => round.to_string(),
        };
        let hash = checksum(&[prefix.as_bytes(), key]) >> 16 & 0x7fff;
        sum = sum.wrapping_add(hash);
        by_weight(peers, u64::from(sum))
    };
    (0..MOST_TRIES).filter_map(fall).find(|peer| usable(*peer))
}

/// The peer that a client falls to, by its network: three octets of IPv4, all of IPv6.
pub(super) fn by_address(
    peers: &[Peer],
    client: Option<SocketAddr>,
    usable: Usable<'_>,
) -> Option<usize> {
    let network = match client {
        Some(SocketAddr::V4(client)) => client.ip().octets()[..3].to_vec(),
        Some(SocketAddr::V6(client)) => client.ip().octets().to_vec(),
        None => vec![0; 3],
    };
    let mut hash: u64 = 89;
    let fall = |_| {
        for octet in &network {
            hash = (hash * 113 + u64::from(*octet)) % 6271;
        }
        by_weight(peers, hash)
    };
    (0..MOST_TRIES).filter_map(fall).find(|peer| usable(*peer))
}

fn by_weight(peers: &[Peer], hash: u64) -> Option<usize> {
    let total: u64 = peers.iter().map(|peer| u64::from(peer.weight)).sum();
    let mut left = hash.checked_rem(total)?;
    peers.iter().position(|peer| {
        let hit = left < u64::from(peer.weight);
        left = left.saturating_sub(u64::from(peer.weight));
        hit
    })
}

/// Points of each server on a ring, per weight.
const POINTS: u64 = 160;
/// Where there would be more, each server has its part of so many.
const MOST_POINTS: u64 = 1 << 20;

/// Points on a ring, sorted, each with a peer of the server that it belongs to.
pub(super) type Ring = Box<[(u32, u32)]>;

/// A ring of the peers that are no backups. Those of one server, whose name has several addresses, have its points.
pub(super) fn ring<'p>(peers: impl Iterator<Item = &'p Peer>) -> Ring {
    let mut peers: Vec<(&Peer, u32)> = peers.zip(0..).filter(|(peer, _)| !peer.backup).collect();
    // Further peers of a server would have the same points.
    let mut seen = HashSet::new();
    peers.retain(|(peer, _)| seen.insert((&peer.server, peer.weight)));
    let weights = peers.iter().map(|(peer, _)| u64::from(peer.weight)).sum();
    let mut points = Vec::new();
    for (peer, number) in peers {
        let (host, port) = split(&peer.server);
        let mut previous: u32 = 0;
        for _ in 0..points_of(u64::from(peer.weight), weights) {
            let parts = [
                host.as_bytes(),
                b"\0",
                port.as_bytes(),
                &previous.to_le_bytes(),
            ];
            previous = checksum(&parts);
            points.push((previous, number));
        }
    }
    points.sort_unstable();
    points.dedup_by_key(|(point, _)| *point);
    points.into()
}

/// How many points a server has.
fn points_of(weight: u64, weights: u64) -> u64 {
    match weights * POINTS <= MOST_POINTS {
        true => weight * POINTS,
        false => (weight * MOST_POINTS / weights).max(1),
    }
}

/// The peers of the first server with one that can be asked, from the key's place on the ring onwards.
pub(super) fn on_ring<'p>(
    ring: &[(u32, u32)],
    peers: &'p [Peer],
    key: &[u8],
    usable: Usable<'_>,
) -> Option<&'p str> {
    let place = checksum(&[key]);
    let start = ring.partition_point(|(point, _)| *point < place);
    let onwards = ring[start..].iter().chain(&ring[..start]);
    let servers = onwards.filter_map(|(_, peer)| Some(peers.get(*peer as usize)?.server.as_str()));
    let mut seen: Vec<&str> = Vec::new();
    for server in servers {
        if seen.contains(&server) {
            continue;
        }
        if seen.len() == peers.len() {
            break;
        }
        let mut all = peers.iter().enumerate();
        if all.any(|(number, peer)| peer.server == server && usable(number)) {
            return Some(server);
        }
        seen.push(server);
    }
    None
}

/// A server as it is written: host and port, which may be missing.
fn split(server: &str) -> (&str, &str) {
    if let Some(path) = server.strip_prefix("unix:") {
        return (path, "");
    }
    match server.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (server, ""),
    }
}

fn checksum(parts: &[&[u8]]) -> u32 {
    let mut checksum = Crc::new();
    parts.iter().for_each(|part| checksum.update(part));
    checksum.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers() -> Vec<Peer> {
        let peer = |weight| Peer {
            server: format!("10.0.0.{weight}:80"),
            ..Peer::trial(weight)
        };
        (1..=3).map(peer).collect()
    }

    #[test]
    fn a_server_is_split_at_its_port() {
        let cases = [
            ("127.0.0.1:80", ("127.0.0.1", "80")),
            ("name", ("name", "")),
            ("[::1]", ("[::1]", "")),
            ("[::1]:80", ("[::1]", "80")),
            ("unix:/a:80", ("/a:80", "")),
        ];
        for (server, parts) in cases {
            assert_eq!(split(server), parts, "{server}");
        }
    }

    #[test]
    fn who_cannot_be_asked_is_passed_over() {
        let peers = peers();
        let ring = ring(peers.iter());
        for key in 0..100_u32 {
            let key = key.to_string();
            let of = |usable: Usable<'_>| by_key(&peers, key.as_bytes(), usable);
            let first = of(&|_| true).unwrap();
            let second = of(&|peer| peer != first);
            assert!(second.is_none_or(|second| second != first));
            assert_eq!(of(&|_| false), None);
            assert_eq!(on_ring(&ring, &peers, key.as_bytes(), &|_| false), None);
            let server = on_ring(&ring, &peers, key.as_bytes(), &|peer| peer == 1);
            assert_eq!(server, Some(peers[1].server.as_str()));
        }
    }

    #[test]
    fn a_ring_has_so_many_points_for_each_weight() {
        let peers = peers();
        let weights: u32 = peers.iter().map(|peer| peer.weight).sum();
        let points = ring(peers.iter());
        assert!(points.is_sorted());
        assert!(points.len() > weights as usize * POINTS as usize / 2);
    }

    #[test]
    fn large_weights_leave_no_server_without_points() {
        let of = |weights: &[u32]| -> Vec<Peer> {
            let peer = |(number, weight): (usize, &u32)| Peer {
                server: format!("10.0.0.{number}:80"),
                ..Peer::trial(*weight)
            };
            weights.iter().enumerate().map(peer).collect()
        };
        for weights in [
            &[7000, 7000][..],
            &[65535; 3],
            &[65535, 1],
            &[1, 20000, 10000],
        ] {
            let peers = of(weights);
            let ring = ring(peers.iter());
            assert!(ring.len() <= MOST_POINTS as usize + peers.len());
            let total = f64::from(weights.iter().sum::<u32>());
            for (number, weight) in (0..).zip(weights) {
                let own = ring.iter().filter(|(_, peer)| *peer == number).count();
                let (part, due) = (own as f64 / ring.len() as f64, f64::from(*weight) / total);
                assert!(
                    own > 0 && (part - due).abs() < 0.01,
                    "{weights:?}: {part} for {due}"
                );
            }
        }
    }
}

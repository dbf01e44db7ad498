//! Groups in the making: servers as they are written, their addresses, and the peers these become.

use super::balance::{Method, Turns};
use super::group::{Group, Keepalive, Peer};
use super::tally::{Record, Tally};
use super::upstream::Server;
use crate::conf::Diagnostic;
use crate::http::build::builder::Builder;
use crate::http::transport::dial::PeerAddress;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// A group in the making.
pub(super) struct Assembly<'a> {
    pub(super) name: &'a str,
    /// Where its counts are shared, if they are.
    pub(super) zone: Option<(String, u64)>,
    pub(super) keepalive: Option<Keepalive>,
    pub(super) method: Method,
}

/// What holds for a group whatever its peers are at the time.
pub(super) struct Plan {
    pub(super) name: String,
    zone: Option<(String, u64)>,
    keepalive: Option<Keepalive>,
    method: Method,
    tally: Tally,
}

/// A server and one of its addresses.
pub(super) type Place<'a> = (&'a Server, PeerAddress);

impl Assembly<'_> {
    /// The group of these servers.
    pub(super) fn group(
        self,
        builder: &mut Builder<'_>,
        servers: &[Server],
        default_port: u16,
    ) -> Group {
        let places = places(builder, servers, default_port);
        self.plan(builder, &places, 0).group(&places)
    }

    /// A plan for peers of which these are known, with room for more.
    pub(super) fn plan(self, builder: &mut Builder<'_>, known: &[Place<'_>], room: usize) -> Plan {
        let shared = self.zone.as_ref().map(|_| self.name);
        let tally = Tally::new(builder, shared, &identities(known), room);
        Plan {
            name: self.name.to_owned(),
            zone: self.zone,
            keepalive: self.keepalive,
            method: self.method,
            tally,
        }
    }
}

impl Plan {
    /// The group of these peers.
    pub(super) fn group(&self, places: &[Place<'_>]) -> Group {
        let peers = places.iter().zip(identities(places));
        let peers: Box<[Peer]> = peers
            .map(|((server, address), identity)| {
                let record = self.tally.claim(identity);
                peer(server, address, record.unwrap_or_else(Record::alone))
            })
            .collect();
        Group {
            name: self.name.clone(),
            zone: self.zone.clone(),
            turns: Turns::new(peers.iter(), crate::os::monotonic()).into(),
            method: self.method.of(&peers),
            peers,
            keepalive: self.keepalive,
            idle: Default::default(),
        }
    }
}

/// All addresses of servers, as they are now.
pub(super) fn places<'a>(
    builder: &mut Builder<'_>,
    servers: impl IntoIterator<Item = &'a Server>,
    default_port: u16,
) -> Vec<Place<'a>> {
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
    places
}

/// What tells peers apart: the address, and which of several with this address it is.
fn identities(places: &[Place<'_>]) -> Vec<u64> {
    let identity = |(place, (_, address)): (usize, &Place<'_>)| {
        let before = places[..place].iter();
        let same = before.filter(|(_, other)| other == address).count();
        xxh3_64(format!("{address} {same}").as_bytes())
    };
    places.iter().enumerate().map(identity).collect()
}

fn peer(server: &Server, address: &PeerAddress, record: Record) -> Peer {
    let name = address.to_string();
    let id = server.id.clone();
    Peer {
        server: server.text.clone(),
        weight: server.weight,
        backup: server.backup,
        down: server.down,
        most_fails: server.most_fails,
        fail_timeout: server.fail_timeout,
        most_connections: server.most_connections,
        id: id.unwrap_or_else(|| format!("{:032x}", xxh3_128(name.as_bytes()))),
        record,
        name,
        address: address.clone(),
    }
}

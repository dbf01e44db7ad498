//! Sessions as a whole, with a clock that the tests turn.

mod damage;
mod death;
mod found;
mod history;
mod life;
mod limits;
mod moves;
mod resume;

use std::sync::Arc;

use super::*;
use crate::os::SharedMemory;
use crate::zone::{Cursor, Overflow};

const SECOND: u64 = 1_000_000_000;

const K64: usize = 65536;

pub(super) fn settings() -> Settings {
    Settings {
        timeout: 30 * SECOND,
        pending: 5 * SECOND,
        limits: Limits::default(),
    }
}

fn zone(bytes: usize, expire: bool) -> Zone {
    let overflow = Overflow {
        expire,
        discard_key: None,
    };
    Zone::create(
        &SharedMemory::heap(bytes),
        bytes,
        Arc::new(schema()),
        &overflow,
    )
    .unwrap()
}

fn sessions_with(bytes: usize, settings: Settings) -> Sessions {
    Sessions::new(zone(bytes, true), settings, Moment(SECOND)).unwrap()
}

fn limited(limits: Limits) -> Sessions {
    let settings = Settings {
        limits,
        ..settings()
    };
    sessions_with(1 << 20, settings)
}

fn at(seconds: f64) -> Moment {
    Moment((seconds * SECOND as f64) as u64)
}

fn newcomer(id: &[u8]) -> Newcomer<'_> {
    Newcomer {
        id,
        attributes: Attributes {
            reference: b"stream",
            location: b"/live",
            peer: b"site",
            extra: b"agent",
        },
        estimate: None,
        companions: &[],
        is_dry_run: false,
    }
}

fn enter(sessions: &Sessions, id: &[u8], now: Moment) -> Handle {
    sessions.register(&newcomer(id), now).handle.unwrap()
}

fn bytes(rx: u64, tx: u64) -> Bytes {
    Bytes { rx, tx }
}

/// Sweeps; the ids of sessions that were closed.
fn sweep(sessions: &Sessions, now: Moment) -> Vec<String> {
    let mut closed = Vec::new();
    let swept = sessions.sweep(now, &mut |session| {
        closed.push(String::from_utf8_lossy(session.id()).into_owned());
    });
    assert!(swept.unwrap().is_some());
    closed
}

fn summary(sessions: &Sessions, rest: Option<&[u8]>) -> Summary {
    let mut summary = Summary::default();
    while sessions.collect(&mut summary, rest) {}
    summary
}

fn ids(sessions: &Sessions, now: Moment) -> Vec<Vec<u8>> {
    let (mut cursor, mut session, mut ids) = (Cursor::default(), Session::default(), Vec::new());
    while sessions.next(&mut cursor, now, &mut session) {
        ids.push(session.id().to_vec());
    }
    ids
}

/// The sum of all rows.
fn all<'a>(rows: impl IntoIterator<Item = &'a Sums>) -> Sums {
    rows.into_iter().fold(Sums::default(), |sum, row| Sums {
        sessions: sum.sessions + row.sessions,
        bytes: bytes(sum.bytes.rx + row.bytes.rx, sum.bytes.tx + row.bytes.tx),
    })
}

fn check_sums(summary: &Summary) {
    assert_eq!(all(summary.locations.values()), summary.totals);
    assert_eq!(all(summary.references.values()), summary.totals);
    let peers: Vec<Sums> = summary.peers.values().map(|peer| peer.sums).collect();
    assert_eq!(all(&peers), summary.totals);
    for peer in summary.peers.values() {
        assert_eq!(all(peer.locations.values()), peer.sums);
    }
}

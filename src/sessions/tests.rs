//! Sessions as a whole, with a clock that the tests turn.

mod death;
mod resume;

use std::sync::Arc;

use super::*;
use crate::os::SharedMemory;
use crate::zone::{Adoption, Cursor, Overflow, keep};

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

#[test]
fn a_session_lives_from_its_first_request_to_its_last_byte() {
    let sessions = sessions_with(K64, settings());
    let first = sessions.register(&newcomer(b"one"), at(10.0));
    assert_eq!(first.status, Status::New);
    let handle = first.handle.unwrap();
    assert!(sessions.count(&handle, bytes(100, 0), at(10.0)));
    let numbers = sessions.numbers(at(10.5));
    assert_eq!((numbers.pending, numbers.active, numbers.total), (1, 0, 0));
    assert_eq!(numbers.rx.bytes, 0, "pending sessions do not count yet");
    assert_eq!(sessions.activate(&handle, at(11.0)), Ok(true));
    assert_eq!(sessions.activate(&handle, at(11.0)), Ok(true));
    let known = sessions.register(&newcomer(b"one"), at(12.0));
    assert_eq!(known.status, Status::Known);
    let other = known.handle.unwrap();
    assert!(other.is_active() && sessions.count(&other, bytes(0, 5000), at(12.0)));
    let numbers = sessions.numbers(at(12.0));
    assert_eq!((numbers.pending, numbers.active, numbers.total), (0, 1, 1));
    assert_eq!(
        (numbers.rx.bytes, numbers.tx.bytes, numbers.passed),
        (100, 5000, 2)
    );
    let mut session = Session::default();
    assert!(sessions.session(b"one", at(12.0), &mut session));
    assert_eq!(session.attributes(), newcomer(b"").attributes);
    assert_eq!((session.requests(), session.duration()), (2, 2 * SECOND));
    assert_eq!((session.tx().bytes, session.tx().bitrate), (5000, 20_000));
    assert!(!sessions.session(b"two", at(12.0), &mut session));
    assert_eq!(sweep(&sessions, at(41.9)), [""; 0]);
    assert_eq!(sweep(&sessions, at(42.9)), ["one"]);
    for gone in [handle, other] {
        assert!(!sessions.count(&gone, bytes(1, 1), at(43.0)));
    }
    check_end(&sessions);
}

/// What is left of the session of the test above.
fn check_end(sessions: &Sessions) {
    let numbers = sessions.numbers(at(43.0));
    assert_eq!(
        (numbers.active, numbers.total, numbers.tx.bytes),
        (0, 1, 5000)
    );
    let summary = summary(sessions, None);
    let sums = Sums {
        sessions: 1,
        bytes: bytes(100, 5000),
    };
    assert_eq!(summary.totals, sums);
    let peer = &summary.peers[&b"site"[..]];
    assert_eq!((peer.sums, peer.locations[&b"/live"[..]]), (sums, sums));
    assert_eq!(summary.locations[&b"/live"[..]], sums);
    assert_eq!(summary.references[&b"stream"[..]], sums);
    sessions.zone.verify().unwrap();
}

#[test]
fn a_pending_session_leaves_no_trace_and_bytes_do_not_keep_it() {
    let sessions = sessions_with(K64, settings());
    let handle = enter(&sessions, b"one", at(10.0));
    for second in 10..15 {
        sessions.count(&handle, bytes(10, 10), at(f64::from(second)));
    }
    assert_eq!(sweep(&sessions, at(14.9)), [""; 0]);
    assert_eq!(sweep(&sessions, at(15.9)), ["one"]);
    let numbers = sessions.numbers(at(16.0));
    assert_eq!(
        (numbers.pending, numbers.total, numbers.rx.bytes),
        (0, 0, 0)
    );
    let summary = summary(&sessions, Some(b"other"));
    assert_eq!(summary.totals, Sums::default());
    assert!(summary.peers.is_empty() && summary.references.is_empty());
    let again = sessions.register(&newcomer(b"one"), at(16.0));
    assert_eq!(again.status, Status::New);
    assert!(
        !sessions.count(&handle, bytes(1, 1), at(16.0)),
        "it is another one"
    );
}

#[test]
fn an_extra_is_replaced_once_a_second_at_most() {
    let sessions = sessions_with(K64, settings());
    let handle = enter(&sessions, b"one", at(10.0));
    let extra = |extra: &[u8], now: f64| {
        sessions.replace_extra(&handle, extra, at(now)).unwrap();
        let mut session = Session::default();
        assert!(sessions.session(b"one", at(now), &mut session));
        String::from_utf8_lossy(session.attributes().extra).into_owned()
    };
    let seen = [
        extra(b"agent", 10.1),
        extra(b"a", 10.1),
        extra(b"b", 11.0),
        extra(b"b", 11.2),
        extra(b"c", 12.1),
        extra(b"c", 12.3),
    ];
    assert_eq!(seen, ["agent", "a", "a", "b", "b", "c"]);
}

#[test]
fn activation_alone_does_not_make_it_live_longer() {
    let sessions = sessions_with(K64, settings());
    let handle = enter(&sessions, b"one", at(10.0));
    sessions.activate(&handle, at(14.0)).unwrap();
    assert_eq!(sweep(&sessions, at(39.9)), [""; 0]);
    assert_eq!(sweep(&sessions, at(40.9)), ["one"]);
    assert_eq!(sessions.close(&handle, at(41.0)).unwrap().map(|_| ()), None);
}

#[test]
fn who_closes_a_session_gets_what_it_was_and_nobody_else_does() {
    let sessions = sessions_with(K64, settings());
    let handle = enter(&sessions, b"one", at(10.0));
    sessions.activate(&handle, at(10.0)).unwrap();
    sessions.count(&handle, bytes(7, 9), at(11.0));
    sessions
        .replace_extra(&handle, b"another", at(11.0))
        .unwrap();
    sessions
        .replace_extra(&handle, b"another", at(11.0))
        .unwrap();
    let other = enter(&sessions, b"one", at(12.0));
    let closed = sessions.close(&handle, at(12.0)).unwrap().unwrap();
    assert_eq!(
        (closed.id(), closed.attributes().extra),
        (&b"one"[..], &b"another"[..])
    );
    assert_eq!(
        (closed.rx().bytes, closed.tx().bytes, closed.requests()),
        (7, 9, 2)
    );
    assert!(sessions.close(&handle, at(12.0)).unwrap().is_none());
    assert!(sessions.close(&other, at(12.0)).unwrap().is_none());
    sessions.replace_extra(&other, b"late", at(12.0)).unwrap();
    assert_eq!(summary(&sessions, None).totals.sessions, 1);
}

#[test]
fn a_rate_is_live_its_top_goes_down_and_the_highest_stays() {
    let sessions = sessions_with(K64, settings());
    let handle = enter(&sessions, b"one", at(10.0));
    sessions.activate(&handle, at(10.0)).unwrap();
    for tenth in 0..120 {
        sessions.count(
            &handle,
            bytes(0, 52_428),
            at(10.0 + f64::from(tenth) / 10.0),
        );
    }
    let mut session = Session::default();
    sessions.session(b"one", at(21.95), &mut session);
    let rate = session.tx().bitrate;
    assert!(rate.abs_diff(4_194_240) < 50_000, "{rate}");
    let top = session.tx().top;
    sweep(&sessions, at(21.99));
    for second in 22..32 {
        sweep(&sessions, at(f64::from(second) + 0.99));
    }
    sessions.session(b"one", at(31.99), &mut session);
    let flow = session.tx();
    let expected = top as f64 * 0.95f64.powi(10);
    assert!(
        (flow.top as f64 - expected).abs() < 0.05 * expected,
        "{flow:?} {top}"
    );
    assert_eq!(flow.bitrate, 0);
    assert!(flow.highest >= top);
    let numbers = sessions.numbers(at(31.99));
    assert!((numbers.tx.top as f64 - expected).abs() < 0.05 * expected);
    // With the top as of a sweep ago.
    assert!(sessions.tx_tops().abs_diff(flow.top) <= flow.top / 19);
}

#[test]
fn of_sessions_there_are_no_more_than_allowed() {
    let sessions = limited(Limits {
        sessions: Some(2),
        ..Limits::default()
    });
    let one = enter(&sessions, b"one", at(10.0));
    enter(&sessions, b"two", at(10.0));
    let status = |id: &[u8], is_dry_run| {
        let new = Newcomer {
            is_dry_run,
            ..newcomer(id)
        };
        sessions.register(&new, at(11.0)).status
    };
    assert_eq!(status(b"three", false), Status::Rejected(Limit::Sessions));
    assert_eq!(status(b"one", false), Status::Known);
    assert_eq!(
        status(b"three", true),
        Status::RejectedDryRun(Limit::Sessions)
    );
    assert_eq!(sessions.numbers(at(11.0)).pending, 3);
    sessions.close(&one, at(12.0)).unwrap();
    assert_eq!(status(b"four", false), Status::Rejected(Limit::Sessions));
    assert_eq!(sweep(&sessions, at(17.0)).len(), 2);
    assert_eq!(status(b"four", false), Status::New);
    let numbers = sessions.numbers(at(17.0));
    assert_eq!((numbers.rejected_sessions, numbers.passed), (3, 4));
}

#[test]
fn what_is_expected_counts_at_once_and_companions_do_too() {
    let limits = Limits {
        tx_bitrate: Some(1000),
        headroom: 0.0,
        ..Limits::default()
    };
    let (sessions, companion) = (limited(limits), Arc::new(limited(Limits::default())));
    let companions = [Arc::clone(&companion)];
    let status = |sessions: &Sessions, id: &[u8], tx| {
        let new = Newcomer {
            estimate: Some(Estimate { tx, rx: 0 }),
            companions: &companions,
            ..newcomer(id)
        };
        sessions.register(&new, at(10.0)).status
    };
    assert_eq!(status(&sessions, b"a", 400), Status::New);
    assert_eq!(status(&sessions, b"b", 400), Status::New);
    assert_eq!(
        status(&sessions, b"c", 200),
        Status::Rejected(Limit::Bitrate)
    );
    assert_eq!(status(&sessions, b"c", 199), Status::New);
    let of_companion = Newcomer {
        estimate: Some(Estimate { tx: 1, rx: 0 }),
        ..newcomer(b"x")
    };
    companion.register(&of_companion, at(10.0));
    assert_eq!(status(&sessions, b"d", 0), Status::Rejected(Limit::Bitrate));
    assert_eq!(sessions.tx_tops(), 999);
    sweep(&sessions, at(10.0));
    assert_eq!(sessions.tx_tops(), 999, "nobody counts twice");
    sweep(&sessions, at(11.0));
    assert!(
        (945..=950).contains(&sessions.tx_tops()),
        "{}",
        sessions.tx_tops()
    );
    assert_eq!(sessions.numbers(at(11.0)).rejected_bitrate, 2);
}

#[test]
fn what_is_received_is_limited_by_what_is_received_now() {
    let sessions = limited(Limits {
        rx_bitrate: Some(8000),
        ..Limits::default()
    });
    let handle = enter(&sessions, b"one", at(10.0));
    sessions.count(&handle, bytes(10_000, 0), at(10.0));
    let status = |id: &[u8], now| sessions.register(&newcomer(id), now).status;
    assert_eq!(status(b"two", at(10.5)), Status::Rejected(Limit::Bitrate));
    assert_eq!(status(b"two", at(21.0)), Status::New);
}

#[test]
fn a_new_session_is_expected_to_use_what_others_of_its_reference_do() {
    let sessions = limited(Limits::default());
    let handle = enter(&sessions, b"one", at(10.0));
    sessions.activate(&handle, at(10.0)).unwrap();
    sessions.count(&handle, bytes(0, 125_000), at(10.0));
    sweep(&sessions, at(10.9));
    assert_eq!(sessions.tx_tops(), 1_000_000);
    enter(&sessions, b"two", at(11.0));
    assert_eq!(sessions.tx_tops(), 2_000_000);
    let other = Newcomer {
        attributes: Attributes::default(),
        ..newcomer(b"three")
    };
    sessions.register(&other, at(11.0));
    assert_eq!(sessions.tx_tops(), 2_000_000);
    sessions.close(&handle, at(11.0)).unwrap();
    sweep(&sessions, at(12.0));
    sweep(&sessions, at(13.0));
    let before = sessions.tx_tops();
    enter(&sessions, b"four", at(13.0));
    assert_eq!(sessions.tx_tops(), before, "the one that did is gone");
}

#[test]
fn a_row_that_is_not_where_it_was_is_looked_for_once_in_a_sweep() {
    let sessions = limited(Limits::default());
    for id in [b"a", b"b", b"c"] {
        let handle = enter(&sessions, id, at(10.0));
        sessions.activate(&handle, at(10.0)).unwrap();
        sessions.count(&handle, bytes(0, 125_000), at(10.0));
    }
    let key = keys::Key::of(keys::REFERENCE, b"stream");
    let row = sessions.zone.edit(at(10.0), |edit| {
        let row = edit.read(key.bytes()).unwrap();
        edit.remove(key.bytes());
        edit.commit().unwrap();
        row
    });
    let looked_for = |seconds| {
        let swept = sessions.sweep(at(seconds), &mut |_| {});
        swept.unwrap().unwrap().looked_for
    };
    assert_eq!([11.0, 12.0].map(looked_for), [1, 1]);
    // Something else lies where it was.
    enter(&sessions, b"d", at(12.0));
    let put = crate::zone::Put {
        cells: &row.unwrap(),
        stay: crate::zone::Stay::Evictable,
        text: None,
    };
    let again = sessions.zone.edit(at(12.0), |edit| {
        edit.put(key.bytes(), put);
        edit.commit()
    });
    assert_eq!(again, Ok(Ok(())));
    assert_eq!([13.0, 14.0].map(looked_for), [1, 0]);
    let before = sessions.tx_tops();
    enter(&sessions, b"e", at(14.0));
    assert!(
        sessions.tx_tops() > before + 100_000,
        "what others of the reference are sent"
    );
}

#[test]
fn one_sweep_a_second_is_enough_whoever_does_it() {
    let sessions = limited(Limits::default());
    let none = |now| sessions.sweep(now, &mut |_| {}).unwrap().is_none();
    assert_eq!(
        [10.0, 10.5, 10.95, 11.0, 11.99, 9.0].map(|now| none(at(now))),
        [false, true, false, true, false, false]
    );
}

#[test]
fn hostile_names_are_cut_and_kept_apart() {
    let sessions = limited(Limits::default());
    let long = vec![b'x'; 25_000];
    let other = [&vec![b'x'; 254][..], b"y"].concat();
    let bytes: Vec<Vec<u8>> = (0..=255u8).map(|byte| vec![byte]).collect();
    let all = bytes.iter().chain([&long, &other]);
    for id in all.clone() {
        let attributes = Attributes {
            reference: id,
            location: id,
            peer: id,
            extra: id,
        };
        let new = Newcomer {
            attributes,
            ..newcomer(id)
        };
        let handle = sessions.register(&new, at(10.0)).handle.unwrap();
        assert_eq!(sessions.activate(&handle, at(10.0)), Ok(true));
    }
    assert_eq!(ids(&sessions, at(10.0)).len(), 257);
    let mut session = Session::default();
    assert!(sessions.session(&[&long[..254], b"..."].concat(), at(10.0), &mut session));
    assert_eq!((session.requests(), session.id()), (2, &long[..254]));
    assert!(!sessions.session(&long, at(10.0), &mut session));
    sweep(&sessions, at(60.0));
    let summary = summary(&sessions, Some(b"other"));
    assert_eq!((summary.peers.len(), summary.locations.len()), (257, 257));
    assert!(ids(&sessions, at(60.0)).is_empty());
    sessions.zone.verify().unwrap();
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

#[test]
fn more_peers_than_there_is_room_for_add_up_to_the_totals() {
    for expire in [true, false] {
        let zone = zone(2 * K64, expire);
        let sessions = Sessions::new(zone, settings(), Moment(SECOND)).unwrap();
        for number in 0..3000u64 {
            let now = Moment((10 + number) * SECOND);
            // Some peers come again, with other locations, after their rows may have gone.
            let peer = format!("peer{}", if number % 3 == 0 { number % 50 } else { number });
            let location = format!("/{}", number % 70);
            let attributes = Attributes {
                reference: location.as_bytes(),
                location: location.as_bytes(),
                peer: peer.as_bytes(),
                extra: b"",
            };
            let new = Newcomer {
                attributes,
                ..newcomer(peer.as_bytes())
            };
            let handle = sessions.register(&new, now).handle.unwrap();
            sessions.activate(&handle, now).unwrap();
            sessions.count(&handle, bytes(number, 2 * number), now);
            sessions.close(&handle, now).unwrap().unwrap();
            if number % 100 == 0 {
                check_sums(&summary(&sessions, Some(b"other")));
            }
        }
        let summary = summary(&sessions, Some(b"other"));
        check_sums(&summary);
        assert_eq!(summary.totals.sessions, 3000);
        assert!(summary.peers.contains_key(&b"other"[..]));
        let numbers = sessions.numbers(at(5000.0));
        assert!(numbers.discarded > 1000);
        assert_eq!(numbers.tx.bytes, summary.totals.bytes.tx);
        sessions.zone.verify().unwrap();
    }
}

#[test]
fn a_full_zone_serves_without_and_can_always_close() {
    for expire in [true, false] {
        let sessions = Sessions::new(zone(K64, expire), settings(), Moment(SECOND)).unwrap();
        let mut handles = Vec::new();
        for number in 0..1000u64 {
            let admission = sessions.register(&newcomer(&number.to_be_bytes()), at(10.0));
            match admission.status {
                Status::New => handles.extend(admission.handle),
                status => assert_eq!(status, Status::Untracked),
            }
        }
        assert!(handles.len() > 20 && handles.len() < 200);
        for handle in &handles {
            assert_eq!(sessions.activate(handle, at(11.0)), Ok(true));
        }
        let numbers = sessions.numbers(at(12.0));
        assert_eq!(numbers.discarded, 1000 - handles.len() as u64);
        assert_eq!(numbers.active, handles.len() as u64);
        assert_eq!(sweep(&sessions, at(60.0)).len(), handles.len());
        let summary = summary(&sessions, Some(b"other"));
        assert_eq!(summary.totals.sessions, handles.len() as u64);
        check_sums(&summary);
        sessions.zone.verify().unwrap();
    }
}

#[test]
fn sessions_go_on_when_their_zone_moves() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let adopt = |bytes| {
        let (zone, adoption) =
            Zone::adopt(&memory, bytes, Arc::new(schema()), &Overflow::default()).unwrap();
        (Sessions::new(zone, settings(), at(10.0)).unwrap(), adoption)
    };
    let (old, _) = adopt(K64);
    let handle = enter(&old, b"one", at(10.0));
    old.activate(&handle, at(10.0)).unwrap();
    old.count(&handle, bytes(1, 1), at(10.0));
    let (new, _) = adopt(16 * K64);
    assert!(old.count(&handle, bytes(2, 2), at(11.0)));
    assert!(new.count(&enter(&new, b"one", at(11.0)), bytes(4, 4), at(11.0)));
    sweep(&new, at(11.5));
    enter(&new, b"two", at(11.6));
    let mut session = Session::default();
    assert!(new.session(b"one", at(12.0), &mut session));
    assert_eq!((session.rx().bytes, new.numbers(at(12.0)).rx.bytes), (7, 7));
    assert!(
        new.tx_tops() > session.tx().top,
        "its reference was found again"
    );
    for number in 0..500u64 {
        enter(&new, &number.to_be_bytes(), at(12.0));
    }
    let (small, adoption) = adopt(K64);
    assert!(matches!(
        adoption,
        Adoption::Migrated { discarded: 1.., .. }
    ));
    small.recount(at(12.0)).unwrap();
    let numbers = small.numbers(at(12.0));
    let left = ids(&small, at(12.0)).len() as u64;
    assert_eq!(numbers.pending + numbers.active, left);
    assert!(left < 500 && small.session(b"one", at(12.0), &mut session));
    assert_eq!(
        sweep(&small, at(60.0)).len() as u64,
        left,
        "whatever is left can be closed"
    );
    check_sums(&summary(&small, Some(b"other")));
    small.zone.verify().unwrap();
}

#[test]
fn what_a_server_finds_when_it_starts_is_closed_into_the_history() {
    let sessions = sessions_with(K64, settings());
    for id in [b"a", b"b", b"c"] {
        let handle = enter(&sessions, id, at(10.0));
        if id != b"c" {
            sessions.activate(&handle, at(10.0)).unwrap();
        }
        sessions.count(&handle, bytes(1, 2), at(10.0));
    }
    let mut closed = 0;
    sessions.close_all(at(11.0), &mut |_| closed += 1).unwrap();
    assert_eq!(closed, 3);
    let numbers = sessions.numbers(at(11.0));
    assert_eq!((numbers.pending, numbers.active, numbers.total), (0, 0, 2));
    assert_eq!(summary(&sessions, None).totals.bytes, bytes(2, 4));
}

/// Opens what is kept in a file, as a server does that starts.
fn start(path: &std::path::Path) -> (Sessions, keep::Opened) {
    let wanted = keep::Wanted {
        bytes: 4 * K64,
        schema: &Arc::new(schema()),
        overflow: &Overflow::default(),
        before: None,
    };
    let opened = keep::Files::new(path.to_owned()).open(&wanted).unwrap();
    let zone = Zone::attach(&opened.memory, Arc::new(schema())).unwrap();
    let now = Moment(crate::os::monotonic());
    let sessions = Sessions::new(zone, settings(), now).unwrap();
    sessions.recount(now).unwrap();
    (sessions, opened)
}

#[test]
fn a_history_outlives_processes_and_by_snapshots_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("viewers");
    for round in 1..=4 {
        let (sessions, opened) = start(&path);
        let now = Moment(crate::os::monotonic());
        sessions.close_all(now, &mut |_| {}).unwrap();
        let summary = summary(&sessions, None);
        assert_eq!(summary.totals.sessions, 3 * (round - 1));
        check_sums(&summary);
        let numbers = sessions.numbers(now);
        assert_eq!((numbers.active, numbers.total), (0, 3 * (round - 1)));
        assert_eq!(numbers.tx.bytes, summary.totals.bytes.tx);
        for id in [b"a", b"b", b"c"] {
            let new = Newcomer {
                attributes: Attributes {
                    extra: &[b'x'; 1000],
                    ..newcomer(id).attributes
                },
                ..newcomer(id)
            };
            let handle = sessions.register(&new, now).handle.unwrap();
            sessions.activate(&handle, now).unwrap();
            assert!(sessions.count(&handle, bytes(5, 7), now));
        }
        // Nobody writes anything when it is killed; of a machine that went down the snapshot is left.
        let mut writer = keep::Writer::new(keep::Files::new(path.clone()));
        assert!(writer.write(&opened.zone, Some(&opened.journal)).unwrap());
        drop((sessions, opened));
        if round % 2 == 0 {
            std::fs::remove_file(&path).unwrap();
        }
    }
}

//! Zones that move, and those that a server finds when it starts.

use super::*;
use crate::zone::{Adoption, keep};

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
        sessions.settle(now, false).unwrap();
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

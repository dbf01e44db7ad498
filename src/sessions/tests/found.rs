//! What a server finds when it starts: it is over, and told once.

use super::*;

/// All that is still to be told, by its id.
fn waiting(sessions: &Sessions) -> Vec<Found> {
    let (mut cursor, mut found, mut all) = (Cursor::default(), Found::default(), Vec::new());
    while sessions.next_found(&mut cursor, &mut found) {
        all.push(found.clone());
    }
    all.sort_by_key(|found| found.session.id().to_vec());
    all
}

fn active(sessions: &Sessions, id: &[u8]) -> Handle {
    let handle = enter(sessions, id, at(10.0));
    sessions.activate(&handle, at(10.0)).unwrap();
    sessions.count(&handle, bytes(1, 2), at(12.0));
    handle
}

#[test]
fn what_is_found_is_closed_into_the_history_and_pending_ones_leave_no_trace() {
    let sessions = sessions_with(K64, settings());
    active(&sessions, b"a");
    active(&sessions, b"b");
    enter(&sessions, b"c", at(10.0));
    let settled = sessions.settle(at(100.0), false).unwrap();
    assert_eq!((settled.closed, settled.untold), (2, 0));
    let numbers = sessions.numbers(at(100.0));
    assert_eq!((numbers.pending, numbers.active, numbers.total), (0, 0, 2));
    assert_eq!(summary(&sessions, None).totals.bytes, bytes(2, 4));
    assert_eq!((sessions.found(), waiting(&sessions).len()), (0, 0));
    sessions.zone.verify().unwrap();
}

#[test]
fn what_is_to_be_told_waits_until_it_was() {
    let sessions = sessions_with(K64 * 4, settings());
    let long = [b'x'; 300];
    active(&sessions, b"a");
    active(&sessions, &long);
    enter(&sessions, b"pending", at(10.0));
    assert_eq!(sessions.settle(at(100.0), true).unwrap().closed, 2);
    assert!(ids(&sessions, at(100.0)).is_empty());
    // The same id comes again, and is found again.
    active(&sessions, b"a");
    sessions.settle(at(100.0), true).unwrap();
    assert_eq!(sessions.found(), 3);
    let all = waiting(&sessions);
    assert_eq!([0, 1].map(|one: usize| all[one].session.id()), [b"a"; 2]);
    let (session, mut shown) = (&all[2].session, Vec::new());
    session.write_id(&mut shown);
    assert_eq!(shown, [&long[..246], b"..."].concat());
    assert_eq!(session.attributes(), newcomer(b"").attributes);
    assert_eq!((session.tx().bytes, session.requests()), (2, 1));
    assert!(session.is_active() && !session.is_nameless());
    assert_eq!(
        session.duration(),
        32 * SECOND,
        "as if the server had not ended"
    );
    let begun = Begun {
        place: 7,
        length: 8,
        hash: 9,
    };
    sessions.begin_telling(&all[0], begun, at(101.0)).unwrap();
    let begun_now = waiting(&sessions)
        .iter()
        .filter_map(|found| found.begun)
        .collect::<Vec<_>>();
    assert_eq!(begun_now, [begun]);
    for found in &all {
        sessions.told(found, at(102.0)).unwrap();
        sessions.told(found, at(102.0)).unwrap();
    }
    assert_eq!((sessions.found(), waiting(&sessions).len()), (0, 0));
    check_sums(&summary(&sessions, Some(b"other")));
    sessions.zone.verify().unwrap();
}

#[test]
fn a_full_zone_settles_too_and_says_what_it_cannot_tell() {
    for expire in [true, false] {
        let sessions = Sessions::new(zone(K64, expire), settings(), Moment(SECOND)).unwrap();
        let mut entered = 0;
        for number in 0..1000u64 {
            let admission = sessions.register(&newcomer(&number.to_be_bytes()), at(10.0));
            if let Some(handle) = admission.handle {
                sessions.activate(&handle, at(11.0)).unwrap();
                entered += 1;
            }
        }
        let settled = sessions.settle(at(100.0), true).unwrap();
        assert_eq!(settled.closed, entered);
        let waiting = waiting(&sessions).len() as u64;
        assert_eq!(
            (waiting + settled.untold, sessions.found()),
            (entered, waiting)
        );
        assert_eq!(
            settled.untold, 0,
            "each leaves the room that its line needs"
        );
        let summary = summary(&sessions, Some(b"other"));
        assert_eq!(summary.totals.sessions, entered);
        check_sums(&summary);
        sessions.zone.verify().unwrap();
    }
}

//! What is left of sessions, in zones that are full, and of names of any bytes.

use super::*;

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

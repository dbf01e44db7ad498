//! Requests under way whose session has ended, and those that are refused after they were let in.

use super::*;

fn requests(sessions: &Sessions, handle: &Handle, now: Moment) -> u64 {
    let mut session = Session::default();
    assert!(sessions.visited(handle, now, &mut session));
    session.requests()
}

#[test]
fn a_request_under_way_goes_on_in_a_session_that_begins_anew() {
    let limits = Limits {
        sessions: Some(1),
        ..Limits::default()
    };
    let sessions = limited(limits);
    let handle = enter(&sessions, b"a", at(2.0));
    sessions.count(&handle, bytes(1, 10), at(2.0));
    assert_eq!(sessions.activate(&handle, at(2.0)), Ok(true));
    let (said, _) = sessions.said(&handle, at(3.0)).unwrap();
    assert_eq!(sweep(&sessions, at(33.0)), ["a"]);
    assert!(!sessions.is_there(&handle, at(34.0)));
    assert!(!sessions.count(&handle, bytes(0, 100), at(34.0)));
    enter(&sessions, b"b", at(34.0));
    let attributes = Attributes::read(&said);
    assert_eq!(
        sessions.resume(&handle, attributes, None, at(35.0)),
        Ok(true)
    );
    assert!(sessions.count(&handle, bytes(0, 100), at(35.0)));
    let numbers = sessions.numbers(at(35.0));
    assert_eq!((numbers.pending, numbers.total, numbers.passed), (2, 1, 2));
    let third = sessions.register(&newcomer(b"c"), at(35.0));
    assert_eq!(third.status, Status::Rejected(Limit::Sessions));
    assert_eq!(sessions.activate(&handle, at(35.0)), Ok(true));
    assert_eq!(sessions.numbers(at(35.0)).tx.bytes, 110);
    sessions.close(&handle, at(36.0)).unwrap();
    let summary = summary(&sessions, None);
    assert_eq!((summary.totals.sessions, summary.totals.bytes.tx), (2, 110));
    assert_eq!(summary.references[&b"stream"[..]].sessions, 2);
}

#[test]
fn requests_of_one_session_go_on_in_one() {
    let sessions = sessions_with(1 << 20, settings());
    let handles = [(); 3].map(|()| enter(&sessions, b"a", at(2.0)));
    assert_eq!(sweep(&sessions, at(8.0)), ["a"]);
    let resume = |handle| {
        let resumed = sessions.resume(handle, newcomer(b"a").attributes, None, at(9.0));
        assert_eq!(resumed, Ok(true));
    };
    resume(&handles[0]);
    resume(&handles[1]);
    resume(&handles[1]);
    assert_eq!(requests(&sessions, &handles[0], at(9.0)), 2);
    assert_eq!(sessions.numbers(at(9.0)).pending, 1);
    let later = enter(&sessions, b"a", at(9.0));
    resume(&handles[2]);
    assert_eq!(requests(&sessions, &later, at(9.0)), 4);
    assert_eq!(sessions.numbers(at(9.0)).passed, 4);
}

#[test]
fn what_is_taken_back_was_never_there() {
    let sessions = sessions_with(1 << 20, settings());
    let expected = Newcomer {
        estimate: Some(Estimate { tx: 1000, rx: 0 }),
        ..newcomer(b"a")
    };
    let handle = sessions.register(&expected, at(2.0)).handle.unwrap();
    assert_eq!(sessions.tx_tops(), 1000);
    assert_eq!(sessions.withdraw(&handle, at(2.0)), Ok(()));
    let numbers = sessions.numbers(at(2.0));
    assert_eq!((numbers.pending, numbers.passed), (0, 0));
    assert_eq!(sessions.tx_tops(), 0);
    assert_eq!(sessions.withdraw(&handle, at(2.0)), Ok(()));
    assert_eq!(sessions.numbers(at(2.0)).passed, 0);
    let first = enter(&sessions, b"a", at(3.0));
    let second = enter(&sessions, b"a", at(3.0));
    assert_eq!(sessions.withdraw(&first, at(3.0)), Ok(()));
    assert_eq!(requests(&sessions, &second, at(3.0)), 1);
    let numbers = sessions.numbers(at(3.0));
    assert_eq!((numbers.pending, numbers.passed), (1, 1));
    sessions.zone().verify().unwrap();
}

#[test]
fn what_finds_no_room_is_told_and_not_there() {
    let sessions = Sessions::new(zone(K64 / 2, false), settings(), Moment(SECOND)).unwrap();
    let handle = enter(&sessions, b"a", at(2.0));
    sessions.close(&handle, at(2.0)).unwrap();
    let others = (0..u16::MAX).take_while(|number| {
        let id = number.to_le_bytes();
        sessions.register(&newcomer(&id), at(2.0)).status == Status::New
    });
    assert!(others.count() > 3);
    let resumed = sessions.resume(&handle, newcomer(b"a").attributes, None, at(3.0));
    assert_eq!(resumed, Ok(false));
    assert!(!sessions.count(&handle, bytes(1, 1), at(3.0)));
}

#[test]
fn a_session_that_begins_anew_is_charged_as_before() {
    let sessions = sessions_with(1 << 20, settings());
    let estimate = Some(Estimate { tx: 4000, rx: 7 });
    let new = Newcomer {
        estimate,
        ..newcomer(b"a")
    };
    let handle = sessions.register(&new, at(2.0)).handle.unwrap();
    let (said, expected) = sessions.said(&handle, at(3.0)).unwrap();
    assert_eq!(expected.tx, 4000);
    assert_eq!(sweep(&sessions, at(8.0)), ["a"]);
    sweep(&sessions, at(9.0));
    assert_eq!(sessions.tx_tops(), 0);
    let attributes = Attributes::read(&said);
    let resumed = sessions.resume(&handle, attributes, Some(expected), at(9.0));
    assert_eq!((resumed, sessions.tx_tops()), (Ok(true), 4000));
}

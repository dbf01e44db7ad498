//! From a session's first request to its last byte.

use super::*;

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
fn one_sweep_a_second_is_enough_whoever_does_it() {
    let sessions = limited(Limits::default());
    let none = |now| sessions.sweep(now, &mut |_| {}).unwrap().is_none();
    assert_eq!(
        [10.0, 10.5, 10.95, 11.0, 11.99, 9.0].map(|now| none(at(now))),
        [false, true, false, true, false, false]
    );
}

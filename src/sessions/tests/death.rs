//! Death before any store of what is done to a session leaves all of it or nothing.

use super::*;
use crate::zone::death::after;

/// Everything that can be seen, but for what changes without an edit.
fn seen(sessions: &Sessions) -> (Vec<Vec<u8>>, [u64; 3], Sums, usize) {
    let numbers = sessions.numbers(at(20.0));
    let counts = [numbers.pending, numbers.active, numbers.total];
    let summary = summary(sessions, Some(b"other"));
    check_sums(&summary);
    let mut ids = ids(sessions, at(20.0));
    ids.sort();
    assert_eq!(ids.len() as u64, counts[0] + counts[1]);
    (ids, counts, summary.totals, summary.peers.len())
}

fn fresh() -> (Sessions, Handle, Handle) {
    let sessions = Sessions::new(zone(K64, true), settings(), Moment(SECOND)).unwrap();
    let one = enter(&sessions, b"one", at(10.0));
    let two = enter(&sessions, b"two", at(10.0));
    sessions.count(&one, bytes(10, 20), at(10.0));
    sessions.activate(&one, at(10.0)).unwrap();
    (sessions, one, two)
}

fn try_all(work: impl Fn(&Sessions, &Handle, &Handle)) {
    let (sessions, one, two) = fresh();
    let before = seen(&sessions);
    work(&sessions, &one, &two);
    let after_all = seen(&sessions);
    assert_ne!(before, after_all);
    let mut counts = [0, 0];
    for steps in 0.. {
        let (sessions, one, two) = fresh();
        let finished = after(steps, || work(&sessions, &one, &two));
        crate::zone::death::rebuild(&sessions.zone);
        sessions.zone.verify().unwrap();
        let now = seen(&sessions);
        assert!(
            now == before || now == after_all,
            "after {steps} stores: {now:?}"
        );
        counts[usize::from(now == after_all)] += 1;
        if finished {
            break;
        }
    }
    assert!(counts[0] > 5 && counts[1] > 5, "{counts:?}");
}

#[test]
fn registering() {
    try_all(|sessions, _, _| {
        sessions.register(&newcomer(b"three"), at(11.0));
    });
}

#[test]
fn becoming_active() {
    try_all(|sessions, _, two| {
        sessions.activate(two, at(11.0)).unwrap();
    });
}

#[test]
fn closing() {
    try_all(|sessions, one, _| drop(sessions.close(one, at(11.0))));
}

#[test]
fn settling_what_was_found() {
    let settled = |sessions: &Sessions| {
        let numbers = sessions.numbers(at(20.0));
        let sums = summary(sessions, Some(b"other"));
        check_sums(&sums);
        (
            numbers.pending,
            numbers.active,
            sessions.found(),
            sums.totals.sessions,
        )
    };
    for steps in 0.. {
        let (sessions, ..) = fresh();
        let finished = after(steps, || {
            let _may_die = sessions.settle(at(11.0), true);
        });
        crate::zone::death::rebuild(&sessions.zone);
        sessions.zone.verify().unwrap();
        let (_, active, found, closed) = settled(&sessions);
        assert_eq!(
            (active + closed, found),
            (1, closed),
            "after {steps} stores"
        );
        sessions.settle(at(12.0), true).unwrap();
        assert_eq!(settled(&sessions), (0, 0, 1, 1), "after {steps} stores");
        if finished {
            break;
        }
    }
}

#[test]
fn dropping_a_pending_one_in_a_sweep() {
    try_all(|sessions, _, _| {
        sweep(sessions, at(16.0));
    });
}

#[test]
fn a_sweep_that_died_is_followed_by_a_whole_one() {
    for steps in 0.. {
        let (sessions, ..) = fresh();
        sweep(&sessions, at(11.0));
        enter(&sessions, b"three", at(11.5));
        let finished = after(steps, || drop(sweep(&sessions, at(12.0))));
        crate::zone::death::rebuild(&sessions.zone);
        sweep(&sessions, at(13.0));
        let tops = sessions.tx_tops();
        sweep(&sessions, at(14.0));
        assert!(
            tops.abs_diff(sessions.tx_tops()) <= tops / 10,
            "after {steps} stores"
        );
        sessions.zone.verify().unwrap();
        if finished {
            break;
        }
    }
}

//! How many sessions there may be, and how much they may take.

use super::*;

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

//! Bits of a zone's memory that are not what they were.

use super::*;
use crate::os::atomic::{AtomicU64, Ordering};

/// Sessions in memory that the test keeps.
fn open() -> (Sessions, SharedMemory) {
    let memory = SharedMemory::heap(4 * K64);
    let overflow = Overflow {
        expire: true,
        discard_key: None,
    };
    let zone = Zone::create(&memory, 4 * K64, Arc::new(schema()), &overflow).unwrap();
    let sessions = Sessions::new(zone, settings(), Moment(SECOND)).unwrap();
    for id in [b"victim0", b"victim1", b"victim2"] {
        let handle = enter(&sessions, id, at(10.0));
        sessions.activate(&handle, at(10.0)).unwrap();
    }
    (sessions, memory)
}

/// The word of the memory that has these bytes.
fn word<'m>(memory: &'m SharedMemory, bytes: &[u8; 8]) -> &'m AtomicU64 {
    let wanted = u64::from_le_bytes(*bytes);
    let mut words = memory.words().iter();
    words
        .find(|word| word.load(Ordering::Relaxed) == wanted)
        .unwrap()
}

fn flip(word: &AtomicU64, bit: u32) {
    word.fetch_xor(1 << bit, Ordering::Relaxed);
}

fn swept(sessions: &Sessions, now: Moment) -> Swept {
    sessions.sweep(now, &mut |_| {}).unwrap().unwrap()
}

#[test]
fn a_session_under_another_name_is_never_shown_and_goes_with_the_next_sweep() {
    let (sessions, memory) = open();
    // "victim1" becomes "victim3", and another "victim2".
    flip(word(&memory, b"\x02victim1"), 57);
    assert_eq!(ids(&sessions, at(11.0)).len(), 2);
    let first = swept(&sessions, at(11.0));
    assert_eq!((first.broken, first.present), (1, 2));
    flip(word(&memory, b"\x02victim2"), 56);
    flip(word(&memory, b"\x02victim0"), 5);
    assert_eq!(swept(&sessions, at(12.0)).broken, 2);
    let numbers = sessions.numbers(at(12.0));
    assert_eq!((numbers.active, numbers.pending), (0, 0));
    assert!(ids(&sessions, at(12.0)).is_empty());
    sessions.zone.verify().unwrap();
    assert_eq!(
        sessions.register(&newcomer(b"victim1"), at(12.0)).status,
        Status::New
    );
    assert_eq!(swept(&sessions, at(13.0)).broken, 0);
}

#[test]
fn a_row_under_another_name_counts_to_what_has_no_row() {
    let (sessions, memory) = open();
    sessions.close_all(at(11.0), &mut |_| {}).unwrap();
    flip(word(&memory, b"\x06stream\0"), 20);
    let summary = summary(&sessions, Some(b"other"));
    check_sums(&summary);
    assert_eq!(summary.references.keys().collect::<Vec<_>>(), [b"other"]);
    assert_eq!(swept(&sessions, at(12.0)).broken, 1);
}

#[test]
fn what_is_said_of_a_session_is_true_or_unknown() {
    let (sessions, memory) = open();
    let said = sessions.zone.edit(at(10.0), |edit| {
        let mut text = Vec::new();
        edit.text(b"\x02victim1", &mut text);
        text
    });
    let (said, mut session) = (said.unwrap(), Session::default());
    for (place, eight) in said.as_chunks::<8>().0.iter().enumerate() {
        let word = word(&memory, eight);
        flip(word, 8 * (place as u32 % 8) + 3);
        let all = ids(&sessions, at(11.0));
        let damaged = all.iter().filter(|id| {
            assert!(sessions.session(id, at(11.0), &mut session));
            let is_unknown = session.attributes() == Attributes::default().kept();
            assert!(is_unknown || session.attributes() == newcomer(b"").attributes);
            assert_eq!(is_unknown, session.is_nameless());
            is_unknown
        });
        assert_eq!(damaged.count(), 1, "{place}");
        flip(word, 8 * (place as u32 % 8) + 3);
    }
}

#[test]
fn numbers_that_cannot_be_are_made_anew() {
    let (sessions, _memory) = open();
    enter(&sessions, b"pending", at(10.0));
    let set = |key: &[u8], cell: usize, value: u64| {
        let set = sessions.zone.edit(at(10.0), |edit| {
            edit.cells(key).unwrap()[cell].store(value, Ordering::Relaxed);
        });
        set.unwrap();
    };
    for (seconds, cell) in [
        (11.0, cells::totals::ACTIVE),
        (12.0, cells::totals::PENDING),
    ] {
        set(keys::TOTALS, cell, 1 << 40);
        assert!(swept(&sessions, at(seconds)).is_mended);
        let numbers = sessions.numbers(at(seconds));
        assert_eq!((numbers.active, numbers.pending), (3, 1));
    }
    set(keys::GAUGE, cells::gauge::MARK, 5);
    assert!(swept(&sessions, at(13.0)).is_mended);
    sessions.skip(at(13.0));
    assert_eq!(sessions.numbers(at(13.0)).skipped, 1);
    assert!(!swept(&sessions, at(14.0)).is_mended);
    // What would never end.
    set(b"\x02victim0", cells::session::LAST, u64::MAX / 2);
    set(b"\x02pending", cells::session::CREATED, u64::MAX / 2);
    assert_eq!(swept(&sessions, at(14.9)).closed, 2);
    sessions.zone.verify().unwrap();
}

#[test]
fn serials_are_never_given_twice_though_the_totals_are_lost() {
    let (sessions, _memory) = open();
    let handle = enter(&sessions, b"a", at(11.0));
    let lost = sessions.zone.edit(at(12.0), |edit| {
        edit.remove(keys::TOTALS);
        edit.commit()
    });
    assert_eq!(lost, Ok(Ok(())));
    let other = enter(&sessions, b"b", at(12.0));
    assert_ne!(handle.serial(), other.serial());
    assert!(other.serial() > handle.serial());
}

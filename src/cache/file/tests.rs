//! Files that are whole, and every way of not being it.

use std::io::Write;

use proptest::prelude::*;

use super::*;

const NONCE: u64 = 0x1234_5678_9abc_def0;

fn head<'a>(key: &'a [u8], fields: &'a [u8]) -> Head<'a> {
    Head {
        nonce: NONCE,
        created: 1_800_000_000,
        last_modified: Some(1_700_000_000),
        status: 200,
        key,
        vary: b"accept",
        variant: b"variant",
        etag: b"\"tag\"",
        fields,
    }
}

fn times(fresh: u64) -> Freshness {
    Freshness {
        fresh,
        updating: fresh + 1,
        error: fresh + 2,
    }
}

/// A whole file.
fn whole(head: &Head<'_>, body: &[u8]) -> Vec<u8> {
    whole_with(head, BodyStart::AtOnce, body)
}

fn whole_with(head: &Head<'_>, start: BodyStart, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    head.write(times(5), start, &mut bytes).unwrap();
    bytes.extend_from_slice(body);
    let mut digest = BodyDigest::default();
    digest.update(body);
    let mark = Mark {
        length: body.len() as u64,
        digest: digest.value(),
        boot: 7,
    };
    bytes.extend_from_slice(&mark.written(head.nonce));
    bytes
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn entry_of(file: &File) -> Result<(Entry, Mark), Unreadable> {
    Entry::whole(file, file.metadata()?.len())
}

fn opened(bytes: &[u8]) -> Result<(Entry, Mark), Unreadable> {
    entry_of(&file(bytes))
}

#[test]
fn a_file_says_what_was_written() {
    for (fields, body) in [
        (&b"A: b\r\n"[..], &b"hello"[..]),
        (&[b'x'; 3900][..], &[b'y'; 300][..]),
        (&[b'x'; 70_000][..], &[b'y'; 100_000][..]),
        (b"", b""),
    ] {
        for start in [BodyStart::AtOnce, BodyStart::OnPage] {
            let written = head(b"key", fields);
            let bytes = whole_with(&written, start, body);
            let (entry, mark) = opened(&bytes).unwrap();
            assert_eq!(entry.head(), written);
            assert_eq!(entry.freshness, times(5));
            let range = entry.body(mark.length);
            assert_eq!(&bytes[range.start as usize..range.end as usize], body);
            let is_on_page = range.start.is_multiple_of(4096);
            assert_eq!(is_on_page, start == BodyStart::OnPage);
            assert_eq!(mark.boot, 7);
        }
    }
}

#[test]
fn a_head_can_be_read_while_the_body_grows() {
    let bytes = whole(&head(b"key", b"A: b\r\n"), b"hello");
    let (entry, _) = opened(&bytes).unwrap();
    let start = entry.body_start() as usize;
    for end in start..bytes.len() {
        let file = file(&bytes[..end]);
        assert_eq!(Entry::begun(&file).unwrap().head().key, b"key");
        assert!(matches!(entry_of(&file), Err(Unreadable::Cut)));
    }
    for end in 0..start {
        let begun = Entry::begun(&file(&bytes[..end]));
        assert!(matches!(begun, Err(Unreadable::Cut)), "{end}");
    }
}

#[test]
fn no_body_can_end_in_a_mark_that_holds() {
    let own = whole(&head(b"key", b""), b"hello");
    let other = Head {
        nonce: NONCE + 1,
        ..head(b"key", b"")
    };
    let mut fake = Vec::new();
    other.write(times(5), BodyStart::AtOnce, &mut fake).unwrap();
    // What follows the other's head: a body with the mark that another file has.
    let (entry, _) = opened(&own).unwrap();
    fake.extend_from_slice(&own[entry.body_start() as usize..]);
    assert!(matches!(opened(&fake), Err(Unreadable::Cut)));
}

#[test]
fn what_is_nothing_of_ours_is_said_to_be() {
    assert!(matches!(opened(b""), Err(Unreadable::Cut)));
    assert!(matches!(opened(&[b'x'; 500]), Err(Unreadable::Foreign)));
    let long = head(b"key", &[0; 5 << 20]).write(times(1), BodyStart::AtOnce, &mut Vec::new());
    assert!(matches!(long, Err(Unreadable::Damaged)));
}

#[test]
fn times_are_renewed_in_turn_and_a_torn_write_leaves_the_others() {
    let file = file(&whole(&head(b"key", b""), b"hello"));
    let (mut entry, mark) = entry_of(&file).unwrap();
    for time in [9, 3, 1 << 40, 4] {
        entry.renew(&file, times(time)).unwrap();
        let (again, same) = entry_of(&file).unwrap();
        assert_eq!((again.freshness, same), (times(time), mark));
    }
    // Four times renewed, the latest stand in the first slot again.
    file.write_all_at(&[0xaa; 20], 64).unwrap();
    assert_eq!(Entry::begun(&file).unwrap().freshness, times(1 << 40));
    file.write_all_at(&[0xaa; 20], 104).unwrap();
    let torn = Entry::begun(&file).unwrap();
    assert_eq!(torn.freshness, Freshness::default());
    entry.renew(&file, times(8)).unwrap();
    assert_eq!(Entry::begun(&file).unwrap().freshness, times(8));
}

proptest! {
    #[test]
    fn whatever_was_flipped_or_cut_is_noticed_but_in_the_body(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        place: prop::sample::Index,
        flip in 1u8..,
        cut in any::<bool>(),
        on_page in any::<bool>(),
    ) {
        let written = head(b"key", b"A: b\r\n");
        let said = whole(&written, b"").len() - Mark::BYTES;
        let start = if on_page { BodyStart::OnPage } else { BodyStart::AtOnce };
        let mut bytes = whole_with(&written, start, &body);
        let (entry, mark) = opened(&bytes).unwrap();
        let place = place.index(bytes.len());
        match cut {
            true => bytes.truncate(place),
            false => bytes[place] ^= flip,
        }
        if let Ok((read, found)) = opened(&bytes) {
            prop_assert!(!cut);
            prop_assert_eq!(read.head(), written);
            prop_assert_eq!(found, mark);
            let range = entry.body(mark.length);
            let mut digest = BodyDigest::default();
            digest.update(&bytes[range.start as usize..range.end as usize]);
            let in_body = range.contains(&(place as u64));
            prop_assert_eq!(digest.value() != mark.digest, in_body);
            let in_padding = (said as u64..range.start).contains(&(place as u64));
            prop_assert!(in_body || in_padding || (64..144).contains(&place));
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = opened(&bytes).is_ok();
        if bytes.len() >= 12 {
            bytes[..8].copy_from_slice(b"pgcache1");
            bytes[8..12].copy_from_slice(&200u32.to_le_bytes());
        }
        prop_assert!(opened(&bytes).is_err());
    }
}

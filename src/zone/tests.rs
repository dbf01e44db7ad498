//! What a zone does, seen through its handle.

mod change;
pub(crate) mod crash;
mod edit;
mod labels;
mod later;
pub(crate) mod moving;
mod outstanding;
pub(crate) mod work;

use super::*;

fn schema(words: &[&str]) -> Arc<Schema> {
    let source = serde_json::to_string(&[("", words)]).unwrap();
    Arc::new(Schema::from_source(&source).unwrap())
}

fn zone(bytes: usize, words: &[&str], expire: bool, discard_key: Option<&str>) -> Zone {
    let overflow = Overflow {
        expire,
        discard_key: discard_key.map(|key| key.into()),
    };
    Zone::create(&SharedMemory::heap(bytes), bytes, schema(words), &overflow).unwrap()
}

/// An empty zone of counts.
pub(super) fn empty(bytes: usize, overflow: &Overflow) -> Zone {
    Zone::create(
        &SharedMemory::heap(bytes),
        bytes,
        schema(&["count"]),
        overflow,
    )
    .unwrap()
}

/// An empty layout of its own.
pub(super) fn store() -> Store {
    zone(MINIMUM, &["count"], true, None).first.store
}

pub(super) fn text(zone: &Zone, key: &[u8]) -> Option<String> {
    let mut record = Record::default();
    zone.read(key, &mut record).then(|| {
        let mut out = Vec::new();
        record.write_text(zone.schema(), Moment(0), &mut out);
        String::from_utf8(out).unwrap()
    })
}

fn names(zone: &Zone) -> Vec<String> {
    let mut names = Vec::new();
    let _ = zone.visit(&mut |record| {
        let mut name = Vec::new();
        record.write_name(&mut name);
        names.push(String::from_utf8(name).unwrap());
        std::ops::ControlFlow::Continue(())
    });
    names
}

#[test]
fn keys_of_every_length_are_kept_apart() {
    let zone = zone(1 << 20, &["count"], false, None);
    let key = |length: usize| vec![b'k'; length];
    for round in 1..=3 {
        for length in 1..=KEY_LIMIT {
            assert_eq!(
                zone.update(&key(length), 1.0, Moment(0)),
                Ok(Update::Stored)
            );
            assert_eq!(text(&zone, &key(length)), Some(round.to_string()));
        }
    }
    assert_eq!(zone.len(), 255);
    zone.verify().unwrap();
}

#[test]
fn keys_of_any_bytes_and_equal_beginnings_are_kept_apart() {
    let zone = zone(1 << 18, &["count"], true, None);
    let keys = (0..=300usize)
        .flat_map(|length| (0..=255u8).map(move |byte| (length, byte)))
        .filter(|(length, byte)| (length + usize::from(*byte)).is_multiple_of(7));
    let mut last = std::collections::VecDeque::new();
    for (length, byte) in keys {
        let mut key = vec![0; length];
        if let Some(end) = key.last_mut() {
            *end = byte;
        }
        let outcome = zone.update(&key, 1.0, Moment(0)).unwrap();
        assert_eq!(outcome == Update::Ignored, length == 0);
        if (1..=KEY_LIMIT).contains(&length) {
            last.push_back(key);
        }
        if last.len() > 100 {
            last.pop_front();
        }
    }
    zone.verify().unwrap();
    for number in 0..1000u64 {
        zone.update(&number.to_le_bytes(), 1.0, Moment(0)).unwrap();
    }
    zone.verify().unwrap();
    assert_eq!(text(&zone, &999u64.to_le_bytes()), Some("1".into()));
    assert!(last.iter().all(|key| text(&zone, key) == Some("1".into())));
}

#[test]
fn an_ellipsis_is_shown_and_found_only_where_something_was_cut() {
    let zone = zone(65536, &["count"], false, None);
    let dotted = |byte: u8| [&[byte; 255][..], b"..."].concat();
    zone.update(&[b'y'; 255], 1.0, Moment(0)).unwrap();
    zone.update(&[b'z'; 256], 1.0, Moment(0)).unwrap();
    zone.update(&[b'z'; 300], 1.0, Moment(0)).unwrap();
    assert_eq!(names(&zone), ["y".repeat(255), "z".repeat(255) + "..."]);
    assert_eq!(text(&zone, &[b'z'; 255]), Some("2".into()));
    assert_eq!(text(&zone, &dotted(b'z')), Some("2".into()));
    assert_eq!(text(&zone, &[b'z'; 256]), None);
    assert_eq!(text(&zone, &[b'y'; 255]), Some("1".into()));
    assert_eq!(text(&zone, &dotted(b'y')), None);
}

#[test]
fn what_is_taken_back_never_makes_a_key() {
    for discard_key in [Some("rest"), None] {
        let zone = zone(MINIMUM, &["gauge"], true, discard_key);
        zone.update(b"up", 1.0, Moment(0)).unwrap();
        zone.update(b"stays", 1.0, Moment(0)).unwrap();
        for number in 0..1000u32 {
            zone.update(&number.to_le_bytes(), 0.0, Moment(0)).unwrap();
            zone.update(b"stays", 0.0, Moment(0)).unwrap();
        }
        let discarded = zone.discarded();
        assert_eq!(text(&zone, b"up"), None);
        assert_eq!(
            zone.take_back(b"stays", -1.0, Moment(0)),
            Ok(Update::Stored)
        );
        assert_eq!(text(&zone, b"stays"), Some("0".into()));
        let taken = zone.take_back(b"up", -1.0, Moment(0));
        let expected = match discard_key {
            Some(_) => Update::Accounted,
            None => Update::Ignored,
        };
        assert_eq!((taken, text(&zone, b"up")), (Ok(expected), None));
        let rest = discard_key.map(|_| "0".to_owned());
        assert_eq!((text(&zone, b"rest"), zone.discarded()), (rest, discarded));
    }
}

#[test]
fn a_full_zone_refuses_or_accounts() {
    let lost = zone(MINIMUM, &["gauge"], false, None);
    let kept = zone(MINIMUM, &["gauge"], false, Some("old"));
    assert_eq!(kept.update(b"old", 1.0, Moment(0)), Ok(Update::Ignored));
    assert_eq!(text(&kept, b"old"), None);
    for number in 0..300 {
        let key = format!("{number:08}");
        let is_stored = lost.update(key.as_bytes(), 1.0, Moment(0)).is_ok();
        let outcome = kept.update(key.as_bytes(), 1.0, Moment(0)).unwrap();
        assert_eq!(is_stored, outcome == Update::Stored);
    }
    assert_eq!(lost.len() + lost.discarded(), 300);
    assert!(lost.discarded() > 0);
    assert_eq!(text(&kept, b"old"), Some(kept.discarded().to_string()));
    assert_eq!(names(&kept).last().unwrap(), "old");
    assert_eq!(lost.update(b"00000001", 1.0, Moment(0)), Ok(Update::Stored));
    assert_eq!(lost.slabs().unwrap().failures, lost.discarded());
    assert_eq!((lost.evicted(), kept.evicted()), (0, 0));
    assert_eq!(lost.slabs().unwrap().slots_free, 0);
}

#[test]
fn the_least_recently_updated_keys_go_first() {
    let zone = zone(MINIMUM, &["count"], true, Some("old"));
    let key = |number: u64| format!("{number:08}").into_bytes();
    for number in 0..300 {
        zone.update(&key(number), 1.0, Moment(0)).unwrap();
    }
    let kept = zone.len() - 1;
    assert!(kept < 300);
    for number in 0..300 {
        assert_eq!(text(&zone, &key(number)).is_some(), number >= 300 - kept);
    }
    zone.update(&key(300 - kept), 1.0, Moment(0)).unwrap();
    zone.update(&[b'l'; 250], 1.0, Moment(0)).unwrap();
    assert!(text(&zone, &key(300 - kept)).is_some());
    assert!(text(&zone, &key(301 - kept)).is_none());
    assert_eq!(zone.discarded(), 300 - kept + 6);
    assert_eq!(zone.evicted(), zone.discarded());
    assert_eq!(text(&zone, b"old"), Some(zone.discarded().to_string()));
    zone.verify().unwrap();
}

#[test]
fn a_listing_can_rest_while_keys_come_and_go() {
    let zone = zone(65536, &["count"], true, None);
    for number in 0..10_000 {
        zone.update(format!("a{number}").as_bytes(), 1.0, Moment(0))
            .unwrap();
    }
    let (mut cursor, mut record) = (Cursor::default(), Record::default());
    let mut seen = std::collections::HashSet::new();
    while zone.next(&mut cursor, &mut record) {
        assert!(seen.insert(record.key().to_vec()));
        zone.update(b"a9999", 1.0, Moment(0)).unwrap();
        zone.update(format!("b{}", seen.len()).as_bytes(), 1.0, Moment(0))
            .unwrap();
    }
    assert!(seen.contains(&b"a9999"[..]));
    assert!(!zone.next(&mut cursor, &mut record));
}

/// A schema of named metrics, each given as words.
fn complex(metrics: &[(&str, &[&str])]) -> Arc<Schema> {
    Arc::new(Schema::from_source(&serde_json::to_string(metrics).unwrap()).unwrap())
}

pub(super) fn overflow(discard_key: Option<&str>) -> Overflow {
    Overflow {
        expire: true,
        discard_key: discard_key.map(|key| key.into()),
    }
}

const K64: usize = 65536;

#[test]
fn an_unchanged_zone_is_taken_over_in_place() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let schema = schema(&["count"]);
    let adopt = |overflow| Zone::adopt(&memory, K64, Arc::clone(&schema), &overflow).unwrap();
    let (old, adoption) = adopt(overflow(None));
    assert_eq!(adoption, Adoption::Created);
    old.update(b"a", 1.0, Moment(0)).unwrap();
    let (new, adoption) = adopt(overflow(None));
    assert_eq!(adoption, Adoption::Kept);
    old.update(b"a", 1.0, Moment(0)).unwrap();
    assert_eq!(text(&new, b"a"), Some("2".into()));
}

#[test]
fn metrics_keep_their_values_by_name_and_meaning() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let before = complex(&[
        ("c", &["count"]),
        ("g", &["gauge"]),
        ("x", &["max"]),
        ("n", &["min"]),
    ]);
    let after = complex(&[
        ("n", &["min"]),
        ("g", &["last"]),
        ("h", &["histogram", "1"]),
        ("c", &["count"]),
    ]);
    let (old, _) = Zone::adopt(&memory, K64, before, &overflow(None)).unwrap();
    old.update(b"k", 5.0, Moment(0)).unwrap();
    let (new, adoption) = Zone::adopt(&memory, 2 * K64, after, &overflow(None)).unwrap();
    let expected = Adoption::Migrated {
        metrics_kept: 2,
        metrics_new: 2,
        keys: 1,
        discarded: 0,
    };
    assert_eq!(adoption, expected);
    assert_eq!(text(&new, b"k"), Some("5, , 0, 1".into()));
    old.update(b"k", 1.0, Moment(0)).unwrap();
    assert_eq!(text(&new, b"k"), Some("1, 1, 1, 2".into()));
    assert_eq!(text(&old, b"k"), Some("2, 0, , 1".into()));
    let late = Zone::attach(&memory, schema(&["count"])).unwrap();
    assert_eq!(text(&late, b"k"), Some("0".into()));
    assert_eq!(late.identity(), "\"\" count\n");
}

#[test]
fn nothing_in_common_starts_empty_and_says_why() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let (old, _) = Zone::adopt(&memory, K64, schema(&["count"]), &overflow(None)).unwrap();
    for number in 0..2000 {
        old.update(format!("{number}").as_bytes(), 1.0, Moment(0))
            .unwrap();
    }
    let (new, adoption) = Zone::adopt(
        &memory,
        K64,
        schema(&["average mean", "count=2"]),
        &overflow(None),
    )
    .unwrap();
    let reason = "the metric was count and is now average mean count=2 window=off".into();
    assert_eq!(adoption, Adoption::Emptied { reason });
    assert_eq!((new.len(), new.discarded()), (0, 0));
}

#[test]
fn an_update_that_began_before_a_move_finds_its_key_after_it() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let adopt = |bytes| Zone::adopt(&memory, bytes, schema(&["count"]), &overflow(None)).unwrap();
    let (old, _) = adopt(K64);
    let keys: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    for key in &keys {
        old.update(key.as_bytes(), 1.0, Moment(0)).unwrap();
    }
    let (new, _) = adopt(4 * K64);
    // Another thread follows the zone before this one gets to the lock.
    assert_eq!(old.len(), 100);
    for key in &keys {
        let hash = old.first.store.hash(key.as_bytes());
        let sample = old.sample(key.as_bytes(), 1.0, Moment(1));
        let known = Some((old.first.sequence, hash));
        let updated = old.feed(Kind::Update, &sample, known);
        assert_eq!(updated, Ok(Update::Stored));
    }
    assert_eq!((new.len(), text(&new, b"7").as_deref()), (100, Some("2")));
    new.verify().unwrap();
}

#[test]
fn a_smaller_zone_keeps_the_most_recent_keys() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let adopt =
        |bytes| Zone::adopt(&memory, bytes, schema(&["count"]), &overflow(Some("old"))).unwrap();
    let (zone, _) = adopt(K64);
    for number in 0..500 {
        zone.update(format!("{number}").as_bytes(), 1.0, Moment(0))
            .unwrap();
    }
    let (small, adoption) = adopt(MINIMUM);
    let Adoption::Migrated {
        keys, discarded, ..
    } = adoption
    else {
        panic!("{adoption:?}")
    };
    assert_eq!((keys + discarded, small.discarded()), (500, discarded));
    assert!(discarded > 0);
    for number in 0..500 {
        let found = text(&small, format!("{number}").as_bytes()).is_some();
        assert_eq!(found, number >= discarded);
    }
    assert_eq!(text(&small, b"old"), Some(discarded.to_string()));
    let (large, _) = adopt(4 * K64);
    large.update(b"0", 1.0, Moment(0)).unwrap();
    assert_eq!(large.len(), keys + 2);
    large.verify().unwrap();
    assert_eq!(zone.discarded(), discarded);
    assert_eq!(zone.evicted(), discarded);
}

#[test]
fn the_discard_key_may_come_change_and_go() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let adopt = |bytes, key| {
        Zone::adopt(&memory, bytes, schema(&["count"]), &overflow(key))
            .unwrap()
            .0
    };
    for bytes in [K64, 2 * K64] {
        let zone = adopt(bytes, None);
        zone.update(b"old", 1.0, Moment(0)).unwrap();
        let zone = adopt(bytes, Some("old"));
        assert_eq!((zone.len(), zone.discarded()), (1, 0));
        assert_eq!(text(&zone, b"old"), Some("1".into()));
        assert_eq!(zone.update(b"old", 1.0, Moment(0)), Ok(Update::Ignored));
        zone.update(b"new", 1.0, Moment(0)).unwrap();
        let zone = adopt(3 * K64 - bytes, Some("new"));
        assert_eq!(names(&zone), ["new"]);
        assert_eq!(text(&zone, b"new"), Some("2".into()));
        assert_eq!(text(&zone, b"old"), None);
        let zone = adopt(3 * K64 - bytes, None);
        assert!(zone.is_empty());
        assert!(adopt(bytes, Some("new")).is_empty());
        zone.verify().unwrap();
    }
}

#[test]
fn memory_of_layouts_left_behind_is_given_back() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    for round in 0..50 {
        let bytes = K64 * (1 + round % 3);
        let (zone, _) = Zone::adopt(&memory, bytes, schema(&["count"]), &overflow(None)).unwrap();
        zone.update(b"k", 1.0, Moment(0)).unwrap();
        assert_eq!(text(&zone, b"k"), Some((round + 1).to_string()));
    }
    assert!(memory.backing_bytes().unwrap() < 8 * K64 as u64);
}

#[test]
fn damaged_counts_do_not_end_a_zone() {
    let memory = SharedMemory::heap(K64);
    let zone = Zone::create(&memory, K64, schema(&["count"]), &overflow(None)).unwrap();
    zone.update(b"a", 1.0, Moment(0)).unwrap();
    for field in [
        layout::header::FREE,
        layout::header::LIVE,
        layout::header::FRESH,
    ] {
        zone.first.store.set(field, u64::MAX - 1);
    }
    for number in 0..3000 {
        zone.update(format!("{number}").as_bytes(), 1.0, Moment(0))
            .unwrap();
    }
    zone.first.store.rebuild();
    zone.verify().unwrap();
}

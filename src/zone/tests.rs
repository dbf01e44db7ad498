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

fn text(zone: &Zone, key: &[u8]) -> Option<String> {
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

//! Keys of several parts over configurations: when they stay what they are, and what becomes of them otherwise.

use super::*;

fn labelled(labels: &str) -> Arc<Schema> {
    let schema = Schema::from_source("[[\"\",[\"count\"]]]").unwrap();
    let labels = labels.split_whitespace().map(str::to_owned);
    Arc::new(schema.with_labels(labels.collect()))
}

fn adopt(memory: &SharedMemory, bytes: usize, labels: &str) -> (Zone, Adoption) {
    Zone::adopt(memory, bytes, labelled(labels), &Overflow::default()).unwrap()
}

const KEY: &[u8] = b"\x03GET\x01a";

#[test]
fn a_label_behind_the_others_or_another_name_keeps_keys() {
    for (labels, bytes) in [
        ("m host", 1 << 16),
        ("method host status", 1 << 16),
        ("a b c d", 1 << 17),
    ] {
        let memory = SharedMemory::create("zone", 1 << 16).unwrap();
        let (old, _) = adopt(&memory, 1 << 16, "method host");
        old.update(KEY, 1.0, Moment(0)).unwrap();
        let (new, adoption) = adopt(&memory, bytes, labels);
        let is_kept = matches!(
            adoption,
            Adoption::Migrated {
                metrics_kept: 1,
                keys: 1,
                ..
            }
        );
        assert!(is_kept, "{labels}: {adoption:?}");
        old.update(KEY, 1.0, Moment(0)).unwrap();
        old.update(b"\x04POST", 1.0, Moment(0)).unwrap();
        for zone in [
            &old,
            &new,
            &Zone::attach(&memory, labelled(labels)).unwrap(),
        ] {
            assert_eq!(text(zone, KEY), Some("2".into()), "{labels}");
            assert_eq!(zone.len(), 2);
        }
        assert_eq!(new.schema().labels().len(), labels.split(' ').count());
    }
}

#[test]
fn keys_of_other_parts_are_left_and_come_no_more() {
    for (before, after, told) in [
        (
            "method host",
            "host method",
            "method,host and are now host,method",
        ),
        ("method host", "method", "method,host and are now method"),
        ("method", "", "method and are now none"),
        ("", "method", "none and are now method"),
    ] {
        let memory = SharedMemory::create("zone", 1 << 16).unwrap();
        let (old, _) = adopt(&memory, 1 << 16, before);
        old.update(KEY, 1.0, Moment(0)).unwrap();
        let (new, adoption) = adopt(&memory, 1 << 16, after);
        let reason = format!("its labels were {told}");
        assert_eq!(adoption, Adoption::Emptied { reason });
        assert_eq!(old.update(KEY, 1.0, Moment(0)), Ok(Update::Ignored));
        assert_eq!(old.take_back(KEY, 1.0, Moment(0)), Ok(Update::Ignored));
        let change = Change {
            key: KEY,
            action: Action::Create,
            help: None,
        };
        let changed = old.change(&[change], Missing::Create, None, Moment(0));
        assert_eq!(changed, Err(NotChanged::Renamed));
        assert_eq!(new.len(), 0, "{before:?} to {after:?}");
        new.update(KEY, 5.0, Moment(0)).unwrap();
        // Keys look alike and mean something else.
        assert_eq!(old.update(KEY, 1.0, Moment(0)), Ok(Update::Ignored));
        assert_eq!(old.take_back(KEY, 1.0, Moment(0)), Ok(Update::Ignored));
        assert!(!old.update_known(KEY, 1.0, Moment(0)));
        assert_eq!(text(&new, KEY), Some("1".into()), "{before:?} to {after:?}");
        new.update(b"\x01b", 1.0, Moment(0)).unwrap();
        assert_eq!(new.len(), 2);
    }
}

#[test]
fn a_known_key_is_updated_alone() {
    let zone = zone(1 << 16, &["count"], false, Some("rest"));
    assert!(!zone.update_known(b"k", 1.0, Moment(0)));
    assert_eq!(zone.len(), 0);
    zone.update(b"k", 1.0, Moment(0)).unwrap();
    assert!(zone.update_known(b"k", 1.0, Moment(0)));
    assert!(!zone.update_known(b"rest", 1.0, Moment(0)));
    assert_eq!(text(&zone, b"k"), Some("2".into()));
    assert_eq!(zone.discard(1.0, Moment(0)), Ok(Update::Accounted));
    assert_eq!(
        (text(&zone, b"rest"), zone.discarded()),
        (Some("1".into()), 0)
    );
    let none = super::zone(1 << 16, &["count"], false, None);
    assert_eq!(none.discard(1.0, Moment(0)), Err(Refused::Full));
    assert_eq!(
        none.take_back_discarded(1.0, Moment(0)),
        Ok(Update::Ignored)
    );
}

//! Cells that a feature uses by itself, and edits: all or nothing, pinned keys, texts, moves, death before any store.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::crash::after;
use super::*;
use crate::os::atomic::Ordering;

const CELLS: usize = 4;
const NOW: Moment = Moment(1_000_000_000);

fn words() -> Arc<Schema> {
    Arc::new(Schema::words("test", CELLS))
}

fn zone_of_words(bytes: usize, expire: bool) -> Zone {
    let overflow = Overflow {
        expire,
        discard_key: None,
    };
    Zone::create(&SharedMemory::heap(bytes), bytes, words(), &overflow).unwrap()
}

fn put(value: u64, stay: Stay) -> Put<'static> {
    // Tests may leak a little.
    let cells = Box::leak(Box::new([value; CELLS]));
    let text = None;
    Put { cells, stay, text }
}

fn with_text(value: u64, stay: Stay, text: &'static [u8]) -> Put<'static> {
    Put {
        text: Some(text),
        ..put(value, stay)
    }
}

fn one(zone: &Zone, key: &[u8], put: Put<'_>) -> Result<(), NotChanged> {
    zone.edit(NOW, |edit| {
        edit.put(key, put);
        edit.commit()
    })
    .unwrap()
}

fn value(zone: &Zone, key: &[u8]) -> Option<u64> {
    zone.with_cells(key, NOW, |cells| cells[CELLS - 1].load(Ordering::Acquire))
}

fn add(cells: &[AtomicU64]) -> u64 {
    cells
        .iter()
        .map(|cell| cell.fetch_add(1, Ordering::AcqRel))
        .sum()
}

fn text_of(zone: &Zone, key: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    zone.help(key, &mut text).then_some(text)
}

#[test]
fn a_pinned_key_is_used_beside_another_and_never_where_its_layout_was() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let adopt = |bytes| Zone::adopt(&memory, bytes, words(), &overflow(None)).unwrap();
    let (zone, _) = adopt(K64);
    one(&zone, b"own", put(1, Stay::Pinned)).unwrap();
    one(&zone, b"beside", put(5, Stay::Pinned)).unwrap();
    let (own, beside) = (zone.spot(b"own").unwrap(), zone.spot(b"beside").unwrap());
    let add_beside = |held: Held<'_>| Some(add(held.beside(beside)?));
    assert_eq!(zone.with_any_at(own, NOW, add_beside), Some(20));
    let found = zone.with_found(b"own", NOW, |held| (held.spot(), add_beside(held)));
    assert_eq!(found, Some((own, Some(24))));
    one(&zone, b"other", put(7, Stay::Pinned)).unwrap();
    let other = zone.spot(b"other").unwrap();
    zone.edit(NOW, |edit| {
        edit.remove(b"other");
        edit.commit()
    })
    .unwrap()
    .unwrap();
    let is_there = zone.with_any_at(own, NOW, |held| Some(held.beside(other).is_some()));
    assert_eq!(is_there, Some(false));
    let nowhere = Spot::unpacked(u64::from(u32::MAX)).unwrap();
    let is_there = zone.with_any_at(own, NOW, |held| Some(held.beside(nowhere).is_some()));
    assert_eq!(is_there, Some(false));
    let _moved = adopt(4 * K64);
    let found = zone.with_found(b"own", NOW, add_beside);
    assert_eq!(found, Some(None));
    assert_eq!(value(&zone, b"beside"), Some(7));
}

#[test]
fn cells_are_used_by_key_and_where_they_lay() {
    let zone = zone_of_words(K64, true);
    let long = [b'k'; 255];
    for stay in [Stay::Pinned, Stay::Evictable] {
        for key in [&b"k"[..], &long] {
            assert_eq!(zone.with_cells(key, NOW, add), None);
            assert_eq!(zone.spot(key), None);
            one(&zone, key, put(5, stay)).unwrap();
            assert_eq!(zone.with_cells(key, NOW, add), Some(20));
            let spot = zone.spot(key).unwrap();
            assert_eq!(Spot::unpacked(spot.packed()), Some(spot));
            assert_eq!(zone.with_cells_at(spot, key, NOW, add), Some(24));
            assert_eq!(zone.with_cells_at(spot, b"other", NOW, add), None);
            assert_eq!(zone.with_any_cells_at(spot, NOW, |_| None::<()>), None);
            let found = zone.with_found_cells(key, NOW, |found, cells| (found, add(cells)));
            assert_eq!(found, Some((spot, 28)));
            // Where its owner died the key is parked: the lock helps.
            assert!(
                zone.first.store.seize(
                    &[zone
                        .first
                        .store
                        .find(key, zone.first.store.hash(key))
                        .unwrap()],
                    marker::Patience::Long
                )
            );
            assert_eq!(
                zone.with_any_cells_at(spot, NOW, |cells| Some(add(cells))),
                Some(32)
            );
            zone.edit(NOW, |edit| {
                edit.remove(key);
                edit.commit()
            })
            .unwrap()
            .unwrap();
            assert_eq!(zone.with_cells_at(spot, key, NOW, add), None);
            zone.verify().unwrap();
        }
    }
    assert_eq!(Spot::unpacked(0), None);
    let nowhere = Spot::unpacked(u64::from(u32::MAX)).unwrap();
    assert_eq!(
        zone.with_any_cells_at(nowhere, NOW, |cells| Some(add(cells))),
        None
    );
}

#[test]
fn an_edit_that_is_not_committed_changes_nothing_and_leaves_keys_to_everybody() {
    let zone = zone_of_words(K64, false);
    one(&zone, b"a", put(1, Stay::Pinned)).unwrap();
    zone.edit(NOW, |edit| {
        assert_eq!(edit.seize(b"a").unwrap(), Some(vec![1; CELLS]));
        assert_eq!(edit.seize(b"none"), Ok(None));
        edit.put(b"a", put(2, Stay::Pinned));
        edit.put(b"b", put(2, Stay::Pinned));
        edit.forget();
        assert_eq!(edit.commit(), Ok(()));
        edit.put(b"b", put(2, Stay::Pinned));
    })
    .unwrap();
    assert_eq!((value(&zone, b"a"), value(&zone, b"b")), (Some(1), None));
    let head = zone.first.store.used_heads(1).next().unwrap().1;
    assert_eq!(head.state(), record::State::Live);
    let wrong = Put {
        cells: &[1],
        ..put(0, Stay::Pinned)
    };
    assert_eq!(one(&zone, b"c", wrong), Err(NotChanged::Reserved(0)));
    assert_eq!(
        one(&zone, b"", put(0, Stay::Pinned)),
        Err(NotChanged::Reserved(0))
    );
    zone.verify().unwrap();
}

#[test]
fn the_last_of_several_wishes_for_a_key_counts() {
    let zone = zone_of_words(K64, false);
    zone.edit(NOW, |edit| {
        edit.put(b"a", put(1, Stay::Pinned));
        edit.put(b"a", put(2, Stay::Pinned));
        edit.remove(b"b");
        edit.put(b"b", put(3, Stay::Pinned));
        edit.put(b"c", put(3, Stay::Pinned));
        edit.remove(b"c");
        edit.commit()
    })
    .unwrap()
    .unwrap();
    let values = [b"a", b"b", b"c"].map(|key| value(&zone, key));
    assert_eq!(values, [Some(2), Some(3), None]);
    zone.verify().unwrap();
}

static LONG_TEXT: [u8; 1104] = [b't'; 1104];

#[test]
fn a_text_takes_the_place_of_another_and_goes_with_its_key() {
    let zone = zone_of_words(K64, false);
    let longest = zone.first.store.longest_text();
    for text in [&b"first"[..], &LONG_TEXT, b"", b"last"] {
        one(&zone, b"a", with_text(1, Stay::Pinned, text)).unwrap();
        zone.verify().unwrap();
        let kept = &text[..text.len().min(longest)];
        assert_eq!(text_of(&zone, b"a"), Some(kept.to_vec()));
        one(&zone, b"a", put(2, Stay::Pinned)).unwrap();
        assert_eq!(text_of(&zone, b"a"), Some(kept.to_vec()));
    }
    zone.first.store.rebuild();
    zone.verify().unwrap();
    assert_eq!(text_of(&zone, b"a"), Some(b"last".to_vec()));
    zone.edit(NOW, |edit| {
        edit.remove(b"a");
        edit.commit()
    })
    .unwrap()
    .unwrap();
    assert_eq!((text_of(&zone, b"a"), zone.has_help()), (None, false));
    zone.verify().unwrap();
}

/// Fills a zone with keys; how many there were.
fn fill(zone: &Zone, stay: Stay) -> u64 {
    (0..10_000u64)
        .take_while(|number| one(zone, &number.to_be_bytes(), put(*number, stay)).is_ok())
        .count() as u64
}

#[test]
fn a_full_zone_of_pinned_keys_refuses_and_can_still_be_changed() {
    for expire in [false, true] {
        let zone = zone_of_words(MINIMUM, expire);
        let keys = fill(&zone, Stay::Pinned);
        assert!(keys > 50 && zone.first.store.available() < 16);
        assert_eq!(zone.drop_inactive(0, Moment(u64::MAX / 2)).unwrap(), 0);
        assert_eq!(
            one(&zone, b"new", put(1, Stay::Evictable)),
            Err(NotChanged::Full)
        );
        for number in 0..keys {
            assert_eq!(value(&zone, &number.to_be_bytes()), Some(number));
            one(&zone, &number.to_be_bytes(), put(7, Stay::Pinned)).unwrap();
        }
        zone.verify().unwrap();
        for number in 0..keys {
            zone.edit(NOW, |edit| {
                assert!(edit.seize(&number.to_be_bytes()).unwrap().is_some());
                edit.remove(&number.to_be_bytes());
                edit.commit()
            })
            .unwrap()
            .unwrap();
        }
        assert!(zone.is_empty());
        zone.verify().unwrap();
    }
}

#[test]
fn only_keys_that_are_not_pinned_make_room_the_oldest_first() {
    let zone = zone_of_words(MINIMUM, true);
    for number in 0..20u64 {
        one(&zone, &[b'p', number as u8], put(number, Stay::Pinned)).unwrap();
    }
    for number in 0..1000u64 {
        one(&zone, &number.to_be_bytes(), put(number, Stay::Evictable)).unwrap();
        assert!(zone.with_cells(&0u64.to_be_bytes(), NOW, add).is_some());
    }
    assert!((0..20).all(|number| value(&zone, &[b'p', number]).is_some()));
    let left: Vec<u64> = (1..1000)
        .filter(|number: &u64| value(&zone, &number.to_be_bytes()).is_some())
        .collect();
    assert_eq!(*left.last().unwrap(), 999);
    assert_eq!(left.len() as u64, 1000 - left[0], "the newest are left");
    assert_eq!(zone.discarded(), 1020 - 20 - left.len() as u64 - 1);
    zone.verify().unwrap();
    let dropped = zone
        .drop_inactive(0, Moment(NOW.0 + 1_000_000_000))
        .unwrap();
    assert_eq!(dropped, left.len() + 1);
    assert_eq!(zone.len(), 20);
}

#[test]
fn a_key_is_pinned_as_long_as_the_last_edit_says() {
    let zone = zone_of_words(K64, false);
    let is_pinned = || {
        zone.first
            .store
            .used_heads(1)
            .next()
            .map(|(_, head)| head.is_pinned())
    };
    for (stay, expected) in [
        (Stay::Pinned, true),
        (Stay::Evictable, false),
        (Stay::Pinned, true),
        (Stay::Evictable, false),
    ] {
        one(&zone, b"a", put(1, stay)).unwrap();
        assert_eq!(is_pinned(), Some(expected));
    }
    let later = Moment(NOW.0 + 1_000_000_000);
    assert_eq!(zone.drop_inactive(0, later).unwrap(), 1);
    zone.verify().unwrap();
}

#[test]
fn pinned_keys_come_along_when_the_zone_moves_and_to_files() {
    let memory = SharedMemory::create("zone", K64).unwrap();
    let adopt = |bytes| Zone::adopt(&memory, bytes, words(), &overflow(None)).unwrap();
    let (zone, _) = adopt(K64);
    one(&zone, b"row", put(1, Stay::Evictable)).unwrap();
    for number in 0..50u8 {
        one(&zone, &[b'p', number], with_text(9, Stay::Pinned, b"text")).unwrap();
    }
    let spot = zone.spot(b"p\x01").unwrap();
    let (moved, adoption) = adopt(4 * K64);
    assert!(matches!(
        adoption,
        Adoption::Migrated {
            keys: 51,
            discarded: 0,
            ..
        }
    ));
    assert_eq!(zone.with_cells_at(spot, b"p\x01", NOW, add), None);
    assert_eq!(zone.with_cells(b"p\x01", NOW, add), Some(36));
    assert_eq!(value(&moved, b"p\x01"), Some(10));
    // A later stamp than the pinned ones have would use up the zone's time.
    assert!(moved.first.store.get(layout::header::LATEST) < record::LARGEST_STAMP / 2);
    let fresh = SharedMemory::create("other", 2 * K64).unwrap();
    let wanted = keep::Wanted {
        bytes: 2 * K64,
        schema: &words(),
        overflow: &overflow(None),
        before: None,
    };
    let (copy, keys) = Zone::create_from(&memory, &fresh, &wanted).unwrap();
    assert_eq!(
        (keys, text_of(&copy, b"p\x03")),
        (51, Some(b"text".to_vec()))
    );
    assert!(copy.first.store.get(layout::header::LATEST) < record::LARGEST_STAMP / 2);
    assert!(
        copy.first
            .store
            .used_heads(1)
            .filter(|(_, head)| head.is_pinned())
            .count()
            == 50
    );
    copy.verify().unwrap();
    let (small, adoption) = adopt(MINIMUM);
    assert!(matches!(adoption, Adoption::Migrated { .. }));
    small.verify().unwrap();
}

#[test]
fn a_change_of_a_pinned_key_is_known_to_whoever_writes_snapshots() {
    let zone = zone_of_words(K64, false);
    one(&zone, b"p", put(1, Stay::Pinned)).unwrap();
    let latest = || zone.first.store.get(layout::header::LATEST);
    let before = latest();
    zone.with_cells(b"p", Moment(NOW.0 + 1_000_000), add)
        .unwrap();
    assert!(latest() > before);
}

/// An edit of every kind of step.
fn edit_everything(zone: &Zone) {
    zone.edit(NOW, |edit| {
        edit.seize(b"seized").unwrap();
        edit.put(b"seized", put(7, Stay::Pinned));
        edit.put(b"free", with_text(7, Stay::Evictable, &LONG_TEXT));
        edit.put(b"new", with_text(7, Stay::Pinned, b"new text"));
        edit.put(&[b'l'; 200], put(7, Stay::Evictable));
        edit.remove(b"gone");
        edit.commit()
    })
    .unwrap()
    .unwrap();
}

type State = BTreeMap<Vec<u8>, (Option<u64>, Option<Vec<u8>>)>;

fn state(zone: &Zone) -> State {
    let mut keys = Vec::new();
    let _ = zone.visit(&mut |record| {
        keys.push(record.key().to_vec());
        std::ops::ControlFlow::Continue(())
    });
    let one = |key: Vec<u8>| {
        let state = (value(zone, &key), text_of(zone, &key));
        (key, state)
    };
    keys.into_iter().map(one).collect()
}

fn before_edit(expire: bool) -> Zone {
    let zone = zone_of_words(MINIMUM, expire);
    one(&zone, b"seized", with_text(1, Stay::Pinned, b"of seized")).unwrap();
    one(&zone, b"free", with_text(1, Stay::Evictable, b"of free")).unwrap();
    one(&zone, b"gone", with_text(1, Stay::Pinned, &LONG_TEXT)).unwrap();
    zone
}

#[test]
fn a_death_before_any_store_of_an_edit_leaves_all_of_it_or_nothing() {
    let before = state(&before_edit(false));
    let whole = before_edit(false);
    edit_everything(&whole);
    let after_all = state(&whole);
    assert_eq!((before.len(), after_all.len()), (3, 4));
    let mut seen = [0, 0];
    for steps in 0.. {
        let zone = before_edit(false);
        let finished = after(steps, || edit_everything(&zone));
        assert_eq!(zone.first.store.rebuild(), 0);
        zone.verify().unwrap();
        let state = state(&zone);
        assert!(
            state == before || state == after_all,
            "after {steps} stores: {state:?}"
        );
        seen[usize::from(state == after_all)] += 1;
        // Whoever comes next can do all of it.
        edit_everything(&zone);
        zone.verify().unwrap();
        if finished {
            break;
        }
    }
    assert!(seen[0] > 10 && seen[1] > 10, "{seen:?}");
}

#[test]
fn a_second_death_while_the_first_is_mended_changes_nothing() {
    let whole = before_edit(false);
    edit_everything(&whole);
    let after_all = state(&whole);
    let mut decided = 0;
    for steps in (0..).step_by(3) {
        let zone = before_edit(false);
        if after(steps, || edit_everything(&zone)) {
            break;
        }
        if zone.first.store.get(layout::header::COMMITTED) == 0 {
            continue;
        }
        decided += 1;
        for again in (0..400).step_by(7) {
            if after(again, || {
                zone.first.store.rebuild();
            }) {
                break;
            }
        }
        zone.first.store.rebuild();
        zone.verify().unwrap();
        assert_eq!(state(&zone), after_all, "after {steps} stores");
    }
    assert!(decided > 5);
}

/// A key; nothing, or value, whether it is pinned, and the length of a text if it gets one.
type Wish = (u8, Option<(u64, bool, Option<u16>)>);

/// One step of the model's test.
#[derive(Clone, Debug)]
enum Step {
    Edit(Vec<Wish>),
    Count(u8),
    Death(u16),
    Move(bool),
}

fn steps() -> impl Strategy<Value = Step> {
    let wish = (
        0..40u8,
        proptest::option::of((0..100u64, any::<bool>(), proptest::option::of(0..1200u16))),
    );
    prop_oneof![
        5 => proptest::collection::vec(wish, 1..6).prop_map(Step::Edit),
        3 => (0..40u8).prop_map(Step::Count),
        1 => (0..300u16).prop_map(Step::Death),
        1 => any::<bool>().prop_map(Step::Move),
    ]
}

fn name(key: u8) -> Vec<u8> {
    vec![b'a' + key; 1 + usize::from(key) * 6]
}

type Model = BTreeMap<Vec<u8>, (u64, Vec<u8>)>;

/// Does the wishes to the zone, and, if it takes them, to the model.
fn play(zone: &Zone, model: &Model, wishes: &[Wish]) -> Model {
    let mut next = model.clone();
    let longest = zone.last_view().store.longest_text();
    let committed = zone.edit(NOW, |edit| {
        for (key, wish) in wishes {
            let key = name(*key);
            let _parked = edit.seize(&key).unwrap();
            let Some((value, is_pinned, text)) = wish else {
                edit.remove(&key);
                next.remove(&key);
                continue;
            };
            let stay = if *is_pinned {
                Stay::Pinned
            } else {
                Stay::Evictable
            };
            let text = text.map(|length| vec![*value as u8; usize::from(length)]);
            let put = Put {
                cells: &[*value; CELLS],
                stay,
                text: text.as_deref(),
            };
            edit.put(&key, put);
            let state = next.entry(key).or_default();
            state.0 = *value;
            if let Some(text) = text {
                state.1 = text[..text.len().min(longest)].to_vec();
            }
        }
        edit.commit()
    });
    match committed.unwrap() {
        Ok(()) => next,
        Err(_) => model.clone(),
    }
}

fn shown(zone: &Zone) -> Model {
    let mut shown = Model::new();
    for (key, (value, text)) in state(zone) {
        shown.insert(key, (value.unwrap(), text.unwrap_or_default()));
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_do_what_a_map_does(steps in proptest::collection::vec(steps(), 1..40)) {
        let memory = SharedMemory::create("zone", 2 * K64).unwrap();
        let (mut zone, _) = Zone::adopt(&memory, K64, words(), &Overflow::default()).unwrap();
        let mut model = Model::new();
        for step in steps {
            match step {
                Step::Edit(wishes) => {
                    // Of several wishes for a key the last one is made, with the others' texts forgotten.
                    let mut last = BTreeMap::new();
                    last.extend(wishes);
                    let wishes: Vec<_> = last.into_iter().collect();
                    model = play(&zone, &model, &wishes);
                }
                Step::Count(key) => {
                    let counted = zone.with_cells(&name(key), NOW, add).is_some();
                    prop_assert_eq!(counted, model.contains_key(&name(key)));
                    model.entry(name(key)).and_modify(|state| state.0 += 1);
                    if !counted {
                        model.remove(&name(key));
                    }
                }
                Step::Death(stores) => {
                    let wishes = [(1, Some((8, true, Some(400)))), (2, None), (3, Some((9, false, None)))];
                    let mut next = model.clone();
                    after(u64::from(stores), || next = play(&zone, &model, &wishes));
                    zone.last_view().store.rebuild();
                    let now = shown(&zone);
                    if now != model {
                        let mut whole = model.clone();
                        let one = whole.entry(name(1)).or_default();
                        *one = (8, vec![8; 400]);
                        whole.remove(&name(2));
                        whole.entry(name(3)).or_default().0 = 9;
                        prop_assert_eq!(&now, &whole);
                    }
                    model = now;
                }
                Step::Move(larger) => {
                    let bytes = if larger { 2 * K64 } else { K64 };
                    zone = Zone::adopt(&memory, bytes, words(), &Overflow::default()).unwrap().0;
                }
            }
            zone.verify().unwrap();
        }
        prop_assert_eq!(shown(&zone), model);
    }
}

#[test]
fn where_every_key_is_pinned_it_is_looked_for_others_once() {
    let zone = zone_of_words(65536, true);
    let mut number = 0u64;
    while one(&zone, &number.to_le_bytes(), put(1, Stay::Pinned)).is_ok() {
        number += 1;
    }
    let store = &zone.first.store;
    let barren = || store.get(crate::zone::layout::header::IS_BARREN);
    assert_eq!(barren(), 1);
    // A key that may go, although nobody says so: who looks, finds it.
    let slot = store.find(&0u64.to_le_bytes(), store.hash(&0u64.to_le_bytes()));
    let slot = slot.unwrap();
    let pinned = store.head(slot);
    store.set_head(slot, crate::zone::record::Head::live(8, false, 5));
    assert_eq!(
        one(&zone, b"new", put(1, Stay::Pinned)),
        Err(NotChanged::Full)
    );
    store.set_head(slot, pinned);
    // One that is said to.
    one(&zone, &1u64.to_le_bytes(), put(2, Stay::Evictable)).unwrap();
    assert_eq!(barren(), 0);
    assert_eq!(one(&zone, b"new", put(1, Stay::Pinned)), Ok(()));
    assert_eq!(value(&zone, &1u64.to_le_bytes()), None);
    zone.verify().unwrap();
}

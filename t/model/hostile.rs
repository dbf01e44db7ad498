//! Memory of any content opens to an error or to a zone that works; nothing crashes, nothing hangs.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use pingauge::metric::{Moment, Schema};
use pingauge::os::{MUTEX_WORDS, SharedMemory};
use pingauge::zone::{MINIMUM, Overflow, Unusable, Zone};
use proptest::prelude::*;

use crate::model::schema;
use crate::operation::{SCHEMAS, key};

/// The words of the lock. A lock that seems to be held is waited for, which is right but slow.
const LOCK: std::ops::Range<usize> = 16..16 + MUTEX_WORDS;

fn any_schema() -> Arc<Schema> {
    Arc::new(schema(SCHEMAS[1]))
}

/// The words of a zone in use: full, with long keys, with a discard key.
fn words() -> Vec<u64> {
    let memory = SharedMemory::heap(MINIMUM);
    let overflow = Overflow {
        expire: true,
        discard_key: Some("old".into()),
    };
    let zone = Zone::create(&memory, MINIMUM, any_schema(), &overflow).unwrap();
    for number in 0..400 {
        zone.update(&key(number), f64::from(number), Moment(0))
            .unwrap();
    }
    memory
        .words()
        .iter()
        .map(|word| word.load(Relaxed))
        .collect()
}

fn memory(words: &[u64]) -> SharedMemory {
    let memory = SharedMemory::create("hostile", words.len() * 8).unwrap();
    for (word, value) in memory.words().iter().zip(words) {
        word.store(*value, Relaxed);
    }
    memory
}

/// Opens it and does everything there is to do.
fn exercise(memory: &SharedMemory) {
    if let Ok(zone) = Zone::attach(memory, any_schema()) {
        let mut out = Vec::new();
        for number in 300..500 {
            let _ = zone.update(&key(number), 1.0, Moment(u64::MAX));
        }
        let _ = zone.visit(&mut |record| {
            record.write_text(zone.schema(), Moment(5), &mut out);
            ControlFlow::Continue(())
        });
        let _ = (zone.verify(), zone.slabs(), zone.len(), zone.discarded());
    }
    let overflow = Overflow {
        expire: false,
        discard_key: Some("k7".into()),
    };
    for bytes in [MINIMUM, 2 * MINIMUM] {
        let _ = Zone::adopt(memory, bytes, any_schema(), &overflow);
    }
}

#[test]
fn truncated_memory_is_refused() {
    let words = words();
    for length in (1..words.len() - 1).step_by(97) {
        let refused = Zone::attach(&memory(&words[..length]), any_schema());
        assert!(matches!(refused, Err(Unusable::Corrupt(_))), "{length}");
    }
    assert!(Zone::attach(&memory(&words), any_schema()).is_ok());
}

#[test]
fn a_lock_of_another_kind_is_refused() {
    let mut words = words();
    words[LOCK.start + 2] ^= 0xff;
    assert!(matches!(
        Zone::attach(&memory(&words), any_schema()),
        Err(Unusable::Corrupt(_))
    ));
}

#[test]
fn every_word_of_the_headers_may_be_anything() {
    let words = words();
    let layout = 3 * 4096 / 8;
    for place in (0..64)
        .chain(layout..layout + 64)
        .filter(|place| !LOCK.contains(place))
    {
        for value in [
            0,
            1,
            u64::MAX,
            1 << 63,
            u64::from(u32::MAX),
            words[place] ^ 1,
        ] {
            let mut words = words.clone();
            words[place] = value;
            exercise(&memory(&words));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_memory_is_refused(words in proptest::collection::vec(any::<u64>(), 1..5000)) {
        let refused = Zone::attach(&memory(&words), any_schema());
        prop_assert!(matches!(refused, Err(Unusable::Corrupt(_))));
    }

    #[test]
    fn flipped_bits_are_survived(flips in proptest::collection::vec((0..4096usize, 0..64u32), 1..200)) {
        let mut words = words();
        for (place, bit) in flips {
            if !LOCK.contains(&place) {
                words[place] ^= 1 << bit;
            }
        }
        exercise(&memory(&words));
    }

    #[test]
    fn overwritten_stretches_are_survived(
        start in 1536..4096usize,
        stretch in proptest::collection::vec(any::<u64>(), 1..500),
    ) {
        let mut words = words();
        for (word, value) in words[start..].iter_mut().zip(stretch) {
            *word = value;
        }
        exercise(&memory(&words));
    }
}

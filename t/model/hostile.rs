//! Memory of any content opens to an error or to a zone that works; nothing crashes, nothing hangs.

use pingauge::zone::{Unusable, Zone};
use proptest::prelude::*;

use crate::damage::{LOCK, any_schema, exercise, is_lock, memory, words};

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
        .filter(|place| !is_lock(*place))
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
            if !is_lock(place) {
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

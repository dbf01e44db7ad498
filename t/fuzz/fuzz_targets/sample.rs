//! One sample: whatever the bytes, splitting and reading them ends in a key that fits and a finite value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::metric::{KEY_LIMIT, number, parse_value, split_pair, stored_key};

fuzz_target!(|pair: &[u8]| {
    let (key, value) = split_pair(pair);
    assert!(stored_key(key).len() <= KEY_LIMIT);
    assert!(!value.contains(&b'='));
    let parsed = parse_value(value);
    assert!(parsed.is_finite());
    let mut printed = Vec::new();
    number(parsed, &mut printed);
    assert_eq!(parse_value(&printed), parsed);
});

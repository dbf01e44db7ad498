//! What a monitor answers: any body is a value that a signal can have or is none, and what is told of it is
//! short and on one line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::modules::backpressure::signal::answer::{Wanted, refusal, value};

fuzz_target!(|bytes: &[u8]| {
    for wanted in [Wanted::Value, Wanted::Presence] {
        match value(bytes, wanted) {
            Ok(value) => assert!(value >= 0.0),
            Err(reason) => assert!(reason.chars().count() < 1000 && !reason.contains('\n')),
        }
    }
    assert!(refusal(bytes).is_none_or(|text| text.chars().count() <= 200 && !text.contains('\n')));
});

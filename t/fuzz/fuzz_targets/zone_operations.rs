//! Any sequence of operations, six bytes each, leaves a zone and its model the same.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../model/model.rs"]
mod model;
#[path = "../../model/operation.rs"]
mod operation;
#[path = "../../model/pair.rs"]
mod pair;

fuzz_target!(|bytes: &[u8]| {
    let mut pair = pair::Pair::new();
    for bytes in bytes.as_chunks().0.iter().take(200) {
        pair.play(&operation::Operation::from_bytes(*bytes));
    }
    pair.compare();
});

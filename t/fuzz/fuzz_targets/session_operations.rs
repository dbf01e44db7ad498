//! Any sequence of what can happen to sessions, six bytes each, leaves them and their model the same.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../model/sessions_pair.rs"]
mod sessions_pair;

fuzz_target!(|bytes: &[u8]| {
    let mut pair = sessions_pair::Pair::new();
    for bytes in bytes.as_chunks().0.iter().take(300) {
        pair.play(&sessions_pair::Step::from_bytes(*bytes));
    }
    pair.compare();
});

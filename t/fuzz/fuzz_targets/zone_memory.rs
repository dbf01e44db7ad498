//! The memory of a zone in use, with words changed or its end cut off, opens to an error or to a zone that
//! works, as memory and as a file; nothing crashes, nothing hangs. The lock's words stay: one that is held is
//! waited for, which is right but slow.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

#[path = "../../model/damage.rs"]
mod damage;
#[allow(dead_code, reason = "nothing is read back")]
mod files;
#[path = "../../model/operation.rs"]
#[allow(dead_code, reason = "only the keys are wanted")]
mod operation;

use damage::{exercise, is_lock, memory, words};

/// The seats: whoever seems to use a slot is waited for, too.
const SEATS: std::ops::Range<usize> = 64..1536;

fuzz_target!(|bytes: &[u8]| {
    static WORDS: OnceLock<Vec<u64>> = OnceLock::new();
    let mut damaged = WORDS.get_or_init(words).clone();
    let Some((kind, edits)) = bytes.split_first() else {
        return;
    };
    for [low, high, how, value] in edits.as_chunks().0 {
        let place = usize::from(u16::from_le_bytes([*low, *high])) % damaged.len();
        if is_lock(place) || SEATS.contains(&place) {
            continue;
        }
        let (present, value) = (damaged[place], u64::from(*value));
        damaged[place] = match how % 6 {
            0 => present ^ 1 << (value % 64),
            1 => value,
            2 => u64::MAX - value,
            3 => present.wrapping_add(value),
            4 => present.wrapping_sub(value),
            _ => damaged[(place + value as usize) % damaged.len()],
        };
    }
    if kind & 1 != 0 {
        let length = usize::from(*kind) * damaged.len() / 256;
        damaged.truncate(length.max(1));
    }
    if kind & 2 != 0 {
        exercise(&memory(&damaged));
    } else {
        let file: Vec<u8> = damaged.iter().flat_map(|word| word.to_le_bytes()).collect();
        files::Folder::with(&[("zone", &file)]).open_twice();
    }
});

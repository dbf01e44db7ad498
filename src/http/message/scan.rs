//! Finding the bytes that end a part of a head, eight at a time: the parts are too short for what takes its
//! time to begin.

const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
const DELETE: u64 = u64::from_ne_bytes([0x7f; 8]);

/// Marks the high bit of each byte of `word` that is less than `limit`, which is no more than 128. Right up
/// to the first one; what is marked behind it may be more.
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(LOW * limit as u64) & !word & HIGH
}

/// The first byte of `text`, from `start` on, that is less than `LIMIT` or the control character 127.
fn first<const LIMIT: u8>(text: &[u8], start: usize) -> Option<usize> {
    let (words, rest) = text.get(start..)?.as_chunks::<8>();
    let mut place = start;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = below(word, LIMIT) | below(word ^ DELETE, 1);
        if found != 0 {
            return Some(place + found.trailing_zeros() as usize / 8);
        }
        place += 8;
    }
    let is_wanted = |byte: &u8| *byte < LIMIT || *byte == 0x7f;
    rest.iter().position(is_wanted).map(|more| place + more)
}

/// The first control character of `text` from `start` on.
pub(super) fn control(text: &[u8], start: usize) -> Option<usize> {
    first::<b' '>(text, start)
}

/// The first blank or control character of `text` from `start` on.
pub(super) fn blank_or_control(text: &[u8], start: usize) -> Option<usize> {
    first::<{ b' ' + 1 }>(text, start)
}

/// Whether there is a control character other than a tab.
pub(super) fn has_control(text: &[u8]) -> bool {
    let mut found = 0;
    for word in text.as_chunks::<8>().0.iter().chain(text.last_chunk::<8>()) {
        let word = u64::from_le_bytes(*word);
        found |= below(word, b' ') | below(word ^ DELETE, 1);
    }
    if found == 0 && text.len() >= 8 {
        return false;
    }
    let mut start = 0;
    while let Some(place) = control(text, start) {
        if text[place] != b'\t' {
            return true;
        }
        start = place + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_is_found(
            text in prop::collection::vec(prop_oneof![any::<u8>(), 0x1e_u8..0x22, 0x7e_u8..0x82, Just(b'a')], 0..40),
            start in 0_usize..45,
        ) {
            let after = |is: fn(u8) -> bool| {
                let found = text.iter().skip(start).position(|byte| is(*byte));
                found.map(|place| start + place)
            };
            prop_assert_eq!(control(&text, start), after(|byte| byte.is_ascii_control()));
            let blank = after(|byte| byte == b' ' || byte.is_ascii_control());
            prop_assert_eq!(blank_or_control(&text, start), blank);
            let is_bad = |byte: &u8| *byte != b'\t' && byte.is_ascii_control();
            prop_assert_eq!(has_control(&text), text.iter().any(is_bad));
        }
    }
}

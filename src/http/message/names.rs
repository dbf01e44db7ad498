//! The names of fields, compared whatever the case of their letters.
//!
//! This is `eq_ignore_ascii_case` for texts of usual lengths, some bytes at a time: each head has many names, and most of
//! those that are compared are the same.

/// Whether two names are the same but for the case of letters.
#[inline]
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && match one.len() {
            4..=7 => halves(one) == halves(other),
            8..=16 => words(one) == words(other),
            _ => one.eq_ignore_ascii_case(other),
        }
}

/// The first and the last four bytes.
fn halves(text: &[u8]) -> Option<u64> {
    let first = u32::from_le_bytes(*text.first_chunk()?);
    let last = u32::from_le_bytes(*text.last_chunk()?);
    Some(small(u64::from(first) << 32 | u64::from(last)))
}

/// The first and the last eight bytes.
fn words(text: &[u8]) -> Option<[u64; 2]> {
    let first = u64::from_le_bytes(*text.first_chunk()?);
    let last = u64::from_le_bytes(*text.last_chunk()?);
    Some([small(first), small(last)])
}

const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH: u64 = LOW << 7;

/// Eight bytes with small letters for capitals.
const fn small(word: u64) -> u64 {
    let lower_bits = word & !HIGH;
    // In each byte the high bit says whether it is so; no sum goes beyond its byte.
    let is_from_a = lower_bits + LOW * (0x80 - b'A') as u64;
    let is_beyond_z = lower_bits + LOW * (0x7f - b'Z') as u64;
    let is_capital = is_from_a & !is_beyond_z & !word & HIGH;
    word | (is_capital >> 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn case_makes_no_difference_and_everything_else_does(
            text in prop::collection::vec(prop_oneof![b'A'..=b'z', any::<u8>()], 0..20),
            flips: u32,
            change in 0_usize..40,
            byte: u8,
        ) {
            let mut other = text.clone();
            for (place, own) in other.iter_mut().enumerate() {
                if flips & 1 << place != 0 {
                    *own ^= b' ';
                }
            }
            if let Some(own) = other.get_mut(change) {
                *own = byte;
            }
            prop_assert!(is_same(&text, &text.to_ascii_uppercase()));
            prop_assert_eq!(is_same(&text, &other), text.eq_ignore_ascii_case(&other));
            prop_assert!(!is_same(&text, &[&other[..], b"x"].concat()[..]) || text.len() == other.len() + 1);
        }
    }
}

//! The code in which HPACK shortens texts (RFC 7541 §5.2 and appendix B). It is canonical: the lengths of its codes
//! say all of it.

/// How many bits stand for each byte, and for the end, which is never sent.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const LONGEST: usize = 30;

/// The bytes in the order of their codes, and for each length where codes that are longer begin, as the first bits
/// of a word; which code is its first; and the place of that one's byte.
struct Code {
    bytes: [u16; 257],
    behind: [u64; LONGEST + 1],
    first: [u32; LONGEST + 1],
    place: [u16; LONGEST + 1],
}

static CODE: Code = code();

const fn code() -> Code {
    let mut made = Code {
        bytes: [0; 257],
        behind: [0; LONGEST + 1],
        first: [0; LONGEST + 1],
        place: [0; LONGEST + 1],
    };
    let (mut next, mut place, mut length) = (0u64, 0, 1);
    while length <= LONGEST {
        next <<= 1;
        made.first[length] = next as u32;
        made.place[length] = place as u16;
        let mut byte = 0;
        while byte < LENGTHS.len() {
            if LENGTHS[byte] as usize == length {
                made.bytes[place] = byte as u16;
                place += 1;
                next += 1;
            }
            byte += 1;
        }
        made.behind[length] = next << (32 - length);
        length += 1;
    }
    made
}

/// Appends the text that `coded` stands for; false if it stands for none.
pub(super) fn decode(coded: &[u8], text: &mut Vec<u8>) -> bool {
    let (mut bits, mut count) = (0u64, 0);
    for byte in coded {
        bits = bits << 8 | u64::from(*byte);
        count += 8;
        while let Some((found, length)) = first(bits, count) {
            let Ok(found) = u8::try_from(found) else {
                return false;
            };
            text.push(found);
            count -= length;
        }
    }
    // The beginning of the end fills up the last byte.
    let rest = (1u64 << count) - 1;
    count < 8 && bits & rest == rest
}

/// The first byte of so many bits, and the length of its code; `None` if it has not ended.
fn first(bits: u64, count: usize) -> Option<(u16, usize)> {
    if count < 5 {
        return None;
    }
    let window = bits << (64 - count) >> 32;
    let length = (5..=LONGEST).find(|length| window < CODE.behind[*length])?;
    if length > count {
        return None;
    }
    let code = (window >> (32 - length)) as usize;
    let place = usize::from(CODE.place[length]) + code - CODE.first[length] as usize;
    Some((CODE.bytes[place], length))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A text in this code, by looking each byte up.
    pub(in super::super) fn encode(text: &[u8]) -> Vec<u8> {
        let (mut coded, mut bits, mut count) = (Vec::new(), 0u64, 0);
        for byte in text {
            let place = CODE.bytes.iter().position(|own| *own == u16::from(*byte));
            let length = usize::from(LENGTHS[usize::from(*byte)]);
            let nth = place.unwrap() - usize::from(CODE.place[length]);
            bits = bits << length | (CODE.first[length] as u64 + nth as u64);
            count += length;
            while count >= 8 {
                count -= 8;
                coded.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        if count > 0 {
            coded.push((bits << (8 - count)) as u8 | (0xff >> count) as u8);
        }
        coded
    }

    fn decoded(coded: &[u8]) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        decode(coded, &mut text).then_some(text)
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        let of = |coded: &[u8]| String::from_utf8(decoded(coded).unwrap()).unwrap();
        let host = b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
        assert_eq!(of(host), "www.example.com");
        assert_eq!(of(b"\xa8\xeb\x10\x64\x9c\xbf"), "no-cache");
        assert_eq!(of(b"\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"), "custom-value");
        assert_eq!(of(b"\x64\x02"), "302");
        assert_eq!(of(b""), "");
    }

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        assert_eq!(decoded(&encode(&all)), Some(all.clone()));
        for byte in all {
            assert_eq!(decoded(&encode(&[byte])), Some(vec![byte]));
        }
    }

    #[test]
    fn what_stands_for_no_text_is_refused() {
        // The end itself; too much of it; another filling; a code that is cut.
        for coded in [&b"\xff\xff\xff\xff"[..], b"\x1f\xff", b"\x18", b"\xff\xff"] {
            assert_eq!(decoded(coded), None, "{coded:?}");
        }
        assert_eq!(decoded(b"\x1f"), Some(b"a".to_vec()));
    }
}

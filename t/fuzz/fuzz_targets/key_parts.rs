//! Keys of several parts: whatever the parts are, they come back out of the key as far as it keeps them, and out of the text that
//! shows it; and whatever bytes a zone holds for a key, there are as many parts as labels.
//!
//! The first byte of the input says how many labels there are, the others are the parts, with a byte 0xFE between.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::metric::{
    KEY_LIMIT, KeyWriter, MOST_LABELS, Part, cut_key, has_parts, join, parts, split,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let labels = usize::from(*first) % MOST_LABELS + 1;
    read_anything(rest, labels);
    let given: Vec<&[u8]> = rest.split(|byte| *byte == 0xfe).take(labels).collect();
    let mut key = Vec::new();
    let mut writer = KeyWriter::new(&mut key);
    for part in &given {
        writer.part(|out| out.extend_from_slice(part));
    }
    let is_whole = writer.finish();
    assert!(key.len() <= KEY_LIMIT && has_parts(&key, labels));
    assert_eq!(key.is_empty(), given.iter().all(|part| part.is_empty()));
    let kept: Vec<Part<'_>> = parts(&key, labels).collect();
    assert_eq!(kept.len(), labels);
    for (place, part) in kept.iter().enumerate() {
        let given = given.get(place).copied().unwrap_or_default();
        assert_eq!(part.is_cut, part.bytes.len() < given.len());
        assert!(given.starts_with(part.bytes));
        assert!(!part.is_cut || !is_whole);
    }
    show(&key, &kept);
});

/// What is no key of parts does no harm.
fn read_anything(bytes: &[u8], labels: usize) {
    let key = &bytes[..bytes.len().min(KEY_LIMIT)];
    let read = parts(key, labels);
    assert_eq!(read.len(), labels);
    let mut again = Vec::new();
    let mut writer = KeyWriter::new(&mut again);
    read.for_each(|part| writer.copy(part));
    writer.finish();
    assert!(again.len() <= KEY_LIMIT && has_parts(&again, labels));
    let _any_text = split(bytes);
}

/// The text of a key leads back to it, and so do the names of its parts.
fn show(key: &[u8], kept: &[Part<'_>]) {
    let mut text = Vec::new();
    join(kept.iter().copied(), false, &mut text);
    let read = split(&text).expect("a text of ours");
    let bytes: Vec<&[u8]> = kept.iter().map(|part| part.bytes).collect();
    assert_eq!(read, bytes);
    let name = |part: &Part<'_>| {
        let mut name = Vec::new();
        part.write_name(&mut name);
        assert!(part.is_called(&name));
        name
    };
    let names: Vec<Vec<u8>> = kept.iter().map(name).collect();
    if kept.iter().any(|part| part.is_cut) {
        let mut found = Vec::new();
        // A whole part that ends like one that was cut may stand for another key.
        let is_plain = kept.iter().all(|part| part.is_cut || !part.bytes.ends_with(b"..."));
        if is_plain {
            assert!(cut_key(&names, &mut found));
            assert_eq!(found, key);
        }
    }
}

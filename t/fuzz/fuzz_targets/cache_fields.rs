//! Any fields of a response: they are judged without a panic, stale times never come before the fresh one, what is
//! said in `Vary` is read again as it was written, and two requests that differ in it have different variants.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::cache::{Ignored, Valid, Vary, judge};

const NAMES: [&[u8]; 6] = [
    b"Cache-Control",
    b"Expires",
    b"X-Accel-Expires",
    b"Set-Cookie",
    b"Vary",
    b"X-Other",
];

fuzz_target!(|raw: &[u8]| {
    let lines = raw.split(|byte| *byte == b'\n');
    let fields: Vec<(&[u8], &[u8])> = lines
        .filter_map(|line| {
            let (first, value) = line.split_first()?;
            Some((NAMES[usize::from(*first) % NAMES.len()], value))
        })
        .collect();
    let mut valid = Valid::default();
    valid.add(None, 10);
    let now = raw.len() as u64 * 1_000_003;
    if let Ok(judged) = judge(
        200,
        fields.iter().copied(),
        (&valid, Ignored::default()),
        now,
    ) {
        assert!(judged.fresh <= judged.updating && judged.fresh <= judged.error);
    }
    let of_vary = fields.iter().filter(|(name, _)| *name == b"Vary");
    let Ok(vary) = Vary::of_lines(of_vary.map(|(_, value)| *value)) else {
        return;
    };
    assert_eq!(Vary::from_bytes(vary.as_bytes()).as_ref(), Some(&vary));
    let variant = |values: &[&[u8]]| {
        let mut out = Vec::new();
        vary.write_variant(|_| values.iter().copied(), &mut out);
        out
    };
    let one = variant(&[raw]);
    assert_eq!(one, variant(&[raw]));
    assert_eq!(variant(&[raw, b"x"]) == one, vary.is_empty());
});

//! What clients push: any body is a number, a help and a batch or is none, any path and query a key or
//! none; what is a key fits, is free of surprises, and is read back as itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::metric::KEY_LIMIT;
use pingauge::modules::metric::push::body::{LONGEST_HELP, MOST_CHANGES, batch, help, number};
use pingauge::modules::metric::push::key::{Keys, Labels};
use pingauge::zone::Action;

fuzz_target!(|bytes: &[u8]| {
    assert!(number(bytes).is_none_or(f64::is_finite));
    assert!(help(bytes).is_none_or(|text| text.len() <= LONGEST_HELP && !text.contains('\n')));

    let split = bytes.iter().position(|byte| *byte == b'?');
    let (name, query) = bytes.split_at(split.unwrap_or(bytes.len()));
    let labels = Labels::of_query(query.strip_prefix(b"?").unwrap_or_default());
    if let Ok(labels) = &labels
        && let Ok(key) = Keys::WithoutLe.named(name, labels)
    {
        assert!(!key.is_empty() && key.len() <= KEY_LIMIT);
        if !name.contains(&b'/') {
            let text = std::str::from_utf8(&key).expect("such a key is text");
            assert!(!text.contains('\n'));
            let read = Keys::WithoutLe.written(text, &Labels::default());
            assert_eq!(read.as_ref(), Ok(&key));
        }
    }

    let Ok(wishes) = batch(bytes) else { return };
    assert!(wishes.len() <= MOST_CHANGES);
    for wish in wishes {
        if let Action::Put(value) = wish.action {
            assert!(value.is_finite());
        }
        if let Ok(key) = Keys::Any.written(&wish.key, labels.as_ref().unwrap_or(&Labels::default()))
        {
            assert!(!key.is_empty() && key.len() <= KEY_LIMIT);
        }
    }
});

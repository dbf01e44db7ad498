//! Any file in the place of a cache's: it is read without a panic. What is taken for whole says of itself what can be
//! written again, and ends where it says; with its last byte cut off it is whole no longer.
#![no_main]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use pingauge::cache::file::{BodyStart, Entry, Mark, Unreadable};

fuzz_target!(|raw: &[u8]| {
    let mut written = Vec::new();
    let file = file();
    put(file, raw);
    let Ok((mut entry, mark)) = whole(file) else {
        return repaired(raw);
    };
    let body = entry.body(mark.length);
    assert_eq!(body.end + Mark::BYTES as u64, raw.len() as u64);
    let head = entry.head();
    head.write(entry.freshness, BodyStart::AtOnce, &mut written)
        .expect("a head that was read can be written");
    // Padding may follow.
    assert!(written.len() as u64 <= entry.body_start());
    let freshness = entry.freshness;
    entry
        .renew(file, freshness)
        .expect("the file can be written");
    assert!(whole(file).is_ok());
    put(file, &raw[..raw.len() - 1]);
    assert!(whole(file).is_err());
});

/// The same with sums that hold, so that what they guard is reached.
fn repaired(raw: &[u8]) {
    let file = file();
    let split = raw.len() / 2;
    let head = pingauge::cache::file::Head {
        nonce: raw.len() as u64,
        status: u16::from(raw.first().copied().unwrap_or(0)),
        key: &raw[..split],
        fields: &raw[split..],
        ..Default::default()
    };
    let mut bytes = Vec::new();
    let start = match raw.len() % 2 {
        0 => BodyStart::AtOnce,
        _ => BodyStart::OnPage,
    };
    if head.write(Default::default(), start, &mut bytes).is_err() {
        return;
    }
    bytes.extend_from_slice(raw);
    let mark = Mark {
        length: raw.len() as u64,
        digest: 0,
        boot: 0,
    };
    bytes.extend_from_slice(&mark.written(head.nonce));
    put(file, &bytes);
    let (entry, found) = whole(file).expect("it is whole");
    assert_eq!((entry.head(), found), (head, mark));
}

fn whole(file: &File) -> Result<(Entry, Mark), Unreadable> {
    Entry::whole(file, file.metadata()?.len())
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("cache-fuzz-{}", std::process::id()));
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).open(&path);
        let file = file.expect("a file can be made");
        std::fs::remove_file(&path).expect("it can be removed");
        file
    })
}

fn put(file: &File, bytes: &[u8]) {
    file.set_len(0).expect("it can be cut");
    file.write_all_at(bytes, 0).expect("it can be written");
}

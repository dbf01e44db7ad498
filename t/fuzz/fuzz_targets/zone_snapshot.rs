//! A snapshot and a journal of anything, with right checksums: what opens is in order and can be kept again.
//!
//! Every four bytes of input change a byte of files that a zone wrote, or what follows it.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use pingauge::metric::{Assignment, Moment};
use pingauge::zone::{Action, Change, Changed, Missing, Once};
use xxhash_rust::xxh3::xxh3_64;

mod files;

use files::{Folder, METRICS};

/// A snapshot, and the entries of one record of a journal.
type Written = (Vec<u8>, Vec<u8>);

fuzz_target!(|bytes: &[u8]| {
    static WRITTEN: OnceLock<Written> = OnceLock::new();
    let (mut snapshot, mut entries) = WRITTEN.get_or_init(written).clone();
    for edit in bytes.as_chunks().0 {
        change(&mut snapshot, &mut entries, *edit);
    }
    let length = snapshot.len();
    if let Some((rest, _)) = snapshot.split_last_chunk::<16>() {
        let mut signed = rest.to_vec();
        signed.extend((length as u64).to_le_bytes());
        let checksum = xxh3_64(&signed);
        signed.extend(checksum.to_le_bytes());
        snapshot = signed;
    }
    let mut journal = b"pgj1".to_vec();
    journal.extend((entries.len() as u32).to_le_bytes());
    journal.extend(xxh3_64(&entries).to_le_bytes());
    journal.extend(&entries);
    let files: [(&str, &[u8]); 2] = [("zone.snapshot", &snapshot), ("zone.journal", &journal)];
    Folder::with(&files).open_twice();
});

/// Changes or inserts a byte of the snapshot or of the journal, or removes one or eight; near the beginning or
/// anywhere.
fn change(snapshot: &mut Vec<u8>, entries: &mut Vec<u8>, [low, high, how, value]: [u8; 4]) {
    let high = if how & 8 == 0 { 0 } else { high };
    let place = usize::from(u16::from_le_bytes([low, high]));
    let bytes = if how & 1 == 0 { snapshot } else { entries };
    let place = place % bytes.len().max(1);
    match how >> 1 & 3 {
        0 if !bytes.is_empty() => bytes[place] = value,
        1 => bytes.insert(place, value),
        2 if how & 16 == 0 => drop(bytes.drain(place..bytes.len().min(place + 8))),
        2 => drop(bytes.drain(place..bytes.len().min(place + 1))),
        3 => bytes.truncate(place),
        _ => {}
    }
}

fn written() -> Written {
    let folder = Folder::with(&[]);
    let mut opened = folder.open(METRICS).expect("a new zone");
    opened.zone.keep_record();
    let zone = &opened.zone;
    let feed = |key: &[u8]| zone.update(key, 3.0, Moment(1000)).expect("there is room");
    for number in 0..400u16 {
        // Enough for something to be discarded.
        feed(&number.to_le_bytes());
    }
    for length in [1, 40, 41, 255, 300] {
        feed(&vec![b'k'; length]);
    }
    let once = Once {
        name: b"name",
        lifetime: u64::MAX,
        owner: b"",
    };
    let changes = [
        (b"k".as_slice(), Action::Remove, None),
        (b"made", Action::Create, Some(b"a text".as_slice())),
        (b"put", Action::Put(2.0), Some(&[b't'; 100])),
    ];
    let changes = changes.map(|(key, action, help)| Change { key, action, help });
    let changed = zone.change(&changes, Missing::Create, Some(once), Moment(2000));
    let Ok(Changed::Applied { record, .. }) = changed else {
        panic!("there is room: {changed:?}");
    };
    let refused = zone.change(
        &[Change {
            key: b"put",
            action: Action::Assign(Assignment::Increment),
            help: None,
        }],
        Missing::Refuse,
        None,
        Moment(3000),
    );
    assert!(refused.is_err(), "several metrics are no number");
    folder.finish(&opened);
    (folder.read("zone.snapshot"), record[16..].to_vec())
}
